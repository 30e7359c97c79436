/** Events in, HTTP out: a real receiver on loopback. */

import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type webhookFormats, writeBody } from '../../src/push/formats.ts'
import type { Notice } from '../../src/push/notice.ts'
import { createWebhooks, type Webhook } from '../../src/push/webhooks.ts'
import { createEventLog } from '../../src/telemetry/event-log.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { fakeLog } from '../support/fake-views.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A receiver that notes what it is sent. @param port 0: any */
async function listen(received: Received[], port = 0): Promise<number> {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  closers.push(() => server.close().closeAllConnections())
  return (server.address() as AddressInfo).port
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const secret = 'a secret of some length'

function start(port: number, given: Partial<Webhook> = {}) {
  const clock = createFakeClock(Date.now())
  const eventLog = createEventLog({ startedAt: clock.now() })
  const log = fakeLog()
  const hook: Webhook = {
    name: 'noc',
    url: `http://127.0.0.1:${port}/hook?key=hidden`,
    secret,
    format: 'cloudevents',
    severity: 'error',
    gatherSeconds: 10,
    giveUpHours: 24,
    ...given,
  }
  const source = 'urn:bgpwarden:192.0.2.1'
  const webhooks = createWebhooks({ webhooks: [hook], eventLog, clock, log, source })
  closers.push(webhooks.close)
  const fail = () =>
    eventLog.append({
      kind: 'prefix',
      time: clock.now(),
      name: 'web',
      prefix: '198.51.100.0/24',
      from: 'Verified',
      to: 'Failed',
      duration: 0,
      opened: [
        {
          reason: 'missing-community',
          severity: 'error',
          session: 'edge-a',
          message: 'The route on edge-a lacks 8075:8007.',
        },
      ],
      closed: [],
    })
  return { clock, webhooks, fail, log }
}

test('a signed CloudEvent arrives', async () => {
  const received: Received[] = []
  const { clock, webhooks, fail } = start(await listen(received))
  const since = new Date(clock.now()).toISOString().slice(0, 10)
  fail()
  clock.advance(11_000)
  await vi.waitFor(() => expect(received).toHaveLength(1))
  const [{ headers, body }] = received as [Received]
  expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8')
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const mac = createHmac('sha256', secret).update(signed).digest('base64')
  expect(headers['webhook-signature']).toBe(`v1,${mac}`)
  expect(JSON.parse(body)).toMatchObject({
    specversion: '1.0',
    id: headers['webhook-id'],
    source: 'urn:bgpwarden:192.0.2.1',
    type: 'io.bgpwarden.prefix.failed',
    subject: 'web',
    datacontenttype: 'application/json',
    data: {
      title: 'prefix web (198.51.100.0/24) fails: missing-community on edge-a',
      severity: 'error',
      reasons: ['missing-community'],
      count: 1,
      subjects: [{ name: 'web', message: 'The route on edge-a lacks 8075:8007.' }],
    },
  })
  expect(JSON.parse(body).data.subjects[0].since.slice(0, 10)).toBe(since)
  await vi.waitFor(() => expect(webhooks.list()[0]?.delivered).toBe(1))
  expect(JSON.stringify(webhooks.list())).not.toContain('hidden')
})

test('a receiver that was down gets it when it is back', async () => {
  const port = await freePort()
  const received: Received[] = []
  const { clock, webhooks, fail, log } = start(port)
  fail()
  clock.advance(11_000)
  await vi.waitFor(() => expect(webhooks.list()[0]?.failedTries).toBe(1))
  expect(webhooks.list()[0]).toMatchObject({
    waiting: 1,
    lastError: 'the connection was refused: nobody listens there',
  })
  expect(JSON.stringify(log)).not.toContain('hidden')
  await listen(received, port)
  clock.advance(1000)
  await vi.waitFor(() => expect(received).toHaveLength(1))
  expect(JSON.parse((received[0] as Received).body).type).toBe('io.bgpwarden.prefix.failed')
  await vi.waitFor(() => expect(webhooks.list()[0]).toMatchObject({ waiting: 0, delivered: 1 }))
})

test('a test says who asked for it', async () => {
  const received: Received[] = []
  const { webhooks } = start(await listen(received), { format: 'slack', secret: null })
  expect(webhooks.test('noc', 'alice')).toBe(true)
  expect(webhooks.test('nobody', 'alice')).toBe(false)
  await vi.waitFor(() => expect(received).toHaveLength(1))
  const [{ headers, body }] = received as [Received]
  expect(headers['webhook-signature']).toBeUndefined()
  expect(JSON.parse(body)).toEqual({ text: '🔵 Test of webhook noc, asked for by alice' })
})

describe('bodies', () => {
  const notice: Notice = {
    kind: 'failed',
    about: 'prefix',
    severity: 'error',
    time: Date.UTC(2026, 10, 21, 9),
    title: '12 prefixes (web, mail, shop, …) fail: not-received on edge-a',
    incident: 'x-1',
    reasons: ['not-received'],
    count: 12,
    subjects: Array.from({ length: 12 }, (_, i) => ({
      name: `p${i}`,
      prefix: '198.51.100.0/24',
      since: 0,
      message: 'a <b> & c',
    })),
  }
  const source = { source: 'urn:x', shown: (ms: number) => new Date(ms).toISOString() }
  const write = (format: (typeof webhookFormats)[number]) =>
    JSON.parse(writeBody(format, notice, source).text)

  test('Slack text is escaped, with ten subjects and the number of the rest', () => {
    const lines = write('slack').text.split('\n')
    expect(lines).toHaveLength(12)
    expect(lines[1]).toBe('• p0 (198.51.100.0/24): a &lt;b&gt; &amp; c')
    expect(lines[11]).toBe('… and 2 more')
  })

  test('Discord calls nobody and stays within 2000 characters', () => {
    const { content, allowed_mentions } = write('discord')
    expect(allowed_mentions).toEqual({ parse: [] })
    expect(content.length).toBeLessThanOrEqual(2000)
  })

  test('Teams gets an Adaptive Card', () => {
    const [{ contentType, content }] = write('teams').attachments
    expect(contentType).toBe('application/vnd.microsoft.card.adaptive')
    expect(content.body[0].text).toBe(
      '🔴 12 prefixes (web, mail, shop, …) fail: not-received on edge-a',
    )
  })
})

/** What an operator is told while things break: webhooks and the event stream, over real connections and restarts. */
import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventJson } from '../../src/api/event-schemas.ts'
import { type Child, startChild } from '../support/child.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const PREFIXES = 1000
const secret = 'a secret of some length'

/** 10.0.0.0/24, 10.0.1.0/24, ... */
const prefix = (i: number) => `10.${i >> 8}.${i & 255}.0/24`
const numbers = Array.from({ length: PREFIXES }, (_, i) => i)

interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Takes webhooks. @param port 0: any */
async function listen(posted: Posted[], port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    posted.push({ headers: request.headers, body })
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}

describe('a session with a thousand prefixes', () => {
  let workspace: Workspace
  let folder: string
  let daemon: Child
  let speaker: Child
  let follower: Child
  let receiver: Server
  let ports = { bgp: 0, http: 0 }
  let hookPort = 0
  const posted: Posted[] = []

  async function startDaemon(): Promise<void> {
    const file = join(folder, 'bgpwarden.yaml')
    const registered = numbers.map((i) => `  - { name: p${i}, prefix: ${prefix(i)} }`)
    await writeFile(
      file,
      `local: { asn: 64500, routerId: 192.0.2.1 }
listen:
  bgp: [{ address: 127.0.0.1, port: ${ports.bgp} }]
  http: { address: 127.0.0.1, port: ${ports.http} }
policy: { bogonAsn: "off" }
webhooks:
  - { name: noc, url: "http://127.0.0.1:${hookPort}/", secret: ${secret}, gatherSeconds: 1 }
sessions:
  - { name: edge-a, address: 127.0.0.1, asn: 64501, passive: true }
prefixes:
${registered.join('\n')}
`,
    )
    daemon = startChild('run', '-c', file)
    const line = JSON.parse(await daemon.until('"event":"started"'))
    ports = { bgp: line.bgp[0].port, http: Number(new URL(line.http).port) }
  }

  async function startSpeaker(): Promise<void> {
    const file = join(folder, 'edge-a.yaml')
    const announced = numbers.map(
      (i) => `      - { prefix: ${prefix(i)}, asPath: 64501, communities: ["8075:8007"] }`,
    )
    await writeFile(
      file,
      `local: { asn: 64501, routerId: 192.0.2.10, address: 127.0.0.1 }
remote: { address: 127.0.0.1, port: ${ports.bgp}, asn: 64500 }
families: [ipv4]
steps:
  - announce:
${announced.join('\n')}
  - endOfRib: [ipv4]
`,
    )
    speaker = startChild('speak', file)
  }

  async function end(child: Child | undefined, signal: NodeJS.Signals): Promise<void> {
    child?.process.kill(signal)
    await child?.ended
  }

  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${ports.http}/api/v1/${path}`)
    return (await response.json()) as T
  }

  const allVerified = () =>
    waitFor('all prefixes to be Verified', async () => {
      const { counts } = await ask<{ counts: { Verified: number } }>('prefixes?limit=1')
      return counts.Verified === PREFIXES
    })

  /** What the follower has printed. */
  const followed = () =>
    follower
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as EventJson)

  beforeAll(async () => {
    workspace = await makeWorkspace()
    folder = await workspace.folder('push')
    // A port that nobody listens on, once this is closed.
    receiver = await listen([], 0)
    hookPort = (receiver.address() as AddressInfo).port
    await new Promise((resolve) => receiver.close(resolve))
    await startDaemon()
    follower = startChild(
      ...['event', 'list', '--follow', '--json', '--since', '0', '--session', 'edge-a'],
      ...['--api', `http://127.0.0.1:${ports.http}`],
    )
    await startSpeaker()
    await allVerified()
  })
  afterAll(async () => {
    for (const child of [follower, speaker, daemon]) await end(child, 'SIGKILL')
    receiver?.close()
    receiver?.closeAllConnections()
    await workspace?.remove()
  })

  test('its loss is one webhook, which waits for a receiver that is down; its return is another', async () => {
    await end(speaker, 'SIGKILL')
    const status = () =>
      ask<{ items: { waiting: number; failedTries: number; lastError: string }[] }>('webhooks')
    await waitFor('two tries that failed', async () => {
      const [noc] = (await status()).items
      return noc?.waiting === 1 && noc.failedTries >= 2
    })
    receiver = await listen(posted, hookPort)
    await waitFor('the webhook', () => posted.length > 0, { seconds: 20 })
    await startSpeaker()
    await allVerified()
    await waitFor('the recovery', () => posted.length > 1, { seconds: 20 })

    const told = posted.map(({ body }) => JSON.parse(body))
    expect(told.map(({ type }) => type)).toEqual([
      'io.bgpwarden.session.failed',
      'io.bgpwarden.session.recovered',
    ])
    const [failed, recovered] = told
    expect(failed.data).toMatchObject({ count: 1, affectedPrefixes: PREFIXES })
    expect(failed.data.title).toMatch(/^session edge-a is down, 1000 prefixes with it: /)
    expect(recovered.data.incident).toBe(failed.data.incident)
    expect(recovered.data.durationSeconds).toBeGreaterThan(1)
    for (const { headers, body } of posted) {
      const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
      const mac = createHmac('sha256', secret).update(signed).digest('base64')
      expect(headers['webhook-signature']).toBe(`v1,${mac}`)
    }
  })

  test('one who follows the events goes on over a restart of the daemon', async () => {
    const ups = () =>
      followed().filter(
        ({ kind, ...rest }) => kind === 'session' && 'to' in rest && rest.to === 'Established',
      )
    await waitFor('both times that it came up', () => ups().length >= 2)
    const before = ups().length
    await end(daemon, 'SIGTERM')
    await startDaemon()
    await waitFor('the session to be told as up again', () => ups().length > before, {
      state: () => follower.output().slice(-2000),
      hopeless: () =>
        follower.process.exitCode === null ? undefined : follower.output().slice(-2000),
    })
    const ids = followed().map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
    expect(follower.output()).toContain('trying again in')
    // Nobody is told of an outage that there was not: the router came back with its routes.
    expect(posted).toHaveLength(2)
  })
})

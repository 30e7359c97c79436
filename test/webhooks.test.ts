/** What webhooks could not deliver, over a restart of the daemon. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { DeadLetterListJson, WebhookListJson } from '../src/api/webhook-routes.ts'
import { parseConfig } from '../src/config/load.ts'
import { type Daemon, startDaemon } from '../src/daemon.ts'
import { createLog } from '../src/telemetry/log.ts'
import { scratchDirectory } from './store/support/build.ts'

const scratch = scratchDirectory()
afterAll(scratch.remove)

/** A receiver that answers as it is told. */
async function receiver() {
  const state = { status: 503 }
  const received: { id: string; title: string }[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      const { id, data } = JSON.parse(body)
      if (state.status < 300) received.push({ id, title: data.title })
      response.writeHead(state.status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => {
    server.close().closeAllConnections()
  })
  return { state, received, port: (server.address() as AddressInfo).port }
}

const token = 'operator-token-0000'

async function ask<T>({ httpAddress }: Daemon, line: string): Promise<T> {
  const [method = '', path = ''] = line.split(' ')
  const url = `http://127.0.0.1:${httpAddress.port}/api/v1/webhooks${path}`
  const answer = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } })
  expect(answer.status).toBe(200)
  return (await answer.json()) as T
}

const status = async (daemon: Daemon) => (await ask<WebhookListJson>(daemon, 'GET ')).items[0]

test('what waits and what died is there again after a restart', { timeout: 30_000 }, async () => {
  const { state, received, port } = await receiver()
  const config = parseConfig(
    `local: { asn: 64500, routerId: 192.0.2.1 }
listen:
  bgp: [{ address: 127.0.0.1, port: 0 }]
  http:
    address: 127.0.0.1
    port: 0
    tokens: [{ name: alice, role: operator, token: ${token} }]
storage: { path: ${join(scratch.path, 'bgpwarden.db')} }
webhooks: [{ name: noc, url: "http://127.0.0.1:${port}/" }]
`,
    'bgpwarden.yaml',
  )
  const log = createLog({ level: 'silent' })
  const first = await startDaemon({ config, log })
  state.status = 410
  await ask(first, 'POST /noc/test')
  await expect.poll(async () => (await status(first))?.dead).toBe(1)
  state.status = 503
  await ask(first, 'POST /noc/test')
  await expect.poll(async () => (await status(first))?.lastError).toContain('503')
  const dead = await ask<DeadLetterListJson>(first, 'GET /noc/dead-letters')
  await first.close()
  expect(received).toEqual([])

  const second = await startDaemon({ config, log })
  expect(await status(second)).toMatchObject({ waiting: 1, dead: 1, delivered: 0 })
  expect(await ask(second, 'GET /noc/dead-letters')).toEqual(dead)
  state.status = 204
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(1)
  expect(received[0]?.title).toBe('Test of webhook noc, asked for by alice')
  expect(await ask(second, 'POST /noc/resend')).toEqual({ resent: 1 })
  await expect.poll(() => received.length, { timeout: 10_000 }).toBe(2)
  expect(received[1]?.id).toBe(dead.items[0]?.id)
  await expect.poll(async () => (await status(second))?.delivered).toBe(2)
  await second.close()

  const third = await startDaemon({ config, log })
  expect(await status(third)).toMatchObject({ waiting: 0, dead: 0 })
  await third.close()
  expect(received).toHaveLength(2)
})

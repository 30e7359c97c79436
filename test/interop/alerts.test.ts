/** The alert rules under promtool, and the example for Alertmanager under a real Alertmanager. */
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { repository } from './support/daemon.ts'
import { type Program, run, startProgram } from './support/process.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const file = (name: string) => join(repository, 'grafana/prometheus', name)

describe('promtool', () => {
  test('accepts the rules', async () => {
    await run(['promtool', 'check', 'rules', '--lint-fatal', file('alerts.yml')])
  })

  test('sees every rule fire and resolve, and none of them flap on a restart', async () => {
    expect(await run(['promtool', 'test', 'rules', file('alerts.test.yml')])).toContain('SUCCESS')
  })
})

interface Message {
  readonly receiver: string
  readonly status: 'firing' | 'resolved'
  readonly alerts: readonly { readonly status: string; readonly labels: Record<string, string> }[]
}

/** Seconds between two messages of a group; in the example they are minutes. */
const groupSeconds = 2

/** Takes what Alertmanager sends. */
async function startReceiver(): Promise<{ server: Server; port: number; messages: Message[] }> {
  const messages: Message[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    messages.push(JSON.parse(body) as Message)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port, messages }
}

describe('Alertmanager with the example', () => {
  let workspace: Workspace
  let alertmanager: Program
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let address: string

  beforeAll(async () => {
    workspace = await makeWorkspace()
    const directory = await workspace.folder('alertmanager')
    receiver = await startReceiver()
    const free = await startReceiver()
    address = `127.0.0.1:${free.port}`
    await new Promise((resolve) => free.server.close(resolve))
    const example = await readFile(file('alertmanager.yml'), 'utf8')
    const config = example
      .replaceAll('127.0.0.1:9099', `127.0.0.1:${receiver.port}`)
      .replaceAll(/group_wait: \d+s/g, `group_wait: ${groupSeconds}s`)
      .replace('group_interval: 5m', `group_interval: ${groupSeconds}s`)
    await writeFile(join(directory, 'alertmanager.yml'), config)
    alertmanager = startProgram('alertmanager', [
      'prometheus-alertmanager',
      `--config.file=${join(directory, 'alertmanager.yml')}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ])
    await waitFor('Alertmanager to be ready', async () => (await ask('/-/ready')).ok, {
      state: () => alertmanager.output(),
    })
  })
  afterAll(async () => {
    await alertmanager?.stop()
    receiver?.server.close()
    await workspace?.remove()
  })

  const ask = (path: string, body?: unknown) =>
    fetch(`http://${address}${path}`, {
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    })

  const common = { job: 'bgpwarden', instance: 'edge:9179' }
  const lost = {
    ...common,
    alertname: 'BgpwardenSessionDown',
    severity: 'critical',
    session: 'edge-a',
  }
  const missing = Array.from({ length: 1000 }, (_, i) => ({
    ...common,
    alertname: 'BgpwardenPrefixNotReceived',
    severity: 'warning',
    session: 'edge-a',
    name: `prefix-${i}`,
    prefix: `198.18.${i >> 2}.${(i & 3) << 6}/26`,
  }))

  test('amtool accepts it', async () => {
    expect(await run(['amtool', 'check-config', file('alertmanager.yml')])).toContain('SUCCESS')
  })

  test('one lost session with 1000 prefixes on it is one message, and one when it is back', async () => {
    const startsAt = new Date().toISOString()
    // Prometheus sends in batches of 64, in no order of importance.
    await ask('/api/v2/alerts', [{ labels: lost, startsAt }])
    await ask(
      '/api/v2/alerts',
      missing.map((labels) => ({ labels, startsAt })),
    )
    await waitFor('the message', () => receiver.messages.length > 0)
    const held = await waitFor('the inhibition', async () => {
      const answer = await ask('/api/v2/alerts?active=false&silenced=false&inhibited=true')
      const alerts = (await answer.json()) as { status: { inhibitedBy: string[] } }[]
      return alerts.filter(({ status }) => status.inhibitedBy.length > 0).length === 1000
    })
    expect(held).toBe(true)

    const endsAt = new Date().toISOString()
    await ask(
      '/api/v2/alerts',
      missing.map((labels) => ({ labels, startsAt, endsAt })),
    )
    // Alertmanager takes in what it was sent step by step: were the session back first, they would be told.
    await waitFor('their end', async () => {
      const answer = await ask('/api/v2/alerts/groups')
      const groups = (await answer.json()) as { alerts: { labels: Record<string, string> }[] }[]
      const open = groups.flatMap(({ alerts }) => alerts.map(({ labels }) => labels['alertname']))
      return open.every((name) => name === lost.alertname)
    })
    // Messages are made every `groupSeconds`; one that is being made has the alerts as they were when it began.
    await sleep(3 * groupSeconds * 1000)
    await ask('/api/v2/alerts', [{ labels: lost, startsAt, endsAt }])
    await waitFor('the end', () => receiver.messages.some(({ status }) => status === 'resolved'))
    const said = receiver.messages.map(({ receiver: to, status, alerts }) => [
      to,
      status,
      alerts.map(({ labels }) => labels['alertname']),
    ])
    expect(said).toEqual([
      ['on-call', 'firing', ['BgpwardenSessionDown']],
      ['on-call', 'resolved', ['BgpwardenSessionDown']],
    ])
  })

  test('a hundred failing prefixes are one message', async () => {
    const alertname = 'BgpwardenPrefixFailed'
    const failing = missing.slice(0, 100).map(({ session: _, ...labels }) => ({
      ...labels,
      alertname,
      severity: 'critical',
    }))
    const told = () =>
      receiver.messages.filter(({ alerts }) =>
        alerts.some(({ labels }) => labels['alertname'] === alertname),
      )
    await ask(
      '/api/v2/alerts',
      failing.map((labels) => ({ labels })),
    )
    await waitFor('the message', () => told().length > 0)
    expect(told().map(({ alerts }) => alerts.length)).toEqual([100])
  })
})

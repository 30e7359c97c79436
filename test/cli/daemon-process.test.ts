/** The long-running commands as processes: signals, exit codes, ports. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Child, startChild } from '../support/child.ts'

let folder = ''
const children: Child[] = []
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgpwarden-run-'))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.process.kill('SIGKILL')
    await child.ended
  }
})

function start(...args: string[]): Child {
  const child = startChild(...args)
  children.push(child)
  return child
}

function config(name: string, ports: { bgp: number; http: number }, prefixes: string): string {
  const path = join(folder, name)
  writeFileSync(
    path,
    `local: { asn: 64500, routerId: 192.0.2.1 }
listen:
  bgp: [{ address: 127.0.0.1, port: ${ports.bgp} }]
  http: { address: 127.0.0.1, port: ${ports.http} }
sessions:
  - { name: edge-a, address: 127.0.0.1, asn: 64501, passive: true }
prefixes:
${prefixes}`,
  )
  return path
}

const web = '  - { name: web, prefix: 198.51.100.0/24 }\n'
const mail = '  - { name: mail, prefix: 203.0.113.0/24 }\n'
const anyPorts = { bgp: 0, http: 0 }

interface StartLine {
  bgp: { port: number }[]
  http: string
}

describe('run', () => {
  test('SIGHUP applies the difference, keeps the old configuration when the new one is bad; SIGTERM ends it with 0', async () => {
    const file = config('reload.yaml', anyPorts, web)
    const child = start('run', '-c', file)
    const { http } = JSON.parse(await child.until('"event":"started"')) as StartLine
    const names = async () => {
      const list = (await (await fetch(`${http}/api/v1/prefixes`)).json()) as {
        items: { name: string }[]
      }
      return list.items.map(({ name }) => name)
    }
    expect(await names()).toEqual(['web'])

    config('reload.yaml', anyPorts, web + mail)
    child.process.kill('SIGHUP')
    expect(await child.until('"event":"reload"')).toContain('applied: 1 prefix added')
    expect(await names()).toEqual(['web', 'mail'])

    config('reload.yaml', anyPorts, '  - { name: web, prefix: 198.51.100.1/24 }\n')
    child.process.kill('SIGHUP')
    expect(await child.until('1 mistake and was not applied')).toContain('"level":"error"')
    expect(child.output()).toContain(`${file}:8:26: prefixes[0].prefix: `)
    expect(await names()).toEqual(['web', 'mail'])

    child.process.kill('SIGTERM')
    expect(await child.ended).toBe(0)
  })

  test('a BGP port, or an HTTP port, that is in use: one sentence, exit 2', async () => {
    const first = start('run', '-c', config('first.yaml', anyPorts, web))
    const line = JSON.parse(await first.until('"event":"started"')) as StartLine
    const bgp = line.bgp[0]?.port ?? 0
    const http = Number(new URL(line.http).port)
    const busyBgp = start('run', '-c', config('bgp.yaml', { bgp, http: 0 }, web))
    const busyHttp = start('run', '-c', config('http.yaml', { bgp: 0, http }, web))
    expect([await busyBgp.ended, await busyHttp.ended]).toEqual([2, 2])
    expect(busyBgp.output()).toMatch(new RegExp(`\nerror: .*127.0.0.1 port ${bgp} .*in use.*\n$`))
    expect(busyHttp.output()).toMatch(new RegExp(`\nerror: .*127.0.0.1 port ${http}.*\n$`))
  })
}, 30_000)

describe('lab', () => {
  test('shows a verified prefix and each kind of failure, and ends with 0 at Ctrl-C', async () => {
    const child = start('lab', '--bgp-port', '0', '--http-port', '0')
    await child.until('Ctrl-C ends')
    const rows = new Map(
      child
        .output()
        .split('\n')
        .map((line) => /^(\S+) +\S+\/\d+ +(\w+) +(?:< 1|\d+) s *(.*)$/.exec(line))
        .flatMap((match) => (match ? [[match[1], `${match[2]} ${match[3]}`.trim()] as const] : [])),
    )
    expect(Object.fromEntries(rows)).toEqual({
      web: 'Verified',
      'web-v6': 'Verified',
      mail: 'Failed missing-community',
      voice: 'Failed as-path-too-long',
      vpn: 'Failed private-asn',
      dns: 'Warning bogon-asn',
      games: 'Failed as-path-prepended',
      video: 'Failed origin-mismatch',
      lost: 'Failed not-received',
      odd: 'Failed not-received, malformed-update',
      cdn: 'Failed overlapping-prefix',
      'cdn-part': 'Failed overlapping-prefix',
      shop: 'Warning overlapping-announcement',
    })
    child.process.kill('SIGINT')
    expect(await child.ended).toBe(0)
    expect(
      child
        .output()
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([])
  })
}, 30_000)

describe('speak', () => {
  test('--once brings a route to a daemon and ends with 0', async () => {
    const daemon = start('run', '-c', config('speak.yaml', anyPorts, web))
    const line = JSON.parse(await daemon.until('"event":"started"')) as StartLine
    const scenario = join(folder, 'scenario.yaml')
    writeFileSync(
      scenario,
      `local: { asn: 64501, routerId: 192.0.2.2 }
remote: { address: 127.0.0.1, port: ${line.bgp[0]?.port}, asn: 64500 }
steps:
  - announce: [{ prefix: 198.51.100.0/24, asPath: 64501 7018, communities: ["8075:8007"] }]
  - endOfRib: [ipv4]
`,
    )
    const speaker = start('speak', scenario, '--once')
    expect(await speaker.ended).toBe(0)
    expect(speaker.output()).toContain('announced 198.51.100.0/24')
    const client = start('event', 'list', '--api', line.http, '--session', 'edge-a', '--json')
    expect(await client.ended).toBe(0)
    const events = JSON.parse(client.output()) as { kind: string; to: string }[]
    expect(events.filter(({ kind }) => kind === 'session').map(({ to }) => to)).toEqual([
      'Established',
      'Idle',
    ])
  })
}, 30_000)

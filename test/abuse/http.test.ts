/** Clients that ask too much, read too little, or say what no client should. */
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  asPath,
  communities,
  type Established,
  endOfRib,
  establish,
  inParallel,
  keepaliveMessage,
  nextHop,
  nlri,
  origin,
  REQUIRED_COMMUNITY,
  update,
} from './support/hostile.ts'
import {
  figures,
  HOSTILE,
  MIB,
  mebibytes,
  pause,
  startTarget,
  type Target,
} from './support/target.ts'

const TOKEN = 'a-token-that-nobody-may-read-0123456789'
const PREFIXES = 1000
const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const SCRAPED = '127.0.0.14'

/** @returns the remote ports of the connections that the kernel holds Established at a local port */
function establishedAt(localPort: number): number[] {
  const port = (address = '') => Number.parseInt(address.split(':')[1] ?? '', 16)
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => port(local) === localPort && state === '01')
    .map(([, , remote]) => port(remote))
}

describe.runIf(process.platform === 'linux')('HTTP', () => {
  let target: Target
  let hostile: Established
  const deaf: Socket[] = []

  beforeAll(async () => {
    target = await startTarget({
      http: `, tokens: [${TOKEN}]`,
      more: 'metrics: { perPrefixLimit: 2000 }',
      sessions: [`{ name: scraped, address: ${SCRAPED}, asn: ${HOSTILE.asn}, passive: true }`],
      prefixes: range(PREFIXES).map(
        (i) => `{ name: p${i}, prefix: ${203 + (i >> 8)}.0.${i & 255}.0/24, sessions: [hostile] }`,
      ),
    })
    hostile = await establish(target.bgpPort)
    hostile.peer.send(endOfRib)
  })
  afterAll(async () => {
    hostile?.peer.destroy()
    for (const socket of deaf) socket.destroy()
    expect(await target.close()).toBe(0)
  })

  function raw(octets: string | Buffer): Socket {
    const socket = connect(target.httpPort, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(octets)
    return socket
  }

  /** @returns the status line of the first answer, or nothing when the connection just ends */
  async function ask(octets: string | Buffer, more?: (socket: Socket) => void): Promise<string> {
    const socket = raw(octets)
    let text = ''
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (text.includes('\r\n\r\n')) resolve()
      })
      socket.on('close', () => resolve())
    })
    more?.(socket)
    await answered
    socket.destroy()
    return text.split('\r\n', 1)[0]?.replace('HTTP/1.1 ', '') ?? ''
  }
  const get = (path: string, headers = '') =>
    ask(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n`)

  const routes = range(PREFIXES).map((i) => nlri((203 + (i >> 8)) * 2 ** 24 + (i & 255) * 256, 24))
  const path = asPath([HOSTILE.asn, 7018])
  const good = update({
    attributes: [origin, path, nextHop, communities([REQUIRED_COMMUNITY])],
    nlri: routes,
  })
  const bad = update({ attributes: [origin, path, nextHop], nlri: routes })

  test('an event stream that is not read is cut; another one sees every event', async () => {
    const before = target.rss()
    const slow = raw('GET /api/v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n')
    slow.pause()
    const ids: number[] = []
    const quick = raw('GET /api/v1/events?follow=1&kind=prefix HTTP/1.1\r\nHost: x\r\n\r\n')
    let unfinished = ''
    quick.on('data', (chunk) => {
      const lines = (unfinished + chunk.toString('latin1')).split('\n')
      unfinished = lines.pop() ?? ''
      for (const line of lines) if (line.startsWith('id: ')) ids.push(Number(line.slice(4)))
    })
    await pause(300)
    for (let i = 0; i < 60; i++) {
      hostile.peer.send(i % 2 === 0 ? bad : good)
      await pause(100)
    }
    const newest = JSON.parse(await target.text('/api/v1/events?limit=1&kind=prefix')) as {
      items: { id: number }[]
    }
    await target.until(
      'the reader to have all',
      () => (ids.at(-1) ?? 0) >= (newest.items[0]?.id ?? 0),
    )
    let rest = ''
    slow.on('data', (chunk) => {
      rest += chunk.toString('latin1')
    })
    slow.resume()
    await target.until('the slow reader to be cut', () => rest.includes('event: overflow\n'))
    quick.destroy()
    slow.destroy()
    figures('a slow event stream', {
      events: ids.length,
      grown: mebibytes(target.rss() - before),
      'octets that the slow one had': rest.length,
      resident: mebibytes(target.rss()),
    })
    expect(ids.every((id, i) => i === 0 || id > (ids[i - 1] ?? 0))).toBe(true)
    expect(ids.length).toBeGreaterThan(10 * PREFIXES)
    expect(target.rss()).toBeLessThan(640 * MIB)
    await target.expectUnharmed()
    // Clients that ask for more than the kernel's buffers hold, with every prefix in /metrics, and
    // read nothing; the last test says what became of them.
    for (let i = 0; i < 30; i++) {
      deaf.push(raw(`GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(4)).pause())
    }
  })

  test('bodies, header fields and paths that are no good', async () => {
    const authorization = `Authorization: Bearer ${TOKEN}\r\n`
    const explain = (more: string) =>
      `POST /api/v1/explain HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}\r\n`
    const before = target.rss()
    expect(await ask(explain('Content-Length: 100000000\r\n'))).toMatch(/^413 /)
    expect(
      await ask(explain('Transfer-Encoding: chunked\r\n'), (socket) => {
        const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`
        const timer = setInterval(
          () => (socket.closed ? clearInterval(timer) : socket.write(chunk)),
          1,
        )
        socket.once('close', () => clearInterval(timer))
      }),
    ).toMatch(/^413 /)
    expect(await ask(explain('Content-Length: 2\r\nContent-Length: 3\r\n'))).toMatch(/^400 /)
    expect(await ask(explain('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n'))).toMatch(
      /^400 /,
    )
    expect(await ask(`${explain(`Content-Length: 60000\r\n`)}${'['.repeat(60_000)}`)).toMatch(
      /^400 /,
    )
    expect(await get('/healthz', `X: ${'y'.repeat(20_000)}\r\n`)).toMatch(/^431 /)
    expect(await get('/healthz', 'Host: y\r\n')).toMatch(/^(200|400) /)
    expect(await get('/healthz', 'X: a\0b\r\n')).toMatch(/^400 /)
    expect(await get('/healthz', 'X: a\r\n Y: b\r\n')).toMatch(/^(200|400) /)
    expect(await get(`/${'a'.repeat(20_000)}`)).toMatch(/^(404|414|431) /)
    const refused = [
      '/..%2f..%2fetc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/../../etc/passwd',
      '//etc/passwd',
      '/api/v1/../../metrics',
      '/api//v1/prefixes',
      '/page.css%00.js',
      '/%00',
      '/%',
      '/%ff%fe',
      '/api/v1/prefixes/%00',
      '/api/v1/prefixes/..%2f..%2fsessions',
      '/api/v1/sessions/__proto__',
      '/api/v1/sessions/constructor',
      '/api/v1/prefixes/__proto__',
    ]
    for (const each of refused) expect(`${each} ${await get(each)}`).toMatch(/ 40[04] /)
    expect(await get('/metrics\0')).toMatch(/^400 /)
    expect(await ask('\x16\x03\x01\x02\x00')).toMatch(/^400 /)
    expect(await get('/api/v1/prefixes?limit=1e9')).toMatch(/^400 /)
    expect(await get('/api/v1/prefixes?cursor=%00&cursor=%00')).toMatch(/^400 /)
    expect(await get('/healthz', `${authorization}${authorization}`)).toMatch(/^200 /)
    const pipeline = raw('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20_000))
    await target.until('a long pipeline to be cut', () => pipeline.closed || pipeline.destroyed)
    figures('bodies, header fields and paths', { grown: mebibytes(target.rss() - before) })
    expect(target.rss() - before).toBeLessThan(64 * MIB)
    expect(target.log()).not.toContain(TOKEN)
    expect(target.log()).not.toContain('"level":"error"')
    await target.expectUnharmed()
  })

  test('50 scrapers at once with 1000 prefixes: keepalives come when they are due', async () => {
    const { peer } = await establish(target.bgpPort, { address: SCRAPED, holdTime: 3 })
    const times: number[] = []
    peer.socket.on('data', () => times.push(performance.now()))
    const alive = setInterval(() => peer.send(keepaliveMessage), 900)
    const before = target.rss()
    const end = Date.now() + 8000
    let scrapes = 0
    await inParallel(50, 50, async () => {
      while (Date.now() < end) {
        await target.text('/metrics')
        scrapes++
      }
    })
    clearInterval(alive)
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0))
    const longest = Math.max(...gaps)
    expect((await target.session('scraped')).state).toBe('Established')
    peer.destroy()
    figures('a scrape storm', {
      scrapes,
      'octets a scrape': (await target.text('/metrics')).length,
      resident: mebibytes(target.rss()),
      'longest between keepalives': `${longest.toFixed(0)} ms`,
      grown: mebibytes(target.rss() - before),
    })
    expect(times.length).toBeGreaterThan(4)
    // Due each second.
    expect(longest).toBeLessThan(2000)
    expect(target.rss()).toBeLessThan(640 * MIB)
    await target.expectUnharmed()
  })

  test('clients that read nothing, and those that say nothing, keep no place', async () => {
    const silent = range(300).map(() => raw('').resume())
    const late = raw('GET /healthz HTTP/1.1\r\nX: ').resume()
    const drip = setInterval(() => late.write('y'), 200)
    await target.until('the silent ones to be cut', () => silent.every((each) => each.closed))
    await target.until('the late one to be cut', () => late.closed)
    clearInterval(drip)
    expect(await get('/healthz')).toMatch(/^200 /)
    // A paused client does not hear that it was cut, and one that reads in time may stay: the
    // kernel knows what the daemon did.
    const ports = new Set(deaf.map((each) => each.localPort))
    await target.until('those that read nothing to be cut', () =>
      establishedAt(target.httpPort).every((remotePort) => !ports.has(remotePort)),
    )
    figures('clients that read nothing or say nothing', { cut: deaf.length + silent.length + 1 })
    await target.expectUnharmed()
  })
})

/** Peers that are not known, say nothing, say it slowly, do not read, or come and go. */
import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endOfRib, establish, inParallel, keepaliveMessage, rawConnect } from './support/hostile.ts'
import {
  figures,
  HOSTILE,
  MIB,
  mebibytes,
  pause,
  startTarget,
  type Target,
} from './support/target.ts'

const UNKNOWN = '127.0.0.99'
/** Two sessions live there, so a connection is nobody's until its OPEN came. */
const SHARED = '127.0.0.4'
const OWN = { dripping: '127.0.0.11', deaf: '127.0.0.12', flapping: '127.0.0.13' }

describe.runIf(process.platform === 'linux')('connections', () => {
  let target: Target
  /** Descriptors of the daemon with nobody there but the good peer. */
  let idle = 0
  const sockets: Socket[] = []
  beforeAll(async () => {
    target = await startTarget({
      sessions: [
        `{ name: shared-a, address: ${SHARED}, asn: 64511, passive: true }`,
        `{ name: shared-b, address: ${SHARED}, asn: 64510, passive: true }`,
        // A session that fails waits before its next try, so each test has one of its own.
        ...Object.entries(OWN).map(
          ([name, address]) =>
            `{ name: ${name}, address: ${address}, asn: ${HOSTILE.asn}, passive: true }`,
        ),
      ],
    })
    idle = target.descriptors()
  })
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    expect(await target.close()).toBe(0)
  })

  const hang = async (address: string, reading = true) => {
    const socket = await rawConnect(target.bgpPort, address, reading)
    sockets.push(socket)
    return socket
  }
  const hangUp = () => {
    for (const socket of sockets.splice(0)) socket.destroy()
  }
  const refused = () => target.metric('bgpwarden_refused_connections_total')
  const linesOf = (event: string) =>
    target
      .log()
      .split('\n')
      .filter((line) => line.includes(`"event":"${event}"`)).length

  test('10 000 connections from peers that nobody knows', async () => {
    const descriptors = target.descriptors()
    const strangers = (count: number) =>
      inParallel(count, 100, async () => {
        const socket = await rawConnect(target.bgpPort, UNKNOWN)
        if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
      })
    // A heap takes its working size first; what grows after that is what is kept.
    await strangers(3000)
    const before = target.rss()
    await strangers(10_000)
    await target.until('all to be refused', async () => (await refused()) === 13_000)
    const grown = target.rss() - before
    figures('10 000 unknown connections', { grown: mebibytes(grown), lines: linesOf('refused') })
    expect(grown).toBeLessThan(64 * MIB)
    expect(linesOf('refused')).toBeLessThan(20)
    await target.until('all to be closed', () => target.descriptors() <= descriptors + 5)
    await target.expectUnharmed()
  })

  test('as many that say nothing as may wait: a known peer is served all the same', async () => {
    const before = target.rss()
    await inParallel(400, 50, async () => void (await hang(SHARED)))
    await inParallel(400, 50, async () => void (await hang(UNKNOWN, false)))
    const { peer } = await establish(target.bgpPort)
    await target.until('the hostile session to be Established', async () => {
      return (await target.session(HOSTILE.session)).state === 'Established'
    })
    const open = sockets.filter((socket) => !socket.destroyed).length
    figures('silent connections', { open, grown: mebibytes(target.rss() - before) })
    expect(target.rss() - before).toBeLessThan(32 * MIB)
    peer.destroy()
    await target.expectUnharmed()
    hangUp()
  })

  test('one connection after the other from the address of a session', async () => {
    const given = () => target.descriptors() - idle
    await target.until('the connections of before to be closed', () => given() < 8)
    await inParallel(2000, 50, async () => void (await hang(HOSTILE.address, false)))
    await target.until('all but a few to be closed', () => given() < 16)
    figures('2000 connections from one peer that closes none', { held: given() })
    hangUp()
    await target.expectUnharmed()
  })

  test('one octet at a time: the hold timer asks for whole messages', async () => {
    const drips = await Promise.all(Array.from({ length: 32 }, () => hang(SHARED)))
    const { peer } = await establish(target.bgpPort, {
      holdTime: 3,
      address: OWN.dripping,
    })
    const octets = Buffer.concat([Buffer.alloc(16, 255), Buffer.from([16, 0, 2]), Buffer.alloc(60)])
    const began = Date.now()
    let lost: number | undefined
    const gone = peer.closed().then(() => {
      lost = Date.now() - began
    })
    for (const octet of octets) {
      if (lost !== undefined) break
      peer.socket.write(Buffer.from([octet]))
      for (const socket of drips) socket.write(Buffer.from([255]))
      await pause(100)
    }
    await gone
    let last = await peer.next()
    while (last.type === 4) last = await peer.next()
    expect(last).toEqual({ type: 3, body: '0400' })
    figures('one octet each 100 ms', { 'hold timer after': `${lost} ms` })
    expect(lost).toBeLessThan(4500)
    hangUp()
    await target.expectUnharmed()
  })

  test('a peer that never reads what it asks for', async () => {
    const { peer, flood } = await establish(target.bgpPort, { address: OWN.deaf })
    peer.socket.pause()
    const before = target.rss()
    const refresh = Buffer.concat([Buffer.alloc(16, 255), Buffer.from([0, 23, 5, 0, 1, 0, 1])])
    const burst = Buffer.concat(
      Array.from({ length: 1000 }, () => [keepaliveMessage, refresh]).flat(),
    )
    await flood(Array.from({ length: 200 }, () => burst))
    await target.until('all to be read', async () => {
      return (await target.session('deaf')).messages.received.routeRefresh >= 200_000
    })
    const grown = target.rss() - before
    figures('400 000 messages of a peer that never reads', { grown: mebibytes(grown) })
    expect(grown).toBeLessThan(64 * MIB)
    expect((await target.session('deaf')).state).toBe('Established')
    peer.destroy()
    await target.expectUnharmed()
  })

  test('a session that flaps: it waits longer each time, and leaves nothing behind', async () => {
    const descriptors = target.descriptors()
    const { flaps: before } = await target.session('flapping')
    const began = Date.now()
    let tries = 0
    while (Date.now() - began < 6000) {
      // With graceful restart a peer may come back at once, but not time and again.
      const { peer } = await establish(target.bgpPort, {
        more: [[64, [0x80, 120, 0, 1, 1, 0]]],
        patience: 200,
        address: OWN.flapping,
      })
      peer.send(endOfRib)
      tries++
      if (tries % 2 === 0) peer.destroy()
      await pause(10)
    }
    const { flaps } = await target.session('flapping')
    figures('a flapping session', { tries, flaps: flaps - before, seconds: 6 })
    // Of which a daemon that is busy answers fewer.
    expect(tries).toBeGreaterThan(10)
    expect(flaps - before).toBeLessThanOrEqual(4)
    await target.until(
      'descriptors to be given back',
      () => target.descriptors() <= descriptors + 2,
    )
    await target.expectUnharmed()
  })
})

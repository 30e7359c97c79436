/** A session that sends as much as BGP allows: sets, octets, path lengths, changes. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  asPath,
  attribute,
  communities,
  type Established,
  endOfRib,
  establish,
  largeCommunities,
  nextHop,
  nlri,
  origin,
  REQUIRED_COMMUNITY,
  update,
} from './support/hostile.ts'
import { figures, HOSTILE, MIB, mebibytes, startTarget, type Target } from './support/target.ts'

const REGISTERED = 10
/** 203.0.0.0 and those after it, /24 each. */
const STORMED = 203 * 2 ** 24

const stormed = (index: number) => nlri(STORMED + index * 256, 24)
const shortPath = asPath([HOSTILE.asn, 7018])
const good = [origin, shortPath, nextHop, communities([REQUIRED_COMMUNITY])]
const bad = [origin, shortPath, nextHop]
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

describe.runIf(process.platform === 'linux')('updates', () => {
  let target: Target
  let hostile: Established
  beforeAll(async () => {
    target = await startTarget({
      prefixes: range(REGISTERED).map(
        (i) => `{ name: storm-${i}, prefix: 203.0.${i}.0/24, sessions: [hostile] }`,
      ),
    })
    hostile = await establish(target.bgpPort)
    hostile.peer.send(endOfRib)
  })
  afterAll(async () => {
    hostile?.peer.destroy()
    expect(await target.close()).toBe(0)
  })

  const held = async () => (await target.session(HOSTILE.session)).prefixes.ipv4
  const outsideHeap = async () => {
    let sum = 0
    for (const [, octets] of (await target.text('/metrics')).matchAll(
      /^bgpwarden_memory_bytes\{.*\} (\S+)$/gm,
    )) {
      sum += Number(octets)
    }
    return sum
  }
  /** The hostile session is as up as ever, and judged as it says; the good one never noticed. */
  const expectAllWell = async () => {
    hostile.peer.send(update({ attributes: good, nlri: range(REGISTERED).map(stormed) }))
    await target.until('the registered prefixes to be Verified', async () => {
      const states = await Promise.all(range(REGISTERED).map((i) => target.prefix(`storm-${i}`)))
      return states.every(({ state }) => state === 'Verified')
    })
    const { state, flaps } = await target.session(HOSTILE.session)
    expect({ state, flaps }).toEqual({ state: 'Established', flaps: 0 })
    await target.expectUnharmed()
  }
  beforeEach(async () => {
    hostile.peer.send(update({ withdrawn: range(100).map(stormed) }))
    await target.until('no route to be held', async () => (await held()) === 0)
  })

  test('1 000 000 distinct attribute sets', async () => {
    const total = 1_000_000
    const part = 1000
    const one = update({
      attributes: [origin, shortPath, nextHop, communities([0])],
      nlri: [nlri(0, 24)],
    })
    const parts = function* (write: (octets: Buffer, at: number, index: number) => void) {
      for (let from = 0; from < total; from += part) {
        const octets = Buffer.alloc(one.length * part)
        for (let i = 0; i < part; i++) {
          one.copy(octets, i * one.length)
          write(octets, (i + 1) * one.length, from + i)
        }
        yield octets
      }
    }
    const before = { rss: target.rss(), outside: await outsideHeap() }
    const announceAll = async () => {
      await hostile.flood(
        parts((octets, end, index) => {
          octets.writeUInt32BE(index, end - 8)
          // Networks from 1.0.0.0 on: the last three octets of the message.
          octets.writeUIntBE(0x010000 + index, end - 3, 3)
        }),
      )
      await target.until('all to be held', async () => (await held()) === total)
      // The good session holds one.
      expect(await target.metric('bgpwarden_rib_attribute_sets')).toBe(total + 1)
      return {
        rss: target.rss() - before.rss,
        outside: (await outsideHeap()) - before.outside,
      }
    }
    const withdrawAll = async () => {
      for (let from = 0; from < total; from += part) {
        const withdrawn = range(part).map((i) => nlri((0x010000 + from + i) * 256, 24))
        await hostile.flood([update({ withdrawn })])
      }
      await target.until('all to be withdrawn', async () => (await held()) === 0)
      expect(await target.metric('bgpwarden_rib_attribute_sets')).toBe(1)
      return (await outsideHeap()) - before.outside
    }
    const began = Date.now()
    const full = await announceAll()
    const seconds = (Date.now() - began) / 1000
    const left = await withdrawAll()
    const again = await announceAll()
    expect(await withdrawAll()).toBeLessThan(left + 4 * MIB)
    figures('1 000 000 attribute sets', {
      seconds: seconds.toFixed(1),
      'outside the heap a set': Math.round(full.outside / total),
      'resident a set': Math.round(full.rss / total),
      'resident a set the second time': Math.round(again.rss / total),
      'outside the heap a set after withdrawal': Math.round(left / total),
    })
    // A record of 32, a hash table of up to 24, 34 of attributes; and the route of up to 32.
    expect(full.outside / total).toBeLessThan(130)
    expect(again.outside).toBeLessThan(1.1 * full.outside)
    expect(full.rss / total).toBeLessThan(400)
    expect(again.rss / total).toBeLessThan(400)
    // Records of sets stay for those that come next.
    expect(left / total).toBeLessThan(40)
    await expectAllWell()
  })

  test('messages of 65 535 octets', async () => {
    const before = target.rss()
    const head = 23 + Buffer.concat(good).length
    const count = Math.floor((65_535 - head) / 4)
    const routes = range(count).map((i) => nlri(11 * 2 ** 24 + i * 256, 24))
    const filler = (length: number) => attribute(0xc0, 200, Buffer.alloc(length, 7))
    const rest = 65_535 - head - count * 4
    const many = update({
      attributes: good,
      nlri: rest === 0 ? routes : [...routes, ...range(rest).map(() => Buffer.alloc(1))],
    })
    const large = update({
      attributes: [...good, filler(65_535 - head - 4 - 4)],
      nlri: [nlri(12 * 2 ** 24, 24)],
    })
    expect([many.length, large.length]).toEqual([65_535, 65_535])
    for (let i = 0; i < 300; i++) await hostile.flood([many, large])
    // `rest` octets of zero are the default route.
    const expected = count + 1 + (rest > 0 ? 1 : 0)
    await target.until('all to be held', async () => (await held()) === expected)
    figures('600 messages of 65 535 octets', { grown: mebibytes(target.rss() - before) })
    expect(target.rss() - before).toBeLessThan(96 * MIB)
    await hostile.flood([
      update({ withdrawn: routes }),
      update({ withdrawn: [nlri(12 * 2 ** 24, 24), nlri(0, 0)] }),
    ])
    await target.until('all to be withdrawn', async () => (await held()) === 0)
    await expectAllWell()
  })

  test('AS paths of 2000 and 1000 communities, standard and large, on registered prefixes', async () => {
    const path = [HOSTILE.asn, ...range(1999).map((i) => 100_000 + i)]
    const heavy = (seed: number) => [
      origin,
      asPath(path),
      nextHop,
      communities([...range(999).map((i) => 65_536 * 3356 + i), seed]),
      largeCommunities(range(3000)),
    ]
    hostile.peer.send(update({ attributes: heavy(0), nlri: range(REGISTERED).map(stormed) }))
    await target.until('a verdict', async () => (await target.prefix('storm-0')).state === 'Failed')
    const storm = await target.prefix('storm-0')
    expect(storm.reasons).toEqual(['missing-community', 'as-path-too-long'])
    const route = storm.sessions[0]?.route
    expect(route?.asPath.split(' ')).toEqual(path.map(String))
    expect([route?.communities.length, route?.largeCommunities.length]).toEqual([1000, 1000])
    for (const { message } of storm.findings) expect(message.length).toBeLessThan(700)

    const before = target.rss()
    const events = await target.metric('bgpwarden_prefix_events_total')
    for (let seed = 0; seed < 1000; seed++) {
      const withdrawn = range(REGISTERED).map(stormed)
      await hostile.flood([
        update({ attributes: heavy(seed), nlri: withdrawn }),
        update({ withdrawn }),
      ])
    }
    hostile.peer.send(update({ attributes: heavy(1000), nlri: range(REGISTERED).map(stormed) }))
    await target.until('the end', async () => (await target.prefix('storm-0')).state === 'Failed')
    figures('1000 rounds of long paths and many communities', {
      events: (await target.metric('bgpwarden_prefix_events_total')) - events,
      grown: mebibytes(target.rss() - before),
    })
    expect(target.rss() - before).toBeLessThan(128 * MIB)
    await expectAllWell()
  })

  test('100 prefixes announced and withdrawn 10 000 times, ten of them registered', async () => {
    const rounds = 10_000
    const all = range(100).map(stormed)
    const round = Buffer.concat([
      update({ attributes: bad, nlri: all }),
      update({ withdrawn: all }),
      update({ attributes: good, nlri: all }),
      update({ withdrawn: all }),
    ])
    const latency = async () => ({
      sum: await target.metric('bgpwarden_verdict_latency_seconds_sum'),
      count: await target.metric('bgpwarden_verdict_latency_seconds_count'),
    })
    const before = { rss: target.rss(), latency: await latency(), log: target.log().length }
    const events = await target.metric('bgpwarden_prefix_events_total')
    const began = Date.now()
    let slowest = 0
    const asking = setInterval(async () => {
      const asked = performance.now()
      await target.text('/healthz')
      slowest = Math.max(slowest, performance.now() - asked)
    }, 100)
    for (let i = 0; i < rounds / 2; i++) await hostile.flood([round])
    await expectAllWell()
    clearInterval(asking)
    const after = await latency()
    const mean = (after.sum - before.latency.sum) / (after.count - before.latency.count)
    const lines = target
      .log()
      .slice(before.log)
      .split('\n')
      .filter((line) => line.includes('"event":"verdict"')).length
    const { items } = JSON.parse(await target.text('/api/v1/events?limit=1&since=0')) as {
      items: { id: number }[]
    }
    const { lastId } = JSON.parse(await target.text('/api/v1/events?limit=1')) as { lastId: number }
    const ring = lastId - (items[0]?.id ?? 0) + 1
    figures('10 000 rounds of 100 prefixes', {
      seconds: ((Date.now() - began) / 1000).toFixed(1),
      events: (await target.metric('bgpwarden_prefix_events_total')) - events,
      'log lines': lines,
      'events held': ring,
      'mean latency': `${(mean * 1000).toFixed(2)} ms`,
      'slowest answer': `${slowest.toFixed(0)} ms`,
      grown: mebibytes(target.rss() - before.rss),
    })
    expect(ring).toBeLessThanOrEqual(10_000)
    expect(lines).toBeLessThan(1100)
    expect(mean).toBeLessThan(0.02)
    expect(slowest).toBeLessThan(1500)
    expect(target.rss() - before.rss).toBeLessThan(128 * MIB)
  })
})

/** Where the kernel stops until there is room, and what it leaves to the plain way. */
import { expect, test } from 'vitest'
import { allocateOctets, free, kernelMemory } from '../../src/kernel/memory.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { addressOctets, bgp, u16, u32 } from '../support/capture-builder.ts'
import { createLanding, flood } from '../support/twin-octets.ts'
import { createTwins, type TwinPeer } from '../support/twins.ts'

const land = createLanding()
const remoteAsn = 64501
const usual: TwinPeer = {
  decode: {
    as4: true,
    external: true,
    addPathIpv4: false,
    addPathIpv6: false,
    extendedNextHop: false,
  },
  remoteAsn,
  limit: 65_535,
  room: true,
  peerAddress: '192.0.2.1',
}

function lab(more: Partial<TwinPeer> = {}) {
  const twins = createTwins(land)
  twins.add('a')
  twins.up('a', { ...usual, ...more })
  return twins
}

/** Attributes with a path; NEXT_HOP last. */
function block(path: readonly number[], ...more: readonly number[]): number[] {
  const value = path.length === 0 ? [] : [2, path.length, ...path.flatMap((asn) => u32(asn))]
  const nextHop = [0x40, 3, 4, ...addressOctets('192.0.2.1')]
  return [0x40, 1, 1, 0, 0x50, 2, ...u16(value.length), ...value, ...more, ...nextHop]
}

const announce = (attributes: readonly number[], nlri: readonly number[]) =>
  bgp(2, [0, 0], u16(attributes.length), attributes, nlri)
const withdraw = (nlri: readonly number[]) => bgp(2, u16(nlri.length), nlri, [0, 0])
const host = (number: number) => [32, 10, number >>> 16, (number >>> 8) & 255, number & 255]
const join = (...messages: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(messages))

function finish(twins: ReturnType<typeof lab>): void {
  twins.compare(false)
  twins.withdrawAll()
  twins.compare(true)
  twins.checkEmpty()
}

test.each([
  ['IPv4, a set a route', false, 12_000, 1, 100_000],
  ['IPv6, a set a route', true, 6000, 1, 100_000],
  ['IPv4, few sets', false, 30_000, 700, 50],
  ['IPv6, few sets', true, 26_000, 500, 50],
] as const)('tables, records and segments grow: %s', (_what, v6, count, perMessage, sets) => {
  const twins = lab()
  const octets = flood(v6, 0, count, { perMessage, sets, remoteAsn })
  for (let at = 0; at < octets.length; at += 2 ** 20) {
    expect(twins.receive('a', octets.slice(at, at + 2 ** 20))).toBe(true)
  }
  expect(twins.taken).toBe(Math.ceil(count / perMessage))
  expect(twins.lane.view.ribRoutes()[v6 ? 'ipv6' : 'ipv4']).toBe(count)
  // The plain way finds what the kernel stored.
  for (let number = 0; number < count; number += 97) {
    const text = v6
      ? `2001:db8:${number.toString(16)}::/48`
      : `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}/32`
    const query = { prefix: parsePrefix(text), limit: 2 }
    expect(twins.lane.view.routes('a', query)?.items).toEqual(
      twins.plain.view.routes('a', query)?.items,
    )
  }
  finish(twins)
})

test.each([4096, 65_535])('messages of at most %i octets', (limit) => {
  const twins = lab({ limit })
  const routes = (length: number) => {
    const count = Math.floor((length - 60) / 5)
    const fill = length - 23 - 5 * count - block([64501, 1]).length - 4
    const communities = Array.from({ length: fill - (fill % 4) }, () => 1)
    const attributes = block([64501, 1], 0xd0, 8, ...u16(communities.length), ...communities)
    const left = fill % 4 === 0 ? [] : Array.from({ length: fill % 4 }, () => 0)
    const all = Array.from({ length: count }, (_, i) => host(i % 4000)).flat()
    return announce(attributes, [...all, ...left])
  }
  const longest = routes(4096)
  expect(longest.length).toBe(4096)
  expect(twins.receive('a', longest)).toBe(true)
  expect(twins.taken).toBe(1)
  const longer = routes(4097)
  expect(longer.length).toBe(4097)
  expect(twins.receive('a', longer)).toBe(limit > 4096)
  expect(twins.taken).toBe(limit > 4096 ? 2 : 1)
  twins.compare(true)
  finish(twins)
})

test('a table does not grow for routes that it has', () => {
  const twins = lab()
  const octets = flood(false, 0, 1300, { perMessage: 100, sets: 5, remoteAsn })
  for (let i = 0; i < 3; i++) twins.receive('a', octets)
  expect(twins.taken).toBe(39)
  expect(twins.lane.view.memory().rib).toBe(twins.plain.view.memory().rib)
  finish(twins)
})

test('more routes near registered prefixes in a chunk than are noted at once', () => {
  const twins = lab()
  const registration = { name: 'all', prefix: parsePrefix('0.0.0.0/0'), originAsns: [64501] }
  twins.register(registration)
  twins.register({ ...registration, name: 'ten', prefix: parsePrefix('10.0.0.0/8') })
  twins.register({ ...registration, name: 'one', prefix: parsePrefix('10.0.0.7/32') })
  twins.receive('a', bgp(2, [0, 0, 0, 0]))
  twins.compare(true)
  for (const sets of [3, 100_000]) {
    twins.receive('a', flood(false, 0, 9000, { perMessage: 100, sets, remoteAsn }))
    twins.compare(true)
  }
  expect(twins.taken).toBe(180)
  finish(twins)
})

test('a segment that is full to its last octet leaves alone what lies behind it', () => {
  const twins = lab()
  /** Attributes of exactly so many octets, at least 60. */
  const sized = (octets: number, number: number) => {
    const value = u32(number)
    const must = [0x40, 2, 6, 2, 1, ...u32(64501), 0x40, 3, 4, 192, 0, 2, 1]
    const start = [...must, 0xc0, 7, 8, ...value, ...value, 0x80, 4, 4, ...value]
    const fill = octets - start.length - 4
    // ORIGIN, and ATOMIC_AGGREGATE or not: the rest is a number of whole communities.
    const [short, long] = [
      [0x40, 1, 1, 0],
      [0x50, 1, 0, 1, 0],
    ] as const
    const atomic = [0x40, 6, 0]
    const begins = [
      short,
      long,
      [...long, 0x50, 6, 0, 0],
      [...short, ...atomic],
      [...long, ...atomic],
    ]
    const first = begins.find(({ length }) => (fill - length) % 4 === 0) ?? []
    const communities = Array.from({ length: fill - first.length }, () => 1)
    return [...first, ...start, 0xd0, 8, ...u16(communities.length), ...communities]
  }
  // What is allocated from here on lies side by side.
  const holes: DataView[] = []
  const size = () => kernelMemory()?.buffer.byteLength
  for (const before = size(); size() === before; ) holes.push(allocateOctets(65_536))
  const canaries: DataView[] = []
  for (let left = 65_536, number = 1; left > 0; number++) {
    const block = sized(left > 400 ? 121 + (number & 1) * 20 : left, number)
    expect(twins.receive('a', announce(block, host(number)))).toBe(true)
    if (number === 1) for (let i = 0; i < 40; i++) canaries.push(allocateOctets(65_536))
    left -= block.length
  }
  expect(twins.taken).toBeGreaterThan(400)
  twins.receive('a', announce(block([64501, 5]), host(9000)))
  const untouched = canaries.every((view) =>
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength).every((octet) => octet === 0),
  )
  expect(untouched).toBe(true)
  // Behind it may lie octets of the other twin, too.
  twins.compare(true)
  for (const view of [...holes, ...canaries]) free(view)
  finish(twins)
})

test('more sets lose their last route in a chunk than are noted at once, and come again', () => {
  const twins = lab()
  const many = flood(false, 0, 11_000, { perMessage: 1, sets: 100_000, remoteAsn })
  const one = flood(false, 0, 11_000, { perMessage: 900, sets: 1, remoteAsn })
  const [half, whole] = [2 ** 19, many.length]
  twins.receive('a', many.slice(0, half))
  twins.receive('a', many.slice(half, whole))
  expect(twins.lane.view.ribAttributeSets()).toBe(11_000)
  twins.receive('a', one)
  twins.compare(false)
  expect(twins.lane.view.ribAttributeSets()).toBe(1)
  twins.receive('a', many.slice(0, half))
  twins.receive('a', many.slice(half, whole))
  twins.receive('a', one)
  twins.compare(false)
  finish(twins)
})

test('a set that loses its last route and gets another one in the same chunk', () => {
  const twins = lab()
  const [first, second, third] = [block([64501, 1]), block([64501, 2]), block([64501, 3])]
  const turns = Array.from({ length: 40 }, (_, i) =>
    announce([first, second, third][i % 3] ?? [], [...host(1), ...(i % 5 === 0 ? host(2) : [])]),
  )
  twins.receive('a', join(...turns))
  expect(twins.taken).toBe(40)
  twins.compare(true)
  expect(twins.lane.view.ribAttributeSets()).toBe(2)
  finish(twins)
})

test('an UPDATE of more routes than the queue holds, and one with a very long set', () => {
  const twins = lab()
  const hosts = (count: number) => Array.from({ length: count }, (_, i) => host(i)).flat()
  twins.receive('a', announce(block([64501, 1]), hosts(4096)))
  expect(twins.taken).toBe(1)
  twins.receive('a', announce(block([64501, 1]), hosts(4097)))
  expect(twins.taken).toBe(1)
  const communities = Array.from({ length: 5000 }, (_, i) => u32(i)).flat()
  const long = block([64501, 2], 0xd0, 8, ...u16(communities.length), ...communities)
  twins.receive(
    'a',
    join(announce(long, host(1)), announce(long, host(2)), announce(long, host(3))),
  )
  twins.compare(true)
  finish(twins)
})

// The number of a set is given to another one when it is gone.
const leak = [0xc0, 35, 4, ...u32(3356)]

test('what was known of a set does not hold for another one with its number (kernel first)', () => {
  const twins = lab({ role: 'provider' })
  const [plain, noted] = [block([64501, 1]), block([64501, 1], ...leak)]
  twins.receive('a', announce(plain, host(1)))
  twins.receive('a', join(withdraw(host(1)), announce(noted, host(2)), announce(noted, host(3))))
  twins.compare(true)
  expect(twins.lane.view.tallies('a')?.notes['route-leak']).toBe(2)
  finish(twins)
})

test('what was known of a set does not hold for another one with its number (plain way first)', () => {
  const twins = lab()
  const [first, other, own] = [block([64501, 1]), block([64501, 2]), block([64501, 8075])]
  const alone = (message: Uint8Array) => {
    const view = new DataView(message.buffer, message.byteOffset, message.length)
    twins.both((engine) => {
      engine.receiveUpdate('a', view, 0, message.length, twins.now)
      engine.flush(twins.now)
    })
  }
  alone(announce(first, host(1)))
  twins.receive('a', announce(other, host(1)))
  // Its set gets the number that is free now.
  twins.receive('a', announce(own, host(5)))
  alone(announce(own, host(6)))
  twins.compare(true)
  expect(twins.lane.view.tallies('a')?.notes['own-as']).toBe(2)
  finish(twins)
})

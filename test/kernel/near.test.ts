/** Look-ups among registered prefixes, and hashes of routes and sets: the kernel's against the others. */
import { expect, test } from 'vitest'
import { createRandom, type Random } from '../../bench/random.ts'
import { Family, maskPrefix, type Prefix } from '../../src/prefix/prefix.ts'
import { formatPrefix } from '../../src/prefix/text.ts'
import { encodePrefix } from '../../src/wire/nlri.ts'
import { addressOctets, bgp, u16, u32 } from '../support/capture-builder.ts'
import { createLanding } from '../support/twin-octets.ts'
import { createTwins, type TwinPeer } from '../support/twins.ts'

const land = createLanding()
const peer: TwinPeer = {
  decode: {
    as4: true,
    external: true,
    addPathIpv4: false,
    addPathIpv6: false,
    extendedNextHop: false,
  },
  remoteAsn: 64501,
  limit: 65_535,
  room: true,
}

const attribute = (flags: number, code: number, value: readonly number[]) => [
  flags | 0x10,
  code,
  ...u16(value.length),
  ...value,
]
const start = [...attribute(0x40, 1, [0]), ...attribute(0x40, 2, [2, 1, ...u32(64501)])]
const nextHop = attribute(0x40, 3, [192, 0, 2, 1])

/** Announces prefixes of one family with some other attributes. */
function announcement(prefixes: readonly Prefix[], more: readonly number[] = []): Uint8Array {
  const nlri = prefixes.flatMap(encodePrefix)
  if (prefixes[0]?.family === Family.ipv4) {
    const block = [...start, ...more, ...nextHop]
    return bgp(2, [0, 0], u16(block.length), block, nlri)
  }
  const reach = [0, 2, 1, 16, ...addressOctets('2001:db8::1'), 0, ...nlri]
  const block = [...start, ...more, ...attribute(0x80, 14, reach)]
  return bgp(2, [0, 0], u16(block.length), block)
}

/** Prefixes that often share their first bits. @param wide whether short ones are among them */
function somePrefix(random: Random, family: Family, wide: boolean): Prefix {
  const max = family === Family.ipv4 ? 32 : 128
  const word = () => (random.chance(0.7) ? random.below(4) << random.below(31) : random.next()) | 0
  const first = random.chance(0.5) ? 0xc6330000 | 0 : word()
  const shortest = wide ? 0 : family === Family.ipv4 ? 16 : 32
  const prefix: Prefix = {
    family,
    length: random.between(shortest, random.chance(0.7) ? Math.min(max, 64) : max),
    w0: first ^ (random.below(8) << random.below(20)),
    w1: family === Family.ipv4 ? 0 : word(),
    w2: family === Family.ipv4 ? 0 : word(),
    w3: family === Family.ipv4 ? 0 : word(),
  }
  maskPrefix(prefix)
  return prefix
}

test.each([
  [Family.ipv4, false],
  [Family.ipv4, true],
  [Family.ipv6, false],
  [Family.ipv6, true],
] as const)('what is near registered prefixes (family %i, short ones: %s)', (family, wide) => {
  const random = createRandom(family, wide ? 1 : 0)
  const twins = createTwins(land)
  twins.add('a')
  twins.up('a', peer)
  const registered = new Map<string, Prefix>()
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 60; i++) {
      const prefix = somePrefix(random, family, wide && round > 2)
      const name = formatPrefix(prefix)
      if (registered.has(name)) continue
      registered.set(name, prefix)
      twins.register({ name, prefix, originAsns: random.chance(0.5) ? [64501] : [] })
    }
    for (const name of [...registered.keys()]) {
      if (!random.chance(0.3)) continue
      registered.delete(name)
      twins.both((engine) => engine.unregister(name, twins.now))
    }
    const exact = [...registered.values()].filter(() => random.chance(0.5))
    const others = Array.from({ length: 1500 }, () => somePrefix(random, family, true))
    // Neighbours of registered prefixes: one bit longer, one bit shorter, another last bit.
    const beside = [...registered.values()].flatMap((prefix) =>
      [-1, 0, 1].flatMap((more) => {
        const length = prefix.length + more
        if (length < 0 || length > (family === Family.ipv4 ? 32 : 128)) return []
        const flipped = { ...prefix, length }
        const words = ['w0', 'w1', 'w2', 'w3'] as const
        const last = words[Math.max(0, length - 1) >> 5] ?? 'w0'
        if (length > 0 && random.chance(0.5)) flipped[last] ^= 1 << (31 - ((length - 1) & 31))
        maskPrefix(flipped)
        return [flipped]
      }),
    )
    const all = [...exact, ...others, ...beside]
    const messages: Uint8Array[] = []
    for (let i = 0; i < all.length; i += 40) messages.push(announcement(all.slice(i, i + 40)))
    twins.receive('a', new Uint8Array(Buffer.concat(messages)))
    expect(twins.taken).toBeGreaterThan(0)
    twins.compare(round === 5)
  }
  const classes = twins.lane.view.tallies('a')?.classes
  expect(Math.min(classes?.failed ?? 0, classes?.overlap ?? 0)).toBeGreaterThan(100)
  if (!wide) expect(classes?.unregistered).toBeGreaterThan(100)
})

test('one set, whichever way its octets came, of any length', () => {
  const twins = createTwins(land)
  twins.add('a')
  twins.up('a', peer)
  const random = createRandom(7)
  const host = (number: number): Prefix => ({
    family: Family.ipv4,
    length: 32,
    w0: 0x0a000000 + number,
    w1: 0,
    w2: 0,
    w3: 0,
  })
  const prefixes6 = [{ ...host(1), family: Family.ipv6, length: 48 }]
  for (let length = 0; length < 300; length++) {
    const communities = Array.from({ length: 4 + 4 * (length >> 3) }, () => random.below(256))
    // 3, 7 and 11 octets: so all lengths come, whatever they leave when divided by 8.
    const others = [
      [0x40, 6, 0],
      [0x80, 4, 4, 0, 0, 0, 1],
      [0xc0, 7, 8, 0, 0, 0, 1, 192, 0, 2, 9],
    ].filter((_, bit) => (length & (1 << bit)) !== 0)
    const more = [...attribute(0xc0, 8, communities), ...others.flat()]
    for (const prefixes of [[host(3 * length)], prefixes6]) {
      const message = announcement(prefixes, more)
      const view = new DataView(message.buffer, message.byteOffset, message.length)
      const kernelFirst = random.chance(0.5)
      if (kernelFirst) twins.receive('a', message)
      twins.both((engine) => {
        engine.receiveUpdate('a', view, 0, message.length, twins.now)
        engine.flush(twins.now)
      })
      if (!kernelFirst) twins.receive('a', message)
      const next = prefixes === prefixes6 ? prefixes6 : [host(3 * length + 1)]
      twins.receive('a', announcement(next, more))
    }
    twins.compare(false)
    expect(twins.lane.view.ribAttributeSets()).toBe(length + 2)
  }
  twins.compare(true)
  twins.withdrawAll()
  twins.checkEmpty()
})

/** Octets where the kernel can read them, and streams of UPDATEs of which it takes most. */
import type { Random } from '../../bench/random.ts'
import { allocateOctets, free, kernelMemory } from '../../src/kernel/memory.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { buildUpdate, mendLength } from '../fuzz/build.ts'
import { mutate, pick } from '../fuzz/mutate.ts'
import { addressOctets, bgp, keepalive, u16, u32 } from './capture-builder.ts'

/** Octets behind a chunk that the kernel may read. */
const SLACK = 16
const ROOM = 65_536
const MOST = 2 ** 20

/** Puts chunks, one at a time, into memory of the kernel, with room in front and other octets behind. */
export function createLanding() {
  const whole = allocateOctets(ROOM + MOST + SLACK)
  const all = new Uint8Array(whole.buffer, whole.byteOffset, ROOM + MOST + SLACK)
  return (chunk: Uint8Array): Uint8Array => {
    const landed = all.subarray(ROOM, ROOM + chunk.length)
    landed.set(chunk)
    all.fill(0xff, ROOM + chunk.length, ROOM + chunk.length + SLACK)
    return landed
  }
}

/** More than the memory grows by unasked. */
const LAST_BLOCK = 5 * 2 ** 20

/** @returns the last octets of the memory, allocated */
function lastBlock(): DataView {
  const passed: DataView[] = []
  for (let octets = LAST_BLOCK; ; ) {
    const block = allocateOctets(octets)
    const behind = (kernelMemory()?.buffer.byteLength ?? 0) - block.byteOffset - block.byteLength
    if (behind === 0) {
      for (const view of passed) free(view)
      return block
    }
    if (behind > LAST_BLOCK) {
      passed.push(block)
    } else {
      octets = block.byteLength + behind
      free(block)
    }
  }
}

/** The same at the very end of the memory: what is read further behind is a trap of WebAssembly. */
export function createLastLanding() {
  let block: DataView | null = null
  let end = -1
  return (chunk: Uint8Array): Uint8Array => {
    if (block === null || end !== kernelMemory()?.buffer.byteLength) {
      if (block !== null) free(block)
      block = lastBlock()
      end = block.byteOffset + block.byteLength
    }
    const landed = new Uint8Array(block.buffer, end - SLACK - chunk.length, chunk.length)
    landed.set(chunk)
    return landed
  }
}

const EXTENDED = 0x10

/** One attribute; its length in two octets where it must, or by `extended`. */
function attribute(flags: number, code: number, value: readonly number[], extended = false) {
  const wide = extended || value.length > 255
  const length = wide ? u16(value.length) : [value.length]
  return [wide ? flags | EXTENDED : flags, code, ...length, ...value]
}

function segment(type: number, asns: readonly number[]): number[] {
  return [type, asns.length, ...asns.flatMap((asn) => u32(asn))]
}

/** Who the peer is, as far as what it sends depends on it. */
export interface Sender {
  readonly settings: DecodeSettings
  readonly remoteAsn: number
  readonly limit: number
  /** Blocks of path attributes that it sent, to be sent again. */
  readonly blocks: { readonly v4: number[][]; readonly v6: number[][] }
}

export function asPath(random: Random, remoteAsn: number): number[] {
  const head = random.chance(0.9) ? [remoteAsn] : []
  const others = [3356, 3356, 1299, 6939, 64512, 65535, 23456, 8075, 4200000000, 65551, remoteAsn]
  const tail = Array.from({ length: random.below(4) }, () => pick(random, others))
  const list = [...head, ...tail]
  const whole = list.length === 0 ? [] : segment(2, list)
  if (random.chance(0.88)) return whole
  const more = [
    () => segment(1, [3356, 1299]),
    () => segment(3, [64512, 64513]),
    () => segment(4, [64512]),
    () => [...segment(1, [3356]), ...segment(2, [3356, 6939])],
    () =>
      segment(
        2,
        Array.from({ length: 255 }, (_, i) => 1000 + i),
      ),
    () => segment(2, [0]),
    () => segment(5, [3356]),
    () => [2, 0],
    () => [2, 2, 0, 0],
  ]
  return [...whole, ...pick(random, more)()]
}

/** IPv4 next hops: that of the peer, another one, and such as none should be. */
const nextHops4 = ['192.0.2.1', '192.0.2.1', '192.0.2.77', '127.0.0.1', '0.0.0.0', '224.0.0.5']
const nextHops6 = [
  '2001:db8::1',
  '2001:db8::1',
  '2001:db8::77',
  '::1',
  '::ffff:10.0.0.1',
  'ff02::1',
]

function reachOf(random: Random, nlri: readonly number[], afi = 2): number[] {
  const hop = addressOctets(pick(random, nextHops6))
  const local = random.chance(0.3) ? addressOctets(pick(random, ['fe80::1', '2001:db8::1'])) : []
  const safi = random.chance(0.98) ? 1 : 2
  const length = hop.length + local.length
  return [0, afi, safi, length, ...hop, ...local, random.chance(0.9) ? 0 : 7, ...nlri]
}

const communities = [8075 * 65536 + 8007, 8075 * 65536 + 8008, 64500 * 65536 + 1, 0xffffff01]

/** Attributes besides the three that must be. */
function extras(random: Random, external: boolean): number[][] {
  const list: number[][] = []
  const add = (probability: number, make: () => number[]) => {
    if (random.chance(probability)) list.push(make())
  }
  const wide = random.chance(0.1)
  const few = <T>(most: number, make: () => T[]) =>
    Array.from({ length: 1 + random.below(most) }, make).flat()
  add(0.6, () =>
    attribute(
      0xc0,
      8,
      few(3, () => u32(pick(random, communities))),
      wide,
    ),
  )
  add(0.3, () => {
    const large = () => [...u32(64500), ...u32(random.below(2)), ...u32(random.below(2))]
    return attribute(0xc0, 32, few(3, large))
  })
  add(0.2, () => attribute(0x80, 4, u32(random.below(3)), wide))
  add(external ? 0.03 : 0.6, () => attribute(0x40, 5, u32(100)))
  add(0.1, () => attribute(0x40, 6, [], wide))
  add(0.1, () => attribute(0xe0, 7, [...u32(pick(random, [3356, 65001, 0])), 192, 0, 2, 9]))
  add(external ? 0.02 : 0.2, () => attribute(0x80, 9, [192, 0, 2, 5]))
  add(external ? 0.02 : 0.2, () =>
    attribute(
      0x80,
      10,
      few(2, () => [192, 0, 2, 6]),
    ),
  )
  add(0.1, () =>
    attribute(
      0xc0,
      16,
      few(2, () => [...u32(0x0002fbf5), ...u32(1)]),
    ),
  )
  add(0.02, () => attribute(0xc0, 17, segment(2, [3356])))
  add(0.02, () => attribute(0xc0, 18, [...u32(3356), 192, 0, 2, 9]))
  add(0.04, () => attribute(0xc0, 35, u32(pick(random, [3356, 64501]))))
  add(0.03, () => attribute(pick(random, [0xc0, 0x80, 0x40]), 99, [1, 2, 3]))
  add(0.03, () => attribute(0xe0, 22, [1, 2, 3, 4, 5]))
  add(0.02, () => attribute(pick(random, [0xc0, 0x80, 0xe7]), 250, []))
  return list
}

/** What is wrong with some blocks. */
const damages: readonly ((list: number[][], random: Random) => void)[] = [
  (list, random) => list.push(pick(random, list).slice()),
  (list, random) => list.splice(random.below(list.length), 1),
  (list, random) => {
    const flagged = pick(random, list)
    flagged[0] = (flagged[0] as number) ^ pick(random, [0x80, 0x40, 0x20, 0x10, 0x0f])
  },
  (list, random) => {
    const wrong = pick(random, list)
    wrong[2] = ((wrong[2] as number) + random.between(-3, 3)) & 255
  },
  (list, random) => pick(random, list).push(0),
]

/** @param reach the value of MP_REACH_NLRI, for a message without an NLRI field */
function makeBlock(random: Random, sender: Sender, reach?: readonly number[]): number[] {
  const list = [
    attribute(0x40, 1, [random.chance(0.98) ? random.below(3) : 3]),
    attribute(0x40, 2, asPath(random, sender.remoteAsn), random.chance(0.1)),
  ]
  if (reach === undefined || random.chance(0.03)) {
    list.push(attribute(0x40, 3, addressOctets(pick(random, nextHops4))))
  }
  if (reach !== undefined) {
    const place = random.chance(0.5) ? list.length : random.below(list.length + 1)
    list.splice(place, 0, attribute(0x80, 14, reach, random.chance(0.3)))
  }
  list.push(...extras(random, sender.settings.external))
  if (random.chance(0.02)) list.push(attribute(0x80, 15, [0, 2, 1]))
  if (random.chance(0.06)) pick(random, damages)(list, random)
  return list.flat()
}

/** Prefixes near those that are registered, and far from them; few are different. */
export function someNlri(random: Random, v6: boolean, paths: boolean, count: number): number[] {
  const max = v6 ? 128 : 32
  return Array.from({ length: count }, () => {
    const near = random.chance(0.4)
    const length = random.chance(0.9)
      ? random.between(v6 ? 28 : 18, v6 ? 52 : 27)
      : random.between(0, random.chance(0.05) ? max + 3 : max)
    const head = v6 ? [0x20, 1, near ? 0x0d : 0x0e, near ? 0xb8 : 0] : [near ? 198 : 10, 51]
    const address = Array.from({ length: 16 }, (_, i) => head[i] ?? random.below(3) * 85)
    if (!v6 && near) address[2] = 100 + random.below(2)
    const octets = address.slice(0, (length + 7) >> 3)
    // Bits behind the prefix length mean nothing (RFC 4271 §4.3).
    const bits = length & 7
    if (bits !== 0 && octets.length > 0 && random.chance(0.3)) {
      octets[octets.length - 1] = (octets.at(-1) as number) | (random.below(256) & (0xff >> bits))
    }
    return [...(paths ? u32(random.below(3)) : []), length, ...octets]
  }).flat()
}

function update(withdrawn: readonly number[], block: readonly number[], nlri: readonly number[]) {
  return bgp(2, u16(withdrawn.length), withdrawn, u16(block.length), block, nlri)
}

/** How many prefixes an UPDATE names. */
function howMany(random: Random, limit: number): number {
  if (random.chance(0.9)) return random.between(1, 6)
  return random.below(limit > 4096 && random.chance(0.2) ? 6000 : 120)
}

function announce4(random: Random, sender: Sender): Uint8Array {
  const { blocks, settings, limit } = sender
  const known = blocks.v4.length > 0 && random.chance(0.5)
  const block = known ? pick(random, blocks.v4) : makeBlock(random, sender)
  if (!known) blocks.v4.push(block)
  return update([], block, someNlri(random, false, settings.addPathIpv4, howMany(random, limit)))
}

function announce6(random: Random, sender: Sender): Uint8Array {
  const { blocks, settings } = sender
  const nlri = someNlri(random, true, settings.addPathIpv6, random.between(0, 9))
  const block = makeBlock(random, sender, reachOf(random, nlri, random.chance(0.98) ? 2 : 1))
  // The same attributes once more, as they came or as they are kept, with prefixes behind them.
  const twice = random.chance(0.1)
  if (twice && random.chance(0.5)) blocks.v4.push(makeBlock(random, sender, reachOf(random, [])))
  return twice ? update([], block, someNlri(random, false, false, 2)) : update([], block, [])
}

function withdraw(random: Random, sender: Sender): Uint8Array {
  const { addPathIpv4, addPathIpv6 } = sender.settings
  const v6 = random.chance(0.4)
  if (!v6) return update(someNlri(random, false, addPathIpv4, random.between(1, 6)), [], [])
  const nlri = someNlri(random, true, addPathIpv6, random.between(0, 5))
  return update([], attribute(0x80, 15, [0, 2, 1, ...nlri]), [])
}

/** One message: mostly an UPDATE that is well-formed. Without 4-octet AS numbers most are not. */
export function someMessage(random: Random, sender: Sender): Uint8Array {
  const { settings, limit } = sender
  const made = random.fraction()
  if (made < 0.05) return keepalive
  if (made < 0.12) return withdraw(random, sender)
  if (made < 0.14) return update([], [], [])
  if (made < 0.22 || !settings.as4) return buildUpdate(random, settings)
  const whole = made < 0.7 ? announce4(random, sender) : announce6(random, sender)
  const damaged = random.chance(0.03) ? mendLength(mutate(whole, random, [])) : whole
  return damaged.length < 23 || damaged.length > limit ? keepalive : damaged
}

/** Announcements of so many routes with few attribute sets, or as many of them as routes. */
export function flood(
  v6: boolean,
  from: number,
  count: number,
  { perMessage, sets, remoteAsn }: { perMessage: number; sets: number; remoteAsn: number },
): Uint8Array {
  const messages: Uint8Array[] = []
  for (let first = from; first < from + count; first += perMessage) {
    const numbers = Array.from(
      { length: Math.min(perMessage, from + count - first) },
      (_, i) => first + i,
    )
    const nlri = numbers.flatMap((n) =>
      v6 ? [48, 0x20, 1, 0x0d, 0xb8, n >>> 8, n] : [32, 10, n >>> 16, n >>> 8, n],
    )
    const path = segment(2, [remoteAsn, 100_000 + (first % sets)])
    const block = [...attribute(0x40, 1, [0]), ...attribute(0x40, 2, path)]
    const hop = addressOctets(v6 ? '2001:db8::1' : '192.0.2.1')
    if (v6) {
      const reach = [0, 2, 1, 16, ...hop, 0, ...nlri.map((octet) => octet & 255)]
      messages.push(update([], [...block, ...attribute(0x80, 14, reach)], []))
    } else {
      const octets = nlri.map((octet) => octet & 255)
      messages.push(update([], [...block, ...attribute(0x40, 3, hop)], octets))
    }
  }
  return new Uint8Array(Buffer.concat(messages))
}

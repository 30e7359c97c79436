/** UPDATEs built attribute by attribute: whole ones, and such as are wrong in one place or several. */
import type { Random } from '../../bench/random.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { u16, u32 } from '../support/capture-builder.ts'
import { edges, pick, randomOctets } from './mutate.ts'

/** A list whose length is random. */
function several(random: Random, most: number, make: () => readonly number[]): number[] {
  return Array.from({ length: random.below(most + 1) }, make).flat()
}

const asns = [0, 1, 23456, 64501, 64502, 64512, 65535, 65551, 4200000000, 4294967295, 3356, 8075]

function asPath(random: Random, as4: boolean): number[] {
  const asn = () => (as4 ? u32(pick(random, asns) >>> 0) : u16(pick(random, asns) & 0xffff))
  const segment = () => {
    const list = Array.from({ length: random.chance(0.02) ? 255 : random.between(1, 4) }, asn)
    return [random.chance(0.8) ? 2 : random.between(1, 4), list.length, ...list.flat()]
  }
  return random.chance(0.7) ? segment() : several(random, 4, segment)
}

/** Prefixes of one family, few of them different, so that UPDATEs meet. */
export function prefixes(random: Random, v6: boolean, paths: boolean, most: number): number[] {
  return several(random, most, () => {
    const length = random.chance(0.8) ? random.between(20, 28) : random.between(0, v6 ? 128 : 32)
    const head = v6 ? [0x20, 1, 0x0d, 0xb8] : [198, 51, 100]
    const tail = v6 ? 16 : 4
    const address = [...head, ...Array.from({ length: tail }, () => random.below(4) * 64)]
    const id = paths ? u32(random.below(3)) : []
    return [...id, length, ...address.slice(0, (length + 7) >> 3)]
  })
}

/** Values by attribute code. */
const values: Readonly<Record<number, (random: Random, as4: boolean) => number[]>> = {
  1: (random) => [random.chance(0.95) ? random.below(3) : random.below(256)],
  2: asPath,
  3: () => [192, 0, 2, 1],
  4: (random) => u32(random.next()),
  5: (random) => u32(random.next()),
  6: () => [],
  7: (random, as4) => [
    ...(as4 ? u32(pick(random, asns) >>> 0) : u16(pick(random, asns) & 0xffff)),
    ...[192, 0, 2, 9],
  ],
  8: (random) => [...u32(8075 * 65536 + 8007), ...several(random, 3, () => u32(random.next()))],
  9: (random) => u32(random.next()),
  10: (random) => [...u32(1), ...several(random, 3, () => u32(random.next()))],
  16: (random) => [...u32(0x0002fbf5), ...u32(random.next())],
  17: (random) => asPath(random, true),
  18: (random) => [...u32(pick(random, asns) >>> 0), 192, 0, 2, 9],
  32: (random) => [...u32(64500), ...u32(1), ...u32(random.below(3))],
  35: (random) => u32(pick(random, asns) >>> 0),
  99: (random) => [...randomOctets(random, random.below(6))],
  128: (random) => [...randomOctets(random, random.chance(0.1) ? 300 : random.below(6))],
}

const flagsOf: Readonly<Record<number, number>> = {
  ...{ 1: 0x40, 2: 0x40, 3: 0x40, 4: 0x80, 5: 0x40, 6: 0x40, 7: 0xc0, 8: 0xc0, 9: 0x80, 10: 0x80 },
  ...{ 14: 0x80, 15: 0x80, 16: 0xc0, 17: 0xc0, 18: 0xc0, 32: 0xc0, 35: 0xc0, 99: 0xc0, 128: 0x80 },
}

function attribute(random: Random, code: number, value: readonly number[]): number[] {
  const usual = flagsOf[code] ?? 0xc0
  const flags = random.chance(0.02)
    ? random.below(256) & 0xef
    : usual | (random.chance(0.05) ? 0x20 : 0)
  const lie = random.chance(0.02) ? random.between(-2, 2) : 0
  const length = Math.max(0, value.length + lie)
  const extended = length > 255 || random.chance(0.1)
  return [
    extended ? flags | 0x10 : flags,
    code,
    ...(extended ? u16(length & 0xffff) : [length]),
    ...value,
  ]
}

function reach(random: Random, settings: DecodeSettings): number[] {
  const v6 = random.chance(0.7)
  const lengths = v6 ? [16, 32] : settings.extendedNextHop ? [4, 16, 32] : [4]
  const length = random.chance(0.97) ? pick(random, lengths) : random.below(256)
  const paths = v6 ? settings.addPathIpv6 : settings.addPathIpv4
  const safi = random.chance(0.95) ? 1 : random.below(256)
  const nextHop = Array.from({ length }, (_, i) => (i === 0 ? 0x20 : i))
  return [0, v6 ? 2 : 1, safi, length, ...nextHop, 0, ...prefixes(random, v6, paths, 4)]
}

function unreach(random: Random, settings: DecodeSettings): number[] {
  const v6 = random.chance(0.7)
  const paths = v6 ? settings.addPathIpv6 : settings.addPathIpv4
  return [0, v6 ? 2 : 1, 1, ...prefixes(random, v6, paths, 4)]
}

function shuffled<T>(random: Random, list: T[]): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const kept = list[i] as T
    list[i] = list[j] as T
    list[j] = kept
  }
  return list
}

function attributes(random: Random, settings: DecodeSettings): number[] {
  const extras = Object.keys(values)
    .map(Number)
    .filter((code) => code > 3)
  const codes = [1, 2, 3].filter(() => random.chance(0.97))
  codes.push(...extras.filter(() => random.chance(0.15)))
  if (random.chance(0.02)) codes.push(pick(random, codes.length > 0 ? codes : [1]))
  const list = codes.map((code) =>
    attribute(random, code, values[code]?.(random, settings.as4) ?? []),
  )
  if (random.chance(0.4)) list.push(attribute(random, 14, reach(random, settings)))
  if (random.chance(0.25)) list.push(attribute(random, 15, unreach(random, settings)))
  return (random.chance(0.5) ? shuffled(random, list) : list).flat()
}

/** A whole UPDATE, header included. */
export function buildUpdate(random: Random, settings: DecodeSettings): Uint8Array {
  const withdrawn = random.chance(0.3) ? prefixes(random, false, settings.addPathIpv4, 4) : []
  const block = random.chance(0.9) ? attributes(random, settings) : []
  const nlri = random.chance(0.7) ? prefixes(random, false, settings.addPathIpv4, 5) : []
  const lie = random.chance(0.01) ? pick(random, edges) & 0xffff : block.length
  const body = [...u16(withdrawn.length), ...withdrawn, ...u16(lie), ...block, ...nlri]
  return Uint8Array.from([...new Array(16).fill(255), ...u16(19 + body.length), 2, ...body])
}

/** Sets a message's length field right again, so that a mutation is not stopped at the header. */
export function mendLength(message: Uint8Array): Uint8Array {
  if (message.length < 19) return message
  const mended = message.slice(0, 65_535)
  mended.fill(255, 0, 16)
  mended[16] = mended.length >> 8
  mended[17] = mended.length & 255
  return mended
}

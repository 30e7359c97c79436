/**
 * Path attributes as a full-table router sends them, drawn and encoded without any code of the
 * daemon, so that the ground truth is independent of it.
 */
import { createRandom, type Random } from './random.ts'
import type { Universe } from './universe.ts'

export const REQUIRED_COMMUNITY = 8075 * 65536 + 8007
export const MAX_PATH_LENGTH = 3

/** A route's attributes in numbers. */
export interface Attributes {
  readonly path: readonly number[]
  /** An AS_SET behind the path; empty: none. */
  readonly set: readonly number[]
  readonly communities: readonly number[]
  readonly largeCommunities: readonly (readonly [number, number, number])[]
  /** Octets of EXTENDED_COMMUNITIES. */
  readonly extended: readonly number[]
  readonly originCode: number
  readonly med: number | null
  readonly atomicAggregate: boolean
  readonly aggregator: boolean
  /** Last octet of the next hop. */
  readonly nextHop: number
}

/** What the policy finds in them. */
export interface Marks {
  readonly community: boolean
  readonly longPath: boolean
  readonly privateAsn: boolean
  readonly prepended: boolean
}

/** Paths and communities that the routes of an origin usually have, seen from one peer. */
interface Usual {
  readonly path: readonly number[]
  readonly communities: readonly number[]
}

/** Draws the attributes of the groups of routes that one peer announces. */
export interface AttributeSource {
  /**
   * @param group number of the group; equal numbers give equal attributes
   * @param origin index of the origin AS
   * @param registered whether a registered prefix is in the group: those mostly arrive as they must
   */
  draw(group: number, origin: number, registered: boolean): Attributes
}

function isPrivate(asn: number): boolean {
  return (asn >= 64_512 && asn <= 65_534) || (asn >= 4_200_000_000 && asn <= 4_294_967_294)
}

/** Judges attributes the slow and obvious way. */
export function markAttributes({ path, set, communities }: Attributes): Marks {
  return {
    community: communities.includes(REQUIRED_COMMUNITY),
    longPath: path.length + (set.length > 0 ? 1 : 0) > MAX_PATH_LENGTH,
    privateAsn: [...path, ...set].some(isPrivate),
    prepended: path.some((asn, i) => i > 0 && path[i - 1] === asn),
  }
}

/** Transit ASes of the universe: a few that everybody uses, and ever more that few do. */
function transits({ asns }: Universe) {
  const old = [...asns.subarray(0, 20_000)].filter((asn) => asn < 60_000)
  return { top: old.slice(0, 16), middle: old.slice(16, 400), edge: old.slice(400, 3000) }
}

/** ASes between the peer and an origin: more than two. */
function drawHops(random: Random): number {
  const u = random.fraction()
  if (u < 0.05) return 0
  if (u < 0.22) return 1
  if (u < 0.54) return 2
  if (u < 0.81) return 3
  return u < 0.93 ? 4 : random.between(5, 8)
}

/** Community values that many networks use; the others are drawn. */
const commonValues = [100, 200, 500, 666, 1000, 1001, 2000, 3000, 3356, 5000, 10_000, 20_000]

function drawCommunities(random: Random, path: readonly number[], top: readonly number[]) {
  const u = random.fraction()
  if (u < 0.14) return []
  const wanted =
    u < 0.97 ? 1 + Math.min(23, Math.floor(-5.7 * Math.log(1 - random.fraction()))) : 24
  const chosen = new Set<number>()
  while (chosen.size < wanted) {
    const hop = path[random.below(path.length)] as number
    const asn = hop < 60_000 ? hop : (top[random.below(top.length)] as number)
    const value = random.chance(0.6)
      ? (commonValues[random.rank(commonValues.length)] as number)
      : random.between(1, 30_000)
    const community = asn * 65536 + value
    if (community !== REQUIRED_COMMUNITY) chosen.add(community)
  }
  return [...chosen].sort((a, b) => a - b)
}

function drawPrivate(random: Random): number {
  return random.chance(0.7)
    ? random.between(64_512, 65_534)
    : random.between(4_200_000_000, 4_294_967_294)
}

/**
 * Makes the source of one peer's attributes.
 * @param peer other numbers see other paths and communities
 * @param firstAs AS number of the peer, the first of every path
 */
export function createAttributeSource(
  universe: Universe,
  peer: number,
  firstAs: number,
): AttributeSource {
  const { seed, asns } = universe
  const { top, middle, edge } = transits(universe)
  const usual = new Map<number, readonly Usual[]>()

  function drawPath(random: Random, origin: number): number[] {
    const path = [firstAs]
    const last = asns[origin] as number
    const hops = drawHops(random)
    for (let hop = 0; hop < hops; hop++) {
      const tier = hop === 0 ? top : hop === hops - 1 ? edge : middle
      const asn = tier[hop === 0 ? random.below(tier.length) : random.rank(tier.length)] as number
      if (asn !== last && !path.includes(asn)) path.push(asn)
    }
    return [...path, last]
  }

  function usualOf(origin: number): readonly Usual[] {
    let known = usual.get(origin)
    if (known === undefined) {
      const random = createRandom(seed, peer, 0x6f72, origin)
      const count = random.chance(0.6) ? 1 : random.between(2, 3)
      known = Array.from({ length: count }, () => {
        const path = drawPath(random, origin)
        return { path, communities: drawCommunities(random, path, top) }
      })
      usual.set(origin, known)
    }
    return known
  }

  return {
    draw(group, origin, registered) {
      const random = createRandom(seed, peer, 0x6772, group)
      const choices = usualOf(origin)
      const base = choices[random.below(choices.length)] as Usual
      const good = registered && random.chance(0.7)
      const path = good ? [base.path[0] as number, asns[origin] as number] : [...base.path]
      if (random.chance(good ? 0.02 : 0.13)) prepend(random, path)
      if (random.chance(0.01)) {
        const place = random.chance(0.6) ? path.length : Math.max(1, path.length - 1)
        path.splice(place, 0, drawPrivate(random))
      }
      const set: number[] = []
      while (random.chance(0.001) || (set.length > 0 && set.length < 2)) {
        const asn = asns[random.below(asns.length)] as number
        if (!path.includes(asn) && !set.includes(asn)) set.push(asn)
      }
      const communities = random.chance(0.55)
        ? [...base.communities]
        : drawCommunities(random, path, top)
      if (random.chance(good ? 0.95 : 0.02)) communities.push(REQUIRED_COMMUNITY)
      const large = random.chance(0.08) ? random.between(1, 6) : 0
      return {
        path,
        set,
        communities: communities.sort((a, b) => a - b),
        largeCommunities: Array.from(
          { length: large },
          () => [firstAs, random.below(1000), random.below(65_536)] as const,
        ),
        extended: random.chance(0.02)
          ? [0, 2, ...Array.from({ length: 6 }, () => random.below(256))]
          : [],
        originCode: random.chance(0.88) ? 0 : 2,
        med: random.chance(0.28) ? random.below(2) * random.below(10_000) : null,
        atomicAggregate: random.chance(0.04),
        aggregator: set.length > 0 || random.chance(0.08),
        nextHop: 10 + random.rank(24),
      }
    },
  }
}

/** Repeats the origin, at times the AS before it, once or a few times. */
function prepend(random: Random, path: number[]): void {
  const at = random.chance(0.8) || path.length < 3 ? path.length - 1 : path.length - 2
  const times = 1 + Math.min(9, Math.floor(-2 * Math.log(1 - random.fraction())))
  for (let i = 0; i < times; i++) path.splice(at, 0, path[at] as number)
}

const WELL_KNOWN = 0x40
const OPTIONAL = 0x80
const OPTIONAL_TRANSITIVE = 0xc0
const EXTENDED_LENGTH = 0x10

/** Next hops of the tables: addresses for measurements (RFC 2544), and for documentation. */
const nextHop4 = [198, 18, 0] as const
const nextHop6 = [0x20, 0x01, 0x0d, 0xb8, ...Array.from({ length: 11 }, () => 0)] as const

function words(...values: readonly number[]): number[] {
  return values.flatMap((v) => [(v >>> 24) & 255, (v >>> 16) & 255, (v >>> 8) & 255, v & 255])
}

function attribute(flags: number, code: number, value: readonly number[]): number[] {
  if (value.length < 256) return [flags, code, value.length, ...value]
  return [flags | EXTENDED_LENGTH, code, value.length >> 8, value.length & 255, ...value]
}

/**
 * Encodes attributes (RFC 4271 §4.3, RFC 6793, 1997, 4360, 8092) in ascending order of their codes.
 * @param withNextHop NEXT_HOP too, for routes in the NLRI field
 */
export function encodeAttributes(a: Attributes, withNextHop: boolean): Uint8Array {
  const path = [2, a.path.length, ...words(...a.path)]
  if (a.set.length > 0) path.push(1, a.set.length, ...words(...a.set))
  const origin = a.path.at(-1) as number
  const octets = [
    ...attribute(WELL_KNOWN, 1, [a.originCode]),
    ...attribute(WELL_KNOWN, 2, path),
    ...(withNextHop ? attribute(WELL_KNOWN, 3, [...nextHop4, a.nextHop]) : []),
    ...(a.med === null ? [] : attribute(OPTIONAL, 4, words(a.med))),
    ...(a.atomicAggregate ? attribute(WELL_KNOWN, 6, []) : []),
    ...(a.aggregator ? attribute(OPTIONAL_TRANSITIVE, 7, words(origin, 0xc0000201)) : []),
    ...(a.communities.length > 0 ? attribute(OPTIONAL_TRANSITIVE, 8, words(...a.communities)) : []),
    ...(a.extended.length > 0 ? attribute(OPTIONAL_TRANSITIVE, 16, a.extended) : []),
    ...(a.largeCommunities.length > 0
      ? attribute(OPTIONAL_TRANSITIVE, 32, words(...a.largeCommunities.flat()))
      : []),
  ]
  return Uint8Array.from(octets)
}

/** The head of an MP_REACH_NLRI value for IPv6 unicast (RFC 4760 §3): all but the NLRI. */
export function encodeReachHead(a: Attributes): Uint8Array {
  return Uint8Array.from([0, 2, 1, 16, ...nextHop6, a.nextHop, 0])
}

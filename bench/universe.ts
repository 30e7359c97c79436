/**
 * What an Internet looks like from far away: origin ASes with their prefixes, and which of those are
 * registered. Prefix lengths and holdings follow the default-free zone; addresses are drawn.
 */
import type { FamilyName } from '../src/prefix/prefix.ts'
import { createRandom, type Random } from './random.ts'

/** A prefix as two words: 32 bits for IPv4, the first 64 for IPv6 (no table has longer ones). */
export interface BenchPrefix {
  readonly high: number
  readonly low: number
  readonly length: number
}

export interface UniverseSpec {
  readonly family: FamilyName
  /** Prefixes that somebody announces. */
  readonly routes: number
  /** Registered prefixes; 95 % of them are announced. */
  readonly registered: number
  readonly seed: number
}

export interface Universe extends UniverseSpec {
  /** Announced prefixes, column by column; those of one origin stand together. */
  readonly high: Uint32Array
  readonly low: Uint32Array
  readonly length: Uint8Array
  /** Index of the origin in `asns`. */
  readonly origin: Uint32Array
  /** AS numbers of the origins. */
  readonly asns: Uint32Array
  readonly registeredPrefixes: readonly BenchPrefix[]
  /** For each announced prefix: its index among the registered ones, or -1. */
  readonly registration: Int32Array
}

/** Share of each prefix length, per mille. */
const lengthShares: Record<FamilyName, readonly (readonly [length: number, share: number])[]> = {
  ipv4: [
    [24, 605],
    [23, 100],
    [22, 112],
    [21, 52],
    [20, 46],
    [19, 28],
    [18, 15],
    [17, 10],
    [16, 15],
    [15, 2],
    [14, 1.5],
    [13, 0.7],
    [12, 0.3],
    [11, 0.1],
    [10, 0.05],
  ],
  ipv6: [
    [48, 470],
    [47, 28],
    [46, 32],
    [45, 22],
    [44, 120],
    [42, 25],
    [40, 93],
    [36, 55],
    [35, 6],
    [34, 8],
    [33, 14],
    [32, 105],
    [30, 4],
    [29, 18],
  ],
}

/** Special-purpose IPv4 space (RFC 6890) and multicast: first address and length. */
const notPublic: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0586300, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 3],
]

/** First 12 bits of the space that the regional registries give out. */
const registryBlocks = [0x24000000, 0x26000000, 0x28000000, 0x2a000000, 0x2c000000]

/** Clears the bits of a word behind `length`. */
export function maskWord(word: number, length: number): number {
  if (length <= 0) return 0
  return length >= 32 ? word >>> 0 : (word & (0xffffffff << (32 - length))) >>> 0
}

/** @returns the prefix cut to a shorter length */
export function shorten(prefix: BenchPrefix, length: number): BenchPrefix {
  return { high: maskWord(prefix.high, length), low: maskWord(prefix.low, length - 32), length }
}

function isPublic(high: number, length: number): boolean {
  const end = high + 2 ** (32 - length)
  return !notPublic.some(([first, bits]) => high < first + 2 ** (32 - bits) && first < end)
}

/** A set of prefixes with a number for each. Lengths up to 48. */
export class PrefixIndex {
  private readonly byLength: Map<number, number>[] = Array.from({ length: 49 }, () => new Map())

  private key(high: number, low: number): number {
    return high * 65536 + (low >>> 16)
  }

  get(high: number, low: number, length: number): number | undefined {
    return this.byLength[length]?.get(this.key(high, low))
  }

  has(high: number, low: number, length: number): boolean {
    return this.get(high, low, length) !== undefined
  }

  set(high: number, low: number, length: number, value: number): void {
    this.byLength[length]?.set(this.key(high, low), value)
  }
}

function drawLength(random: Random, family: FamilyName): number {
  const shares = lengthShares[family]
  let left = random.fraction() * shares.reduce((sum, [, share]) => sum + share, 0)
  for (const [length, share] of shares) {
    left -= share
    if (left < 0) return length
  }
  return family === 'ipv4' ? 24 : 48
}

/** How many prefixes each origin announces: heavy-tailed, at least one, `total` together. */
function drawHoldings(random: Random, origins: number, total: number): Uint32Array {
  const weights = Float64Array.from({ length: origins }, () =>
    Math.min(900, (1 - random.fraction()) ** -0.95),
  )
  const sum = weights.reduce((a, b) => a + b, 0)
  const holdings = Uint32Array.from(weights, (w) => 1 + Math.floor((w / sum) * (total - origins)))
  let left = total - holdings.reduce((a, b) => a + b, 0)
  for (; left > 0; left--) {
    const lucky = random.below(origins)
    holdings[lucky] = (holdings[lucky] as number) + 1
  }
  return holdings
}

/** Public AS numbers, all different; none of 60000-60999, which the benchmark's own routers have. */
function drawAsns(random: Random, count: number): Uint32Array {
  const asns = new Set<number>()
  while (asns.size < count) {
    const small = asns.size < 50_000 && random.chance(0.55)
    const asn = small ? random.between(1, 59_999) : random.between(131_072, 401_308)
    if (asn !== 23_456) asns.add(asn)
  }
  return Uint32Array.from(asns)
}

/** A piece of address space out of which an origin announces its prefixes. */
function drawBlock(random: Random, family: FamilyName, longest: number): BenchPrefix {
  if (family === 'ipv4') {
    const length = Math.min(longest, random.between(14, 22))
    return { high: maskWord(random.next(), length), low: 0, length }
  }
  const length = Math.min(longest, random.between(29, 32))
  const registry = registryBlocks[random.below(registryBlocks.length)] as number
  return { high: maskWord(registry | random.below(1 << 20), length), low: 0, length }
}

/** A prefix of this length somewhere in a block. */
function drawInside(random: Random, block: BenchPrefix, length: number): BenchPrefix {
  const hostBits = 32 - block.length
  const host = hostBits <= 0 ? 0 : random.next() >>> (32 - hostBits)
  const low = length > 32 ? random.next() : 0
  const high = (block.high | (length > 32 && block.length >= 32 ? 0 : host)) >>> 0
  return { high: maskWord(high, length), low: maskWord(low, length - 32), length }
}

/** Prefixes of a block before an origin turns to another. */
const BLOCK_HOLDS = 12
const TRIES = 6

/** Makes the announced prefixes, all different. Always the same for the same specification. */
export function createUniverse(spec: UniverseSpec): Universe {
  const { family, routes, seed } = spec
  const random = createRandom(seed, family === 'ipv4' ? 4 : 6)
  const origins = Math.max(1, Math.round(routes / (family === 'ipv4' ? 13.3 : 6.2)))
  const asns = drawAsns(random, Math.max(5000, origins))
  const holdings = drawHoldings(random, origins, routes)
  const high = new Uint32Array(routes)
  const low = new Uint32Array(routes)
  const length = new Uint8Array(routes)
  const origin = new Uint32Array(routes)
  const announced = new PrefixIndex()
  let at = 0
  for (let o = 0; o < origins; o++) {
    let block: BenchPrefix | null = null
    let used = 0
    let tries = 0
    for (let left = holdings[o] as number; left > 0; ) {
      const wanted = drawLength(random, family)
      if (block === null || block.length > wanted || used >= BLOCK_HOLDS || tries > TRIES) {
        block = drawBlock(random, family, wanted)
        used = 0
        tries = 0
      }
      const p = drawInside(random, block, wanted)
      tries++
      if (announced.has(p.high, p.low, p.length)) continue
      if (family === 'ipv4' && !isPublic(p.high, p.length)) continue
      announced.set(p.high, p.low, p.length, at)
      high[at] = p.high
      low[at] = p.low
      length[at] = p.length
      origin[at] = o
      at++
      used++
      tries = 0
      left--
    }
  }
  const columns = { ...spec, high, low, length, origin, asns }
  return { ...columns, ...register(columns, announced) }
}

/** Draws the registered prefixes: 95 % announced ones of usual length, 5 % that nobody announces. */
function register(
  columns: Omit<Universe, 'registeredPrefixes' | 'registration'>,
  announced: PrefixIndex,
): Pick<Universe, 'registeredPrefixes' | 'registration'> {
  const { family, routes, high, low, length, seed } = columns
  const random = createRandom(seed, family === 'ipv4' ? 4 : 6, 0x7265)
  const shortest = family === 'ipv4' ? 16 : 32
  const registration = new Int32Array(routes).fill(-1)
  const registeredPrefixes: BenchPrefix[] = []
  const wanted = Math.floor(columns.registered * 0.95)
  while (registeredPrefixes.length < wanted) {
    const at = random.below(routes)
    if ((length[at] as number) < shortest || registration[at] !== -1) continue
    registration[at] = registeredPrefixes.length
    registeredPrefixes.push({
      high: high[at] as number,
      low: low[at] as number,
      length: length[at] as number,
    })
  }
  const silent = new PrefixIndex()
  while (registeredPrefixes.length < columns.registered) {
    const near = random.below(routes)
    const p =
      family === 'ipv4'
        ? { high: maskWord((high[near] as number) ^ random.below(1 << 14), 24), low: 0, length: 24 }
        : { high: high[near] as number, low: maskWord(random.next(), 16), length: 48 }
    const taken =
      announced.has(p.high, p.low, p.length) ||
      silent.has(p.high, p.low, p.length) ||
      (family === 'ipv4' && !isPublic(p.high, p.length))
    if (taken) continue
    silent.set(p.high, p.low, p.length, registeredPrefixes.length)
    registeredPrefixes.push(p)
  }
  return { registeredPrefixes, registration }
}

/** @returns for instance `198.51.100.0/24` or `2001:db8::/32` */
export function prefixText(family: FamilyName, { high, low, length }: BenchPrefix): string {
  if (family === 'ipv4') {
    return `${[24, 16, 8, 0].map((shift) => (high >>> shift) & 255).join('.')}/${length}`
  }
  const groups = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff]
  while (groups.length > 0 && groups.at(-1) === 0) groups.pop()
  return `${groups.map((group) => group.toString(16)).join(':')}::/${length}`
}

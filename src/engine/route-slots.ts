/**
 * The loops over a table of routes that run for every route of a full table: where a route is, a look at
 * many places at once, the move into a larger table. Each is written for one width of slot, as V8 makes
 * the best of code that knows what it works on; adj-rib-in.ts holds everything else.
 */

// Fields of a slot.
export const WORD0 = 0
/** Prefix length + 1 in the upper 8 bits, attribute set in the lower 24; 0 marks an empty slot. */
export const META = 1
export const STAMP = 2
export const WORD1 = 3
/** Words of a slot without a path identifier. */
export const IPV4_STRIDE = 3
export const IPV6_STRIDE = 6
export const SET_BITS = 24

/**
 * An odd factor with its highest bit set, other in each process: a peer that knew it could choose prefixes
 * that all begin their run at one place.
 */
export const SPREAD = (0x9e3779b1 ^ ((Math.random() * 0x3fffffff) & ~1)) | 0

/** The slot where the run of an IPv4 prefix begins: (hash >>> 5) * factor >>> shift. */
export function homeOfIpv4(word: number, length: number, factor: number, shift: number): number {
  const hash = Math.imul(word ^ Math.imul(length, 0x5bd1e995), SPREAD)
  return Math.imul(hash >>> 5, factor) >>> shift
}

/** The slot where the run of an IPv6 prefix begins. */
export function homeOfIpv6(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  length: number,
  factor: number,
  shift: number,
): number {
  let hash = Math.imul(w0 ^ Math.imul(length, 0x5bd1e995), SPREAD)
  hash = Math.imul(hash ^ (hash >>> 15) ^ w1, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 13) ^ w2, SPREAD)
  hash = Math.imul(hash ^ (hash >>> 15) ^ w3, SPREAD)
  return Math.imul(hash >>> 5, factor) >>> shift
}

/** @returns the array index of an IPv4 route, or that of the empty slot that ends its run, as -1 - index */
export function findIpv4(
  slots: Int32Array,
  word: number,
  length: number,
  factor: number,
  shift: number,
): number {
  const end = slots.length
  let at = homeOfIpv4(word, length, factor, shift) * IPV4_STRIDE
  for (;;) {
    const meta = slots[at + META] as number
    if (meta === 0) return -1 - at
    if (slots[at] === word && meta >>> SET_BITS === length + 1) return at
    at += IPV4_STRIDE
    if (at === end) at = 0
  }
}

/** The same of an IPv6 route. */
export function findIpv6(
  slots: Int32Array,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  length: number,
  factor: number,
  shift: number,
): number {
  const end = slots.length
  let at = homeOfIpv6(w0, w1, w2, w3, length, factor, shift) * IPV6_STRIDE
  for (;;) {
    const meta = slots[at + META] as number
    if (meta === 0) return -1 - at
    if (
      slots[at] === w0 &&
      slots[at + WORD1] === w1 &&
      slots[at + WORD1 + 1] === w2 &&
      slots[at + WORD1 + 2] === w3 &&
      meta >>> SET_BITS === length + 1
    ) {
      return at
    }
    at += IPV6_STRIDE
    if (at === end) at = 0
  }
}

/** Prefixes without path identifiers, side by side: the last three words are those of IPv6 alone. */
export interface PrefixColumns {
  readonly w0: Int32Array
  readonly w1: Int32Array
  readonly w2: Int32Array
  readonly w3: Int32Array
  readonly lengths: Int32Array
}

/** Looks at the homes of `count` IPv4 prefixes. @returns of no use, but keeps the compiler from leaving it out */
export function touchIpv4(
  slots: Int32Array,
  prefixes: PrefixColumns,
  count: number,
  factor: number,
  shift: number,
): number {
  const { w0, lengths } = prefixes
  let seen = 0
  for (let i = 0; i < count; i++) {
    const home = homeOfIpv4(w0[i] as number, lengths[i] as number, factor, shift)
    seen ^= slots[home * IPV4_STRIDE + META] as number
  }
  return seen
}

/** The same of IPv6 prefixes. */
export function touchIpv6(
  slots: Int32Array,
  prefixes: PrefixColumns,
  count: number,
  factor: number,
  shift: number,
): number {
  const { w0, w1, w2, w3, lengths } = prefixes
  let seen = 0
  for (let i = 0; i < count; i++) {
    const home = homeOfIpv6(
      w0[i] as number,
      w1[i] as number,
      w2[i] as number,
      w3[i] as number,
      lengths[i] as number,
      factor,
      shift,
    )
    seen ^= slots[home * IPV6_STRIDE + META] as number
  }
  return seen
}

/** Moves IPv4 routes into an empty table. */
export function moveIpv4(old: Int32Array, slots: Int32Array, factor: number, shift: number): void {
  const end = slots.length
  for (let from = 0; from < old.length; from += IPV4_STRIDE) {
    const meta = old[from + META] as number
    if (meta === 0) continue
    const word = old[from] as number
    let at = homeOfIpv4(word, (meta >>> SET_BITS) - 1, factor, shift) * IPV4_STRIDE
    while (slots[at + META] !== 0) {
      at += IPV4_STRIDE
      if (at === end) at = 0
    }
    slots[at] = word
    slots[at + META] = meta
    slots[at + STAMP] = old[from + STAMP] as number
  }
}

/** Moves IPv6 routes into an empty table. */
export function moveIpv6(old: Int32Array, slots: Int32Array, factor: number, shift: number): void {
  const end = slots.length
  for (let from = 0; from < old.length; from += IPV6_STRIDE) {
    const meta = old[from + META] as number
    if (meta === 0) continue
    const w0 = old[from] as number
    const w1 = old[from + WORD1] as number
    const w2 = old[from + WORD1 + 1] as number
    const w3 = old[from + WORD1 + 2] as number
    let at = homeOfIpv6(w0, w1, w2, w3, (meta >>> SET_BITS) - 1, factor, shift) * IPV6_STRIDE
    while (slots[at + META] !== 0) {
      at += IPV6_STRIDE
      if (at === end) at = 0
    }
    slots[at] = w0
    slots[at + META] = meta
    slots[at + STAMP] = old[from + STAMP] as number
    slots[at + WORD1] = w1
    slots[at + WORD1 + 1] = w2
    slots[at + WORD1 + 2] = w3
  }
}

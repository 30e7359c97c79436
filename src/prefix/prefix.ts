/**
 * A prefix is four 32-bit words and a length. Words are *signed* (`| 0`), most significant first,
 * because a signed word stays a small integer in V8 and an unsigned one does not. IPv4 uses w0 alone.
 */

/** Equal to the AFI numbers of IANA, so that a family on the wire is a family here. */
export const Family = { ipv4: 1, ipv6: 2 } as const
export type Family = (typeof Family)[keyof typeof Family]

/** The name of a family in configs, labels and JSON. */
export type FamilyName = keyof typeof Family

export const familyNames = ['ipv4', 'ipv6'] as const

/** @returns `ipv4` or `ipv6` */
export function familyName(family: Family): FamilyName {
  return family === Family.ipv4 ? 'ipv4' : 'ipv6'
}

/** Bits in an address of the family. */
export function addressBits(family: Family): 32 | 128 {
  return family === Family.ipv4 ? 32 : 128
}

export interface Prefix {
  family: Family
  /** 0 to 32, or 0 to 128. */
  length: number
  w0: number
  w1: number
  w2: number
  w3: number
}

/** A prefix that is kept: an owned copy of a view. */
export function copyPrefix(p: Readonly<Prefix>): Prefix {
  return { family: p.family, length: p.length, w0: p.w0, w1: p.w1, w2: p.w2, w3: p.w3 }
}

/** @returns the first `bits` of a word, the rest 0; `bits` may lie outside 0 to 32 */
export function maskWord(word: number, bits: number): number {
  if (bits <= 0) return 0
  if (bits >= 32) return word | 0
  return word & (-1 << (32 - bits))
}

/** Clears the host bits in place. */
export function maskPrefix(p: Prefix): Prefix {
  p.w0 = maskWord(p.w0, p.length)
  p.w1 = maskWord(p.w1, p.length - 32)
  p.w2 = maskWord(p.w2, p.length - 64)
  p.w3 = maskWord(p.w3, p.length - 96)
  return p
}

export function equalPrefix(a: Readonly<Prefix>, b: Readonly<Prefix>): boolean {
  return (
    a.family === b.family &&
    a.length === b.length &&
    a.w0 === b.w0 &&
    a.w1 === b.w1 &&
    a.w2 === b.w2 &&
    a.w3 === b.w3
  )
}

/** Whether `outer` equals or covers `inner`. Both are masked. */
export function coversPrefix(outer: Readonly<Prefix>, inner: Readonly<Prefix>): boolean {
  if (outer.family !== inner.family || outer.length > inner.length) return false
  const n = outer.length
  return (
    outer.w0 === maskWord(inner.w0, n) &&
    outer.w1 === maskWord(inner.w1, n - 32) &&
    outer.w2 === maskWord(inner.w2, n - 64) &&
    outer.w3 === maskWord(inner.w3, n - 96)
  )
}

/** Order for lists: family, then address as an unsigned number, then length. */
export function comparePrefix(a: Readonly<Prefix>, b: Readonly<Prefix>): number {
  return (
    a.family - b.family ||
    (a.w0 >>> 0) - (b.w0 >>> 0) ||
    (a.w1 >>> 0) - (b.w1 >>> 0) ||
    (a.w2 >>> 0) - (b.w2 >>> 0) ||
    (a.w3 >>> 0) - (b.w3 >>> 0) ||
    a.length - b.length
  )
}

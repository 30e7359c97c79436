/** Numbers that judging needs of an AS_PATH, gathered in the one pass that also validates it. */
import { AS_TRANS, SegmentType } from './codes.ts'

/** Properties of an AS_PATH, one bit each. */
export const PathFact = {
  /** RFC 6996: 64512-65534, 4200000000-4294967294. */
  privateAsn: 1 << 0,
  /** Reserved and documentation AS numbers: 0, 23456, 65535, 4294967295, RFC 5398. */
  bogonAsn: 1 << 1,
  /** An AS number follows itself. */
  prepended: 1 << 2,
  /** RFC 9774: an AS_SET stands in the path. */
  asSet: 1 << 3,
  /** RFC 5065: a confederation segment stands in the path. */
  confederation: 1 << 4,
  /** RFC 6793: AS_TRANS stands in the path. */
  asTrans: 1 << 5,
  /** RFC 7607: AS 0 stands in the path, which makes it malformed. */
  asZero: 1 << 6,
} as const

export interface PathFacts {
  /** Bits of PathFact. */
  bits: number
  /** RFC 4271 §9.1.2.2: an AS_SET counts 1, confederation segments 0. */
  length: number
  /** Signed 32 bits: the AS next to us, 0 when the path is empty. */
  firstAs: number
  /** Signed 32 bits: the last AS of a final AS_SEQUENCE; 0 when the path is empty or ends otherwise. */
  originAs: number
  /** Given: an AS number to look for, signed 32 bits; 0: none. */
  sought: number
  /** Whether that number stands in the path. */
  found: boolean
}

/** RFC 6996 §5. @param asn signed or unsigned 32 bits */
export function isPrivateAsn(asn: number): boolean {
  const n = asn >>> 0
  return (n >= 64512 && n <= 65534) || (n >= 4200000000 && n <= 4294967294)
}

/** Reserved (RFC 7300, 7607, 6793) and documentation (RFC 5398) numbers. @param asn 32 bits */
export function isBogonAsn(asn: number): boolean {
  const n = asn >>> 0
  if (n >= 65552) return n === 4294967295
  return n >= 65535 || (n >= 64496 && n <= 64511) || n === AS_TRANS || n === 0
}

/**
 * Reads an AS_PATH of 4-octet AS numbers (RFC 4271 §4.3 b, RFC 6793 §3).
 * @returns false when it is malformed (RFC 7606 §7.2: overrun, underrun, a segment without AS
 *   numbers, an unknown segment type); `facts` then holds nothing of use
 */
export function readPathFacts(
  view: DataView,
  start: number,
  end: number,
  facts: PathFacts,
): boolean {
  let bits = 0
  let length = 0
  let first = 0
  let previous = 0
  let origin = 0
  let found = false
  let offset = start
  const { sought } = facts
  while (offset < end) {
    if (end - offset < 2) return false
    const type = view.getUint8(offset)
    const count = view.getUint8(offset + 1)
    offset += 2
    const segmentEnd = offset + count * 4
    if (count === 0 || segmentEnd > end) return false
    if (type === SegmentType.asSequence) {
      length += count
    } else if (type === SegmentType.asSet) {
      length += 1
      bits |= PathFact.asSet
    } else if (type === SegmentType.confedSequence || type === SegmentType.confedSet) {
      bits |= PathFact.confederation
    } else {
      return false
    }
    for (; offset < segmentEnd; offset += 4) {
      const asn = view.getInt32(offset)
      if (asn === previous && type === SegmentType.asSequence && offset > start + 2) {
        bits |= PathFact.prepended
      }
      // Most AS numbers lie below 64496 or well above: one comparison settles them.
      if (asn <= 0 || (asn >= 64496 && asn <= 65551) || asn === AS_TRANS) bits |= oddAsn(asn)
      if (asn === sought) found = true
      if (first === 0) first = asn
      previous = asn
    }
    origin = type === SegmentType.asSequence ? previous : 0
    // An AS_SET between two sequences parts them.
    if (type !== SegmentType.asSequence) previous = 0
  }
  facts.bits = bits
  facts.length = length
  facts.firstAs = first
  facts.originAs = origin
  facts.found = found
  return true
}

/** The bits of an AS number that is private, reserved or for documentation. */
function oddAsn(asn: number): number {
  let bits = 0
  if (isPrivateAsn(asn)) bits |= PathFact.privateAsn
  if (isBogonAsn(asn)) bits |= PathFact.bogonAsn
  if (asn === AS_TRANS) bits |= PathFact.asTrans
  if (asn === 0) bits |= PathFact.asZero
  return bits
}

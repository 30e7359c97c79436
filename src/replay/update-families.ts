/** Which families an UPDATE speaks of, without decoding it. */
import { AttributeCode, AttributeFlag, HEADER_LENGTH, Safi } from '../wire/codes.ts'
import { Cursor, OverrunError } from '../wire/cursor.ts'

/** Bits of `familiesIn`. */
export const FamilyBit = { ipv4: 1, ipv6: 2, other: 4 } as const

function familyBit(afi: number, safi: number): number {
  if (safi !== Safi.unicast || (afi !== 1 && afi !== 2)) return FamilyBit.other
  return afi === 1 ? FamilyBit.ipv4 : FamilyBit.ipv6
}

/** Those that MP_REACH_NLRI and MP_UNREACH_NLRI name. */
function inAttributes(block: Cursor): number {
  let bits = 0
  while (block.remaining > 0) {
    const flags = block.u8()
    const code = block.u8()
    const length = flags & AttributeFlag.extendedLength ? block.u16() : block.u8()
    const value = block.skip(length)
    if (code === AttributeCode.mpReachNlri || code === AttributeCode.mpUnreachNlri) {
      const head = new Cursor(block.view, value, value + length)
      bits |= familyBit(head.u16(), head.u8())
    }
  }
  return bits
}

/**
 * @param start the header's first octet
 * @param end exclusive
 * @returns bits of FamilyBit; an UPDATE without routes is End-of-RIB of IPv4 (RFC 4724 §2), and what
 *   stands behind damage is not seen
 */
export function familiesIn(view: DataView, start: number, end: number): number {
  let bits = 0
  try {
    const body = new Cursor(view, start + HEADER_LENGTH, end)
    const withdrawn = body.u16()
    body.skip(withdrawn)
    const length = body.u16()
    const block = body.skip(length)
    if (withdrawn > 0 || body.remaining > 0 || length === 0) bits = FamilyBit.ipv4
    bits |= inAttributes(new Cursor(view, block, block + length))
  } catch (error) {
    if (!(error instanceof OverrunError)) throw error
  }
  return bits
}

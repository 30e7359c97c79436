import { formatAddress, formatIpv4 } from '../prefix/text.ts'
import { Afi } from '../wire/codes.ts'
import type { Cursor } from '../wire/cursor.ts'
import { RecordError } from './mrt-error.ts'

/**
 * Reads an address of an MRT record.
 * @param afi RFC 6396 §4.4: 1 IPv4, 2 IPv6
 * @returns its text
 * @throws RecordError for another address family
 */
export function addressText(cursor: Cursor, afi: number): string {
  if (afi === Afi.ipv4) return formatIpv4(cursor.u32())
  if (afi !== Afi.ipv6) throw new RecordError(`address family ${afi}, expected 1 or 2`)
  const word = () => cursor.u32() | 0
  return formatAddress({
    family: 2,
    length: 128,
    w0: word(),
    w1: word(),
    w2: word(),
    w3: word(),
  })
}

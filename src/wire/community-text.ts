/** Communities as text and back: standard (RFC 1997), large (RFC 8092), extended (RFC 4360). */
import { formatIpv4, parseAddress } from '../prefix/text.ts'

/** Text that is not a community; `message` says what is wrong with it and what was expected. */
export class CommunityError extends Error {
  override readonly name = 'CommunityError'
}

/** A standard community as an unsigned 32-bit number, or a large one as its three words. */
export type Community =
  | { readonly kind: 'standard'; readonly value: number }
  | { readonly kind: 'large'; readonly words: LargeCommunity }

/** RFC 8092 §3: global administrator, then two words of local data; each unsigned 32 bits. */
export type LargeCommunity = readonly [number, number, number]

/** RFC 4360 §2: eight octets as two unsigned 32-bit words. */
export type ExtendedCommunity = readonly [high: number, low: number]

const MAX_16 = 0xffff
const MAX_32 = 0xffffffff

/** RFC 1997, RFC 7999 §5, RFC 8326 §5. */
const wellKnown = new Map([
  ['graceful-shutdown', 0xffff0000],
  ['blackhole', 0xffff029a],
  ['no-export', 0xffffff01],
  ['no-advertise', 0xffffff02],
  ['no-export-subconfed', 0xffffff03],
])

const expected = `expected such as 8075:8007 (two numbers up to ${MAX_16}), 64500:1:2 (three numbers up to ${MAX_32}), or one of ${[...wellKnown.keys()].join(', ')}`

function readWord(word: string, maximum: number, text: string): number {
  const value = /^\d+$/.test(word) ? Number(word) : Number.NaN
  if (value <= maximum) return value
  throw new CommunityError(
    `"${text}" is not a community: "${word}" is no number from 0 to ${maximum}`,
  )
}

/**
 * Reads a standard or large community, or the name of a well-known one.
 * @throws CommunityError that names the offending part and what was expected
 */
export function parseCommunity(text: string): Community {
  const known = wellKnown.get(text.toLowerCase())
  if (known !== undefined) return { kind: 'standard', value: known }
  const [a, b, c, more] = text.split(':')
  if (a === undefined || b === undefined || more !== undefined) {
    throw new CommunityError(`"${text}" is not a community, ${expected}`)
  }
  if (c === undefined) {
    const high = readWord(a, MAX_16, text)
    return { kind: 'standard', value: high * 0x10000 + readWord(b, MAX_16, text) }
  }
  const word = (part: string) => readWord(part, MAX_32, text)
  return { kind: 'large', words: [word(a), word(b), word(c)] }
}

/** @returns for instance `8075:8007`; well-known communities as numbers too */
export function formatCommunity(value: number): string {
  return `${value >>> 16}:${value & MAX_16}`
}

/** @returns for instance `64500:1:2` (RFC 8092 §5) */
export function formatLargeCommunity(words: LargeCommunity): string {
  return words.join(':')
}

/** RFC 4360 §4, §5: low octet of the type, which says what the community is for. */
const subtypes = new Map([
  [2, 'rt'],
  [3, 'ro'],
])

/**
 * Says an extended community: transitive route targets and route origins as `rt:64500:1`,
 * `rt:192.0.2.1:1` (RFC 4360 §3, §4, §5) or, with a 4-octet AS number (RFC 5668 §2), `rt:65546:1`;
 * a small number in the 4-octet form is asdot (`rt:0.64500:1`). Any other is hex, such as
 * `0x4004fc0000000001`.
 */
export function formatExtendedCommunity([high, low]: ExtendedCommunity): string {
  const type = high >>> 24
  const name = subtypes.get((high >>> 16) & 255)
  const first = high & MAX_16
  if (name !== undefined && type === 0) return `${name}:${first}:${low}`
  const administrator = first * 0x10000 + (low >>> 16)
  const local = low & MAX_16
  if (name !== undefined && type === 1) return `${name}:${formatIpv4(administrator)}:${local}`
  if (name !== undefined && type === 2) {
    // The 2-octet form has the same text otherwise.
    return `${name}:${administrator > MAX_16 ? administrator : `0.${administrator}`}:${local}`
  }
  const hex = (word: number) => word.toString(16).padStart(8, '0')
  return `0x${hex(high)}${hex(low)}`
}

const expectedExtended =
  'expected such as rt:64500:1, rt:192.0.2.1:1, ro:65546:1, or 16 hex digits after 0x'

/** Type, subtype and a 4-octet administrator before a 2-octet number (RFC 4360 §3.2, RFC 5668 §2). */
function wideCommunity(
  type: number,
  subtype: number,
  administrator: number,
  local: number,
): ExtendedCommunity {
  const high = type * 0x1000000 + subtype * 0x10000 + Math.floor(administrator / 0x10000)
  return [high, (administrator % 0x10000) * 0x10000 + local]
}

function readIpv4(word: string, text: string): number {
  try {
    return parseAddress(word).w0 >>> 0
  } catch {
    throw new CommunityError(`"${text}" is not an extended community, ${expectedExtended}`)
  }
}

/**
 * Reads what `formatExtendedCommunity` writes. An AS number above 65535 takes the 4-octet form.
 * @throws CommunityError that names the offending part and what was expected
 */
export function parseExtendedCommunity(text: string): ExtendedCommunity {
  const digits = /^0x([0-9a-f]{8})([0-9a-f]{8})$/i.exec(text)
  if (digits !== null) return [Number(`0x${digits[1]}`), Number(`0x${digits[2]}`)]
  const [, name, administrator = '', local = ''] = /^(rt|ro):([\d.]+):(\d+)$/i.exec(text) ?? []
  if (name === undefined) {
    throw new CommunityError(`"${text}" is not an extended community, ${expectedExtended}`)
  }
  const subtype = name.toLowerCase() === 'rt' ? 2 : 3
  const dots = administrator.split('.')
  if (dots.length > 2) {
    return wideCommunity(1, subtype, readIpv4(administrator, text), readWord(local, MAX_16, text))
  }
  const [high, low] = dots
  if (low !== undefined && high !== undefined) {
    const asn = readWord(high, MAX_16, text) * 0x10000 + readWord(low, MAX_16, text)
    return wideCommunity(2, subtype, asn, readWord(local, MAX_16, text))
  }
  const asn = readWord(administrator, MAX_32, text)
  if (asn > MAX_16) return wideCommunity(2, subtype, asn, readWord(local, MAX_16, text))
  return [subtype * 0x10000 + asn, readWord(local, MAX_32, text)]
}

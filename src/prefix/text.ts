/** Text to prefix and back: the edge where configs, API bodies and command lines become numbers. */
import IPCIDR from 'ip-cidr'
import { addressBits, copyPrefix, equalPrefix, Family, maskPrefix, type Prefix } from './prefix.ts'

/** Text that is not a prefix or an address; `message` says what is wrong with it and what was expected. */
export class PrefixError extends Error {
  override readonly name = 'PrefixError'
}

/** Writes the dotted tail of `::ffff:192.0.2.1` in hex: ip-cidr reads only the IPv4 part of such text. */
function hexTail(text: string): string {
  return text.replace(/:(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (whole, ...quad) => {
    const [a = 256, b = 256, c = 256, d = 256] = quad.slice(0, 4).map(Number)
    if (Math.max(a, b, c, d) > 255) return whole
    return `:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
}

/** An address as a prefix of full length. */
function readAddress(given: string): Prefix | undefined {
  const text = hexTail(given)
  // Zones and embedded blanks are no part of an address here; ip-cidr would accept some of them.
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !IPCIDR.isValidAddress(text)) return undefined
  const value = IPCIDR.formatIP<bigint>(IPCIDR.createAddress(text), { type: 'bigInteger' })
  const word = (shift: bigint) => Number(BigInt.asIntN(32, value >> shift))
  return text.includes(':')
    ? {
        family: Family.ipv6,
        length: 128,
        w0: word(96n),
        w1: word(64n),
        w2: word(32n),
        w3: word(0n),
      }
    : { family: Family.ipv4, length: 32, w0: word(0n), w1: 0, w2: 0, w3: 0 }
}

/**
 * Reads an IPv4 or IPv6 address.
 * @returns a prefix of length 32 or 128
 * @throws PrefixError when the text is not an address
 */
export function parseAddress(text: string): Prefix {
  const address = readAddress(text)
  if (address === undefined) {
    throw new PrefixError(
      `"${text}" is not an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1`,
    )
  }
  return address
}

/**
 * Reads a prefix, such as `198.51.100.0/24` or `2001:db8::/32`.
 * @throws PrefixError when the text is no prefix, or has bits set beyond its length (the message
 *   then names the prefix that was probably meant)
 */
export function parsePrefix(text: string): Prefix {
  const [addressText = '', lengthText, more] = text.split('/')
  const prefix = readAddress(addressText)
  if (prefix === undefined || lengthText === undefined || more !== undefined) {
    throw new PrefixError(`"${text}" is not a prefix, such as 198.51.100.0/24 or 2001:db8::/32`)
  }
  const maximum = addressBits(prefix.family)
  const length = /^(0|[1-9]\d{0,2})$/.test(lengthText) ? Number(lengthText) : -1
  if (length < 0 || length > maximum) {
    throw new PrefixError(`"${text}" has the length "${lengthText}", expected 0 to ${maximum}`)
  }
  prefix.length = length
  const masked = maskPrefix(copyPrefix(prefix))
  if (!equalPrefix(masked, prefix)) {
    throw new PrefixError(`"${text}" has host bits set, did you mean ${formatPrefix(masked)}?`)
  }
  return masked
}

/** Dotted quad of a 32-bit word. */
export function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`
}

/** RFC 5952 text of four words. */
function formatIpv6(p: Readonly<Prefix>): string {
  const groups = [p.w0, p.w1, p.w2, p.w3].flatMap((w) => [w >>> 16, w & 0xffff])
  let bestStart = -1
  let bestLength = 1
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && groups[i + n] === 0) n++
    if (n > bestLength) {
      bestStart = i
      bestLength = n
    }
    if (n > 0) i += n - 1
  }
  // RFC 5952 §5: IPv4-mapped addresses keep their dotted quad; the prefix ::ffff:0:0/96 has none.
  if (p.w0 === 0 && p.w1 === 0 && p.w2 === 0xffff && p.length > 96)
    return `::ffff:${formatIpv4(p.w3)}`
  const hex = groups.map((g) => g.toString(16))
  if (bestStart < 0) return hex.join(':')
  const head = hex.slice(0, bestStart).join(':')
  const tail = hex.slice(bestStart + bestLength).join(':')
  return `${head}::${tail}`
}

/** @returns the address part of a prefix, such as `192.0.2.1` or `2001:db8::1` */
export function formatAddress(p: Readonly<Prefix>): string {
  return p.family === Family.ipv4 ? formatIpv4(p.w0) : formatIpv6(p)
}

/** @returns for instance `198.51.100.0/24` or `2001:db8::/32` */
export function formatPrefix(p: Readonly<Prefix>): string {
  return `${formatAddress(p)}/${p.length}`
}

/** Whether a text is meant as a prefix, right or wrong, and not as the name of one. */
export function looksLikePrefix(text: string): boolean {
  return /^[0-9a-f:.]*(\/\d*)?$/i.test(text) && /[.:/]/.test(text)
}

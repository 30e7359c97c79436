/** The SYN that began a connection, as Linux keeps it (TCP_SAVED_SYN): IP and TCP header. */

/** What a SYN tells of its sender. */
export interface Syn {
  readonly family: 'ipv4' | 'ipv6'
  /** TTL, or hop limit, with which it arrived. */
  readonly ttl: number
  /** It carried an MD5 signature (RFC 2385), which the kernel had checked. */
  readonly signed: boolean
}

const TCP = 6
/** IPv6 extension headers that may stand before TCP, each with its length in its second octet. */
const extensionHeaders = new Set([0, 43, 60])
const OPTION_END = 0
const OPTION_NOP = 1
/** RFC 2385 §3.0 */
const OPTION_MD5 = 19

/** @returns undefined when the octets are no IPv4 or IPv6 header with a TCP header behind it */
export function readSyn(octets: Uint8Array): Syn | undefined {
  const version = octetAt(octets, 0) >> 4
  const tcp = version === 4 ? behindIpv4(octets) : version === 6 ? behindIpv6(octets) : undefined
  // RFC 9293 §3.1: 20 octets without options.
  if (tcp === undefined || tcp + 20 > octets.length) return undefined
  const end = tcp + 4 * (octetAt(octets, tcp + 12) >> 4)
  const ipv4 = version === 4
  return {
    family: ipv4 ? 'ipv4' : 'ipv6',
    ttl: octetAt(octets, ipv4 ? 8 : 7),
    signed: hasOption(octets.subarray(tcp + 20, end), OPTION_MD5),
  }
}

/** Beyond the end there are zeros, which no reader takes for anything. */
function octetAt(octets: Uint8Array, at: number): number {
  return octets[at] ?? 0
}

/** @returns where TCP begins */
function behindIpv4(octets: Uint8Array): number | undefined {
  return octetAt(octets, 9) === TCP ? 4 * (octetAt(octets, 0) & 15) : undefined
}

function behindIpv6(octets: Uint8Array): number | undefined {
  let next = octetAt(octets, 6)
  let at = 40
  while (extensionHeaders.has(next) && at < octets.length) {
    next = octetAt(octets, at)
    at += 8 * (octetAt(octets, at + 1) + 1)
  }
  return next === TCP ? at : undefined
}

function hasOption(options: Uint8Array, wanted: number): boolean {
  let at = 0
  while (at < options.length) {
    const kind = octetAt(options, at)
    if (kind === wanted) return true
    if (kind === OPTION_END) return false
    at += kind === OPTION_NOP ? 1 : Math.max(2, octetAt(options, at + 1))
  }
  return false
}

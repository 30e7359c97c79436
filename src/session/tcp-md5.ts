/** What Linux is told of a TCP MD5 key (RFC 2385): `struct tcp_md5sig` of <linux/tcp.h>. */
import { endianness } from 'node:os'
import { Family } from '../prefix/prefix.ts'
import { parseAddress } from '../prefix/text.ts'

/** TCP_MD5SIG_MAXKEYLEN */
export const MAX_PASSWORD_OCTETS = 80

const AF_INET = 2
const AF_INET6 = 10
const LENGTH = 216
/** Behind `struct sockaddr_storage`; this and the next octet are of the extended form alone. */
const FLAGS_AT = 128
const PREFIX_LENGTH_AT = 129
/** TCP_MD5SIG_FLAG_PREFIX */
const WITH_PREFIX = 1
const KEY_LENGTH_AT = 130
const KEY_AT = 136
/** Of the address in sockaddr_in and sockaddr_in6, behind family, port and flow information. */
const IPV4_AT = 4
const IPV6_AT = 8

/** Whose key it is. */
export interface KeyOwner {
  /** IPv4 or IPv6 text. */
  readonly address: string
  /** For every address that begins with so many bits of it; absent: for it alone. */
  readonly prefixLength?: number
}

/**
 * Writes the value of the socket option TCP_MD5SIG, or TCP_MD5SIG_EXT for a range.
 * @param password ASCII, at most 80 characters; empty: takes the peer's key away
 * @param socketFamily of the socket: one of IPv6 knows an IPv4 peer as ::ffff:192.0.2.1
 * @param little the byte order of the machine
 */
export function packTcpMd5Sig(
  { address, prefixLength }: KeyOwner,
  password: string,
  socketFamily: 'ipv4' | 'ipv6',
  little: boolean = endianness() === 'LE',
): Uint8Array {
  const octets = new Uint8Array(LENGTH)
  const view = new DataView(octets.buffer)
  const { family, w0, w1, w2, w3 } = parseAddress(address)
  if (socketFamily === 'ipv4') {
    view.setUint16(0, AF_INET, little)
    view.setUint32(IPV4_AT, w0)
  } else {
    view.setUint16(0, AF_INET6, little)
    const words = family === Family.ipv4 ? [0, 0, 0xffff, w0] : [w0, w1, w2, w3]
    for (const [i, word] of words.entries()) view.setUint32(IPV6_AT + 4 * i, word)
  }
  if (prefixLength !== undefined) {
    octets[FLAGS_AT] = WITH_PREFIX
    octets[PREFIX_LENGTH_AT] = prefixLength
  }
  const key = new TextEncoder().encode(password)
  view.setUint16(KEY_LENGTH_AT, key.length, little)
  octets.set(key, KEY_AT)
  return octets
}

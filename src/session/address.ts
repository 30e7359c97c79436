/** Addresses as sockets say them, made comparable. */
import { Family, type Prefix } from '../prefix/prefix.ts'
import { formatAddress, formatIpv4, PrefixError, parseAddress } from '../prefix/text.ts'

function isMapped(address: Prefix): boolean {
  return (
    address.family === Family.ipv6 && address.w0 === 0 && address.w1 === 0 && address.w2 === 0xffff
  )
}

/**
 * One text for each address: RFC 5952, without zone, and `::ffff:192.0.2.1`, as a socket that listens
 * on `::` says it, as `192.0.2.1`.
 * @returns the text as given when it is no address
 */
export function canonicalAddress(text: string): string {
  try {
    const address = parseAddress(text.replace(/%.*$/, ''))
    return isMapped(address) ? formatIpv4(address.w3) : formatAddress(address)
  } catch (error) {
    if (error instanceof PrefixError) return text
    throw error
  }
}

/** An address and port in a sentence: `192.0.2.1 port 179`. */
export function formatEndpoint(address: string, port: number): string {
  return `${address} port ${port}`
}

const causes: Record<string, string> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'reset the connection',
  EPIPE: 'closed the connection',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached: no route to the host',
  EHOSTDOWN: 'cannot be reached: the host is down',
  ENETUNREACH: 'cannot be reached: no route to its network',
}

/**
 * Says a socket's error as a sentence.
 * @param remote the peer, such as `192.0.2.1 port 179`
 * @param local the source address that was asked for, if any
 */
export function describeSocketError(
  error: NodeJS.ErrnoException,
  remote: string,
  local?: string,
): string {
  if (error.code === 'EADDRNOTAVAIL' && local !== undefined) {
    return `cannot connect from ${local}: no interface of this machine has that address`
  }
  const cause = causes[error.code ?? '']
  return cause === undefined
    ? `the connection to ${remote} failed: ${error.message}`
    : `${remote} ${cause}`
}

/** Blocks that nobody can register: special-purpose addresses (RFC 6890) and multicast. */
import { coversPrefix, type Prefix } from '../prefix/prefix.ts'
import { parsePrefix } from '../prefix/text.ts'

/** A block, what IANA calls it, and where it is defined. */
export interface SpecialBlock {
  readonly prefix: Readonly<Prefix>
  readonly name: string
  readonly source: string
}

/**
 * IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190), as of 2026: every block
 * that is not globally reachable, or whose reachability is "N/A". Then multicast, which those registries
 * leave out. What is globally reachable inside a block (192.0.0.9/32, 2001:20::/28 and the like) is no
 * customer's either.
 */
const rows = [
  ['0.0.0.0/8', '"This network"', 'RFC 791'],
  ['10.0.0.0/8', 'Private-Use', 'RFC 1918'],
  ['100.64.0.0/10', 'Shared Address Space', 'RFC 6598'],
  ['127.0.0.0/8', 'Loopback', 'RFC 1122'],
  ['169.254.0.0/16', 'Link Local', 'RFC 3927'],
  ['172.16.0.0/12', 'Private-Use', 'RFC 1918'],
  ['192.0.0.0/24', 'IETF Protocol Assignments', 'RFC 6890'],
  ['192.0.2.0/24', 'Documentation (TEST-NET-1)', 'RFC 5737'],
  ['192.88.99.0/24', 'Deprecated (6to4 Relay Anycast)', 'RFC 7526'],
  ['192.168.0.0/16', 'Private-Use', 'RFC 1918'],
  ['198.18.0.0/15', 'Benchmarking', 'RFC 2544'],
  ['198.51.100.0/24', 'Documentation (TEST-NET-2)', 'RFC 5737'],
  ['203.0.113.0/24', 'Documentation (TEST-NET-3)', 'RFC 5737'],
  ['224.0.0.0/4', 'Multicast', 'RFC 5771'],
  ['240.0.0.0/4', 'Reserved', 'RFC 1112'],
  ['::/128', 'Unspecified Address', 'RFC 4291'],
  ['::1/128', 'Loopback Address', 'RFC 4291'],
  ['::ffff:0:0/96', 'IPv4-mapped Address', 'RFC 4291'],
  ['64:ff9b:1::/48', 'IPv4-IPv6 Translation', 'RFC 8215'],
  ['100::/64', 'Discard-Only Address Block', 'RFC 6666'],
  ['100:0:0:1::/64', 'Dummy IPv6 Prefix', 'RFC 9780'],
  ['2001::/23', 'IETF Protocol Assignments', 'RFC 2928'],
  ['2001:db8::/32', 'Documentation', 'RFC 3849'],
  ['2002::/16', '6to4', 'RFC 3056'],
  ['3fff::/20', 'Documentation', 'RFC 9637'],
  ['5f00::/16', 'Segment Routing (SRv6) SIDs', 'RFC 9602'],
  ['fc00::/7', 'Unique-Local', 'RFC 4193'],
  ['fe80::/10', 'Link-Local Unicast', 'RFC 4291'],
  ['ff00::/8', 'Multicast', 'RFC 4291'],
] as const

export const specialBlocks: readonly SpecialBlock[] = rows.map(([prefix, name, source]) => ({
  prefix: parsePrefix(prefix),
  name,
  source,
}))

/** @returns the special-purpose block that a masked prefix lies in, if it does */
export function specialBlockOf(prefix: Readonly<Prefix>): SpecialBlock | undefined {
  return specialBlocks.find((block) => coversPrefix(block.prefix, prefix))
}

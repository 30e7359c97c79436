/** Path attributes in the words that an operator reads. */
import { formatAddress, formatIpv4 } from '../prefix/text.ts'
import { formatAsPath } from './as-path.ts'
import { findValue, type PathAttribute } from './attribute-values.ts'
import { originName } from './codes.ts'
import { formatCommunity, formatExtendedCommunity, formatLargeCommunity } from './community-text.ts'
import { formatHex } from './octets.ts'

/** The attributes of a route as text; what the route does not carry is empty, null or false. */
export interface AttributeText {
  /** `IGP`, `EGP`, `INCOMPLETE`; the number where it is none of them. */
  readonly origin: string
  readonly asPath: string
  /** That of MP_REACH_NLRI if there is one; a link-local address follows after a blank. */
  readonly nextHop: string
  readonly med: number | null
  readonly localPref: number | null
  readonly communities: readonly string[]
  readonly largeCommunities: readonly string[]
  readonly extendedCommunities: readonly string[]
  readonly atomicAggregate: boolean
  /** AS number and address, such as `64501 192.0.2.1`. */
  readonly aggregator: string | null
  /** `value` is hex. */
  readonly unknownAttributes: readonly {
    readonly code: number
    readonly flags: number
    readonly value: string
  }[]
}

function originText(attributes: readonly PathAttribute[]): string {
  const origin = findValue(attributes, 'origin')?.origin
  return origin === undefined ? '' : (originName[origin] ?? String(origin))
}

function nextHopText(attributes: readonly PathAttribute[]): string {
  const reach = findValue(attributes, 'mpReachNlri')
  if (reach !== undefined) return reach.nextHops.map(formatAddress).join(' ')
  const nextHop = findValue(attributes, 'nextHop')
  return nextHop === undefined ? '' : formatIpv4(nextHop.address)
}

/**
 * Says the attributes of one route as text.
 * @param attributes a stored set, or those of an UPDATE with routes of one family; AS_PATH and
 *   AGGREGATOR are shown as they stand, AS4_PATH and AS4_AGGREGATOR are not consulted
 */
export function describeAttributes(attributes: readonly PathAttribute[]): AttributeText {
  const aggregator = findValue(attributes, 'aggregator')
  return {
    origin: originText(attributes),
    asPath: formatAsPath(findValue(attributes, 'asPath')?.segments ?? []),
    nextHop: nextHopText(attributes),
    med: findValue(attributes, 'multiExitDisc')?.metric ?? null,
    localPref: findValue(attributes, 'localPref')?.metric ?? null,
    communities: (findValue(attributes, 'communities')?.communities ?? []).map(formatCommunity),
    largeCommunities: (findValue(attributes, 'largeCommunities')?.communities ?? []).map(
      formatLargeCommunity,
    ),
    extendedCommunities: (findValue(attributes, 'extendedCommunities')?.communities ?? []).map(
      formatExtendedCommunity,
    ),
    atomicAggregate: findValue(attributes, 'atomicAggregate') !== undefined,
    aggregator: aggregator ? `${aggregator.asn} ${formatIpv4(aggregator.address)}` : null,
    unknownAttributes: attributes.flatMap(({ code, flags, value }) =>
      value.kind === 'unknown' ? [{ code, flags, value: formatHex(value.octets) }] : [],
    ),
  }
}

/** Our OPEN, and what both OPENs together decide. */
import { type FamilyName, familyNames } from '../prefix/prefix.ts'
import { formatIpv4 } from '../prefix/text.ts'
import {
  AddPathMode,
  checkRoles,
  decodeCapabilities,
  encodeCapabilities,
  roleNames,
} from '../wire/capabilities.ts'
import {
  Afi,
  AS_TRANS,
  CapabilityCode,
  ErrorCode,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MessageType,
  OpenSubcode,
  Safi,
} from '../wire/codes.ts'
import { type ProtocolError, protocolError } from '../wire/errors.ts'
import type { Capabilities, DecodeSettings, OpenMessage } from '../wire/messages.ts'
import { BGP_VERSION, openAsn, validateOpen } from '../wire/open.ts'
import type { Negotiated, SessionConfig } from './types.ts'

/** The largest AS number that fits two octets. */
const MAX_TWO_OCTET_AS = 65535

/** The families for which both sides' capabilities name IPv6 next hops: IPv4 unicast (RFC 8950 §4). */
const IPV4_OVER_IPV6 = { afi: Afi.ipv4, safi: Safi.unicast, nextHopAfi: Afi.ipv6 }

/** What our OPEN announces. */
function ourCapabilities(config: SessionConfig): Partial<Capabilities> {
  const { families, role } = config
  const unicast = families.map((family) => [Afi[family], Safi.unicast] as const)
  return {
    multiprotocol: unicast,
    routeRefresh: true,
    enhancedRouteRefresh: true,
    extendedMessage: true,
    fourOctetAs: config.localAsn,
    // RFC 4724 §3: no family, as nothing is forwarded here. RFC 8538 §2: the N bit.
    gracefulRestart: { restartState: false, notification: true, restartTime: 0, families: [] },
    ...(config.addPath === true && {
      addPath: unicast.map(([afi, safi]) => ({ afi, safi, sendReceive: AddPathMode.receive })),
    }),
    ...(config.extendedNextHop === true &&
      families.includes('ipv4') && { extendedNextHop: [IPV4_OVER_IPV6] }),
    ...(role !== undefined && isExternal(config) && { role: roleNames.indexOf(role) }),
  }
}

/** RFC 9234 §4: roles, like other checks, are for peers in another AS. */
function isExternal(config: SessionConfig): boolean {
  return config.asn !== config.localAsn
}

/**
 * Makes our OPEN: 4-octet AS numbers, the families, route refresh in both kinds, extended messages,
 * graceful restart as a receiver, and what the configuration asks for: additional paths, IPv6 next hops
 * for IPv4, a role.
 */
export function buildOpen(config: SessionConfig): OpenMessage {
  return {
    type: MessageType.open,
    version: BGP_VERSION,
    myAs: config.localAsn > MAX_TWO_OCTET_AS ? AS_TRANS : config.localAsn,
    holdTime: config.holdTime,
    bgpIdentifier: config.routerId,
    capabilities: encodeCapabilities(ourCapabilities(config)),
    otherParameters: [],
    extendedParameters: false,
  }
}

/** Names the family of an AFI and SAFI that the daemon judges. */
export function familyOf(afi: number, safi: number): FamilyName | undefined {
  if (safi !== Safi.unicast) return undefined
  return familyNames.find((name) => Afi[name] === afi)
}

/** RFC 4760 §8: a peer without the capability means IPv4 unicast. */
function announcedFamilies(capabilities: Capabilities): readonly (FamilyName | undefined)[] {
  const list = capabilities.multiprotocol
  return list.length === 0 ? ['ipv4'] : list.map(([afi, safi]) => familyOf(afi, safi))
}

function openError(
  subcode: (typeof OpenSubcode)[keyof typeof OpenSubcode],
  message: string,
  data?: Uint8Array,
): ProtocolError {
  return protocolError(ErrorCode.openMessage, subcode, message, data)
}

/** RFC 5492 §5: the data lists the capabilities that are wanted, as they stand in our OPEN. */
function noCommonFamily(config: SessionConfig, ours: OpenMessage): ProtocolError {
  const wanted = ours.capabilities.filter((c) => c.code === CapabilityCode.multiprotocol)
  return openError(
    OpenSubcode.unsupportedCapability,
    `the peer announces none of the families that this session carries: ${config.families.join(', ')}`,
    Uint8Array.from(wanted.flatMap((c) => [c.code, c.value.length, ...c.value])),
  )
}

/** What of the peer's OPEN does not fit this session; what is wrong in any, `validateOpen` finds. */
function checkPeer(config: SessionConfig, theirs: OpenMessage): void {
  const asn = openAsn(theirs)
  if (asn !== config.asn) {
    throw openError(
      OpenSubcode.badPeerAs,
      `the peer's AS number is ${asn}, ${config.asn} is configured`,
    )
  }
  // RFC 6286 §2.3: identifiers need to differ only within one AS.
  if (asn === config.localAsn && theirs.bgpIdentifier === config.routerId) {
    throw openError(
      OpenSubcode.badBgpIdentifier,
      `the peer's BGP identifier ${formatIpv4(theirs.bgpIdentifier)} is our own`,
    )
  }
  const [parameter] = theirs.otherParameters
  if (parameter !== undefined) {
    throw openError(
      OpenSubcode.unsupportedOptionalParameter,
      `the peer's OPEN has the optional parameter ${parameter.type}, expected capabilities (2) alone`,
    )
  }
}

/** Whether the peer can restart gracefully: it names families whose routes outlive it (RFC 4724 §3). */
export function restartsGracefully(negotiated: Negotiated | undefined): boolean {
  const families = negotiated?.remoteCapabilities.gracefulRestart?.families ?? []
  return families.length > 0
}

/** Whether the peer sends path identifiers: it can, and we asked for it (RFC 7911 §4). */
function sendsPaths(family: FamilyName, local: Capabilities, remote: Capabilities): boolean {
  const mode = ({ addPath }: Capabilities) =>
    addPath.find(({ afi, safi }) => familyOf(afi, safi) === family)?.sendReceive ?? 0
  return (mode(local) & AddPathMode.receive) !== 0 && (mode(remote) & AddPathMode.send) !== 0
}

/** RFC 8950 §4: both sides announced IPv4 unicast with IPv6 next hops. */
function takesIpv6NextHop(capabilities: Capabilities): boolean {
  return capabilities.extendedNextHop.some(
    ({ afi, safi, nextHopAfi }) => familyOf(afi, safi) === 'ipv4' && nextHopAfi === Afi.ipv6,
  )
}

/** How UPDATEs of the peer are to be read. */
function decodeSettings(
  config: SessionConfig,
  local: Capabilities,
  remote: Capabilities,
): DecodeSettings {
  const external = isExternal(config)
  return {
    as4: local.fourOctetAs !== undefined && remote.fourOctetAs !== undefined,
    external,
    addPathIpv4: sendsPaths('ipv4', local, remote),
    addPathIpv6: sendsPaths('ipv6', local, remote),
    extendedNextHop: takesIpv6NextHop(local) && takesIpv6NextHop(remote),
    ...(config.firstAsCheck === true && external && { firstAs: config.asn }),
  }
}

/**
 * Decides what the session will be.
 * @param ours as `buildOpen` made it
 * @throws ProtocolError 2/x when the peer's OPEN is wrong or does not fit the session
 */
export function negotiate(
  config: SessionConfig,
  ours: OpenMessage,
  theirs: OpenMessage,
): Negotiated {
  validateOpen(theirs)
  checkPeer(config, theirs)
  const remote = decodeCapabilities(theirs.capabilities)
  const local = decodeCapabilities(ours.capabilities)
  const announced = announcedFamilies(remote)
  const families = config.families.filter((family) => announced.includes(family))
  if (families.length === 0) throw noCommonFamily(config, ours)
  const holdTime = Math.min(ours.holdTime, theirs.holdTime)
  if (local.role !== undefined) {
    checkRoles(theirs.capabilities, local.role, config.roleStrict === true)
  }
  const extended = local.extendedMessage && remote.extendedMessage
  return {
    holdTime,
    // RFC 4271 §4.4: a third of the hold time, and not more than one a second.
    keepaliveTime: holdTime === 0 ? 0 : Math.max(1, Math.floor(holdTime / 3)),
    remoteAsn: config.asn,
    remoteAddress: config.address,
    remoteRouterId: formatIpv4(theirs.bgpIdentifier),
    families,
    maxMessageLength: extended ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH,
    decode: decodeSettings(config, local, remote),
    ...(local.role !== undefined && { role: config.role }),
    gracefulNotification:
      local.gracefulRestart?.notification === true && remote.gracefulRestart?.notification === true,
    remoteCapabilities: remote,
  }
}

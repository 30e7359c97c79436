/** Our OPEN, and what both OPENs together decide. */
import { type FamilyName, familyNames } from '../prefix/prefix.ts'
import { formatIpv4 } from '../prefix/text.ts'
import { decodeCapabilities, encodeCapabilities } from '../wire/capabilities.ts'
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
import type { Capabilities, OpenMessage } from '../wire/messages.ts'
import { BGP_VERSION, openAsn, validateOpen } from '../wire/open.ts'
import type { Negotiated, SessionConfig } from './types.ts'

/** The largest AS number that fits two octets. */
const MAX_TWO_OCTET_AS = 65535

/**
 * Makes our OPEN: 4-octet AS numbers, the families, route refresh in both kinds, extended messages,
 * and graceful restart as a receiver.
 *
 * Graceful restart lists no family, as nothing is forwarded here (RFC 4724 §3). Its N bit stays off:
 * with it a peer would take our own shutdown for a restart unless told otherwise (RFC 8538 §3).
 */
export function buildOpen(config: SessionConfig): OpenMessage {
  return {
    type: MessageType.open,
    version: BGP_VERSION,
    myAs: config.localAsn > MAX_TWO_OCTET_AS ? AS_TRANS : config.localAsn,
    holdTime: config.holdTime,
    bgpIdentifier: config.routerId,
    capabilities: encodeCapabilities({
      multiprotocol: config.families.map((family) => [Afi[family], Safi.unicast]),
      routeRefresh: true,
      enhancedRouteRefresh: true,
      extendedMessage: true,
      fourOctetAs: config.localAsn,
      gracefulRestart: { restartState: false, notification: false, restartTime: 0, families: [] },
    }),
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
    decode: {
      as4: local.fourOctetAs !== undefined && remote.fourOctetAs !== undefined,
      external: config.asn !== config.localAsn,
      addPathIpv4: false,
      addPathIpv6: false,
      extendedNextHop: false,
      ...(config.firstAsCheck === true &&
        config.asn !== config.localAsn && { firstAs: config.asn }),
    },
    remoteCapabilities: remote,
  }
}

/** Code spaces of BGP-4, one row per number. Unknown numbers are values, not errors. */

/** RFC 4271 §4.1, RFC 2918 §3. */
export const MessageType = {
  open: 1,
  update: 2,
  notification: 3,
  keepalive: 4,
  routeRefresh: 5,
} as const
export type MessageType = (typeof MessageType)[keyof typeof MessageType]

/** Field names as they stand in RFCs, logs and the `type` label of metrics. */
export const messageTypeName: Record<MessageType, string> = {
  1: 'OPEN',
  2: 'UPDATE',
  3: 'NOTIFICATION',
  4: 'KEEPALIVE',
  5: 'ROUTE-REFRESH',
}

/** RFC 4271 §4.1: marker (16), length (2), type (1). */
export const HEADER_LENGTH = 19
/** RFC 4271 §4.1. */
export const MAX_MESSAGE_LENGTH = 4096
/** RFC 8654 §4; OPEN and KEEPALIVE keep the limit of 4096. */
export const MAX_EXTENDED_MESSAGE_LENGTH = 65535
/** RFC 6793 §9: stands for an AS number that does not fit two octets. */
export const AS_TRANS = 23456

/** Address families (IANA address-family-numbers) that the daemon judges. */
export const Afi = { ipv4: 1, ipv6: 2 } as const
export const Safi = { unicast: 1 } as const

/** IANA BGP path attributes. */
export const AttributeCode = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  multiExitDisc: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReachNlri: 14,
  mpUnreachNlri: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  largeCommunities: 32,
  onlyToCustomer: 35,
} as const
export type AttributeCode = (typeof AttributeCode)[keyof typeof AttributeCode]

/** RFC 4271 §4.3: bits of the attribute flags octet; the low four bits are unused. */
export const AttributeFlag = {
  optional: 0x80,
  transitive: 0x40,
  partial: 0x20,
  extendedLength: 0x10,
} as const

/** RFC 4271 §4.3 and §5.1.2, RFC 5065 §3. */
export const SegmentType = {
  asSet: 1,
  asSequence: 2,
  confedSequence: 3,
  confedSet: 4,
} as const

/** RFC 4271 §4.3. */
export const originName = ['IGP', 'EGP', 'INCOMPLETE'] as const

/** IANA capability codes that the daemon knows; others are carried through. */
export const CapabilityCode = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  role: 9,
  gracefulRestart: 64,
  fourOctetAs: 65,
  addPath: 69,
  enhancedRouteRefresh: 70,
  longLivedGracefulRestart: 71,
  fqdn: 73,
} as const
export type CapabilityCode = (typeof CapabilityCode)[keyof typeof CapabilityCode]

/** IANA BGP error codes (RFC 4271 §4.5, RFC 7313 §5, RFC 9687 §6). */
export const ErrorCode = {
  messageHeader: 1,
  openMessage: 2,
  updateMessage: 3,
  holdTimerExpired: 4,
  finiteStateMachine: 5,
  cease: 6,
  routeRefreshMessage: 7,
  sendHoldTimerExpired: 8,
} as const
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode]

/** RFC 4271 §6.1. Data: bad length → the length field (2 octets); bad type → the type (1 octet). */
export const HeaderSubcode = {
  connectionNotSynchronized: 1,
  badMessageLength: 2,
  badMessageType: 3,
} as const

/** RFC 4271 §6.2, RFC 5492 §5, RFC 9234 §4.2. */
export const OpenSubcode = {
  unspecific: 0,
  unsupportedVersionNumber: 1,
  badPeerAs: 2,
  badBgpIdentifier: 3,
  unsupportedOptionalParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
  roleMismatch: 11,
} as const

/** RFC 4271 §6.3. */
export const UpdateSubcode = {
  malformedAttributeList: 1,
  unrecognizedWellKnownAttribute: 2,
  missingWellKnownAttribute: 3,
  attributeFlagsError: 4,
  attributeLengthError: 5,
  invalidOriginAttribute: 6,
  invalidNextHopAttribute: 8,
  optionalAttributeError: 9,
  invalidNetworkField: 10,
  malformedAsPath: 11,
} as const

/** RFC 6608 §3. Data: the type of the unexpected message (1 octet). */
export const FsmSubcode = {
  unspecified: 0,
  unexpectedInOpenSent: 1,
  unexpectedInOpenConfirm: 2,
  unexpectedInEstablished: 3,
} as const

/** RFC 4486 §4, RFC 8538 §3.1. Data of 2 and 4: a shutdown communication (RFC 9003 §2). */
export const CeaseSubcode = {
  maximumPrefixes: 1,
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollisionResolution: 7,
  outOfResources: 8,
  hardReset: 9,
  bfdDown: 10,
} as const

/** RFC 7313 §5. Data: the whole ROUTE-REFRESH message. */
export const RouteRefreshSubcode = { invalidMessageLength: 1 } as const

/** What a connection is asked to be, and what is kept of it. */
import { z } from 'zod'
import {
  hostAddress,
  listOf,
  mapping,
  oneOf,
  password,
  whole,
  yesOrNo,
} from '../../fields/readers.ts'
import { type ConnectionState, connectionStates } from '../connection-state.ts'
import type { Resource } from '../kind.ts'
import { provisioningStates, strictPrefixText } from './common.ts'

/** Azure's SessionStateV4 and SessionStateV6. */
export const sessionStates = [
  'None',
  'Idle',
  'Connect',
  'Active',
  'OpenSent',
  'OpenConfirm',
  'OpenReceived',
  'Established',
  'PendingAdd',
  'PendingUpdate',
  'PendingRemove',
] as const
export type SessionStateText = (typeof sessionStates)[number]

/** Addresses of one side of a route server connection at most. */
const MAX_MESH_SIDE = 16

const holdTimeExpected = '0 (no hold timer), or 3 to 65535 seconds'
const addresses = listOf(hostAddress, 'addresses')
  .min(1, 'at least one address')
  .max(MAX_MESH_SIDE, `at most ${MAX_MESH_SIDE} addresses`)

export const connectionSpec = mapping(
  {
    sessionPrefixV4: z
      .exactOptional(strictPrefixText)
      .describe('Of a Direct connection: the /30 or /31 of the IPv4 session.'),
    sessionPrefixV6: z
      .exactOptional(strictPrefixText)
      .describe('Of a Direct connection: the /126 or /127 of the IPv6 session.'),
    sessionAddressProvider: oneOf(['Microsoft', 'Peer'])
      .default('Peer')
      .describe(
        'Who gives the session prefixes: that side has the first usable address, the other the second. Microsoft: we do.',
      ),
    peerSessionIPv4Address: z
      .exactOptional(hostAddress)
      .describe("Of an Exchange connection: the peer's IPv4 address on the exchange."),
    peerSessionIPv6Address: z
      .exactOptional(hostAddress)
      .describe("Of an Exchange connection: the peer's IPv6 address on the exchange."),
    microsoftSessionIPv4Address: z
      .exactOptional(hostAddress)
      .describe('Of an Exchange connection: our IPv4 address there; the system chooses if absent.'),
    microsoftSessionIPv6Address: z
      .exactOptional(hostAddress)
      .describe('Of an Exchange connection: our IPv6 address there; the system chooses if absent.'),
    peerSessionAddresses: z
      .exactOptional(addresses)
      .describe('Of an IxRs connection: the route servers, each in a session with each of ours.'),
    microsoftSessionAddresses: z
      .exactOptional(addresses)
      .describe('Of an IxRs connection: our addresses on the exchange.'),
    maxPrefixesAdvertisedV4: whole(1, 4_294_967_295, 'prefixes')
      .default(2000)
      .describe('IPv4 prefixes above which the session is closed.'),
    maxPrefixesAdvertisedV6: whole(1, 4_294_967_295, 'prefixes')
      .default(500)
      .describe('IPv6 prefixes above which the session is closed.'),
    md5AuthenticationKey: z
      .exactOptional(password)
      .describe(
        'TCP MD5 signatures (RFC 2385). Never shown; left out of a change it stays, null takes it away.',
      ),
    useForPeeringService: yesOrNo
      .default(false)
      .describe('Whether Peering Service uses the connection; needs a Premium SKU.'),
    bandwidthInMbps: z
      .exactOptional(whole(1, 10_000_000, 'Mbit/s'))
      .describe('Bandwidth of the link.'),
    peeringDBFacilityId: z
      .exactOptional(whole(1, 2_147_483_647))
      .describe('Number of the facility in PeeringDB.'),
    peerPort: whole(1, 65_535).default(179).describe("The peer's TCP port."),
    passive: yesOrNo.default(false).describe('Never opens a connection, only accepts.'),
    holdTime: z
      .int(holdTimeExpected)
      .min(0, holdTimeExpected)
      .max(65_535, holdTimeExpected)
      .refine((seconds) => seconds !== 1 && seconds !== 2, {
        error: holdTimeExpected,
        params: { expected: true },
      })
      .default(90)
      .describe('Hold time that we propose, seconds: 0 (none), or at least 3.'),
  },
  'with the addresses of its sessions',
)

const sessionView = z.object({
  name: z.string(),
  family: z.enum(['ipv4', 'ipv6']),
  localAddress: z.string().nullable(),
  peerAddress: z.string(),
  state: z.enum(sessionStates),
  counts: z.boolean().describe('Whether its routes count for verdicts.'),
})

export const connectionView = z.object({
  connectionState: z.enum(connectionStates),
  stateSince: z.string(),
  errorMessage: z.string(),
  connectionIdentifier: z.string(),
  peeringLocation: z.string(),
  sessionAddressProvider: z.enum(['Microsoft', 'Peer']),
  sessionPrefixV4: z.string().optional(),
  sessionPrefixV6: z.string().optional(),
  microsoftSessionIPv4Address: z.string().optional(),
  microsoftSessionIPv6Address: z.string().optional(),
  peerSessionIPv4Address: z.string().optional(),
  peerSessionIPv6Address: z.string().optional(),
  microsoftSessionAddresses: z.array(z.string()).optional(),
  peerSessionAddresses: z.array(z.string()).optional(),
  sessionStateV4: z.enum(sessionStates),
  sessionStateV6: z.enum(sessionStates),
  sessions: z.array(sessionView),
  maxPrefixesAdvertisedV4: z.number(),
  maxPrefixesAdvertisedV6: z.number(),
  md5Authentication: z.boolean().describe('Whether there is an md5AuthenticationKey.'),
  useForPeeringService: z.boolean(),
  bandwidthInMbps: z.number().optional(),
  peeringDBFacilityId: z.number().optional(),
  peerPort: z.number(),
  passive: z.boolean(),
  holdTime: z.number(),
  provisioningState: z.enum(provisioningStates),
})

export type ConnectionSpec = z.output<typeof connectionSpec>
/** A connection as it is shown. */
export type ConnectionView = z.output<typeof connectionView>

export interface ConnectionStatus {
  readonly connectionState: ConnectionState
  /** Milliseconds since the epoch: when the state began. */
  readonly stateSince: number
  /** Milliseconds since the epoch: from when on the checks have to pass. */
  readonly provisioningSince: number | null
  /** Why it was rejected, blocked, or failed. */
  readonly errorMessage: string
  readonly connectionIdentifier: string
  /** Names of the sessions that passed all checks. */
  readonly admitted: readonly string[]
  /** Names of those that came or changed while others were in service. */
  readonly changing: readonly string[]
}

export type Connection = Resource<ConnectionSpec, ConnectionStatus>

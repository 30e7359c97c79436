/** What a circuit's peering is asked to be, and what is kept of it. */
import { z } from 'zod'
import { asn, listOf, mapping, oneOf, text, whole, yesOrNo } from '../../fields/readers.ts'
import { type RegistryName, registryNames } from '../../irr/registry-names.ts'
import { type Link, links } from '../circuit-words.ts'
import { type Resource, sessionFindingReasons } from '../kind.ts'
import { prefixText, provisioningStates, strictPrefixText } from './common.ts'
import { sessionStates } from './connection-spec.ts'

export const peeringTypes = ['AzurePrivatePeering', 'MicrosoftPeering'] as const
export const peeringStates = ['Enabled', 'Disabled'] as const

/** Azure's advertisedPublicPrefixesState. */
export const advertisedStates = [
  'NotConfigured',
  'Configuring',
  'Configured',
  'ValidationNeeded',
] as const

/** Azure's validationState of one advertised prefix, as far as it applies here. */
export const advertisedPrefixStates = [
  ...advertisedStates,
  'ValidationFailed',
  'ManualValidationNeeded',
  'AsnValidationFailed',
] as const
export type AdvertisedPrefixState = (typeof advertisedPrefixStates)[number]

/** Registries that `routingRegistryName` takes; NONE: any. */
const registryChoices = [
  'NONE',
  ...(Object.keys(registryNames) as RegistryName[]),
] as const satisfies readonly [string, ...string[]]

/** Prefixes that a session of Microsoft peering takes, and that can be listed therefore. */
export const MOST_ADVERTISED = 200

const keyExpected = '1 to 25 letters and digits'

export const circuitPeeringSpec = mapping(
  {
    peeringType: oneOf(peeringTypes).describe('A circuit has one of each type.'),
    state: oneOf(peeringStates).default('Enabled').describe('Disabled: its sessions do not run.'),
    peerASN: asn.describe('AS number of the customer; private on AzurePrivatePeering alone.'),
    vlanId: whole(1, 4094).describe('VLAN of both links; no other peering of the circuit has it.'),
    primaryPeerAddressPrefix: z
      .exactOptional(strictPrefixText)
      .describe(
        "The /30 of the primary IPv4 session: the first usable address is the customer's, the second ours.",
      ),
    secondaryPeerAddressPrefix: z
      .exactOptional(strictPrefixText)
      .describe('The /30 of the secondary IPv4 session.'),
    primaryPeerAddressPrefixV6: z
      .exactOptional(strictPrefixText)
      .describe('The /126 of the primary IPv6 session.'),
    secondaryPeerAddressPrefixV6: z
      .exactOptional(strictPrefixText)
      .describe('The /126 of the secondary IPv6 session.'),
    ipv6State: oneOf(peeringStates)
      .default('Enabled')
      .describe('Disabled: its IPv6 sessions do not run.'),
    sharedKey: z
      .exactOptional(text(keyExpected).regex(/^[A-Za-z0-9]{1,25}$/, keyExpected))
      .describe(
        'TCP MD5 signatures (RFC 2385). Never shown; left out of a change it stays, null takes it away.',
      ),
    advertisedPublicPrefixes: listOf(prefixText, 'prefixes')
      .max(MOST_ADVERTISED, `at most ${MOST_ADVERTISED} prefixes`)
      .default([])
      .describe('Of Microsoft peering: what the customer announces. Public prefixes only.'),
    customerASN: z
      .exactOptional(asn)
      .describe('Of Microsoft peering: the AS that the prefixes belong to; peerASN if absent.'),
    routingRegistryName: oneOf(registryChoices)
      .default('NONE')
      .describe('Of Microsoft peering: where the prefixes are recorded; NONE: in any registry.'),
    peerPort: whole(1, 65_535).default(179).describe("TCP port of the customer's routers."),
    passive: yesOrNo.default(false).describe('Never opens a connection, only accepts.'),
    holdTime: whole(3, 65_535, 'seconds').default(180).describe('Hold time that we propose.'),
  },
  'with peeringType, peerASN, vlanId and the subnets of its links',
)

/** What is wrong with a peering besides what each session announces. */
export const peeringFindingReasons = ['session-down', 'validation-needed', 'not-received'] as const

const finding = z.object({
  reason: z.enum([...sessionFindingReasons, ...peeringFindingReasons]),
  severity: z.enum(['error', 'warning']),
  session: z.string().nullable().describe('Where it applies; null: to the peering.'),
  message: z.string(),
  action: z.string(),
  prefixes: z.array(z.string()).describe('The first of those that it is about.'),
  count: z.number(),
})
export type CircuitFinding = z.infer<typeof finding>

const session = z.object({
  name: z.string(),
  link: z.enum(links),
  family: z.enum(['ipv4', 'ipv6']),
  localAddress: z.string(),
  peerAddress: z.string(),
  state: z.enum(sessionStates),
  prefixes: z.number().describe('Prefixes that it announces.'),
})

export const circuitPeeringView = z.object({
  peeringType: z.enum(peeringTypes),
  state: z.enum(peeringStates),
  azureASN: z.number().describe('Our AS number.'),
  peerASN: z.number(),
  vlanId: z.number(),
  primaryPeerAddressPrefix: z.string().optional(),
  secondaryPeerAddressPrefix: z.string().optional(),
  primaryPeerAddressPrefixV6: z.string().optional(),
  secondaryPeerAddressPrefixV6: z.string().optional(),
  ipv6State: z.enum(peeringStates),
  md5Authentication: z.boolean().describe('Whether there is a sharedKey.'),
  advertisedPublicPrefixes: z.array(z.string()),
  advertisedPublicPrefixesState: z.enum(advertisedStates),
  advertisedPublicPrefixProperties: z.array(
    z.object({
      prefix: z.string(),
      validationState: z.enum(advertisedPrefixStates),
      message: z.string(),
    }),
  ),
  customerASN: z.number().optional(),
  routingRegistryName: z.enum(registryChoices),
  prefixLimit: z.number().describe('Prefixes above which a session is closed.'),
  peerPort: z.number(),
  passive: z.boolean(),
  holdTime: z.number(),
  sessions: z.array(session),
  findings: z.array(finding),
  errorMessage: z.string().describe('The messages of all findings.'),
  provisioningState: z.enum(provisioningStates),
})

export type CircuitPeeringView = z.output<typeof circuitPeeringView>
export type CircuitPeeringSpec = z.output<typeof circuitPeeringSpec>

/** How far the check of who owns a prefix is. */
export interface Validation {
  readonly prefix: string
  readonly validationState: AdvertisedPrefixState
  /** What was found, and what to submit; empty while it is being checked. */
  readonly message: string
  /** An operator decided it; nothing but a new start changes it. */
  readonly byHand: boolean
  /** Milliseconds since the epoch: answers from before do not count. */
  readonly begunAt: number
}

export interface CircuitPeeringStatus {
  readonly validations: readonly Validation[]
}

export type CircuitPeering = Resource<CircuitPeeringSpec, CircuitPeeringStatus>

/** A session of a peering: its link, family and addresses. */
export interface CircuitSession {
  readonly name: string
  readonly link: Link
  readonly family: 'ipv4' | 'ipv6'
  readonly local: string
  readonly peer: string
}

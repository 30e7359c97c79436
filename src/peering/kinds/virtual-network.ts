/** Virtual networks as rules look at them: their address spaces, and which are peered with which. */
import { z } from 'zod'
import {
  asn,
  hostAddress,
  listOf,
  mapping,
  oneOf,
  password,
  printable,
  whole,
  yesOrNo,
} from '../../fields/readers.ts'
import { coversPrefix, type Prefix } from '../../prefix/prefix.ts'
import { parsePrefix } from '../../prefix/text.ts'
import { ownerField } from '../fields.ts'
import type { Resource, RuleContext } from '../kind.ts'
import { strictPrefixText } from './common.ts'

export const clouds = ['AzureCloud', 'AzureUSGovernment', 'AzureChinaCloud'] as const
export const gateways = ['None', 'VpnGateway', 'ExpressRouteGateway', 'RouteServer'] as const

/** Prefixes of an address space. */
const MOST_PREFIXES = 100
const bgpSession = mapping(
  {
    peerAddress: hostAddress.describe('The route server or gateway in the network.'),
    peerAsn: asn.describe('Its AS number; private ones are usual.'),
    localAddress: z.exactOptional(hostAddress).describe('Ours; the system chooses if absent.'),
    peerPort: whole(1, 65_535).default(179).describe("The peer's TCP port."),
    passive: yesOrNo.default(false).describe('Never opens a connection, only accepts.'),
    holdTime: whole(3, 65_535, 'seconds').default(90).describe('Hold time that we propose.'),
  },
  'with peerAddress and peerAsn',
)

/** What a client sends. */
export const virtualNetworkSpec = mapping(
  {
    owner: ownerField,
    location: printable(1, 80).describe('The region, such as westeurope.'),
    cloud: oneOf(clouds).default('AzureCloud').describe('Networks of one cloud can be peered.'),
    resourceGroup: printable(1, 90).describe('The resource group.'),
    addressSpace: listOf(strictPrefixText, 'prefixes')
      .min(1, 'at least one prefix')
      .max(MOST_PREFIXES, `at most ${MOST_PREFIXES} prefixes`)
      .describe('Its prefixes, IPv4 and IPv6.'),
    forwardsTraffic: yesOrNo
      .default(false)
      .describe('Whether an appliance in it forwards between networks that are peered with it.'),
    gateway: oneOf(gateways).default('None').describe('The gateway or route server in it.'),
    peeringContributors: listOf(printable(1, 128), 'owners')
      .max(100, 'at most 100 owners')
      .default([])
      .describe('Other owners whose tokens may make peerings with this network.'),
    bgpSession: z
      .exactOptional(bgpSession)
      .describe('A session with its route server or gateway; what it announces is judged.'),
    md5AuthenticationKey: z
      .exactOptional(password)
      .describe('TCP MD5 signatures (RFC 2385) of its session. Never shown.'),
    description: printable(0, 255).default('').describe('For people.'),
  },
  'with location, resourceGroup and addressSpace',
)

export type VirtualNetworkSpec = z.output<typeof virtualNetworkSpec>
export type VirtualNetworkStatus = Record<string, never>
export type VirtualNetwork = Resource<VirtualNetworkSpec, VirtualNetworkStatus>

/** @returns the prefixes of a network */
export function spaceOf({
  spec: { addressSpace },
}: {
  readonly spec: VirtualNetworkSpec
}): Prefix[] {
  return addressSpace.map(parsePrefix)
}

/** @returns the network of an id; undefined: there is none */
export function networkOf(
  directory: RuleContext['directory'],
  id: string,
): VirtualNetwork | undefined {
  return directory.find('virtualNetwork', id) as unknown as VirtualNetwork | undefined
}

/** @returns networks that are peered with one, in either direction, each once */
export function peeredWith(directory: RuleContext['directory'], id: string): VirtualNetwork[] {
  const ids = new Set([
    ...directory
      .all('virtualNetworkPeering', id)
      .map(({ spec: s }) => String(s['remoteVirtualNetwork'])),
    ...directory.having('virtualNetworkPeering', `remote ${id}`).map(({ parent }) => parent ?? ''),
  ])
  return [...ids].map((each) => networkOf(directory, each)).filter((found) => found !== undefined)
}

/** @returns networks whose peering with one is there from both sides, and goes from neither */
export function connectedWith(directory: RuleContext['directory'], id: string): VirtualNetwork[] {
  const lasting = ({ status }: Resource) =>
    status['leaving'] !== true && status['disconnected'] !== true
  const back = new Set(
    directory
      .having('virtualNetworkPeering', `remote ${id}`)
      .filter(lasting)
      .map(({ parent }) => parent),
  )
  return directory
    .all('virtualNetworkPeering', id)
    .filter(lasting)
    .map(({ spec: s }) => String(s['remoteVirtualNetwork']))
    .filter((remote) => back.has(remote))
    .map((remote) => networkOf(directory, remote))
    .filter((found) => found !== undefined)
}

/**
 * The first overlap of a space with other networks, found by the trie of all address spaces.
 * @param among ids of the networks that count
 */
export function findOverlap(
  directory: RuleContext['directory'],
  space: readonly Prefix[],
  among: ReadonlySet<string>,
): { readonly own: Prefix; readonly other: Prefix; readonly network: Resource } | null {
  for (const own of space) {
    for (const network of directory.meeting('virtualNetwork', own)) {
      if (!among.has(network.id)) continue
      const other = spaceOf(network as unknown as VirtualNetwork).find(
        (p) => coversPrefix(p, own) || coversPrefix(own, p),
      )
      if (other !== undefined) return { own, other, network }
    }
  }
  return null
}

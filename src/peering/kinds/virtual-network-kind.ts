/** Virtual networks: an address space in a region, with a session to the route server or gateway in it. */
import { z } from 'zod'
import { coversPrefix, familyName, type Prefix } from '../../prefix/prefix.ts'
import { formatPrefix, parseAddress, parsePrefix } from '../../prefix/text.ts'
import type { SessionConfig } from '../../session/types.ts'
import { otherWords } from '../access.ts'
import { announcedPrefixes, outsideOf } from '../announced.ts'
import { demandClearOnCircuits, demandUnlinked } from '../circuit-links.ts'
import {
  type Kind,
  RefusedError,
  type RuleContext,
  type SessionFinding,
  type ShowContext,
  type WantContext,
} from '../kind.ts'
import type { Live } from '../live.ts'
import { demandPeerAlone, peerKey } from '../session-claims.ts'
import { provisioningState, provisioningStates } from './common.ts'
import { sessionStates } from './connection-spec.ts'
import {
  clouds,
  connectedWith,
  findOverlap,
  gateways,
  peeredWith,
  spaceOf,
  type VirtualNetwork,
  type VirtualNetworkSpec,
  type VirtualNetworkStatus,
  virtualNetworkSpec,
} from './virtual-network.ts'
import { reachability } from './virtual-network-reachability.ts'

/** Prefixes that the session of a network may announce, as a route server takes them. */
const MOST_ANNOUNCED = 1000

const finding = z.object({
  reason: z.literal('outside-address-space'),
  severity: z.literal('error'),
  message: z.string(),
  action: z.string(),
  prefixes: z.array(z.string()),
  count: z.number(),
})

const view = z.object({
  location: z.string(),
  cloud: z.enum(clouds),
  resourceGroup: z.string(),
  addressSpace: z.array(z.string()),
  gateway: z.enum(gateways),
  forwardsTraffic: z.boolean(),
  peeringContributors: z.array(z.string()),
  description: z.string(),
  peeringCount: z.number(),
  bgpSession: z
    .object({
      peerAddress: z.string(),
      peerAsn: z.number(),
      localAddress: z.string().optional(),
      peerPort: z.number(),
      passive: z.boolean(),
      holdTime: z.number(),
      md5Authentication: z.boolean().describe('Whether there is an md5AuthenticationKey.'),
      name: z.string().describe('Of the session.'),
      state: z.enum(sessionStates),
    })
    .optional(),
  announced: z.number().describe('Prefixes that its session announces.'),
  findings: z.array(finding),
  provisioningState: z.enum(provisioningStates),
})
export type VirtualNetworkView = z.output<typeof view>

/** Name of the session of a network. */
function sessionName(id: string): string {
  return `vnet/${id}`
}

function sessionConfig(
  { id, spec: network }: Pick<VirtualNetwork, 'id' | 'spec'>,
  live: Live,
): SessionConfig | null {
  const { bgpSession: given } = network
  if (given === undefined) return null
  const families = [...new Set(network.addressSpace.map((p) => familyName(parsePrefix(p).family)))]
  return {
    name: sessionName(id),
    address: given.peerAddress,
    port: given.peerPort,
    asn: given.peerAsn,
    localAsn: live.local.asn,
    routerId: live.local.routerId,
    ...(given.localAddress !== undefined && { localAddress: given.localAddress }),
    families: families.sort(),
    passive: given.passive,
    holdTime: given.holdTime,
    connectRetrySeconds: 30,
    delayOpenSeconds: 0,
    description: `virtual network ${id}`,
    maxPrefixes: { limit: MOST_ANNOUNCED, warnAt: 80 },
    ...(network.md5AuthenticationKey !== undefined && { password: network.md5AuthenticationKey }),
  }
}

/** The prefixes of a space do not meet each other. @throws RefusedError */
function demandDistinct(space: readonly Prefix[]): void {
  space.forEach((each, i) => {
    const other = space.slice(0, i).find((p) => coversPrefix(p, each) || coversPrefix(each, p))
    if (other === undefined) return
    const message = `${formatPrefix(each)} overlaps ${formatPrefix(other)} of the same address space; leave one of them out.`
    throw new RefusedError('invalid', message, { place: `addressSpace[${i}]` })
  })
}

/** A changed space meets no network that is peered with it. @throws RefusedError */
function demandClear(id: string, space: readonly Prefix[], context: RuleContext): void {
  const peered = new Set(peeredWith(context.directory, id).map((network) => network.id))
  const found = findOverlap(context.directory, space, peered)
  if (found === null) return
  const { words, known } = otherWords(context.principal, found.network, 'virtual network')
  const message = `${formatPrefix(found.own)} overlaps ${formatPrefix(found.other)} of ${words}, which is peered with this network; take another prefix, or delete that peering first.`
  throw new RefusedError('conflict', message, {
    place: 'addressSpace',
    reason: 'overlapping-prefix',
    ...known,
  })
}

/** Regions that a cloud of its own has; all others are those of AzureCloud. */
const regionsOfClouds = [
  { pattern: /^us(gov|dod)/, cloud: 'AzureUSGovernment' },
  { pattern: /^china/, cloud: 'AzureChinaCloud' },
] as const

/** A region is of one cloud. @throws RefusedError */
function demandRegion({ location, cloud }: VirtualNetworkSpec): void {
  const region = location.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const its = regionsOfClouds.find(({ pattern }) => pattern.test(region))?.cloud ?? 'AzureCloud'
  if (its === cloud) return
  const message = `${location} is a region of ${its}, not of ${cloud}; correct one of them. Networks of different clouds cannot be peered.`
  throw new RefusedError('invalid', message, { place: 'location' })
}

function judge(network: Pick<VirtualNetwork, 'id' | 'spec'>, context: RuleContext): void {
  demandRegion(network.spec)
  const space = spaceOf(network)
  demandDistinct(space)
  demandClear(network.id, space, context)
  demandClearOnCircuits({ id: network.id, space }, context)
  const config = sessionConfig(network, context.live)
  if (config === null) return
  const place = 'bgpSession.peerAddress'
  const inside = space.some((each) => coversPrefix(each, parseAddress(config.address)))
  if (!inside) {
    const message = `${config.address} does not lie in the address space of the network, and its route server or gateway does; correct one of them.`
    throw new RefusedError('invalid', message, { place })
  }
  demandPeerAlone(config, { kind: 'virtualNetwork', id: network.id }, place, context)
}

/** What the session announces that belongs neither to the network nor to its direct peers. */
function findingsOf(network: VirtualNetwork, { directory, live }: WantContext): SessionFinding[] {
  if (network.spec.bgpSession === undefined) return []
  const session = sessionName(network.id)
  const peers = connectedWith(directory, network.id)
  const allowed = [network, ...peers].flatMap(spaceOf)
  const { prefixes, count } = outsideOf(announcedPrefixes(live, session), allowed)
  if (count === 0) return []
  const named = `${prefixes.slice(0, 3).join(', ')}${count > 3 ? ` and ${count - 3} more` : ''}`
  const spaces =
    peers.length === 0
      ? 'its address space (it has no connected peering)'
      : 'its address space and those of its direct peers'
  const message = `The session of ${network.id} announces ${named}, outside ${spaces}.`
  const action =
    'Whoever runs the route server or gateway stops announcing it, or the address space is extended.'
  const reason = 'outside-address-space'
  return [{ reason, severity: 'error', session, message, action, prefixes, count }]
}

/** Prefixes that the session announces. */
function announcedCount(network: VirtualNetwork, { live }: ShowContext): number {
  if (network.spec.bgpSession === undefined) return 0
  const held = live.engine.tallies(sessionName(network.id))?.prefixes
  return held === undefined ? 0 : held.ipv4 + held.ipv6
}

export const virtualNetworkKind: Kind<VirtualNetworkSpec, VirtualNetworkStatus> = {
  name: 'virtualNetwork',
  title: 'virtual network',
  command: 'vnet',
  segment: 'virtualNetworks',
  parent: null,
  spec: virtualNetworkSpec,
  secret: ['md5AuthenticationKey'],
  view,
  fixed: {
    location: 'The region of a network cannot change; create another network.',
    cloud: 'The cloud of a network cannot change; create another network.',
    resourceGroup: 'The resource group of a network cannot change here; create another network.',
  },
  writers: ['customer', 'provider'],
  columns: [
    { title: 'Location', value: ({ location }) => String(location) },
    { title: 'Address space', value: ({ addressSpace }) => (addressSpace as string[]).join(' ') },
    { title: 'Gateway', value: ({ gateway }) => String(gateway) },
    { title: 'Peerings', value: ({ peeringCount }) => String(peeringCount) },
    {
      title: 'Message',
      value: ({ findings }) => (findings as { message: string }[]).map((f) => f.message).join(' '),
    },
  ],
  example: {
    name: 'hub',
    spec: {
      location: 'westeurope',
      resourceGroup: 'network',
      addressSpace: ['10.0.0.0/16', '2001:db8:10::/48'],
      gateway: 'RouteServer',
    },
  },
  operations: {},
  questions: { reachability },
  create({ id, spec: given }, context) {
    judge({ id, spec: given }, context)
    return { spec: given, status: {} }
  },
  update(before, given, context) {
    judge({ id: before.id, spec: given }, context)
    demandGatewayStays(before, given, context)
    if (given.gateway !== before.spec.gateway) demandUnlinked(before.id, context)
    return { spec: given, status: before.status }
  },
  remove(network, context) {
    const { directory, principal } = context
    demandUnlinked(network.id, context)
    const own = new Set(
      directory
        .all('virtualNetworkPeering', network.id)
        .map(({ spec: s }) => s['remoteVirtualNetwork']),
    )
    // A side that has its counterpart here goes, or is Disconnected, with that.
    const foreign = directory
      .having('virtualNetworkPeering', `remote ${network.id}`)
      .find(({ parent, status }) => !own.has(parent) && status['disconnected'] !== true)
    if (foreign === undefined) return null
    const { words, known } = otherWords(principal, foreign, 'virtual-network peering')
    const message = `The network "${network.id}" is the remote side of ${words}; delete that peering first.`
    throw new RefusedError('not-possible', message, known)
  },
  show(network, context) {
    const { owner: _, bgpSession: session, md5AuthenticationKey, ...shown } = network.spec
    const findings = findingsOf(network, context).map(({ session: _, prefixes, ...finding }) => ({
      ...finding,
      prefixes: [...prefixes],
    }))
    const status = context.live.session(sessionName(network.id))
    return {
      ...shown,
      peeringCount: context.directory.count('virtualNetworkPeering', network.id),
      ...(session !== undefined && {
        bgpSession: {
          ...session,
          md5Authentication: md5AuthenticationKey !== undefined,
          name: sessionName(network.id),
          state: status?.stateName ?? 'Idle',
        },
      }),
      announced: announcedCount(network, context),
      findings,
      provisioningState: provisioningState(network.deleting),
    }
  },
  index: (network) => ({
    prefixes: spaceOf(network),
    ...(network.spec.bgpSession && { keys: [peerKey(network.spec.bgpSession.peerAddress)] }),
  }),
  judges: { reasons: ['outside-address-space'], findings: findingsOf },
  wanted(network, { live }) {
    const config = sessionConfig(network, live)
    return { sessions: config === null ? [] : [{ config, counts: false }], registrations: [] }
  },
}

/** A gateway that others use does not go. @throws RefusedError */
function demandGatewayStays(
  before: VirtualNetwork,
  given: VirtualNetworkSpec,
  { directory, principal }: RuleContext,
): void {
  if (given.gateway === before.spec.gateway) return
  const lender = directory
    .having('virtualNetworkPeering', `remote ${before.id}`)
    .find(({ spec: s }) => s['useRemoteGateways'] === true)
  if (given.gateway === 'None' && lender !== undefined) {
    const { words, known } = otherWords(principal, lender, 'virtual-network peering')
    const message = `${words} uses the gateway of this network; end that use first.`
    throw new RefusedError('not-possible', message, { place: 'gateway', ...known })
  }
  const borrower = directory
    .all('virtualNetworkPeering', before.id)
    .find(({ spec: s }) => s['useRemoteGateways'] === true)
  if (given.gateway !== 'None' && borrower !== undefined) {
    const message = `The peering "${borrower.id}" uses the gateway of the other network, and a network has either its own gateway or that of another; end that use first.`
    throw new RefusedError('not-possible', message, {
      place: 'gateway',
      conflictsWith: borrower.id,
    })
  }
}

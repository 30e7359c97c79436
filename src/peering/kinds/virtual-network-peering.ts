/** One side of the peering of two virtual networks; they are connected when both sides are there. */
import { z } from 'zod'
import { mapping, yesOrNo } from '../../fields/readers.ts'
import { formatPrefix } from '../../prefix/text.ts'
import { maySee } from '../access.ts'
import { nameField } from '../fields.ts'
import {
  type Directory,
  type Kind,
  type Outcome,
  type Principal,
  RefusedError,
  type Resource,
  type RuleContext,
} from '../kind.ts'
import { provisioningStates } from './common.ts'
import {
  findOverlap,
  networkOf,
  peeredWith,
  spaceOf,
  type VirtualNetwork,
} from './virtual-network.ts'

export const peeringStates = ['Initiated', 'Connected', 'Disconnected'] as const
export const syncLevels = [
  'FullyInSync',
  'RemoteNotInSync',
  'LocalNotInSync',
  'LocalAndRemoteNotInSync',
] as const

const spec = mapping(
  {
    remoteVirtualNetwork: nameField.describe('Name of the other virtual network.'),
    allowVirtualNetworkAccess: yesOrNo
      .default(true)
      .describe('Whether the two address spaces reach each other.'),
    allowForwardedTraffic: yesOrNo
      .default(false)
      .describe('Whether traffic may come in that does not begin in the other network.'),
    allowGatewayTransit: yesOrNo
      .default(false)
      .describe('Whether the other network may use the gateway or route server of this one.'),
    useRemoteGateways: yesOrNo
      .default(false)
      .describe('Whether this network uses the gateway or route server of the other.'),
  },
  'with remoteVirtualNetwork',
)

const view = z.object({
  remoteVirtualNetwork: z.string(),
  allowVirtualNetworkAccess: z.boolean(),
  allowForwardedTraffic: z.boolean(),
  allowGatewayTransit: z.boolean(),
  useRemoteGateways: z.boolean(),
  peeringState: z.enum(peeringStates),
  peeringSyncLevel: z.enum(syncLevels),
  remoteAddressSpace: z.array(z.string()).describe('As this side knows it since its last sync.'),
  provisioningState: z.enum(provisioningStates),
})

export type VirtualNetworkPeeringView = z.output<typeof view>
export type VirtualNetworkPeeringSpec = z.output<typeof spec>
interface Status {
  /** The remote address space as of creation or the last sync. */
  readonly remoteAddressSpace: readonly string[]
  /** The other side was there and is not any more. */
  readonly disconnected: boolean
  readonly leaving: boolean
}
export type VirtualNetworkPeering = Resource<VirtualNetworkPeeringSpec, Status>

/** @returns the other side of a peering; undefined: there is none */
export function reverseOf(
  directory: Directory,
  { parent, spec: { remoteVirtualNetwork } }: Pick<VirtualNetworkPeering, 'parent' | 'spec'>,
): VirtualNetworkPeering | undefined {
  const all = directory.all('virtualNetworkPeering', remoteVirtualNetwork)
  return (all as readonly Resource[] as unknown as VirtualNetworkPeering[]).find(
    (other) => other.spec.remoteVirtualNetwork === parent && !other.status.leaving,
  )
}

/** Whether a principal may write peerings of a network. */
export function mayPeer(principal: Principal, { owner, spec: s }: VirtualNetwork): boolean {
  if (maySee(principal, owner)) return true
  return principal.owner !== null && s.peeringContributors.includes(principal.owner)
}

/** @throws RefusedError that names the role that is missing */
function demandRemote(id: string, { directory, principal }: RuleContext): VirtualNetwork {
  const remote = networkOf(directory, id)
  const place = 'remoteVirtualNetwork'
  if (remote !== undefined && mayPeer(principal, remote)) return remote
  if (remote === undefined && principal.owner === null) {
    throw new RefusedError('not-possible', `There is no virtual network "${id}".`, { place })
  }
  // Whether it is there at all is not told.
  const message = `The role on the remote side is missing: there is no virtual network "${id}" of which ${principal.owner} may write peerings; its owner grants that by adding "${principal.owner}" to its peeringContributors.`
  throw new RefusedError('forbidden', message, { place })
}

function demandPair(local: VirtualNetwork, remote: VirtualNetwork, context: RuleContext): void {
  const { directory } = context
  const place = 'remoteVirtualNetwork'
  if (local.id === remote.id) {
    throw new RefusedError('invalid', 'A network cannot be peered with itself.', { place })
  }
  if (local.spec.cloud !== remote.spec.cloud) {
    const message = `"${local.id}" is in ${local.spec.cloud} and "${remote.id}" in ${remote.spec.cloud}; only networks of one cloud can be peered.`
    throw new RefusedError('not-possible', message, { place })
  }
  demandApart(local, remote, directory)
}

/** The two spaces, and those of the networks that each is peered with, do not meet. @throws RefusedError */
function demandApart(local: VirtualNetwork, remote: VirtualNetwork, directory: Directory): void {
  const place = 'remoteVirtualNetwork'
  const reason = 'overlapping-prefix'
  const direct = findOverlap(directory, spaceOf(local), new Set([remote.id]))
  if (direct !== null) {
    const message = `${formatPrefix(direct.own)} of "${local.id}" overlaps ${formatPrefix(direct.other)} of "${remote.id}"; address spaces of peered networks must not overlap.`
    throw new RefusedError('conflict', message, { place, reason, conflictsWith: remote.id })
  }
  for (const [one, other] of [
    [local, remote],
    [remote, local],
  ] as const) {
    const others = peeredWith(directory, one.id).filter(({ id }) => id !== other.id)
    const found = findOverlap(directory, spaceOf(other), new Set(others.map(({ id }) => id)))
    if (found === null) continue
    const message = `${formatPrefix(found.own)} of "${other.id}" overlaps ${formatPrefix(found.other)} of "${found.network.id}", which is peered with "${one.id}" already; one network reaches a prefix in one place.`
    throw new RefusedError('conflict', message, { place, reason, conflictsWith: found.network.id })
  }
}

/** The rules of the four flags. @throws RefusedError */
function demandFlags(
  peering: Pick<VirtualNetworkPeering, 'id' | 'parent' | 'spec'>,
  local: VirtualNetwork,
  remote: VirtualNetwork,
  { directory }: RuleContext,
): void {
  const { useRemoteGateways, allowGatewayTransit } = peering.spec
  const refuse = (place: string, message: string, conflictsWith?: string): never => {
    throw new RefusedError('not-possible', message, {
      place,
      ...(conflictsWith && { conflictsWith }),
    })
  }
  const reverse = reverseOf(directory, peering)
  if (!useRemoteGateways) {
    if (!allowGatewayTransit && reverse?.spec.useRemoteGateways) {
      const message = `"${remote.id}" uses the gateway of "${local.id}" over this peering; end that use (useRemoteGateways of "${reverse.id}") first.`
      refuse('allowGatewayTransit', message, reverse.id)
    }
    return
  }
  const place = 'useRemoteGateways'
  if (allowGatewayTransit) {
    refuse(
      place,
      'A peering either lends its gateway (allowGatewayTransit) or uses that of the other side (useRemoteGateways); choose one.',
    )
  }
  if (local.spec.gateway !== 'None') {
    refuse(
      place,
      `"${local.id}" has a gateway of its own (${local.spec.gateway}), so it cannot use that of "${remote.id}".`,
    )
  }
  if (remote.spec.gateway === 'None') {
    refuse(place, `"${remote.id}" has no gateway or route server that could be used.`, remote.id)
  }
  if (reverse?.spec.allowGatewayTransit !== true) {
    refuse(
      place,
      `"${remote.id}" does not allow gateway transit to "${local.id}"; create its side of the peering with allowGatewayTransit first.`,
      remote.id,
    )
  }
  const other = directory
    .all('virtualNetworkPeering', local.id)
    .find(({ id, spec: s }) => id !== peering.id && s['useRemoteGateways'] === true)
  if (other !== undefined) {
    refuse(
      place,
      `The peering "${other.id}" uses remote gateways already, and only one peering of a network can.`,
      other.id,
    )
  }
}

function localOf(parent: string | null, directory: Directory): VirtualNetwork {
  const local = networkOf(directory, parent ?? '')
  if (local !== undefined) return local
  throw new RefusedError('not-found', `There is no virtual network "${parent}".`)
}

/** How current each side's copy of the other's address space is. */
function syncLevel(
  peering: VirtualNetworkPeering,
  directory: Directory,
): (typeof syncLevels)[number] {
  const { parent, spec: s, status } = peering
  const same = (kept: readonly string[], network: VirtualNetwork | undefined) =>
    [...kept].sort().join() === [...(network?.spec.addressSpace ?? kept)].sort().join()
  const remote = same(status.remoteAddressSpace, networkOf(directory, s.remoteVirtualNetwork))
  const reverse = reverseOf(directory, peering)
  const local =
    reverse === undefined ||
    same(reverse.status.remoteAddressSpace, networkOf(directory, parent ?? ''))
  if (remote) return local ? 'FullyInSync' : 'LocalNotInSync'
  return local ? 'RemoteNotInSync' : 'LocalAndRemoteNotInSync'
}

function remove(
  peering: VirtualNetworkPeering,
  { directory, principal }: RuleContext,
): Outcome<VirtualNetworkPeeringSpec, Status> {
  const reverse = reverseOf(directory, peering)
  const remote = networkOf(directory, peering.spec.remoteVirtualNetwork)
  const both = remote !== undefined && mayPeer(principal, remote)
  const change = both ? null : { status: { disconnected: true } }
  return {
    spec: peering.spec,
    status: { ...peering.status, leaving: true },
    ...(reverse !== undefined && {
      consequences: [{ kind: 'virtualNetworkPeering', id: reverse.id, change }],
    }),
  }
}

export const virtualNetworkPeeringKind: Kind<VirtualNetworkPeeringSpec, Status> = {
  name: 'virtualNetworkPeering',
  title: 'virtual-network peering',
  command: 'vnet-peering',
  segment: 'virtualNetworkPeerings',
  parent: 'virtualNetwork',
  spec,
  view,
  fixed: {
    remoteVirtualNetwork:
      'The remote network of a peering cannot change; delete it and create another.',
  },
  writers: ['customer', 'provider'],
  unseen(id, { owner }) {
    const [local, name] = id.split('/')
    const message = `The role on the own side is missing: ${owner} has no virtual network "${local}"${name === undefined ? '' : ` with a peering "${name}"`}; a token of the owner of "${local}" writes this side.`
    return new RefusedError('forbidden', message)
  },
  columns: [
    { title: 'Remote', value: ({ remoteVirtualNetwork }) => String(remoteVirtualNetwork) },
    { title: 'State', value: ({ peeringState }) => String(peeringState) },
    { title: 'Sync', value: ({ peeringSyncLevel }) => String(peeringSyncLevel) },
    { title: 'Transit', value: ({ allowGatewayTransit }) => (allowGatewayTransit ? 'lends' : '') },
    { title: 'Gateway', value: ({ useRemoteGateways }) => (useRemoteGateways ? 'remote' : '') },
  ],
  example: {
    name: 'to-spoke',
    parent: 'hub',
    spec: { remoteVirtualNetwork: 'spoke', allowGatewayTransit: true },
  },
  operations: {
    sync: {
      summary: 'Takes over the address space that the remote network has now.',
      roles: ['operator', 'customer', 'provider'],
      run(peering, _body, context) {
        const remote = demandRemote(peering.spec.remoteVirtualNetwork, context)
        demandPair(localOf(peering.parent, context.directory), remote, context)
        const remoteAddressSpace = remote.spec.addressSpace
        return { spec: peering.spec, status: { ...peering.status, remoteAddressSpace } }
      },
    },
  },
  create(draft, context) {
    const { directory } = context
    const local = localOf(draft.parent, directory)
    const remote = demandRemote(draft.spec.remoteVirtualNetwork, context)
    const same = directory
      .all('virtualNetworkPeering', local.id)
      .find(({ id, spec: s }) => id !== draft.id && s['remoteVirtualNetwork'] === remote.id)
    if (same !== undefined) {
      const message = `"${local.id}" is peered with "${remote.id}" already, by "${same.id}".`
      throw new RefusedError('conflict', message, {
        place: 'remoteVirtualNetwork',
        conflictsWith: same.id,
      })
    }
    demandPair(local, remote, context)
    demandFlags(draft, local, remote, context)
    const remoteAddressSpace = remote.spec.addressSpace
    const reverse = reverseOf(directory, draft)
    return {
      spec: draft.spec,
      status: { remoteAddressSpace, disconnected: false, leaving: false },
      ...(reverse?.status.disconnected && {
        consequences: [
          {
            kind: 'virtualNetworkPeering',
            id: reverse.id,
            change: { status: { disconnected: false } },
          },
        ],
      }),
    }
  },
  update(before, given, context) {
    const local = localOf(before.parent, context.directory)
    const remote = demandRemote(given.remoteVirtualNetwork, context)
    demandFlags({ ...before, spec: given }, local, remote, context)
    return { spec: given, status: before.status }
  },
  remove,
  show(peering, { directory }) {
    const { disconnected, remoteAddressSpace, leaving } = peering.status
    const reverse = reverseOf(directory, peering)
    const alone = disconnected ? 'Disconnected' : 'Initiated'
    return {
      ...peering.spec,
      peeringState: reverse === undefined || disconnected ? alone : 'Connected',
      peeringSyncLevel: syncLevel(peering, directory),
      remoteAddressSpace: [...remoteAddressSpace],
      provisioningState: leaving ? 'Deleting' : 'Succeeded',
    }
  },
  index: ({ spec: { remoteVirtualNetwork } }) => ({ keys: [`remote ${remoteVirtualNetwork}`] }),
  advance: ({ status }) => (status.leaving ? 'gone' : null),
}

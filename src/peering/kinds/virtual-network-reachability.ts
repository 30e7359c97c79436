/** The question whether one virtual network reaches another, as those may know who ask. */
import { z } from 'zod'
import { mapping } from '../../fields/readers.ts'
import { maySee } from '../access.ts'
import { nameField } from '../fields.ts'
import { type AskContext, type Directory, type Question, RefusedError } from '../kind.ts'
import {
  findReachability,
  type PeeringFacts,
  type Reachability,
  reachedHow,
  type Topology,
} from '../reachability.ts'
import { networkOf, type VirtualNetworkSpec } from './virtual-network.ts'
import { mayPeer, type VirtualNetworkPeering } from './virtual-network-peering.ts'

/** How a network that is not for the eyes of who asks stands in a path. */
const HIDDEN = "(somebody else's)"

const query = mapping({ to: nameField.describe('Name of the other virtual network.') }, 'with to')

const answer = z.object({
  from: z.string(),
  to: z.string(),
  reachable: z.boolean(),
  how: z
    .enum(reachedHow)
    .nullable()
    .describe('By a peering of their own, a VPN gateway that both use, or appliances that forward'),
  path: z.array(z.string()).describe('Networks on the way, both ends included'),
  prefixes: z.array(z.string()).describe('Prefixes of the other network that are reached'),
  notInSync: z.array(z.string()).describe('Prefixes of it that wait for a sync of the peering'),
  message: z.string().describe('One sentence'),
  obstacles: z.array(z.string()).describe('Why not, the most direct way first'),
})

export type ReachabilityView = z.output<typeof answer>

/** The registry's networks and peerings, looked up as the search comes by. */
function topologyOf(directory: Directory): Topology {
  const sides = new Map<string, readonly PeeringFacts[]>()
  return {
    network(id) {
      const found = networkOf(directory, id)
      return found && { id, ...found.spec }
    },
    peeringsFrom(id) {
      const known = sides.get(id)
      if (known !== undefined) return known
      const all = directory.all('virtualNetworkPeering', id)
      const facts = (all as readonly unknown[] as readonly VirtualNetworkPeering[]).map(
        ({ id: name, spec, status }) => ({
          ...spec,
          id: name,
          from: id,
          to: spec.remoteVirtualNetwork,
          broken: status.disconnected || status.leaving,
          remoteAddressSpace: status.remoteAddressSpace,
        }),
      )
      sides.set(id, facts)
      return facts
    },
  }
}

/** Whether who asks knows of a network: its own, one that it may peer with, or one that it is peered with. */
function knows({ directory, principal }: AskContext, id: string): boolean {
  const network = networkOf(directory, id)
  if (network === undefined) return false
  if (mayPeer(principal, network)) return true
  return directory
    .having('virtualNetworkPeering', `remote ${id}`)
    .some(({ owner }) => maySee(principal, owner))
}

/** @returns for instance `"hub" and then "core"` */
function named(path: readonly string[]): string {
  return path.map((id) => (id === HIDDEN ? "somebody else's network" : `"${id}"`)).join(', then ')
}

function sentence(from: string, to: string, found: Reachability, path: readonly string[]): string {
  const hubs = named(path.slice(1, -1))
  const waits =
    found.notInSync.length === 0
      ? ''
      : `, but not ${found.notInSync.join(', ')}, which waits for a sync`
  switch (found.how) {
    case 'itself':
      return `"${from}" is that network itself.`
    case 'peering':
      return `"${from}" reaches "${to}" directly, by the peering between them${waits}.`
    case 'gateway':
      return `"${from}" reaches "${to}" through the VpnGateway in ${hubs}, which both use${waits}.`
    case 'appliance':
      return `"${from}" reaches "${to}" through the appliance in ${hubs}${waits}.`
    default:
      return `"${from}" does not reach "${to}".`
  }
}

export const reachability: Question<VirtualNetworkSpec> = {
  summary: 'Whether the network reaches another, through what, and if not, why not.',
  query,
  answer,
  example: { to: 'spoke' },
  isYes: ({ reachable }) => reachable === true,
  ask({ id: from }, asked, context) {
    const { to } = asked as z.output<typeof query>
    if (!knows(context, to)) {
      const message = `There is no virtual network "${to}"; list them to see their names.`
      throw new RefusedError('not-found', message, { place: 'to' })
    }
    const found = findReachability(topologyOf(context.directory), from, to)
    const path = found.path.map((id) => (knows(context, id) ? id : HIDDEN))
    return {
      from,
      to,
      reachable: found.how !== null,
      how: found.how,
      path,
      prefixes: [...found.prefixes],
      notInSync: [...found.notInSync],
      message: sentence(from, to, found, path),
      obstacles: found.obstacles
        .filter(({ networks }) => networks.every((id) => knows(context, id)))
        .map(({ message }) => message),
    }
  },
}

/** Links of a circuit to virtual networks, which private peering then reaches. */
import { z } from 'zod'
import { mapping, printable } from '../../fields/readers.ts'
import { demandClearOnCircuit, linkKey } from '../circuit-links.ts'
import { peeringsOf } from '../circuit-rules.ts'
import { runningSessions } from '../circuit-sessions.ts'
import { nameField } from '../fields.ts'
import {
  type Directory,
  type Kind,
  RefusedError,
  type Resource,
  type RuleContext,
} from '../kind.ts'
import { circuitOf, linkLimit } from './circuit.ts'
import type { CircuitPeering } from './circuit-peering-spec.ts'
import { provisioningState, provisioningStates } from './common.ts'
import { networkOf, spaceOf, type VirtualNetwork } from './virtual-network.ts'
import { mayPeer } from './virtual-network-peering.ts'

/** Azure's circuitConnectionStatus. */
export const connectionStatuses = ['Connected', 'Connecting', 'Disconnected'] as const

const spec = mapping(
  {
    virtualNetwork: nameField.describe('The virtual network; it has an ExpressRouteGateway.'),
    description: printable(0, 255).default('').describe('For people.'),
  },
  'with virtualNetwork',
)

const view = z.object({
  virtualNetwork: z.string(),
  description: z.string(),
  circuitConnectionStatus: z
    .enum(connectionStatuses)
    .describe('Connected: a session of private peering is Established.'),
  addressSpace: z.array(z.string()).describe('Of the virtual network.'),
  provisioningState: z.enum(provisioningStates),
})

export type CircuitLinkView = z.output<typeof view>
type Spec = z.output<typeof spec>
type Status = Record<string, never>
export type CircuitLink = Resource<Spec, Status>

const place = 'virtualNetwork'

/** @throws RefusedError that names the role that is missing */
function demandNetwork(id: string, { directory, principal }: RuleContext): VirtualNetwork {
  const network = networkOf(directory, id)
  if (network !== undefined && mayPeer(principal, network)) return network
  if (network === undefined && principal.owner === null) {
    throw new RefusedError('not-possible', `There is no virtual network "${id}".`, { place })
  }
  // Whether it is there at all is not told.
  const message = `There is no virtual network "${id}" that ${principal.owner} may link; its owner grants that by adding "${principal.owner}" to its peeringContributors.`
  throw new RefusedError('forbidden', message, { place })
}

/** @throws RefusedError when the circuit has no private peering, which links go over */
function demandPrivatePeering(circuit: string, directory: Directory): void {
  if (privatePeeringOf(circuit, directory) !== undefined) return
  const message = `The circuit "${circuit}" has no AzurePrivatePeering, which reaches virtual networks; configure that first.`
  throw new RefusedError('not-possible', message, { conflictsWith: circuit })
}

function privatePeeringOf(
  circuit: string | null,
  directory: Directory,
): CircuitPeering | undefined {
  return peeringsOf(directory, circuit).find(
    ({ spec: s }) => s.peeringType === 'AzurePrivatePeering',
  )
}

function demandRoom(circuit: string, directory: Directory): void {
  const found = circuitOf(directory, circuit)
  const limit = found === undefined ? 0 : linkLimit(found.spec)
  if (directory.count('circuitLink', circuit) < limit) return
  const message = `The circuit "${circuit}" is linked to ${limit} virtual networks, as many as its tier and bandwidth allow; Premium or more bandwidth allows more.`
  throw new RefusedError('not-possible', message)
}

function statusOf(
  { parent }: CircuitLink,
  directory: Directory,
  stateOf: (session: string) => string | undefined,
): (typeof connectionStatuses)[number] {
  const peering = privatePeeringOf(parent, directory)
  const sessions = peering === undefined ? [] : runningSessions(peering, directory)
  if (sessions.length === 0) return 'Disconnected'
  return sessions.some(({ name }) => stateOf(name) === 'Established') ? 'Connected' : 'Connecting'
}

export const circuitLinkKind: Kind<Spec, Status> = {
  name: 'circuitLink',
  title: 'circuit link',
  command: 'circuit-link',
  segment: 'circuitLinks',
  parent: 'circuit',
  spec,
  view,
  fixed: { virtualNetwork: 'A link joins one network; delete it and create another.' },
  writers: ['customer', 'provider'],
  columns: [
    { title: 'Network', value: ({ virtualNetwork }) => String(virtualNetwork) },
    { title: 'Status', value: (shown) => String(shown['circuitConnectionStatus']) },
    { title: 'Address space', value: ({ addressSpace }) => (addressSpace as string[]).join(' ') },
  ],
  example: { name: 'to-hub', parent: 'er-ams', spec: { virtualNetwork: 'hub' } },
  operations: {},
  create({ id, parent, spec: given }, context) {
    const { directory } = context
    const circuit = parent ?? ''
    demandPrivatePeering(circuit, directory)
    const network = demandNetwork(given.virtualNetwork, context)
    const same = directory
      .all('circuitLink', circuit)
      .find((each) => each.id !== id && each.spec['virtualNetwork'] === network.id)
    if (same !== undefined) {
      const message = `The circuit is linked to "${network.id}" already, by "${same.id}".`
      throw new RefusedError('conflict', message, { place, conflictsWith: same.id })
    }
    if (network.spec.gateway !== 'ExpressRouteGateway') {
      const message = `"${network.id}" has the gateway ${network.spec.gateway}; a network that a circuit reaches has an ExpressRouteGateway.`
      throw new RefusedError('not-possible', message, { place, conflictsWith: network.id })
    }
    demandRoom(circuit, directory)
    const space = spaceOf(network)
    demandClearOnCircuit({ id: network.id, space }, circuit, place, context)
    return { spec: given, status: {} }
  },
  update: ({ status }, given) => ({ spec: given, status }),
  remove: () => null,
  show: (link, { directory, live }) => ({
    ...link.spec,
    circuitConnectionStatus: statusOf(
      link,
      directory,
      (session) => live.session(session)?.stateName,
    ),
    addressSpace: networkOf(directory, link.spec.virtualNetwork)?.spec.addressSpace.slice() ?? [],
    provisioningState: provisioningState(link.deleting),
  }),
  index: ({ spec: { virtualNetwork } }) => ({ keys: [linkKey(virtualNetwork)] }),
}

/** Circuits: links to a customer through a provider, on which private and Microsoft peering are configured. */
import { z } from 'zod'
import { mapping, oneOf, printable } from '../../fields/readers.ts'
import { ownerField } from '../fields.ts'
import {
  type Directory,
  type Kind,
  type Operation,
  RefusedError,
  type Resource,
  type Role,
} from '../kind.ts'
import { provisioningState, provisioningStates } from './common.ts'

export const skuTiers = ['Standard', 'Premium', 'Local'] as const
export const skuFamilies = ['MeteredData', 'UnlimitedData'] as const
export const circuitProvisioningStates = ['Enabled', 'Disabled'] as const
export const providerStates = [
  'NotProvisioned',
  'Provisioning',
  'Provisioned',
  'Deprovisioning',
] as const

/** Bandwidths in which circuits are sold, Mbit/s. */
const bandwidths = [50, 100, 200, 500, 1000, 2000, 5000, 10_000] as const
const bandwidthExpected = `one of ${bandwidths.join(', ')} (Mbit/s)`

const spec = mapping(
  {
    owner: ownerField,
    serviceProviderName: printable(1, 128).describe('Who provides the circuit.'),
    peeringLocation: printable(1, 128).describe('Where it ends, such as Amsterdam.'),
    bandwidthInMbps: z
      .int(bandwidthExpected)
      .refine((given) => (bandwidths as readonly number[]).includes(given), {
        error: bandwidthExpected,
        params: { expected: true },
      })
      .describe(`Bandwidth, Mbit/s: ${bandwidths.join(', ')}. It can grow, and never shrinks.`),
    skuTier: oneOf(skuTiers)
      .default('Standard')
      .describe('Premium: more prefixes on private peering, and more networks linked.'),
    skuFamily: oneOf(skuFamilies)
      .default('MeteredData')
      .describe('How traffic is billed; UnlimitedData cannot go back to MeteredData.'),
    description: printable(0, 255).default('').describe('For people.'),
  },
  'with serviceProviderName, peeringLocation and bandwidthInMbps',
)

const view = z.object({
  serviceProviderName: z.string(),
  peeringLocation: z.string(),
  bandwidthInMbps: z.number(),
  skuTier: z.enum(skuTiers),
  skuFamily: z.enum(skuFamilies),
  description: z.string(),
  serviceKey: z.string().optional(),
  circuitProvisioningState: z.enum(circuitProvisioningStates),
  serviceProviderProvisioningState: z.enum(providerStates),
  peeringCount: z.number(),
  linkCount: z.number(),
  provisioningState: z.enum(provisioningStates),
})

export type CircuitView = z.output<typeof view>
export type CircuitSpec = z.output<typeof spec>
interface Status {
  readonly serviceKey: string
  readonly circuitProvisioningState: (typeof circuitProvisioningStates)[number]
  readonly serviceProviderProvisioningState: (typeof providerStates)[number]
}
export type Circuit = Resource<CircuitSpec, Status>

/** @returns the circuit of an id; undefined: there is none */
export function circuitOf(directory: Directory, id: string | null): Circuit | undefined {
  return id === null ? undefined : (directory.find('circuit', id) as unknown as Circuit | undefined)
}

/** Whether peerings can be configured on a circuit, and their sessions run. */
export function isUsable({ status }: Circuit): boolean {
  return (
    status.circuitProvisioningState === 'Enabled' &&
    status.serviceProviderProvisioningState === 'Provisioned'
  )
}

/** A Local circuit is sold without a meter. @throws RefusedError */
function demandFamily({ skuTier, skuFamily }: CircuitSpec): void {
  if (skuTier !== 'Local' || skuFamily === 'UnlimitedData') return
  const message = 'A circuit of the tier Local has UnlimitedData; set skuFamily to that.'
  throw new RefusedError('invalid', message, { place: 'skuFamily' })
}

function demandChange(before: Circuit, given: CircuitSpec): void {
  const refuse = (place: string, message: string): never => {
    throw new RefusedError('not-possible', message, { place })
  }
  const { bandwidthInMbps, skuFamily, skuTier } = before.spec
  if (given.bandwidthInMbps < bandwidthInMbps) {
    refuse(
      'bandwidthInMbps',
      `The bandwidth of a circuit cannot shrink from ${bandwidthInMbps} to ${given.bandwidthInMbps} Mbit/s; delete it and create another.`,
    )
  }
  if (skuFamily === 'UnlimitedData' && given.skuFamily === 'MeteredData') {
    refuse(
      'skuFamily',
      'A circuit with UnlimitedData cannot go back to MeteredData; delete it and create another.',
    )
  }
  if (given.skuTier === 'Local' && skuTier !== 'Local') {
    refuse(
      'skuTier',
      `A circuit cannot change from ${skuTier} to Local; delete it and create another.`,
    )
  }
}

/** Networks that circuits of more than the standard tier may be linked to, by bandwidth in Mbit/s. */
const premiumLinks = new Map<number, number>([
  [50, 20],
  [100, 25],
  [200, 25],
  [500, 40],
  [1000, 50],
  [2000, 60],
  [5000, 75],
  [10_000, 100],
])

/** @returns how many virtual networks a circuit may be linked to */
export function linkLimit({ skuTier, bandwidthInMbps }: CircuitSpec): number {
  return skuTier === 'Premium' ? (premiumLinks.get(bandwidthInMbps) ?? 10) : 10
}

/** @throws RefusedError when more networks are linked than the changed circuit may have */
function demandLinks(id: string, given: CircuitSpec, directory: Directory): void {
  const count = directory.count('circuitLink', id)
  const limit = linkLimit(given)
  if (count <= limit) return
  const message = `The circuit "${id}" is linked to ${count} virtual networks, and so could be to ${limit} at most; delete some of its links first.`
  throw new RefusedError('not-possible', message, { place: 'skuTier' })
}

function operation(
  summary: string,
  roles: readonly Role[],
  change: (circuit: Circuit, directory: Directory) => Partial<Status>,
): Operation<CircuitSpec, Status> {
  return {
    summary,
    roles,
    run: (circuit, _body, { directory }) => ({
      spec: circuit.spec,
      status: { ...circuit.status, ...change(circuit, directory) },
    }),
  }
}

/** @throws RefusedError when a peering is configured on the circuit */
function demandNoPeering({ id }: Circuit, directory: Directory): void {
  const [peering] = directory.all('circuitPeering', id)
  if (peering === undefined) return
  const message = `The peering "${peering.id}" is configured on the circuit; delete it first.`
  throw new RefusedError('not-possible', message, { conflictsWith: peering.id })
}

export const circuitKind: Kind<CircuitSpec, Status> = {
  name: 'circuit',
  title: 'circuit',
  command: 'circuit',
  segment: 'circuits',
  parent: null,
  spec,
  view,
  secret: ['serviceKey'],
  fixed: {
    serviceProviderName: 'The provider of a circuit cannot change; create another circuit.',
    peeringLocation: 'A circuit ends where it ends; create another circuit.',
  },
  writers: ['customer', 'provider'],
  columns: [
    { title: 'Provider', value: (shown) => String(shown['serviceProviderName']) },
    { title: 'Location', value: ({ peeringLocation }) => String(peeringLocation) },
    { title: 'Mbit/s', value: ({ bandwidthInMbps }) => String(bandwidthInMbps) },
    { title: 'Tier', value: ({ skuTier }) => String(skuTier) },
    { title: 'Circuit', value: (shown) => String(shown['circuitProvisioningState']) },
    { title: 'At the provider', value: (s) => String(s['serviceProviderProvisioningState']) },
    { title: 'Peerings', value: ({ peeringCount }) => String(peeringCount) },
  ],
  example: {
    name: 'er-ams',
    spec: { serviceProviderName: 'Fabrikam', peeringLocation: 'Amsterdam', bandwidthInMbps: 1000 },
  },
  operations: {
    provision: operation(
      'Says that the provider has provisioned it: peerings can be configured.',
      ['operator'],
      () => ({ serviceProviderProvisioningState: 'Provisioned' }),
    ),
    deprovision: operation(
      'Says that the provider has taken it down; it needs to be without peerings.',
      ['operator'],
      (circuit, directory) => {
        demandNoPeering(circuit, directory)
        return { serviceProviderProvisioningState: 'NotProvisioned' }
      },
    ),
    enable: operation('Lets its peerings run.', ['operator'], () => ({
      circuitProvisioningState: 'Enabled',
    })),
    disable: operation(
      'Ends the sessions of its peerings until it is enabled.',
      ['operator'],
      () => ({
        circuitProvisioningState: 'Disabled',
      }),
    ),
  },
  create({ spec: given }, { newKey, declared }) {
    demandFamily(given)
    return {
      spec: given,
      status: {
        serviceKey: newKey(),
        circuitProvisioningState: 'Enabled',
        serviceProviderProvisioningState: declared ? 'Provisioned' : 'NotProvisioned',
      },
    }
  },
  update(before, given, { directory }) {
    demandFamily(given)
    demandChange(before, given)
    demandLinks(before.id, given, directory)
    return { spec: given, status: before.status }
  },
  remove({ id, status }, { declared }) {
    if (declared || status.serviceProviderProvisioningState === 'NotProvisioned') return null
    const message = `The circuit "${id}" is ${status.serviceProviderProvisioningState} at its provider; have it deprovisioned there first.`
    throw new RefusedError('not-possible', message)
  },
  show(circuit, { directory, secrets }) {
    const { owner: _, ...shown } = circuit.spec
    const { serviceKey, ...states } = circuit.status
    return {
      ...shown,
      ...(secrets && { serviceKey }),
      ...states,
      peeringCount: directory.count('circuitPeering', circuit.id),
      linkCount: directory.count('circuitLink', circuit.id),
      provisioningState: provisioningState(circuit.deleting),
    }
  },
}

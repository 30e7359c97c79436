/** Peerings: an agreement with one AS at one location; its connections stand under it. */
import { z } from 'zod'
import { mapping, nameExpected, oneOf, printable } from '../../fields/readers.ts'
import { maySee } from '../access.ts'
import { nameField, ownerField } from '../fields.ts'
import { type Kind, RefusedError, type Resource, type RuleContext } from '../kind.ts'
import { provisioningState, provisioningStates } from './common.ts'

export const peeringKinds = ['Direct', 'Exchange'] as const
export const directPeeringTypes = [
  'Edge',
  'Transit',
  'Cdn',
  'Internal',
  'Ix',
  'IxRs',
  'Voice',
  'EdgeZoneForOperators',
  'PeerProp',
] as const
export const skus = [
  'Basic_Direct_Free',
  'Basic_Exchange_Free',
  'Premium_Direct_Free',
  'Premium_Direct_Metered',
  'Premium_Direct_Unlimited',
  'Premium_Exchange_Metered',
] as const

/** Types that come with one SKU alone. */
const typeSkus: Readonly<Record<string, (typeof skus)[number]>> = {
  IxRs: 'Premium_Direct_Free',
  Voice: 'Premium_Direct_Free',
}

const spec = mapping(
  {
    owner: ownerField,
    kind: oneOf(peeringKinds).describe('Direct: a link of its own. Exchange: over an exchange.'),
    directPeeringType: z
      .exactOptional(oneOf(directPeeringTypes))
      .describe('Of a Direct peering; Edge if absent. IxRs: an exchange with route server.'),
    sku: z
      .exactOptional(oneOf(skus))
      .describe('Basic and Free of its kind if absent; Premium where Peering Service is used.'),
    peeringLocation: printable(1, 80).describe('The metro, such as Amsterdam.'),
    peerAsn: nameField.describe(`Name of an Approved peer ASN, ${nameExpected}.`),
    description: printable(0, 255).default('').describe('For people.'),
  },
  'with kind, peeringLocation and peerAsn',
)

const view = z.object({
  kind: z.enum(peeringKinds),
  directPeeringType: z.enum(directPeeringTypes).optional(),
  sku: z.enum(skus),
  skuTier: z.string(),
  peeringLocation: z.string(),
  peerAsn: z.string(),
  asn: z.number().nullable(),
  description: z.string(),
  connectionCount: z.number(),
  activeConnections: z.number(),
  provisioningState: z.enum(provisioningStates),
})

type Spec = z.output<typeof spec>
export type PeeringSpec = Spec
/** A peering as it is shown. */
export type PeeringView = z.output<typeof view>
type Status = Record<string, never>

/** Whether a peering is one with the route server of an exchange. */
export function isRouteServer(spec: Pick<Spec, 'directPeeringType'>): boolean {
  return spec.directPeeringType === 'IxRs'
}

/** Fills in what depends on other keys, and judges them together. @throws RefusedError */
function complete(given: Spec): Spec {
  const { kind } = given
  const type = given.directPeeringType ?? 'Edge'
  if (kind === 'Exchange' && given.directPeeringType !== undefined) {
    const message = 'An Exchange peering has no directPeeringType; leave the key out.'
    throw new RefusedError('invalid', message, { place: 'directPeeringType' })
  }
  const wanted = kind === 'Direct' ? typeSkus[type] : undefined
  const sku = given.sku ?? wanted ?? `Basic_${kind}_Free`
  if (wanted !== undefined && sku !== wanted) {
    const message = `A peering of type ${type} has the SKU ${wanted}; leave the key out.`
    throw new RefusedError('invalid', message, { place: 'sku' })
  }
  if (!sku.includes(`_${kind}_`)) {
    const fitting = skus.filter((each) => each.includes(`_${kind}_`)).join(', ')
    const message = `The SKU ${sku} is not for ${kind} peerings, expected one of ${fitting}.`
    throw new RefusedError('invalid', message, { place: 'sku' })
  }
  return { ...given, sku, ...(kind === 'Direct' && { directPeeringType: type }) }
}

/** @throws RefusedError when the peer ASN cannot be chosen */
function demandApproved(name: string, owner: string | null, context: RuleContext): void {
  const found = context.directory.find('peerAsn', name)
  const place = 'peerAsn'
  const theirs = found !== undefined && found.owner === owner
  if (found === undefined || (!theirs && !maySee(context.principal, found.owner))) {
    const message = `There is no peer ASN "${name}"; create it and have it approved first.`
    throw new RefusedError('not-possible', message, { place, reason: 'asn-not-approved' })
  }
  if (!theirs) {
    const message = `The peer ASN "${name}" belongs to another owner than the peering; choose one of the same owner.`
    throw new RefusedError('not-possible', message, { place, conflictsWith: name })
  }
  const state = String(found.status['validationState'])
  if (state === 'Approved' && !found.deleting) return
  const message = `The peer ASN "${name}" is ${found.deleting ? 'being deleted' : state}, and only an Approved one can be chosen; have an operator approve it.`
  const reason = 'asn-not-approved'
  throw new RefusedError('not-possible', message, { place, conflictsWith: name, reason })
}

function connectionsIn(directory: RuleContext['directory'], id: string): readonly Resource[] {
  return directory.all('connection', id)
}

export const peeringKind: Kind<Spec, Status> = {
  name: 'peering',
  title: 'peering',
  command: 'peering',
  segment: 'peerings',
  parent: null,
  spec,
  view,
  fixed: {
    kind: 'The kind of a peering cannot change, because its connections are made for it; create another peering.',
    directPeeringType:
      'The type of a peering cannot change, because its sessions are made for it; create another peering.',
    peeringLocation:
      'The location of a peering cannot change, because its connections are there; create another peering.',
    peerAsn:
      'The peer ASN of a peering cannot change, because its sessions are with that AS; create another peering.',
  },
  writers: ['provider'],
  columns: [
    { title: 'Kind', value: ({ kind }) => String(kind) },
    { title: 'Type', value: ({ directPeeringType }) => String(directPeeringType ?? '') },
    { title: 'SKU', value: ({ sku }) => String(sku) },
    { title: 'Location', value: ({ peeringLocation }) => String(peeringLocation) },
    { title: 'ASN', value: ({ asn }) => String(asn) },
    {
      title: 'Active',
      value: ({ activeConnections, connectionCount }) => `${activeConnections}/${connectionCount}`,
    },
  ],
  example: {
    name: 'contoso-ams',
    spec: {
      kind: 'Direct',
      directPeeringType: 'Edge',
      sku: 'Premium_Direct_Free',
      peeringLocation: 'Amsterdam',
      peerAsn: 'contoso',
    },
  },
  operations: {},
  create({ spec, owner }, context) {
    demandApproved(spec.peerAsn, owner, context)
    return { spec: complete(spec), status: {} }
  },
  update(before, given, context) {
    const spec = complete(given)
    if (!spec.sku?.startsWith('Premium')) {
      const user = connectionsIn(context.directory, before.id).find(
        (each) => each.spec['useForPeeringService'] === true,
      )
      if (user !== undefined) {
        const message = `The connection "${user.id}" is used for Peering Service, which needs a Premium SKU; end that use first.`
        throw new RefusedError('not-possible', message, { place: 'sku', conflictsWith: user.id })
      }
    }
    return { spec, status: before.status }
  },
  remove: () => null,
  index: ({ spec }) => ({ keys: [`peerAsn ${spec.peerAsn}`] }),
  show({ id, spec: { owner: _, ...shown }, deleting }, { directory }) {
    const connections = connectionsIn(directory, id)
    const asn = directory.find('peerAsn', shown.peerAsn)?.spec['peerAsn'] ?? null
    const active = connections.filter(({ status }) => status['connectionState'] === 'Active')
    return {
      ...shown,
      skuTier: String(shown.sku).split('_')[0] ?? '',
      asn,
      connectionCount: connections.length,
      activeConnections: active.length,
      provisioningState: provisioningState(deleting),
    }
  },
}

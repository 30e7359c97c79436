/** Registered ASNs: customers behind the route server of an exchange, each with a key for all its prefixes. */
import { z } from 'zod'
import { asn, mapping } from '../../fields/readers.ts'
import { otherWords } from '../access.ts'
import { hasActive, peeringOf } from '../connection-sessions.ts'
import { type Kind, RefusedError, type Resource, type RuleContext } from '../kind.ts'
import { demandSameKey, keptKey, provisioningState, provisioningStates, withKey } from './common.ts'

/** Registered ASNs of one peering. */
export const MAX_ASNS_OF_PEERING = 10_000

const spec = mapping(
  { asn: asn.describe("The customer's AS number."), peeringServicePrefixKey: keptKey },
  'with asn',
)

const view = z.object({
  asn: z.number(),
  peeringServicePrefixKey: z.string().optional(),
  provisioningState: z.enum(provisioningStates),
})

type Spec = z.output<typeof spec>
interface Status {
  readonly peeringServicePrefixKey: string
}
export type RegisteredAsn = Resource<Spec, Status>

/** @throws RefusedError when the AS number is registered already, with any peering */
function demandFree(number: number, { directory, principal }: RuleContext): void {
  const [other] = directory.having('registeredAsn', `asn ${number}`)
  if (other === undefined) return
  const { words, known } = otherWords(principal, other, 'registered ASN')
  const message = `AS${number} is registered already, as ${words}; an AS number is registered once.`
  throw new RefusedError('conflict', message, { place: 'asn', ...known })
}

export const registeredAsnKind: Kind<Spec, Status> = {
  name: 'registeredAsn',
  title: 'registered ASN',
  command: 'registered-asn',
  segment: 'registeredAsns',
  parent: 'peering',
  spec,
  view,
  secret: ['peeringServicePrefixKey'],
  fixed: {
    asn: 'The AS number of a registration cannot change, because its key was made for it; delete it and register the other.',
  },
  writers: ['provider'],
  columns: [
    { title: 'ASN', value: (shown) => String(shown['asn']) },
    { title: 'Prefix key', value: (shown) => String(shown['peeringServicePrefixKey'] ?? '') },
  ],
  example: { name: 'fabrikam', parent: 'ix-ams', spec: { asn: 64510 } },
  operations: {},
  create({ parent, spec }, context) {
    const { directory } = context
    const peering = peeringOf(directory, parent ?? '')
    if (peering?.spec.directPeeringType !== 'IxRs') {
      const message = `AS numbers are registered only with a peering of type IxRs (a route server); "${parent}" is none: register its prefixes instead.`
      throw new RefusedError('not-possible', message, { conflictsWith: parent ?? '' })
    }
    if (!context.declared && !hasActive(directory, peering.id)) {
      const message = `The peering "${parent}" has no Active connection; register AS numbers as soon as one is.`
      throw new RefusedError('not-possible', message, { conflictsWith: peering.id })
    }
    if (directory.count('registeredAsn', peering.id) >= MAX_ASNS_OF_PEERING) {
      const message = `The peering "${parent}" has ${MAX_ASNS_OF_PEERING} registered ASNs, which is as many as it can have.`
      throw new RefusedError('not-possible', message)
    }
    demandFree(spec.asn, context)
    return withKey(spec, context)
  },
  update: ({ status }, spec) => ({ spec: demandSameKey(spec, status), status }),
  remove: () => null,
  // The key finds the registration of whoever shows it.
  index: ({ spec, status }) => ({
    keys: [`asn ${spec.asn}`, `key ${status.peeringServicePrefixKey}`],
  }),
  show: ({ spec, status, deleting }, { secrets }) => ({
    ...spec,
    ...(secrets && status),
    provisioningState: provisioningState(deleting),
  }),
}

/** Peering services: a customer's prefixes behind a provider, at a primary and perhaps a backup location. */
import { z } from 'zod'
import { mapping, printable } from '../../fields/readers.ts'
import { nameField, ownerField } from '../fields.ts'
import { type Kind, RefusedError, type RuleContext } from '../kind.ts'
import { locationsOf, providerOf, sameLocation } from '../service-sources.ts'
import { provisioningState, provisioningStates } from './common.ts'

const location = printable(1, 80)

const spec = mapping(
  {
    owner: ownerField,
    peeringServiceProvider: nameField.describe('The provider: name of its peer ASN.'),
    providerPrimaryPeeringLocation: location.describe(
      'Where the provider has two sessions with different routers.',
    ),
    providerBackupPeeringLocation: z
      .exactOptional(location)
      .describe('Where it has one more session. Absent: the Internet is the fallback.'),
    description: printable(0, 255).default('').describe('For people.'),
  },
  'with peeringServiceProvider and providerPrimaryPeeringLocation',
)

const view = z.object({
  peeringServiceProvider: z.string(),
  providerPrimaryPeeringLocation: z.string(),
  providerBackupPeeringLocation: z.string().optional(),
  description: z.string(),
  prefixCount: z.number(),
  provisioningState: z.enum(provisioningStates),
})

export type PeeringServiceSpec = z.output<typeof spec>
type Status = Record<string, never>

/** @throws RefusedError when there is no such provider, or it is not at the locations */
function demandProvider(spec: PeeringServiceSpec, { directory }: RuleContext): void {
  const { peeringServiceProvider: provider } = spec
  if (providerOf(directory, provider) === undefined) {
    const message = `There is no provider "${provider}"; ask the provider for its name here (an Approved peer ASN).`
    const place = 'peeringServiceProvider'
    throw new RefusedError('not-possible', message, { place, reason: 'provider-not-found' })
  }
  const primary = spec.providerPrimaryPeeringLocation
  const backup = spec.providerBackupPeeringLocation
  const places = [
    ['providerPrimaryPeeringLocation', primary],
    ['providerBackupPeeringLocation', backup],
  ] as const
  const known = locationsOf(directory, provider)
  for (const [place, wanted] of places) {
    if (wanted === undefined || known.some((each) => sameLocation(each, wanted))) continue
    const next =
      known.length === 0
        ? 'nor anywhere else; ask the provider when it will'
        : `it has them at: ${known.join(', ')}`
    const message = `The provider "${provider}" has no connection for peering services at "${wanted}"${known.length === 0 ? ', ' : '; '}${next}.`
    throw new RefusedError('not-possible', message, { place, reason: 'provider-not-found' })
  }
  if (backup === undefined || !sameLocation(primary, backup)) return
  const message = `The backup location is the primary one, "${primary}"; choose another, or leave the key out.`
  throw new RefusedError('invalid', message, { place: 'providerBackupPeeringLocation' })
}

export const peeringServiceKind: Kind<PeeringServiceSpec, Status> = {
  name: 'peeringService',
  title: 'peering service',
  command: 'service',
  segment: 'peeringServices',
  parent: null,
  spec,
  view,
  fixed: {
    peeringServiceProvider:
      'The provider of a peering service cannot change, because the keys of its prefixes are from that provider; create another service.',
  },
  writers: ['customer'],
  columns: [
    { title: 'Provider', value: (shown) => String(shown['peeringServiceProvider']) },
    { title: 'Primary', value: (shown) => String(shown['providerPrimaryPeeringLocation']) },
    { title: 'Backup', value: (shown) => String(shown['providerBackupPeeringLocation'] ?? 'none') },
    { title: 'Prefixes', value: ({ prefixCount }) => String(prefixCount) },
  ],
  example: {
    name: 'fabrikam-office',
    spec: {
      peeringServiceProvider: 'contoso',
      providerPrimaryPeeringLocation: 'Amsterdam',
      providerBackupPeeringLocation: 'Frankfurt',
    },
  },
  operations: {},
  create({ spec }, context) {
    demandProvider(spec, context)
    return { spec, status: {} }
  },
  update({ status, spec: before }, spec, context) {
    const same =
      before.providerPrimaryPeeringLocation === spec.providerPrimaryPeeringLocation &&
      before.providerBackupPeeringLocation === spec.providerBackupPeeringLocation
    if (!same) demandProvider(spec, context)
    return { spec, status }
  },
  remove: () => null,
  show({ id, spec: { owner: _, ...shown }, deleting }, { directory }) {
    return {
      ...shown,
      prefixCount: directory.count('servicePrefix', id),
      provisioningState: provisioningState(deleting),
    }
  },
}

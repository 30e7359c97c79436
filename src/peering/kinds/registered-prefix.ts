/** Registered prefixes of a peering: judged when they are registered, and from then on by the engine. */
import { z } from 'zod'
import { asn, listOf, mapping } from '../../fields/readers.ts'
import { familyName, type Prefix } from '../../prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../../prefix/text.ts'
import { hasActive, peeringOf, peeringSessions } from '../connection-sessions.ts'
import {
  type Kind,
  RefusedError,
  type Resource,
  type RuleContext,
  type ShowContext,
} from '../kind.ts'
import { demandRegistrable, demandUnclaimed } from '../prefix-rules.ts'
import {
  demandSameKey,
  keptKey,
  type PrefixValidationState,
  prefixText,
  prefixValidationStates,
  provisioningState,
  provisioningStates,
  withKey,
} from './common.ts'

const spec = mapping(
  {
    prefix: prefixText.describe('Public, without host bits, such as 198.51.100.0/24.'),
    originAsns: listOf(asn, 'AS numbers')
      .max(100, 'at most 100 AS numbers')
      .default([])
      .describe('AS numbers that may originate it; empty: any.'),
    peeringServicePrefixKey: keptKey,
  },
  'with prefix',
)

const view = z.object({
  prefix: z.string(),
  originAsns: z.array(z.number()),
  prefixValidationState: z.enum(prefixValidationStates),
  errorMessage: z.string(),
  peeringServicePrefixKey: z.string().optional(),
  provisioningState: z.enum(provisioningStates),
})

type Spec = z.output<typeof spec>
/** A registered prefix as it is shown. */
export type RegisteredPrefixView = z.output<typeof view>
interface Status {
  readonly peeringServicePrefixKey: string
}
export type RegisteredPrefix = Resource<Spec, Status>

/** Reading a prefix costs more than all else that is done with it, so each is read once. */
const read = new WeakMap<object, Prefix>()

function prefixOf(spec: Spec): Prefix {
  let prefix = read.get(spec)
  if (prefix === undefined) {
    prefix = parsePrefix(spec.prefix)
    read.set(spec, prefix)
  }
  return prefix
}

/** Who may overlap: prefixes of one owner, or of one peering where the operator has it. */
export function partyOf({ owner, parent }: Pick<Resource, 'owner' | 'parent'>): string {
  return owner ?? `peering ${parent}`
}

/** The sessions on which a registered prefix is expected. */
function sessionsOf(
  { parent, spec }: RegisteredPrefix,
  { directory }: Pick<ShowContext, 'directory'>,
) {
  const family = familyName(prefixOf(spec).family)
  return { family, ...peeringSessions(directory, parent ?? '', family) }
}

function stateOf(resource: RegisteredPrefix, context: ShowContext): PrefixValidationState {
  const { names, counting } = sessionsOf(resource, context)
  if (names.length > 0 && !counting) return 'Pending'
  return context.live.engine.prefixState(resource.id) ?? 'Unknown'
}

function verdictOf(resource: RegisteredPrefix, context: ShowContext) {
  const { names, counting, family } = sessionsOf(resource, context)
  if (names.length > 0 && !counting) {
    const errorMessage = `No ${family} session of the peering is in service yet, so nothing is judged; see the errorMessage of its connections.`
    return { prefixValidationState: 'Pending', errorMessage } as const
  }
  const verdict = context.live.engine.prefix(resource.id)
  return {
    prefixValidationState: verdict?.state ?? 'Unknown',
    errorMessage: verdict?.errorMessage ?? '',
  } as const
}

function demandPeering(parent: string, context: RuleContext): void {
  const { directory } = context
  const peering = peeringOf(directory, parent)
  if (peering?.spec.directPeeringType === 'IxRs') {
    const message = `Prefixes are not registered with a route server peering such as "${parent}"; register the customer's AS number there, which gives a key for all its prefixes.`
    throw new RefusedError('not-possible', message, { conflictsWith: parent })
  }
  if (!context.declared && !hasActive(directory, parent)) {
    const message = `The peering "${parent}" has no Active connection; register prefixes as soon as one is.`
    throw new RefusedError('not-possible', message, { conflictsWith: parent })
  }
}

const fixed =
  'A registered prefix cannot be edited, because its key was made for it; delete it and register the other.'

export const registeredPrefixKind: Kind<Spec, Status> = {
  name: 'registeredPrefix',
  title: 'registered prefix',
  command: 'prefix',
  segment: 'registeredPrefixes',
  parent: 'peering',
  spec,
  view,
  secret: ['peeringServicePrefixKey'],
  fixed: { prefix: fixed, originAsns: fixed },
  writers: ['provider'],
  columns: [
    { title: 'Prefix', value: ({ prefix }) => String(prefix) },
    { title: 'State', value: ({ prefixValidationState }) => String(prefixValidationState) },
    { title: 'Message', value: ({ errorMessage }) => String(errorMessage) },
  ],
  example: { name: 'web', parent: 'contoso-ams', spec: { prefix: '203.0.113.0/24' } },
  operations: {
    validate: {
      summary: 'Judges the prefix now, without waiting for an announcement.',
      roles: ['operator', 'provider'],
      run(resource, _body, { live }) {
        live.engine.validate(resource.id)
        return { spec: resource.spec, status: resource.status }
      },
    },
  },
  create({ id, parent, owner, spec }, context) {
    demandPeering(parent ?? '', context)
    const prefix = demandRegistrable(spec.prefix, context.live)
    const claim = { id, party: partyOf({ owner, parent }) }
    demandUnclaimed(prefix, claim, 'registeredPrefix', context, partyOf)
    const registered = withKey({ ...spec, prefix: formatPrefix(prefix) }, context)
    read.set(registered.spec, prefix)
    return registered
  },
  update: ({ status }, spec) => ({ spec: demandSameKey(spec, status), status }),
  remove: () => null,
  show: (resource, context) => ({
    ...resource.spec,
    ...verdictOf(resource, context),
    ...(context.secrets && resource.status),
    provisioningState: provisioningState(resource.deleting),
  }),
  peek(resource, key, context) {
    return key === 'prefixValidationState' ? stateOf(resource, context) : undefined
  },
  index: ({ spec, status }) => ({
    prefixes: [prefixOf(spec)],
    keys: [`key ${status.peeringServicePrefixKey}`],
  }),
  wanted(resource, { directory }) {
    const { names, family } = sessionsOf(resource, { directory })
    return {
      sessions: [],
      registrations: [
        {
          name: resource.id,
          prefix: prefixOf(resource.spec),
          originAsns: resource.spec.originAsns,
          owner: partyOf(resource),
          sessions: names,
          ...(names.length === 0 && {
            invalid: `No connection of its peering has an ${family} session that runs, so nothing can be expected of this prefix.`,
          }),
        },
      ],
    }
  },
  follows: { connection: 'same-parent' },
}

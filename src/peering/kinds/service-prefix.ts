/** Prefixes of a peering service: accepted with the provider's key, and from then on judged by the engine. */
import { z } from 'zod'
import type { Registration } from '../../engine/types.ts'
import { mapping } from '../../fields/readers.ts'
import { familyName } from '../../prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../../prefix/text.ts'
import {
  type Directory,
  type Kind,
  RefusedError,
  type Resource,
  type ShowContext,
} from '../kind.ts'
import { demandRegistrable, demandUnclaimed } from '../prefix-rules.ts'
import { type KeySource, keySourceOf, providerOf, requirementsOf } from '../service-sources.ts'
import {
  prefixKey,
  prefixText,
  prefixValidationStates,
  provisioningState,
  provisioningStates,
} from './common.ts'
import type { PeeringServiceSpec } from './peering-service.ts'
import { partyOf as partyOfRegistered } from './registered-prefix.ts'

/** Azure's LearnedType. */
export const learnedTypes = ['None', 'ViaServiceProvider', 'ViaSession'] as const

const spec = mapping(
  {
    prefix: prefixText.describe('Public, without host bits, such as 198.51.100.0/24.'),
    peeringServicePrefixKey: prefixKey.describe(
      "The key of the provider's registered prefix, or of its registered ASN.",
    ),
  },
  'with prefix and peeringServicePrefixKey',
)

const view = z.object({
  prefix: z.string(),
  peeringServicePrefixKey: z.string().optional(),
  prefixValidationState: z.enum(prefixValidationStates),
  errorMessage: z.string(),
  learnedType: z.enum(learnedTypes),
  verdictName: z.string(),
  provisioningState: z.enum(provisioningStates),
})

type Spec = z.output<typeof spec>
type Status = Record<string, never>
export type ServicePrefix = Resource<Spec, Status>

/** Name of the registered prefix that the engine judges; a peering's prefixes have one part less. */
function verdictName(id: string): string {
  return `services/${id}`
}

/** Whose a prefix is where the key says nothing of it. */
function partyOf({ owner, parent }: Pick<Resource, 'owner' | 'parent'>): string {
  return owner ?? `peering service ${parent}`
}

function serviceOf(directory: Directory, parent: string | null): PeeringServiceSpec | undefined {
  const found = parent === null ? undefined : directory.find('peeringService', parent)
  return found?.spec as unknown as PeeringServiceSpec | undefined
}

/** What the key of a prefix stands for now; a sentence when it stands for nothing any more. */
function sourceOf({ parent, spec }: ServicePrefix, directory: Directory): KeySource | string {
  const service = serviceOf(directory, parent)
  const provider = service?.peeringServiceProvider ?? ''
  if (providerOf(directory, provider) === undefined) {
    return `There is no provider "${provider}" any more (provider-not-found); create the service anew with another one.`
  }
  const source = keySourceOf(directory, provider, spec.peeringServicePrefixKey)
  if (source === undefined || (source.prefix !== null && source.prefix !== spec.prefix)) {
    return `The provider "${provider}" has withdrawn the registration behind the prefix key of ${spec.prefix} (key-mismatch); ask it for a new key, delete the prefix and create it anew.`
  }
  return source
}

function registrationOf(resource: ServicePrefix, directory: Directory): Registration {
  const { id, parent, spec } = resource
  const prefix = parsePrefix(spec.prefix)
  const source = sourceOf(resource, directory)
  const service = serviceOf(directory, parent)
  const base = { name: verdictName(id), prefix }
  if (typeof source === 'string' || service === undefined) {
    const invalid = typeof source === 'string' ? source : 'Its service is not there.'
    return { ...base, originAsns: [], owner: partyOf(resource), sessions: [], invalid }
  }
  const requires = requirementsOf(directory, service, familyName(prefix.family))
  return {
    ...base,
    originAsns: source.originAsns,
    owner: source.party ?? partyOf(resource),
    sessions: [...requires.primary.sessions, ...(requires.backup?.sessions ?? [])],
    requires,
  }
}

function learnedType(resource: ServicePrefix, directory: Directory) {
  const source = sourceOf(resource, directory)
  if (typeof source === 'string') return 'None'
  return source.kind === 'registeredAsn' ? 'ViaSession' : 'ViaServiceProvider'
}

/** @throws RefusedError when the key is none of the provider's, or is that of another prefix */
function demandKey(service: PeeringServiceSpec, spec: Spec, directory: Directory): KeySource {
  const { peeringServiceProvider: provider } = service
  const more = { place: 'peeringServicePrefixKey', reason: 'key-mismatch' }
  const source = keySourceOf(directory, provider, spec.peeringServicePrefixKey)
  if (source === undefined) {
    const message = `The prefix key is none of the provider "${provider}"; ask it for the key of ${spec.prefix}, or of the AS number that originates it.`
    throw new RefusedError('not-possible', message, more)
  }
  if (source.prefix !== null && source.prefix !== spec.prefix) {
    const message = `The prefix key was made for another prefix than ${spec.prefix}; ask the provider "${provider}" to register this one, and take its key.`
    throw new RefusedError('not-possible', message, more)
  }
  return source
}

function demandFamily(text: string, { live }: Pick<ShowContext, 'live'>): void {
  const family = familyName(parsePrefix(text).family)
  const { serviceFamilies } = live.settings
  if (serviceFamilies.includes(family)) return
  const message = `${text} is ${family}, and peering services here are for ${serviceFamilies.join(' and ')} alone (registry.serviceFamilies).`
  throw new RefusedError('invalid', message, { place: 'prefix', reason: 'invalid-prefix' })
}

const fixed =
  'A prefix of a peering service cannot be modified; delete it and create it anew, with its key.'

export const servicePrefixKind: Kind<Spec, Status> = {
  name: 'servicePrefix',
  title: 'prefix of a peering service',
  command: 'service-prefix',
  segment: 'servicePrefixes',
  parent: 'peeringService',
  spec,
  view,
  secret: ['peeringServicePrefixKey'],
  fixed: { prefix: fixed, peeringServicePrefixKey: fixed },
  writers: ['customer'],
  columns: [
    { title: 'Prefix', value: ({ prefix }) => String(prefix) },
    { title: 'State', value: ({ prefixValidationState }) => String(prefixValidationState) },
    { title: 'Learned', value: (shown) => String(shown['learnedType']) },
    { title: 'Message', value: ({ errorMessage }) => String(errorMessage) },
  ],
  example: {
    name: 'office',
    parent: 'fabrikam-office',
    spec: {
      prefix: '203.0.113.0/24',
      peeringServicePrefixKey: '12345678-9abc-4def-8012-3456789abcde',
    },
  },
  operations: {
    validate: {
      summary: 'Judges the prefix now, without waiting for an announcement.',
      roles: ['operator', 'customer'],
      run({ id, spec, status }, _body, { live }) {
        live.engine.validate(verdictName(id))
        return { spec, status }
      },
    },
  },
  create({ id, parent, owner, spec }, context) {
    const { directory } = context
    const service = serviceOf(directory, parent)
    if (service === undefined) {
      throw new RefusedError('not-found', `The peering service "${parent}" is not there.`)
    }
    const prefix = demandRegistrable(spec.prefix, context.live)
    const text = formatPrefix(prefix)
    demandFamily(text, context)
    const source = demandKey(service, { ...spec, prefix: text }, directory)
    const claim = { id, party: source.party ?? partyOf({ owner, parent }) }
    demandUnclaimed(prefix, claim, 'servicePrefix', context, partyOf)
    // What stands behind a registered prefix's key was compared with all others when it was registered.
    if (source.kind === 'registeredAsn') {
      demandUnclaimed(prefix, claim, 'registeredPrefix', context, partyOfRegistered)
    }
    return { spec: { ...spec, prefix: text }, status: {} }
  },
  update: ({ status }, spec) => ({ spec, status }),
  remove: () => null,
  show(resource, context) {
    const { peeringServicePrefixKey, ...shown } = resource.spec
    const name = verdictName(resource.id)
    const verdict = context.live.engine.prefix(name)
    return {
      ...shown,
      prefixValidationState: verdict?.state ?? 'Unknown',
      errorMessage: verdict?.errorMessage ?? '',
      learnedType: learnedType(resource, context.directory),
      verdictName: name,
      ...(context.secrets && { peeringServicePrefixKey }),
      provisioningState: provisioningState(resource.deleting),
    }
  },
  peek({ id }, key, { live }) {
    if (key !== 'prefixValidationState') return undefined
    return live.engine.prefixState(verdictName(id)) ?? 'Unknown'
  },
  index: ({ spec }) => ({ prefixes: [parsePrefix(spec.prefix)] }),
  wanted: (resource, { directory }) => ({
    sessions: [],
    registrations: [registrationOf(resource, directory)],
  }),
  // A service, a key or a session that comes or goes changes what is expected of its prefixes.
  follows: {
    peerAsn: 'any',
    peering: 'any',
    connection: 'any',
    registeredPrefix: 'any',
    registeredAsn: 'any',
    peeringService: 'any',
  },
}

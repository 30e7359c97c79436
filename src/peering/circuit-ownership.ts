/** Whose the advertised prefixes of Microsoft peering are: what registries say, and what follows. */
import type { Ownership } from '../irr/ownership.ts'
import { formatPrefix, parsePrefix } from '../prefix/text.ts'
import type {
  AdvertisedPrefixState,
  advertisedStates,
  CircuitPeeringSpec,
  Validation,
} from './kinds/circuit-peering-spec.ts'
import type { Live } from './live.ts'

/** What an operator wants to see where no registry helps. */
const SUBMIT = 'or submit documents that show whose it is, for an operator to approve by hand'

/** @returns the AS that must be recorded as origin of the prefixes */
export function ownerAsn({ customerASN, peerASN }: CircuitPeeringSpec): number {
  return customerASN ?? peerASN
}

/** @returns validations that have just begun, one for each prefix */
export function beginValidations(
  { advertisedPublicPrefixes }: CircuitPeeringSpec,
  now: number,
): readonly Validation[] {
  return advertisedPublicPrefixes.map((prefix) => ({
    prefix,
    validationState: 'Configuring',
    message: '',
    byHand: false,
    begunAt: now,
  }))
}

/** @returns Azure's advertisedPublicPrefixesState of all of them */
export function advertisedState(
  validations: readonly Validation[],
): (typeof advertisedStates)[number] {
  if (validations.length === 0) return 'NotConfigured'
  const states = validations.map(({ validationState }) => validationState)
  if (states.includes('Configuring')) return 'Configuring'
  return states.every((state) => state === 'Configured') ? 'Configured' : 'ValidationNeeded'
}

function registryWords({ routingRegistryName }: CircuitPeeringSpec): string {
  return routingRegistryName === 'NONE' ? 'a routing registry' : routingRegistryName
}

function asList(asns: readonly number[]): string {
  const named = asns.slice(0, 5).map((asn) => `AS${asn}`)
  return `${named.join(', ')}${asns.length > 5 ? ` and ${asns.length - 5} more` : ''}`
}

type Verdict = Pick<Validation, 'validationState' | 'message'>

/** @returns what an answer of the registries means for a prefix */
export function judgeOwnership(
  prefix: string,
  spec: CircuitPeeringSpec,
  found: Ownership,
): Verdict {
  const asn = ownerAsn(spec)
  const object = prefix.includes(':') ? 'route6' : 'route'
  const record = `Have a ${object} object for ${prefix} with origin AS${asn} made in ${registryWords(spec)}, ${SUBMIT}.`
  const say = (validationState: AdvertisedPrefixState, message: string): Verdict => ({
    validationState,
    message,
  })
  switch (found.kind) {
    case 'recorded':
      return say('Configured', `${found.source} records ${prefix} with origin AS${asn}.`)
    case 'other-origin':
      return say(
        'AsnValidationFailed',
        `${prefix} is recorded with origin ${asList(found.origins)}, not AS${asn}. Set customerASN to the AS that it belongs to, or: ${record}`,
      )
    case 'covered': {
      const [first] = found.records
      const wider = first && `${formatPrefix(first.prefix)} (AS${first.origin}, ${first.source})`
      return say(
        'ValidationNeeded',
        `${prefix} itself is not recorded, only the less specific ${wider}. ${record}`,
      )
    }
    case 'not-recorded':
      return say(
        'ValidationNeeded',
        `${prefix} is not recorded in ${registryWords(spec)}. ${record}`,
      )
    case 'unknown':
      return say(
        'ManualValidationNeeded',
        `Nothing could be looked up for ${prefix}: ${found.why}. Submit documents that show that it belongs to AS${asn}, for an operator to approve by hand.`,
      )
  }
}

/**
 * Goes on with validations that are not decided.
 * @returns the same list when nothing changed
 */
export function continueValidations(
  spec: CircuitPeeringSpec,
  before: readonly Validation[],
  live: Live,
): readonly Validation[] {
  let changed = false
  const after = before.map((each) => {
    if (each.byHand || each.validationState === 'Configured') return each
    const registry = spec.routingRegistryName
    const found = live.ownership(
      parsePrefix(each.prefix),
      ownerAsn(spec),
      registry === 'NONE' ? undefined : registry,
      each.begunAt,
    )
    if (found === null) return each
    const verdict = judgeOwnership(each.prefix, spec, found)
    if (verdict.validationState === each.validationState && verdict.message === each.message) {
      return each
    }
    changed = true
    return { ...each, ...verdict }
  })
  return changed ? after : before
}

/** What the kinds have in common. */
import { z } from 'zod'
import { prefix, text } from '../../fields/readers.ts'
import { formatPrefix, PrefixError, parsePrefix } from '../../prefix/text.ts'
import { RefusedError, type RuleContext } from '../kind.ts'

/** Azure's ProvisioningState; ours are never Updating, Failed or Canceled, because a write is whole or not at all. */
export const provisioningStates = [
  'Succeeded',
  'Updating',
  'Deleting',
  'Failed',
  'Canceled',
] as const

/** @returns the state as views show it */
export function provisioningState(deleting: boolean): (typeof provisioningStates)[number] {
  return deleting ? 'Deleting' : 'Succeeded'
}

/** Azure's PrefixValidationState. */
export const prefixValidationStates = [
  'None',
  'Invalid',
  'Verified',
  'Failed',
  'Pending',
  'Warning',
  'Unknown',
] as const
export type PrefixValidationState = (typeof prefixValidationStates)[number]

/** Longest text that is read as a prefix. */
const MAX_TEXT = 64
const prefixExpected = 'a prefix in quotes, such as 198.51.100.0/24 or 2001:db8::/32'

/** A prefix in its one form; anything else is a mistake of form. */
export const strictPrefixText = prefix.transform(formatPrefix)

/** The prefix in one form where it is one; what is none is told with its reason code. */
export const prefixText = text(prefixExpected)
  .max(MAX_TEXT, prefixExpected)
  .meta({ pattern: '^[0-9A-Fa-f:.]+/\\d{1,3}$' })
  .transform((given) => {
    try {
      return formatPrefix(parsePrefix(given))
    } catch (error) {
      if (error instanceof PrefixError) return given
      throw error
    }
  })

const keyExpected = 'a prefix key such as 12345678-9abc-4def-8012-3456789abcde'

/** A prefix key: a GUID (RFC 9562), in lower case. */
export const prefixKey = text(keyExpected)
  .regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, keyExpected)
  .transform((key) => key.toLowerCase())

/** The key of a registration that is brought back from a document. */
export const keptKey = z
  .exactOptional(prefixKey)
  .describe('Made here; only a document that an admin applies brings the one from before.')

interface KeptKey {
  readonly peeringServicePrefixKey?: string
}

/**
 * The key of a new registration: a fresh one, or in a document of an admin the one from before.
 * @returns also the specification, which does not hold it
 * @throws RefusedError when somebody else gives a key, or it is that of another registration
 */
export function withKey<S extends KeptKey>(
  given: S,
  { declared, directory, newKey }: RuleContext,
): { spec: Omit<S, 'peeringServicePrefixKey'>; status: Required<KeptKey> } {
  const { peeringServicePrefixKey: key, ...spec } = given
  if (key === undefined) return { spec, status: { peeringServicePrefixKey: newKey() } }
  const place = 'peeringServicePrefixKey'
  if (!declared) {
    const message = 'The prefix key of a registration is made here; leave the key out.'
    throw new RefusedError('forbidden', message, { place })
  }
  for (const kind of ['registeredPrefix', 'registeredAsn']) {
    const [other] = directory.having(kind, `key ${key}`)
    if (other === undefined) continue
    const message = `"${other.id}" has that prefix key already; leave the key out for a new one.`
    throw new RefusedError('conflict', message, { place, conflictsWith: other.id })
  }
  return { spec, status: { peeringServicePrefixKey: key } }
}

/**
 * The specification of a registration that is written again.
 * @throws RefusedError when another key than its own is given
 */
export function demandSameKey<S extends KeptKey>(
  given: S,
  status: Required<KeptKey>,
): Omit<S, 'peeringServicePrefixKey'> {
  const { peeringServicePrefixKey: key, ...spec } = given
  if (key === undefined || key === status.peeringServicePrefixKey) return spec
  const message =
    'The prefix key of a registration never changes; leave the key out, or delete the registration and make it anew.'
  throw new RefusedError('not-possible', message, { place: 'peeringServicePrefixKey' })
}

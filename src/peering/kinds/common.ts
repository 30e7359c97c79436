/** What the kinds have in common. */
import { text } from '../../fields/readers.ts'
import { formatPrefix, PrefixError, parsePrefix } from '../../prefix/text.ts'

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

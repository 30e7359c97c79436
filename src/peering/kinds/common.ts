/** What the kinds have in common. */

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

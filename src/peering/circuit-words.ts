/** Words that circuits have of their own. */

/** The two links of a circuit. */
export const links = ['Primary', 'Secondary'] as const
export type Link = (typeof links)[number]

/** What can be wrong with what a circuit's peering announces. */
export const circuitFindingReasons = [
  'session-down',
  'too-many-prefixes',
  'default-route',
  'private-prefix',
  'not-listed',
  'validation-needed',
  'not-received',
  'asymmetric-announcement',
  'overlapping-prefix',
] as const
export type CircuitFindingReason = (typeof circuitFindingReasons)[number]

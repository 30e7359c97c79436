/** Words that circuits have of their own. */

/** The two links of a circuit. */
export const links = ['Primary', 'Secondary'] as const
export type Link = (typeof links)[number]

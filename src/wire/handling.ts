/** RFC 7606 §2: what an error in an UPDATE leads to, weakest first; of several the strongest wins (§3 h). */
export const Handling = {
  accept: 0,
  attributeDiscard: 1,
  treatAsWithdraw: 2,
  sessionReset: 3,
} as const
export type Handling = (typeof Handling)[keyof typeof Handling]

/** The names of SPEC and metrics (`treatment`). */
export const handlingName = [
  'accept',
  'attribute-discard',
  'treat-as-withdraw',
  'session-reset',
] as const

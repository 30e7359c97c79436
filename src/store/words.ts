/** What the store says of a refused write, and how long it keeps answers: the same with a file and without. */

/** How long the answer to a request with an idempotency key is given again, milliseconds. */
export const ANSWER_MS = 86_400_000

/** Says that a change comes too late. */
export function conflictSentence(kind: string, id: string, basedOn: number): string {
  return basedOn === 0
    ? `${kind} ${id} exists already`
    : `${kind} ${id} is no longer at version ${basedOn}; read it again and repeat the change`
}

/** Says that a request with an idempotency key was answered already. */
export function usedKeySentence(key: string): string {
  return `a request with the idempotency key "${key}" was answered already`
}

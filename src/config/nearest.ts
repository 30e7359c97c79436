/** Guesses what was meant by a misspelt word. */

/** Longer words are no slips of the pen. */
const MAX_LENGTH = 64

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

/** `hold_time`, `hold-time` and `HoldTime` are near to `holdTime`. */
function bare(word: string): string {
  return word.toLowerCase().replace(/[_-]/g, '')
}

/**
 * Finds the candidate that a word was probably meant to be.
 * @returns undefined when none is near: at most a third of the letters differ, and never more than two
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_LENGTH) return undefined
  const given = bare(word)
  let best: string | undefined
  let bestDistance = Math.min(2, Math.floor(given.length / 3)) + 1
  for (const candidate of candidates) {
    const wanted = bare(candidate)
    if (Math.abs(wanted.length - given.length) >= bestDistance) continue
    const distance = editDistance(given, wanted)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

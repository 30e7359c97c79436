/** Durations in words, for log lines and sentences. */

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/**
 * Says a duration with its two largest units.
 * @param milliseconds negative counts as 0
 * @returns for instance `4 h 12 min`, `3 d`, `59 s`, `less than 1 s`
 */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first < 0) return 'less than 1 s'
  const words: string[] = []
  let rest = seconds
  for (const [unit, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) words.push(`${count} ${unit}`)
  }
  return words.join(' ')
}

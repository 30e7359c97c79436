/** What the routers beside the daemon have in common. */
import { execFileSync } from 'node:child_process'
import type { Setup } from '../contestant.ts'
import type { TableTruth } from '../table.ts'

/** The community that a router adds to a route: the mark's number under the local AS. */
export const markNumbers = { community: 1, longPath: 2, privateAsn: 3, registered: 4 } as const
export type Mark = keyof typeof markNumbers
export const markNames = Object.keys(markNumbers) as Mark[]

/**
 * Runs a command to its end.
 * @returns its standard output
 * @throws Error when it fails or takes longer than `seconds`
 */
export function output(words: readonly string[], seconds = 30): string {
  const [command = '', ...rest] = words
  return execFileSync(command, rest, {
    encoding: 'utf8',
    timeout: seconds * 1000,
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** @returns the first version number that a command prints; undefined when it is not there */
export function versionOf(words: readonly string[]): string | undefined {
  const [command = '', ...rest] = words
  try {
    // Some print their version to standard error.
    const text = execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', command, ...rest], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return text.match(/\d+\.\d+(\.\d+)?/)?.[0]
  } catch {
    return undefined
  }
}

/** Compares the marks that a router set with the truth. */
export function compareMarks(
  setup: Setup,
  truths: readonly TableTruth[],
  marks: readonly Mark[],
  count: (mark: Mark) => number,
): string[] {
  if (!setup.checks) return []
  return marks.flatMap((mark) => {
    const should = truths.reduce((sum, truth) => sum + truth.marks[mark], 0)
    const is = count(mark)
    return is === should ? [] : [`routes marked ${mark}: ${is}, expected ${should}`]
  })
}

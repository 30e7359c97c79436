/** What a command says, and exits with, when it cannot go on. */
import { type ConfigProblem, formatProblems } from '../config/problem.ts'
import type { Terminal } from './terminal.ts'
import { styleFor } from './terminal.ts'

/** Exit codes (SPEC: 0 all well, 1 the answer is "no", 2 it could not run). */
export const Exit = { ok: 0, no: 1, failed: 2, bug: 70 } as const

/** A mistake in how a command was called; `message` says what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * The errors that a user's input or surroundings cause; each carries a whole sentence. They are known
 * by name, so that no command has to load the rooms of another one.
 */
const userErrors = new Set([
  'UsageError',
  'ConfigError',
  'SecretError',
  'ListenError',
  'SocketSecurityError',
  'ApiListenError',
  'StoreError',
  'ApiError',
  'CaptureError',
  'CaptureUpdatesError',
  'ScenarioError',
  'PrefixError',
  'AsPathError',
  'CommunityError',
  'EncodeError',
])

const fileProblems: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'reading or writing it is not permitted',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
}

/** @returns the sentence for something a user can mend, undefined for a bug */
export function userMessage(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (userErrors.has(error.name)) return error.message
  const { code, path } = error as NodeJS.ErrnoException
  const problem = fileProblems[code ?? '']
  return problem !== undefined && path !== undefined ? `${path}: ${problem}` : undefined
}

/** A file of the user's with mistakes in it (ConfigError, ScenarioError). */
function hasPlaces(
  error: unknown,
): error is Error & { problems: readonly ConfigProblem[]; text: string | undefined } {
  return error instanceof Error && userErrors.has(error.name) && 'problems' in error
}

/**
 * Tells the user why a command ended.
 * @returns the exit code: 2 for what the user can mend, 70 (EX_SOFTWARE) for a bug
 */
export function reportFailure(error: unknown, terminal: Terminal): number {
  const style = styleFor(terminal.color)
  if (hasPlaces(error)) {
    terminal.error(formatProblems(error.problems, error.text, terminal.color))
    return Exit.failed
  }
  const message = userMessage(error)
  if (message !== undefined) {
    terminal.error(`${style.red('error:')} ${message}\n`)
    return Exit.failed
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  terminal.error(
    `${stack}\n\nThis is a bug in bgpwarden. Please report it with the lines above and the command that you ran.\n`,
  )
  return Exit.bug
}

/** Where a command writes to, and what that place can show. */
import { createInterface } from 'node:readline/promises'
import type { WriteStream } from 'node:tty'

/** What an operator's screen, pipe or test buffer looks like to a command. */
export interface Terminal {
  /** Results: to stdout, as they are. */
  write(text: string): void
  /** Complaints and progress: to stderr, as they are. */
  error(text: string): void
  /** Characters a line may have; never below 40. */
  readonly columns: number
  /** Whether colour may be used: a terminal, and the user did not object (`NO_COLOR`). */
  readonly color: boolean
  /** A person watches: progress may be drawn over itself. */
  readonly interactive: boolean
  /** Asks a person, and waits for one line; absent: nobody is there to answer. */
  readonly ask?: (question: string) => Promise<string>
}

/** One line of a person, on a terminal. */
async function askPerson(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}

/** Width for pipes and files, where nobody says otherwise. */
const DEFAULT_COLUMNS = 80

/**
 * Makes the terminal of a process.
 * @param env `NO_COLOR` (non-empty, https://no-color.org) and `TERM=dumb` forbid colour; `COLUMNS` sets
 *   the width where the stream does not know it
 */
export function processTerminal(
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const tty = stdout as Partial<WriteStream>
  const interactive = tty.isTTY === true
  const fromEnv = Number(env['COLUMNS'])
  return {
    write: (text) => void stdout.write(text),
    error: (text) => void stderr.write(text),
    get columns() {
      const known = tty.columns ?? (Number.isInteger(fromEnv) && fromEnv > 0 ? fromEnv : 0)
      return Math.max(40, known || DEFAULT_COLUMNS)
    },
    color: interactive && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    interactive,
    ...(process.stdin.isTTY && { ask: askPerson }),
  }
}

export type Paint = (text: string) => string

/** The few colours there are; each returns its text unchanged when colour is off. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
}

/** @param color whether escape sequences may be written at all */
export function styleFor(color: boolean): Style {
  const paint =
    (on: number, off: number): Paint =>
    (text) =>
      color && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  }
}

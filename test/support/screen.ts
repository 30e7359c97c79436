/** A terminal that remembers what was written. */
import type { Terminal } from '../../src/cli/terminal.ts'

export interface Screen extends Terminal {
  /** What went to stdout, all of it. */
  readonly output: () => string
  /** What went to stderr. */
  readonly errors: () => string
}

/** Makes one of 80 columns without colour, unless told otherwise. */
export function createScreen(
  shape: Partial<Pick<Terminal, 'columns' | 'color' | 'ask'>> = {},
): Screen {
  let output = ''
  let errors = ''
  return {
    columns: 80,
    color: false,
    interactive: false,
    ...shape,
    write: (text) => {
      output += text
    },
    error: (text) => {
      errors += text
    },
    output: () => output,
    errors: () => errors,
  }
}

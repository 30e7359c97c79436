/** What cannot be undone is asked for once more. */
import { UsageError } from './failure.ts'
import type { Terminal } from './terminal.ts'

/**
 * Has a person type `yes`.
 * @param what a sentence that says what will happen
 * @param options.yes it was said on the command line
 * @returns whether to go on
 * @throws UsageError where nobody can be asked
 */
export async function confirm(
  what: string,
  options: { readonly yes?: boolean },
  terminal: Terminal,
): Promise<boolean> {
  if (options.yes === true) return true
  if (terminal.ask === undefined) {
    throw new UsageError(`${what} Nobody is at a terminal to say yes: add --yes if you mean it.`)
  }
  const answer = await terminal.ask(`${what} Type "yes" to go on: `)
  if (answer.trim().toLowerCase() === 'yes') return true
  terminal.error('Nothing was changed.\n')
  return false
}

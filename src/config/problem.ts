/** What is wrong with a configuration, with its place, and how that is shown to a person. */

/** One mistake. */
export interface ConfigProblem {
  readonly file: string
  /** Counted from 1; 0: the file as a whole. */
  readonly line: number
  /** Counted from 1, in UTF-16 code units as editors count. */
  readonly column: number
  /** Code units of the offending text on that line, at least 1. */
  readonly length: number
  /** Such as `sessions[2].holdTime`; empty: the document itself. */
  readonly key: string
  /** One sentence: what was found and what was expected. */
  readonly message: string
}

/** A configuration that cannot be used. `message` lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** In the order of the file. */
  readonly problems: readonly ConfigProblem[]
  /** The file could not be read at all, so nothing in it was judged. */
  readonly unreadable: boolean
  /** What was read. */
  readonly text: string | undefined

  constructor(
    problems: readonly ConfigProblem[],
    options: { unreadable?: boolean; text?: string } = {},
  ) {
    super(listProblems(problems))
    this.problems = problems
    this.unreadable = options.unreadable ?? false
    this.text = options.text
  }
}

/** Problems shown to a person; programs get all of them as JSON. */
const MAX_SHOWN = 100
/** Columns of a source line that are shown around a mistake. */
const WINDOW = 92

/** What could write to a terminal or turn the direction of writing; each stays one column wide. */
const unprintable = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu

function clean(text: string): string {
  return text.replace(unprintable, ' ')
}

function place(problem: ConfigProblem): string {
  return problem.line === 0
    ? `${clean(problem.file)}:`
    : `${clean(problem.file)}:${problem.line}:${problem.column}:`
}

function sentence(problem: ConfigProblem): string {
  return clean(problem.key === '' ? problem.message : `${problem.key}: ${problem.message}`)
}

function more(count: number): string[] {
  return count > MAX_SHOWN ? [`... and ${count - MAX_SHOWN} more (--json lists them all)`] : []
}

function listProblems(problems: readonly ConfigProblem[]): string {
  const lines = problems.slice(0, MAX_SHOWN).map((p) => `${place(p)} ${sentence(p)}`)
  return [...lines, ...more(problems.length)].join('\n')
}

/** Keys whose values nobody may read over a shoulder, or in a log. */
const secretKey = /(^|\.)(tokens(\[\d+\](\.token)?)?|password|webhooks\[\d+\]\.(secret|url))$/
/** Keys that are likely to be misspelt ones are painted over too, but not the name of a file. */
const secretPair =
  /\b((?:tokens?|secret(?!File)\w*|pass(?!wordFile|ive)\w*)["']?\s*:\s*)("[^"]*"?|'[^']*'?|\[[^\]]*\]?|[^\s,}#]+)/gi
/** A password on a line of its own, which may hold any character. */
const secretLine = /^(\s*(?:- +)?["']?pass(?!wordFile|ive)\w*["']?\s*:\s*)(.+)$/i

/** Whether the value of a key, such as `sessions[2].password`, is never shown. */
export function isSecret(key: string): boolean {
  return secretKey.test(key)
}

/** A line of the file with secrets painted over, each as long as it was. */
function withoutSecrets(line: string, { key, column, length }: ConfigProblem): string {
  const paint = (_: string, head: string, value: string) => head + '*'.repeat(value.length)
  const painted = line.replace(secretPair, paint).replace(secretLine, paint)
  if (!isSecret(key)) return painted
  const at = column - 1
  const name = /^["']?(tokens?|password)/.test(line.slice(at))
  const covered = '*'.repeat(painted.slice(at, at + length).length)
  return name ? painted : painted.slice(0, at) + covered + painted.slice(at + length)
}

/** The offending line with a caret under the mistake; of a long line, the part around it. */
function excerpt(problem: ConfigProblem, line: string, red: (text: string) => string): string[] {
  const at = problem.column - 1
  const from = line.length <= WINDOW ? 0 : Math.max(0, Math.min(at - 30, line.length - WINDOW))
  const before = from > 0 ? '…' : ''
  const after = from + WINDOW < line.length ? '…' : ''
  const shown = clean(line.slice(from, from + WINDOW))
  const carets = Math.max(1, Math.min(problem.length, from + WINDOW - at))
  const gutter = String(problem.line).padStart(5)
  return [
    `${gutter} | ${before}${shown}${after}`.trimEnd(),
    `${' '.repeat(gutter.length)} | ${' '.repeat(before.length + at - from)}${red('^'.repeat(carets))}`,
  ]
}

/**
 * Writes problems for a person, as a compiler would: place and sentence, then the offending line with a
 * caret under it.
 * @param text the file's text; without it no lines are shown
 * @param colour whether escape sequences may be written
 * @returns lines, each with its line break; beyond 100 problems only their number
 */
export function formatProblems(
  problems: readonly ConfigProblem[],
  text: string | undefined,
  colour: boolean,
): string {
  const paint = (code: string) => (part: string) =>
    colour ? `\u001b[${code}m${part}\u001b[0m` : part
  const red = paint('31')
  const bold = paint('1')
  const source = text?.split(/\r\n|\r|\n/)
  const lines = problems.slice(0, MAX_SHOWN).flatMap((problem) => {
    const line = source?.[problem.line - 1]
    const head = `${bold(place(problem))} ${sentence(problem)}`
    return line === undefined
      ? [head]
      : [head, ...excerpt(problem, withoutSecrets(line, problem), red)]
  })
  return [...lines, ...more(problems.length)].map((line) => `${line}\n`).join('')
}

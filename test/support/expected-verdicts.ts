/** Reads `pcaps/NAME.expected`: the verdicts that a capture must lead to, written by hand. */

export interface ExpectedVerdict {
  readonly name: string
  readonly prefix: string
  readonly state: string
  /** Sorted. */
  readonly reasons: readonly string[]
}

export interface Expected {
  readonly verdicts: readonly ExpectedVerdict[]
  /** By name of the prefix: the states that it went through, `Pending` left out. */
  readonly histories: Readonly<Record<string, readonly string[]>>
}

/**
 * A line is `NAME PREFIX STATE [REASON...]`, or `history NAME STATE...`; `#` begins a comment.
 *
 * @throws Error that quotes a line of another form
 */
export function parseExpected(text: string): Expected {
  const verdicts: ExpectedVerdict[] = []
  const histories: Record<string, string[]> = {}
  for (const line of text.split('\n').map((each) => each.replace(/#.*/, '').trim())) {
    if (line === '') continue
    const [name, prefix, state, ...rest] = line.split(/\s+/)
    if (name === undefined || prefix === undefined || state === undefined)
      throw new Error(`not a verdict: ${line}`)
    if (name === 'history') histories[prefix] = [state, ...rest]
    else verdicts.push({ name, prefix, state, reasons: rest.toSorted() })
  }
  return { verdicts, histories }
}

/** @returns the states that the events tell of one prefix, in order, `Pending` left out */
export function historyOf(
  events: readonly { readonly name: string; readonly to: string | null }[],
  name: string,
): string[] {
  return events.flatMap((event) =>
    event.name === name && event.to !== null && event.to !== 'Pending' ? [event.to] : [],
  )
}

/**
 * Findings that are or were open, with a sentence that is made when somebody asks. A million may open at
 * once: of those that began alike there is one, which all their prefixes share, and what an event tells
 * of it lasts no longer than the event.
 */
import { readReason, readSeverity } from './finding-codes.ts'
import type { FindingChange, FindingReason, Severity } from './types.ts'

/** Something that findings are about, kept as it was, of which each can be said later. */
export interface Sayable {
  /** It says the same of many findings, and is kept for that. */
  readonly shared: boolean
  /** @param prefix as text */
  say(reason: FindingReason, prefix: string, session: string): string
}

/** A finding of a prefix, from when it began. */
export class OpenFinding {
  /** Session, reason and severity as a number: what findings of a prefix are ordered by. */
  declare readonly code: number
  /** Where it applies; null: to the registration as such. */
  declare readonly session: string | null
  /** Milliseconds since the epoch. */
  declare readonly since: number
  /** Its sentence then, or what it takes to say it. */
  declare said: string | Sayable

  constructor(code: number, session: string | null, since: number, said: string | Sayable) {
    this.code = code
    this.session = session
    this.since = since
    this.said = said
  }

  get reason(): FindingReason {
    return readReason(this.code)
  }

  get severity(): Severity {
    return readSeverity(this.code)
  }

  /** The sentence for a prefix that has the finding, as it was when it began. */
  message(prefix: string): string {
    const { said } = this
    if (typeof said === 'string') return said
    const text = said.say(this.reason, prefix, this.session ?? '')
    if (!said.shared) this.said = text
    return text
  }
}

/** A finding that opened, as an event tells it. */
export class OpenedFinding implements FindingChange {
  declare protected readonly finding: OpenFinding
  declare protected readonly prefix: string

  /** @param prefix as text */
  constructor(finding: OpenFinding, prefix: string) {
    this.finding = finding
    this.prefix = prefix
  }

  get reason(): FindingReason {
    return this.finding.reason
  }

  get severity(): Severity {
    return this.finding.severity
  }

  get session(): string | null {
    return this.finding.session
  }

  get message(): string {
    return this.finding.message(this.prefix)
  }
}

/** A finding that closed, as an event tells it. */
export class ClosedFinding extends OpenedFinding {
  /** Milliseconds that it was open. */
  declare readonly duration: number

  constructor(finding: OpenFinding, prefix: string, now: number) {
    super(finding, prefix)
    this.duration = now - finding.since
  }
}

/** The place of the first of some findings whose code is not below `code`; their number when none is. */
export function placeOfCode(findings: readonly OpenFinding[], code: number): number {
  let low = 0
  let high = findings.length
  // Sessions often complete in the order in which they are listed.
  if (high === 0 || (findings[high - 1] as OpenFinding).code < code) return high
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((findings[middle] as OpenFinding).code < code) low = middle + 1
    else high = middle
  }
  return low
}

/** Lists up to this length are made anew, at the size that they need. */
const SHORT = 8

/**
 * Puts items in the place of a part of a list. A long list is changed in place: while a hundred sessions
 * complete their tables one after another, copies of it would cost the square of that.
 * @param from the first that goes
 * @param to the first behind it that stays
 * @param by taken over
 * @returns the list as it is now; the one given is not to be used any more
 */
export function replacePart<T>(list: T[], from: number, to: number, by: T[]): T[] {
  const { length } = list
  const grown = by.length - (to - from)
  if (length === to - from) return by
  if (length <= SHORT || length + grown <= SHORT) {
    return list.slice(0, from).concat(by, list.slice(to))
  }
  for (let i = 0; i < grown; i++) list.push(by[i] as T)
  if (grown > 0) for (let i = length - 1; i >= to; i--) list[i + grown] = list[i] as T
  if (grown < 0) {
    for (let i = to; i < length; i++) list[i + grown] = list[i] as T
    list.length = length + grown
  }
  for (let i = 0; i < by.length; i++) list[from + i] = by[i] as T
  return list
}

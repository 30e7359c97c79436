/** Findings that are or were open, with a sentence that is made when somebody asks. */
import type { FindingChange, FindingReason, Severity } from './types.ts'

/** Something that findings are about, kept as it was, of which each can be said later. */
export interface Sayable {
  say(reason: FindingReason): string
}

/** A finding from when it began, as events tell it; its sentence is that of then. */
export class OpenFinding implements FindingChange {
  readonly reason: FindingReason
  readonly severity: Severity
  readonly session: string | null
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Its sentence, or what it takes to say it. */
  said: string | Sayable

  constructor(
    reason: FindingReason,
    severity: Severity,
    session: string | null,
    since: number,
    said: string | Sayable,
  ) {
    this.reason = reason
    this.severity = severity
    this.session = session
    this.since = since
    this.said = said
  }

  get message(): string {
    if (typeof this.said !== 'string') this.said = this.said.say(this.reason)
    return this.said
  }
}

/** A finding that closed. */
export class ClosedFinding implements FindingChange {
  /** Milliseconds that it was open. */
  readonly duration: number
  private readonly finding: OpenFinding

  constructor(finding: OpenFinding, now: number) {
    this.finding = finding
    this.duration = now - finding.since
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
    return this.finding.message
  }
}

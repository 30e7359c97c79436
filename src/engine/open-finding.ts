/** Findings that are or were open, with a sentence that is made when somebody asks. */
import type { FindingChange, FindingReason, Severity } from './types.ts'

/** When a finding began, and its sentence then. */
export class OpenFinding {
  /** Milliseconds since the epoch. */
  readonly since: number
  private said: string | (() => string)

  constructor(since: number, said: string | (() => string)) {
    this.since = since
    this.said = said
  }

  get message(): string {
    if (typeof this.said === 'function') this.said = this.said()
    return this.said
  }
}

/** A finding that opened or closed, as an event tells it. */
export class ChangedFinding implements FindingChange {
  readonly reason: FindingReason
  readonly severity: Severity
  readonly session: string | null
  private readonly finding: OpenFinding

  constructor(
    reason: FindingReason,
    severity: Severity,
    session: string | null,
    finding: OpenFinding,
  ) {
    this.reason = reason
    this.severity = severity
    this.session = session
    this.finding = finding
  }

  get message(): string {
    return this.finding.message
  }
}

/** A finding that closed. */
export class ClosedFinding extends ChangedFinding {
  /** Milliseconds that it was open. */
  readonly duration: number

  constructor(change: ChangedFinding, finding: OpenFinding, now: number) {
    super(change.reason, change.severity, change.session, finding)
    this.duration = now - finding.since
  }
}

/**
 * One registered prefix over all its sessions: findings, state, and the event when they changed.
 * Runs once for each prefix that a chunk, a session or a registry change touched.
 */
import { familyName } from '../prefix/prefix.ts'
import { foreignOrigins, judgeSet } from './judge.ts'
import { ChangedFinding, ClosedFinding, OpenFinding } from './open-finding.ts'
import { reasonIndex } from './policy.ts'
import { findingSentence, type SaidRoute } from './sentences.ts'
import {
  anyCompleted,
  type EngineSession,
  type EngineState,
  type Registered,
  tableOf,
} from './state.ts'
import {
  type FindingChange,
  type FindingReason,
  findingReasons,
  PrefixState,
  prefixStateNames,
} from './types.ts'

// A code is (session index + 1) << 8 | reason << 1 | warning; session 0 means the registration.
const REASON_SHIFT = 1
const SESSION_SHIFT = 8
const WARNING = 1

/** @param session null: the finding is about the registration as such */
function findingCode(
  session: EngineSession | null,
  reason: FindingReason,
  warning: boolean,
): number {
  const where = session === null ? 0 : session.index + 1
  return (where << SESSION_SHIFT) | (reasonIndex[reason] << REASON_SHIFT) | (warning ? WARNING : 0)
}

/** A finding's code taken apart. */
export function readCode(state: EngineState, code: number) {
  const where = code >>> SESSION_SHIFT
  return {
    session: where === 0 ? null : (state.sessions[where - 1] ?? null),
    reason: findingReasons[(code >>> REASON_SHIFT) & 0x7f] as FindingReason,
    severity: (code & WARNING) !== 0 ? ('warning' as const) : ('error' as const),
  }
}

/** Whether the initial table of the prefix's family is there on the session (SPEC 1.3). */
export function isComplete(session: EngineSession, registered: Registered): boolean {
  return tableOf(session, registered.prefix.family)?.complete === true
}

/** Whether routes of the session count: it is up, or its peer restarts gracefully. */
export function holdsRoutes(session: EngineSession): boolean {
  return session.up || session.keepUntil > 0
}

/**
 * All findings of a prefix, as codes in ascending order.
 * @param early also judge the routes when no expected session has completed its table yet
 */
export function findCodes(state: EngineState, registered: Registered, early: boolean): number[] {
  const codes: number[] = []
  if (registered.overlaps.length > 0) codes.push(findingCode(null, 'overlapping-prefix', false))
  const judged = early || anyCompleted(registered)
  for (const session of registered.expected) {
    findOnSession(state, registered, session, judged, codes)
  }
  return codes.sort((a, b) => a - b)
}

/** The codes of a prefix of which only one session's part can have changed. */
function renewCodes(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
): readonly number[] {
  if (!registered.expected.includes(session)) return registered.codes
  const where = session.index + 1
  const codes = registered.codes.filter((code) => code >>> SESSION_SHIFT !== where)
  findOnSession(state, registered, session, true, codes)
  return codes.sort((a, b) => a - b)
}

/** @param judged whether the routes count yet */
function findOnSession(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  judged: boolean,
  codes: number[],
): void {
  if (!session.up && session.overdue) codes.push(findingCode(session, 'session-down', true))
  if (!judged || !holdsRoutes(session)) return
  const { bits, received } = judgeRoutes(state, registered, session)
  for (let rest = bits, reason = 0; rest !== 0; rest >>>= 1, reason++) {
    if ((rest & 1) === 0) continue
    const warning = (registered.policy.warnings & (1 << reason)) !== 0
    codes.push(findingCode(session, findingReasons[reason] as FindingReason, warning))
  }
  if (registered.malformed?.has(session) === true) {
    codes.push(findingCode(session, 'malformed-update', false))
  }
  if (!received && session.up && isComplete(session, registered)) {
    codes.push(findingCode(session, 'not-received', false))
  }
  const specifics = registered.moreSpecifics?.get(session)
  if (specifics !== undefined) {
    const foreign = foreignOrigins(state, registered, session).length > 0
    codes.push(findingCode(session, 'overlapping-announcement', !foreign))
  }
}

/** Findings of all paths that the session has for the prefix (several with RFC 7911). */
function judgeRoutes(state: EngineState, registered: Registered, session: EngineSession) {
  let bits = 0
  let received = false
  tableOf(session, registered.prefix.family)?.rib.eachPath(registered.prefix, (set) => {
    received = true
    bits |= judgeSet(state, registered, session, set)
  })
  return { bits, received }
}

/** Whether nothing can be said of the session yet: its table is on its way, or it had no time to come up. */
function isAwaited(session: EngineSession, registered: Registered): boolean {
  return session.up ? !isComplete(session, registered) : !session.overdue
}

/** SPEC 1.3, from the top: the first line that applies. */
function stateOf(registered: Registered, codes: readonly number[]) {
  if (registered.registration.enabled === false) return PrefixState.None
  if (registered.registration.invalid !== undefined || registered.expected.length === 0) {
    return PrefixState.Invalid
  }
  if (!anyCompleted(registered)) return PrefixState.Pending
  if (codes.some((code) => (code & WARNING) === 0)) return PrefixState.Failed
  if (registered.expected.some((session) => isAwaited(session, registered))) {
    return codes.length > 0 ? PrefixState.Warning : PrefixState.Pending
  }
  return codes.length > 0 ? PrefixState.Warning : PrefixState.Verified
}

/** Whether the prefix is judged at all. */
export function isJudged(registered: Registered): boolean {
  const { registration, expected } = registered
  return registration.enabled !== false && registration.invalid === undefined && expected.length > 0
}

/** Why a prefix in state Invalid cannot be judged, in one sentence; empty in other states. */
export function invalidReason(registered: Registered): string {
  if (registered.registration.enabled === false) return ''
  if (registered.registration.invalid !== undefined) return registered.registration.invalid
  if (registered.expected.length > 0) return ''
  return `No session carries ${familyName(registered.prefix.family)}, so nothing can be expected of this prefix.`
}

/**
 * Judges one prefix and emits an event when its state or its findings changed.
 * @param now milliseconds since the epoch
 */
export function evaluate(state: EngineState, registered: Registered, now: number): void {
  const codes = currentCodes(state, registered)
  const next = stateOf(registered, codes)
  const before = registered.state
  const changed = !sameCodes(registered.codes, codes)
  if (next === before && !changed) return
  registered.summary = null
  const { opened, closed } = changed
    ? replaceCodes(state, registered, codes, now)
    : { opened: [], closed: [] }
  const duration = now - registered.since
  if (next !== before) {
    registered.state = next
    registered.since = now
  } else if (next === PrefixState.Pending) {
    // Nothing is judged yet: sessions that come and go before that are no news of the prefix.
    return
  }
  state.emit({
    kind: 'prefix',
    time: now,
    name: registered.registration.name,
    prefix: registered.text,
    from: prefixStateNames[before] ?? null,
    to: prefixStateNames[next] ?? null,
    duration,
    opened,
    closed,
  })
}

/** Finds the codes anew, only one session's part of them where that is enough; nothing is dirty then. */
function currentCodes(state: EngineState, registered: Registered): readonly number[] {
  const { changed, routesCounted } = registered
  registered.dirty = false
  registered.changed = null
  if (!isJudged(registered)) {
    registered.routesCounted = false
    return []
  }
  if (changed !== null && routesCounted) return renewCodes(state, registered, changed)
  registered.routesCounted = anyCompleted(registered)
  return findCodes(state, registered, false)
}

function sameCodes(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Puts new findings in the place of the old ones; both lists are ascending. */
function replaceCodes(
  state: EngineState,
  registered: Registered,
  codes: readonly number[],
  now: number,
): { opened: FindingChange[]; closed: FindingChange[] } {
  const opened: FindingChange[] = []
  const closed: FindingChange[] = []
  const findings: OpenFinding[] = []
  let last: SaidRoute | null = null
  let old = 0
  const closeBelow = (code: number) => {
    for (; old < registered.codes.length && (registered.codes[old] as number) < code; old++) {
      const finding = registered.opened[old] as OpenFinding
      const change = changeOf(state, registered.codes[old] as number, finding)
      closed.push(new ClosedFinding(change, finding, now))
    }
  }
  for (const code of codes) {
    closeBelow(code)
    if (registered.codes[old] === code) {
      findings.push(registered.opened[old] as OpenFinding)
      old++
      continue
    }
    const { session, reason } = readCode(state, code)
    const { said, route } = findingSentence(state, registered, session, reason, last)
    last = route
    const finding = new OpenFinding(now, said)
    findings.push(finding)
    opened.push(changeOf(state, code, finding))
  }
  closeBelow(Number.POSITIVE_INFINITY)
  registered.codes = codes
  registered.opened = findings
  return { opened, closed }
}

function changeOf(state: EngineState, code: number, finding: OpenFinding): ChangedFinding {
  const { session, reason, severity } = readCode(state, code)
  return new ChangedFinding(reason, severity, session?.name ?? null, finding)
}

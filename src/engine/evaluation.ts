/**
 * One registered prefix over all its sessions: findings, state, and the event when they changed.
 * Runs once for each prefix that a chunk, a session or a registry change touched.
 */
import { familyName } from '../prefix/prefix.ts'
import { noteRoutes } from './carried.ts'
import {
  findCodes,
  isComplete,
  isLocationCode,
  isWarning,
  readCode,
  renewCodes,
} from './finding-codes.ts'
import { ClosedFinding, OpenFinding } from './open-finding.ts'
import { findingSentence } from './sentences.ts'
import { anyCompleted, type EngineSession, type EngineState, type Registered } from './state.ts'
import { type FindingChange, PrefixState, prefixStateNames } from './types.ts'

/** Whether nothing can be said of the session yet: its table is on its way, or it had no time to come up. */
function isAwaited(session: EngineSession, registered: Registered): boolean {
  return session.up ? !isComplete(session, registered) : !session.overdue
}

function anyAwaited(registered: Registered): boolean {
  for (const session of registered.expected) if (isAwaited(session, registered)) return true
  return false
}

function anyError(codes: readonly number[]): boolean {
  for (const code of codes) if (!isWarning(code)) return true
  return false
}

/** Whether a location has too few sessions, and there is nobody left to wait for. */
function lacksLocation(registered: Registered, codes: readonly number[]): boolean {
  return codes.some(isLocationCode) && !anyAwaited(registered)
}

/** SPEC 1.3, from the top: the first line that applies. */
function stateOf(registered: Registered, codes: readonly number[]) {
  if (registered.registration.enabled === false) return PrefixState.None
  if (!isJudged(registered)) return PrefixState.Invalid
  if (!anyCompleted(registered) && !lacksLocation(registered, codes)) return PrefixState.Pending
  if (anyError(codes)) return PrefixState.Failed
  if (codes.length > 0) return PrefixState.Warning
  return anyAwaited(registered) ? PrefixState.Pending : PrefixState.Verified
}

/** Whether the prefix is judged at all. */
export function isJudged(registered: Registered): boolean {
  const { registration, expected } = registered
  if (registration.enabled === false || registration.invalid !== undefined) return false
  return expected.length > 0 || registration.requires !== undefined
}

/** Why a prefix in state Invalid cannot be judged, in one sentence; empty in other states. */
export function invalidReason(registered: Registered): string {
  if (registered.registration.enabled === false) return ''
  if (registered.registration.invalid !== undefined) return registered.registration.invalid
  if (isJudged(registered)) return ''
  const family = familyName(registered.prefix.family)
  const none =
    registered.registration.sessions === undefined
      ? `No session carries ${family}`
      : `None of its sessions carries ${family} and counts`
  return `${none}, so nothing can be expected of this prefix.`
}

const nothing: readonly never[] = []

/**
 * Judges one prefix and emits an event when its state or its findings changed.
 * @param now milliseconds since the epoch
 * @param isNew it has just been registered, which is told in any case
 */
export function evaluate(
  state: EngineState,
  registered: Registered,
  now: number,
  isNew = false,
): void {
  noteRoutes(state, registered, now)
  const codes = currentCodes(state, registered)
  const next = stateOf(registered, codes)
  const before = registered.state
  const changed = !sameCodes(registered.codes, codes)
  if (next === before && !changed && !isNew) return
  registered.summary = null
  let opened: readonly FindingChange[] = nothing
  let closed: readonly FindingChange[] = nothing
  if (changed) {
    closed = closeFindings(registered, codes, now)
    opened = openFindings(state, registered, codes, now)
  }
  const duration = now - registered.since
  if (next !== before) {
    registered.state = next
    registered.since = now
  } else if (next === PrefixState.Pending && !isNew) {
    // Nothing is judged yet: sessions that come and go before that are no news of the prefix.
    return
  }
  state.emit({
    kind: 'prefix',
    time: now,
    name: registered.registration.name,
    prefix: registered.text,
    from: isNew ? null : (prefixStateNames[before] ?? null),
    to: prefixStateNames[next] ?? null,
    duration: isNew ? 0 : duration,
    opened,
    closed,
  })
}

/**
 * Finds the codes anew, only one session's part of them where that is enough; nothing is dirty then.
 * @returns valid until the next prefix is judged
 */
function currentCodes(state: EngineState, registered: Registered): readonly number[] {
  const { changed, routesCounted } = registered
  registered.dirty = false
  registered.changed = null
  if (!isJudged(registered)) {
    registered.routesCounted = false
    return nothing
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

/** The open findings whose codes are no longer there. Both lists are ascending. */
function closeFindings(
  registered: Registered,
  codes: readonly number[],
  now: number,
): readonly FindingChange[] {
  const before = registered.codes
  if (before.length === 0) return nothing
  const closed: FindingChange[] = []
  let at = 0
  for (let i = 0; i < before.length; i++) {
    const code = before[i] as number
    while (at < codes.length && (codes[at] as number) < code) at++
    if (codes[at] === code) continue
    closed.push(new ClosedFinding(registered.opened[i] as OpenFinding, now))
  }
  return closed
}

/** Puts the codes in the place of the old ones. @returns the findings that were not open before */
function openFindings(
  state: EngineState,
  registered: Registered,
  codes: readonly number[],
  now: number,
): readonly FindingChange[] {
  const { codes: before, opened: known } = registered
  registered.codes = codes.length === 0 ? nothing : codes.slice()
  registered.opened = findingsOf(state, registered, before, now)
  if (before.length === 0) return registered.opened
  return registered.opened.filter((finding) => finding.since === now && !known.includes(finding))
}

/** The findings of the codes: those that were open already, and new ones. Both lists are ascending. */
function findingsOf(
  state: EngineState,
  registered: Registered,
  before: readonly number[],
  now: number,
): readonly OpenFinding[] {
  if (registered.codes.length === 0) return nothing
  let at = 0
  let last: OpenFinding['said'] | undefined
  return registered.codes.map((code) => {
    while (at < before.length && (before[at] as number) < code) at++
    if (before[at] === code) return registered.opened[at] as OpenFinding
    const { session, reason, severity } = readCode(state, code)
    last = findingSentence(state, registered, session, reason, last)
    return new OpenFinding(reason, severity, session?.name ?? null, now, last)
  })
}

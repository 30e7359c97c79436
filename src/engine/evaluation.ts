/**
 * One registered prefix over all its sessions: findings, state, and the event when they changed.
 * Runs once for each prefix that a chunk, a session or a registry change touched.
 */
import { familyName } from '../prefix/prefix.ts'
import { noteRoutes } from './carried.ts'
import { anyAwaited, anyCompleted } from './expectation.ts'
import {
  findCodes,
  firstCode,
  found,
  isError,
  isLocationCode,
  readReason,
  readSession,
} from './finding-codes.ts'
import {
  ClosedFinding,
  OpenedFinding,
  OpenFinding,
  placeOfCode,
  replacePart,
} from './open-finding.ts'
import { findingSentence } from './sentences.ts'
import type { EngineSession, EngineState, Registered } from './state.ts'
import { type FindingChange, PrefixState, prefixStateNames } from './types.ts'

/** Whether a location has too few sessions, and there is nobody left to wait for. */
function lacksLocation({ expected, opened }: Registered): boolean {
  // What is found about the registration as such comes first.
  for (let i = 0; i < opened.length; i++) {
    const { code } = opened[i] as OpenFinding
    if (code >= firstCode(0)) return false
    if (isLocationCode(code)) return !anyAwaited(expected)
  }
  return false
}

/** SPEC 1.3, from the top: the first line that applies to the findings that are open. */
function stateOf(registered: Registered) {
  const { registration, expected, opened, errors } = registered
  if (registration.enabled === false) return PrefixState.None
  if (!registered.judged) return PrefixState.Invalid
  if (!registered.routesCounted && !lacksLocation(registered)) return PrefixState.Pending
  if (errors > 0) return PrefixState.Failed
  if (opened.length > 0) return PrefixState.Warning
  return anyAwaited(expected) ? PrefixState.Pending : PrefixState.Verified
}

/** Whether the prefix is judged at all. */
export function isJudged(registered: Registered): boolean {
  const { registration, expected } = registered
  if (registration.enabled === false || registration.invalid !== undefined) return false
  return expected.sessions.length > 0 || registration.requires !== undefined
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

/** Never added to: `added` makes another list of it. */
const nothing: never[] = []

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
  if (state.emitRoutes !== null) noteRoutes(state, registered, now)
  const changes = renewFindings(state, registered, now)
  const next = stateOf(registered)
  const before = registered.state
  if (next === before && changes === unchanged && !isNew) return
  registered.summary = null
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
    opened: changes.opened,
    closed: changes.closed,
  })
}

/** What opened and what closed. */
interface Changes {
  readonly opened: readonly FindingChange[]
  readonly closed: readonly FindingChange[]
}

const unchanged: Changes = { opened: nothing, closed: nothing }

/** Finds anew what is wrong, only one session's part of it where that is enough; nothing is dirty then. */
function renewFindings(state: EngineState, registered: Registered, now: number): Changes {
  const { opened } = registered
  const judged = isJudged(registered)
  const counted = judged && anyCompleted(registered.expected)
  const only = judged && renewable(registered, counted) ? registered.changed : null
  registered.dirty = false
  registered.changed = null
  registered.judged = judged
  registered.routesCounted = counted
  found.count = 0
  if (judged) findCodes(state, registered, only, counted)
  let from = 0
  let to = opened.length
  if (only !== null && to > 0) {
    const end = firstCode(only.index + 1)
    from = placeOfCode(opened, firstCode(only.index))
    for (to = from; to < opened.length && (opened[to] as OpenFinding).code < end; ) to++
  }
  if (from === to) return found.count === 0 ? unchanged : openFindings(state, registered, from, now)
  if (found.count === to - from && sameCodes(opened, from)) return unchanged
  return replaceFindings(state, registered, from, to, now)
}

/** Whether findings of no other session than the changed one can be others than they were. */
function renewable(registered: Registered, counted: boolean): boolean {
  return (
    registered.judged &&
    registered.routesCounted === counted &&
    registered.registration.requires === undefined
  )
}

/** Whether findings have just the codes that were found. @param from the place of the first */
function sameCodes(findings: readonly OpenFinding[], from: number): boolean {
  const { codes, count } = found
  for (let i = 0; i < count; i++) {
    if ((findings[from + i] as OpenFinding).code !== codes[i]) return false
  }
  return true
}

/** Opens what was found, of which nothing is open yet. @param at the place of the first of them */
function openFindings(
  state: EngineState,
  registered: Registered,
  at: number,
  now: number,
): Changes {
  const { codes, count } = found
  const after: OpenFinding[] = new Array(count)
  const opened: FindingChange[] = new Array(count)
  let last: OpenFinding['said'] | undefined
  for (let i = 0; i < count; i++) {
    const code = codes[i] as number
    const session = readSession(state, code)
    last = findingSentence(state, registered, session, readReason(code), last)
    const finding = open(registered, session, code, now, last)
    after[i] = finding
    opened[i] = new OpenedFinding(finding, registered.text)
  }
  registered.reasons = null
  registered.opened = replacePart(registered.opened, at, at, after)
  return { opened, closed: nothing }
}

/** Puts findings with the codes found in the place of a part of those that are open; those that stay are kept. */
function replaceFindings(
  state: EngineState,
  registered: Registered,
  from: number,
  to: number,
  now: number,
): Changes {
  const { codes, count } = found
  const before = registered.opened
  const after: OpenFinding[] = new Array(count)
  let opened: FindingChange[] = nothing
  let closed: FindingChange[] = nothing
  let last: OpenFinding['said'] | undefined
  let at = from
  // One more turn than there are codes, which closes what stands behind the last of them.
  for (let i = 0; i <= count; i++) {
    const code = i < count ? (codes[i] as number) : Number.MAX_SAFE_INTEGER
    while (at < to && (before[at] as OpenFinding).code < code) {
      closed = added(closed, close(registered, before[at++] as OpenFinding, now))
    }
    if (i === count) break
    if (at < to && (before[at] as OpenFinding).code === code) {
      after[i] = before[at++] as OpenFinding
      continue
    }
    const session = readSession(state, code)
    last = findingSentence(state, registered, session, readReason(code), last)
    const finding = open(registered, session, code, now, last)
    after[i] = finding
    opened = added(opened, new OpenedFinding(finding, registered.text))
  }
  registered.reasons = null
  registered.opened = replacePart(before, from, to, after)
  return { opened: fitted(opened), closed: fitted(closed) }
}

/** Adds an item to a list; the first makes one of just its size, as most lists of changes have one item. */
function added<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item]
  list.push(item)
  return list
}

/** @returns the list without the room that is left for more items: many such lists stay for long */
function fitted<T>(list: T[]): T[] {
  return list.length > 1 ? list.slice() : list
}

function close(registered: Registered, finding: OpenFinding, now: number): ClosedFinding {
  if (isError(finding.code)) registered.errors--
  return new ClosedFinding(finding, registered.text, now)
}

/** Makes a finding that opens now, unless it opened now for another prefix and nothing tells them apart. */
function open(
  registered: Registered,
  session: EngineSession | null,
  code: number,
  now: number,
  said: OpenFinding['said'],
): OpenFinding {
  if (isError(code)) registered.errors++
  const known = session?.lastShared
  if (known?.code === code && known.since === now && known.said === said) return known
  const made = new OpenFinding(code, session?.name ?? null, now, said)
  if (session !== null && typeof said !== 'string' && said.shared) session.lastShared = made
  return made
}

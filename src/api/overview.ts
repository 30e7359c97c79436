/** What `/api/v1/overview` says: how it stands, and what the last hour brought. */
import type { EngineView, PrefixEvent, PrefixStateName, PrefixSummary } from '../engine/types.ts'
import { type SessionStateName, stateName } from '../session/types.ts'
import type { SessionEvent } from '../telemetry/event-log.ts'
import { shownIsoTime } from './session-view.ts'
import type { OverviewJson } from './status-schemas.ts'

type Recent = OverviewJson['recent']

/** Milliseconds. */
const RECENT = 3_600_000
const INTERVAL = 300_000
/** Failing prefixes, and prefixes and sessions that changed, in one answer. */
const FAILING_SHOWN = 20
const CHANGES_SHOWN = 50

/** How much a state asks for attention; 0: not at all. */
const weight: Record<PrefixStateName, number> = {
  Failed: 2,
  Invalid: 2,
  Warning: 1,
  Pending: 0,
  Verified: 0,
  None: 0,
}

function isBefore(a: PrefixSummary, b: PrefixSummary): boolean {
  return weight[a.state] > weight[b.state] || (a.state === b.state && a.since > b.since)
}

/**
 * The prefixes that ask for attention, the weightiest and latest first.
 * @returns at most 20, found in one pass
 */
export function worstPrefixes(all: readonly PrefixSummary[]): PrefixSummary[] {
  const worst: PrefixSummary[] = []
  for (const prefix of all) {
    if (weight[prefix.state] === 0) continue
    const last = worst[FAILING_SHOWN - 1]
    if (last !== undefined && !isBefore(prefix, last)) continue
    const place = worst.findIndex((other) => isBefore(prefix, other))
    worst.splice(place < 0 ? worst.length : place, 0, prefix)
    worst.length = Math.min(worst.length, FAILING_SHOWN)
  }
  return worst
}

type PrefixChange = Omit<Recent['prefixes'][number], 'time'> & { time: number }
type SessionChange = Omit<Recent['sessions'][number], 'time'> & { time: number }

function latest<T extends { time: number }>(changes: Iterable<T>) {
  return [...changes]
    .sort((a, b) => b.time - a.time)
    .slice(0, CHANGES_SHOWN)
    .map((change) => ({ ...change, time: shownIsoTime(change.time) }))
}

/** How an event counts in the interval in which it fell. */
function countIn(interval: { worse: number; better: number; down: number }, event: Told): void {
  if (event.kind === 'session') {
    if (event.from === 'Established' && event.to !== event.from) interval.down += 1
  } else if (event.from !== event.to && event.to !== null) {
    if (weight[event.to] > 0) interval.worse += 1
    else if (event.to === 'Verified') interval.better += 1
  }
}

type Told = PrefixEvent | SessionEvent

function notePrefix(changes: Map<string, PrefixChange>, event: PrefixEvent): void {
  const { name, prefix, from, to, time } = event
  if (from === to) return
  const known = changes.get(name)
  if (known === undefined) changes.set(name, { name, prefix, from, to, changes: 1, time })
  else Object.assign(known, { to, time, changes: known.changes + 1 })
}

function noteSession(changes: Map<string, SessionChange>, event: SessionEvent): void {
  const { session, from, to, time, detail } = event
  const down = from === 'Established' && to !== from ? 1 : 0
  const downs = (changes.get(session)?.downs ?? 0) + down
  changes.set(session, { session, to, downs, time, detail })
}

/**
 * The last hour, out of events.
 * @param events oldest first; those before the hour are passed over
 * @param now milliseconds since the epoch
 */
export function recentChanges(events: readonly Told[], now: number): Recent {
  const since = now - RECENT
  const intervals = Array.from({ length: RECENT / INTERVAL }, (_, i) => ({
    time: shownIsoTime(since + i * INTERVAL),
    worse: 0,
    better: 0,
    down: 0,
  }))
  const prefixes = new Map<string, PrefixChange>()
  const sessions = new Map<string, SessionChange>()
  for (const event of events) {
    if (event.time < since) continue
    const place = Math.floor((event.time - since) / INTERVAL)
    const interval = intervals[Math.min(place, intervals.length - 1)]
    if (interval !== undefined) countIn(interval, event)
    if (event.kind === 'session') noteSession(sessions, event)
    else notePrefix(prefixes, event)
  }
  return {
    since: shownIsoTime(Math.max(since, events[0]?.time ?? since)),
    intervals,
    prefixes: latest(prefixes.values()),
    sessions: latest(sessions.values()),
  }
}

/** Prefixes by state, counted one by one: those alone that somebody may see. */
export function countStates(seen: readonly PrefixSummary[]): Record<PrefixStateName, number> {
  const counts = { None: 0, Pending: 0, Verified: 0, Warning: 0, Failed: 0, Invalid: 0 }
  for (const { state } of seen) counts[state]++
  return counts
}

function countReasons(seen: readonly PrefixSummary[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { reasons } of seen) {
    for (const reason of reasons) counts[reason] = (counts[reason] ?? 0) + 1
  }
  return counts
}

/**
 * Prefixes by state and by reason.
 * @param seen those alone that somebody may see; absent: all, which the engine counts anyway
 */
export function prefixCounts(
  engine: Pick<EngineView, 'stateCounts' | 'reasonCounts'>,
  seen?: readonly PrefixSummary[],
): OverviewJson['prefixes'] {
  const byState = seen === undefined ? { ...engine.stateCounts() } : countStates(seen)
  const byReason = Object.entries(seen === undefined ? engine.reasonCounts() : countReasons(seen))
    .flatMap(([reason, prefixes]) => (prefixes > 0 ? [{ reason, prefixes }] : []))
    .sort((a, b) => b.prefixes - a.prefixes) as OverviewJson['prefixes']['byReason']
  const total = Object.values(byState).reduce((sum, count) => sum + count, 0)
  return { total, byState, byReason }
}

/** Sessions by state, in the order of the states. */
export function sessionCounts(
  statuses: readonly { readonly stateName: SessionStateName; readonly shutdown: boolean }[],
): OverviewJson['sessions'] {
  const counts = new Map<SessionStateName, number>()
  for (const each of statuses) counts.set(each.stateName, (counts.get(each.stateName) ?? 0) + 1)
  const states = ([1, 2, 3, 4, 5, 6] as const).map(stateName)
  return {
    total: statuses.length,
    up: counts.get('Established') ?? 0,
    shutdown: statuses.filter((each) => each.shutdown).length,
    byState: states.flatMap((state) => {
      const sessions = counts.get(state)
      return sessions === undefined ? [] : [{ state, sessions }]
    }),
  }
}

/**
 * From events to notices. What fails at one moment for one cause is one notice; what is well again
 * before it was told is not told; what goes back and forth is told once, as flapping, until it is quiet.
 * Whatever was told as failed is told as recovered. Knows no socket and no clock.
 */
import type { FindingChange, PrefixEvent, Severity } from '../engine/types.ts'
import type { DaemonEvent, SessionEvent } from '../telemetry/event-log.ts'
import type { Notice } from './notice.ts'
import { failedTitle, flappingTitle, recoveredTitle, type Spoken, whyOf } from './wording.ts'

export interface IncidentOptions {
  /** Least severity of a prefix that is told: `error` is Failed, `warning` also Warning. */
  readonly severity: Severity
  /** Milliseconds in which changes are gathered before they are told. */
  readonly gather: number
}

/** Turns to the bad within `QUIET` from which on a subject flaps. */
const FLAP_LIMIT = 4
/** Milliseconds without a turn to the bad after which a flapping subject is quiet. */
export const QUIET = 600_000
/** Subjects named one by one in a notice. */
const NAMED = 50
/** Notices about failures of one moment; the rest become one. */
const NOTICES_AT_ONCE = 10

/** One prefix or session that is, or lately was, not well. */
interface Subject extends Spoken {
  readonly causes: Map<string, FindingChange>
  detail: string
  bad: boolean
  severity: Severity
  /** Milliseconds since the epoch: since when it is bad, or was. */
  since: number
  /** Incident that it was told in as failed; null: nobody was told. */
  told: string | null
  /** It was told by the loss of a session: that session's recovery speaks for it. */
  silent: boolean
  /** When it last turned bad or well. */
  turnedAt: number
  /** When the change came that is not told yet; null: there is none. */
  changedAt: number | null
  /** When it turned bad lately. */
  turns: number[]
  /** Sessions that it failed on and that were lost meanwhile: whether it is well there, nobody knows. */
  readonly unknownOn: Set<string>
  /** It is no longer registered. */
  gone: boolean
  /** Told as flapping, and not quiet yet. */
  flapping: boolean
}

export interface Incidents {
  /** Takes note of an event. */
  take(event: DaemonEvent): void
  /** @returns what is to be told now: failures, flapping, recoveries */
  due(now: number): Notice[]
  /** Whether all is well, and was for a while: `due` need not be asked until the next event. */
  idle(): boolean
}

function causeKey({ reason, session }: FindingChange): string {
  return session === null ? reason : `${reason}@${session}`
}

/** In the order of their keys' first appearance. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

function isQuiet({ turns }: Subject, now: number): boolean {
  return now - (turns.at(-1) ?? Number.NEGATIVE_INFINITY) >= QUIET
}

/** What failures have in common: the session that was lost, or the findings. */
function causeOf({ about, name, causes }: Subject): string {
  return about === 'session' ? `lost ${name}` : [...causes.keys()].sort().join()
}

/** Takes a change for the better or worse to a subject. */
function turn(subject: Subject, bad: boolean, time: number): void {
  if (subject.bad === bad) return
  subject.bad = bad
  subject.turnedAt = time
  subject.changedAt = time
  if (!bad) return
  if (subject.told === null) subject.since = time
  subject.turns = [...subject.turns.filter((at) => time - at < QUIET), time]
}

/** Lets go of changes that nobody needs to hear of. @returns whether one is left */
function worthTelling(subject: Subject): boolean {
  // Well again before it was told, or bad again before its recovery was.
  if (subject.bad === (subject.told !== null)) subject.changedAt = null
  return subject.changedAt !== null
}

/** Makes an empty state. */
export function createIncidents({ severity, gather }: IncidentOptions): Incidents {
  const subjects = new Map<string, Subject>()
  /** Prefixes that miss each session that is down, told or not. */
  const missing = new Map<string, number>()
  let count = 0

  function subjectOf(about: Subject['about'], name: string, prefix?: string): Subject {
    const key = `${about} ${name}`
    const known = subjects.get(key)
    if (known !== undefined) return known
    const told = { told: null, silent: false, changedAt: null, turns: [], flapping: false }
    const state = { bad: false, severity: 'error' as const, since: 0, turnedAt: 0, gone: false }
    const empty = { causes: new Map(), unknownOn: new Set<string>(), detail: '' }
    const made: Subject = { about, name, prefix, ...empty, ...state, ...told }
    subjects.set(key, made)
    return made
  }

  function countMissing(changes: readonly FindingChange[], by: 1 | -1): void {
    for (const { reason, session } of changes) {
      if (reason !== 'session-down' || session === null) continue
      const left = (missing.get(session) ?? 0) + by
      if (left > 0) missing.set(session, left)
      else missing.delete(session)
    }
  }

  /** Notes on which lost sessions it failed until they were lost, or are lost no more. */
  function noteUnknown({ causes, unknownOn }: Subject, closed: readonly FindingChange[]): void {
    for (const { session, severity } of closed) {
      if (session === null) continue
      const isDown = causes.has(`session-down@${session}`)
      if (!isDown) unknownOn.delete(session)
      else if (severity === 'error') unknownOn.add(session)
    }
  }

  function takePrefix(event: PrefixEvent): void {
    const { to } = event
    countMissing(event.opened, 1)
    countMissing(event.closed, -1)
    const bad = to === 'Failed' || to === 'Invalid' || (to === 'Warning' && severity === 'warning')
    if (!bad && !subjects.has(`prefix ${event.name}`)) return
    const subject = subjectOf('prefix', event.name, event.prefix)
    for (const change of event.closed) subject.causes.delete(causeKey(change))
    for (const change of event.opened) subject.causes.set(causeKey(change), change)
    noteUnknown(subject, event.closed)
    if (bad) subject.severity = to === 'Warning' ? 'warning' : 'error'
    subject.gone = to === null
    // Nothing can be said yet; or what was wrong went with its session, and may well come back with it.
    const unknown = to === 'Pending' || (to === 'Warning' && subject.unknownOn.size > 0)
    if (bad || !unknown) turn(subject, bad, event.time)
  }

  function takeSession({ session, from, to, detail, time }: SessionEvent): void {
    const up = to === 'Established'
    if (up ? !subjects.has(`session ${session}`) : from !== 'Established') return
    const subject = subjectOf('session', session)
    if (!up) subject.detail = detail
    turn(subject, !up, time)
  }

  /** What flapped and is quiet is looked at anew; what is well and quiet is forgotten. */
  function settle(now: number): void {
    for (const [key, subject] of subjects) {
      if (!isQuiet(subject, now)) {
        if (subject.flapping) subject.changedAt = null
      } else if (subject.flapping) {
        subject.flapping = false
        subject.turns = []
        subject.changedAt = subject.turnedAt
      } else if (!subject.bad && subject.told === null && subject.changedAt === null) {
        subjects.delete(key)
      }
    }
  }

  /**
   * Keeps back the prefixes that fail for nothing but a session that is lost: they are told with it,
   * or wait until it is told.
   */
  function absorb(down: readonly Subject[], now: number) {
    const telling = new Set(down)
    return down.filter((subject) => {
      const [cause = ''] = subject.causes.size === 1 ? subject.causes.keys() : []
      const [, lost] = /^session-down@([^,]+)$/.exec(cause) ?? []
      const loss = lost === undefined ? undefined : subjects.get(`session ${lost}`)
      if (subject.about === 'session' || loss?.bad !== true) return true
      if (loss.told === null && !telling.has(loss)) return false
      loss.told ??= incident(now)
      tell(subject, loss.told)
      subject.silent = true
      return false
    })
  }

  function incident(now: number): string {
    count += 1
    return `${now.toString(36)}-${count}`
  }

  function tell(subject: Subject, told: string): void {
    subject.told = told
    subject.changedAt = null
  }

  function notice(
    kind: Notice['kind'],
    group: readonly Subject[],
    now: number,
    more: Pick<Notice, 'title' | 'incident'>,
  ): Notice {
    const reasons = new Set<FindingChange['reason']>()
    for (const { causes } of group) for (const { reason } of causes.values()) reasons.add(reason)
    return {
      kind,
      about: group[0]?.about ?? 'prefix',
      severity: group.some((subject) => subject.severity === 'error') ? 'error' : 'warning',
      time: now,
      reasons: [...reasons],
      count: group.length,
      subjects: group.slice(0, NAMED).map((subject) => ({
        name: subject.name,
        ...(subject.prefix !== undefined && { prefix: subject.prefix }),
        since: subject.since,
        message: whyOf(subject),
      })),
      ...more,
    }
  }

  function failures(down: readonly Subject[], now: number): Notice[] {
    const groups = [...groupBy(absorb(down, now), causeOf).values()].sort(
      (a, b) => b.length - a.length,
    )
    const others = groups.slice(NOTICES_AT_ONCE - 1)
    const each = groups.slice(0, NOTICES_AT_ONCE - 1)
    const said = others.length > 1 ? groupBy(others.flat(), ({ about }) => about).values() : others
    return [...each, ...said].map((group) => {
      const told = group[0]?.told ?? incident(now)
      for (const subject of group) tell(subject, told)
      const lost = group.filter(({ about }) => about === 'session')
      const touched = lost.reduce((sum, { name }) => sum + (missing.get(name) ?? 0), 0)
      return {
        ...notice('failed', group, now, { title: failedTitle(group, touched), incident: told }),
        ...(touched > 0 && { affectedPrefixes: touched }),
      }
    })
  }

  function flaps(found: readonly Subject[], now: number): Notice[] {
    return [...groupBy(found, ({ about }) => about).values()].map((group) => {
      const told = group.find((subject) => subject.told !== null)?.told ?? incident(now)
      for (const subject of group) {
        subject.flapping = true
        tell(subject, subject.told ?? told)
      }
      const title = flappingTitle(group, QUIET)
      return notice('flapping', group, now, { title, incident: told })
    })
  }

  function recoveries(well: readonly Subject[], now: number): Notice[] {
    const heard = well.filter(({ silent }) => !silent)
    const groups = groupBy(heard, ({ about, told, gone }) => `${about} ${told} ${gone}`)
    const notices = [...groups.values()].map((group) => {
      const duration = Math.max(...group.map(({ changedAt, since }) => (changedAt ?? now) - since))
      const more = { title: recoveredTitle(group, duration), incident: group[0]?.told ?? '' }
      return { ...notice('recovered', group, now, more), duration }
    })
    for (const subject of well) {
      Object.assign(subject, { told: null, silent: false, changedAt: null })
      subject.causes.clear()
      subject.unknownOn.clear()
    }
    return notices
  }

  return {
    take: (event) => (event.kind === 'prefix' ? takePrefix(event) : takeSession(event)),
    due(now) {
      settle(now)
      const ripe = [...subjects.values()].filter(
        ({ changedAt }) => changedAt !== null && now - changedAt >= gather,
      )
      const flapping = ripe.filter(({ turns }) => turns.length >= FLAP_LIMIT)
      const steady = ripe.filter((s) => s.turns.length < FLAP_LIMIT && worthTelling(s))
      return [
        ...failures(
          steady.filter(({ bad }) => bad),
          now,
        ),
        ...flaps(flapping, now),
        ...recoveries(
          steady.filter(({ bad }) => !bad),
          now,
        ),
      ]
    },
    idle: () => subjects.size === 0,
  }
}

/**
 * Events as the history of prefixes keeps them, with Azure's types and levels. Thousands may come at once,
 * so each is a small object whose words are made when the store writes it.
 */
import type {
  FindingChange,
  Location,
  PrefixEvent,
  RouteChange,
  RouteEvent,
} from '../engine/types.ts'
import type { EventLevel, JsonObject, NewHistoryEvent } from '../store/types.ts'
import { formatDuration } from './duration.ts'
import type { SessionEvent } from './event-log.ts'

/** Type and level of what becomes of routes, by change and location. */
const routeTypes: Readonly<
  Record<RouteChange['change'], Readonly<Record<Location, readonly [string, EventLevel]>>>
> = {
  announced: {
    primary: ['PrefixAnnouncementEvent', 'Information'],
    backup: ['PrefixBackupRouteAnnouncementEvent', 'Information'],
  },
  withdrawn: {
    primary: ['PrefixWithdrawalEvent', 'Warning'],
    backup: ['PrefixBackupRouteWithdrawalEvent', 'Warning'],
  },
  'origin-changed': {
    primary: ['PrefixOriginAsChangeEvent', 'Critical'],
    backup: ['PrefixBackupRouteOriginAsChangeEvent', 'Error'],
  },
  'path-changed': {
    primary: ['PrefixActivePath', 'Information'],
    backup: ['PrefixBackupPath', 'Information'],
  },
}

/** Every type that a history has. */
export const historyTypes = [
  'PrefixAnnouncementEvent',
  'PrefixWithdrawalEvent',
  'PrefixBackupRouteAnnouncementEvent',
  'PrefixBackupRouteWithdrawalEvent',
  'PrefixActivePath',
  'PrefixBackupPath',
  'PrefixOriginAsChangeEvent',
  'PrefixBackupRouteOriginAsChangeEvent',
  'VerdictChangeEvent',
  'SessionChangeEvent',
] as const

const reasonsGone = {
  withdrawn: 'the peer withdrew it',
  'session-down': 'the session is down',
  'not-expected': 'the session no longer counts for it',
} as const

function asName(asn: number): string {
  return asn === 0 ? 'an unknown AS' : `AS${asn}`
}

/** Sessions named in a line; the rest are counted. */
const NAMED = 5

function namesOf(changes: readonly RouteChange[]): string {
  const named = changes.slice(0, NAMED).map(({ session }) => session)
  const rest = changes.length - named.length
  return rest > 0 ? `${named.join(', ')} and ${rest} more` : named.join(', ')
}

/** One change that happened in the same way on one or more sessions. */
class RouteHistory implements NewHistoryEvent {
  readonly time: number
  readonly prefix: string
  readonly session: string | null
  readonly type: string
  readonly level: EventLevel
  private readonly text: string
  private readonly first: RouteChange
  private readonly changes: readonly RouteChange[]

  constructor(event: RouteEvent, first: RouteChange, changes: readonly RouteChange[]) {
    const [type, level] = routeTypes[first.change][first.location]
    this.time = event.time
    this.prefix = event.name
    this.session = changes.length === 1 ? first.session : null
    this.type = type
    this.level = level
    this.text = event.prefix
    this.first = first
    this.changes = changes
  }

  get summary(): string {
    const { change, location, because, originAsn, previousOriginAsn = 0 } = this.first
    const route = location === 'backup' ? 'Backup route' : 'Route'
    const on = namesOf(this.changes)
    switch (change) {
      case 'announced':
        return `${route} announced on ${on}`
      case 'withdrawn':
        return `${route} gone on ${on}: ${reasonsGone[because ?? 'withdrawn']}`
      case 'origin-changed':
        return `${route} on ${on} has the origin ${asName(originAsn)}, it was ${asName(previousOriginAsn)}`
      default:
        return `${route} on ${on} has another AS path: ${this.first.asPath || 'empty'}`
    }
  }

  get description(): string {
    const { change, asPath, originAsn } = this.first
    if (change === 'withdrawn') return `${this.text}: ${this.summary}.`
    const path = asPath === '' ? 'an empty AS path' : `the AS path ${asPath}`
    return `${this.text}: ${this.summary}. It has ${path} and the origin ${asName(originAsn)}.`
  }

  get detail(): JsonObject {
    const { change, location, originAsn, previousOriginAsn, asPath, because } = this.first
    return {
      prefix: this.text,
      change,
      location,
      sessions: this.changes.map(({ session }) => session),
      originAsn,
      ...(previousOriginAsn !== undefined && { previousOriginAsn }),
      ...(change !== 'withdrawn' && { asPath }),
      ...(because !== undefined && { because }),
    }
  }
}

/** Changes that one sentence can say together. */
function sameNews(a: RouteChange, b: RouteChange): boolean {
  return (
    a.change === b.change &&
    a.location === b.location &&
    a.because === b.because &&
    a.originAsn === b.originAsn &&
    a.previousOriginAsn === b.previousOriginAsn &&
    (a.change === 'withdrawn' || a.asPath === b.asPath)
  )
}

/** That another location serves the prefix now. */
function activeHistory({ time, name, prefix, active, wasActive }: RouteEvent): NewHistoryEvent {
  const summary = `Active path is now that of the ${active} location, it was the ${wasActive} one`
  return {
    time,
    prefix: name,
    session: null,
    type: 'PrefixActivePath',
    level: 'Information',
    summary,
    description: `${prefix}: ${summary}.`,
    detail: { prefix, active, wasActive },
  }
}

/** What became of a prefix's routes. */
export function routeHistory(event: RouteEvent): NewHistoryEvent[] {
  const found: NewHistoryEvent[] = []
  let rest = event.changes
  while (rest.length > 0) {
    const [first] = rest as [RouteChange]
    const same = rest.length === 1 ? rest : rest.filter((change) => sameNews(first, change))
    found.push(new RouteHistory(event, first, same))
    rest = rest.length === same.length ? [] : rest.filter((change) => !same.includes(change))
  }
  const { active, wasActive } = event
  const moved = active !== null && wasActive !== null && active !== wasActive
  if (moved) found.push(activeHistory(event))
  return found
}

const verdictLevels: Readonly<Record<NonNullable<PrefixEvent['to']>, EventLevel>> = {
  None: 'Information',
  Pending: 'Information',
  Verified: 'Information',
  Warning: 'Warning',
  Failed: 'Error',
  Invalid: 'Error',
}

/** `missing community on edge-a` */
function findingWords({ reason, session }: FindingChange): string {
  const words = reason.replaceAll('-', ' ')
  return session === null ? words : `${words} on ${session}`
}

function listed(changes: readonly FindingChange[]): string {
  const named = changes.slice(0, NAMED).map(findingWords)
  const rest = changes.length - named.length
  const words = rest > 0 ? `${named.join(', ')} and ${rest} more` : named.join(', ')
  return words === '' ? '' : `: ${words}`
}

function findingDetail({
  reason,
  severity,
  session,
  message,
  duration,
}: FindingChange): JsonObject {
  const lasted = duration === undefined ? {} : { durationSeconds: duration / 1000 }
  return { reason, severity, session, message, ...lasted }
}

/** A verdict that changed. */
class VerdictHistory implements NewHistoryEvent {
  readonly type = 'VerdictChangeEvent'
  readonly session = null
  private readonly event: PrefixEvent

  constructor(event: PrefixEvent) {
    this.event = event
  }

  get time(): number {
    return this.event.time
  }

  get prefix(): string {
    return this.event.name
  }

  get level(): EventLevel {
    const { to } = this.event
    return to === null ? 'Information' : verdictLevels[to]
  }

  get summary(): string {
    const { from, to, duration, opened, closed } = this.event
    const lasted = formatDuration(duration)
    if (from === null) return `Registered: ${to}${listed(opened)}`
    if (to === null) return `No longer registered; ${from} for ${lasted}${listed(closed)}`
    if (from !== to) return `${to}${listed(opened)}; ${from} for ${lasted}${listed(closed)}`
    const ended = closed.length === 0 ? '' : `; ended${listed(closed)}`
    return `Still ${to} after ${lasted}${listed(opened)}${ended}`
  }

  get description(): string {
    const { prefix, opened, closed } = this.event
    const ended = closed.map(
      (change) => `Ended after ${formatDuration(change.duration ?? 0)}: ${change.message}`,
    )
    return [`${prefix}: ${this.summary}.`, ...opened.map(({ message }) => message), ...ended].join(
      ' ',
    )
  }

  get detail(): JsonObject {
    const { prefix, from, to, duration, opened, closed } = this.event
    return {
      prefix,
      from,
      to,
      durationSeconds: duration / 1000,
      opened: opened.map(findingDetail),
      closed: closed.map(findingDetail),
    }
  }
}

/** A verdict that changed, as history keeps it. */
export function verdictHistory(event: PrefixEvent): NewHistoryEvent {
  return new VerdictHistory(event)
}

/** A session that came up, went down or failed to come up, as history keeps it. */
export function sessionHistory(event: SessionEvent): NewHistoryEvent {
  const { time, session, from, to, detail, opened = [] } = event
  const findings = opened.map(({ severity }) => (severity === 'error' ? 'Error' : 'Warning'))
  const found = findings.includes('Error') ? 'Error' : findings[0]
  const level: EventLevel = found ?? (to === 'Established' ? 'Information' : 'Warning')
  const summary = from === to ? `${to}: ${detail}` : `${to}, was ${from}: ${detail}`
  return {
    time,
    type: 'SessionChangeEvent',
    level,
    prefix: null,
    session,
    summary,
    description: `${session}: ${summary.replace(/\.$/, '')}.`,
    detail: { from, to, detail },
  }
}

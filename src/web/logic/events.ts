/** Events: which a reader wants, and what they say. */
import type { EventJson, PrefixEventJson } from '../../api/event-schemas.ts'
import { formatDuration } from '../../telemetry/duration.ts'
import { type Look, prefixLooks, sessionLooks, severityLooks } from './states.ts'

export interface EventFilter {
  readonly kind?: string | undefined
  readonly prefix?: string | undefined
  readonly session?: string | undefined
}

/** Whether an event passes, by the rules of `GET /api/v1/events`. */
export function matchesEvent(event: EventJson, { kind, prefix, session }: EventFilter): boolean {
  if (kind && event.kind !== kind) return false
  if (event.kind === 'session') return !prefix && (!session || event.session === session)
  if (prefix && event.name !== prefix) return false
  return !session || [...event.opened, ...event.closed].some((each) => each.session === session)
}

/** Joins two lists without doubles. @returns the newest first, at most `most` */
export function mergeEvents(
  a: readonly EventJson[],
  b: readonly EventJson[],
  most: number,
): EventJson[] {
  const byId = new Map([...a, ...b].map((event) => [event.id, event]))
  return [...byId.values()].sort((x, y) => y.id - x.id).slice(0, most)
}

/** @returns for instance `missing-community on edge-a ended after 4 min` */
export function closedWords({ reason, session, durationSeconds }: PrefixEventJson['closed'][0]) {
  const where = session === null ? '' : ` on ${session}`
  const after =
    durationSeconds === undefined ? '' : ` after ${formatDuration(durationSeconds * 1000)}`
  return `${reason}${where} ended${after}`
}

/** What a session's event says, what came over the wire first. */
export function sessionWords(event: Extract<EventJson, { kind: 'session' }>): string {
  const { notification, detail } = event
  if (notification === undefined) return detail
  const { direction, text, communication } = notification
  const said = communication ? `: “${communication}”` : ''
  return `${direction === 'received' ? 'Received' : 'Sent'} ${text}${said}`
}

/** How an event looks: as the state that it led to, or the finding that it opened. */
export function eventLook(event: EventJson): Look {
  if (event.kind === 'prefix') return prefixLooks[event.to ?? 'None']
  const [found] = event.opened ?? []
  return found === undefined ? sessionLooks[event.to] : severityLooks[found.severity]
}

/** The daemon's recent events: a bounded ring with increasing ids, from which readers catch up. */
import type { PrefixEvent } from '../engine/types.ts'
import type { SessionFindingChange } from '../peering/session-findings.ts'
import type { NotificationRecord, SessionStateName } from '../session/types.ts'
import { createEventRing } from './event-ring.ts'

/** A session changed in a way worth telling: it came up, went down, or failed to come up. */
export interface SessionEvent {
  readonly kind: 'session'
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly session: string
  readonly from: SessionStateName
  /** Equal to `from` for a NOTIFICATION that changed nothing, such as that of a lost collision. */
  readonly to: SessionStateName
  /** One sentence. */
  readonly detail: string
  readonly notification?: NotificationRecord
  /** Findings about what it announces that opened or closed; absent: none did. */
  readonly opened?: readonly SessionFindingChange[]
  readonly closed?: readonly SessionFindingChange[]
}

/** An event in the order in which it happened; ids increase, also over restarts. */
export type DaemonEvent = (PrefixEvent | SessionEvent) & { readonly id: number }

/** Which events a reader wants; absent fields match all. */
export interface EventFilter {
  readonly kind?: DaemonEvent['kind']
  /** Name of a registered prefix: its own events. */
  readonly prefix?: string
  /** Name of a session: its own events, and those of prefixes with a finding that opened or closed on it. */
  readonly session?: string
  /** Whether the reader may see the event. */
  readonly sees?: (event: DaemonEvent) => boolean
}

/** Where to begin: after an id, or at a time (milliseconds since the epoch). */
export type EventStart = { readonly id: number } | { readonly time: number }

export interface EventLog {
  /** Takes the event over, gives it the next id and tells every subscriber. */
  append(event: PrefixEvent | SessionEvent): DaemonEvent
  /** @returns at most `limit` matching events after `start`, oldest first */
  since(start: EventStart, limit: number, filter?: EventFilter): DaemonEvent[]
  /** @returns the newest `limit` matching events, oldest first */
  newest(limit: number, filter?: EventFilter): DaemonEvent[]
  /** Id of the oldest event held; `lastId() + 1` when none is. */
  firstId(): number
  /** Id of the newest event, even if none is held yet. */
  lastId(): number
  /**
   * Calls back for each event as it is appended, in the turn of whoever appends: a listener only
   * takes note, it neither throws nor waits.
   * @returns a function that ends the subscription
   */
  subscribe(listener: (event: DaemonEvent) => void): () => void
}

/** Whether an event passes the filter. */
export function matchesFilter(event: DaemonEvent, filter: EventFilter): boolean {
  return isWanted(event, filter) && (filter.sees?.(event) ?? true)
}

function isWanted(event: DaemonEvent, filter: EventFilter): boolean {
  if (filter.kind !== undefined && event.kind !== filter.kind) return false
  if (event.kind === 'session') {
    return (
      filter.prefix === undefined &&
      (filter.session === undefined || event.session === filter.session)
    )
  }
  if (filter.prefix !== undefined && event.name !== filter.prefix) return false
  const { session } = filter
  return (
    session === undefined ||
    event.opened.some((change) => change.session === session) ||
    event.closed.some((change) => change.session === session)
  )
}

/**
 * Makes an empty log.
 * @param options.startedAt milliseconds since the epoch. Ids go on from `startedAt * 1000`, so that
 *   they keep increasing over restarts (unless a run made more than 1000 events a millisecond)
 *   and a reader's Last-Event-ID stays meaningful without anything on disk
 * @param options.capacity events kept; the oldest give way
 */
export function createEventLog(options: { startedAt: number; capacity?: number }): EventLog {
  const capacity = options.capacity ?? 10_000
  /** Another list after each change, so that it stays the same while events are told. */
  let listeners: readonly ((event: DaemonEvent) => void)[] = []
  const base = Math.floor(options.startedAt) * 1000
  const ring = createEventRing(capacity, base + 1)
  let lastId = base
  const firstId = () => lastId - ring.count() + 1

  function append(event: PrefixEvent | SessionEvent): DaemonEvent {
    lastId += 1
    const kept = event as (PrefixEvent | SessionEvent) & { id: number }
    kept.id = lastId
    ring.put(kept)
    const told = listeners
    for (let i = 0; i < told.length; i++) told[i]?.(kept)
    return kept
  }

  function since(start: EventStart, limit: number, filter: EventFilter = {}): DaemonEvent[] {
    const found: DaemonEvent[] = []
    const from = 'id' in start ? Math.max(start.id + 1, firstId()) : firstId()
    for (let id = from; id <= lastId && found.length < limit; id++) {
      const event = ring.at(id)
      if (event === undefined || ('time' in start && event.time < start.time)) continue
      if (matchesFilter(event, filter)) found.push(event)
    }
    return found
  }

  function newest(limit: number, filter: EventFilter = {}): DaemonEvent[] {
    const found: DaemonEvent[] = []
    for (let id = lastId; id >= firstId() && found.length < limit; id--) {
      const event = ring.at(id)
      if (event !== undefined && matchesFilter(event, filter)) found.push(event)
    }
    return found.reverse()
  }

  return {
    append,
    since,
    newest,
    firstId,
    lastId: () => lastId,
    subscribe(listener) {
      const own = (event: DaemonEvent) => listener(event)
      listeners = [...listeners, own]
      return () => {
        listeners = listeners.filter((each) => each !== own)
      }
    },
  }
}

/**
 * Named events of the domain: each one logs, counts and, where an operator would look for it later,
 * goes to the event log. Nobody else holds log sentences.
 */
import type { PrefixEvent } from '../engine/types.ts'
import type { SessionFindingChange } from '../peering/session-findings.ts'
import type {
  Clock,
  DownReason,
  Negotiated,
  NotificationRecord,
  SessionState,
} from '../session/types.ts'
import type { EventLog } from './event-log.ts'
import type { Log } from './log.ts'
import { createSampler } from './sampler.ts'
import { describePrefixEvent } from './sentences.ts'
import { createSessionReporter } from './session-reporter.ts'

/** RFC 7606 treatment of a malformed UPDATE. */
export type Treatment = 'attribute-discard' | 'treat-as-withdraw' | 'session-reset'

export interface ReporterCounts {
  /** Connections that belonged to no session, or were refused. */
  readonly refusedConnections: number
  readonly malformedUpdates: number
  readonly prefixEvents: number
}

/** The first six have the names and arguments of SessionListener, so that calls pass straight on. */
export interface Reporter {
  stateChanged(name: string, from: SessionState, to: SessionState): void
  established(name: string, negotiated: Negotiated): void
  down(name: string, reason: DownReason): void
  notification(name: string, notification: NotificationRecord): void
  /** Somebody asked for something; `what` is a sentence that says who. */
  commanded(name: string, what: string): void
  /** A session is gone for good: what is remembered of it goes too. */
  forget(name: string): void
  /** Something of a session that stays up is worth a warning; `what` is a sentence. */
  warned(name: string, what: string): void
  /** Findings about what a session announces opened or closed. */
  judged(
    name: string,
    opened: readonly SessionFindingChange[],
    closed: readonly SessionFindingChange[],
  ): void
  /** @param why one sentence */
  refused(remoteAddress: string, remotePort: number, why: string): void
  /** @param detail what was wrong, in one sentence */
  malformedUpdate(name: string, treatment: Treatment, detail: string): void
  prefixChanged(event: PrefixEvent): void
  counts(): ReporterCounts
  /** Writes what is still owed: summaries, and session changes of this very turn. */
  close(): void
}

export interface ReporterOptions {
  readonly log: Log
  readonly clock: Clock
  readonly eventLog: EventLog
  /** Least time between two summaries, milliseconds. */
  readonly interval?: number
  /** Verdict changes logged one by one before summaries begin. */
  readonly verdictBudget?: number
}

/** `from 3 addresses`, `on sessions edge-a, edge-b`: the keys of a summary in a few words. */
function sources(keys: ReadonlyMap<string, number>, more: boolean, noun: string): string {
  const count = more ? `more than ${keys.size}` : `${keys.size}`
  return `${count} ${noun}${keys.size === 1 && !more ? '' : noun.endsWith('s') ? 'es' : 's'}`
}

/** Makes the reporter. */
export function createReporter(options: ReporterOptions): Reporter {
  const { log, clock, eventLog, interval = 10_000, verdictBudget = 100 } = options
  const sessions = createSessionReporter({ log, clock, eventLog })
  let refusedConnections = 0
  let malformedUpdates = 0
  let prefixEvents = 0

  const refusals = createSampler<{ address: string; port: number; why: string }>({
    clock,
    interval,
    budget: 1,
    key: (item) => item.address,
    one: ({ address, port, why }) =>
      log.warn(
        { event: 'refused', address, port, why },
        `refused a connection from ${address} port ${port}: ${why}`,
      ),
    summary: (count, keys, more, last) =>
      log.warn(
        { event: 'refused', count, addresses: [...keys.keys()].slice(0, 10), last },
        `${count} more refused connections from ${sources(keys, more, 'address')}, the last from ${last.address}: ${last.why}`,
      ),
  })

  const malformed = createSampler<{ session: string; treatment: Treatment; detail: string }>({
    clock,
    interval,
    budget: 1,
    key: (item) => item.session,
    one: ({ session, treatment, detail }) =>
      log.warn(
        { event: 'malformed-update', session, treatment, detail },
        `session ${session} sent a malformed UPDATE (${treatment}): ${detail}`,
      ),
    summary: (count, keys, more) =>
      log.warn(
        { event: 'malformed-update', count, sessions: Object.fromEntries([...keys].slice(0, 10)) },
        `${count} more malformed UPDATEs on ${sources(keys, more, 'session')}`,
      ),
  })

  const verdicts = createSampler<PrefixEvent>({
    clock,
    interval,
    budget: verdictBudget,
    key: (event) => event.to ?? 'removed',
    one(event) {
      const line = describePrefixEvent(event)
      const fields = {
        event: 'verdict',
        name: event.name,
        prefix: event.prefix,
        from: event.from,
        to: event.to,
        opened: event.opened.map((change) => change.reason),
        closed: event.closed.map((change) => change.reason),
      }
      if (event.to === 'Failed' || event.to === 'Invalid') log.warn(fields, line)
      else log.info(fields, line)
    },
    summary: (count, keys) =>
      log.warn(
        { event: 'verdict', count, to: Object.fromEntries(keys) },
        `${count} more verdict changes: ${[...keys].map(([to, n]) => `${n} to ${to}`).join(', ')}`,
      ),
  })

  return {
    stateChanged: sessions.stateChanged,
    established: sessions.established,
    down: sessions.down,
    notification: sessions.notification,
    commanded: sessions.commanded,
    warned: sessions.warned,
    judged: sessions.judged,
    forget: sessions.forget,
    refused(address, port, why) {
      refusedConnections += 1
      refusals.add({ address, port, why })
    },
    malformedUpdate(session, treatment, detail) {
      malformedUpdates += 1
      malformed.add({ session, treatment, detail })
    },
    prefixChanged(event) {
      prefixEvents += 1
      eventLog.append(event)
      verdicts.add(event)
    },
    counts: () => ({ refusedConnections, malformedUpdates, prefixEvents }),
    close() {
      sessions.flush()
      refusals.close()
      malformed.close()
      verdicts.close()
    },
  }
}

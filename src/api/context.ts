/** What the API reads from: views of the other parts, handed in by the daemon. */
import type { EngineView } from '../engine/types.ts'
import type { Kind } from '../peering/kind.ts'
import type { Registry } from '../peering/registry-types.ts'
import type { FamilyName } from '../prefix/prefix.ts'
import type { Webhooks } from '../push/webhooks.ts'
import type { Clock, SessionControl } from '../session/types.ts'
import type { Store } from '../store/types.ts'
import type { EventLog } from '../telemetry/event-log.ts'
import type { Log } from '../telemetry/log.ts'
import type { ApiToken } from './auth.ts'
import type { Scope } from './scope.ts'

/** One thing that must be so before the daemon is of use, such as "BGP listens". */
export interface ReadyCheck {
  readonly name: string
  readonly ok: boolean
  /** One sentence. */
  readonly detail: string
}

export interface Readiness {
  readonly ok: boolean
  readonly checks: readonly ReadyCheck[]
}

/**
 * What an operator may do to a session. Each is reported as an event that names `by`: who asked, such
 * as `the API (noc, 127.0.0.1)`. The name is that of a session that exists.
 */
export interface SessionCommands {
  /** Takes the session down until `start`; the peer's operator reads the communication (RFC 9003). */
  shutdown(name: string, communication: string, by: string): void
  /** Ends a shutdown; a session that waits for its next try starts at once. */
  start(name: string, by: string): void
  /**
   * Soft: asks the peer for its routes again. Hard: the session ends and starts anew.
   * @returns the families asked for, or why it is not possible, in one sentence
   */
  clear(
    name: string,
    mode: 'soft' | 'hard',
    by: string,
  ): { readonly families: readonly FamilyName[] } | { readonly refused: string }
}

/** What the API reads of the store. */
export type KeptRecords = Pick<Store, 'answer' | 'audit' | 'history'>

export interface ApiContext {
  readonly engine: EngineView
  readonly sessions: SessionControl
  readonly commands: SessionCommands
  readonly webhooks: Webhooks
  readonly eventLog: EventLog
  readonly metrics: {
    readonly contentType: string
    exposition(): AsyncGenerator<string>
  }
  ready(): Readiness
  readonly version: string
  /** Our BGP identifier, unsigned 32 bits. */
  readonly routerId: number
  readonly clock: Clock
  readonly log: Log
  /** None: the API is read-only. */
  readonly tokens?: readonly ApiToken[]
  /** Whether reading needs no token; true if absent. */
  readonly anonymousRead?: boolean
  /** The registry; absent: the daemon has none. */
  readonly registry?: Registry
  /** Its kinds, which have routes also where there is no registry. */
  readonly kinds?: readonly Kind[]
  /** Where answers, the audit log and the history of prefixes are kept; absent: nowhere. */
  readonly store?: KeptRecords
  readonly limits?: Partial<ApiLimits>
}

/** What routes are made from. */
export interface RouteContext extends ApiContext {
  readonly scope: Scope
}

export interface ApiLimits {
  /** Open event streams at a time. */
  readonly streamReaders: number
  /** Events that may come while a reader takes none, before it is cut. */
  readonly streamBacklog: number
  /** Open connections at a time. */
  readonly connections: number
  /** Octets of a request body. */
  readonly bodyBytes: number
}

export const defaultLimits: ApiLimits = {
  streamReaders: 64,
  streamBacklog: 1000,
  connections: 512,
  bodyBytes: 64 * 1024,
}

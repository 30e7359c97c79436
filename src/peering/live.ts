/** What the resources see of the running daemon, and what they make of it. */
import type { EngineView, Registration } from '../engine/types.ts'
import type { SessionConfig, SessionStatus } from '../session/types.ts'

/** Live state that rules and views may read. */
export interface Live {
  readonly engine: EngineView
  /** @returns undefined when no session has that name */
  session(name: string): SessionStatus | undefined
  /** Our own AS number and BGP identifier, and names that the configuration takes. */
  readonly local: { readonly asn: number; readonly routerId: number }
  /** Whether the configuration file declares a session, or a registered prefix, of that name. */
  declares(what: 'session' | 'prefix', name: string): boolean
}

/** A session that a resource wants. */
export interface WantedSession {
  readonly config: SessionConfig
  /** false: deny-all: its routes are received and shown, and count for no verdict. */
  readonly counts: boolean
}

/** What one resource makes the daemon run; names are unique over all of them. */
export interface Wanted {
  readonly sessions: readonly WantedSession[]
  readonly registrations: readonly Registration[]
}

/** The running side: takes what is wanted, and changes only what differs. */
export interface Runtime {
  /** @param wanted of one resource, from `id` of `kind`; empty lists: nothing any more */
  want(kind: string, id: string, wanted: Wanted): void
}

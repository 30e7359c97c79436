/** What a session is told and what it tells; the seam between sockets and everything above. */
import type { FamilyName } from '../prefix/prefix.ts'
import type { RoleName } from '../wire/capabilities.ts'
import type { Taken } from '../wire/frame-reader.ts'
import type { Capabilities, DecodeSettings } from '../wire/messages.ts'

/** RFC 4273 numbers, as `bgpwarden_session_state` shows them. */
export const SessionState = {
  Idle: 1,
  Connect: 2,
  Active: 3,
  OpenSent: 4,
  OpenConfirm: 5,
  Established: 6,
} as const
export type SessionState = (typeof SessionState)[keyof typeof SessionState]
export type SessionStateName = keyof typeof SessionState

/** One configured peer. Times are seconds. */
export interface SessionConfig {
  /** Unique, never changes. */
  readonly name: string
  /** The peer's address, IPv4 or IPv6 text. */
  readonly address: string
  /** The peer's port when we open; 179 if absent. Also tells peers at one address apart. */
  readonly port: number
  /** The peer's AS number. */
  readonly asn: number
  readonly localAsn: number
  /** Unsigned 32 bits. */
  readonly routerId: number
  /** Source address of connections that we open. */
  readonly localAddress?: string
  readonly families: readonly FamilyName[]
  /** Never opens a connection, only accepts. */
  readonly passive: boolean
  /** Proposed in OPEN; 0 or at least 3. */
  readonly holdTime: number
  readonly connectRetrySeconds: number
  /** RFC 4271 §8.1.1 DelayOpenTime; 0: OPEN is sent at once. */
  readonly delayOpenSeconds: number
  readonly description: string
  /** Routes per family above which the session is closed (Cease / Maximum Number of Prefixes). */
  readonly maxPrefixes?: MaxPrefixes
  /** Routes of an external peer whose path does not begin with its AS number are malformed. */
  readonly firstAsCheck?: boolean
  /** TCP MD5 signatures (RFC 2385): 1 to 80 printable ASCII characters. Never shown. */
  readonly password?: string
  /** TTL security (RFC 5082): hops to the peer, 1 to 254; 1: directly connected. */
  readonly ttlSecurity?: number
  /** Asks the peer for all its paths of a prefix (RFC 7911), in every family. */
  readonly addPath?: boolean
  /** Takes IPv4 routes with an IPv6 next hop (RFC 8950). */
  readonly extendedNextHop?: boolean
  /** Our role towards an external peer (RFC 9234 §3); absent: none is announced. */
  readonly role?: RoleName
  /** Refuses a peer that announces no role (RFC 9234 §4.2). */
  readonly roleStrict?: boolean
}

/** A limit on routes per family. */
export interface MaxPrefixes {
  readonly limit: number
  /** Percent of the limit from which on the operator is warned. */
  readonly warnAt: number
  /** Minutes for which the session stays down; absent: as after any other failure. */
  readonly restartMinutes?: number
}

/** What both OPENs together decided. */
export interface Negotiated {
  /** Seconds; 0: neither hold timer nor keepalives (RFC 4271 §4.2). */
  readonly holdTime: number
  readonly keepaliveTime: number
  readonly remoteAsn: number
  /** The peer's address, IPv4 or IPv6 text. */
  readonly remoteAddress: string
  /** The peer's BGP identifier as dotted quad. */
  readonly remoteRouterId: string
  readonly families: readonly FamilyName[]
  /** 4096, or 65535 (RFC 8654). */
  readonly maxMessageLength: number
  readonly decode: DecodeSettings
  /** Our role, where one is configured (RFC 9234). */
  readonly role?: RoleName
  /** Both sides keep routes over a NOTIFICATION, unless it is a Hard Reset (RFC 8538 §4). */
  readonly gracefulNotification: boolean
  readonly remoteCapabilities: Capabilities
}

/** A NOTIFICATION that was sent or received. */
export interface NotificationRecord {
  readonly direction: 'sent' | 'received'
  readonly code: number
  readonly subcode: number
  /** Code and subcode in words, such as `Cease / Administrative Shutdown`. */
  readonly text: string
  /** RFC 9003 shutdown communication, control characters removed. */
  readonly communication?: string
  /** The data field in hex; what lies beyond 256 octets is shown as `…`. */
  readonly data: string
  /** Milliseconds since the epoch. */
  readonly time: number
}

export type DownReason =
  | {
      readonly kind: 'notification'
      readonly notification: NotificationRecord
      /** RFC 8538 §4: the peer's routes may be kept as stale for a while all the same. */
      readonly graceful?: boolean
    }
  | {
      readonly kind: 'closed'
      readonly message: string
      /** The peer can restart gracefully (RFC 4724): its routes may be kept as stale for a while. */
      readonly graceful?: boolean
    }

/** The state's name, for people. */
export function stateName(state: SessionState): SessionStateName {
  for (const [name, value] of Object.entries(SessionState)) {
    if (value === state) return name as SessionStateName
  }
  throw new RangeError(`no session state has the number ${state}`)
}

/** Messages of one direction by type. */
export interface MessageCounts {
  open: number
  update: number
  notification: number
  keepalive: number
  routeRefresh: number
}

/** A session as API, metrics and terminal show it. */
export interface SessionStatus {
  readonly name: string
  readonly state: SessionState
  readonly stateName: SessionStateName
  /** Milliseconds since the epoch: when `state` began. */
  readonly since: number
  readonly config: SessionConfig
  /** Of the current or last connection. */
  readonly remotePort: number | null
  readonly localAddress: string | null
  readonly negotiated: Negotiated | null
  readonly establishedAt: number | null
  readonly lastMessageAt: number | null
  /** Times the session left Established. */
  readonly flaps: number
  readonly received: Readonly<MessageCounts>
  readonly sent: Readonly<MessageCounts>
  readonly lastNotification: NotificationRecord | null
  /** NOTIFICATIONs by `direction code subcode`. */
  readonly notifications: readonly {
    readonly direction: 'sent' | 'received'
    readonly code: number
    readonly subcode: number
    readonly count: number
  }[]
  /** Why it last went down or could not come up, in one sentence. */
  readonly lastError: string | null
  /** Milliseconds since the epoch: when a connection will be tried next. */
  readonly nextTryAt: number | null
  /** Administratively down. */
  readonly shutdown: boolean
}

/**
 * Whoever stands above the sessions. All calls come from the socket's own turn, in wire order.
 * `update` may throw ProtocolError: the session then sends that NOTIFICATION and closes.
 */
export interface SessionListener {
  stateChanged(name: string, from: SessionState, to: SessionState): void
  established(name: string, negotiated: Negotiated): void
  /**
   * A whole UPDATE, header included, at `start` to `end` (exclusive); valid only during the call.
   * @param receivedAt milliseconds since the epoch: when its chunk came
   */
  update(name: string, view: DataView, start: number, end: number, receivedAt: number): void
  /**
   * Asked before `update`, where messages begin at `start`: may take several UPDATEs at once.
   * @param end exclusive; the last message may not be whole
   * @param limit octets of the longest message that is accepted
   * @returns valid until the next call
   */
  updates?(
    name: string,
    view: DataView,
    start: number,
    end: number,
    limit: number,
    receivedAt: number,
  ): Readonly<Taken>
  /** The peer's ROUTE-REFRESH boundary: RFC 7313 BoRR or EoRR. */
  refreshBoundary(name: string, family: FamilyName, boundary: 'begin' | 'end'): void
  /** Every message of a chunk was handed over; `readAt` is performance.now() when its octets came. */
  chunkDone(name: string, readAt: number): void
  down(name: string, reason: DownReason): void
  notification(name: string, notification: NotificationRecord): void
  /** A connection that belongs to no session, or that was refused; `why` is one sentence. */
  refused(remoteAddress: string, remotePort: number, why: string): void
  /** A peer of a range got a session, which starts next. `expected`: as its range says. */
  joined?(config: SessionConfig, expected: boolean): void
  /** The session of a peer of a range is gone for good. */
  left?(name: string): void
}

/** Timers and clocks come in as a value, so that tests never sleep. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls back once after `milliseconds`; the returned function cancels. */
  after(milliseconds: number, callback: () => void): () => void
}

/** Commands on the set of sessions, and their read-only view. */
export interface SessionControl {
  /** In configuration order. */
  statuses(): readonly SessionStatus[]
  status(name: string): SessionStatus | undefined
}

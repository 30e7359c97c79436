/** One configured peer: its conversation, a second one while connections collide, and its status. */
import type { FamilyName } from '../prefix/prefix.ts'
import { Afi, CeaseSubcode, ErrorCode, Safi } from '../wire/codes.ts'
import type { OpenMessage } from '../wire/messages.ts'
import { encodeNotification } from '../wire/notification.ts'
import { encodeRouteRefresh } from '../wire/route-refresh.ts'
import { canonicalAddress } from './address.ts'
import { createTimer, jittered } from './clock.ts'
import { collisionLoser } from './collision.ts'
import type { Connection, ConnectionPool } from './connection.ts'
import { type Conversation, type ConversationHost, createConversation } from './conversation.ts'
import { createDamping } from './damping.ts'
import { EventType, type MachineEvent, type Notice } from './events.ts'
import { restartsGracefully } from './negotiate.ts'
import { ceaseNotice } from './notices.ts'
import { createParking, patienceOf } from './parking.ts'
import { createRecord } from './record.ts'
import {
  type Negotiated,
  type SessionConfig,
  type SessionListener,
  SessionState,
  type SessionStatus,
  stateName,
} from './types.ts'

/** Octets of routes that may wait for the peer; less than all, so that keepalives find room. */
const BULK_BACKLOG = 1 << 20

/** Why a connection is not taken: what the peer is told, and one sentence for the operator. */
export interface Refusal {
  readonly notice: Notice
  readonly why: string
}

/** What all sessions share. */
export interface SessionContext {
  readonly pool: ConnectionPool
  /** A number from 0 to 1. */
  readonly random: () => number
  readonly listener: SessionListener
}

export interface Session {
  readonly config: SessionConfig
  /** The peer's address, in the form in which connections say theirs. */
  readonly address: string
  readonly state: SessionState
  status(): SessionStatus
  /** Starts it, also after an administrative stop. */
  start(): void
  /** Ends it until `start`; `why` becomes `lastError`. `shutdown`: the operator wants it down. */
  stop(notice: Notice, why: string, shutdown: boolean): void
  /** Ends it now; it starts again by itself, after a wait. `restMinutes`: how long, to the minute. */
  cease(notice: Notice, why: string, restMinutes?: number): boolean
  /** Remembers why a connection was not taken, unless the session is up all the same. */
  note(why: string): void
  /** Takes a configuration that needs no new connection. */
  reconfigure(config: SessionConfig): void
  /**
   * Takes a connection that the peer opened.
   * @param open the peer's OPEN, whole, where it was needed to find out who the peer is
   * @returns why not; then the connection stays with the caller
   */
  accept(connection: Connection, open?: Uint8Array): Refusal | undefined
  /**
   * Asks the peer to send its routes again (RFC 2918 §4).
   * @returns the families asked for, none when the peer cannot do it; undefined: not Established
   */
  refresh(): readonly FamilyName[] | undefined
  /** Sends a whole message while Established; false when it is not, or too much waits already. */
  send(bytes: Uint8Array): boolean
  /** Calls back once, when all that was sent has left, or the session is down. */
  whenDrained(callback: () => void): void
}

/** Makes a session that is not started. */
export function createSession(initial: SessionConfig, context: SessionContext): Session {
  const { pool, listener, random } = context
  const { clock } = pool
  const record = createRecord()
  const damping = createDamping()
  const { name } = initial
  let config = initial
  let address = canonicalAddress(initial.address)
  let shown: SessionState = SessionState.Idle
  let since = clock.now()
  let shutdown = false
  let heldForFailure = false
  /** Held down for a fixed time, in which the peer is refused. */
  let resting = false
  let negotiated: Negotiated | null = null
  let establishedAt: number | null = null
  let flaps = 0
  let remotePort: number | null = null
  let localAddress: string | null = null

  const parking = createParking(hasten)
  const idleHold = createTimer(clock, () => begin({ type: EventType.idleHoldTimerExpires }))

  const host: ConversationHost = {
    get config() {
      return config
    },
    pool,
    random,
    record,
    listener,
    admit,
    changed,
    established,
    down(reason) {
      negotiated = null
      establishedAt = null
      flaps++
      listener.down(name, reason)
    },
    startIdleHold,
  }
  let main = createConversation(host)
  let second: Conversation | undefined
  /** Given up for a newer connection, and perhaps not gone yet. */
  let givenUp: Connection | undefined

  function conversations(): Conversation[] {
    return second === undefined ? [main] : [main, second]
  }

  function other(than: Conversation): Conversation | undefined {
    return than === main ? second : main
  }

  function isAlive(conversation: Conversation | undefined): conversation is Conversation {
    return (
      conversation !== undefined && (conversation.connection !== undefined || conversation.dialing)
    )
  }

  /** A second conversation lives as long as both do; whichever is left is the session's own. */
  function prune(): void {
    if (second === undefined || (isAlive(main) && isAlive(second))) return
    const [kept, lost] = isAlive(second) ? [second, main] : [main, second]
    main = kept
    second = undefined
    // One that waits in Active without a connection has a timer running.
    lost.dispatch({ type: EventType.manualStop, notice: COLLISION })
  }

  function changed(): void {
    prune()
    const leader = leading()
    if (leader.connection !== undefined) {
      remotePort = leader.connection.remotePort
      localAddress = leader.connection.localAddress
    }
    if (leader.state === shown) return
    const from = shown
    shown = leader.state
    since = clock.now()
    listener.stateChanged(name, from, shown)
  }

  /** The conversation that has come furthest. */
  function leading(): Conversation {
    return second !== undefined && second.state > main.state ? second : main
  }

  /** RFC 4271 §6.8: an OPEN is held against the connection that is in OpenConfirm. */
  function admit(conversation: Conversation, open: OpenMessage): boolean {
    const rival = other(conversation)
    const ours = conversation.connection
    const theirs = rival?.connection
    // Where neither is further than OpenSent, the later OPEN will decide.
    if (rival === undefined || rival.state < SessionState.OpenConfirm) return true
    if (theirs === undefined || ours === undefined) return true
    const loser = collisionLoser(
      theirs,
      ours,
      { bgpIdentifier: config.routerId, asn: config.localAsn },
      { bgpIdentifier: open.bgpIdentifier, asn: config.asn },
    )
    const losing = loser === 'existing' ? rival : conversation
    losing.dispatch({ type: EventType.openCollisionDump, notice: COLLISION })
    return losing !== conversation
  }

  function established(conversation: Conversation, agreed: Negotiated): void {
    negotiated = agreed
    establishedAt = clock.now()
    const rival = other(conversation)
    rival?.dispatch({ type: EventType.openCollisionDump, notice: COLLISION })
    listener.established(name, agreed)
  }

  function startIdleHold(conversation: Conversation, dialFailed: boolean): void {
    if (resting || isAlive(other(conversation))) return
    heldForFailure = !dialFailed
    if (establishedAt !== null) damping.wasEstablished((clock.now() - establishedAt) / 1000)
    const seconds = dialFailed ? damping.unreached(config.connectRetrySeconds) : damping.failed()
    idleHold.start(jittered(seconds * 1000, random))
  }

  /** A peer that waits with its OPEN is not left waiting until it gives up. */
  function hasten(open: Uint8Array): void {
    const patience = patienceOf(open)
    const { dueAt } = idleHold
    if (patience === undefined || dueAt === null || dueAt - clock.now() <= patience) return
    idleHold.start(patience)
  }

  function start(): void {
    shutdown = false
    if (main.state !== SessionState.Idle) return
    resting = false
    idleHold.stop()
    damping.reset()
    begin({ type: config.passive ? EventType.manualStartPassive : EventType.manualStart })
  }

  /** Leaves Idle; a connection that waits is as good as one that we would open. */
  function begin(event: MachineEvent): void {
    resting = false
    const parked = parking.take()
    if (parked === undefined) main.dispatch(event)
    else place(parked.connection, parked.open)
  }

  function stop(notice: Notice, why: string, isShutdown: boolean): void {
    shutdown = isShutdown
    for (const each of conversations()) each.dispatch({ type: EventType.manualStop, notice }, why)
    resting = false
    idleHold.stop()
    parking.take()?.connection.close(encodeNotification(notice))
    record.lastError = why
  }

  function refusal(): Refusal | undefined {
    if (shutdown) {
      return {
        notice: ceaseNotice(CeaseSubcode.administrativeShutdown),
        why: `session ${name} is administratively down`,
      }
    }
    if (resting) {
      return {
        notice: ceaseNotice(CeaseSubcode.connectionRejected),
        why: `session ${name} is held down: ${record.lastError}`,
      }
    }
    if (main.state === SessionState.Established && !restartsGracefully(main.negotiated)) {
      return {
        notice: COLLISION,
        why: `session ${name} is already established with port ${main.connection?.remotePort}`,
      }
    }
    return undefined
  }

  function accept(connection: Connection, open?: Uint8Array): Refusal | undefined {
    const refused = refusal()
    if (refused !== undefined) return refused
    if (main.state === SessionState.Established) {
      // RFC 4724 §5: the peer restarted; the old connection goes silently, its routes stay.
      const why = `the peer opened a new connection from port ${connection.remotePort}`
      main.dispatch({ type: EventType.tcpConnectionFails }, why)
      // One that does so time and again is held back like any other that fails.
      if (damping.failures <= 1) idleHold.stop()
    }
    if (main.state === SessionState.Idle && idleHold.running && heldForFailure) {
      // RFC 4271 §8.2.2 refuses it, but a refusal makes some peers wait for minutes.
      parking.park(connection, open)
      return undefined
    }
    // A peer opens one connection at a time, so it has given up one that it opened before.
    for (const each of conversations()) {
      if (each.connection?.outgoing !== false) continue
      const why = `the peer opened another connection, from port ${connection.remotePort}`
      // One at a time may take leave, or a peer could make us hold any number.
      givenUp?.destroy()
      givenUp = each.connection
      each.dispatch({ type: EventType.openCollisionDump, notice: COLLISION }, why)
    }
    place(connection, open)
    return undefined
  }

  /** Gives a connection to a conversation that has none. */
  function place(connection: Connection, open?: Uint8Array): void {
    idleHold.stop()
    const taker = isAlive(main) ? createConversation(host) : main
    if (taker.state === SessionState.Idle) {
      taker.dispatch({ type: EventType.automaticStartPassive })
    }
    if (taker !== main) second = taker
    taker.accept(connection, open)
  }

  function nextTryAt(): number | null {
    if (resting) return idleHold.dueAt
    if (config.passive) return null
    if (main.state === SessionState.Idle) return idleHold.dueAt
    return main.state === SessionState.Active ? main.retryAt : null
  }

  return {
    get config() {
      return config
    },
    get address() {
      return address
    },
    get state() {
      return shown
    },
    status: () => ({
      name,
      state: shown,
      stateName: stateName(shown),
      since,
      config,
      remotePort,
      localAddress,
      negotiated,
      establishedAt,
      lastMessageAt: record.lastMessageAt,
      flaps,
      received: { ...record.received },
      sent: { ...record.sent },
      lastNotification: record.lastNotification,
      notifications: record.notifications(),
      lastError: record.lastError,
      nextTryAt: nextTryAt(),
      shutdown,
    }),
    start,
    stop,
    cease(notice, why, restMinutes) {
      if (!isAlive(main)) return false
      resting = restMinutes !== undefined
      for (const each of conversations()) {
        each.dispatch({ type: EventType.automaticStop, notice }, why)
      }
      if (restMinutes !== undefined) idleHold.start(restMinutes * 60_000)
      return true
    },
    note(why) {
      if (shown !== SessionState.Established) record.lastError = why
    },
    reconfigure(next) {
      config = next
      address = canonicalAddress(next.address)
      // The next machine is made of the new configuration; one that rests is replaced at once.
      if (main.state === SessionState.Idle && !isAlive(main)) main = createConversation(host)
    },
    accept,
    refresh() {
      const { connection } = main
      if (negotiated === null || connection === undefined) return undefined
      if (!negotiated.remoteCapabilities.routeRefresh) return []
      return negotiated.families.filter((family) => {
        const message = encodeRouteRefresh({ afi: Afi[family], safi: Safi.unicast })
        if (!connection.write(message)) return false
        record.sent.routeRefresh++
        return true
      })
    },
    send(bytes) {
      if (main.state !== SessionState.Established || main.connection === undefined) return false
      if (!main.connection.write(bytes, BULK_BACKLOG)) return false
      record.sent.update++
      return true
    },
    whenDrained(callback) {
      if (main.connection === undefined) callback()
      else main.connection.whenDrained(callback)
    },
  }
}

const COLLISION: Notice = {
  code: ErrorCode.cease,
  subcode: CeaseSubcode.connectionCollisionResolution,
  data: new Uint8Array(0),
}

/**
 * One machine with its connection and timers: does what the machine asks for. A session has one of
 * these, and a second one while two connections collide (RFC 4271 §8.2.1).
 */
import { encodeKeepalive } from '../wire/message.ts'
import type { OpenMessage } from '../wire/messages.ts'
import { encodeNotification } from '../wire/notification.ts'
import { encodeOpen } from '../wire/open.ts'
import { formatEndpoint } from './address.ts'
import { createTimer, jittered } from './clock.ts'
import { type Connection, type ConnectionPool, dial } from './connection.ts'
import { type Action, EventType, type MachineEvent, type Notice } from './events.ts'
import { createHoldTimer } from './hold-timer.ts'
import { createMachine, step } from './machine.ts'
import { buildOpen, negotiate, restartsGracefully } from './negotiate.ts'
import { hardened, isHardReset } from './notices.ts'
import { brokenEvent, createReception, replayMessage } from './reception.ts'
import { notificationSentence, type SessionRecord } from './record.ts'
import { silenceHint } from './socket-security.ts'
import {
  type DownReason,
  type Negotiated,
  type NotificationRecord,
  type SessionConfig,
  type SessionListener,
  SessionState,
} from './types.ts'

/** RFC 9687 §3.1: at least 8 minutes, or twice the hold time. */
const SEND_HOLD_SECONDS = 480
/** RFC 4271 §4.4: no more than one KEEPALIVE a second. */
const SHORTEST_KEEPALIVE_MS = 1000

/** The session that a conversation belongs to. */
export interface ConversationHost {
  readonly config: SessionConfig
  readonly pool: ConnectionPool
  readonly random: () => number
  readonly record: SessionRecord
  readonly listener: SessionListener
  /** A valid OPEN came. @returns false when the conversation lost a collision and was closed */
  admit(conversation: Conversation, open: OpenMessage): boolean
  /** The machine changed its state. */
  changed(): void
  established(conversation: Conversation, negotiated: Negotiated): void
  /** The conversation left Established. */
  down(reason: DownReason): void
  /** The machine is to be started again later; `dialFailed`: because no connection came about. */
  startIdleHold(conversation: Conversation, dialFailed: boolean): void
}

export interface Conversation {
  readonly state: SessionState
  readonly connection: Connection | undefined
  /** A connection is being opened. */
  readonly dialing: boolean
  /** From the peer's OPEN on. */
  readonly negotiated: Negotiated | undefined
  /** Milliseconds since the epoch: when ConnectRetryTimer runs out. */
  readonly retryAt: number | null
  /**
   * Hands an event to the machine and does what it asks for. An event that comes up meanwhile waits
   * its turn.
   * @param why one sentence for the operator, where the event ends something
   */
  dispatch(event: MachineEvent, why?: string): void
  /**
   * Takes an accepted connection.
   * @param open the peer's OPEN, whole, where it was needed to find out who the peer is
   */
  accept(connection: Connection, open?: Uint8Array): void
}

/** Makes a conversation in Idle. */
export function createConversation(host: ConversationHost): Conversation {
  const { record, listener, random } = host
  const { clock } = host.pool
  const { name } = host.config
  const ours = buildOpen(host.config)
  let machine = createMachine({
    delayOpen: host.config.delayOpenSeconds > 0,
    passive: host.config.passive,
  })
  let connection: Connection | undefined
  let hangUp: (() => void) | undefined
  let negotiated: Negotiated | undefined
  let keepaliveMs = 0
  let dialFailed = false
  /** The NOTIFICATION that the event at hand sent or brought. */
  let said: { readonly record: NotificationRecord; readonly hard: boolean } | undefined
  const waiting: { event: MachineEvent; why: string | undefined }[] = []
  let busy = false

  const connectRetry = createTimer(clock, () => {
    const peer = formatEndpoint(host.config.address, host.config.port)
    const silent = `${peer} does not answer${silenceHint(host.config)}`
    const why = machine.state === SessionState.Connect ? silent : undefined
    dispatch({ type: EventType.connectRetryTimerExpires }, why)
  })
  const delayOpen = createTimer(clock, () => dispatch({ type: EventType.delayOpenTimerExpires }))
  const keepalive = createTimer(clock, keepaliveDue)
  const hold = createHoldTimer(clock, holdExpired)

  function dispatch(event: MachineEvent, why?: string): void {
    waiting.push({ event, why })
    if (busy) return
    busy = true
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        perform(next.event, next.why)
      }
    } finally {
      busy = false
    }
  }

  function perform(event: MachineEvent, why: string | undefined): void {
    const before = machine.state
    const { next, actions } = step(machine, event)
    machine = next
    for (const action of actions) act(action)
    const reason = said === undefined ? closed(why) : notification(said.record, said.hard)
    said = undefined
    if (
      why !== undefined &&
      (next.state !== before || event.type === EventType.connectRetryTimerExpires)
    ) {
      record.lastError = why
    }
    if (next.state === before) return
    const agreed = negotiated
    if (next.state === SessionState.Idle) negotiated = undefined
    host.changed()
    if (next.state === SessionState.Established && agreed) host.established(self, agreed)
    if (before === SessionState.Established) host.down(reason)
  }

  /** RFC 4724 §4.2: routes outlive a connection that fails, if the peer can restart gracefully. */
  function closed(why: string | undefined): DownReason {
    const message = why ?? 'the session was closed'
    return { kind: 'closed', message, graceful: restartsGracefully(negotiated) }
  }

  /** RFC 8538 §4: and a NOTIFICATION of either side, if both agreed on that and it is no Hard Reset. */
  function notification(record: NotificationRecord, hard: boolean): DownReason {
    const keeps = negotiated?.gracefulNotification === true && !hard
    const graceful = keeps && restartsGracefully(negotiated)
    return { kind: 'notification', notification: record, graceful }
  }

  function act(action: Action): void {
    switch (action.do) {
      case 'sendNotification':
        notify(action.notice)
        break
      case 'startHoldTimer':
        hold.start(action.seconds)
        break
      case 'startKeepaliveTimer':
        keepaliveMs = action.seconds * 1000
        restartKeepalive()
        break
      default:
        acts[action.do]()
    }
  }

  function restartKeepalive(): void {
    keepalive.start(Math.max(SHORTEST_KEEPALIVE_MS, jittered(keepaliveMs, random)))
  }

  const acts = {
    connect: open,
    drop,
    reject: drop,
    release,
    sendOpen() {
      record.sent.open++
      send(encodeOpen(ours))
    },
    sendKeepalive() {
      record.sent.keepalive++
      send(encodeKeepalive())
    },
    startConnectRetryTimer: () =>
      connectRetry.start(jittered(host.config.connectRetrySeconds * 1000, random)),
    stopConnectRetryTimer: connectRetry.stop,
    startDelayOpenTimer: () => delayOpen.start(host.config.delayOpenSeconds * 1000),
    stopDelayOpenTimer: delayOpen.stop,
    restartHoldTimer: () => hold.heard(connection?.receivedAt ?? clock.now()),
    stopHoldTimer: hold.stop,
    restartKeepaliveTimer: restartKeepalive,
    startIdleHoldTimer: () => host.startIdleHold(self, dialFailed),
    // UPDATEs take a short way of their own; whoever hears `down` forgets the routes.
    deliverUpdate() {},
    deleteRoutes() {},
  }

  function open(): void {
    dialFailed = false
    hangUp = dial(host.pool, host.config, {
      connected(opened) {
        hangUp = undefined
        attach(opened)
        dispatch({ type: EventType.tcpConnectionAcked })
      },
      failed(why) {
        hangUp = undefined
        dialFailed = true
        dispatch({ type: EventType.tcpConnectionFails }, why)
      },
    })
  }

  function drop(): void {
    hangUp?.()
    hangUp = undefined
    connection?.destroy()
    connection = undefined
  }

  function attach(opened: Connection): void {
    connection = opened
    dialFailed = false
    opened.handlers = {
      ...createReception(reception),
      broken: (error) => dispatch(brokenEvent(error), error.message),
      closed: (why) => dispatch({ type: EventType.tcpConnectionFails }, why),
    }
  }

  function release(): void {
    connectRetry.stop()
    delayOpen.stop()
    hold.stop()
    keepalive.stop()
    hangUp?.()
    hangUp = undefined
    connection?.close()
    connection = undefined
  }

  function send(bytes: Uint8Array): void {
    if (connection?.write(bytes) === false) {
      dispatch({ type: EventType.tcpConnectionFails }, 'the peer does not read what it is sent')
    }
  }

  function notify(notice: Notice): void {
    if (connection === undefined) return
    const sent = negotiated?.gracefulNotification === true ? hardened(notice) : notice
    connection.write(encodeNotification(sent))
    note('sent', sent)
  }

  function note(direction: NotificationRecord['direction'], notice: Notice): NotificationRecord {
    const noted = record.noteNotification(direction, notice, clock.now())
    said = { record: noted, hard: isHardReset(notice) }
    listener.notification(name, noted)
    return noted
  }

  function holdExpired(): void {
    const why =
      machine.state === SessionState.OpenSent
        ? `the peer sent no OPEN${silenceHint({ ttlSecurity: host.config.ttlSecurity })}`
        : `nothing was heard from the peer for ${machine.holdTime} seconds`
    dispatch({ type: EventType.holdTimerExpires }, why)
  }

  /** RFC 9687 §3: a peer that takes nothing for too long is gone, however much it sends. */
  function keepaliveDue(): void {
    const blockedSince = connection?.blockedSince ?? null
    const limit = Math.max(SEND_HOLD_SECONDS, 2 * machine.holdTime) * 1000
    if (blockedSince !== null && clock.now() - blockedSince >= limit) {
      const why = `the peer took nothing that it was sent for ${limit / 1000} seconds`
      dispatch({ type: EventType.sendHoldTimerExpires }, why)
    } else {
      dispatch({ type: EventType.keepaliveTimerExpires })
    }
  }

  const reception = {
    name,
    record,
    listener,
    machine: () => machine,
    negotiated: () => negotiated,
    heard: hold.heard,
    agree(theirs: OpenMessage) {
      const agreed = negotiate(host.config, ours, theirs)
      if (!host.admit(self, theirs)) return undefined
      negotiated = agreed
      if (connection !== undefined) connection.maxLength = agreed.maxMessageLength
      return agreed
    },
    notified(notice: Notice) {
      return notificationSentence(note('received', notice))
    },
    dispatch,
  }

  const self: Conversation = {
    get state() {
      return machine.state
    },
    get connection() {
      return connection
    },
    get dialing() {
      return hangUp !== undefined
    },
    get negotiated() {
      return negotiated
    },
    get retryAt() {
      return connectRetry.dueAt
    },
    dispatch,
    accept(accepted, open) {
      attach(accepted)
      dispatch({ type: EventType.tcpConnectionConfirmed, awaitOpen: open !== undefined })
      if (open !== undefined) replayMessage(accepted.handlers, open, accepted.receivedAt)
    },
  }
  return self
}

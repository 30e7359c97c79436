/** What can happen to the machine of RFC 4271 §8, and what it asks for in answer. */
import type { NotificationMessage } from '../wire/messages.ts'

/** RFC 4271 §8.1 numbers; 29 is RFC 9687 §3.1. ROUTE-REFRESH (RFC 2918) was given none: 100. */
export const EventType = {
  manualStart: 1,
  manualStop: 2,
  automaticStart: 3,
  manualStartPassive: 4,
  automaticStartPassive: 5,
  automaticStartDamped: 6,
  automaticStartDampedPassive: 7,
  automaticStop: 8,
  connectRetryTimerExpires: 9,
  holdTimerExpires: 10,
  keepaliveTimerExpires: 11,
  delayOpenTimerExpires: 12,
  idleHoldTimerExpires: 13,
  tcpConnectionValid: 14,
  tcpConnectionInvalid: 15,
  tcpConnectionAcked: 16,
  tcpConnectionConfirmed: 17,
  tcpConnectionFails: 18,
  open: 19,
  openWithDelayOpenTimer: 20,
  headerError: 21,
  openMessageError: 22,
  openCollisionDump: 23,
  notificationVersionError: 24,
  notification: 25,
  keepalive: 26,
  update: 27,
  updateMessageError: 28,
  sendHoldTimerExpires: 29,
  routeRefresh: 100,
} as const
export type EventType = (typeof EventType)[keyof typeof EventType]

/** What a NOTIFICATION says (RFC 4271 §4.5); a ProtocolError is one too. */
export type Notice = Pick<NotificationMessage, 'code' | 'subcode' | 'data'>

type Stop =
  | typeof EventType.manualStop
  | typeof EventType.automaticStop
  | typeof EventType.openCollisionDump
type Connected = typeof EventType.tcpConnectionAcked | typeof EventType.tcpConnectionConfirmed
type Opened = typeof EventType.open | typeof EventType.openWithDelayOpenTimer
type Broken =
  | typeof EventType.headerError
  | typeof EventType.openMessageError
  | typeof EventType.updateMessageError

/** One event, with what it brings. */
export type MachineEvent =
  | { readonly type: Exclude<EventType, Stop | Connected | Opened | Broken> }
  /** `notice`: the Cease that the peer is told, if there is a peer. */
  | { readonly type: Stop; readonly notice: Notice }
  /** `awaitOpen`: as if DelayOpen were set, because the peer's OPEN decides who it is. */
  | { readonly type: Connected; readonly awaitOpen?: boolean }
  /** The negotiated times, in seconds; a hold time of 0 means neither timer. */
  | { readonly type: Opened; readonly holdTime: number; readonly keepaliveTime: number }
  | { readonly type: Broken; readonly notice: Notice }

/** One thing to be done, in the order given. */
export type Action =
  | {
      readonly do:
        | 'connect'
        /** Closes the connection and forgets it; timers go on. */
        | 'drop'
        /** Refuses the connection that the event is about. */
        | 'reject'
        /** Stops every timer but IdleHoldTimer, closes the connection. */
        | 'release'
        | 'sendOpen'
        | 'sendKeepalive'
        | 'startConnectRetryTimer'
        | 'stopConnectRetryTimer'
        | 'startDelayOpenTimer'
        | 'stopDelayOpenTimer'
        /** Counts the negotiated hold time from now. */
        | 'restartHoldTimer'
        | 'stopHoldTimer'
        | 'restartKeepaliveTimer'
        /** RFC 4271 §8.1.1 DampPeerOscillations: wait before the next start, longer each time. */
        | 'startIdleHoldTimer'
        | 'deliverUpdate'
        | 'deleteRoutes'
    }
  | { readonly do: 'startHoldTimer'; readonly seconds: number }
  | { readonly do: 'startKeepaliveTimer'; readonly seconds: number }
  | { readonly do: 'sendNotification'; readonly notice: Notice }

/** The finite state machine of RFC 4271 §8.2.2 as a function: no socket, no timer, no clock. */
import { ErrorCode, FsmSubcode } from '../wire/codes.ts'
import { type Action, EventType, type MachineEvent, type Notice } from './events.ts'
import { bareNotice, unexpectedNotice } from './notices.ts'
import { SessionState } from './types.ts'

/** RFC 4271 §8.2.2: "a HoldTimer value of 4 minutes is suggested" until a hold time is negotiated. */
export const LARGE_HOLD_SECONDS = 240

/** Everything the machine remembers. */
export interface Machine {
  readonly state: SessionState
  /** RFC 4271 §8 ConnectRetryCounter. */
  readonly connectRetryCounter: number
  readonly delayOpenRunning: boolean
  /** Negotiated, in seconds; 0: neither timer. */
  readonly holdTime: number
  /** RFC 4271 §8.1.1 DelayOpen. */
  readonly delayOpen: boolean
  /** RFC 4271 §8.1.1 PassiveTcpEstablishment. */
  readonly passive: boolean
}

export interface Step {
  readonly next: Machine
  readonly actions: readonly Action[]
}

/** A machine in Idle. */
export function createMachine(options: { delayOpen: boolean; passive: boolean }): Machine {
  return {
    state: SessionState.Idle,
    connectRetryCounter: 0,
    delayOpenRunning: false,
    holdTime: 0,
    ...options,
  }
}

const CONNECT: Action = { do: 'connect' }
const DROP: Action = { do: 'drop' }
const REJECT: Action = { do: 'reject' }
const RELEASE: Action = { do: 'release' }
const SEND_OPEN: Action = { do: 'sendOpen' }
const SEND_KEEPALIVE: Action = { do: 'sendKeepalive' }
const START_CONNECT_RETRY: Action = { do: 'startConnectRetryTimer' }
const STOP_CONNECT_RETRY: Action = { do: 'stopConnectRetryTimer' }
const START_DELAY_OPEN: Action = { do: 'startDelayOpenTimer' }
const STOP_DELAY_OPEN: Action = { do: 'stopDelayOpenTimer' }
const LARGE_HOLD: Action = { do: 'startHoldTimer', seconds: LARGE_HOLD_SECONDS }
const RESTART_HOLD: Action = { do: 'restartHoldTimer' }
const STOP_HOLD: Action = { do: 'stopHoldTimer' }
const RESTART_KEEPALIVE: Action = { do: 'restartKeepaliveTimer' }
const START_IDLE_HOLD: Action = { do: 'startIdleHoldTimer' }
const DELIVER_UPDATE: Action = { do: 'deliverUpdate' }
const DELETE_ROUTES: Action = { do: 'deleteRoutes' }

/**
 * One step of the machine.
 * @returns the machine after the event and what is to be done, in order
 */
export function step(machine: Machine, event: MachineEvent): Step {
  switch (machine.state) {
    case SessionState.Idle:
      return stepIdle(machine, event)
    case SessionState.Connect:
    case SessionState.Active:
      return stepUnconnected(machine, event)
    default:
      return stepConnected(machine, event)
  }
}

function stay(machine: Machine, ...actions: Action[]): Step {
  return { next: machine, actions }
}

/** The way to Idle that ends every session: tell the peer, forget the routes, let go. */
function toIdle(
  machine: Machine,
  connectRetryCounter: number,
  notice: Notice | undefined,
  after: readonly Action[],
): Step {
  const actions: Action[] = []
  if (notice !== undefined) actions.push({ do: 'sendNotification', notice })
  if (machine.state === SessionState.Established) actions.push(DELETE_ROUTES)
  actions.push(RELEASE, ...after)
  const next = {
    ...machine,
    state: SessionState.Idle,
    connectRetryCounter,
    delayOpenRunning: false,
    holdTime: 0,
  }
  return { next, actions }
}

/** Stopped by the operator: the counter starts anew, nothing restarts by itself. */
function stopped(machine: Machine, notice?: Notice): Step {
  return toIdle(machine, 0, notice, [])
}

/** "increments the ConnectRetryCounter by 1, performs peer oscillation damping". */
function failed(machine: Machine, notice?: Notice): Step {
  return toIdle(machine, machine.connectRetryCounter + 1, notice, [START_IDLE_HOLD])
}

/** To Idle without counting; damped all the same, so that the session starts again by itself. */
function letGo(machine: Machine): Step {
  return toIdle(machine, machine.connectRetryCounter, undefined, [START_IDLE_HOLD])
}

function isStart(type: EventType): boolean {
  return type === EventType.manualStart || (type >= 3 && type <= 7)
}

function stepIdle(machine: Machine, event: MachineEvent): Step {
  switch (event.type) {
    case EventType.manualStart:
    case EventType.automaticStart:
      return start(machine, 0, false)
    case EventType.manualStartPassive:
    case EventType.automaticStartPassive:
      return start(machine, 0, true)
    case EventType.automaticStartDamped:
    case EventType.automaticStartDampedPassive:
      return stay(machine, START_IDLE_HOLD)
    case EventType.idleHoldTimerExpires:
      return start(machine, machine.connectRetryCounter, machine.passive)
    default:
      return stay(machine)
  }
}

function start(machine: Machine, connectRetryCounter: number, waits: boolean): Step {
  if (!waits) {
    const next = { ...machine, state: SessionState.Connect, connectRetryCounter }
    return { next, actions: [START_CONNECT_RETRY, CONNECT] }
  }
  const next = { ...machine, state: SessionState.Active, connectRetryCounter }
  // A session that never opens has nothing to retry, so its ConnectRetryTimer rests.
  return { next, actions: machine.passive ? [] : [START_CONNECT_RETRY] }
}

/** Connect and Active differ in few cells; those say which state they mean. */
function stepUnconnected(machine: Machine, event: MachineEvent): Step {
  if (isStart(event.type)) return stay(machine)
  const active = machine.state === SessionState.Active
  switch (event.type) {
    case EventType.manualStop:
      // SendNOTIFICATIONwithoutOPEN (§8.1.1) is always on; only Active names it here.
      return stopped(machine, active && machine.delayOpenRunning ? event.notice : undefined)
    case EventType.connectRetryTimerExpires:
      return retry(machine, active)
    case EventType.delayOpenTimerExpires:
      return sendOpen(machine)
    case EventType.tcpConnectionValid:
      return stay(machine)
    case EventType.tcpConnectionInvalid:
      return stay(machine, REJECT)
    case EventType.tcpConnectionAcked:
    case EventType.tcpConnectionConfirmed:
      if (!machine.delayOpen && event.awaitOpen !== true) return sendOpen(machine)
      return {
        next: { ...machine, delayOpenRunning: true },
        actions: [STOP_CONNECT_RETRY, START_DELAY_OPEN],
      }
    case EventType.tcpConnectionFails:
      if (active) return failed(machine)
      return machine.delayOpenRunning ? backToActive(machine, STOP_DELAY_OPEN) : letGo(machine)
    case EventType.openWithDelayOpenTimer:
      return confirm(machine, event, [STOP_CONNECT_RETRY, STOP_DELAY_OPEN, SEND_OPEN])
    case EventType.headerError:
    case EventType.openMessageError:
      return failed(machine, event.notice)
    case EventType.notificationVersionError:
      return machine.delayOpenRunning ? letGo(machine) : failed(machine)
    default:
      return failed(machine)
  }
}

function retry(machine: Machine, active: boolean): Step {
  if (active && machine.passive) return stay(machine)
  const next = { ...machine, state: SessionState.Connect, delayOpenRunning: false }
  return active
    ? { next, actions: [START_CONNECT_RETRY, CONNECT] }
    : { next, actions: [DROP, START_CONNECT_RETRY, STOP_DELAY_OPEN, CONNECT] }
}

function sendOpen(machine: Machine): Step {
  return {
    next: { ...machine, state: SessionState.OpenSent, delayOpenRunning: false },
    actions: [STOP_CONNECT_RETRY, STOP_DELAY_OPEN, SEND_OPEN, LARGE_HOLD],
  }
}

function backToActive(machine: Machine, ...actions: Action[]): Step {
  return {
    next: { ...machine, state: SessionState.Active, delayOpenRunning: false },
    actions: machine.passive ? [DROP, ...actions] : [DROP, ...actions, START_CONNECT_RETRY],
  }
}

/** A valid OPEN was received: answer with KEEPALIVE and wait for the peer's. */
function confirm(
  machine: Machine,
  times: { readonly holdTime: number; readonly keepaliveTime: number },
  before: readonly Action[],
): Step {
  const timers: Action[] =
    times.holdTime === 0
      ? [STOP_HOLD]
      : [
          { do: 'startKeepaliveTimer', seconds: times.keepaliveTime },
          { do: 'startHoldTimer', seconds: times.holdTime },
        ]
  return {
    next: {
      ...machine,
      state: SessionState.OpenConfirm,
      delayOpenRunning: false,
      holdTime: times.holdTime,
    },
    actions: [...before, SEND_KEEPALIVE, ...timers],
  }
}

/** OpenSent, OpenConfirm and Established: what they have in common, then what they have not. */
function stepConnected(machine: Machine, event: MachineEvent): Step {
  if (isStart(event.type)) return stay(machine)
  switch (event.type) {
    case EventType.manualStop:
      return stopped(machine, event.notice)
    case EventType.automaticStop:
    case EventType.openCollisionDump:
    // RFC 4271 §6.1 asks for a header error's own code in Established too, where §8.2.2 lists it
    // among the unexpected events.
    case EventType.headerError:
      return failed(machine, event.notice)
    case EventType.holdTimerExpires:
      return failed(machine, bareNotice(ErrorCode.holdTimerExpired))
    case EventType.sendHoldTimerExpires:
      return failed(machine, bareNotice(ErrorCode.sendHoldTimerExpired))
    // A second connection is tracked by a machine of its own until its OPEN (§8.2.1).
    case EventType.tcpConnectionValid:
    case EventType.tcpConnectionInvalid:
    case EventType.tcpConnectionAcked:
    case EventType.tcpConnectionConfirmed:
      return stay(machine)
    // §6.4: no NOTIFICATION answers a NOTIFICATION, also not in OpenSent, where §8.2.2 would have one.
    case EventType.notification:
      return failed(machine)
    case EventType.notificationVersionError:
      return machine.state === SessionState.Established ? failed(machine) : letGo(machine)
    default:
      if (machine.state === SessionState.OpenSent) return stepOpenSent(machine, event)
      if (machine.state === SessionState.OpenConfirm) return stepOpenConfirm(machine, event)
      return stepEstablished(machine, event)
  }
}

function stepOpenSent(machine: Machine, event: MachineEvent): Step {
  switch (event.type) {
    case EventType.tcpConnectionFails:
      return backToActive({ ...machine, holdTime: 0 }, STOP_HOLD)
    case EventType.open:
      return confirm(machine, event, [STOP_DELAY_OPEN, STOP_CONNECT_RETRY])
    case EventType.openMessageError:
      return failed(machine, event.notice)
    default:
      return failed(machine, unexpectedNotice(FsmSubcode.unexpectedInOpenSent, event.type))
  }
}

function stepOpenConfirm(machine: Machine, event: MachineEvent): Step {
  switch (event.type) {
    case EventType.tcpConnectionFails:
      return failed(machine)
    case EventType.keepaliveTimerExpires:
      return stay(machine, SEND_KEEPALIVE, RESTART_KEEPALIVE)
    case EventType.openMessageError:
      return failed(machine, event.notice)
    case EventType.keepalive:
      return {
        next: { ...machine, state: SessionState.Established },
        actions: machine.holdTime === 0 ? [] : [RESTART_HOLD],
      }
    default:
      return failed(machine, unexpectedNotice(FsmSubcode.unexpectedInOpenConfirm, event.type))
  }
}

function stepEstablished(machine: Machine, event: MachineEvent): Step {
  const heard = machine.holdTime === 0 ? [] : [RESTART_HOLD]
  switch (event.type) {
    case EventType.tcpConnectionFails:
      return failed(machine)
    case EventType.keepaliveTimerExpires:
      return machine.holdTime === 0
        ? stay(machine, SEND_KEEPALIVE)
        : stay(machine, SEND_KEEPALIVE, RESTART_KEEPALIVE)
    case EventType.keepalive:
    // RFC 2918 adds a message, not an event; like any other it shows that the peer lives.
    case EventType.routeRefresh:
      return stay(machine, ...heard)
    case EventType.update:
      return stay(machine, DELIVER_UPDATE, ...heard)
    case EventType.updateMessageError:
      return failed(machine, event.notice)
    default:
      return failed(machine, unexpectedNotice(FsmSubcode.unexpectedInEstablished, event.type))
  }
}

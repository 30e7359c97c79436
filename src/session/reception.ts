/** What a conversation does with each message that comes. */
import { ErrorCode, MessageType, OpenSubcode } from '../wire/codes.ts'
import { ProtocolError } from '../wire/errors.ts'
import { messageTypeAt } from '../wire/header.ts'
import type { OpenMessage } from '../wire/messages.ts'
import { decodeNotification } from '../wire/notification.ts'
import { decodeOpen } from '../wire/open.ts'
import { decodeRouteRefresh, RefreshSubtype } from '../wire/route-refresh.ts'
import type { ConnectionHandlers } from './connection.ts'
import { EventType, type MachineEvent, type Notice } from './events.ts'
import type { Machine } from './machine.ts'
import { familyOf } from './negotiate.ts'
import type { SessionRecord } from './record.ts'
import { type Negotiated, type SessionListener, SessionState, stateName } from './types.ts'

/** The inside of a conversation, as far as its messages concern it. */
export interface ReceptionHost {
  readonly name: string
  readonly record: SessionRecord
  readonly listener: SessionListener
  /** As it is now; a function, as V8 looks accessors up by name, and each UPDATE asks. */
  machine(): Machine
  negotiated(): Negotiated | undefined
  /** Restarts the hold timer. */
  heard(time: number): void
  /**
   * Negotiates with an OPEN that was expected.
   * @returns undefined when the conversation lost a collision
   * @throws ProtocolError 2/x
   */
  agree(open: OpenMessage): Negotiated | undefined
  /** @returns the NOTIFICATION as one sentence */
  notified(notice: Notice): string
  dispatch(event: MachineEvent, why?: string): void
}

/** Makes the handlers for a connection's messages. */
export function createReception(
  host: ReceptionHost,
): Pick<ConnectionHandlers, 'frame' | 'batch' | 'chunkDone'> {
  const { name, record, listener } = host
  const { received } = record
  /** UPDATEs or refresh boundaries of the chunk at hand were handed over. */
  let delivered = false
  /** When the UPDATE came that restarted the hold timer last. */
  let heardAt = 0

  function frame(type: number, view: DataView, start: number, end: number, at: number): void {
    record.lastMessageAt = at
    if (type === MessageType.update) update(view, start, end, at)
    else others[type as keyof typeof others]?.(view, start, end)
  }

  const others = {
    [MessageType.open]: open,
    [MessageType.notification]: notification,
    [MessageType.keepalive]: keepalive,
    [MessageType.routeRefresh]: routeRefresh,
  }

  /** For `lastError`, where the machine does not expect the message. */
  function misplaced(type: string): string | undefined {
    const { state } = host.machine()
    if (state === SessionState.OpenConfirm && type === 'KEEPALIVE') return undefined
    return `the peer sent ${type} in state ${stateName(state)}`
  }

  function update(view: DataView, start: number, end: number, at: number): void {
    received.update++
    if (host.machine().state !== SessionState.Established) {
      host.dispatch({ type: EventType.update }, misplaced('UPDATE'))
      return
    }
    noteUpdate(at)
    listener.update(name, view, start, end, at)
  }

  /** What the machine answers to an UPDATE in Established, without the objects that asking takes. */
  function noteUpdate(at: number): void {
    if (at !== heardAt) {
      heardAt = at
      host.heard(at)
    }
    delivered = true
  }

  function batch(view: DataView, start: number, end: number, limit: number, at: number): number {
    if (host.machine().state !== SessionState.Established) return start
    const taken = listener.updates?.(name, view, start, end, limit, at)
    if (taken === undefined || taken.messages === 0) return start
    record.lastMessageAt = at
    received.update += taken.messages
    noteUpdate(at)
    return taken.end
  }

  function keepalive(): void {
    received.keepalive++
    host.dispatch({ type: EventType.keepalive }, misplaced('KEEPALIVE'))
  }

  function open(view: DataView, start: number, end: number): void {
    received.open++
    const { state, delayOpenRunning } = host.machine()
    const type = delayOpenRunning ? EventType.openWithDelayOpenTimer : EventType.open
    if (state > SessionState.OpenSent) {
      host.dispatch({ type, holdTime: 0, keepaliveTime: 0 }, misplaced('OPEN'))
      return
    }
    const agreed = host.agree(decodeOpen(view, start, end))
    if (agreed === undefined) return
    host.dispatch({ type, holdTime: agreed.holdTime, keepaliveTime: agreed.keepaliveTime })
  }

  function notification(view: DataView, start: number, end: number): void {
    const notice = decodeNotification(view, start, end)
    const type =
      notice.code === ErrorCode.openMessage &&
      notice.subcode === OpenSubcode.unsupportedVersionNumber
        ? EventType.notificationVersionError
        : EventType.notification
    host.dispatch({ type }, host.notified(notice))
  }

  /** A request would be answered with the routes that we announce (RFC 2918 §4): there are none. */
  function routeRefresh(view: DataView, start: number, end: number): void {
    received.routeRefresh++
    const established = host.machine().state === SessionState.Established
    host.dispatch({ type: EventType.routeRefresh }, misplaced('ROUTE-REFRESH'))
    if (!established) return
    const { afi, safi, subtype } = decodeRouteRefresh(view, start, end)
    const begins = subtype === RefreshSubtype.beginOfRefresh
    if (!begins && subtype !== RefreshSubtype.endOfRefresh) return
    const family = familyOf(afi, safi)
    const agreed = host.negotiated()
    if (family === undefined || !agreed?.families.includes(family)) return
    if (!agreed.remoteCapabilities.enhancedRouteRefresh) return
    delivered = true
    listener.refreshBoundary(name, family, begins ? 'begin' : 'end')
  }

  return {
    frame,
    batch,
    chunkDone(readAt) {
      if (!delivered) return
      delivered = false
      listener.chunkDone(name, readAt)
    },
  }
}

/**
 * Hands over a message that came before the connection had an owner.
 * @param receivedAt milliseconds since the epoch
 */
export function replayMessage(
  handlers: ConnectionHandlers,
  message: Uint8Array,
  receivedAt: number,
): void {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  try {
    handlers.frame(messageTypeAt(view, 0), view, 0, message.length, receivedAt)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    handlers.broken(error)
  }
}

/** The event that a broken message is, by the kind of its error. */
export function brokenEvent(error: ProtocolError): MachineEvent {
  const type =
    error.code === ErrorCode.messageHeader
      ? EventType.headerError
      : error.code === ErrorCode.openMessage
        ? EventType.openMessageError
        : EventType.updateMessageError
  return { type, notice: error }
}

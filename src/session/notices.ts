/** What the sessions tell their peers of their own accord (RFC 4271 §4.5). */
import { CeaseSubcode, ErrorCode, FsmSubcode, MessageType } from '../wire/codes.ts'
import { encodeHardReset, encodeShutdownCommunication } from '../wire/notification.ts'
import { EventType, type Notice } from './events.ts'

const NO_DATA = new Uint8Array(0)

/** RFC 4271 §6.5, RFC 9687 §3.2: codes that have no subcodes and no data. */
export function bareNotice(code: ErrorCode): Notice {
  return { code, subcode: 0, data: NO_DATA }
}

/**
 * A Cease (RFC 4486).
 * @param communication text for the peer's operator; Administrative Shutdown and Administrative
 *   Reset alone carry it (RFC 9003 §2), cut to 255 octets
 */
export function ceaseNotice(subcode: number, communication = ''): Notice {
  const carries =
    subcode === CeaseSubcode.administrativeShutdown || subcode === CeaseSubcode.administrativeReset
  return {
    code: ErrorCode.cease,
    subcode,
    data: carries && communication !== '' ? encodeShutdownCommunication(communication) : NO_DATA,
  }
}

/**
 * What ends the session for good, so that no route of it may stay (RFC 8538 §5.1). What is too much to
 * hold cannot be kept either.
 */
const terminal: readonly number[] = [
  CeaseSubcode.outOfResources,
  CeaseSubcode.maximumPrefixes,
  CeaseSubcode.administrativeShutdown,
  CeaseSubcode.peerDeconfigured,
  CeaseSubcode.administrativeReset,
]

/**
 * The form of a NOTIFICATION on a session where others mean a restart (RFC 8538 §3.1): one that ends the
 * session for good is wrapped in a Hard Reset.
 */
export function hardened(notice: Notice): Notice {
  if (notice.code !== ErrorCode.cease || !terminal.includes(notice.subcode)) return notice
  return {
    code: ErrorCode.cease,
    subcode: CeaseSubcode.hardReset,
    data: encodeHardReset(notice),
  }
}

/** Whether no route may stay after it (RFC 8538 §4). */
export function isHardReset({ code, subcode }: Notice): boolean {
  return code === ErrorCode.cease && subcode === CeaseSubcode.hardReset
}

/** The message behind an event, where there is one. */
const messageOf: Partial<Record<EventType, MessageType>> = {
  [EventType.open]: MessageType.open,
  [EventType.openWithDelayOpenTimer]: MessageType.open,
  [EventType.openMessageError]: MessageType.open,
  [EventType.keepalive]: MessageType.keepalive,
  [EventType.update]: MessageType.update,
  [EventType.updateMessageError]: MessageType.update,
  [EventType.routeRefresh]: MessageType.routeRefresh,
}

/**
 * RFC 6608 §3: the data is the type of the message that was not expected.
 * @param subcode that of the state
 * @returns without subcode and data when the event is no message
 */
export function unexpectedNotice(subcode: number, type: EventType): Notice {
  const message = messageOf[type]
  const code = ErrorCode.finiteStateMachine
  if (message === undefined) return { code, subcode: FsmSubcode.unspecified, data: NO_DATA }
  return { code, subcode, data: Uint8Array.of(message) }
}

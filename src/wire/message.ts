/** Any message that is not an UPDATE, as a value; and KEEPALIVE, which has nothing else to it. */
import { HEADER_LENGTH, MessageType } from './codes.ts'
import { encodeHeader, messageBody, messageTypeAt } from './header.ts'
import type {
  KeepaliveMessage,
  NotificationMessage,
  OpenMessage,
  RouteRefreshMessage,
} from './messages.ts'
import { decodeNotification } from './notification.ts'
import { decodeOpen } from './open.ts'
import { decodeRouteRefresh } from './route-refresh.ts'

export type ControlMessage =
  | OpenMessage
  | NotificationMessage
  | KeepaliveMessage
  | RouteRefreshMessage

const keepaliveOctets = encodeHeader(MessageType.keepalive, HEADER_LENGTH)
const keepalive: KeepaliveMessage = { type: MessageType.keepalive }

/** @returns the octets of a KEEPALIVE (RFC 4271 §4.4); always the same array, not to be changed */
export function encodeKeepalive(): Uint8Array {
  return keepaliveOctets
}

/**
 * Reads a whole message that is not an UPDATE.
 * @param start the header's first octet
 * @param end exclusive
 * @throws ProtocolError when the header or the body is malformed
 * @throws TypeError for an UPDATE, which is read through views and needs the session's settings
 */
export function decodeMessage(view: DataView, start: number, end: number): ControlMessage {
  messageBody(view, start, end)
  switch (messageTypeAt(view, start)) {
    case MessageType.open:
      return decodeOpen(view, start, end)
    case MessageType.notification:
      return decodeNotification(view, start, end)
    case MessageType.routeRefresh:
      return decodeRouteRefresh(view, start, end)
    case MessageType.keepalive:
      return keepalive
    default:
      throw new TypeError('an UPDATE is not decoded here')
  }
}

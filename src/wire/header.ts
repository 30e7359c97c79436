/** The header that every BGP message begins with (RFC 4271 §4.1), and its checks (§6.1). */
import {
  ErrorCode,
  HEADER_LENGTH,
  HeaderSubcode,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MAX_MESSAGE_LENGTH,
  MessageType,
  messageTypeName,
} from './codes.ts'
import { Cursor } from './cursor.ts'
import { EncodeError, type ProtocolError, protocolError } from './errors.ts'
import { octets } from './octets.ts'

const LENGTH_OFFSET = 16
const TYPE_OFFSET = 18

/** Octets of an UPDATE that says nothing (RFC 4271 §4.3). */
export const SHORTEST_UPDATE = 23

/** RFC 4271 §6.1, RFC 2918 §3: octets of the shortest message of each type; 0: no such type. */
const shortest = new Uint8Array(256)
shortest[MessageType.open] = 29
shortest[MessageType.update] = SHORTEST_UPDATE
shortest[MessageType.notification] = 21
shortest[MessageType.keepalive] = HEADER_LENGTH
shortest[MessageType.routeRefresh] = 23

/** The longest message of a type, where `limit` was negotiated. RFC 8654 §4 spares two types. */
function longest(type: number, limit: number): number {
  if (type === MessageType.keepalive) return HEADER_LENGTH
  return type === MessageType.open ? Math.min(limit, MAX_MESSAGE_LENGTH) : limit
}

function badLength(length: number, message: string): ProtocolError {
  const data = new Uint8Array(octets('message length', length, 2))
  return protocolError(ErrorCode.messageHeader, HeaderSubcode.badMessageLength, message, data)
}

/** Finds out what is wrong, in the order of RFC 4271 §6.1: length against its limits, type, length of the type. */
function headerError(type: number, length: number, limit: number): ProtocolError {
  if (length < HEADER_LENGTH || length > limit) {
    return badLength(length, `message length ${length}, expected ${HEADER_LENGTH} to ${limit}`)
  }
  const minimum = shortest[type] ?? 0
  if (minimum === 0) {
    const data = Uint8Array.of(type)
    return protocolError(
      ErrorCode.messageHeader,
      HeaderSubcode.badMessageType,
      `unknown message type ${type}`,
      data,
    )
  }
  const maximum = longest(type, limit)
  const expected = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`
  const name = messageTypeName[type as MessageType]
  return badLength(length, `${name} length ${length}, expected ${expected}`)
}

/** @returns octets that the header at `start` announces; it need not have been checked */
export function messageLengthAt(view: DataView, start: number): number {
  return view.getUint16(start + LENGTH_OFFSET)
}

/** @returns the type octet of the message at `start`; its header need not have been checked */
export function messageTypeAt(view: DataView, start: number): number {
  return view.getUint8(start + TYPE_OFFSET)
}

/**
 * Checks marker, length and type of the header at `at`; its 19 octets lie within `view`.
 * @param limit the longest message on this session: 4096, or 65535 (RFC 8654)
 * @returns the message's length in octets, header included
 * @throws ProtocolError 1/1, 1/2 or 1/3 (RFC 4271 §6.1)
 */
export function checkHeader(view: DataView, at: number, limit: number): number {
  const marker =
    view.getInt32(at) & view.getInt32(at + 4) & view.getInt32(at + 8) & view.getInt32(at + 12)
  if (marker !== -1) {
    throw protocolError(
      ErrorCode.messageHeader,
      HeaderSubcode.connectionNotSynchronized,
      'the marker of a message is not all ones',
    )
  }
  const length = messageLengthAt(view, at)
  const type = view.getUint8(at + TYPE_OFFSET)
  // Nearly all messages are UPDATEs, which so need no look-up.
  if (type === MessageType.update && length >= SHORTEST_UPDATE && length <= limit) return length
  const minimum = shortest[type] ?? 0
  if (minimum === 0 || length < minimum || length > longest(type, limit)) {
    throw headerError(type, length, limit)
  }
  return length
}

/**
 * Points a cursor at what follows the header of a whole message.
 * @param end exclusive; the header's length must agree with it
 * @throws ProtocolError 1/1, 1/2 or 1/3 (RFC 4271 §6.1)
 */
export function messageBody(view: DataView, start: number, end: number): Cursor {
  const given = end - start
  if (given < HEADER_LENGTH) {
    throw badLength(given, `message of ${given} octets, expected at least ${HEADER_LENGTH}`)
  }
  const length = checkHeader(view, start, MAX_EXTENDED_MESSAGE_LENGTH)
  if (length !== given) {
    throw badLength(length, `message length ${length}, but the message has ${given} octets`)
  }
  return new Cursor(view, start + HEADER_LENGTH, end)
}

/**
 * Makes a message of `length` octets whose header is written and whose body is zeros.
 * @param limit the longest message on this session: 4096, or 65535 (RFC 8654)
 * @throws EncodeError when the length is beyond the limit
 */
export function encodeHeader(
  type: MessageType,
  length: number,
  limit: number = MAX_MESSAGE_LENGTH,
): Uint8Array {
  const maximum = longest(type, limit)
  if (length > maximum) {
    throw new EncodeError(`${messageTypeName[type]} length`, length, maximum)
  }
  const message = new Uint8Array(length)
  message.fill(0xff, 0, LENGTH_OFFSET)
  message.set(octets('message length', length, 2), LENGTH_OFFSET)
  message[TYPE_OFFSET] = type
  return message
}

/**
 * Makes a message of a body's octets.
 * @throws EncodeError when it is longer than `limit` allows
 */
export function encodeMessage(
  type: MessageType,
  body: ArrayLike<number>,
  limit: number = MAX_MESSAGE_LENGTH,
): Uint8Array {
  const message = encodeHeader(type, HEADER_LENGTH + body.length, limit)
  message.set(body, HEADER_LENGTH)
  return message
}

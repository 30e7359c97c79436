/** NOTIFICATION (RFC 4271 §4.5) and what its data field says in words. */
import { attributeTable } from './attribute-table.ts'
import {
  Afi,
  CeaseSubcode,
  ErrorCode,
  FsmSubcode,
  HEADER_LENGTH,
  HeaderSubcode,
  MAX_MESSAGE_LENGTH,
  MessageType,
  messageTypeName,
  OpenSubcode,
  Safi,
  UpdateSubcode,
} from './codes.ts'
import { Cursor } from './cursor.ts'
import { describeError } from './errors.ts'
import { encodeMessage, messageBody } from './header.ts'
import type { NotificationMessage } from './messages.ts'
import { formatHex, octets } from './octets.ts'
import { decodeDisplayText, encodeTextWithin } from './text.ts'

/** What is sent or shown of a NOTIFICATION; a ProtocolError is one, too. */
export type NotificationFields = Pick<NotificationMessage, 'code' | 'subcode' | 'data'>

/**
 * Reads a NOTIFICATION, whatever its codes are.
 * @param start the header's first octet
 * @param end exclusive
 * @throws ProtocolError 1/x when the header is wrong; it is not to be answered (RFC 4271 §6.4)
 */
export function decodeNotification(
  view: DataView,
  start: number,
  end: number,
): NotificationMessage {
  const body = messageBody(view, start, end)
  const code = body.u8()
  const subcode = body.u8()
  return { type: MessageType.notification, code, subcode, data: body.copy(body.remaining) }
}

/**
 * Makes a NOTIFICATION.
 * @param limit the longest message on this session; data beyond it is cut off, as a whole message
 *   given as evidence may not fit
 * @throws EncodeError when code or subcode is not an octet
 */
export function encodeNotification(
  { code, subcode, data }: NotificationFields,
  limit: number = MAX_MESSAGE_LENGTH,
): Uint8Array {
  const body = [
    ...octets('error code', code, 1),
    ...octets('error subcode', subcode, 1),
    ...data.subarray(0, limit - HEADER_LENGTH - 2),
  ]
  return encodeMessage(MessageType.notification, body, limit)
}

/** RFC 9003 §2: Cease / Administrative Shutdown and Administrative Reset carry a text. */
function carriesCommunication({ code, subcode }: NotificationFields): boolean {
  return (
    code === ErrorCode.cease &&
    (subcode === CeaseSubcode.administrativeShutdown ||
      subcode === CeaseSubcode.administrativeReset)
  )
}

/**
 * RFC 8538 §3.1: a Hard Reset wraps the NOTIFICATION that would have been sent without it.
 * @returns the wrapped one; undefined when `n` is no Hard Reset or holds nothing
 */
export function readHardReset(n: NotificationFields): NotificationMessage | undefined {
  if (n.code !== ErrorCode.cease || n.subcode !== CeaseSubcode.hardReset) return undefined
  const [code, subcode] = n.data
  if (code === undefined || subcode === undefined) return undefined
  return { type: MessageType.notification, code, subcode, data: n.data.slice(2) }
}

/** Makes the data field of a Hard Reset (RFC 8538 §3.1): the NOTIFICATION that would have been sent without it. */
export function encodeHardReset({ code, subcode, data }: NotificationFields): Uint8Array {
  return Uint8Array.from([
    ...octets('error code', code, 1),
    ...octets('error subcode', subcode, 1),
    ...data,
  ])
}

/**
 * Reads the operator's text of a shutdown or reset (RFC 9003 §2), also inside a Hard Reset.
 * @returns the text without control characters; undefined when there is none, or when its length
 *   or its UTF-8 is wrong (the octets are then to be shown as hex, §4)
 */
export function readShutdownCommunication(n: NotificationFields): string | undefined {
  const source = readHardReset(n) ?? n
  const length = source.data[0]
  if (!carriesCommunication(source) || !length || length !== source.data.length - 1) {
    return undefined
  }
  return decodeDisplayText(source.data.subarray(1))
}

/**
 * Makes the data field of a shutdown or reset (RFC 9003 §2).
 * @param text cut between two characters to 255 octets of UTF-8; empty: no communication
 */
export function encodeShutdownCommunication(text: string): Uint8Array {
  const utf8 = encodeTextWithin(text, 255)
  return Uint8Array.of(utf8.length, ...utf8)
}

/** @returns for instance `IPv4 unicast`, `AFI 25 SAFI 70` */
function familyText(afi: number, safi: number): string {
  const name = afi === Afi.ipv4 ? 'IPv4' : afi === Afi.ipv6 ? 'IPv6' : undefined
  return name !== undefined && safi === Safi.unicast ? `${name} unicast` : `AFI ${afi} SAFI ${safi}`
}

function typeText(type: number): string {
  return messageTypeName[type as MessageType] ?? `message type ${type}`
}

function attributeText(code: number): string {
  return attributeTable[code]?.name ?? `attribute ${code}`
}

type Detail = (data: Cursor, n: NotificationFields) => string | undefined

const headerDetails: Record<number, Detail> = {
  [HeaderSubcode.badMessageLength]: (data) =>
    data.remaining === 2 ? `length ${data.u16()}` : undefined,
  [HeaderSubcode.badMessageType]: (data) =>
    data.remaining === 1 ? `message type ${data.u8()}` : undefined,
}

/** RFC 5492 §5: the capabilities that the sender wants. */
function capabilityCodes(data: Cursor): string | undefined {
  const codes: number[] = []
  while (data.remaining >= 2) {
    codes.push(data.u8())
    const length = data.u8()
    if (length > data.remaining) return undefined
    data.skip(length)
  }
  return codes.length > 0 && data.remaining === 0 ? `capability ${codes.join(', ')}` : undefined
}

const openDetails: Record<number, Detail> = {
  [OpenSubcode.unsupportedVersionNumber]: (data) =>
    data.remaining === 2 ? `version ${data.u16()} is supported` : undefined,
  // No RFC defines it, but peers put the AS number that they refused there.
  [OpenSubcode.badPeerAs]: (data) => {
    if (data.remaining !== 2 && data.remaining !== 4) return undefined
    return `AS ${data.remaining === 2 ? data.u16() : data.u32()}`
  },
  [OpenSubcode.unsupportedCapability]: capabilityCodes,
}

/** RFC 4271 §6.3: the attribute in error, flags first. */
const attributeInError: Detail = (data) => {
  if (data.remaining < 3) return undefined
  data.skip(1)
  return attributeText(data.u8())
}

const updateDetails: Record<number, Detail> = {
  [UpdateSubcode.unrecognizedWellKnownAttribute]: attributeInError,
  [UpdateSubcode.missingWellKnownAttribute]: (data) =>
    data.remaining === 1 ? attributeText(data.u8()) : undefined,
  [UpdateSubcode.attributeFlagsError]: attributeInError,
  [UpdateSubcode.attributeLengthError]: attributeInError,
  [UpdateSubcode.invalidOriginAttribute]: attributeInError,
  [UpdateSubcode.invalidNextHopAttribute]: attributeInError,
  [UpdateSubcode.optionalAttributeError]: attributeInError,
}

/** RFC 6608 §3. */
const unexpectedType: Detail = (data) => (data.remaining === 1 ? typeText(data.u8()) : undefined)

const fsmDetails: Record<number, Detail> = {
  [FsmSubcode.unexpectedInOpenSent]: unexpectedType,
  [FsmSubcode.unexpectedInOpenConfirm]: unexpectedType,
  [FsmSubcode.unexpectedInEstablished]: unexpectedType,
}

const communication: Detail = (_, n) => {
  const text = readShutdownCommunication(n)
  return text === undefined ? undefined : `"${text}"`
}

const ceaseDetails: Record<number, Detail> = {
  // RFC 4486 §4: AFI, SAFI and the prefix upper bound.
  [CeaseSubcode.maximumPrefixes]: (data) =>
    data.remaining === 7 ? `${familyText(data.u16(), data.u8())}, limit ${data.u32()}` : undefined,
  [CeaseSubcode.administrativeShutdown]: communication,
  [CeaseSubcode.administrativeReset]: communication,
  [CeaseSubcode.hardReset]: (_, n) => {
    const inner = readHardReset(n)
    // A Hard Reset within a Hard Reset means nothing (RFC 8538 §3.1); it is shown as hex.
    return inner === undefined || readHardReset(inner) ? undefined : describeNotification(inner)
  },
}

const details: Partial<Record<number, Record<number, Detail>>> = {
  [ErrorCode.messageHeader]: headerDetails,
  [ErrorCode.openMessage]: openDetails,
  [ErrorCode.updateMessage]: updateDetails,
  [ErrorCode.finiteStateMachine]: fsmDetails,
  [ErrorCode.cease]: ceaseDetails,
}

/** Enough of a data field to recognise it by, and no more than fits a line. */
const SHOWN_OCTETS = 32

/**
 * Says a NOTIFICATION in words, with what its data field tells where an RFC defines that.
 * @returns for instance `Cease / Maximum Prefixes (IPv4 unicast, limit 2000)`; data that cannot be
 *   read is shown as hex
 */
export function describeNotification(n: NotificationFields): string {
  const name = describeError(n.code, n.subcode)
  if (n.data.length === 0) return name
  const view = new DataView(n.data.buffer, n.data.byteOffset, n.data.byteLength)
  const detail = details[n.code]?.[n.subcode]?.(new Cursor(view), n)
  return `${name} (${detail ?? `data 0x${formatHex(n.data, SHOWN_OCTETS)}`})`
}

/** Makes the data field of Cease / Maximum Prefixes (RFC 4486 §4): the family and its limit. */
export function encodeMaximumPrefixes(afi: number, safi: number, limit: number): Uint8Array {
  return Uint8Array.from([
    ...octets('AFI', afi, 2),
    ...octets('SAFI', safi, 1),
    ...octets('prefix limit', limit, 4),
  ])
}

/** OPEN (RFC 4271 §4.2), with capabilities (RFC 5492) and the extended parameters of RFC 9072. */
import { decodeCapabilities } from './capabilities.ts'
import { ErrorCode, MessageType, OpenSubcode } from './codes.ts'
import { type Cursor, OverrunError } from './cursor.ts'
import { type ProtocolError, protocolError } from './errors.ts'
import { encodeMessage, messageBody } from './header.ts'
import type { Capability, OpenMessage, OptionalParameter } from './messages.ts'
import { octets } from './octets.ts'

/** RFC 4271 §4.2: the only version there is. */
export const BGP_VERSION = 4

const PARAMETER_CAPABILITIES = 2
/** RFC 9072 §2: where the first parameter's type would stand, it announces the extended format. */
const EXTENDED_MARK = 255

function malformed(message: string): ProtocolError {
  return protocolError(ErrorCode.openMessage, OpenSubcode.unspecific, `OPEN: ${message}`)
}

/** Reads the length of all parameters, in whichever format, and checks that it is what follows. */
function readParametersLength(body: Cursor): boolean {
  let length = body.u8()
  // RFC 9072 §2: once the mark is found, the one-octet length means nothing.
  const extended = body.remaining > 0 && body.view.getUint8(body.offset) === EXTENDED_MARK
  if (extended) {
    body.skip(1)
    length = body.u16()
  }
  if (length !== body.remaining) {
    throw malformed(`optional parameters length ${length}, but ${body.remaining} octets follow`)
  }
  return extended
}

/** RFC 5492 §4: a capabilities parameter holds any number of capabilities. */
function readCapabilities(body: Cursor, length: number, into: Capability[]): void {
  const end = body.offset + length
  while (body.offset < end) {
    const code = body.u8()
    const octetsLeft = end - body.offset
    const valueLength = octetsLeft > 0 ? body.u8() : 0
    if (octetsLeft === 0 || valueLength > octetsLeft - 1) {
      throw malformed(`capability ${code} runs beyond its parameter`)
    }
    into.push({ code, value: body.copy(valueLength) })
  }
}

function readParameters(body: Cursor) {
  const capabilities: Capability[] = []
  const otherParameters: OptionalParameter[] = []
  const extendedParameters = readParametersLength(body)
  while (body.remaining > 0) {
    const type = body.u8()
    const length = extendedParameters ? body.u16() : body.u8()
    if (length > body.remaining) {
      throw malformed(`parameter ${type} has length ${length}, ${body.remaining} octets are left`)
    }
    if (type === PARAMETER_CAPABILITIES) readCapabilities(body, length, capabilities)
    else otherParameters.push({ type, value: body.copy(length) })
  }
  return { capabilities, otherParameters, extendedParameters }
}

function unsupportedVersion(version: number): ProtocolError {
  return protocolError(
    ErrorCode.openMessage,
    OpenSubcode.unsupportedVersionNumber,
    `OPEN: BGP version ${version}, expected ${BGP_VERSION}`,
    new Uint8Array(octets('version', BGP_VERSION, 2)),
  )
}

/**
 * Reads an OPEN, whatever its values are; `validateOpen` judges them.
 * @param start the header's first octet
 * @param end exclusive
 * @throws ProtocolError 1/x when the header is wrong, 2/0 when lengths disagree; 2/1 in its place
 *   when the version is not ours either, as another version may be laid out differently
 */
export function decodeOpen(view: DataView, start: number, end: number): OpenMessage {
  const body = messageBody(view, start, end)
  const version = body.u8()
  const myAs = body.u16()
  const holdTime = body.u16()
  const bgpIdentifier = body.u32()
  try {
    const parameters = readParameters(body)
    return { type: MessageType.open, version, myAs, holdTime, bgpIdentifier, ...parameters }
  } catch (error) {
    if (version !== BGP_VERSION) throw unsupportedVersion(version)
    throw error instanceof OverrunError ? malformed(error.message) : error
  }
}

/** @returns the sender's AS number: that of the 4-octet capability if there is one (RFC 6793 §3) */
export function openAsn(open: Pick<OpenMessage, 'myAs' | 'capabilities'>): number {
  return decodeCapabilities(open.capabilities).fourOctetAs ?? open.myAs
}

/**
 * Judges what can be judged of an OPEN without knowing the session.
 * @throws ProtocolError 2/1 version, 2/2 AS number 0 (RFC 7607 §2), 2/6 hold time of 1 or 2 seconds,
 *   2/3 BGP identifier 0 (RFC 6286 §2.2), in the order of RFC 4271 §6.2
 */
export function validateOpen(open: OpenMessage): void {
  const { openMessage } = ErrorCode
  if (open.version !== BGP_VERSION) throw unsupportedVersion(open.version)
  if (open.myAs === 0 || openAsn(open) === 0) {
    throw protocolError(openMessage, OpenSubcode.badPeerAs, 'OPEN: AS number 0')
  }
  if (open.holdTime === 1 || open.holdTime === 2) {
    throw protocolError(
      openMessage,
      OpenSubcode.unacceptableHoldTime,
      `OPEN: hold time ${open.holdTime} seconds, expected 0 or at least 3`,
    )
  }
  if (open.bgpIdentifier === 0) {
    throw protocolError(openMessage, OpenSubcode.badBgpIdentifier, 'OPEN: BGP identifier 0.0.0.0')
  }
}

/** What an OPEN is made of; version 4 and no further parameters unless given. */
export type OpenFields = Pick<OpenMessage, 'myAs' | 'holdTime' | 'bgpIdentifier'> &
  Partial<OpenMessage>

function encodeParameters(open: OpenFields, extended: boolean): number[] {
  const capabilities = (open.capabilities ?? []).flatMap((c) => [
    ...octets('capability code', c.code, 1),
    ...octets(`length of capability ${c.code}`, c.value.length, 1),
    ...c.value,
  ])
  const parameters: { type: number; value: ArrayLike<number> }[] = [...(open.otherParameters ?? [])]
  // RFC 5492 §4: all capabilities should stand in one parameter.
  if (capabilities.length > 0) {
    parameters.unshift({ type: PARAMETER_CAPABILITIES, value: capabilities })
  }
  return parameters.flatMap(({ type, value }) => [
    ...octets('parameter type', type, 1),
    ...octets(`length of parameter ${type}`, value.length, extended ? 2 : 1),
    ...Array.from(value),
  ])
}

/**
 * RFC 9072 §2: the extended format is for what does not fit the other. A parameter of type 255 that
 * comes first would be taken for its mark, so it needs it too.
 */
function needsExtended(open: OpenFields): boolean {
  if (!open.capabilities?.length && open.otherParameters?.[0]?.type === EXTENDED_MARK) return true
  const lengthOf = (c: Capability) => 2 + c.value.length
  const capabilities = (open.capabilities ?? []).reduce((sum, c) => sum + lengthOf(c), 0)
  const others = (open.otherParameters ?? []).reduce((sum, p) => sum + 2 + p.value.length, 0)
  return (capabilities > 0 ? 2 + capabilities : 0) + others > 255
}

/**
 * Makes an OPEN with all capabilities in one parameter.
 * @param open `extendedParameters` forces the format of RFC 9072; it is used anyway where needed
 * @throws EncodeError when a value does not fit its field
 */
export function encodeOpen(open: OpenFields): Uint8Array {
  const extended = open.extendedParameters === true || needsExtended(open)
  const parameters = encodeParameters(open, extended)
  const count = parameters.length
  const length = extended
    ? [EXTENDED_MARK, EXTENDED_MARK, ...octets('optional parameters length', count, 2)]
    : octets('optional parameters length', count, 1)
  return encodeMessage(MessageType.open, [
    ...octets('version', open.version ?? BGP_VERSION, 1),
    ...octets('My Autonomous System', open.myAs, 2),
    ...octets('hold time', open.holdTime, 2),
    ...octets('BGP identifier', open.bgpIdentifier, 4),
    ...length,
    ...parameters,
  ])
}

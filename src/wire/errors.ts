import {
  CeaseSubcode,
  ErrorCode,
  FsmSubcode,
  HeaderSubcode,
  OpenSubcode,
  RouteRefreshSubcode,
  UpdateSubcode,
} from './codes.ts'

type Values<T> = T[keyof T]

/** The subcodes that belong to an error code, so that "Cease with an OPEN subcode" cannot be written. */
export type SubcodeOf<C extends ErrorCode> = C extends typeof ErrorCode.messageHeader
  ? Values<typeof HeaderSubcode>
  : C extends typeof ErrorCode.openMessage
    ? Values<typeof OpenSubcode>
    : C extends typeof ErrorCode.updateMessage
      ? Values<typeof UpdateSubcode>
      : C extends typeof ErrorCode.finiteStateMachine
        ? Values<typeof FsmSubcode>
        : C extends typeof ErrorCode.cease
          ? Values<typeof CeaseSubcode>
          : C extends typeof ErrorCode.routeRefreshMessage
            ? Values<typeof RouteRefreshSubcode>
            : 0

const NO_DATA = new Uint8Array(0)

/**
 * A broken session: what the peer will be told in a NOTIFICATION (RFC 4271 §6).
 * Anything else that escapes the codec is a bug.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
  /** RFC 4271 §4.5. */
  readonly code: ErrorCode
  readonly subcode: number
  /** The NOTIFICATION's data field; never a view of the receive buffer. */
  readonly data: Uint8Array

  constructor(code: ErrorCode, subcode: number, message: string, data: Uint8Array = NO_DATA) {
    super(message)
    this.code = code
    this.subcode = subcode
    this.data = data
  }
}

/**
 * Makes the error that ends a session.
 * @param code error code; the type of `subcode` follows from it
 * @param message one sentence for the log: what was wrong, with the offending value
 * @param data octets for the NOTIFICATION's data field (owned by the error)
 */
export function protocolError<C extends ErrorCode>(
  code: C,
  subcode: SubcodeOf<C>,
  message: string,
  data?: Uint8Array,
): ProtocolError {
  return new ProtocolError(code, subcode, message, data)
}

/** Octets that do not read as a value on the cold path; what that leads to, the caller knows. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/** A value that does not fit its field on the wire; a mistake of the caller, never of a peer. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError'
  constructor(field: string, actual: number, maximum: number) {
    super(`${field} is ${actual}, at most ${maximum} fits`)
  }
}

const subcodeTables: Partial<Record<number, Record<string, number>>> = {
  [ErrorCode.messageHeader]: HeaderSubcode,
  [ErrorCode.openMessage]: OpenSubcode,
  [ErrorCode.updateMessage]: UpdateSubcode,
  [ErrorCode.finiteStateMachine]: FsmSubcode,
  [ErrorCode.cease]: CeaseSubcode,
  [ErrorCode.routeRefreshMessage]: RouteRefreshSubcode,
}

/** `badPeerAs` → `Bad Peer As`. */
function words(name: string): string {
  const spaced = name.replace(/([A-Z])/g, ' $1')
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

function nameIn(table: Record<string, number> | undefined, value: number): string | undefined {
  for (const name in table) if (table[name] === value) return words(name)
  return undefined
}

/**
 * Says a NOTIFICATION's code and subcode in words.
 * @returns for instance `Cease / Administrative Shutdown`, `Error 9 / 3` where unknown
 */
export function describeError(code: number, subcode: number): string {
  const codeName = nameIn(ErrorCode, code) ?? `Error ${code}`
  const subcodeName = nameIn(subcodeTables[code], subcode)
  if (subcodeName === undefined && subcode === 0) return codeName
  return `${codeName} / ${subcodeName ?? subcode}`
}

/** ROUTE-REFRESH (RFC 2918 §3) and its boundaries (RFC 7313). */
import { ErrorCode, HEADER_LENGTH, MessageType, RouteRefreshSubcode } from './codes.ts'
import { protocolError } from './errors.ts'
import { encodeMessage, messageBody } from './header.ts'
import type { RouteRefreshMessage } from './messages.ts'
import { octets } from './octets.ts'

/** RFC 7313 §3.2: what a ROUTE-REFRESH says. Others are to be ignored (§5). */
export const RefreshSubtype = {
  request: 0,
  /** BoRR: the peer begins to send a family anew. */
  beginOfRefresh: 1,
  /** EoRR: it has sent all of it. */
  endOfRefresh: 2,
} as const

/** Octets of the body without ORF entries. */
const BODY_LENGTH = 4

/**
 * Reads a ROUTE-REFRESH of any subtype.
 * @param start the header's first octet
 * @param end exclusive
 * @throws ProtocolError 1/x when the header is wrong (a body of less than 4 octets is 1/2, as the
 *   frame reader finds it first), 7/1 when BoRR or EoRR has a longer body (RFC 7313 §5)
 */
export function decodeRouteRefresh(
  view: DataView,
  start: number,
  end: number,
): RouteRefreshMessage {
  const body = messageBody(view, start, end)
  const length = body.remaining
  const afi = body.u16()
  const subtype = body.u8()
  const safi = body.u8()
  const isBoundary =
    subtype === RefreshSubtype.beginOfRefresh || subtype === RefreshSubtype.endOfRefresh
  if (isBoundary && length !== BODY_LENGTH) {
    throw protocolError(
      ErrorCode.routeRefreshMessage,
      RouteRefreshSubcode.invalidMessageLength,
      `ROUTE-REFRESH subtype ${subtype} with ${length} octets, expected ${BODY_LENGTH}`,
      body.reset(view, start, end).copy(HEADER_LENGTH + length),
    )
  }
  return { type: MessageType.routeRefresh, afi, subtype, safi, rest: body.copy(body.remaining) }
}

/**
 * Makes a ROUTE-REFRESH.
 * @param message a request without ORF entries unless it says otherwise
 * @param limit the longest message on this session
 * @throws EncodeError when a value does not fit its field
 */
export function encodeRouteRefresh(
  message: Pick<RouteRefreshMessage, 'afi' | 'safi'> & Partial<RouteRefreshMessage>,
  limit?: number,
): Uint8Array {
  const body = [
    ...octets('AFI', message.afi, 2),
    ...octets('subtype', message.subtype ?? RefreshSubtype.request, 1),
    ...octets('SAFI', message.safi, 1),
    ...(message.rest ?? []),
  ]
  return encodeMessage(MessageType.routeRefresh, body, limit)
}

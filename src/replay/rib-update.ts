/** A route of a RIB dump as the UPDATE that would have brought it. */
import { Family, type Prefix } from '../prefix/prefix.ts'
import {
  AttributeCode,
  AttributeFlag,
  HEADER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MessageType,
  Safi,
} from '../wire/codes.ts'
import { Cursor, OverrunError } from '../wire/cursor.ts'
import { encodeMessage } from '../wire/header.ts'
import { encodeRoute } from '../wire/nlri.ts'
import type { RibItem } from './items.ts'

/** Next hop octets of an MP_REACH_NLRI: RFC 6396 §4.3.4 keeps length and next hop alone, some collectors all of it. */
function nextHopOf(value: Cursor): Uint8Array {
  const whole = value.remaining > 0 && value.view.getUint8(value.offset) === 0
  if (whole) value.skip(3)
  return value.copy(value.u8())
}

/** The attributes without the multiprotocol ones, and the next hop that stood in those. */
function split(item: RibItem): { kept: number[]; nextHop: Uint8Array | undefined; own: boolean } {
  const block = new Cursor(item.view, item.start, item.end)
  const kept: number[] = []
  let nextHop: Uint8Array | undefined
  let own = false
  while (block.remaining > 0) {
    const at = block.offset
    const flags = block.u8()
    const code = block.u8()
    const length = flags & AttributeFlag.extendedLength ? block.u16() : block.u8()
    const value = block.skip(length)
    if (code === AttributeCode.mpReachNlri) {
      nextHop = nextHopOf(new Cursor(item.view, value, value + length))
    } else if (code !== AttributeCode.mpUnreachNlri) {
      own ||= code === AttributeCode.nextHop
      kept.push(...new Uint8Array(item.view.buffer, item.view.byteOffset + at, block.offset - at))
    }
  }
  return { kept, nextHop, own }
}

function mpReach(prefix: Readonly<Prefix>, nextHop: Uint8Array, route: number[]): number[] {
  const length = 5 + nextHop.length + route.length
  return [
    AttributeFlag.optional | AttributeFlag.extendedLength,
    AttributeCode.mpReachNlri,
    length >>> 8,
    length & 255,
    0,
    prefix.family,
    Safi.unicast,
    nextHop.length,
    ...nextHop,
    0,
    ...route,
  ]
}

/**
 * Makes the UPDATE that announces a route of a RIB dump, with the attributes octet by octet as they
 * stand there, and the multiprotocol attribute whole again.
 * @param paths whether the session has path identifiers; a route without one then gets 0
 * @returns the message; undefined when the attributes cannot be read, an IPv6 route has no next hop,
 *   or all does not fit a message
 */
export function ribUpdate(
  item: RibItem,
  paths: boolean = item.pathId !== null,
): Uint8Array | undefined {
  const route = encodeRoute(
    item.pathId === null ? { prefix: item.prefix } : { prefix: item.prefix, pathId: item.pathId },
    { addPathIpv4: paths, addPathIpv6: paths },
  )
  try {
    const { kept, nextHop, own } = split(item)
    const inAttribute = item.prefix.family === Family.ipv6 || (nextHop !== undefined && !own)
    if (inAttribute && nextHop === undefined) return undefined
    const attributes =
      inAttribute && nextHop !== undefined
        ? [...mpReach(item.prefix, nextHop, route), ...kept]
        : kept
    const nlri = inAttribute ? [] : route
    if (HEADER_LENGTH + 4 + attributes.length + nlri.length > MAX_EXTENDED_MESSAGE_LENGTH) {
      return undefined
    }
    const body = [0, 0, attributes.length >>> 8, attributes.length & 255, ...attributes, ...nlri]
    return encodeMessage(MessageType.update, body, MAX_EXTENDED_MESSAGE_LENGTH)
  } catch (error) {
    if (error instanceof OverrunError) return undefined
    throw error
  }
}

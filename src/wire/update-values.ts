/** Whole UPDATE messages (RFC 4271 §4.3) as values, both ways. */
import { Family } from '../prefix/prefix.ts'
import {
  decodeAttributes,
  encodeAttributes,
  type PathAttribute,
  pathAttribute,
} from './attribute-values.ts'
import { AttributeCode, AttributeFlag, MAX_MESSAGE_LENGTH, MessageType } from './codes.ts'
import { Cursor, OverrunError } from './cursor.ts'
import { DecodeError, EncodeError } from './errors.ts'
import { encodeMessage, messageBody, messageTypeAt } from './header.ts'
import type { DecodeSettings } from './messages.ts'
import {
  type AddPath,
  encodeRoute,
  encodeRoutes,
  type MpReachNlri,
  type MpUnreachNlri,
  noAddPath,
  type Route,
  readRoutes,
} from './nlri.ts'
import { octets } from './octets.ts'

/** RFC 4271 §4.3: `withdrawn` and `nlri` are IPv4 unicast; other families stand in the attributes. */
export interface UpdateValues {
  readonly withdrawn: readonly Route[]
  readonly attributes: readonly PathAttribute[]
  readonly nlri: readonly Route[]
}

/** What a session negotiated, as far as an UPDATE as a value needs it. */
export type UpdateSettings = Pick<DecodeSettings, 'as4' | 'addPathIpv4' | 'addPathIpv6'> & {
  /** Longest message: 4096 if absent; 65535 where negotiated (RFC 8654). */
  readonly maxMessageLength?: number
}

/** The window of a field that a 2-octet length precedes. */
function readField(body: Cursor, name: string): Cursor {
  if (body.remaining < 2) throw new DecodeError(`the UPDATE ends before its ${name} length`)
  const length = body.u16()
  if (length > body.remaining) {
    throw new DecodeError(`${name} length is ${length}, ${body.remaining} octets are left`)
  }
  const start = body.skip(length)
  return new Cursor(body.view, start, start + length)
}

/** Reads IPv4 routes of a field and says its name in what goes wrong. */
function readIpv4Routes(field: Cursor, name: string, addPath: AddPath): Route[] {
  try {
    return readRoutes(field, Family.ipv4, addPath)
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof OverrunError)) throw error
    throw new DecodeError(`${name}: ${error.message}`)
  }
}

/**
 * Reads a whole UPDATE. Lenient: it says what stands there and leaves RFC 7606 to the hot path.
 * @param start the header's first octet
 * @param end exclusive
 * @throws ProtocolError when the header is malformed
 * @throws DecodeError where a field or a value in it cannot be parsed to its end
 * @throws TypeError for a message of another type
 */
export function decodeUpdateValues(
  view: DataView,
  start: number,
  end: number,
  settings: UpdateSettings,
): UpdateValues {
  const body = messageBody(view, start, end)
  if (messageTypeAt(view, start) !== MessageType.update) {
    throw new TypeError('a message that is not an UPDATE is not decoded here')
  }
  const withdrawn = readField(body, 'withdrawn routes')
  const block = readField(body, 'path attributes')
  return {
    withdrawn: readIpv4Routes(withdrawn, 'withdrawn routes', settings),
    attributes: decodeAttributes(view, block.offset, block.end, settings.as4, settings),
    nlri: readIpv4Routes(body, 'NLRI', settings),
  }
}

/** @throws TypeError when a field that is IPv4 by definition is given another family */
function requireIpv4(routes: readonly Route[]): void {
  if (routes.some((route) => route.prefix.family !== Family.ipv4)) {
    throw new TypeError('IPv6 routes stand in MP_REACH_NLRI and MP_UNREACH_NLRI')
  }
}

/**
 * Writes one UPDATE, attributes in the given order.
 * @returns the whole message
 * @throws EncodeError when a value does not fit its field, or the message is too long
 */
export function encodeUpdate(update: UpdateValues, settings: UpdateSettings): Uint8Array {
  requireIpv4(update.withdrawn)
  requireIpv4(update.nlri)
  const withdrawn = encodeRoutes(update.withdrawn, settings)
  const attributes = encodeAttributes(update.attributes, settings.as4, settings)
  const body = [
    ...octets('withdrawn routes length', withdrawn.length, 2),
    ...withdrawn,
    ...octets('path attributes length', attributes.length, 2),
    ...attributes,
    ...encodeRoutes(update.nlri, settings),
  ]
  return encodeMessage(MessageType.update, body, settings.maxMessageLength)
}

/** How routes of one family are put into an UPDATE. */
type Wrap = (routes: readonly Route[]) => UpdateValues

/** As many routes an UPDATE as fit, in their order. */
function pack(routes: readonly Route[], wrap: Wrap, settings: UpdateSettings): Uint8Array[] {
  if (routes.length === 0) return []
  const limit = settings.maxMessageLength ?? MAX_MESSAGE_LENGTH
  const empty = encodeUpdate(wrap([]), settings).length
  const messages: Uint8Array[] = []
  let part: Route[] = []
  let length = empty
  for (const route of routes) {
    const added = encodeRoute(route, settings).length
    if (empty + added > limit) throw new EncodeError('UPDATE length', empty + added, limit)
    if (length + added > limit) {
      messages.push(encodeUpdate(wrap(part), settings))
      part = []
      length = empty
    }
    part.push(route)
    length += added
  }
  messages.push(encodeUpdate(wrap(part), settings))
  return messages
}

function ofFamily(routes: readonly Route[], family: Family): Route[] {
  return routes.filter((route) => route.prefix.family === family)
}

/** An MP attribute to be packed: a 2-octet length, so that its size does not depend on the routes. */
function packedAttribute(value: MpReachNlri | MpUnreachNlri): PathAttribute {
  const attribute = pathAttribute(value)
  return { ...attribute, flags: attribute.flags | AttributeFlag.extendedLength }
}

/** @throws TypeError when the attributes hold no next hop for the family */
function announcement(attributes: readonly PathAttribute[], family: Family): Wrap {
  const reach = attributes
    .map(({ value }) => value)
    .find((value) => value.kind === 'mpReachNlri' && value.family === family)
  // RFC 4271 §5: in ascending order of their codes.
  const others = attributes
    .filter(({ code }) => code !== AttributeCode.mpReachNlri)
    .toSorted((a, b) => a.code - b.code)
  if (reach?.kind === 'mpReachNlri') {
    // RFC 4760 §3: NEXT_HOP has no say here. RFC 7606 §5.1: MP_REACH_NLRI goes first.
    const common = others.filter(({ code }) => code !== AttributeCode.nextHop)
    return (routes) => ({
      withdrawn: [],
      attributes: [packedAttribute({ ...reach, routes }), ...common],
      nlri: [],
    })
  }
  if (family === Family.ipv6) throw new TypeError('IPv6 routes need a next hop in MP_REACH_NLRI')
  return (nlri) => ({ withdrawn: [], attributes: others, nlri })
}

/**
 * Announces routes that share their attributes, in as many UPDATEs as are needed: IPv4 in the NLRI
 * field, IPv6 in MP_REACH_NLRI. IPv4 stands in MP_REACH_NLRI too if one of IPv4 is among the attributes
 * (RFC 8950).
 * @param attributes with NEXT_HOP for IPv4; MP_REACH_NLRI of a family gives its next hops, its own
 *   routes are left out
 * @returns whole messages: those of IPv4, then those of IPv6, routes in the given order
 * @throws EncodeError when a value does not fit, or the attributes leave no room for a route
 * @throws TypeError for IPv6 routes without a next hop
 */
export function encodeUpdates(
  routes: readonly Route[],
  attributes: readonly PathAttribute[],
  settings: UpdateSettings,
): Uint8Array[] {
  return [Family.ipv4, Family.ipv6].flatMap((family) => {
    const own = ofFamily(routes, family)
    return own.length === 0 ? [] : pack(own, announcement(attributes, family), settings)
  })
}

/**
 * Withdraws routes in as many UPDATEs as are needed: IPv4 in the withdrawn routes field, IPv6 in
 * MP_UNREACH_NLRI.
 * @returns whole messages: those of IPv4, then those of IPv6, routes in the given order
 * @throws EncodeError for a path identifier beyond 32 bits
 */
export function encodeWithdrawals(
  routes: readonly Route[],
  settings: UpdateSettings,
): Uint8Array[] {
  const inField: Wrap = (withdrawn) => ({ withdrawn, attributes: [], nlri: [] })
  const inAttribute: Wrap = (unreachable) => {
    const value = { kind: 'mpUnreachNlri', family: Family.ipv6, routes: unreachable } as const
    return { withdrawn: [], attributes: [packedAttribute(value)], nlri: [] }
  }
  return [
    ...pack(ofFamily(routes, Family.ipv4), inField, settings),
    ...pack(ofFamily(routes, Family.ipv6), inAttribute, settings),
  ]
}

/** @returns the End-of-RIB marker of a family (RFC 4724 §2), a whole message */
export function encodeEndOfRib(family: Family): Uint8Array {
  const unreach = pathAttribute({ kind: 'mpUnreachNlri', family, routes: [] })
  const attributes = family === Family.ipv4 ? [] : [unreach]
  return encodeUpdate({ withdrawn: [], attributes, nlri: [] }, { as4: true, ...noAddPath })
}

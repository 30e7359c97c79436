/** Prefixes on the wire (RFC 4271 §4.3), with path identifiers (RFC 7911) and in MP attributes (RFC 4760). */
import { addressBits, Family, maskPrefix, type Prefix } from '../prefix/prefix.ts'
import { Safi } from './codes.ts'
import type { Cursor } from './cursor.ts'
import { DecodeError } from './errors.ts'
import { octets } from './octets.ts'

/** A prefix as one entry of NLRI or of withdrawn routes. */
export interface Route {
  readonly prefix: Readonly<Prefix>
  /** RFC 7911 §3, unsigned 32 bits; only where the family negotiated ADD-PATH. */
  readonly pathId?: number
}

/** Families whose NLRI carry path identifiers. */
export interface AddPath {
  readonly addPathIpv4: boolean
  readonly addPathIpv6: boolean
}

export const noAddPath: AddPath = { addPathIpv4: false, addPathIpv6: false }

function carriesPathId(addPath: AddPath, family: Family): boolean {
  return family === Family.ipv4 ? addPath.addPathIpv4 : addPath.addPathIpv6
}

/** A word of which 0 to 4 leading octets stand on the wire; fewer than 0 count as 0, more as 4. */
function readWord(cursor: Cursor, octets: number): number {
  if (octets >= 4) return cursor.u32() | 0
  if (octets === 3) return (cursor.u16() << 16) | (cursor.u8() << 8)
  if (octets === 2) return cursor.u16() << 16
  return octets === 1 ? cursor.u8() << 24 : 0
}

/**
 * Reads one prefix into `prefix`, without making an object. Bits beyond its length are irrelevant
 * (RFC 4271 §4.3) and cleared.
 * @throws DecodeError at a length beyond 32 or 128, OverrunError where the octets end too early
 */
export function readPrefixInto(prefix: Prefix, cursor: Cursor, family: Family): void {
  const length = cursor.u8()
  if (length > addressBits(family)) {
    throw new DecodeError(`prefix length is ${length}, at most ${addressBits(family)} is possible`)
  }
  const octets = (length + 7) >>> 3
  prefix.family = family
  prefix.length = length
  prefix.w0 = readWord(cursor, octets)
  prefix.w1 = readWord(cursor, octets - 4)
  prefix.w2 = readWord(cursor, octets - 8)
  prefix.w3 = readWord(cursor, octets - 12)
  maskPrefix(prefix)
}

function emptyPrefix(family: Family): Prefix {
  return { family, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
}

/**
 * Reads routes up to the cursor's end.
 * @throws DecodeError, OverrunError as `readPrefixInto` does
 */
export function readRoutes(cursor: Cursor, family: Family, addPath: AddPath): Route[] {
  const withPathId = carriesPathId(addPath, family)
  const routes: Route[] = []
  while (cursor.remaining > 0) {
    const pathId = withPathId ? cursor.u32() : undefined
    const prefix = emptyPrefix(family)
    readPrefixInto(prefix, cursor, family)
    routes.push(pathId === undefined ? { prefix } : { prefix, pathId })
  }
  return routes
}

/** The leading `count` octets of a prefix's address. */
function addressOctets(prefix: Readonly<Prefix>, count: number): number[] {
  const words = [prefix.w0, prefix.w1, prefix.w2, prefix.w3]
  return Array.from(
    { length: count },
    (_, i) => ((words[i >>> 2] ?? 0) >>> (24 - 8 * (i & 3))) & 255,
  )
}

/** @returns the prefix's length, then as many octets of its address as that needs */
export function encodePrefix(prefix: Readonly<Prefix>): number[] {
  return [prefix.length, ...addressOctets(prefix, (prefix.length + 7) >>> 3)]
}

/**
 * A route as an entry of NLRI; with its path identifier only where the family carries one, 0 when
 * it has none.
 * @throws EncodeError for a path identifier beyond 32 bits
 */
export function encodeRoute(route: Route, addPath: AddPath): number[] {
  const prefix = encodePrefix(route.prefix)
  if (!carriesPathId(addPath, route.prefix.family)) return prefix
  return [...octets('path identifier', route.pathId ?? 0, 4), ...prefix]
}

/** Routes one after the other. */
export function encodeRoutes(routes: readonly Route[], addPath: AddPath): number[] {
  return routes.flatMap((route) => encodeRoute(route, addPath))
}

/** MP_REACH_NLRI of IPv4 or IPv6 unicast (RFC 4760 §3). */
export interface MpReachNlri {
  readonly kind: 'mpReachNlri'
  readonly family: Family
  /** Addresses of full length; for IPv6 the global one, then the link-local one if given (RFC 2545 §3). */
  readonly nextHops: readonly Readonly<Prefix>[]
  /** 0 from a correct sender; ignored. */
  readonly reserved: number
  readonly routes: readonly Route[]
}

/** MP_REACH_NLRI of a family that is not judged; carried as octets. */
export interface MpReachOther {
  readonly kind: 'mpReachOther'
  readonly afi: number
  readonly safi: number
  readonly nextHop: Uint8Array
  readonly reserved: number
  readonly nlri: Uint8Array
}

/** MP_UNREACH_NLRI of IPv4 or IPv6 unicast (RFC 4760 §4); without routes: End-of-RIB (RFC 4724 §2). */
export interface MpUnreachNlri {
  readonly kind: 'mpUnreachNlri'
  readonly family: Family
  readonly routes: readonly Route[]
}

/** MP_UNREACH_NLRI of a family that is not judged; carried as octets. */
export interface MpUnreachOther {
  readonly kind: 'mpUnreachOther'
  readonly afi: number
  readonly safi: number
  readonly nlri: Uint8Array
}

function unicastFamily(afi: number, safi: number): Family | undefined {
  if (safi !== Safi.unicast) return undefined
  if (afi === Family.ipv4) return Family.ipv4
  return afi === Family.ipv6 ? Family.ipv6 : undefined
}

function readAddress(cursor: Cursor, family: Family): Prefix {
  const address = emptyPrefix(family)
  address.length = addressBits(family)
  address.w0 = readWord(cursor, 4)
  if (family === Family.ipv4) return address
  address.w1 = readWord(cursor, 4)
  address.w2 = readWord(cursor, 4)
  address.w3 = readWord(cursor, 4)
  return address
}

/**
 * Reads the next hops of a unicast family by the length of their field: 16 or 32 octets of IPv6
 * (RFC 2545 §3; of IPv4 routes RFC 8950 §3), 4 of IPv4. Length 0 is seen with routes that go nowhere.
 */
function readNextHops(cursor: Cursor, family: Family, length: number): Prefix[] {
  if (length === 4 && family === Family.ipv4) return [readAddress(cursor, Family.ipv4)]
  if (length !== 0 && length !== 16 && length !== 32) {
    const expected = family === Family.ipv4 ? '4, 16 or 32' : '16 or 32'
    throw new DecodeError(`next hop has ${length} octets, expected ${expected}`)
  }
  return Array.from({ length: length / 16 }, () => readAddress(cursor, Family.ipv6))
}

/**
 * Reads the value of MP_REACH_NLRI, to the cursor's end. NLRI may be missing: attribute sets are
 * stored without it.
 * @throws DecodeError, OverrunError
 */
export function readMpReach(cursor: Cursor, addPath: AddPath): MpReachNlri | MpReachOther {
  const afi = cursor.u16()
  const safi = cursor.u8()
  const length = cursor.u8()
  const family = unicastFamily(afi, safi)
  if (family === undefined) {
    const nextHop = cursor.copy(length)
    const reserved = cursor.u8()
    const nlri = cursor.copy(cursor.remaining)
    return { kind: 'mpReachOther', afi, safi, nextHop, reserved, nlri }
  }
  const nextHops = readNextHops(cursor, family, length)
  const reserved = cursor.u8()
  const routes = readRoutes(cursor, family, addPath)
  return { kind: 'mpReachNlri', family, nextHops, reserved, routes }
}

/**
 * Reads the value of MP_UNREACH_NLRI, to the cursor's end.
 * @throws DecodeError, OverrunError
 */
export function readMpUnreach(cursor: Cursor, addPath: AddPath): MpUnreachNlri | MpUnreachOther {
  const afi = cursor.u16()
  const safi = cursor.u8()
  const family = unicastFamily(afi, safi)
  if (family === undefined) {
    return { kind: 'mpUnreachOther', afi, safi, nlri: cursor.copy(cursor.remaining) }
  }
  return { kind: 'mpUnreachNlri', family, routes: readRoutes(cursor, family, addPath) }
}

/** The octets of whole addresses, one after the other. */
function encodeAddresses(addresses: readonly Readonly<Prefix>[]): number[] {
  return addresses.flatMap((address) => addressOctets(address, addressBits(address.family) / 8))
}

/**
 * The value of MP_REACH_NLRI.
 * @throws EncodeError for a value that does not fit its field
 */
export function encodeMpReach(value: MpReachNlri | MpReachOther, addPath: AddPath): number[] {
  const unicast = value.kind === 'mpReachNlri'
  const nextHop = unicast ? encodeAddresses(value.nextHops) : [...value.nextHop]
  return [
    ...octets('AFI', unicast ? value.family : value.afi, 2),
    ...octets('SAFI', unicast ? Safi.unicast : value.safi, 1),
    ...octets('next hop length', nextHop.length, 1),
    ...nextHop,
    ...octets('reserved octet', value.reserved, 1),
    ...(unicast ? encodeRoutes(value.routes, addPath) : value.nlri),
  ]
}

/**
 * The value of MP_UNREACH_NLRI.
 * @throws EncodeError for a value that does not fit its field
 */
export function encodeMpUnreach(value: MpUnreachNlri | MpUnreachOther, addPath: AddPath): number[] {
  const unicast = value.kind === 'mpUnreachNlri'
  return [
    ...octets('AFI', unicast ? value.family : value.afi, 2),
    ...octets('SAFI', unicast ? Safi.unicast : value.safi, 1),
    ...(unicast ? encodeRoutes(value.routes, addPath) : value.nlri),
  ]
}

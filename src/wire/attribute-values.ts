/** Path attributes as values, for whoever asks: one reader and one writer a kind. */
import { type AsPathSegment, encodeAsn, encodeAsPath, isConfed, readAsPath } from './as-path.ts'
import { type AttributeRow, attributeTable } from './attribute-table.ts'
import { AttributeCode, AttributeFlag } from './codes.ts'
import type { ExtendedCommunity, LargeCommunity } from './community-text.ts'
import { Cursor, OverrunError } from './cursor.ts'
import { DecodeError } from './errors.ts'
import {
  type AddPath,
  encodeMpReach,
  encodeMpUnreach,
  type MpReachNlri,
  type MpReachOther,
  type MpUnreachNlri,
  type MpUnreachOther,
  noAddPath,
  readMpReach,
  readMpUnreach,
} from './nlri.ts'
import { octets } from './octets.ts'

/** One kind a row of the attribute table. Addresses, identifiers and communities are unsigned 32 bits. */
export type AttributeValue =
  | { readonly kind: 'origin'; readonly origin: number }
  /** `as4Path` is there for 2-octet sessions alone (RFC 6793 §4.2). */
  | { readonly kind: 'asPath' | 'as4Path'; readonly segments: readonly AsPathSegment[] }
  | { readonly kind: 'nextHop'; readonly address: number }
  | { readonly kind: 'multiExitDisc' | 'localPref'; readonly metric: number }
  | { readonly kind: 'atomicAggregate' }
  | {
      readonly kind: 'aggregator' | 'as4Aggregator'
      readonly asn: number
      readonly address: number
    }
  | { readonly kind: 'communities'; readonly communities: readonly number[] }
  | { readonly kind: 'originatorId'; readonly identifier: number }
  | { readonly kind: 'clusterList'; readonly identifiers: readonly number[] }
  | MpReachNlri
  | MpReachOther
  | MpUnreachNlri
  | MpUnreachOther
  | { readonly kind: 'extendedCommunities'; readonly communities: readonly ExtendedCommunity[] }
  | { readonly kind: 'largeCommunities'; readonly communities: readonly LargeCommunity[] }
  /** RFC 9234 §5. */
  | { readonly kind: 'onlyToCustomer'; readonly asn: number }
  | { readonly kind: 'unknown'; readonly octets: Uint8Array }

export type AttributeKind = AttributeValue['kind']

/** A path attribute as it stands in an UPDATE (RFC 4271 §4.3). */
export interface PathAttribute {
  /** The whole flags octet. */
  readonly flags: number
  readonly code: number
  readonly value: AttributeValue
}

const codeOfKind: Record<Exclude<AttributeKind, 'unknown'>, AttributeCode> = {
  ...AttributeCode,
  mpReachOther: AttributeCode.mpReachNlri,
  mpUnreachOther: AttributeCode.mpUnreachNlri,
}

/** A known attribute with its code and usual flags, as a sender makes it. */
export function pathAttribute(value: Exclude<AttributeValue, { kind: 'unknown' }>): PathAttribute {
  const code = codeOfKind[value.kind]
  return { flags: attributeTable[code]?.flags ?? 0, code, value }
}

/** The first value of a kind in a list, which is the one that counts (RFC 7606 §3 g). */
export function findValue<K extends AttributeKind>(
  attributes: readonly PathAttribute[],
  kind: K,
): (AttributeValue & { kind: K }) | undefined {
  const found = attributes.find((attribute) => attribute.value.kind === kind)
  return found?.value as (AttributeValue & { kind: K }) | undefined
}

/** Reads entries up to the cursor's end. */
function readList<T>(cursor: Cursor, readEntry: () => T): T[] {
  const list: T[] = []
  while (cursor.remaining > 0) list.push(readEntry())
  return list
}

/** Reads the value of a known attribute, to the cursor's end. */
function readValue(
  code: AttributeCode,
  cursor: Cursor,
  as4: boolean,
  addPath: AddPath,
): AttributeValue {
  switch (code) {
    case AttributeCode.origin:
      return { kind: 'origin', origin: cursor.u8() }
    case AttributeCode.asPath:
      return { kind: 'asPath', segments: readAsPath(cursor, as4) }
    case AttributeCode.nextHop:
      return { kind: 'nextHop', address: cursor.u32() }
    case AttributeCode.multiExitDisc:
      return { kind: 'multiExitDisc', metric: cursor.u32() }
    case AttributeCode.localPref:
      return { kind: 'localPref', metric: cursor.u32() }
    case AttributeCode.atomicAggregate:
      return { kind: 'atomicAggregate' }
    case AttributeCode.aggregator: {
      const asn = as4 ? cursor.u32() : cursor.u16()
      return { kind: 'aggregator', asn, address: cursor.u32() }
    }
    case AttributeCode.communities:
      return { kind: 'communities', communities: readList(cursor, () => cursor.u32()) }
    case AttributeCode.originatorId:
      return { kind: 'originatorId', identifier: cursor.u32() }
    case AttributeCode.clusterList:
      return { kind: 'clusterList', identifiers: readList(cursor, () => cursor.u32()) }
    case AttributeCode.mpReachNlri:
      return readMpReach(cursor, addPath)
    case AttributeCode.mpUnreachNlri:
      return readMpUnreach(cursor, addPath)
    case AttributeCode.extendedCommunities: {
      const communities = readList(cursor, () => [cursor.u32(), cursor.u32()] as const)
      return { kind: 'extendedCommunities', communities }
    }
    case AttributeCode.as4Path:
      return { kind: 'as4Path', segments: readAsPath(cursor, true) }
    case AttributeCode.as4Aggregator:
      return { kind: 'as4Aggregator', asn: cursor.u32(), address: cursor.u32() }
    case AttributeCode.largeCommunities: {
      const readEntry = () => [cursor.u32(), cursor.u32(), cursor.u32()] as const
      return { kind: 'largeCommunities', communities: readList(cursor, readEntry) }
    }
    case AttributeCode.onlyToCustomer:
      return { kind: 'onlyToCustomer', asn: cursor.u32() }
  }
}

function readAttribute(block: Cursor, as4: boolean, addPath: AddPath): PathAttribute {
  const flags = block.u8()
  const code = block.u8()
  const length = flags & AttributeFlag.extendedLength ? block.u16() : block.u8()
  const start = block.skip(length)
  const row = attributeTable[code]
  const cursor = new Cursor(block.view, start, start + length)
  if (row === undefined)
    return { flags, code, value: { kind: 'unknown', octets: cursor.copy(length) } }
  return { flags, code, value: readKnown(row, cursor, as4, addPath) }
}

/** Reads the value of a known attribute and says its name in what goes wrong. */
function readKnown(
  row: AttributeRow,
  cursor: Cursor,
  as4: boolean,
  addPath: AddPath,
): AttributeValue {
  const length = cursor.remaining
  try {
    const value = readValue(row.code, cursor, as4, addPath)
    if (cursor.remaining === 0) return value
  } catch (error) {
    if (error instanceof DecodeError) throw new DecodeError(`${row.name}: ${error.message}`)
    if (!(error instanceof OverrunError)) throw error
  }
  throw new DecodeError(`${row.name}: its length, ${length} octets, does not fit what it holds`)
}

/**
 * Reads a block of path attributes. Lenient: flags, values and missing attributes are not judged,
 * repeated attributes are kept.
 * @param start first octet of the block in `view`
 * @param end exclusive
 * @param as4 AS_PATH and AGGREGATOR have 4-octet AS numbers
 * @param addPath families whose NLRI in MP attributes carry path identifiers
 * @returns the attributes in wire order; octets are owned copies
 * @throws DecodeError where the block, or a value in it, cannot be parsed to its end
 */
export function decodeAttributes(
  view: DataView,
  start: number,
  end: number,
  as4: boolean,
  addPath: AddPath = noAddPath,
): PathAttribute[] {
  const block = new Cursor(view, start, end)
  try {
    return readList(block, () => readAttribute(block, as4, addPath))
  } catch (error) {
    if (!(error instanceof OverrunError)) throw error
    throw new DecodeError(`path attributes end inside an attribute: ${error.message}`)
  }
}

/** The octets of an attribute's value. */
function encodeValue(value: AttributeValue, as4: boolean, addPath: AddPath): Iterable<number> {
  switch (value.kind) {
    case 'origin':
      return octets('ORIGIN', value.origin, 1)
    case 'asPath':
      return encodeAsPath(value.segments, as4)
    case 'as4Path':
      return encodeAsPath(value.segments, true)
    case 'nextHop':
      return octets('NEXT_HOP', value.address, 4)
    case 'multiExitDisc':
      return octets('MULTI_EXIT_DISC', value.metric, 4)
    case 'localPref':
      return octets('LOCAL_PREF', value.metric, 4)
    case 'atomicAggregate':
      return []
    case 'aggregator':
      return [...encodeAsn(value.asn, as4), ...octets('AGGREGATOR address', value.address, 4)]
    case 'as4Aggregator':
      return [...encodeAsn(value.asn, true), ...octets('AS4_AGGREGATOR address', value.address, 4)]
    case 'communities':
      return value.communities.flatMap((community) => octets('community', community, 4))
    case 'originatorId':
      return octets('ORIGINATOR_ID', value.identifier, 4)
    case 'clusterList':
      return value.identifiers.flatMap((identifier) => octets('cluster identifier', identifier, 4))
    case 'mpReachNlri':
    case 'mpReachOther':
      return encodeMpReach(value, addPath)
    case 'mpUnreachNlri':
    case 'mpUnreachOther':
      return encodeMpUnreach(value, addPath)
    case 'extendedCommunities':
      return value.communities.flat().flatMap((word) => octets('extended community', word, 4))
    case 'largeCommunities':
      return value.communities.flat().flatMap((word) => octets('large community', word, 4))
    case 'onlyToCustomer':
      return octets('ONLY_TO_CUSTOMER', value.asn, 4)
    case 'unknown':
      return value.octets
  }
}

/** One attribute. Flags stand as given; the Extended Length bit is added where the value needs it. */
function encodeAttribute(attribute: PathAttribute, as4: boolean, addPath: AddPath): number[] {
  const value = [...encodeValue(attribute.value, as4, addPath)]
  const extended = value.length > 255 ? AttributeFlag.extendedLength : 0
  const flags = attribute.flags | extended
  const name = attributeTable[attribute.code]?.name ?? `attribute ${attribute.code}`
  return [
    ...octets('attribute flags', flags, 1),
    ...octets('attribute code', attribute.code, 1),
    ...octets(`length of ${name}`, value.length, flags & AttributeFlag.extendedLength ? 2 : 1),
    ...value,
  ]
}

/**
 * Writes a block of path attributes, in the given order.
 * @param as4 4-octet AS numbers in AS_PATH and AGGREGATOR; otherwise AS_TRANS stands for what does
 *   not fit two octets (`as4Attributes` makes what must then go along)
 * @throws EncodeError for a value that does not fit its field
 */
export function encodeAttributes(
  attributes: readonly PathAttribute[],
  as4: boolean,
  addPath: AddPath = noAddPath,
): Uint8Array {
  return Uint8Array.from(attributes.flatMap((each) => encodeAttribute(each, as4, addPath)))
}

/**
 * The attributes that carry 4-octet AS numbers past a 2-octet session (RFC 6793 §4.2.2).
 * @returns AS4_PATH and AS4_AGGREGATOR, each only if its counterpart holds a number above 65535
 */
export function as4Attributes(attributes: readonly PathAttribute[]): PathAttribute[] {
  const added: PathAttribute[] = []
  const path = findValue(attributes, 'asPath')?.segments ?? []
  const segments = path.filter((segment) => !isConfed(segment))
  if (segments.some(({ asns }) => asns.some((asn) => asn > 0xffff))) {
    added.push(pathAttribute({ kind: 'as4Path', segments }))
  }
  const aggregator = findValue(attributes, 'aggregator')
  if (aggregator !== undefined && aggregator.asn > 0xffff) {
    added.push(pathAttribute({ ...aggregator, kind: 'as4Aggregator' }))
  }
  return added
}

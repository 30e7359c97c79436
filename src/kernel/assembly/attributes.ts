/**
 * Path attributes that are well-formed and usual. Whatever else there is, the walk gives up: wire/attribute-walk.ts
 * looks at the UPDATE then, and says what is wrong with it.
 */
import { word } from './control.ts'
import { LOCAL_AS, RULES, TAKEN } from './fields.ts'
import { read16, read32 } from './octets.ts'

// The bits of PathFact (wire/as-path-facts.ts).
export const PRIVATE_ASN = 1
export const BOGON_ASN = 2
export const PREPENDED = 4
export const AS_SET = 8
export const CONFEDERATION = 16
export const AS_TRANS_SEEN = 32

const AS_TRANS = 23456

const ORIGIN = 1
const AS_PATH = 2
const NEXT_HOP = 3
const AGGREGATOR = 7
const COMMUNITIES = 8
const MP_REACH_NLRI = 14
const LARGE_COMMUNITIES = 32

const REQUIRED_FLAGS = 0xc0
const EXTENDED_LENGTH = 0x10

// What the last walk found.
export let pathBits: i32 = 0
export let pathLength: i32 = 0
export let firstAs: i32 = 0
export let originAs: i32 = 0
export let hasOwnAs: bool = false
/** Addresses; 0: the attribute is not there. */
export let nextHop: usize = 0
export let communities: usize = 0
export let communitiesEnd: usize = 0
export let largeCommunities: usize = 0
export let largeCommunitiesEnd: usize = 0
/** MP_REACH_NLRI: its flags octet, next hop, NLRI, and end. */
export let reach: usize = 0
export let reachNextHop: usize = 0
export let reachNlri: usize = 0
export let reachEnd: usize = 0

/** @returns false: not for the kernel */
export function walk(start: usize, end: usize): bool {
  nextHop = 0
  communities = 0
  communitiesEnd = 0
  largeCommunities = 0
  largeCommunitiesEnd = 0
  reach = 0
  let seen: u64 = 0
  let at = start
  while (at < end) {
    if (end - at < 3) return false
    const flags = <i32>load<u8>(at)
    const code = <i32>load<u8>(at + 1)
    const extended = (flags & EXTENDED_LENGTH) !== 0
    const length = extended ? read16(at + 2) : <i32>load<u8>(at + 2)
    const value = at + (extended ? 4 : 3)
    const next = value + <usize>length
    if (next > end || code > 63) return false
    const bit: u64 = (<u64>1) << (<u64>code)
    if ((seen & bit) !== 0) return false
    seen |= bit
    const rule = word(RULES + code)
    if ((rule & TAKEN) === 0 || (flags & REQUIRED_FLAGS) !== ((rule >> 8) & 0xff)) return false
    const fixed = (rule >> 16) & 0xff
    if (fixed !== 0xff && length !== fixed) return false
    const entry = rule >>> 24
    if (entry !== 0 && (length === 0 || length % entry !== 0)) return false
    if (!read(code, at, value, next)) return false
    at = next
  }
  // ORIGIN and AS_PATH.
  return (seen & 6) === 6
}

function read(code: i32, at: usize, value: usize, end: usize): bool {
  if (code === ORIGIN) return load<u8>(value) <= 2
  if (code === AS_PATH) return readPath(value, end)
  if (code === NEXT_HOP) nextHop = value
  else if (code === COMMUNITIES) {
    communities = value
    communitiesEnd = end
  } else if (code === LARGE_COMMUNITIES) {
    largeCommunities = value
    largeCommunitiesEnd = end
  } else if (code === AGGREGATOR) return load<i32>(value) !== 0
  else if (code === MP_REACH_NLRI) return readReach(at, value, end)
  return true
}

/** IPv6 unicast with a next hop of one or two addresses (RFC 2545 §3). */
function readReach(at: usize, value: usize, end: usize): bool {
  if (end - value < 5 || read16(value) !== 2 || load<u8>(value + 2) !== 1) return false
  const length = <i32>load<u8>(value + 3)
  if (length !== 16 && length !== 32) return false
  reach = at
  reachNextHop = value + 4
  reachNlri = value + 5 + <usize>length
  reachEnd = end
  return reachNlri < end
}

/** AS numbers of 4 octets; AS 0 is not for the kernel (RFC 7607). */
function readPath(start: usize, end: usize): bool {
  const sought = word(LOCAL_AS)
  let bits = 0
  let length = 0
  let first = 0
  let previous = 0
  let origin = 0
  let found = false
  let at = start
  while (at < end) {
    if (end - at < 2) return false
    const type = <i32>load<u8>(at)
    const count = <i32>load<u8>(at + 1)
    at += 2
    const segmentEnd = at + ((<usize>count) << 2)
    if (count === 0 || segmentEnd > end) return false
    const isSequence = type === 2
    if (isSequence) length += count
    else if (type === 1) {
      length += 1
      bits |= AS_SET
    } else if (type === 3 || type === 4) bits |= CONFEDERATION
    else return false
    for (; at < segmentEnd; at += 4) {
      const asn = read32(at)
      if (asn === previous && isSequence && at > start + 2) bits |= PREPENDED
      if (asn <= 0 || (asn >= 64496 && asn <= 65551) || asn === AS_TRANS) {
        if (asn === 0) return false
        bits |= oddAsn(asn)
      }
      if (asn === sought) found = true
      if (first === 0) first = asn
      previous = asn
    }
    origin = isSequence ? previous : 0
    if (!isSequence) previous = 0
  }
  pathBits = bits
  pathLength = length
  firstAs = first
  originAs = origin
  hasOwnAs = found
  return true
}

function oddAsn(asn: i32): i32 {
  const n = <u32>asn
  let bits = 0
  if ((n >= 64512 && n <= 65534) || (n >= 4200000000 && n <= 4294967294)) bits |= PRIVATE_ASN
  const bogon =
    n >= 65552 ? n === 4294967295 : n >= 65535 || (n >= 64496 && n <= 64511) || n === <u32>AS_TRANS
  if (bogon) bits |= BOGON_ASN
  if (asn === AS_TRANS) bits |= AS_TRANS_SEEN
  return bits
}

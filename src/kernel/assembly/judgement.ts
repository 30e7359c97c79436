/** The rules that look at attributes (engine/policy.ts), and the notes of a session's routes (engine/notes.ts). */
import {
  AS_SET,
  AS_TRANS_SEEN,
  BOGON_ASN,
  CONFEDERATION,
  communities,
  communitiesEnd,
  firstAs,
  hasOwnAs,
  largeCommunities,
  largeCommunitiesEnd,
  nextHop,
  PREPENDED,
  PRIVATE_ASN,
  pathBits,
  pathLength,
  reach,
  reachNextHop,
  reachNlri,
} from './attributes.ts'
import { word } from './control.ts'
import {
  COUNTED,
  EXTERNAL,
  LARGE,
  LARGE_COUNT,
  MATCH_ALL,
  MAX_PATH_LENGTH,
  PEER_FAMILY,
  PEER_WORDS,
  REMOTE_AS,
  STANDARD,
  STANDARD_COUNT,
} from './fields.ts'
import { read32 } from './octets.ts'

// Bits of findings, in the order of `findingReasons` (engine/types.ts).
const MISSING_COMMUNITY = 1 << 1
const PATH_TOO_LONG = 1 << 2
const PRIVATE_ASN_FOUND = 1 << 3
const BOGON_ASN_FOUND = 1 << 4
const PREPENDED_FOUND = 1 << 5

// Bits of notes, in the order of `routeNotes`.
const NOTE_AS_SET = 1 << 0
const NOTE_CONFEDERATION = 1 << 1
const NOTE_AS_TRANS = 1 << 2
const NOTE_OWN_AS = 1 << 3
const NOTE_FIRST_AS = 1 << 4
const NOTE_NOT_PEER = 1 << 5
const NOTE_MARTIAN = 1 << 6

/** @returns finding bits of the attributes walked last */
export function judge(): i32 {
  let bits = 0
  if (pathLength > word(MAX_PATH_LENGTH)) bits |= PATH_TOO_LONG
  if ((pathBits & PRIVATE_ASN) !== 0) bits |= PRIVATE_ASN_FOUND
  if ((pathBits & BOGON_ASN) !== 0) bits |= BOGON_ASN_FOUND
  if ((pathBits & PREPENDED) !== 0) bits |= PREPENDED_FOUND
  if (!hasRequired()) bits |= MISSING_COMMUNITY
  return bits & word(COUNTED)
}

function hasRequired(): bool {
  const standard = <usize>word(STANDARD)
  const large = <usize>word(LARGE)
  const standardCount = word(STANDARD_COUNT)
  const largeCount = word(LARGE_COUNT)
  if (standardCount + largeCount === 0) return true
  const all = word(MATCH_ALL) !== 0
  for (let i = 0; i < standardCount; i++) {
    const found = hasStandard(load<i32>(standard + ((<usize>i) << 2)))
    if (found !== all) return found
  }
  for (let i = 0; i < largeCount; i++) {
    const found = hasLarge(large + <usize>(i * 12))
    if (found !== all) return found
  }
  return all
}

function hasStandard(community: i32): bool {
  for (let at = communities; at < communitiesEnd; at += 4) if (read32(at) === community) return true
  return false
}

function hasLarge(wanted: usize): bool {
  for (let at = largeCommunities; at < largeCommunitiesEnd; at += 12) {
    if (
      read32(at) === load<i32>(wanted) &&
      read32(at + 4) === load<i32>(wanted + 4) &&
      read32(at + 8) === load<i32>(wanted + 8)
    ) {
      return true
    }
  }
  return false
}

/** @returns bits of the notes of routes with the attributes walked last */
export function note(): i32 {
  const external = word(EXTERNAL) !== 0
  let bits = 0
  if ((pathBits & AS_SET) !== 0) bits |= NOTE_AS_SET
  if ((pathBits & CONFEDERATION) !== 0 && external) bits |= NOTE_CONFEDERATION
  if ((pathBits & AS_TRANS_SEEN) !== 0) bits |= NOTE_AS_TRANS
  if (hasOwnAs) bits |= NOTE_OWN_AS
  if (external && firstAs !== word(REMOTE_AS) && firstAs !== 0) bits |= NOTE_FIRST_AS
  return bits | (reach === 0 ? noteNextHop4(external) : noteNextHop6(external))
}

function noteNextHop4(external: bool): i32 {
  const hop = read32(nextHop)
  const comparable = word(PEER_FAMILY) === 1
  if (comparable && hop === word(PEER_WORDS)) return 0
  const bits = comparable && external ? NOTE_NOT_PEER : 0
  const first = hop >>> 24
  return first === 0 || first === 127 || first >= 224 ? bits | NOTE_MARTIAN : bits
}

function noteNextHop6(external: bool): i32 {
  const martian = isMartian(reachNextHop) ? NOTE_MARTIAN : 0
  if (word(PEER_FAMILY) !== 2 || isPeer(reachNextHop)) {
    return word(PEER_FAMILY) !== 2 ? martian : 0
  }
  if (reachNlri - reachNextHop > 17 && isPeer(reachNextHop + 16)) return 0
  return external ? martian | NOTE_NOT_PEER : martian
}

function isPeer(at: usize): bool {
  return (
    read32(at + 12) === word(PEER_WORDS + 3) &&
    read32(at + 8) === word(PEER_WORDS + 2) &&
    read32(at + 4) === word(PEER_WORDS + 1) &&
    read32(at) === word(PEER_WORDS)
  )
}

function isMartian(at: usize): bool {
  const first = read32(at)
  if (first >>> 24 === 0xff) return true
  if (first !== 0 || load<i32>(at + 4) !== 0) return false
  const third = read32(at + 8)
  return third === 0 || third === 0xffff
}

/** The rules that look at a route's attributes, as one pass over numbers: a finding is a bit. */
import { PathFact } from '../wire/as-path-facts.ts'
import { parseCommunity } from '../wire/community-text.ts'
import { type FindingReason, findingReasons, type Policy } from './types.ts'

/** The bit number of a reason. */
export const reasonIndex = Object.fromEntries(
  findingReasons.map((reason, index) => [reason, index]),
) as Readonly<Record<FindingReason, number>>

/** The bit of a reason. */
export function reasonBit(reason: FindingReason): number {
  return 1 << reasonIndex[reason]
}

const MISSING_COMMUNITY = reasonBit('missing-community')
const PATH_TOO_LONG = reasonBit('as-path-too-long')
const PRIVATE_ASN = reasonBit('private-asn')
const BOGON_ASN = reasonBit('bogon-asn')
const PREPENDED = reasonBit('as-path-prepended')

/** A policy made ready for judging. */
export interface CompiledPolicy {
  readonly policy: Policy
  /** Required standard communities, signed 32 bits. */
  readonly standard: Int32Array
  /** Required large communities, three signed words each. */
  readonly large: Int32Array
  /** Finding bits that count at all. */
  readonly counted: number
  /** Finding bits that are warnings. */
  readonly warnings: number
}

/**
 * @param stripPrivateAsns private AS numbers are no finding
 * @throws CommunityError when a required community is not one
 */
export function compilePolicy(policy: Policy, stripPrivateAsns = false): CompiledPolicy {
  const standard: number[] = []
  const large: number[] = []
  for (const text of policy.requiredCommunities) {
    const community = parseCommunity(text)
    if (community.kind === 'standard') standard.push(community.value)
    else large.push(...community.words)
  }
  let ignored = 0
  if (policy.allowPrepending) ignored |= PREPENDED
  if (policy.bogonAsn === 'off') ignored |= BOGON_ASN
  if (stripPrivateAsns) ignored |= PRIVATE_ASN
  return {
    policy,
    standard: Int32Array.from(standard),
    large: Int32Array.from(large),
    counted: ~ignored,
    warnings: policy.bogonAsn === 'warning' ? BOGON_ASN : 0,
  }
}

/** Octets of a message or of a stored set in which the communities lie; start 0: absent. */
interface Window {
  readonly start: number
  readonly end: number
}

/**
 * Judges the attributes of a route, but for its origin, which depends on the registration.
 * @param pathBits bits of PathFact
 * @param communities values of COMMUNITIES (RFC 1997), 4 octets each
 * @param largeCommunities values of LARGE_COMMUNITIES (RFC 8092), 12 octets each
 * @returns finding bits
 */
export function judgeAttributes(
  compiled: CompiledPolicy,
  pathBits: number,
  pathLength: number,
  view: DataView,
  communities: Window,
  largeCommunities: Window,
): number {
  let bits = 0
  if (pathLength > compiled.policy.maxAsPathLength) bits |= PATH_TOO_LONG
  if ((pathBits & PathFact.privateAsn) !== 0) bits |= PRIVATE_ASN
  if ((pathBits & PathFact.bogonAsn) !== 0) bits |= BOGON_ASN
  if ((pathBits & PathFact.prepended) !== 0) bits |= PREPENDED
  if (!hasRequired(compiled, view, communities, largeCommunities)) bits |= MISSING_COMMUNITY
  return bits & compiled.counted
}

function hasRequired(
  compiled: CompiledPolicy,
  view: DataView,
  communities: Window,
  largeCommunities: Window,
): boolean {
  const { standard, large } = compiled
  const all = compiled.policy.communityMatch === 'all'
  const wanted = standard.length + large.length / 3
  if (wanted === 0) return true
  let found = 0
  for (let i = 0; i < standard.length; i++) {
    if (hasStandard(view, communities, standard[i] as number)) found++
    else if (all) return false
  }
  for (let i = 0; i < large.length; i += 3) {
    if (hasLarge(view, largeCommunities, large, i)) found++
    else if (all) return false
  }
  return found > 0
}

function hasStandard(view: DataView, window: Window, community: number): boolean {
  if (window.start === window.end) return false
  for (let at = window.start; at < window.end; at += 4) {
    if (view.getInt32(at) === community) return true
  }
  return false
}

function hasLarge(view: DataView, window: Window, words: Int32Array, at: number): boolean {
  for (let offset = window.start; offset < window.end; offset += 12) {
    if (
      view.getInt32(offset) === words[at] &&
      view.getInt32(offset + 4) === words[at + 1] &&
      view.getInt32(offset + 8) === words[at + 2]
    ) {
      return true
    }
  }
  return false
}

/** The reasons behind finding bits, in the order of `findingReasons`. */
export function reasonsOf(bits: number): FindingReason[] {
  return findingReasons.filter((_, index) => (bits & (1 << index)) !== 0)
}

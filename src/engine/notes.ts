/**
 * Notes: facts of a route worth an operator's eye that are no finding (SPEC 6). They depend on the session
 * as well as on the attributes, so they are worked out once an UPDATE, as bits, and again when a route is shown.
 */
import { Family } from '../prefix/prefix.ts'
import { PathFact } from '../wire/as-path-facts.ts'
import type { AttributeWalk } from '../wire/attribute-walk.ts'
import { AttributeCode } from '../wire/codes.ts'
import { findAttribute, type StoredWindow } from '../wire/stored-attributes.ts'
import type { EngineSession } from './state.ts'
import { type RouteNote, routeNotes } from './types.ts'

const noteBit = Object.fromEntries(routeNotes.map((note, index) => [note, 1 << index])) as Readonly<
  Record<RouteNote, number>
>

const AS_SET = noteBit['as-set']
const CONFEDERATION = noteBit['confederation-segment']
const AS_TRANS = noteBit['as-trans']
const OWN_AS = noteBit['own-as']
const FIRST_AS = noteBit['first-as-not-peer']
const NOT_PEER = noteBit['next-hop-not-peer']
const MARTIAN = noteBit['martian-next-hop']
const LEAK = noteBit['route-leak']

const SOME_PATH_NOTE = PathFact.asSet | PathFact.confederation | PathFact.asTrans

/** The notes behind bits, in the order of `routeNotes`. */
export function notesOf(bits: number): RouteNote[] {
  return routeNotes.filter((_, index) => (bits & (1 << index)) !== 0)
}

/**
 * The notes of the routes that an UPDATE announces. Nothing is allocated on sessions with 4-octet AS numbers.
 * @param walk its attributes
 * @param stored the octets under which they are kept
 * @returns bits, in the order of `routeNotes`
 */
export function notesOfUpdate(
  session: EngineSession,
  family: Family,
  walk: AttributeWalk,
  stored: StoredWindow,
): number {
  // With 2-octet AS numbers the path that counts stands in the stored form alone (RFC 6793 §4.2.3).
  if (!session.settings.as4) return notesOfStored(session, walk.path.bits, stored)
  const { view, asPath, nextHop, reach, otc } = walk
  const ofReach = family === Family.ipv6 || nextHop.start === 0
  const length = ofReach ? reach.nextHopLength : 4
  const at = ofReach ? reach.nlri - 1 - length : nextHop.start
  return (
    notesOfPath(session, walk.path.bits, view, asPath.start, asPath.end) |
    notesOfNextHop(session, view, at, length) |
    notesOfOtc(session, view, otc.start)
  )
}

/**
 * The notes of a stored attribute set on a session.
 * @param pathBits bits of PathFact
 */
export function notesOfStored(
  session: EngineSession,
  pathBits: number,
  stored: StoredWindow,
): number {
  const { view } = stored
  const path = findAttribute(stored, AttributeCode.asPath)
  const reach = findAttribute(stored, AttributeCode.mpReachNlri)
  const nextHop = findAttribute(stored, AttributeCode.nextHop)
  const otc = findAttribute(stored, AttributeCode.onlyToCustomer)
  let bits = notesOfPath(session, pathBits, view, path?.value ?? 0, path?.end ?? 0)
  // AFI, SAFI, length, next hop (RFC 4760 §3).
  if (reach) bits |= notesOfNextHop(session, view, reach.value + 4, view.getUint8(reach.value + 3))
  else if (nextHop) bits |= notesOfNextHop(session, view, nextHop.value, 4)
  return bits | notesOfOtc(session, view, otc?.value ?? 0)
}

/** What an AS_PATH of 4-octet numbers shows. */
function notesOfPath(
  session: EngineSession,
  pathBits: number,
  view: DataView,
  start: number,
  end: number,
): number {
  const { external } = session.settings
  let bits = 0
  if ((pathBits & SOME_PATH_NOTE) !== 0) {
    if ((pathBits & PathFact.asSet) !== 0) bits |= AS_SET
    if ((pathBits & PathFact.confederation) !== 0 && external) bits |= CONFEDERATION
    if ((pathBits & PathFact.asTrans) !== 0) bits |= AS_TRANS
  }
  if (start === end) return bits
  if (namesAs(view, start, end, session.localAsn | 0)) bits |= OWN_AS
  // A segment is type, count and numbers; none is empty (RFC 7606 §7.2).
  if (external && view.getInt32(start + 2) !== (session.remoteAsn | 0)) bits |= FIRST_AS
  return bits
}

/** Whether an AS number stands anywhere in a well-formed path. @param asn signed 32 bits */
function namesAs(view: DataView, start: number, end: number, asn: number): boolean {
  let at = start
  while (at < end) {
    const segmentEnd = at + 2 + 4 * view.getUint8(at + 1)
    for (at += 2; at < segmentEnd; at += 4) if (view.getInt32(at) === asn) return true
  }
  return false
}

/**
 * What a next hop shows. That of the peer itself is what one expects; another one is noted on external
 * sessions, if it is of the family of the peer's address, so that the two can be compared.
 * @param length 4, 16, or 32: a link-local address behind the global one (RFC 2545 §3)
 */
function notesOfNextHop(
  session: EngineSession,
  view: DataView,
  at: number,
  length: number,
): number {
  const { peer } = session
  const family = length === 4 ? Family.ipv4 : Family.ipv6
  const comparable = peer !== null && peer.family === family
  if (family === Family.ipv4) {
    const word = view.getInt32(at)
    if (comparable && word === peer.w0) return 0
    return otherNextHop(session, comparable, isMartianIpv4(word))
  }
  if (comparable && isAddress(view, at, peer)) return 0
  if (comparable && length === 32 && isAddress(view, at + 16, peer)) return 0
  return otherNextHop(session, comparable, isMartianIpv6(view, at))
}

function otherNextHop(session: EngineSession, comparable: boolean, martian: boolean): number {
  const bits = comparable && session.settings.external ? NOT_PEER : 0
  return martian ? bits | MARTIAN : bits
}

type Words = NonNullable<EngineSession['peer']>

function isAddress(view: DataView, at: number, { w0, w1, w2, w3 }: Words): boolean {
  return (
    view.getInt32(at + 12) === w3 &&
    view.getInt32(at + 8) === w2 &&
    view.getInt32(at + 4) === w1 &&
    view.getInt32(at) === w0
  )
}

/** RFC 1122 §3.2.1.3: 0/8, 127/8; multicast and reserved: 224/3. @param word signed 32 bits */
function isMartianIpv4(word: number): boolean {
  const first = word >>> 24
  return first === 0 || first === 127 || first >= 224
}

/** RFC 4291 §2.5, §2.7: ::/96 (unspecified, loopback, IPv4-compatible), IPv4-mapped, multicast. */
function isMartianIpv6(view: DataView, at: number): boolean {
  const w0 = view.getInt32(at)
  if (w0 >>> 24 === 0xff) return true
  if (w0 !== 0 || view.getInt32(at + 4) !== 0) return false
  const w2 = view.getInt32(at + 8)
  return w2 === 0 || w2 === 0xffff
}

/** RFC 9234 §5: what OTC says of a route, by our role. @param at where its value begins; 0: absent */
function notesOfOtc(session: EngineSession, view: DataView, at: number): number {
  const { role } = session
  if (at === 0 || role === null || !session.settings.external) return 0
  // A customer or a client of a route server must not pass on what was meant for customers only.
  if (role === 'provider' || role === 'rs-server') return LEAK
  // A peer sets its own AS number; another one has been passed on to it.
  if (role === 'peer' && view.getInt32(at) !== (session.remoteAsn | 0)) return LEAK
  return 0
}

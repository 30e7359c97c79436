/**
 * Notes: facts of a route worth an operator's eye that are no finding (SPEC 6). They depend on the session
 * as well as on the attributes, so they are worked out once an UPDATE, as bits, and again when a route is shown.
 */
import { Family } from '../prefix/prefix.ts'
import { parseAddress } from '../prefix/text.ts'
import { PathFact } from '../wire/as-path-facts.ts'
import type { AttributeWalk } from '../wire/attribute-walk.ts'
import type { RoleName } from '../wire/capabilities.ts'
import { AttributeCode } from '../wire/codes.ts'
import type { DecodeSettings } from '../wire/messages.ts'
import { findAttribute, type StoredWindow } from '../wire/stored-attributes.ts'
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

/** What notes need of a session, as small integers: it is read for every UPDATE. */
export interface NoteView {
  readonly external: boolean
  /** Signed 32 bits each. */
  readonly localAsn: number
  readonly remoteAsn: number
  /** Family of the peer's address; 0: not known. */
  readonly family: Family | 0
  /** The peer's address. */
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
  readonly role: RoleName | null
}

/** @param peerAddress IPv4 or IPv6 text; undefined: not known */
export function createNoteView(
  settings: Pick<DecodeSettings, 'external'>,
  asns: { readonly localAsn: number; readonly remoteAsn: number },
  peerAddress?: string,
  role?: RoleName,
): NoteView {
  const peer = peerAddress === undefined ? undefined : parseAddress(peerAddress)
  return {
    external: settings.external,
    localAsn: asns.localAsn | 0,
    remoteAsn: asns.remoteAsn | 0,
    family: peer?.family ?? 0,
    w0: (peer?.w0 ?? 0) | 0,
    w1: (peer?.w1 ?? 0) | 0,
    w2: (peer?.w2 ?? 0) | 0,
    w3: (peer?.w3 ?? 0) | 0,
    role: role ?? null,
  }
}

/**
 * The notes of the routes that an UPDATE announces.
 * @param walk its attributes; they were searched for our own AS number (`DecodeSettings.localAs`)
 * @returns bits, in the order of `routeNotes`
 */
export function notesOfUpdate(session: NoteView, family: Family, walk: AttributeWalk): number {
  const { view, path } = walk
  let bits = (path.bits & SOME_PATH_NOTE) === 0 ? 0 : notesOfFacts(session, path.bits)
  if (path.found) bits |= OWN_AS
  if (session.external && path.firstAs !== session.remoteAsn && path.firstAs !== 0) bits |= FIRST_AS
  const nextHop = walk.nextHop.start
  if (family === Family.ipv4 && nextHop !== 0) {
    bits |= notesOfIpv4NextHop(session, view.getInt32(nextHop))
  } else {
    const length = walk.reach.nextHopLength
    bits |= notesOfNextHop(session, view, walk.reach.nlri - 1 - length, length)
  }
  const otc = walk.otc.start
  return otc === 0 ? bits : bits | notesOfOtc(session, view.getInt32(otc))
}

/**
 * The notes of a stored attribute set on a session.
 * @param facts bits of PathFact
 */
export function notesOfStored(session: NoteView, facts: number, stored: StoredWindow): number {
  const { view } = stored
  const path = findAttribute(stored, AttributeCode.asPath)
  const reach = findAttribute(stored, AttributeCode.mpReachNlri)
  const nextHop = findAttribute(stored, AttributeCode.nextHop)
  const otc = findAttribute(stored, AttributeCode.onlyToCustomer)
  let bits = notesOfFacts(session, facts)
  if (path) bits |= notesOfPath(session, view, path.value, path.end)
  // AFI, SAFI, length, next hop (RFC 4760 §3).
  if (reach) bits |= notesOfNextHop(session, view, reach.value + 4, view.getUint8(reach.value + 3))
  else if (nextHop) bits |= notesOfIpv4NextHop(session, view.getInt32(nextHop.value))
  return otc ? bits | notesOfOtc(session, view.getInt32(otc.value)) : bits
}

function notesOfFacts(session: NoteView, facts: number): number {
  let bits = 0
  if ((facts & PathFact.asSet) !== 0) bits |= AS_SET
  if ((facts & PathFact.confederation) !== 0 && session.external) bits |= CONFEDERATION
  if ((facts & PathFact.asTrans) !== 0) bits |= AS_TRANS
  return bits
}

/** What the numbers of a well-formed AS_PATH of 4-octet numbers show. */
function notesOfPath(session: NoteView, view: DataView, start: number, end: number): number {
  if (start === end) return 0
  const own = session.localAsn
  let bits = 0
  // A segment is type, count and numbers; none is empty (RFC 7606 §7.2).
  if (session.external && view.getInt32(start + 2) !== session.remoteAsn) bits = FIRST_AS
  let at = start
  while (at < end) {
    const segmentEnd = at + 2 + 4 * view.getUint8(at + 1)
    for (at += 2; at < segmentEnd; at += 4) if (view.getInt32(at) === own) bits |= OWN_AS
  }
  return bits
}

/**
 * What a next hop shows. That of the peer itself is what one expects; another one is noted on external
 * sessions, if it is of the family of the peer's address, so that the two can be compared.
 * @param length 4, 16, or 32: a link-local address behind the global one (RFC 2545 §3)
 */
function notesOfNextHop(session: NoteView, view: DataView, at: number, length: number): number {
  if (length === 4) return notesOfIpv4NextHop(session, view.getInt32(at))
  const martian = isMartianIpv6(view, at) ? MARTIAN : 0
  if (session.family !== Family.ipv6) return martian
  if (isPeer(session, view, at)) return 0
  if (length === 32 && isPeer(session, view, at + 16)) return 0
  return session.external ? martian | NOT_PEER : martian
}

/** @param word signed 32 bits */
function notesOfIpv4NextHop(session: NoteView, word: number): number {
  const comparable = session.family === Family.ipv4
  if (comparable && word === session.w0) return 0
  const bits = comparable && session.external ? NOT_PEER : 0
  // RFC 1122 §3.2.1.3: 0/8 and 127/8; multicast and reserved, 224/3.
  const first = word >>> 24
  return first === 0 || first === 127 || first >= 224 ? bits | MARTIAN : bits
}

function isPeer(session: NoteView, view: DataView, at: number): boolean {
  return (
    view.getInt32(at + 12) === session.w3 &&
    view.getInt32(at + 8) === session.w2 &&
    view.getInt32(at + 4) === session.w1 &&
    view.getInt32(at) === session.w0
  )
}

/** RFC 4291 §2.5, §2.7: ::/96 (unspecified, loopback, IPv4-compatible), IPv4-mapped, multicast. */
function isMartianIpv6(view: DataView, at: number): boolean {
  const w0 = view.getInt32(at)
  if (w0 >>> 24 === 0xff) return true
  if (w0 !== 0 || view.getInt32(at + 4) !== 0) return false
  const w2 = view.getInt32(at + 8)
  return w2 === 0 || w2 === 0xffff
}

/** RFC 9234 §5: what OTC says of a route, by our role. @param asn its value, signed 32 bits */
function notesOfOtc({ role, external, remoteAsn }: NoteView, asn: number): number {
  if (!external) return 0
  // A customer or a client of a route server must not pass on what was meant for customers only.
  if (role === 'provider' || role === 'rs-server') return LEAK
  // A peer sets its own AS number; another one has been passed on to it.
  return role === 'peer' && asn !== remoteAsn ? LEAK : 0
}

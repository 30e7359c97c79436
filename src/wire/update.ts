/**
 * UPDATE on the hot path (RFC 4271 §4.3, RFC 4760, RFC 7606): three windows; attributes first, then
 * withdrawals, then announcements, told to a RouteSink through reused views. A message is checked
 * whole before anything is told, so a broken one leaves nothing half done.
 */
import { Family, type Prefix } from '../prefix/prefix.ts'
import { type AttributeProblem, AttributeWalk, copyOctets } from './attribute-walk.ts'
import { AS_TRANS, ErrorCode, HEADER_LENGTH, UpdateSubcode } from './codes.ts'
import { protocolError } from './errors.ts'
import { Handling } from './handling.ts'
import type { DecodeSettings } from './messages.ts'
import { StoredAttributes, type StoredWindow } from './stored-attributes.ts'

/**
 * Who is told what an UPDATE says. The prefix is the same object each time, valid only during the
 * call; `pathId` is 0 where the session has no path identifiers (RFC 7911).
 */
export interface RouteSink {
  /**
   * The attributes of the announcements that follow.
   * @param walk facts and windows
   * @param stored the octets under which the set is to be kept
   */
  attributes(family: Family, walk: AttributeWalk, stored: StoredWindow): void
  /**
   * Asked on the way to IPv4 announcements whose session was the last to have attributes told.
   * @param start to `end` (exclusive): path attributes that have not been looked at
   * @returns true when they equal, octet by octet, the `stored` ones told last, and announcements may follow
   *   without telling them again; without this function they always are told
   */
  repeats?(view: DataView, start: number, end: number): boolean
  announce(prefix: Readonly<Prefix>, pathId: number): void
  withdraw(prefix: Readonly<Prefix>, pathId: number): void
  /** Announced with malformed attributes and therefore treated as withdrawn (RFC 7606 §2). */
  malformed(prefix: Readonly<Prefix>, pathId: number, problem: AttributeProblem): void
  /** RFC 4724 §2. */
  endOfRib(family: Family): void
}

/** Shortest valid lengths of an IPv6 next hop (RFC 4760, RFC 2545 §3) and of an IPv4 one. */
function nextHopFits(afi: number, length: number, extendedNextHop: boolean): boolean {
  if (afi === Family.ipv4) {
    return length === 4 || (extendedNextHop && (length === 16 || length === 32))
  }
  return length === 16 || length === 32
}

/**
 * Checks a run of prefixes.
 * @param maxBits 32 or 128
 * @returns -1 when all is well, else the offset of the prefix that is too long or runs over the end
 */
function findBadPrefix(
  view: DataView,
  start: number,
  end: number,
  maxBits: number,
  paths: boolean,
): number {
  let offset = start
  while (offset < end) {
    const at = offset
    if (paths) offset += 4
    if (offset >= end) return at
    const length = view.getUint8(offset)
    offset += 1 + ((length + 7) >> 3)
    if (length > maxBits || offset > end) return at
  }
  return -1
}

export class UpdateDecoder {
  /** Of the last UPDATE. */
  readonly walk = new AttributeWalk()
  private readonly stored = new StoredAttributes()
  /** Of the session whose attributes were told last, if they were kept as they came; else null. */
  private toldWhole: DecodeSettings | null = null
  private readonly ipv4: Prefix = { family: Family.ipv4, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  private readonly ipv6: Prefix = { family: Family.ipv6, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

  /**
   * Decodes one UPDATE, header included, from `start` to `end` (exclusive), and tells `sink`.
   * @returns how the message was handled; `walk.problem` says why when it is not `accept`
   * @throws ProtocolError when the session must end (RFC 7606 §3, §5)
   */
  decode(
    view: DataView,
    start: number,
    end: number,
    settings: DecodeSettings,
    sink: RouteSink,
  ): Handling {
    const withdrawn = start + HEADER_LENGTH + 2
    // The frame reader guarantees 23 octets.
    const withdrawnEnd = withdrawn + view.getUint16(withdrawn - 2)
    const attributes = withdrawnEnd + 2
    if (attributes > end) throw malformedList('Withdrawn Routes Length runs over the message')
    const attributesEnd = attributes + view.getUint16(withdrawnEnd)
    if (attributesEnd > end)
      throw malformedList('Total Path Attribute Length runs over the message')
    const announces4 = attributesEnd < end
    if (
      settings === this.toldWhole &&
      announces4 &&
      withdrawn === withdrawnEnd &&
      sink.repeats?.(view, attributes, attributesEnd) === true
    ) {
      this.checkPrefixes(view, attributesEnd, end, 'NLRI', settings)
      this.tell4(view, attributesEnd, end, settings.addPathIpv4, sink, ANNOUNCE, null)
      return Handling.accept
    }
    this.toldWhole = null
    const walk = this.walk
    walk.walk(view, attributes, attributesEnd, settings)
    this.checkPrefixes(view, withdrawn, withdrawnEnd, 'Withdrawn Routes', settings)
    this.checkPrefixes(view, attributesEnd, end, 'NLRI', settings)
    this.checkMultiprotocol(walk, settings)

    const announcesMp = walk.judgedReach() && walk.reach.nlri < walk.reach.end
    if (!settings.as4 && !this.stored.mergePaths(walk)) this.refusePath(walk)
    if (announces4 || announcesMp) this.requireMandatory(walk, announces4)
    if (settings.firstAs !== undefined && (announces4 || announcesMp)) {
      this.requireFirstAs(walk, settings.firstAs, settings.as4)
    }
    this.judge(walk, announces4 || walk.reach.start !== 0)

    if (withdrawnEnd > withdrawn) {
      this.tell4(view, withdrawn, withdrawnEnd, settings.addPathIpv4, sink, WITHDRAW, null)
    }
    if (walk.judgedUnreach()) this.tellUnreach(walk, settings, sink)
    if (announces4) this.announce4(walk, attributesEnd, end, settings, sink)
    if (announcesMp) this.announceMp(walk, settings, sink)
    if (attributes === attributesEnd && withdrawn === withdrawnEnd && !announces4) {
      sink.endOfRib(Family.ipv4)
    }
    return walk.handling
  }

  /** RFC 7606 §5.3: an NLRI field that cannot be read to its end ends the session. */
  private checkPrefixes(
    view: DataView,
    start: number,
    end: number,
    field: string,
    settings: DecodeSettings,
  ): void {
    if (start === end) return
    const bad = findBadPrefix(view, start, end, 32, settings.addPathIpv4)
    if (bad < 0) return
    throw protocolError(
      ErrorCode.updateMessage,
      UpdateSubcode.invalidNetworkField,
      `${field} cannot be read: a prefix at octet ${bad - start} of ${end - start} is too long or cut off`,
    )
  }

  /** RFC 7606 §5.3, §7.11, §7.12: next hop length and NLRI of the MP attributes. */
  private checkMultiprotocol(walk: AttributeWalk, settings: DecodeSettings): void {
    const { reach, unreach, view } = walk
    if (walk.judgedReach()) {
      if (!nextHopFits(reach.afi, reach.nextHopLength, settings.extendedNextHop)) {
        throw multiprotocolError(walk, reach, `a next hop of ${reach.nextHopLength} octets`)
      }
      this.checkMpPrefixes(walk, reach, view, settings)
    }
    if (walk.judgedUnreach()) this.checkMpPrefixes(walk, unreach, view, settings)
  }

  private checkMpPrefixes(
    walk: AttributeWalk,
    window: AttributeWalk['reach'],
    view: DataView,
    settings: DecodeSettings,
  ): void {
    const v4 = window.afi === Family.ipv4
    const paths = v4 ? settings.addPathIpv4 : settings.addPathIpv6
    const bad = findBadPrefix(view, window.nlri, window.end, v4 ? 32 : 128, paths)
    if (bad >= 0) throw multiprotocolError(walk, window, 'a prefix that is too long or cut off')
  }

  /** RFC 7606 §3 d: without ORIGIN, AS_PATH, or the NEXT_HOP of the NLRI field. */
  private requireMandatory(walk: AttributeWalk, nlriField: boolean): void {
    if (walk.handling >= Handling.treatAsWithdraw) return
    if (walk.hasOrigin && walk.asPath.start !== 0 && (!nlriField || walk.nextHop.start !== 0))
      return
    const [name, code] = !walk.hasOrigin
      ? ['ORIGIN', 1]
      : walk.asPath.start === 0
        ? ['AS_PATH', 2]
        : ['NEXT_HOP', 3]
    walk.handling = Handling.treatAsWithdraw
    walk.problem = {
      handling: Handling.treatAsWithdraw,
      subcode: UpdateSubcode.missingWellKnownAttribute,
      message: `${name} is missing`,
      data: Uint8Array.of(Number(code)),
    }
  }

  /** RFC 4271 §6.3: a path that does not begin with the peer's AS; RFC 7606 §7.2 tells what follows. */
  private requireFirstAs(walk: AttributeWalk, expected: number, as4: boolean): void {
    if (walk.handling >= Handling.treatAsWithdraw) return
    const found = walk.path.firstAs >>> 0
    if (found === expected) return
    // RFC 6793 §4.2.2: a peer with a larger AS number stands as AS_TRANS where AS4_PATH is missing.
    if (!as4 && expected > 65535 && found === AS_TRANS) return
    const begins = found === 0 ? 'names no AS first' : `begins with AS ${found}`
    walk.handling = Handling.treatAsWithdraw
    walk.problem = {
      handling: Handling.treatAsWithdraw,
      subcode: UpdateSubcode.malformedAsPath,
      message: `AS_PATH ${begins}, expected the peer's AS ${expected} (firstAsCheck)`,
      data: copyOctets(walk.view, walk.asPath.start, walk.asPath.end),
    }
  }

  private refusePath(walk: AttributeWalk): void {
    if (walk.handling >= Handling.treatAsWithdraw) return
    walk.handling = Handling.treatAsWithdraw
    walk.problem = {
      handling: Handling.treatAsWithdraw,
      subcode: UpdateSubcode.malformedAsPath,
      message: 'AS_PATH is malformed',
      data: copyOctets(walk.view, walk.asPath.start, walk.asPath.end),
    }
  }

  /**
   * Ends the session where the attributes ask for it.
   * RFC 7606 §5.2: so does an error that asks for treat-as-withdraw when there is nothing to withdraw.
   */
  private judge(walk: AttributeWalk, hasReachable: boolean): void {
    const problem = walk.problem
    if (problem === null || walk.handling < Handling.treatAsWithdraw) return
    if (walk.handling === Handling.treatAsWithdraw && hasReachable) return
    throw protocolError(
      ErrorCode.updateMessage,
      problem.subcode as 1,
      problem.message,
      problem.data,
    )
  }

  private announce4(
    walk: AttributeWalk,
    start: number,
    end: number,
    settings: DecodeSettings,
    sink: RouteSink,
  ): void {
    const paths = settings.addPathIpv4
    if (walk.handling === Handling.treatAsWithdraw) {
      this.tell4(walk.view, start, end, paths, sink, MALFORMED, walk.problem)
      return
    }
    this.stored.locate(walk, false, settings.as4)
    sink.attributes(Family.ipv4, walk, this.stored)
    if (this.stored.view === walk.view && walk.handling === Handling.accept) {
      this.toldWhole = settings
    }
    this.tell4(walk.view, start, end, paths, sink, ANNOUNCE, null)
  }

  private announceMp(walk: AttributeWalk, settings: DecodeSettings, sink: RouteSink): void {
    const { nlri, end, afi } = walk.reach
    const malformed = walk.handling === Handling.treatAsWithdraw
    if (!malformed) {
      this.toldWhole = null
      this.stored.locate(walk, true, settings.as4)
      sink.attributes(afi as Family, walk, this.stored)
    }
    const verb = malformed ? MALFORMED : ANNOUNCE
    if (afi === Family.ipv4) {
      this.tell4(walk.view, nlri, end, settings.addPathIpv4, sink, verb, walk.problem)
    } else {
      this.tell6(walk.view, nlri, end, settings.addPathIpv6, sink, verb, walk.problem)
    }
  }

  private tellUnreach(walk: AttributeWalk, settings: DecodeSettings, sink: RouteSink): void {
    const { nlri, end, afi } = walk.unreach
    if (nlri === end) {
      if (!walk.hasOthers) sink.endOfRib(afi as Family)
    } else if (afi === Family.ipv4) {
      this.tell4(walk.view, nlri, end, settings.addPathIpv4, sink, WITHDRAW, null)
    } else {
      this.tell6(walk.view, nlri, end, settings.addPathIpv6, sink, WITHDRAW, null)
    }
  }

  /** Tells a checked run of IPv4 prefixes. */
  private tell4(
    view: DataView,
    start: number,
    end: number,
    paths: boolean,
    sink: RouteSink,
    verb: Verb,
    problem: AttributeProblem | null,
  ): void {
    const prefix = this.ipv4
    const wholeWords = view.byteLength - 4
    let offset = start
    while (offset < end) {
      let pathId = 0
      if (paths) {
        pathId = view.getUint32(offset)
        offset += 4
      }
      const length = view.getUint8(offset++)
      // Four octets at once, the host bits and what follows masked away (RFC 4271 §4.3).
      const word = offset <= wholeWords ? view.getInt32(offset) : lastWord(view, offset)
      prefix.length = length
      prefix.w0 = length === 0 ? 0 : word & (-1 << (32 - length))
      offset += (length + 7) >> 3
      tell(sink, verb, prefix, pathId, problem)
    }
  }

  /** Tells a checked run of IPv6 prefixes. */
  private tell6(
    view: DataView,
    start: number,
    end: number,
    paths: boolean,
    sink: RouteSink,
    verb: Verb,
    problem: AttributeProblem | null,
  ): void {
    const prefix = this.ipv6
    let offset = start
    while (offset < end) {
      let pathId = 0
      if (paths) {
        pathId = view.getUint32(offset)
        offset += 4
      }
      const length = view.getUint8(offset++)
      prefix.length = length
      prefix.w0 = readWord(view, offset, length)
      prefix.w1 = readWord(view, offset + 4, length - 32)
      prefix.w2 = readWord(view, offset + 8, length - 64)
      prefix.w3 = readWord(view, offset + 12, length - 96)
      offset += (length + 7) >> 3
      tell(sink, verb, prefix, pathId, problem)
    }
  }
}

type Verb = 0 | 1 | 2
const ANNOUNCE = 0
const WITHDRAW = 1
const MALFORMED = 2

function tell(
  sink: RouteSink,
  verb: Verb,
  prefix: Readonly<Prefix>,
  pathId: number,
  problem: AttributeProblem | null,
): void {
  if (verb === ANNOUNCE) sink.announce(prefix, pathId)
  else if (verb === WITHDRAW) sink.withdraw(prefix, pathId)
  else sink.malformed(prefix, pathId, problem as AttributeProblem)
}

/** The first `bits` bits of the word at `offset`, the rest 0; octets behind them are not looked at. */
function readWord(view: DataView, offset: number, bits: number): number {
  if (bits <= 0) return 0
  const word = offset + 4 <= view.byteLength ? view.getInt32(offset) : lastWord(view, offset)
  return bits >= 32 ? word : word & (-1 << (32 - bits))
}

/** The word at `offset` near the end of the view, filled up with zeros. */
function lastWord(view: DataView, offset: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) {
    word = (word << 8) | (offset + i < view.byteLength ? view.getUint8(offset + i) : 0)
  }
  return word
}

function malformedList(message: string) {
  return protocolError(ErrorCode.updateMessage, UpdateSubcode.malformedAttributeList, message)
}

/** RFC 4760 §7: an MP attribute that cannot be used ends the session. */
function multiprotocolError(walk: AttributeWalk, window: AttributeWalk['reach'], what: string) {
  const name = window === walk.reach ? 'MP_REACH_NLRI' : 'MP_UNREACH_NLRI'
  return protocolError(
    ErrorCode.updateMessage,
    UpdateSubcode.optionalAttributeError,
    `${name} (AFI ${window.afi}, SAFI ${window.safi}) has ${what}`,
    copyOctets(walk.view, window.start, window.end),
  )
}

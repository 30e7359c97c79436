/**
 * The path attributes of one UPDATE, walked once: every RFC 7606 check, and the few numbers and
 * windows that judging and storing need. Nothing is allocated unless something is wrong.
 */
import { PathFact, type PathFacts, readPathFacts } from './as-path-facts.ts'
import { type AttributeRow, attributeTable } from './attribute-table.ts'
import { AttributeCode, AttributeFlag, ErrorCode, Safi, UpdateSubcode } from './codes.ts'
import { ProtocolError } from './errors.ts'
import { Handling } from './handling.ts'
import type { DecodeSettings } from './messages.ts'

/** Why an UPDATE is not simply accepted. */
export interface AttributeProblem {
  readonly handling: Handling
  /** RFC 4271 §6.3 subcode: what a NOTIFICATION would say. */
  readonly subcode: number
  /** One sentence that names the attribute and the offending value. */
  readonly message: string
  /** The erroneous attribute (type, length, value), an owned copy. */
  readonly data: Uint8Array
}

/** Octets from `start` to `end` (exclusive) of the message; start 0: absent. */
export interface Window {
  start: number
  end: number
}

/** MP_REACH_NLRI or MP_UNREACH_NLRI as it lies in the message. */
export interface MultiprotocolWindow {
  /** The attribute's flags octet; 0: absent. */
  start: number
  /** Behind the attribute. */
  end: number
  afi: number
  safi: number
  /** The first octet of the NLRI; they end at `end`. */
  nlri: number
  /** Length of the next hop, octets (MP_REACH_NLRI). */
  nextHopLength: number
}

const REQUIRED_FLAGS = AttributeFlag.optional | AttributeFlag.transitive

// The table's columns as flat arrays: the walk reads them for every attribute.
const known = Uint8Array.from(attributeTable, (row) => (row === undefined ? 0 : 1))
const requiredFlags = Uint8Array.from(attributeTable, (row) => row?.flags ?? 0)
const fixedLength = Int16Array.from(attributeTable, (row) => row?.length ?? -1)
const entryLength = Uint8Array.from(attributeTable, (row) => row?.entry ?? 0)
const internalOnly = Uint8Array.from(attributeTable, (row) => (row?.internalOnly ? 1 : 0))

/** @returns `ORIGIN`, or `attribute 99` where the code is unknown */
export function attributeName(code: number): string {
  return attributeTable[code]?.name ?? `attribute ${code}`
}

/** Reused from UPDATE to UPDATE: what `walk` leaves here is valid until the next one. */
export class AttributeWalk {
  view: DataView = new DataView(new ArrayBuffer(0))
  /** The window that was walked. */
  start = 0
  end = 0
  handling: Handling = Handling.accept
  /** The strongest problem, the first of several equal ones. */
  problem: AttributeProblem | null = null
  readonly path: PathFacts = {
    bits: 0,
    length: 0,
    firstAs: 0,
    originAs: 0,
    sought: 0,
    found: false,
  }
  readonly asPath: Window = { start: 0, end: 0 }
  readonly as4Path: Window = { start: 0, end: 0 }
  readonly aggregator: Window = { start: 0, end: 0 }
  readonly as4Aggregator: Window = { start: 0, end: 0 }
  readonly nextHop: Window = { start: 0, end: 0 }
  readonly communities: Window = { start: 0, end: 0 }
  readonly largeCommunities: Window = { start: 0, end: 0 }
  readonly otc: Window = { start: 0, end: 0 }
  readonly reach: MultiprotocolWindow = noMultiprotocol()
  readonly unreach: MultiprotocolWindow = noMultiprotocol()
  hasOrigin = false
  /** Attributes other than MP_UNREACH_NLRI were there. */
  hasOthers = false
  /** Offsets of the flags octets of attributes that are not kept; `dropped[0 .. droppedCount-1]`. */
  readonly dropped: number[] = []
  droppedCount = 0

  /** The walk in which an attribute code was last seen. */
  private readonly seenIn = new Uint32Array(256)
  private serial = 0

  /**
   * Walks the attributes between `start` and `end` (exclusive).
   * @param settings what the session negotiated
   * @throws ProtocolError when MP_REACH_NLRI or MP_UNREACH_NLRI stands twice (RFC 7606 §3 g)
   */
  walk(view: DataView, start: number, end: number, settings: DecodeSettings): void {
    this.clear(view, start, end)
    this.path.sought = settings.localAs ?? 0
    let offset = start
    while (offset < end) {
      const at = offset
      const left = end - at
      const flags = view.getUint8(at)
      const extended = (flags & AttributeFlag.extendedLength) !== 0
      const header = extended ? 4 : 3
      if (left < header) {
        this.overrun(at, end, `${left} stray octets end the path attributes`)
        return
      }
      const code = view.getUint8(at + 1)
      const length = extended ? view.getUint16(at + 2) : view.getUint8(at + 2)
      const value = at + header
      offset = value + length
      if (offset > end) {
        const room = end - value
        this.overrun(
          at,
          end,
          `${attributeName(code)} has length ${length}, ${room} octets are left`,
        )
        return
      }
      this.attribute(code, flags, at, value, offset, settings)
    }
  }

  private clear(view: DataView, start: number, end: number): void {
    this.view = view
    this.start = start
    this.end = end
    this.handling = Handling.accept
    this.problem = null
    this.path.bits = 0
    this.path.length = 0
    this.path.firstAs = 0
    this.path.originAs = 0
    this.path.found = false
    this.asPath.start = 0
    this.as4Path.start = 0
    this.aggregator.start = 0
    this.as4Aggregator.start = 0
    this.nextHop.start = 0
    this.communities.start = 0
    this.communities.end = 0
    this.largeCommunities.start = 0
    this.largeCommunities.end = 0
    this.otc.start = 0
    this.reach.start = 0
    this.unreach.start = 0
    this.hasOrigin = false
    this.hasOthers = false
    this.droppedCount = 0
    this.serial = (this.serial + 1) >>> 0
    if (this.serial === 0) {
      this.seenIn.fill(0)
      this.serial = 1
    }
  }

  /** Notes a problem; of several the strongest wins (RFC 7606 §3 h). */
  private fail(handling: Handling, subcode: number, at: number, end: number, message: string) {
    if (handling <= this.handling) return
    this.handling = handling
    this.problem = { handling, subcode, message, data: copyOctets(this.view, at, end) }
  }

  /** RFC 7606 §4: the attribute list disagrees with its own lengths; what follows is unreadable. */
  private overrun(at: number, end: number, message: string): void {
    this.fail(Handling.treatAsWithdraw, UpdateSubcode.malformedAttributeList, at, end, message)
    this.drop(at)
  }

  /** Notes an attribute that is not kept, once, however many reasons there are. */
  private drop(at: number): void {
    if (this.droppedCount > 0 && this.dropped[this.droppedCount - 1] === at) return
    this.dropped[this.droppedCount++] = at
  }

  /** The checks that are the same for all attributes, then the attribute's own. */
  private attribute(
    code: number,
    flags: number,
    at: number,
    value: number,
    end: number,
    settings: DecodeSettings,
  ): void {
    if (this.seenIn[code] === this.serial) {
      this.repeated(code, at, end)
      return
    }
    this.seenIn[code] = this.serial
    if (code !== AttributeCode.mpUnreachNlri) this.hasOthers = true
    if (known[code] === 0) {
      this.unknown(code, flags, at, end)
      return
    }
    // RFC 7606 §7.5, §7.9, §7.10: from an external peer discarded, whatever is in it.
    if (internalOnly[code] === 1 && settings.external) {
      const message = `${attributeName(code)} came from an external peer`
      this.fail(Handling.attributeDiscard, UpdateSubcode.optionalAttributeError, at, end, message)
      this.drop(at)
      return
    }
    if ((flags & REQUIRED_FLAGS) !== requiredFlags[code]) {
      this.flagConflict(code, flags, at, end)
      // Routes of an MP attribute can be read all the same, so they are withdrawn (RFC 7606 §3 c, §3 j).
      if (code !== AttributeCode.mpReachNlri && code !== AttributeCode.mpUnreachNlri) return
    }
    const length = end - value
    const fixed = fixedLength[code] as number
    const entry = entryLength[code] as number
    if (
      (fixed >= 0 && length !== fixed) ||
      (entry > 0 && (length === 0 || length % entry !== 0)) ||
      !this.read(code, at, value, end, settings)
    ) {
      this.malformed(code, at, value, end)
    }
  }

  /** Reads an attribute whose flags and length are right. @returns false when its value is malformed */
  private read(
    code: number,
    at: number,
    value: number,
    end: number,
    settings: DecodeSettings,
  ): boolean {
    switch (code) {
      case AttributeCode.origin:
        this.hasOrigin = true
        return this.view.getUint8(value) <= 2
      case AttributeCode.asPath:
        set(this.asPath, value, end)
        // With 2-octet AS numbers the path is read together with AS4_PATH, when all is known.
        if (!settings.as4) return true
        return readPathFacts(this.view, value, end, this.path) && this.refuseAsZero(at, end)
      case AttributeCode.nextHop:
        set(this.nextHop, value, end)
        return true
      case AttributeCode.communities:
        set(this.communities, value, end)
        return true
      case AttributeCode.largeCommunities:
        set(this.largeCommunities, value, end)
        return true
      case AttributeCode.onlyToCustomer:
        set(this.otc, value, end)
        return true
      case AttributeCode.aggregator:
        return this.readAggregator(value, end, settings.as4)
      case AttributeCode.as4Path:
        return this.readAs4Path(at, value, end, settings.as4)
      case AttributeCode.as4Aggregator:
        // RFC 7607 §2: AS 0 makes it malformed, and then it has no say in anything (RFC 6793 §6).
        if (this.view.getInt32(value) === 0) return false
        if (settings.as4) this.drop(at)
        else set(this.as4Aggregator, value, end)
        return true
      case AttributeCode.mpReachNlri:
        return this.readReach(at, value, end)
      case AttributeCode.mpUnreachNlri:
        return this.readUnreach(at, value, end)
      default:
        return true
    }
  }

  /** RFC 7607 §2: AS 0 in AS_PATH is malformed. */
  private refuseAsZero(at: number, end: number): boolean {
    if ((this.path.bits & AS_ZERO) === 0) return true
    const message = 'AS_PATH contains AS 0'
    this.fail(Handling.treatAsWithdraw, UpdateSubcode.malformedAsPath, at, end, message)
    return true
  }

  /** RFC 7606 §7.7, RFC 6793 §4.1: 8 octets between NEW speakers, else 6. */
  private readAggregator(value: number, end: number, as4: boolean): boolean {
    if (end - value !== (as4 ? 8 : 6)) return false
    // RFC 7607 §2.
    if ((as4 ? this.view.getInt32(value) : this.view.getUint16(value)) === 0) return false
    set(this.aggregator, value, end)
    return true
  }

  /** RFC 6793 §4.1: from a NEW speaker it is discarded; §6: malformed, it is discarded too. */
  private readAs4Path(at: number, value: number, end: number, as4: boolean): boolean {
    if (as4) {
      this.drop(at)
      return true
    }
    // AS_PATH overwrites these facts when it is merged.
    if (!readPathFacts(this.view, value, end, this.path)) return false
    if ((this.path.bits & AS_ZERO) !== 0) return false
    set(this.as4Path, value, end)
    return true
  }

  private readReach(at: number, value: number, end: number): boolean {
    if (end - value < 5) return false
    const view = this.view
    const reach = this.reach
    const nextHopLength = view.getUint8(value + 3)
    // Next hop, then one reserved octet (RFC 4760 §3).
    const nlri = value + 4 + nextHopLength + 1
    if (nlri > end) return false
    reach.start = at
    reach.end = end
    reach.afi = view.getUint16(value)
    reach.safi = view.getUint8(value + 2)
    reach.nlri = nlri
    reach.nextHopLength = nextHopLength
    return true
  }

  private readUnreach(at: number, value: number, end: number): boolean {
    if (end - value < 3) return false
    const unreach = this.unreach
    unreach.start = at
    unreach.end = end
    unreach.afi = this.view.getUint16(value)
    unreach.safi = this.view.getUint8(value + 2)
    unreach.nlri = value + 3
    return true
  }

  /** RFC 7606 §3 g: the first one counts, but a second MP attribute ends the session. */
  private repeated(code: number, at: number, end: number): void {
    if (code === AttributeCode.mpReachNlri || code === AttributeCode.mpUnreachNlri) {
      throw new ProtocolError(
        ErrorCode.updateMessage,
        UpdateSubcode.malformedAttributeList,
        `${attributeName(code)} stands twice in one UPDATE`,
      )
    }
    const message = `${attributeName(code)} is repeated`
    this.fail(Handling.attributeDiscard, UpdateSubcode.malformedAttributeList, at, end, message)
    this.drop(at)
  }

  /** RFC 4271 §6.3: unknown and well-known ends the session; optional ones are kept as they are. */
  private unknown(code: number, flags: number, at: number, end: number): void {
    if ((flags & AttributeFlag.optional) !== 0) return
    const message = `well-known attribute ${code} is not recognised`
    const subcode = UpdateSubcode.unrecognizedWellKnownAttribute
    this.fail(Handling.sessionReset, subcode, at, end, message)
    this.drop(at)
  }

  private flagConflict(code: number, flags: number, at: number, end: number): void {
    const row = attributeTable[code] as AttributeRow
    const found = (flags & REQUIRED_FLAGS).toString(16)
    const wanted = row.flags.toString(16)
    const message = `${row.name} has flags 0x${found}, expected 0x${wanted}`
    this.fail(row.flagConflict, UpdateSubcode.attributeFlagsError, at, end, message)
    this.drop(at)
  }

  private malformed(code: number, at: number, value: number, end: number): void {
    const row = attributeTable[code] as AttributeRow
    const length = end - value
    const message = `${row.name} is malformed (${describeValue(this.view, row, value, length)})`
    this.fail(row.malformed, malformedSubcode(row, length), at, end, message)
    this.drop(at)
    if (code === AttributeCode.asPath) this.asPath.start = 0
  }

  /** Whether the MP_REACH_NLRI is of a family that the daemon judges. */
  judgedReach(): boolean {
    return this.reach.start !== 0 && isJudged(this.reach)
  }

  judgedUnreach(): boolean {
    return this.unreach.start !== 0 && isJudged(this.unreach)
  }
}

const AS_ZERO = PathFact.asZero

function isJudged(window: MultiprotocolWindow): boolean {
  return window.safi === Safi.unicast && (window.afi === 1 || window.afi === 2)
}

function noMultiprotocol(): MultiprotocolWindow {
  return { start: 0, end: 0, afi: 0, safi: 0, nlri: 0, nextHopLength: 0 }
}

function set(window: Window, start: number, end: number): void {
  window.start = start
  window.end = end
}

/** An owned copy of part of a message. */
export function copyOctets(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice()
}

function malformedSubcode(row: AttributeRow, length: number): number {
  if (row.length !== undefined && length !== row.length) return UpdateSubcode.attributeLengthError
  if (row.code === AttributeCode.origin) return UpdateSubcode.invalidOriginAttribute
  if (row.code === AttributeCode.asPath) return UpdateSubcode.malformedAsPath
  return UpdateSubcode.optionalAttributeError
}

function describeValue(view: DataView, row: AttributeRow, value: number, length: number): string {
  if (row.length !== undefined && length !== row.length) {
    return `length ${length}, expected ${row.length}`
  }
  if (row.entry !== undefined) return `length ${length}, expected a multiple of ${row.entry}`
  if (row.code === AttributeCode.origin) return `value ${view.getUint8(value)}, expected 0 to 2`
  return `${length} octets`
}

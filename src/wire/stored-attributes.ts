/**
 * The octets under which a set of attributes is kept: what the peer sent, but with 4-octet AS
 * numbers, without attributes that were discarded, and without the NLRI inside MP attributes. So a
 * stored set is read the same way whatever its session negotiated, and equal sets have equal octets.
 */

import { encodeAsPath, mergeAs4Path, readAsPath } from './as-path.ts'
import { PathFact, readPathFacts } from './as-path-facts.ts'
import type { AttributeWalk, Window } from './attribute-walk.ts'
import { AS_TRANS, AttributeCode, AttributeFlag, MAX_EXTENDED_MESSAGE_LENGTH } from './codes.ts'
import { Cursor } from './cursor.ts'

/** Where a stored set lies; valid until the next UPDATE. */
export interface StoredWindow {
  view: DataView
  start: number
  end: number
}

/**
 * Finds an attribute in a stored set.
 * @returns where it begins (its flags) and ends, and where its value begins; undefined when it is not there
 */
export function findAttribute(
  stored: StoredWindow,
  code: AttributeCode,
): { start: number; value: number; end: number } | undefined {
  const { view, end } = stored
  for (let start = stored.start; start < end; ) {
    const extended = (view.getUint8(start) & AttributeFlag.extendedLength) !== 0
    const value = start + (extended ? 4 : 3)
    const next = value + (extended ? view.getUint16(start + 2) : view.getUint8(start + 2))
    if (view.getUint8(start + 1) === code) return { start, value, end: next }
    start = next
  }
  return undefined
}

export class StoredAttributes implements StoredWindow {
  view: DataView
  start = 0
  end = 0

  // A path of 2-octet numbers doubles when it is kept; nothing else grows.
  private readonly octets = new Uint8Array(2 * MAX_EXTENDED_MESSAGE_LENGTH)
  private readonly own = new DataView(this.octets.buffer)
  /** The merged 4-octet AS_PATH of a 2-octet session; null on 4-octet sessions. */
  private path: Uint8Array | null = null

  constructor() {
    this.view = this.own
  }

  /**
   * On a session with 2-octet AS numbers: joins AS_PATH and AS4_PATH (RFC 6793 §4.2.3) and reads the
   * facts of the result into `walk.path`.
   * @returns false when AS_PATH is malformed, or holds AS 0
   */
  mergePaths(walk: AttributeWalk): boolean {
    this.path = null
    if (walk.asPath.start === 0) return true
    try {
      const path = readAsPath(cursorOn(walk, walk.asPath), false)
      // RFC 7607 §2; an AS4_PATH with AS 0 has been discarded before.
      if (path.some(({ asns }) => asns.includes(0))) return false
      const ignoreAs4 = walk.as4Path.start === 0 || aggregatorSettles(walk)
      const merged = ignoreAs4
        ? path
        : mergeAs4Path(path, readAsPath(cursorOn(walk, walk.as4Path), true))
      this.path = encodeAsPath(merged, true)
    } catch {
      return false
    }
    const view = new DataView(this.path.buffer, this.path.byteOffset, this.path.byteLength)
    if (!readPathFacts(view, 0, view.byteLength, walk.path)) return false
    // RFC 7607 §2.
    return (walk.path.bits & PathFact.asZero) === 0
  }

  /**
   * Points at the stored form of the attributes of a walk.
   * @param multiprotocol whether it is for the routes of MP_REACH_NLRI, else for those of the NLRI field
   * @param as4 what the session negotiated
   */
  locate(walk: AttributeWalk, multiprotocol: boolean, as4: boolean): void {
    const whole = as4 && walk.droppedCount === 0
    if (whole && walk.reach.start === 0 && walk.unreach.start === 0) {
      this.view = walk.view
      this.start = walk.start
      this.end = walk.end
      return
    }
    this.view = this.own
    this.start = 0
    this.end = 0
    this.rewrite(walk, multiprotocol, as4)
  }

  private rewrite(walk: AttributeWalk, multiprotocol: boolean, as4: boolean): void {
    const view = walk.view
    let nextDropped = 0
    let at = walk.start
    while (at < walk.end) {
      const flags = view.getUint8(at)
      const extended = (flags & AttributeFlag.extendedLength) !== 0
      const dropped = nextDropped < walk.droppedCount && walk.dropped[nextDropped] === at
      if (dropped) nextDropped++
      if (walk.end - at < (extended ? 4 : 3)) return
      const code = view.getUint8(at + 1)
      const end = extended ? at + 4 + view.getUint16(at + 2) : at + 3 + view.getUint8(at + 2)
      if (end > walk.end) return
      if (!dropped) this.keep(walk, code, at, end, multiprotocol, as4)
      at = end
    }
  }

  /** Writes one attribute in its stored form, if it has one. */
  private keep(
    walk: AttributeWalk,
    code: number,
    at: number,
    end: number,
    multiprotocol: boolean,
    as4: boolean,
  ): void {
    switch (code) {
      case AttributeCode.mpUnreachNlri:
      case AttributeCode.as4Path:
      case AttributeCode.as4Aggregator:
        return
      case AttributeCode.mpReachNlri:
        if (multiprotocol) this.keepNextHop(walk)
        return
      case AttributeCode.nextHop:
        if (!multiprotocol) this.copy(walk.view, at, end)
        return
      case AttributeCode.asPath:
        if (as4 || this.path === null) this.copy(walk.view, at, end)
        else this.write(AttributeFlag.transitive, code, this.path)
        return
      case AttributeCode.aggregator:
        if (as4) this.copy(walk.view, at, end)
        else this.write(walk.view.getUint8(at), code, widenAggregator(walk))
        return
      default:
        this.copy(walk.view, at, end)
    }
  }

  /** MP_REACH_NLRI up to its reserved octet, without the NLRI (as in RFC 6396 §4.3.4, but whole). */
  private keepNextHop(walk: AttributeWalk): void {
    const { start, nlri } = walk.reach
    const extended = (walk.view.getUint8(start) & AttributeFlag.extendedLength) !== 0
    const value = start + (extended ? 4 : 3)
    const at = this.end
    this.octets[at] = AttributeFlag.optional
    this.octets[at + 1] = AttributeCode.mpReachNlri
    this.octets[at + 2] = nlri - value
    this.end = at + 3
    this.copy(walk.view, value, nlri)
  }

  private copy(view: DataView, start: number, end: number): void {
    for (let i = start; i < end; i++) this.octets[this.end++] = view.getUint8(i)
  }

  private write(flags: number, code: number, value: Uint8Array): void {
    const extended = value.length > 255
    const kept = flags & ~AttributeFlag.extendedLength
    this.octets[this.end++] = extended ? kept | AttributeFlag.extendedLength : kept
    this.octets[this.end++] = code
    if (extended) this.octets[this.end++] = value.length >> 8
    this.octets[this.end++] = value.length & 255
    this.octets.set(value, this.end)
    this.end += value.length
  }
}

function cursorOn(walk: AttributeWalk, window: Window): Cursor {
  return new Cursor(walk.view, window.start, window.end)
}

/** RFC 6793 §4.2.3: a real AS number in AGGREGATOR beside AS4_AGGREGATOR voids both AS4 attributes. */
function aggregatorSettles(walk: AttributeWalk): boolean {
  return (
    walk.aggregator.start !== 0 &&
    walk.as4Aggregator.start !== 0 &&
    walk.view.getUint16(walk.aggregator.start) !== AS_TRANS
  )
}

/** AGGREGATOR with a 4-octet AS number, from AS4_AGGREGATOR where that counts. */
function widenAggregator(walk: AttributeWalk): Uint8Array {
  const view = walk.view
  const value = new Uint8Array(8)
  const out = new DataView(value.buffer)
  const use4 = walk.as4Aggregator.start !== 0 && !aggregatorSettles(walk)
  const source = use4 ? walk.as4Aggregator.start : walk.aggregator.start
  out.setUint32(0, use4 ? view.getUint32(source) : view.getUint16(source))
  out.setUint32(4, view.getUint32(source + (use4 ? 4 : 2)))
  return value
}

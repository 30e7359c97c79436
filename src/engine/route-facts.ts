/** Stored routes read back into words, when somebody asks. */

import type { Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { type AsPathSegment, formatAsPath } from '../wire/as-path.ts'
import { describeAttributes } from '../wire/attribute-text.ts'
import { decodeAttributes, findValue, type PathAttribute } from '../wire/attribute-values.ts'
import { AttributeCode } from '../wire/codes.ts'
import { formatCommunity, formatLargeCommunity } from '../wire/community-text.ts'
import { findAttribute, type StoredWindow } from '../wire/stored-attributes.ts'
import { originOf } from './judge.ts'
import { notesOf, notesOfStored } from './notes.ts'
import { reasonsOf } from './policy.ts'
import type { EngineSession, EngineState, SessionTable } from './state.ts'
import type { RouteClass, RouteView } from './types.ts'

/** What sentences need of a route. A stored route reads each fact when it is asked for. */
export interface RouteFacts {
  readonly asPath: string
  /** Every AS number of the path in order, sets included. */
  readonly asns: readonly number[]
  readonly pathLength: number
  /** 0: it ends in an AS_SET. */
  readonly originAsn: number
  /** Standard and large ones. */
  readonly communities: readonly string[]
  readonly nextHop: string
  /** It takes more memory than a few sentences about it. */
  readonly isLong?: boolean
}

const window: StoredWindow = { view: new DataView(new ArrayBuffer(0)), start: 0, end: 0 }

/** Copies are made side by side in blocks: ten thousand small arrays would be a burden on the collector. */
const BLOCK = 65536
let block = new DataView(new ArrayBuffer(0))
let blockUsed = 0

/** Octets of attributes from which on a route is long. */
const LONG = 2048

/** Makes room for so many octets in a block. @returns where they begin in `block` */
function takeRoom(length: number): number {
  if (blockUsed + length > block.byteLength) {
    block = new DataView(new ArrayBuffer(Math.max(BLOCK, length)))
    blockUsed = 0
  }
  const at = blockUsed
  blockUsed += length
  return at
}

function octetsOf({ view, start, end }: StoredWindow): Buffer {
  return Buffer.from(view.buffer, view.byteOffset + start, end - start)
}

/** The attributes of a stored set as values; of one code alone if given. */
function readOctets(stored: StoredWindow, code?: AttributeCode): PathAttribute[] {
  if (code === undefined) return decodeAttributes(stored.view, stored.start, stored.end, true)
  const at = findAttribute(stored, code)
  return at === undefined ? [] : decodeAttributes(stored.view, at.start, at.end, true)
}

/** AS numbers of a path in order, those of sets included. */
function asNumbers(segments: readonly AsPathSegment[]): number[] {
  const [only] = segments
  if (segments.length === 1 && only !== undefined) return [...only.asns]
  return segments.flatMap((segment) => segment.asns)
}

/**
 * A route as it was when it was looked at, read bit by bit when it is asked. A class, because thousands
 * may be made at once, of which few are ever asked.
 */
class StoredRoute implements RouteFacts, StoredWindow {
  readonly pathLength: number
  readonly originAsn: number
  // A copy of the set's octets that nobody changes.
  readonly view: DataView
  readonly start: number
  readonly end: number
  private path: readonly AsPathSegment[] | undefined
  private pathText: string | undefined
  private texts: readonly string[] | undefined

  constructor(state: EngineState, session: EngineSession, set: number) {
    state.sets.locate(set, window)
    const { view, start, end } = window
    this.start = takeRoom(end - start)
    this.end = this.start + end - start
    this.view = block
    for (let i = start, to = this.start; i < end; i++, to++) block.setUint8(to, view.getUint8(i))
    this.pathLength = state.sets.pathLength(set)
    this.originAsn = originOf(state, session, set) >>> 0
  }

  private get segments(): readonly AsPathSegment[] {
    this.path ??= findValue(readOctets(this, AttributeCode.asPath), 'asPath')?.segments ?? []
    return this.path
  }

  get isLong(): boolean {
    return this.end - this.start > LONG
  }

  /** Whether it is the route that a stored set describes. */
  equals(state: EngineState, session: EngineSession, set: number): boolean {
    state.sets.locate(set, window)
    return (
      this.originAsn === originOf(state, session, set) >>> 0 &&
      octetsOf(window).equals(octetsOf(this))
    )
  }

  get asPath(): string {
    this.pathText ??= formatAsPath(this.segments)
    return this.pathText
  }

  get asns(): readonly number[] {
    return asNumbers(this.segments)
  }

  get communities(): readonly string[] {
    this.texts ??= this.readCommunities()
    return this.texts
  }

  private readCommunities(): string[] {
    const standard = readOctets(this, AttributeCode.communities)
    const large = readOctets(this, AttributeCode.largeCommunities)
    return [
      ...(findValue(standard, 'communities')?.communities ?? []).map(formatCommunity),
      ...(findValue(large, 'largeCommunities')?.communities ?? []).map(formatLargeCommunity),
    ]
  }

  get nextHop(): string {
    return describeAttributes(readOctets(this)).nextHop
  }
}

/** The long route that was read last: one UPDATE may bring it for a thousand registered prefixes. */
let lastLong: StoredRoute | undefined

/** @returns what sentences need of the route with this set on this session, whatever becomes of it */
export function readRoute(state: EngineState, session: EngineSession, set: number): RouteFacts {
  state.sets.locate(set, window)
  if (window.end - window.start <= LONG) return new StoredRoute(state, session, set)
  if (lastLong?.equals(state, session, set) !== true) {
    lastLong = new StoredRoute(state, session, set)
  }
  return lastLong
}

/** A route as API and CLI show it. @param stamp seconds since the epoch when it came */
export function viewRoute(
  state: EngineState,
  session: EngineSession,
  table: SessionTable,
  route: { prefix: Readonly<Prefix>; set: number; pathId: number; stamp: number },
  verdict: { class: RouteClass; bits: number },
): RouteView {
  state.sets.locate(route.set, window)
  const attributes = readOctets(window)
  return {
    prefix: formatPrefix(route.prefix),
    ...(table.rib.paths && { pathId: route.pathId }),
    class: verdict.class,
    reasons: reasonsOf(verdict.bits),
    ...describeAttributes(attributes),
    notes: notesOf(notesOfStored(session.notes, state.sets.pathFacts(route.set), window)),
    receivedAt: route.stamp * 1000,
    stale: route.stamp < table.staleBefore,
  }
}

/** Stored routes read back into words, when somebody asks. */

import type { Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { type AsPathSegment, formatAsPath } from '../wire/as-path.ts'
import { describeAttributes } from '../wire/attribute-text.ts'
import { decodeAttributes, findValue, type PathAttribute } from '../wire/attribute-values.ts'
import { AttributeCode } from '../wire/codes.ts'
import { formatCommunity, formatLargeCommunity } from '../wire/community-text.ts'
import { findAttribute, type StoredWindow } from '../wire/stored-attributes.ts'
import { createWindow, originOf } from './judge.ts'
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
}

const window = createWindow()

/** Copies are made side by side in blocks: ten thousand small arrays would be a burden on the collector. */
const BLOCK = 16384
let block = new DataView(new ArrayBuffer(0))
let blockUsed = 0

/** Octets of attributes from which on a route is long. */
const LONG = 2048

/** What it takes to read a route later, as it is now. Thousands may be made at once, of which few are read. */
export class RouteCopy {
  declare readonly block: DataView
  declare readonly start: number
  declare readonly end: number
  declare readonly pathLength: number
  declare readonly originAsn: number

  constructor(start: number, end: number, pathLength: number, originAsn: number) {
    this.block = block
    this.start = start
    this.end = end
    this.pathLength = pathLength
    this.originAsn = originAsn
  }
}

/** Copies octets into a block, word by word. @returns where the copy begins in `block` */
function copyOctets({ view, start, end }: StoredWindow): number {
  const length = end - start
  if (blockUsed + length > block.byteLength) {
    block = new DataView(new ArrayBuffer(Math.max(BLOCK, length)))
    blockUsed = 0
  }
  const to = block
  let at = start
  let mine = blockUsed
  for (const words = end - 3; at < words; at += 4, mine += 4) to.setInt32(mine, view.getInt32(at))
  for (; at < end; at++, mine++) to.setUint8(mine, view.getUint8(at))
  blockUsed = mine
  return mine - length
}

/** Copies the route with this set on this session, which `window` shows. */
function copyShown(state: EngineState, session: EngineSession, set: number): RouteCopy {
  const start = copyOctets(window)
  const { sets } = state
  return new RouteCopy(start, blockUsed, sets.pathLength(set), originOf(state, session, set) >>> 0)
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

/** A route as it was when it was copied, read bit by bit when it is asked. */
class StoredRoute implements RouteFacts {
  private readonly copy: RouteCopy
  private path: readonly AsPathSegment[] | undefined
  private pathText: string | undefined
  private texts: readonly string[] | undefined

  constructor(copy: RouteCopy) {
    this.copy = copy
  }

  private get octets(): StoredWindow {
    const { block, start, end } = this.copy
    return { view: block, start, end }
  }

  private get segments(): readonly AsPathSegment[] {
    this.path ??= findValue(readOctets(this.octets, AttributeCode.asPath), 'asPath')?.segments ?? []
    return this.path
  }

  /** Whether it is the route that a stored set describes. */
  equals(state: EngineState, session: EngineSession, set: number): boolean {
    state.sets.locate(set, window)
    return (
      this.originAsn === originOf(state, session, set) >>> 0 &&
      octetsOf(window).equals(octetsOf(this.octets))
    )
  }

  get pathLength(): number {
    return this.copy.pathLength
  }

  get originAsn(): number {
    return this.copy.originAsn
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
    const standard = readOctets(this.octets, AttributeCode.communities)
    const large = readOctets(this.octets, AttributeCode.largeCommunities)
    return [
      ...(findValue(standard, 'communities')?.communities ?? []).map(formatCommunity),
      ...(findValue(large, 'largeCommunities')?.communities ?? []).map(formatLargeCommunity),
    ]
  }

  get nextHop(): string {
    return describeAttributes(readOctets(this.octets)).nextHop
  }
}

/** The long route that was read last: one UPDATE may bring it for a thousand registered prefixes. */
let lastLong: StoredRoute | undefined

/**
 * Copies the route with this set on this session.
 * @returns null when the copy would take more memory than a few sentences about it
 */
export function copyRoute(
  state: EngineState,
  session: EngineSession,
  set: number,
): RouteCopy | null {
  state.sets.locate(set, window)
  return window.end - window.start > LONG ? null : copyShown(state, session, set)
}

/** @returns what sentences need of a route that was copied */
export function readCopy(copy: RouteCopy): RouteFacts {
  return new StoredRoute(copy)
}

/** @returns what sentences need of the route with this set on this session, whatever becomes of it */
export function readRoute(state: EngineState, session: EngineSession, set: number): RouteFacts {
  const copy = copyRoute(state, session, set)
  if (copy !== null) return new StoredRoute(copy)
  if (lastLong?.equals(state, session, set) !== true) {
    lastLong = new StoredRoute(copyShown(state, session, set))
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

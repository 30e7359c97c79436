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
}

const window: StoredWindow = { view: new DataView(new ArrayBuffer(0)), start: 0, end: 0 }

/** Copies are made side by side in blocks: ten thousand small arrays would be a burden on the collector. */
const BLOCK = 65536
let block = new Uint8Array(0)
let blockUsed = 0

/** Octets of attributes from which on a route is long. */
const LONG = 2048

function octetsOf({ view, start, end }: StoredWindow): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start)
}

/** What it takes to read a route later, as it is now. Thousands may be made at once, of which few are read. */
export class RouteCopy {
  declare readonly block: Uint8Array
  declare readonly start: number
  declare readonly end: number
  declare readonly pathLength: number
  declare readonly originAsn: number

  constructor(state: EngineState, session: EngineSession, set: number) {
    state.sets.locate(set, window)
    const length = window.end - window.start
    if (blockUsed + length > block.length) {
      block = new Uint8Array(Math.max(BLOCK, length))
      blockUsed = 0
    }
    block.set(octetsOf(window), blockUsed)
    this.block = block
    this.start = blockUsed
    this.end = blockUsed + length
    this.pathLength = state.sets.pathLength(set)
    this.originAsn = originOf(state, session, set) >>> 0
    blockUsed += length
  }
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
    return { view: new DataView(block.buffer), start, end }
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
      Buffer.compare(octetsOf(window), octetsOf(this.octets)) === 0
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

/** Whether a copy of a set takes more memory than a few sentences about it. */
export function isLongRoute(state: EngineState, set: number): boolean {
  state.sets.locate(set, window)
  return window.end - window.start > LONG
}

/** @returns what sentences need of a route that was copied */
export function readCopy(copy: RouteCopy): RouteFacts {
  return new StoredRoute(copy)
}

/** @returns what sentences need of the route with this set on this session, whatever becomes of it */
export function readRoute(state: EngineState, session: EngineSession, set: number): RouteFacts {
  if (!isLongRoute(state, set)) return new StoredRoute(new RouteCopy(state, session, set))
  if (lastLong?.equals(state, session, set) !== true) {
    lastLong = new StoredRoute(new RouteCopy(state, session, set))
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

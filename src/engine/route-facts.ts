/** Stored routes read back into words, when somebody asks. */

import type { Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { type AsPathSegment, formatAsPath } from '../wire/as-path.ts'
import { PathFact } from '../wire/as-path-facts.ts'
import { describeAttributes } from '../wire/attribute-text.ts'
import { decodeAttributes, findValue, type PathAttribute } from '../wire/attribute-values.ts'
import { AttributeCode } from '../wire/codes.ts'
import { formatCommunity, formatLargeCommunity } from '../wire/community-text.ts'
import { findAttribute, type StoredWindow } from '../wire/stored-attributes.ts'
import { originOf } from './judge.ts'
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

/** The attributes of a stored set as values; of one code alone if given. */
function readSet(state: EngineState, set: number, code?: AttributeCode): PathAttribute[] {
  state.sets.locate(set, window)
  if (code === undefined) return decodeAttributes(window.view, window.start, window.end, true)
  const at = findAttribute(window, code)
  return at === undefined ? [] : decodeAttributes(window.view, at.start, at.end, true)
}

/** AS numbers of a path in order, those of sets included. */
function asNumbers(segments: readonly AsPathSegment[]): number[] {
  const [only] = segments
  if (segments.length === 1 && only !== undefined) return [...only.asns]
  return segments.flatMap((segment) => segment.asns)
}

/** Reads a stored route bit by bit; a class, because thousands may be made at once. */
class StoredRoute implements RouteFacts {
  readonly pathLength: number
  readonly originAsn: number
  private readonly state: EngineState
  private readonly set: number
  private path: readonly AsPathSegment[] | undefined
  private texts: readonly string[] | undefined

  constructor(state: EngineState, session: EngineSession, set: number) {
    this.state = state
    this.set = set
    this.pathLength = state.sets.pathLength(set)
    this.originAsn = originOf(state, session, set) >>> 0
  }

  private get segments(): readonly AsPathSegment[] {
    this.path ??=
      findValue(readSet(this.state, this.set, AttributeCode.asPath), 'asPath')?.segments ?? []
    return this.path
  }

  get asPath(): string {
    return formatAsPath(this.segments)
  }

  get asns(): readonly number[] {
    return asNumbers(this.segments)
  }

  get communities(): readonly string[] {
    this.texts ??= this.readCommunities()
    return this.texts
  }

  private readCommunities(): string[] {
    const standard = readSet(this.state, this.set, AttributeCode.communities)
    const large = readSet(this.state, this.set, AttributeCode.largeCommunities)
    return [
      ...(findValue(standard, 'communities')?.communities ?? []).map(formatCommunity),
      ...(findValue(large, 'largeCommunities')?.communities ?? []).map(formatLargeCommunity),
    ]
  }

  get nextHop(): string {
    return describeAttributes(readSet(this.state, this.set)).nextHop
  }
}

/** @returns what sentences need of the route with this set on this session; valid while it is held */
export function readRoute(state: EngineState, session: EngineSession, set: number): RouteFacts {
  return new StoredRoute(state, session, set)
}

/** Facts worth an operator's eye that are no finding (SPEC 6). */
function notesOf(state: EngineState, session: EngineSession, set: number, asns: number[]) {
  const bits = state.sets.pathFacts(set)
  const notes: string[] = []
  if ((bits & PathFact.asSet) !== 0) notes.push('as-set')
  if ((bits & PathFact.confederation) !== 0 && session.settings.external) {
    notes.push('confederation-segment')
  }
  if ((bits & PathFact.asTrans) !== 0) notes.push('as-trans')
  if (asns.includes(session.localAsn)) notes.push('own-as')
  if (session.settings.external && asns.length > 0 && asns[0] !== session.remoteAsn) {
    notes.push('first-as-not-peer')
  }
  return notes
}

/** A route as API and CLI show it. @param stamp seconds since the epoch when it came */
export function viewRoute(
  state: EngineState,
  session: EngineSession,
  table: SessionTable,
  route: { prefix: Readonly<Prefix>; set: number; pathId: number; stamp: number },
  verdict: { class: RouteClass; bits: number },
): RouteView {
  const attributes = readSet(state, route.set)
  return {
    prefix: formatPrefix(route.prefix),
    ...(table.rib.paths && { pathId: route.pathId }),
    class: verdict.class,
    reasons: reasonsOf(verdict.bits),
    ...describeAttributes(attributes),
    notes: notesOf(
      state,
      session,
      route.set,
      asNumbers(findValue(attributes, 'asPath')?.segments ?? []),
    ),
    receivedAt: route.stamp * 1000,
    stale: route.stamp < table.staleBefore,
  }
}

/** What the engine remembers: sessions with their routes, and registered prefixes. */
import { Family, type FamilyName, type Prefix } from '../prefix/prefix.ts'
import { RadixTrie } from '../prefix/trie.ts'
import type { DecodeSettings } from '../wire/messages.ts'
import type { AdjRibIn } from './adj-rib-in.ts'
import { AttributeSets } from './attribute-sets.ts'
import type { Expectation } from './expectation.ts'
import type { NoteView } from './notes.ts'
import type { OpenFinding } from './open-finding.ts'
import { PlainRegistrations } from './plain-registrations.ts'
import type { CompiledPolicy } from './policy.ts'
import { TableArrays } from './table-arrays.ts'
import {
  type Counting,
  type FindingReason,
  findingReasons,
  type PrefixEvent,
  type PrefixState,
  type PrefixStateName,
  type PrefixSummary,
  type Registration,
  type RouteEvent,
  routeClasses,
  routeNotes,
} from './types.ts'

/** Counters of one session; arrays are indexed by family - 1, by class, by reason, by note, by handling. */
export interface Tally {
  readonly announced: Float64Array
  readonly withdrawn: Float64Array
  readonly classes: Float64Array
  readonly findings: Float64Array
  readonly notes: Float64Array
  readonly handling: Float64Array
}

/** One family of one session. */
export interface SessionTable {
  rib: AdjRibIn
  /** End-of-RIB came, or the time for it is over. */
  complete: boolean
  /** End-of-RIB came since the session is Established. */
  endOfRib: boolean
  /** It was complete at least once since the daemon began. */
  everComplete: boolean
  /** Routes that came before this second are from before a restart or a refresh. */
  staleBefore: number
}

export interface EngineSession {
  readonly name: string
  /** Dense; free for another session after this one was removed. */
  readonly index: number
  readonly families: readonly FamilyName[]
  up: boolean
  /** It was up once, or had the time to: from then on its absence is a finding. */
  overdue: boolean
  /** Milliseconds: when it was added. */
  readonly addedAt: number
  settings: DecodeSettings
  /** The families that were negotiated; while down, those of the last time. */
  negotiated: readonly FamilyName[]
  remoteAsn: number
  localAsn: number
  /** What notes on its routes depend on. */
  notes: NoteView
  /** Tells the peer's router from others; sessions with one router have the same (RFC 6286 §2.1). */
  router: string
  /** false: deny-all, no registration expects it. */
  counts: Counting
  establishedAt: number
  /** Seconds: no route gets an earlier stamp, so that stale ones stay apart. */
  minStamp: number
  /** Milliseconds: until then the routes of a restarting peer are kept (RFC 4724); 0: none are. */
  keepUntil: number
  /** Indexed by family - 1; null where the family is not configured. */
  readonly tables: readonly [SessionTable | null, SessionTable | null]
  readonly tally: Tally
  /** The finding about its absence, or that of a route, that opened last: many prefixes share it. */
  lastShared: OpenFinding | null
}

/** Unregistered more-specifics of a registered prefix on one session. */
export interface MoreSpecifics {
  /** How many routes by origin AS (signed 32 bits). */
  readonly origins: Map<number, number>
  count: number
}

/** Something that few prefixes have on few sessions; null while there is none. */
export type Rare<T> = Map<EngineSession, T> | null

/** A route in two numbers: enough to see that it changed. */
export interface CarriedRoute {
  /** Signed 32 bits; 0: not known. */
  readonly origin: number
  /** Hash of its AS path, or of all its paths (RFC 7911). */
  readonly path: number
}

export interface Registered {
  readonly number: number
  registration: Registration
  readonly prefix: Prefix
  /** The prefix as text. */
  readonly text: string
  policy: CompiledPolicy
  /** The registration overrides the engine's policy. */
  ownPolicy: boolean
  /** Signed 32 bits each. */
  origins: Int32Array
  expected: Expectation
  /** Names of the sessions at the backup location; null: it has none. */
  backup: ReadonlySet<string> | null
  /** What each session carried when it was last looked at, if somebody wants to know. */
  carried: Map<EngineSession, CarriedRoute> | null
  /** Registered prefixes of other owners that equal, cover or lie inside this one. */
  overlaps: Registered[]
  /** Another registration of exactly this prefix. */
  twin: Registered | null
  state: (typeof PrefixState)[PrefixStateName]
  since: number
  /** Open findings, ascending by code. Findings that began alike for many prefixes are shared among them. */
  opened: OpenFinding[]
  /** How many of them are errors. */
  errors: number
  /** Their distinct reasons; looked up again after a change. */
  reasons: readonly FindingReason[] | null
  /** Why the last UPDATE that named it on a session was malformed. */
  malformed: Rare<string>
  moreSpecifics: Rare<MoreSpecifics>
  dirty: boolean
  /** While dirty: the one session whose part of the verdict changed; null: any of it may have. */
  changed: EngineSession | null
  /** The prefix was judged when it was last looked at, so that one session's part can be renewed. */
  judged: boolean
  /** The routes counted then: a table was complete. */
  routesCounted: boolean
  /** What lists show of it; made again after a change. */
  summary: PrefixSummary | null
}

export interface EngineState {
  policy: CompiledPolicy
  readonly sets: AttributeSets
  readonly tries: readonly [RadixTrie, RadixTrie]
  /** By number; holes where a prefix was unregistered. */
  readonly registered: (Registered | undefined)[]
  /** The registered prefixes in the order of lists; made again after a change. */
  sorted: readonly Registered[] | null
  /** Numbers below `registered.length` that are free. */
  readonly freeNumbers: number[]
  readonly byName: Map<string, Registered>
  /** Which of them the kernel can judge. */
  readonly plain: PlainRegistrations
  /** By index; holes where a session was removed. */
  readonly sessions: (EngineSession | undefined)[]
  readonly sessionsByName: Map<string, EngineSession>
  /** Where registrations expect their prefixes, by what they say of it. */
  readonly expectations: Map<string, Expectation>
  readonly dirty: Registered[]
  /**
   * By family - 1: whether any session ever completed its initial table. Until then no route changes a verdict.
   */
  readonly completed: [boolean, boolean]
  readonly emit: (event: PrefixEvent) => void
  /** null: nobody wants to know what becomes of routes. */
  readonly emitRoutes: ((event: RouteEvent) => void) | null
}

/** A trie that the kernel can read. */
function newTrie(family: Family): RadixTrie {
  return new RadixTrie(family, (owner) => new TableArrays(owner))
}

export function createState(
  policy: CompiledPolicy,
  emit: (event: PrefixEvent) => void,
  emitRoutes: ((event: RouteEvent) => void) | null = null,
): EngineState {
  return {
    policy,
    sets: new AttributeSets(),
    tries: [newTrie(Family.ipv4), newTrie(Family.ipv6)],
    registered: [],
    sorted: null,
    freeNumbers: [],
    byName: new Map(),
    plain: new PlainRegistrations(),
    sessions: [],
    sessionsByName: new Map(),
    expectations: new Map(),
    dirty: [],
    completed: [false, false],
    emit,
    emitRoutes,
  }
}

export function createTally(): Tally {
  return {
    announced: new Float64Array(2),
    withdrawn: new Float64Array(2),
    classes: new Float64Array(routeClasses.length),
    findings: new Float64Array(findingReasons.length),
    notes: new Float64Array(routeNotes.length),
    handling: new Float64Array(4),
  }
}

/**
 * Has the prefix judged again before the next answer or event.
 * @param session only its part of the verdict can have changed; null: any of it
 */
export function markDirty(
  state: EngineState,
  registered: Registered,
  session: EngineSession | null,
): void {
  if (registered.dirty) {
    if (registered.changed !== session) registered.changed = null
    return
  }
  registered.dirty = true
  registered.changed = session
  state.dirty.push(registered)
}

/** Has every prefix judged again that the session bears on, after it came, went or changed. */
export function markSession(state: EngineState, session: EngineSession): void {
  for (const expectation of state.expectations.values()) expectation.known = null
  for (const registered of state.registered) {
    if (registered?.expected.members.has(session) !== true) continue
    registered.expected.known = null
    markDirty(state, registered, session)
  }
}

/** The session's table of a family, if it carries that family. */
export function tableOf(session: EngineSession, family: Family): SessionTable | null {
  return session.tables[family - 1] as SessionTable | null
}

/** The first free index of a list with holes. */
export function freeIndex(list: readonly unknown[]): number {
  const hole = list.indexOf(undefined)
  return hole < 0 ? list.length : hole
}

/**
 * The hot path: routes as the decoder tells them. Each is stored, looked up among the registered
 * prefixes, classed and counted; those that touch a registered prefix mark it for evaluation.
 */
import {
  SPECIFIC_NUMBER,
  SPECIFIC_ORIGIN,
  SPECIFIC_ROUTES,
  SPECIFIC_SESSION,
  SPECIFIC_WORDS,
} from '../kernel/assembly/fields.ts'
import { Family, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import { NONE, type RadixTrie } from '../prefix/trie.ts'
import type { AttributeProblem, AttributeWalk } from '../wire/attribute-walk.ts'
import { CeaseSubcode, ErrorCode } from '../wire/codes.ts'
import { protocolError } from '../wire/errors.ts'
import type { StoredWindow } from '../wire/stored-attributes.ts'
import type { RouteSink } from '../wire/update.ts'
import {
  type AdjRibIn,
  MAX_PATHS,
  MAX_SETS,
  NO_MEMORY,
  NO_SET,
  TOO_MANY_PATHS,
} from './adj-rib-in.ts'
import { anyCompleted } from './expectation.ts'
import { judgeSet } from './judge.ts'
import { notesOfUpdate } from './notes.ts'
import { judgeAttributes, reasonIndex } from './policy.ts'
import {
  type EngineSession,
  type EngineState,
  markDirty,
  type Registered,
  tableOf,
} from './state.ts'

const VERIFIED = 0
const FAILED = 1
const OVERLAP = 2
export const UNREGISTERED = 3

/** Announcements that wait at most. */
const QUEUE = 256

/** What a scan for more-specifics needs to hear while it runs. */
export interface ChangeWatcher {
  /** Whether a scan runs. */
  readonly busy: boolean
  changed(
    session: EngineSession,
    registered: Registered,
    prefix: Readonly<Prefix>,
    pathId: number,
    origin: number | null,
  ): boolean
}

export class Intake implements RouteSink {
  private readonly state: EngineState
  private readonly watcher: ChangeWatcher
  private readonly endOfRibSeen: (session: EngineSession, family: Family) => void
  private session: EngineSession
  private stamp = 0
  private rib: AdjRibIn | null = null
  private trie: RadixTrie
  private set = NO_SET
  /** Announcements without path identifiers that wait to be stored together. */
  private readonly queue = {
    w0: new Int32Array(QUEUE),
    w1: new Int32Array(QUEUE),
    w2: new Int32Array(QUEUE),
    w3: new Int32Array(QUEUE),
    lengths: new Int32Array(QUEUE),
    sets: new Int32Array(QUEUE),
    count: 0,
  }
  private readonly ipv4: Prefix = { family: Family.ipv4, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  private readonly ipv6: Prefix = { family: Family.ipv6, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
  /** Announcements that are not in the session's tally yet, and those of them near a registered prefix. */
  private announced = 0
  private near = 0
  /** More-specifics that the kernel counted, and that no prefix knows of yet: the first `count` of SPECIFICS. */
  readonly specifics: { words: Int32Array; count: number } = { words: new Int32Array(0), count: 0 }
  /** What covers registered prefixes, of one version of a trie: a full table asks for each many times. */
  private readonly chains = {
    trie: null as RadixTrie | null,
    version: 0,
    known: new Map<number, readonly number[]>(),
  }
  /** Notes of the attributes at hand, and how many announcements carried them since. */
  private notes = 0
  private noted = 0

  constructor(
    state: EngineState,
    watcher: ChangeWatcher,
    idle: EngineSession,
    endOfRibSeen: (session: EngineSession, family: Family) => void,
  ) {
    this.state = state
    this.watcher = watcher
    this.session = idle
    this.trie = state.tries[0]
    this.endOfRibSeen = endOfRibSeen
  }

  /** The session whose UPDATE comes next. @param now milliseconds since the epoch */
  begin(session: EngineSession, now: number): void {
    const stamp = stampOf(session, now)
    if (session === this.session && stamp === this.stamp) return
    this.settle()
    this.session = session
    this.stamp = stamp
    this.rib = null
  }

  /**
   * A route that the kernel stored, near registered prefixes: what `store` does for its own.
   * @param exact number of the registered prefix that it equals, or NONE
   * @param covering number of the longest one that covers it, or NONE
   * @param before the set that it had
   */
  stored(
    prefix: Readonly<Prefix>,
    exact: number,
    covering: number,
    set: number,
    before: number,
  ): void {
    this.turnTo(prefix.family)
    this.storeNear(prefix, 0, exact, covering, set, before)
    if (before !== NO_SET) this.state.sets.release(before)
  }

  /** Whether nobody needs to hear of single routes of a family near registered prefixes. @param family minus 1 */
  isQuiet(family: number): boolean {
    return this.state.completed[family] === false && !this.watcher.busy
  }

  /** Sets came and went without being told here: the number of the last one may mean another by now. */
  forgetSet(): void {
    this.set = NO_SET
  }

  attributes(family: Family, walk: AttributeWalk, stored: StoredWindow): void {
    this.turnTo(family)
    if (this.noted !== 0) this.countNotes()
    if (this.rib === null) return
    this.notes = notesOfUpdate(this.session.notes, family, walk)
    const { path } = walk
    const findings = judgeAttributes(
      this.state.policy,
      path.bits,
      path.length,
      walk.view,
      walk.communities,
      walk.largeCommunities,
    )
    const bits = (path.bits << 16) | findings
    this.set = this.state.sets.intern(stored, bits, path.originAs, path.length)
    if (this.set >= MAX_SETS) {
      this.state.sets.retain(this.set)
      this.state.sets.release(this.set)
      throw protocolError(
        ErrorCode.cease,
        CeaseSubcode.outOfResources,
        `more than ${MAX_SETS} different attribute sets are held`,
      )
    }
  }

  repeats(view: DataView, start: number, end: number): boolean {
    const { rib } = this
    return (
      rib !== null &&
      rib.family === Family.ipv4 &&
      this.state.sets.holds(this.set, view, start, end)
    )
  }

  /** Stores what still waits, and puts what was counted into the tally. */
  settle(): void {
    this.drain()
    if (this.noted !== 0) this.countNotes()
    if (this.announced === 0) return
    const { tally } = this.session
    const family = this.trie.family - 1
    tally.announced[family] = (tally.announced[family] as number) + this.announced
    tally.classes[UNREGISTERED] =
      (tally.classes[UNREGISTERED] as number) + this.announced - this.near
    this.announced = 0
    this.near = 0
  }

  /** Settles, and counts the more-specifics that wait: before anything changes a registration or a session. */
  settleAll(): void {
    this.settle()
    this.countSpecifics()
  }

  /** Counts the more-specifics that wait: before anything looks at those of a prefix, or changes them. */
  countSpecifics(): void {
    const { words, count } = this.specifics
    const { registered, sessions } = this.state
    this.specifics.count = 0
    const end = count * SPECIFIC_WORDS
    for (let at = 0; at < end; at += SPECIFIC_WORDS) {
      const session = sessions[words[at + SPECIFIC_SESSION] as number] as EngineSession
      const origin = words[at + SPECIFIC_ORIGIN] as number
      const routes = words[at + SPECIFIC_ROUTES] as number
      let r = registered[words[at + SPECIFIC_NUMBER] as number] ?? null
      for (; r !== null; r = r.twin) countMoreSpecific(r, session, null, origin, routes)
    }
  }

  private countNotes(): void {
    const { notes } = this.session.tally
    for (let note = 0, rest = this.notes; rest !== 0; note++, rest >>>= 1) {
      if ((rest & 1) !== 0) notes[note] = (notes[note] as number) + this.noted
    }
    this.noted = 0
  }

  private turnTo(family: Family): void {
    const rib = tableOf(this.session, family)?.rib ?? null
    if (rib !== null && rib === this.rib) return
    this.settle()
    this.rib = rib
    this.trie = this.state.tries[family - 1] as RadixTrie
  }

  announce(prefix: Readonly<Prefix>, pathId: number): void {
    const rib = this.rib
    if (rib === null) return
    this.state.sets.retain(this.set)
    if (this.notes !== 0) this.noted++
    if (rib.paths) {
      this.store(rib, prefix, pathId, this.set)
      return
    }
    const { queue } = this
    const { count } = queue
    queue.w0[count] = prefix.w0
    if (prefix.family === Family.ipv6) {
      queue.w1[count] = prefix.w1
      queue.w2[count] = prefix.w2
      queue.w3[count] = prefix.w3
    }
    queue.lengths[count] = prefix.length
    queue.sets[count] = this.set
    queue.count = count + 1
    if (queue.count === QUEUE) this.drain()
  }

  /**
   * Stores the announcements that wait. Nearly every route of a large table lies where no cache has it:
   * all places are looked at in one tight loop first, so that the processor fetches many at a time.
   */
  private drain(): void {
    const { queue, rib } = this
    const { count } = queue
    if (count === 0 || rib === null) return
    queue.count = 0
    rib.touch(queue, count)
    const prefix = rib.family === Family.ipv4 ? this.ipv4 : this.ipv6
    for (let i = 0; i < count; i++) {
      prefix.w0 = queue.w0[i] as number
      if (rib.family === Family.ipv6) {
        prefix.w1 = queue.w1[i] as number
        prefix.w2 = queue.w2[i] as number
        prefix.w3 = queue.w3[i] as number
      }
      prefix.length = queue.lengths[i] as number
      this.store(rib, prefix, 0, queue.sets[i] as number)
    }
  }

  /** Stores one route, whose attribute set is retained for it already. */
  private store(rib: AdjRibIn, prefix: Readonly<Prefix>, pathId: number, set: number): void {
    const before = rib.put(prefix, pathId, set, this.stamp)
    if (before === TOO_MANY_PATHS) this.refusePaths(prefix, set)
    if (before === NO_MEMORY) {
      // Not thrown: it may have waited, and another session's turn has come. Engine.exhausted tells.
      this.state.sets.release(set)
      return
    }
    this.announced++
    const exact = this.trie.find(prefix)
    if (exact !== NONE || this.trie.covering !== NONE || this.trie.inside) {
      this.near++
      this.storeNear(prefix, pathId, exact, this.trie.covering, set, before)
    }
    if (before !== NO_SET) this.state.sets.release(before)
  }

  /** @throws ProtocolError: the session must end, as what it sends cannot be held */
  private refusePaths(prefix: Readonly<Prefix>, set: number): never {
    this.state.sets.release(set)
    throw protocolError(
      ErrorCode.cease,
      CeaseSubcode.outOfResources,
      `more than ${MAX_PATHS} paths of ${formatPrefix(prefix)} are announced`,
    )
  }

  /** An announcement that equals, covers or lies inside registered prefixes. */
  private storeNear(
    prefix: Readonly<Prefix>,
    pathId: number,
    exact: number,
    covering: number,
    set: number,
    before: number,
  ): void {
    const { state, session } = this
    const { tally } = session
    if (exact === NONE) {
      bump(tally.classes, OVERLAP)
      if (covering !== NONE) {
        const gone = before === NO_SET ? null : state.sets.originAs(before)
        this.moreSpecific(prefix, pathId, covering, gone, state.sets.originAs(set))
      }
      return
    }
    let findings = 0
    for (let r = state.registered[exact] ?? null; r !== null; r = r.twin) {
      findings |= judgeSet(state, r, session, set)
      r.malformed?.delete(session)
      this.touch(r)
    }
    bump(tally.classes, findings === 0 ? VERIFIED : FAILED)
    for (let reason = 0; findings !== 0; reason++, findings >>>= 1) {
      if ((findings & 1) !== 0) bump(tally.findings, reason)
    }
  }

  withdraw(prefix: Readonly<Prefix>, pathId: number): void {
    this.turnTo(prefix.family)
    this.drain()
    bump(this.session.tally.withdrawn, prefix.family - 1)
    this.remove(prefix, pathId)
  }

  malformed(prefix: Readonly<Prefix>, pathId: number, problem: AttributeProblem): void {
    this.turnTo(prefix.family)
    this.drain()
    this.remove(prefix, pathId)
    const exact = this.trie.find(prefix)
    if (exact === NONE) return
    for (let r = this.state.registered[exact] ?? null; r !== null; r = r.twin) {
      r.malformed ??= new Map()
      this.state.plain.note(r)
      r.malformed.set(this.session, problem.message)
      bump(this.session.tally.findings, reasonIndex['malformed-update'])
      markDirty(this.state, r, this.session)
    }
  }

  /** Takes a route of the current session out of its table. */
  remove(prefix: Readonly<Prefix>, pathId: number): void {
    const before = this.rib === null ? NO_SET : this.rib.remove(prefix, pathId)
    const exact = this.trie.find(prefix)
    if (exact !== NONE) {
      for (let r = this.state.registered[exact] ?? null; r !== null; r = r.twin) {
        r.malformed?.delete(this.session)
        this.touch(r)
      }
    } else if (before !== NO_SET && this.trie.covering !== NONE) {
      const gone = this.state.sets.originAs(before)
      this.moreSpecific(prefix, pathId, this.trie.covering, gone, null)
    }
    if (before !== NO_SET) this.state.sets.release(before)
  }

  /** Removes a route outside an UPDATE (a sweep of stale ones). */
  sweep(session: EngineSession, prefix: Readonly<Prefix>, pathId: number): void {
    this.settle()
    this.session = session
    this.turnTo(prefix.family)
    this.remove(prefix, pathId)
  }

  /**
   * Keeps count of unregistered more-specifics of every registered prefix above one.
   * @param covering number of the longest of them
   */
  private moreSpecific(
    prefix: Readonly<Prefix>,
    pathId: number,
    covering: number,
    gone: number | null,
    come: number | null,
  ): void {
    if (this.specifics.count > 0) this.countSpecifics()
    const { state, session, watcher } = this
    const chain = this.chainOf(covering)
    for (let i = 0; i < chain.length; i++) {
      for (let r = state.registered[chain[i] as number] ?? null; r !== null; r = r.twin) {
        if (watcher.changed(session, r, prefix, pathId, come)) continue
        countMoreSpecific(r, session, gone, come)
        this.touch(r)
      }
    }
  }

  /** Numbers of the registered prefixes that cover or equal a registered one, shortest first. */
  private chainOf(number: number): readonly number[] {
    const { trie, chains } = this
    if (chains.trie !== trie || chains.version !== trie.version) {
      chains.trie = trie
      chains.version = trie.version
      chains.known.clear()
    }
    let chain = chains.known.get(number)
    if (chain === undefined) {
      const found: number[] = []
      const registered = this.state.registered[number] as Registered
      trie.eachCovering(registered.prefix, (each) => found.push(each))
      chain = found
      chains.known.set(number, chain)
    }
    return chain
  }

  /** A route of the prefix changed; before its first table is complete that changes no verdict. */
  private touch(registered: Registered): void {
    if (anyCompleted(registered.expected)) markDirty(this.state, registered, this.session)
  }

  endOfRib(family: Family): void {
    this.settleAll()
    this.endOfRibSeen(this.session, family)
  }
}

/** The second that a session's routes get that come now. @param now milliseconds since the epoch */
export function stampOf(session: EngineSession, now: number): number {
  return Math.max(Math.floor(now / 1000), session.minStamp)
}

function bump(counters: Float64Array, index: number): void {
  counters[index] = (counters[index] as number) + 1
}

/** One more-specific route less from origin `gone`, so many more from origin `come`. */
export function countMoreSpecific(
  registered: Registered,
  session: EngineSession,
  gone: number | null,
  come: number | null,
  routes = 1,
): void {
  let specifics = registered.moreSpecifics?.get(session)
  if (specifics === undefined) {
    specifics = { origins: new Map(), count: 0 }
    registered.moreSpecifics ??= new Map()
    registered.moreSpecifics.set(session, specifics)
  }
  const { origins } = specifics
  if (come !== null) {
    origins.set(come, (origins.get(come) ?? 0) + routes)
    specifics.count += routes
  }
  if (gone !== null) {
    const left = (origins.get(gone) ?? 1) - 1
    if (left > 0) origins.set(gone, left)
    else origins.delete(gone)
    specifics.count--
  }
  if (specifics.count <= 0) registered.moreSpecifics?.delete(session)
}

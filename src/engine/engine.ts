/**
 * The engine: routes, sessions and registrations in; verdicts and events out. It knows no socket,
 * no file and no clock: every call that depends on time is given it.
 */
import { OutOfTableMemoryError } from '../kernel/arena.ts'
import { Family, type FamilyName } from '../prefix/prefix.ts'
import { CeaseSubcode, ErrorCode } from '../wire/codes.ts'
import { ProtocolError, protocolError } from '../wire/errors.ts'
import type { Taken } from '../wire/frame-reader.ts'
import { Handling } from '../wire/handling.ts'
import { UpdateDecoder } from '../wire/update.ts'
import { evaluate } from './evaluation.ts'
import { Intake } from './intake.ts'
import { judgeStored } from './judge.ts'
import { createLane } from './lane.ts'
import { forgetLooked, lookUpTogether } from './lookups.ts'
import { MoreSpecificScan } from './more-specifics.ts'
import { compilePolicy } from './policy.ts'
import { expectNoMore, redeclare, refreshDeclarations, register, unregister } from './registry.ts'
import {
  addSession,
  beginRefresh,
  clearTables,
  completeTable,
  createSession,
  removeSession,
  sessionUp,
  sweepStale,
} from './sessions.ts'
import {
  createState,
  type EngineSession,
  type EngineState,
  markSession,
  type Registered,
  tableOf,
} from './state.ts'
import {
  type Counting,
  type EngineSessionConfig,
  type EngineSessionUp,
  type EngineView,
  type Policy,
  type PrefixEvent,
  prefixStateNames,
  type Registration,
  type RouteEvent,
} from './types.ts'
import { createView } from './view.ts'

/** No session has this name. */
export class UnknownSessionError extends Error {
  override readonly name = 'UnknownSessionError'
}

export interface EngineOptions {
  readonly policy: Policy
  /** Milliseconds since the epoch, for questions that come without a time. */
  readonly now: () => number
  /** Told every verdict change, at the end of the chunk, call or tick that caused it. */
  readonly onEvent?: (event: PrefixEvent) => void
  /** Told what became of registered prefixes' routes, before the verdicts that follow from it. */
  readonly onRoutes?: (event: RouteEvent) => void
}

export interface Engine {
  readonly view: EngineView
  /** @param now milliseconds since the epoch */
  addSession(config: EngineSessionConfig, now: number): void
  /**
   * Says whether the session's routes count for verdicts (false: deny-all). They are kept and shown in any
   * case, and nothing is asked of the peer. @throws UnknownSessionError
   */
  setCounts(name: string, counts: Counting, now: number): void
  /** Its routes go, and no prefix expects it any more. @throws UnknownSessionError */
  removeSession(name: string, now: number): void
  /** The session is Established. Times are milliseconds since the epoch. @throws UnknownSessionError */
  sessionUp(name: string, up: EngineSessionUp, now: number): void
  /**
   * The session left Established.
   * @param keepUntil when the peer restarts gracefully (RFC 4724): until then its routes stay, stale
   */
  sessionDown(name: string, now: number, keepUntil?: number): void
  /**
   * One whole UPDATE, header included, at `start` to `end` (exclusive).
   * @throws ProtocolError when the session must end; UnknownSessionError
   */
  receiveUpdate(name: string, view: DataView, start: number, end: number, now: number): Handling
  /**
   * UPDATEs from `start` on, as many as are plain enough to be taken at once; `receiveUpdate` takes the next one.
   * @param view shows kernelMemory(), else none is taken
   * @param end exclusive; the last message may not be whole
   * @param limit octets of the longest message that is accepted
   * @returns valid until the next call
   * @throws UnknownSessionError
   */
  receiveUpdates(
    name: string,
    view: DataView,
    start: number,
    end: number,
    limit: number,
    now: number,
  ): Readonly<Taken>
  /**
   * Whether there is no memory for what a session announces: some of its routes may be missing, and it
   * must end.
   */
  exhausted(name: string): boolean
  /** Why the last UPDATE was not simply accepted, in one sentence; null when it was. */
  problem(): string | null
  /** RFC 7313 §4: BoRR and EoRR. */
  refreshBoundary(name: string, family: FamilyName, boundary: 'begin' | 'end', now: number): void
  /** Judges what was touched since the last call and emits the events. @returns prefixes judged */
  flush(now: number): number
  /** Time went on: initial tables that never end are complete, restarts are over. Call once a second. */
  tick(now: number): void
  /** Does a slice of background work. @returns whether more is left; call again soon if so */
  background(now: number): boolean
  /** @throws DuplicateNameError, CommunityError */
  register(registration: Registration, now: number): void
  /** Changes a registration of the same name. @throws DuplicateNameError, CommunityError */
  reregister(registration: Registration, now: number): void
  /** @returns false when no prefix has that name */
  unregister(name: string, now: number): boolean
  /** Replaces the policy; everything is judged again. @throws CommunityError */
  setPolicy(policy: Policy, now: number): void
}

export function createEngine(options: EngineOptions): Engine {
  const state = createState(
    compilePolicy(options.policy),
    (event) => options.onEvent?.(event),
    options.onRoutes ?? null,
  )
  const scan = new MoreSpecificScan(state)
  const decoder = new UpdateDecoder()
  const nobody = createSession({ name: '', families: [], asn: 0, localAsn: 0 }, -1, 0)
  const intake = new Intake(state, scan, nobody, (session, family) => {
    const table = tableOf(session, family)
    if (table === null) return
    table.endOfRib = true
    if (!table.complete) completeTable(state, session, table, sweep)
  })
  const sweep = intake.sweep.bind(intake)
  const lane = createLane(state, intake)

  /** Of most UPDATEs, the session of the one before. */
  let recent: EngineSession | null = null
  const sender = (name: string): EngineSession => {
    if (recent === null || recent.name !== name) recent = session(name)
    return recent
  }

  const session = (name: string): EngineSession => {
    const found = state.sessionsByName.get(name)
    if (found === undefined) throw new UnknownSessionError(`no session is named "${name}"`)
    return found
  }

  const forget = (entry: Registered, now: number) => {
    scan.drop(entry)
    const from = prefixStateNames[entry.state] ?? null
    state.emit(bareEvent(entry, from, null, now - entry.since, now))
  }

  const engine: Engine = {
    view: createView(
      state,
      (registered) => evaluate(state, registered, options.now()),
      () => intake.countSpecifics(),
    ),

    addSession(config, now) {
      addSession(state, config, now)
      refreshDeclarations(state)
    },

    setCounts(name, counts, now) {
      intake.settleAll()
      const changed = session(name)
      if (changed.counts === counts) return
      changed.counts = counts
      refreshDeclarations(state)
      engine.flush(now)
    },

    removeSession(name, now) {
      intake.settleAll()
      const gone = session(name)
      scan.dropSession(gone)
      clearTables(state, gone)
      gone.up = false
      // Its findings close while its name is still known.
      expectNoMore(state, gone)
      refreshAll(state, now)
      removeSession(state, gone)
      recent = null
      refreshDeclarations(state)
    },

    sessionUp(name, up, now) {
      intake.settleAll()
      sessionUp(state, session(name), up, now)
      engine.flush(now)
    },

    sessionDown(name, now, keepUntil = 0) {
      intake.settleAll()
      const down = session(name)
      down.up = false
      for (const table of down.tables) {
        if (table === null) continue
        // RFC 4724 §4.2: of consecutive restarts, what was stale before this one is not kept again.
        if (keepUntil > now && !table.complete) sweepStale(down, table, sweep)
        table.complete = false
        table.endOfRib = false
      }
      if (keepUntil > now) {
        down.keepUntil = keepUntil
      } else {
        scan.dropSession(down)
        clearTables(state, down)
      }
      markSession(state, down)
      engine.flush(now)
    },

    receiveUpdate(name, view, start, end, now) {
      const from = sender(name)
      intake.begin(from, now)
      try {
        const handling = decoder.decode(view, start, end, from.settings, intake)
        if (handling !== Handling.accept) count(from, handling)
        return handling
      } catch (error) {
        const ends = endOf(error)
        if (ends instanceof ProtocolError) count(from, Handling.sessionReset)
        throw ends
      }
    },

    receiveUpdates(name, view, start, end, limit, now) {
      return lane.take(sender(name), view, start, end, limit, now)
    },

    exhausted: (name) =>
      state.sessionsByName.get(name)?.tables.some((table) => table?.rib.exhausted === true) ===
      true,

    problem: () => decoder.walk.problem?.message ?? null,

    refreshBoundary(name, family, boundary, now) {
      intake.settleAll()
      const from = session(name)
      const number = Family[family]
      const table = tableOf(from, number)
      if (boundary === 'begin') beginRefresh(from, number, now)
      else if (table !== null) sweepStale(from, table, sweep)
      engine.flush(now)
    },

    flush(now) {
      intake.settle()
      const { dirty } = state
      const judged = dirty.length
      if (judged === 0) return 0
      intake.countSpecifics()
      // Judging changes neither routes nor sets nor the registry, and who is told of it only takes note.
      lookUpTogether(state, dirty)
      try {
        for (let i = 0; i < dirty.length; i++) {
          const registered = dirty[i] as Registered
          // It may have been unregistered since.
          if (state.registered[registered.number] === registered) evaluate(state, registered, now)
        }
      } finally {
        forgetLooked()
      }
      dirty.length = 0
      return judged
    },

    tick(now) {
      intake.settleAll()
      const patience = state.policy.policy.convergenceSeconds * 1000
      for (const each of state.sessions) {
        if (each === undefined) continue
        if (each.keepUntil > 0 && now >= each.keepUntil) {
          scan.dropSession(each)
          clearTables(state, each)
          markSession(state, each)
        }
        if (!each.overdue && now - each.addedAt >= patience) {
          each.overdue = true
          markSession(state, each)
        }
        if (!each.up || now - each.establishedAt < patience) continue
        for (const table of each.tables) {
          if (table !== null && !table.complete) completeTable(state, each, table, sweep)
        }
      }
      state.sets.compact()
      engine.flush(now)
    },

    background(now) {
      intake.settleAll()
      if (scan.busy) scan.step()
      engine.flush(now)
      return scan.busy
    },

    register(registration, now) {
      intake.settleAll()
      const entry = register(state, registration, scan, now)
      scan.add(entry)
      evaluate(state, entry, now, true)
    },

    reregister(registration, now) {
      intake.settleAll()
      if (redeclare(state, registration)) {
        engine.flush(now)
        return
      }
      engine.unregister(registration.name, now)
      engine.register(registration, now)
    },

    unregister(name, now) {
      intake.settleAll()
      const entry = unregister(state, name, scan)
      if (entry === undefined) return false
      forget(entry, now)
      engine.flush(now)
      return true
    },

    setPolicy(policy, now) {
      intake.settleAll()
      state.policy = compilePolicy(policy)
      state.sets.rejudge((set) => judgeStored(state, set, state.policy))
      refreshDeclarations(state)
      engine.flush(now)
    },
  }
  return engine
}

function count(session: EngineSession, handling: Handling): void {
  session.tally.handling[handling] = (session.tally.handling[handling] as number) + 1
}

/** What an UPDATE leads to that could not be taken in. */
function endOf(error: unknown): unknown {
  return error instanceof OutOfTableMemoryError
    ? protocolError(ErrorCode.cease, CeaseSubcode.outOfResources, error.message)
    : error
}

function refreshAll(state: EngineState, now: number): void {
  for (const registered of state.registered) {
    if (registered === undefined) continue
    registered.changed = null
    evaluate(state, registered, now)
  }
  state.dirty.length = 0
}

/** A registration that came or went, without findings. */
function bareEvent(
  entry: Registered,
  from: PrefixEvent['from'],
  to: PrefixEvent['to'],
  duration: number,
  now: number,
): PrefixEvent {
  return {
    kind: 'prefix',
    time: now,
    name: entry.registration.name,
    prefix: entry.text,
    from,
    to,
    duration,
    opened: [],
    closed: [],
  }
}

/** Sessions as the engine knows them: when their tables count, when they are complete, when they go. */
import { Family, type FamilyName, type Prefix } from '../prefix/prefix.ts'
import type { DecodeSettings } from '../wire/messages.ts'
import { AdjRibIn } from './adj-rib-in.ts'
import { createNoteView } from './notes.ts'
import {
  createTally,
  type EngineSession,
  type EngineState,
  freeIndex,
  markSession,
  type SessionTable,
  tableOf,
} from './state.ts'
import type { EngineSessionConfig, EngineSessionUp } from './types.ts'

const unknownSettings: DecodeSettings = {
  as4: true,
  external: true,
  addPathIpv4: false,
  addPathIpv6: false,
  extendedNextHop: false,
}

/** Takes a route of a session out of its table and of whatever it bore on. */
export type Sweep = (session: EngineSession, prefix: Readonly<Prefix>, pathId: number) => void

function newTable(family: Family): SessionTable {
  return {
    rib: new AdjRibIn(family, false),
    complete: false,
    endOfRib: false,
    everComplete: false,
    staleBefore: 0,
  }
}

/** Makes a session that is in no list. */
export function createSession(
  config: EngineSessionConfig,
  index: number,
  now: number,
): EngineSession {
  const has = (family: FamilyName) => config.families.includes(family)
  return {
    name: config.name,
    index,
    families: config.families,
    up: false,
    overdue: false,
    addedAt: now,
    settings: unknownSettings,
    negotiated: [],
    remoteAsn: config.asn,
    localAsn: config.localAsn,
    notes: createNoteView(unknownSettings, { localAsn: config.localAsn, remoteAsn: config.asn }),
    router: config.name,
    counts: config.counts ?? true,
    establishedAt: 0,
    minStamp: 0,
    keepUntil: 0,
    tables: [
      has('ipv4') ? newTable(Family.ipv4) : null,
      has('ipv6') ? newTable(Family.ipv6) : null,
    ],
    tally: createTally(),
    lastShared: null,
  }
}

export function addSession(
  state: EngineState,
  config: EngineSessionConfig,
  now: number,
): EngineSession {
  const session = createSession(config, freeIndex(state.sessions), now)
  state.sessions[session.index] = session
  state.sessionsByName.set(session.name, session)
  return session
}

/** Forgets a session; its routes must be gone already. */
export function removeSession(state: EngineState, session: EngineSession): void {
  state.sessions[session.index] = undefined
  state.sessionsByName.delete(session.name)
  for (const table of session.tables) table?.rib.dispose()
}

/** The session is Established. @param now milliseconds since the epoch */
export function sessionUp(
  state: EngineState,
  session: EngineSession,
  up: EngineSessionUp,
  now: number,
): void {
  session.up = true
  session.overdue = true
  const { as4, external, addPathIpv4, addPathIpv6, extendedNextHop, firstAs } = up.decode
  // In one order, whoever made them: the decoder's code is compiled for one form of object.
  session.settings = {
    as4,
    external,
    addPathIpv4,
    addPathIpv6,
    extendedNextHop,
    localAs: session.localAsn | 0,
    firstAs,
  }
  session.negotiated = up.families
  session.remoteAsn = up.remoteAsn
  session.notes = createNoteView(up.decode, session, up.peerAddress, up.role)
  session.router = up.routerId === undefined ? session.name : `${up.remoteAsn} ${up.routerId}`
  session.establishedAt = now
  const kept = session.keepUntil > 0
  session.keepUntil = 0
  if (kept) startAge(session, now)
  for (const table of session.tables) {
    if (table === null) continue
    table.complete = false
    table.endOfRib = false
    const { family } = table.rib
    const paths = family === Family.ipv4 ? up.decode.addPathIpv4 : up.decode.addPathIpv6
    if (table.rib.paths !== paths) {
      // Stale routes kept with another key would never be told apart from the new ones.
      forgetRoutes(state, session, table)
      table.rib.dispose()
      table.rib = new AdjRibIn(family, paths)
    }
  }
  markSession(state, session)
}

/** What comes from now on is newer than all that is held, which is stale until it comes again. */
function startAge(session: EngineSession, now: number): void {
  session.minStamp = Math.max(Math.floor(now / 1000), session.minStamp) + 1
  for (const table of session.tables) if (table !== null) table.staleBefore = session.minStamp
}

/** RFC 7313 §4: the peer begins to send its table again. */
export function beginRefresh(session: EngineSession, family: Family, now: number): void {
  const table = tableOf(session, family)
  if (table === null) return
  session.minStamp = Math.max(Math.floor(now / 1000), session.minStamp) + 1
  table.staleBefore = session.minStamp
}

/** Drops routes that were not sent again after a restart (RFC 4724 §4.2) or a refresh (RFC 7313 §4). */
export function sweepStale(session: EngineSession, table: SessionTable, sweep: Sweep): void {
  if (table.staleBefore === 0) return
  for (const { prefix, pathId } of table.rib.olderThan(table.staleBefore)) {
    sweep(session, prefix, pathId)
  }
  table.staleBefore = 0
}

/**
 * The initial table of a family is there: End-of-RIB, or the time for it is over.
 * No more-specifics may wait to be counted (`Intake.settleAll`).
 */
export function completeTable(
  state: EngineState,
  session: EngineSession,
  table: SessionTable,
  sweep: Sweep,
): void {
  sweepStale(session, table, sweep)
  table.complete = true
  table.everComplete = true
  state.completed[table.rib.family - 1] = true
  markSession(state, session)
}

/** Forgets all routes of a session. */
export function clearTables(state: EngineState, session: EngineSession): void {
  for (const table of session.tables) if (table !== null) forgetRoutes(state, session, table)
  session.keepUntil = 0
}

/** Forgets the routes of one family of a session, and what registered prefixes know of them. */
function forgetRoutes(state: EngineState, session: EngineSession, table: SessionTable): void {
  const { rib } = table
  rib.clear((set) => state.sets.release(set))
  table.staleBefore = 0
  for (const registered of state.registered) {
    if (registered?.prefix.family !== rib.family) continue
    registered.malformed?.delete(session)
    registered.moreSpecifics?.delete(session)
  }
}

/**
 * What is wrong with a registered prefix, as numbers. Ten thousand prefixes may be judged at once, so a
 * judgement is one pass that writes into one list, which is copied where something changed.
 */
import {
  LOOKED_BITS,
  LOOKED_ORIGIN,
  LOOKED_SET,
  LOOKED_WORDS,
  NOT_LOOKED,
} from '../kernel/assembly/fields.ts'
import { NO_SET } from './adj-rib-in.ts'
import { foreignOrigins, judgeRead, judgeSet } from './judge.ts'
import { looked } from './lookups.ts'
import { reasonBit, reasonIndex } from './policy.ts'
import {
  type EngineSession,
  type EngineState,
  type Registered,
  type SessionTable,
  tableOf,
} from './state.ts'
import {
  type FindingReason,
  findingReasons,
  type LocationRequirement,
  type Severity,
} from './types.ts'

// A code is (session index + 1) << 8 | reason << 1 | warning; session 0 means the registration.
const REASON_SHIFT = 1
const SESSION_SHIFT = 8
const WARNING = 1

const OVERLAPPING_PREFIX = reasonIndex['overlapping-prefix'] << REASON_SHIFT
const NOT_RECEIVED = reasonBit('not-received')
const OVERLAPPING_ANNOUNCEMENT = reasonBit('overlapping-announcement')
const MALFORMED = reasonBit('malformed-update')
const SESSION_DOWN = reasonBit('session-down')
const INSUFFICIENT_PRIMARY = reasonIndex['insufficient-primary-sessions'] << REASON_SHIFT
const NO_BACKUP = reasonIndex['no-backup-session'] << REASON_SHIFT

/** The session of a code; null: it is about the registration as such. */
export function readSession(state: EngineState, code: number): EngineSession | null {
  const where = code >>> SESSION_SHIFT
  return where === 0 ? null : (state.sessions[where - 1] ?? null)
}

/** The reason of a code. */
export function readReason(code: number): FindingReason {
  return findingReasons[(code >>> REASON_SHIFT) & 0x7f] as FindingReason
}

/** The severity of a code. */
export function readSeverity(code: number): Severity {
  return (code & WARNING) === 0 ? 'error' : 'warning'
}

/** Whether a code stands for an error, not for a warning. */
export function isError(code: number): boolean {
  return (code & WARNING) === 0
}

/** The least code that a session's findings have; those of the next session begin at that of `index + 1`. */
export function firstCode(index: number): number {
  return (index + 1) << SESSION_SHIFT
}

/** Whether routes of the session count: it is up, or its peer restarts gracefully. */
export function holdsRoutes(session: EngineSession): boolean {
  return session.up || session.keepUntil > 0
}

/** What was found last; valid until somebody looks again. */
interface Found {
  /** Ascending. What stands behind `count` of them is of others: a list that is never cut keeps its room. */
  readonly codes: number[]
  count: number
  /** The session that was looked at last; null: none was, or none whose routes count. */
  session: EngineSession | null
  /** The set of the only route that it has; NO_SET: it has none, or several (RFC 7911). */
  set: number
  /** The `foreignOrigins` there. */
  foreign: readonly number[]
}

export const found: Found = { codes: [], count: 0, session: null, set: NO_SET, foreign: [] }

function add(code: number): void {
  found.codes[found.count++] = code
}

/**
 * Looks for findings of a prefix, into `found`.
 * @param only the one session whose findings are looked for; null: all findings
 * @param judged whether the routes count yet
 */
export function findCodes(
  state: EngineState,
  registered: Registered,
  only: EngineSession | null,
  judged: boolean,
): void {
  const { expected, overlaps, registration } = registered
  found.count = 0
  found.session = null
  if (only !== null) {
    if (expected.members.has(only)) addCodes(state, registered, only, judged)
    return
  }
  if (overlaps.length > 0) add(OVERLAPPING_PREFIX)
  if (registration.requires !== undefined) addLocations(registered)
  const { sessions } = expected
  for (let i = 0; i < sessions.length; i++) {
    addCodes(state, registered, sessions[i] as EngineSession, judged)
  }
}

/** Adds the codes of locations that too few sessions reach. */
function addLocations(registered: Registered): void {
  const { requires } = registered.registration
  if (requires === undefined) return
  const { primary, backup } = requires
  if (!reaches(registered, primary, 2)) add(INSUFFICIENT_PRIMARY)
  if (backup !== undefined && !reaches(registered, backup, 1)) add(NO_BACKUP)
}

/** The sessions of a location that are expected to carry the prefix. */
export function sessionsAt(
  { expected }: Registered,
  { sessions }: LocationRequirement,
): readonly EngineSession[] {
  return expected.sessions.filter(({ name }) => sessions.includes(name))
}

/** Whether so many routers of the location are up, or may still come up. */
function reaches(registered: Registered, location: LocationRequirement, wanted: number): boolean {
  const routers = new Set<string>()
  for (const session of sessionsAt(registered, location)) {
    if (holdsRoutes(session)) routers.add(session.router)
    else if (!session.overdue) return true
  }
  return routers.size >= wanted
}

/** Whether a code says that a location has too few sessions. */
export function isLocationCode(code: number): boolean {
  return code === INSUFFICIENT_PRIMARY || code === NO_BACKUP
}

/** Adds one session's codes. @param judged whether the routes count yet */
function addCodes(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  judged: boolean,
): void {
  let bits = !session.up && session.overdue ? SESSION_DOWN : 0
  let warnings = registered.policy.warnings | SESSION_DOWN
  if (judged && holdsRoutes(session)) {
    const { malformed, moreSpecifics } = registered
    found.session = session
    bits |= judgeRoutes(state, registered, session)
    if (malformed?.has(session) === true) bits |= MALFORMED
    if (moreSpecifics?.has(session) === true) {
      bits |= OVERLAPPING_ANNOUNCEMENT
      found.foreign = foreignOrigins(state, registered, session, found.set)
      if (found.foreign.length === 0) warnings |= OVERLAPPING_ANNOUNCEMENT
    }
  }
  if (bits === 0) return
  const where = (session.index + 1) << SESSION_SHIFT
  for (let reason = 0; bits !== 0; reason++, bits >>>= 1, warnings >>>= 1) {
    if ((bits & 1) !== 0) add(where | (reason << REASON_SHIFT) | (warnings & WARNING))
  }
}

/** Findings of what the session carries for the prefix; sets `found.set`. */
function judgeRoutes(state: EngineState, registered: Registered, session: EngineSession): number {
  if (looked.session === session) {
    const { rows } = looked
    const at = registered.number * LOOKED_WORDS
    const set = rows[at + LOOKED_SET] as number
    if (set !== NOT_LOOKED) {
      found.set = set
      if (set === NO_SET) return session.up && looked.complete ? NOT_RECEIVED : 0
      const bits = rows[at + LOOKED_BITS] as number
      return judgeRead(state, registered, set, bits, rows[at + LOOKED_ORIGIN] as number)
    }
  }
  const table = tableOf(session, registered.prefix.family)
  const set = table === null || table.rib.paths ? NO_SET : table.rib.get(registered.prefix, 0)
  found.set = set
  if (set !== NO_SET) return judgeSet(state, registered, session, set)
  return table === null ? 0 : judgePaths(state, registered, session, table)
}

/** Findings of all paths that the session has for the prefix (RFC 7911), or of their absence. */
function judgePaths(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  { rib, complete }: SessionTable,
): number {
  let bits = session.up && complete ? NOT_RECEIVED : 0
  let received = false
  if (!rib.paths) return bits
  rib.eachPath(registered.prefix, (set) => {
    if (!received) bits = 0
    received = true
    bits |= judgeSet(state, registered, session, set)
  })
  return bits
}

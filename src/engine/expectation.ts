/**
 * Which sessions a prefix is expected on. Thousands of prefixes expect the same sessions, so they share one
 * list, and what can be said of the sessions alone is found once for all of those prefixes.
 */
import { type Family, familyName } from '../prefix/prefix.ts'
import type { EngineSession, EngineState } from './state.ts'
import type { Registration } from './types.ts'

/** The sessions that some registrations expect their prefixes of one family on. */
export interface Expectation {
  readonly family: Family
  /** Ascending by index. */
  readonly sessions: readonly EngineSession[]
  /** The same sessions. */
  readonly members: ReadonlySet<EngineSession>
  /** What `anyCompleted` and `anyAwaited` say; null: a session changed since they were asked. */
  known: { readonly completed: boolean; readonly awaited: boolean } | null
}

/** Expectations known by name at most; more than that are merely not shared. */
const MOST_SHARED = 10_000

/** Makes the expectation of a family and some sessions, which are ascending by index. */
export function createExpectation(family: Family, sessions: readonly EngineSession[]): Expectation {
  return { family, sessions, members: new Set(sessions), known: null }
}

/** The sessions on which a registration expects its prefix. */
function expectedSessions(state: EngineState, { prefix, sessions }: Registration): EngineSession[] {
  const family = familyName(prefix.family)
  return state.sessions.filter(
    (session): session is EngineSession =>
      session?.families.includes(family) === true &&
      session.counts !== false &&
      (sessions?.includes(session.name) ?? session.counts === true),
  )
}

/** @returns where a registration expects its prefix; the same object for all that expect the same */
export function expectationOf(state: EngineState, registration: Registration): Expectation {
  const { prefix, sessions } = registration
  const key =
    sessions === undefined ? `${prefix.family}` : `${prefix.family}\n${sessions.join('\n')}`
  const known = state.expectations.get(key)
  if (known !== undefined) return known
  if (state.expectations.size >= MOST_SHARED) state.expectations.clear()
  const made = createExpectation(prefix.family, expectedSessions(state, registration))
  state.expectations.set(key, made)
  return made
}

/** Whether the initial table of a family is there on the session (SPEC 1.3). */
export function isComplete(session: EngineSession, family: Family): boolean {
  return session.tables[family - 1]?.complete === true
}

/** Whether nothing can be said of the session yet: its table is on its way, or it had no time to come up. */
function isAwaited(session: EngineSession, family: Family): boolean {
  return session.up ? !isComplete(session, family) : !session.overdue
}

function look({ family, sessions }: Expectation): NonNullable<Expectation['known']> {
  return {
    completed: sessions.some((session) => session.tables[family - 1]?.everComplete === true),
    awaited: sessions.some((session) => isAwaited(session, family)),
  }
}

/** Whether any of the sessions has ever completed its initial table. */
export function anyCompleted(expectation: Expectation): boolean {
  expectation.known ??= look(expectation)
  return expectation.known.completed
}

/** Whether nothing can be said yet of any of the sessions. */
export function anyAwaited(expectation: Expectation): boolean {
  expectation.known ??= look(expectation)
  return expectation.known.awaited
}

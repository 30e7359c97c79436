/** Which registered prefixes arrive with errors on a session: what a looking glass calls filtered. */
import { familyName, type Prefix } from '../prefix/prefix.ts'
import { isError, readReason, readSession } from './finding-codes.ts'
import { sortedEntries } from './registry.ts'
import type { EngineSession, EngineState, Registered } from './state.ts'
import type { FindingReason, SessionTallies } from './types.ts'

/** Findings about a route that is there. */
const aboutRoute: ReadonlySet<FindingReason> = new Set([
  'missing-community',
  'as-path-too-long',
  'private-asn',
  'bogon-asn',
  'as-path-prepended',
  'origin-mismatch',
] satisfies FindingReason[])

/** Calls back with each session on which the prefix's route has an error, once a session. */
function eachSession(
  state: EngineState,
  registered: Registered,
  visit: (session: EngineSession) => void,
): void {
  let last: EngineSession | null = null
  for (const { code } of registered.opened) {
    if (!isError(code) || !aboutRoute.has(readReason(code))) continue
    const session = readSession(state, code)
    if (session === null || session === last) continue
    last = session
    visit(session)
  }
}

/** Registered prefixes whose route on the session has an error, in the order of `comparePrefix`. */
export function failingPrefixes(state: EngineState, session: EngineSession): Prefix[] {
  const found: Prefix[] = []
  for (const registered of sortedEntries(state)) {
    eachSession(state, registered, (on) => {
      if (on === session) found.push(registered.prefix)
    })
  }
  return found
}

/** How many they are, by name of the session; a session without any is not there. */
export function failingCounts(state: EngineState): Map<string, SessionTallies['prefixes']> {
  const counts = new Map<string, { ipv4: number; ipv6: number }>()
  for (const registered of state.registered) {
    if (registered === undefined) continue
    eachSession(state, registered, ({ name }) => {
      const count = counts.get(name) ?? { ipv4: 0, ipv6: 0 }
      count[familyName(registered.prefix.family)]++
      counts.set(name, count)
    })
  }
  return counts
}

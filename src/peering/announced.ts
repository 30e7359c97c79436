/** What a session announces against what it may announce: routes outside a list of prefixes. */
import { coversPrefix, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import type { Live } from './live.ts'

/** Routes of one session that are looked at: as many as a circuit may announce. */
export const MOST_LOOKED_AT = 10_000
/** Those named one by one. */
const NAMED = 20

export interface Outside {
  /** Prefixes that lie in none of the allowed ones; the first of them. */
  readonly prefixes: readonly string[]
  readonly count: number
}

/** @returns every prefix that the session announces, up to `MOST_LOOKED_AT`; none when it is unknown */
export function announcedPrefixes(live: Live, session: string): readonly Prefix[] {
  return live.engine.announced(session, MOST_LOOKED_AT) ?? []
}

/** @returns what lies outside the allowed prefixes */
export function outsideOf(
  announced: readonly Prefix[],
  allowed: readonly Readonly<Prefix>[],
): Outside {
  const outside = announced.filter((each) => !allowed.some((space) => coversPrefix(space, each)))
  return { prefixes: outside.slice(0, NAMED).map(formatPrefix), count: outside.length }
}

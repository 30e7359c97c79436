/** What a session announces against what it may announce: routes outside a list of prefixes. */
import { coversPrefix, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../prefix/text.ts'
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
export function announcedPrefixes(live: Live, session: string): Prefix[] {
  const found: Prefix[] = []
  let cursor: string | null | undefined
  while (cursor !== null && found.length < MOST_LOOKED_AT) {
    const query = { limit: 1000, ...(cursor !== undefined && { cursor }) }
    const page = live.engine.routes(session, query)
    if (page === undefined) break
    for (const { prefix } of page.items) found.push(parsePrefix(prefix))
    cursor = page.cursor
  }
  return found
}

/** @returns what lies outside the allowed prefixes */
export function outsideOf(
  announced: readonly Prefix[],
  allowed: readonly Readonly<Prefix>[],
): Outside {
  const outside = announced.filter((each) => !allowed.some((space) => coversPrefix(space, each)))
  return { prefixes: outside.slice(0, NAMED).map(formatPrefix), count: outside.length }
}

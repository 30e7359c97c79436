/**
 * What is said of a route that is not there. It follows from the names of prefix and session and from a
 * few facts, so that one object says it for all prefixes of which the same facts are known.
 */
import { maskPrefix } from '../prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../prefix/text.ts'
import type { Sayable } from './open-finding.ts'

/** Says that a session carries no route of a prefix. */
export interface MissingRoute extends Sayable {
  /** The covering route that is there instead, as text; undefined: none is. @param prefix as text */
  covering(prefix: string): string | undefined
}

function makeMissing(coverLength: number | null, malformed: boolean): MissingRoute {
  const why = malformed ? ' (its last UPDATE was malformed)' : ''
  const covering = (prefix: string) => {
    if (coverLength === null) return undefined
    const cover = { ...parsePrefix(prefix), length: coverLength }
    maskPrefix(cover)
    return formatPrefix(cover)
  }
  return {
    shared: true,
    covering,
    say(_reason, prefix, session) {
      const instead = coverLength === null ? '' : `; the covering route ${covering(prefix)} is`
      return `${prefix} is not received on ${session}${why}${instead}.`
    },
  }
}

const known = new Map<number, MissingRoute>()

/**
 * @param coverLength length of the longest covering route that is there; null: none is
 * @param malformed whether the last UPDATE that named the prefix was malformed
 * @returns the same object for the same facts
 */
export function missingRoute(coverLength: number | null, malformed: boolean): MissingRoute {
  const key = ((coverLength ?? -1) + 1) * 2 + (malformed ? 1 : 0)
  let missing = known.get(key)
  if (missing === undefined) {
    missing = makeMissing(coverLength, malformed)
    known.set(key, missing)
  }
  return missing
}

/** Says that a session is down. */
export const sessionDown: Sayable = {
  shared: true,
  say: (_reason, prefix, session) =>
    `${session} is not Established, so it says nothing about ${prefix}.`,
}

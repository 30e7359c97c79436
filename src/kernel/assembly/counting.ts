/**
 * Routes near registered prefixes of which nobody must hear one by one: engine/intake.ts counts the same way
 * what comes there.
 */
import { addTo, setWord, word } from './control.ts'
import {
  CLASSES,
  COVERING,
  FINDINGS,
  MOST_SPECIFICS,
  NOT_PLAIN,
  ONE_ORIGIN,
  PLACE_BITS,
  PLAIN,
  PLAIN_KIND,
  PLAIN_ORIGIN,
  PLAIN_WORDS,
  QUIET,
  REMOTE_AS,
  SEED,
  SESSION,
  SPECIFIC_NUMBER,
  SPECIFIC_ORIGIN,
  SPECIFIC_PLACE,
  SPECIFIC_ROUTES,
  SPECIFIC_SESSION,
  SPECIFIC_WORDS,
  SPECIFICS,
  SPECIFICS_COUNT,
  SPECIFICS_PLACES,
  SPECIFICS_WAIT,
} from './fields.ts'
import { covering, depth, NONE } from './near.ts'
import { NO_SET, tableWords } from './routes.ts'
import { findingsOf, originOf, pathLengthOf } from './sets.ts'

const VERIFIED = 0
const FAILED = 1
const OVERLAP = 2

/** The bit of `origin-mismatch` (engine/types.ts). */
const ORIGIN_MISMATCH = 1 << 6

/**
 * Counts a route that the last look-up found near registered prefixes.
 * @param exact number of the registered prefix that it equals, or NONE
 * @param before the set that it had
 * @returns false: TypeScript must be told of it
 */
export function countNear(exact: i32, set: i32, before: i32): bool {
  if (word(tableWords() + QUIET) === 0) return false
  if (exact !== NONE) return countExact(exact, set)
  if (covering !== NONE && !countSpecific(set, before)) {
    setWord(SPECIFICS_WAIT, 1)
    return false
  }
  addTo(CLASSES + OVERLAP, 1)
  return true
}

function countExact(number: i32, set: i32): bool {
  const at = <usize>word(PLAIN) + <usize>(number * (PLAIN_WORDS << 2))
  const kind = load<i32>(at + (PLAIN_KIND << 2))
  if (kind === NOT_PLAIN) return false
  let bits = findingsOf(set)
  if (kind === ONE_ORIGIN && originOnSession(set) !== load<i32>(at + (PLAIN_ORIGIN << 2)))
    bits |= ORIGIN_MISMATCH
  addTo(CLASSES + (bits === 0 ? VERIFIED : FAILED), 1)
  for (let reason = 0; bits !== 0; reason++) {
    if ((bits & 1) !== 0) addTo(FINDINGS + reason, 1)
    bits >>>= 1
  }
  return true
}

/** An empty path means the peer's own AS (`originOf` of engine/judge.ts). */
export function originOnSession(set: i32): i32 {
  const origin = originOf(set)
  return origin !== 0 || pathLengthOf(set) > 0 ? origin : word(REMOTE_AS)
}

/**
 * Adds a route to the more-specifics of every registered prefix above it. One that was there already may take
 * a count away, and those before it must be known for that.
 */
function countSpecific(set: i32, before: i32): bool {
  if (before !== NO_SET || word(SPECIFICS_WAIT) !== 0) return false
  if (word(SPECIFICS_COUNT) + depth > MOST_SPECIFICS) return false
  const origin = originOf(set)
  for (let i = 0; i < depth; i++) addSpecific(word(COVERING + i), origin)
  return true
}

function addSpecific(number: i32, origin: i32): void {
  const session = word(SESSION)
  const places = <usize>word(SPECIFICS_PLACES)
  const all = <usize>word(SPECIFICS)
  const count = word(SPECIFICS_COUNT)
  let place = placeOf(number, origin, session)
  for (;;) {
    const held = load<i32>(places + ((<usize>place) << 2))
    const at = all + <usize>(held * (SPECIFIC_WORDS << 2))
    if (held >= count || load<i32>(at + (SPECIFIC_PLACE << 2)) !== place) break
    if (
      load<i32>(at + (SPECIFIC_NUMBER << 2)) === number &&
      load<i32>(at + (SPECIFIC_ORIGIN << 2)) === origin &&
      load<i32>(at + (SPECIFIC_SESSION << 2)) === session
    ) {
      const routes = at + (SPECIFIC_ROUTES << 2)
      store<i32>(routes, load<i32>(routes) + 1)
      return
    }
    place = (place + 1) & ((1 << PLACE_BITS) - 1)
  }
  const at = all + <usize>(count * (SPECIFIC_WORDS << 2))
  store<i32>(at + (SPECIFIC_SESSION << 2), session)
  store<i32>(at + (SPECIFIC_NUMBER << 2), number)
  store<i32>(at + (SPECIFIC_ORIGIN << 2), origin)
  store<i32>(at + (SPECIFIC_ROUTES << 2), 1)
  store<i32>(at + (SPECIFIC_PLACE << 2), place)
  store<i32>(places + ((<usize>place) << 2), count)
  setWord(SPECIFICS_COUNT, count + 1)
}

/** Where a count is looked for first. Keyed, so that no peer can choose origins that all meet. */
function placeOf(number: i32, origin: i32, session: i32): i32 {
  let hash = (word(SEED) ^ number) * <i32>0x9e3779b1
  hash = (rotl<i32>(hash, 15) ^ origin) * <i32>0x9e3779b1
  hash = (rotl<i32>(hash, 15) ^ session) * <i32>0x9e3779b1
  return hash >>> (32 - PLACE_BITS)
}

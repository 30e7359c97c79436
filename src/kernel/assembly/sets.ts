/** Attribute sets: the hot half of engine/attribute-sets.ts, on the same records, table and segments. */
import { addTo, setWord, word } from './control.ts'
import {
  FIRST_FREE,
  RECORDS,
  RECORDS_CAPACITY,
  RECORDS_USED,
  SEED,
  SEGMENT,
  SEGMENT_LIVE,
  SEGMENT_ROOM,
  SEGMENT_USED,
  SEGMENTS,
  SET_COUNT,
  SET_TABLE,
  TABLE_MASK,
  UNUSED,
  UNUSED_COUNT,
} from './fields.ts'
import { areEqual, copy, hashOctets } from './octets.ts'

/** No room: TypeScript makes some, and runs again. */
export const NO_ROOM = -1

// Octets of a record's fields.
const OFFSET = 0
const LENGTHS = 4
const REFERENCES = 8
const HASH = 12
const BITS = 16
const ORIGIN = 20
const RECORD = 24

const NUMBER_MASK = 0xffffff
const SEGMENT_BITS = 20
/** What `copy` may write beyond the octets. */
const SLACK = 16

function recordOf(set: i32): usize {
  return <usize>word(RECORDS) + <usize>(set * RECORD)
}

function octetsOf(record: usize): usize {
  const offset = load<i32>(record + OFFSET)
  const segment = load<u32>(<usize>word(SEGMENTS) + ((<usize>(offset >>> SEGMENT_BITS)) << 2))
  return <usize>segment + <usize>(offset & ((1 << SEGMENT_BITS) - 1))
}

/** Whether the set is held and has these octets. */
export function holds(set: i32, start: usize, length: i32): bool {
  if (set < 0 || set >= word(RECORDS_USED)) return false
  const record = recordOf(set)
  if (load<i32>(record + OFFSET) === -1) return false
  return (
    (load<i32>(record + LENGTHS) & 0xffff) === length && areEqual(octetsOf(record), start, length)
  )
}

/** @returns the set with these octets, made if need be; NO_ROOM */
export function intern(start: usize, length: i32, bits: i32, originAs: i32, pathLength: i32): i32 {
  const hash = hashOctets(word(SEED), start, length)
  const table = <usize>word(SET_TABLE)
  const mask = word(TABLE_MASK)
  let slot = hash & mask
  for (;;) {
    const held = load<i32>(table + ((<usize>slot) << 2))
    if (held === 0) break
    if (((held ^ hash) & ~NUMBER_MASK) === 0) {
      const set = (held & NUMBER_MASK) - 1
      const record = recordOf(set)
      if (
        load<i32>(record + HASH) === hash &&
        (load<i32>(record + LENGTHS) & 0xffff) === length &&
        areEqual(octetsOf(record), start, length)
      ) {
        return set
      }
    }
    slot = (slot + 1) & mask
  }
  const used = word(SEGMENT_USED)
  const free = word(FIRST_FREE)
  if (
    (word(SET_COUNT) + 1) * 3 > mask * 2 ||
    used + length + SLACK > word(SEGMENT_ROOM) ||
    (free < 0 && word(RECORDS_USED) >= word(RECORDS_CAPACITY))
  ) {
    return NO_ROOM
  }
  const set = free < 0 ? word(RECORDS_USED) : free
  const record = recordOf(set)
  if (free < 0) addTo(RECORDS_USED, 1)
  else setWord(FIRST_FREE, load<i32>(record + REFERENCES))
  const segment = word(SEGMENT)
  store<i32>(record + OFFSET, (segment << SEGMENT_BITS) | used)
  copy(octetsOf(record), start, length)
  addTo(SEGMENT_USED, length)
  addTo(SEGMENT_LIVE, length)
  store<i32>(record + LENGTHS, (pathLength << 16) | length)
  store<i32>(record + REFERENCES, 0)
  store<i32>(record + HASH, hash)
  store<i32>(record + BITS, bits)
  store<i32>(record + ORIGIN, originAs)
  store<i32>(table + ((<usize>slot) << 2), (hash & ~NUMBER_MASK) | (set + 1))
  addTo(SET_COUNT, 1)
  return set
}

/** Puts sets into an empty hash table. */
export function enterSets(records: usize, used: i32, table: usize, mask: i32): void {
  for (let set = 0; set < used; set++) {
    const record = records + <usize>(set * RECORD)
    if (load<i32>(record + OFFSET) === -1) continue
    const hash = load<i32>(record + HASH)
    let slot = hash & mask
    while (load<i32>(table + ((<usize>slot) << 2)) !== 0) slot = (slot + 1) & mask
    store<i32>(table + ((<usize>slot) << 2), (hash & ~NUMBER_MASK) | (set + 1))
  }
}

/** So many routes more carry the set. */
export function retain(set: i32, routes: i32): void {
  const at = recordOf(set) + REFERENCES
  store<i32>(at, load<i32>(at) + routes)
}

/** One route fewer carries the set; without any it is noted, for TypeScript to take out. */
export function release(set: i32): void {
  const at = recordOf(set) + REFERENCES
  const left = load<i32>(at) - 1
  store<i32>(at, left)
  if (left > 0) return
  const count = word(UNUSED_COUNT)
  store<i32>(<usize>word(UNUSED) + ((<usize>count) << 2), set)
  setWord(UNUSED_COUNT, count + 1)
}

/** Finding bits of the set under the engine's policy. */
export function findingsOf(set: i32): i32 {
  return load<u16>(recordOf(set) + BITS)
}

/** The last AS of its path; 0: not known, or none. */
export function originOf(set: i32): i32 {
  return load<i32>(recordOf(set) + ORIGIN)
}

export function pathLengthOf(set: i32): i32 {
  return load<u16>(recordOf(set) + LENGTHS + 2)
}

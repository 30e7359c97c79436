/**
 * The kernel: UPDATEs that are well-formed and usual, from octets to stored routes. It works on the tables
 * of the engine, and leaves to TypeScript all that is not in every UPDATE: it stops before a message that is
 * not for it, where a table must grow, and tells which routes are near registered prefixes.
 */
import {
  firstAs,
  nextHop,
  originAs,
  pathBits,
  pathLength,
  reach,
  reachEnd,
  reachNlri,
  walk,
} from './attributes.ts'
import { addTo, setWord, useControl, word } from './control.ts'
import { countNear } from './counting.ts'
import {
  ANNOUNCED,
  COUNT,
  DONE,
  FIRST_AS_REQUIRED,
  LAST_NOTES,
  LAST_SET,
  LIMIT,
  MAX_LENGTH,
  NEAR,
  NEAR_BEFORE,
  NEAR_CAPACITY,
  NEAR_COUNT,
  NEAR_COVERING,
  NEAR_EXACT,
  NEAR_FAMILY,
  NEAR_LENGTH,
  NEAR_SET,
  NEAR_WORD0,
  NEAR_WORDS,
  NOTED,
  NOTED_FULL,
  QUEUE_ROUTES,
  ROUTES_FULL,
  ROUTES_WANTED,
  ROUTES_WANTED_FAMILY,
  SCRATCH,
  SETS_FULL,
  SLOTS,
  STATUS,
  TABLE_WORDS,
  TABLES,
  UNUSED_CAPACITY,
  UNUSED_COUNT,
  UPDATES,
} from './fields.ts'
import { judge, note } from './judgement.ts'
import { lookUpAll } from './lookups.ts'
import { covering, find4, find6, inside, NONE } from './near.ts'
import { copy, read16, read32 } from './octets.ts'
import {
  addWaiting,
  moveRoutes,
  NO_SET,
  putRoute,
  queueEnd,
  STRIDE4,
  STRIDE6,
  storeWaiting,
  tableWords,
  useSlots,
  useTable,
  waitingRoutes,
  writeRoute4,
  writeRoute6,
} from './routes.ts'
import { enterSets, holds, intern, NO_ROOM, release, retain } from './sets.ts'

export { lookUpAll }

const HEADER = 19
const SHORTEST = 23
const UPDATE = 2

/**
 * Takes messages from `start` on, as long as they are for the kernel.
 * @returns where it stopped: at the first message that it did not take; STATUS says why
 */
export function run(control: usize, start: usize, end: usize): usize {
  useControl(control)
  setWord(STATUS, DONE)
  const most = word(MAX_LENGTH)
  let at = start
  while (<i32>(end - at) >= SHORTEST) {
    if (load<i64>(at) !== -1 || load<i64>(at + 8) !== -1) break
    const length = read16(at + 16)
    if (load<u8>(at + 18) !== UPDATE || length < SHORTEST || length > most) break
    const next = at + <usize>length
    if (next > end || !take(at, next)) break
    addTo(UPDATES, 1)
    at = next
  }
  storeWaiting()
  return at
}

/**
 * Moves all routes of some slots into those of an empty table.
 * @param family 0: IPv4, 1: IPv6
 * @param from the slots, so many octets
 */
export function move(
  family: i32,
  slots: usize,
  capacity: i32,
  factor: i32,
  shift: i32,
  spread: i32,
  from: usize,
  octets: u32,
): void {
  useSlots(family, slots, capacity, factor, shift, spread)
  moveRoutes(from, octets)
}

/** Puts the first `used` attribute sets that are there into an empty hash table. */
export function rehash(records: usize, used: i32, table: usize, mask: i32): void {
  enterSets(records, used, table, mask)
}

/** One UPDATE. @returns false: nothing was done with it */
function take(at: usize, end: usize): bool {
  // Withdrawals are rare, and those of a session that ends do not come one by one.
  if (read16(at + <usize>HEADER) !== 0) return false
  const attributes = at + <usize>SHORTEST
  const attributesEnd = attributes + <usize>read16(at + <usize>HEADER + 2)
  if (attributesEnd > end || attributesEnd === attributes) return false
  return attributesEnd < end
    ? take4(attributes, attributesEnd, end)
    : take6(attributes, attributesEnd)
}

function take4(attributes: usize, attributesEnd: usize, end: usize): bool {
  if (word(TABLES + SLOTS) === 0) return false
  const routes = countPrefixes(attributesEnd, end, 32)
  if (routes < 0) return false
  turnTo(0)
  if (!hasRoom(routes)) return false
  const length = <i32>(attributesEnd - attributes)
  if (!holds(word(LAST_SET), attributes, length)) {
    if (!walk(attributes, attributesEnd) || nextHop === 0 || reach !== 0 || !beginsRight())
      return false
    if (!keep(attributes, length)) return false
  }
  beginRoutes(routes)
  announce4(attributesEnd, end)
  return true
}

function take6(attributes: usize, attributesEnd: usize): bool {
  if (word(TABLES + TABLE_WORDS + SLOTS) === 0) return false
  if (!walk(attributes, attributesEnd) || reach === 0 || !beginsRight()) return false
  const routes = countPrefixes(reachNlri, reachEnd, 128)
  if (routes < 0) return false
  turnTo(1)
  if (!hasRoom(routes)) return false
  const length = writeStored(attributes, attributesEnd)
  if (length < 0 || !keep(<usize>word(SCRATCH), length)) return false
  beginRoutes(routes)
  announce6(reachNlri, reachEnd)
  // Its stored form is not what came, so that octets like those would be another message.
  setWord(LAST_SET, -1)
  return true
}

/** The stored form (wire/stored-attributes.ts): MP_REACH_NLRI without its NLRI, no NEXT_HOP. */
function writeStored(start: usize, end: usize): i32 {
  if (nextHop !== 0) return -1
  const scratch = <usize>word(SCRATCH)
  const before = <i32>(reach - start)
  copy(scratch, start, before)
  let to = scratch + <usize>before
  // AFI, SAFI, the next hop's length, the next hop, and one reserved octet.
  const extended = (load<u8>(reach) & 0x10) !== 0
  const value = reach + (extended ? 4 : 3)
  const kept = <i32>(reachNlri - value)
  store<u8>(to, 0x80)
  store<u8>(to + 1, 14)
  store<u8>(to + 2, kept)
  copy(to + 3, value, kept)
  to += 3 + <usize>kept
  copy(to, reachEnd, <i32>(end - reachEnd))
  to += end - reachEnd
  return <i32>(to - scratch)
}

function beginsRight(): bool {
  const required = word(FIRST_AS_REQUIRED)
  return required === 0 || firstAs === required
}

/** Finds or makes the set of the attributes walked last. @returns false: there is no room for one more */
function keep(octets: usize, length: i32): bool {
  const set = intern(octets, length, (pathBits << 16) | judge(), originAs, pathLength)
  if (set === NO_ROOM) {
    setWord(STATUS, SETS_FULL)
    return false
  }
  setWord(LAST_SET, set)
  setWord(LAST_NOTES, note())
  return true
}

/** @returns how many prefixes there are; -1: one is too long or cut off */
function countPrefixes(start: usize, end: usize, longest: i32): i32 {
  let count = 0
  let at = start
  while (at < end) {
    const length = <i32>load<u8>(at)
    if (length > longest) return -1
    at += 1 + <usize>((length + 7) >> 3)
    count++
  }
  return at === end ? count : -1
}

/** Turns to the table of a family. */
function turnTo(family: i32): void {
  if (tableWords() !== TABLES + family * TABLE_WORDS) storeWaiting()
  useTable(family)
}

/** Whether so many routes can be dealt with now; else STATUS says what is to be done first. */
function hasRoom(routes: i32): bool {
  if (routes > QUEUE_ROUTES) return false
  if (waitingRoutes() + routes > QUEUE_ROUTES) storeWaiting()
  const coming = waitingRoutes() + routes
  if (
    word(NEAR_COUNT) + routes > word(NEAR_CAPACITY) ||
    word(UNUSED_COUNT) + coming > word(UNUSED_CAPACITY)
  ) {
    setWord(STATUS, NOTED_FULL)
    return false
  }
  const table = tableWords()
  let wanted = word(table + COUNT) + coming
  if (wanted <= word(table + LIMIT)) return true
  // Of those that wait, many may be there already.
  storeWaiting()
  wanted = word(table + COUNT) + routes
  if (wanted <= word(table + LIMIT)) return true
  setWord(ROUTES_WANTED_FAMILY, table === TABLES ? 0 : 1)
  setWord(ROUTES_WANTED, wanted)
  setWord(STATUS, ROUTES_FULL)
  return false
}

function beginRoutes(routes: i32): void {
  retain(word(LAST_SET), routes)
  addTo(tableWords() + ANNOUNCED, routes)
  let notes = word(LAST_NOTES)
  for (let note = 0; notes !== 0; note++) {
    if ((notes & 1) !== 0) addTo(NOTED + note, routes)
    notes >>>= 1
  }
}

function announce4(start: usize, end: usize): void {
  const set = word(LAST_SET)
  let queue = queueEnd()
  const first = queue
  let at = start
  while (at < end) {
    const length = <i32>load<u8>(at)
    const prefix = length === 0 ? 0 : read32(at + 1) & (-1 << (32 - length))
    at += 1 + <usize>((length + 7) >> 3)
    writeRoute4(queue, prefix, length, set)
    const exact = find4(prefix, length)
    if (exact === NONE && covering === NONE && !inside) queue += <usize>STRIDE4
    else putNear(queue, prefix, 0, 0, 0, length, set, exact)
  }
  addWaiting(<i32>(queue - first) / STRIDE4)
}

function announce6(start: usize, end: usize): void {
  const set = word(LAST_SET)
  let queue = queueEnd()
  const first = queue
  let at = start
  while (at < end) {
    const length = <i32>load<u8>(at++)
    const w0 = firstBits(at, length)
    const w1 = firstBits(at + 4, length - 32)
    const w2 = firstBits(at + 8, length - 64)
    const w3 = firstBits(at + 12, length - 96)
    at += <usize>((length + 7) >> 3)
    writeRoute6(queue, w0, w1, w2, w3, length, set)
    const exact = find6(w0, w1, w2, w3, length)
    if (exact === NONE && covering === NONE && !inside) queue += <usize>STRIDE6
    else putNear(queue, w0, w1, w2, w3, length, set, exact)
  }
  addWaiting(<i32>(queue - first) / STRIDE6)
}

/** The first bits of the word at an address, the rest 0. */
function firstBits(at: usize, bits: i32): i32 {
  if (bits <= 0) return 0
  const whole = read32(at)
  return bits >= 32 ? whole : whole & (-1 << (32 - bits))
}

/** Stores a route near registered prefixes, and counts it or notes it for TypeScript. */
function putNear(
  route: usize,
  w0: i32,
  w1: i32,
  w2: i32,
  w3: i32,
  length: i32,
  set: i32,
  exact: i32,
): void {
  const before = putRoute(route)
  if (countNear(exact, set, before)) {
    if (before !== NO_SET) release(before)
    return
  }
  const count = word(NEAR_COUNT)
  const at = <usize>word(NEAR) + <usize>(count * (NEAR_WORDS << 2))
  store<i32>(at + (NEAR_WORD0 << 2), w0)
  store<i32>(at + 4, w1)
  store<i32>(at + 8, w2)
  store<i32>(at + 12, w3)
  store<i32>(at + (NEAR_LENGTH << 2), length)
  store<i32>(at + (NEAR_SET << 2), set)
  store<i32>(at + (NEAR_BEFORE << 2), before)
  store<i32>(at + (NEAR_FAMILY << 2), tableWords() === TABLES ? 1 : 2)
  store<i32>(at + (NEAR_EXACT << 2), exact)
  store<i32>(at + (NEAR_COVERING << 2), covering)
  setWord(NEAR_COUNT, count + 1)
}

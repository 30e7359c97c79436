/**
 * The loops over tables of routes (engine/route-slots.ts), on the same slots.
 */
import { setWord, word } from './control.ts'
import {
  CAPACITY,
  COUNT,
  FACTOR,
  QUEUE,
  SHIFT,
  SLOTS,
  SPREAD,
  STAMP_NOW,
  TABLE_WORDS,
  TABLES,
} from './fields.ts'
import { release } from './sets.ts'

// Octets of a slot's fields.
const META = 4
const STAMP = 8
const TAIL = 12
export const STRIDE4 = 12
export const STRIDE6 = 24

const SET_BITS = 24
const SET_MASK = 0xffffff
export const NO_SET = -1

/** Routes whose places are looked at together. */
export const TOGETHER = 64
/** Keeps the compiler from leaving out what `touch` does. */
export let touched = 0

/** Routes of the table at hand in the queue. */
let waiting = 0
/** The table at hand. */
let table = 0
let slots: usize = 0
let end: usize = 0
let stride: i32 = 0
let factor: i32 = 0
let shift: i32 = 0
let spread: i32 = 0

/** Turns to a table; nothing may wait for another one. @param family 0: IPv4, 1: IPv6 */
export function useTable(family: i32): void {
  table = TABLES + family * TABLE_WORDS
  const first = <usize>word(table + SLOTS)
  const capacity = word(table + CAPACITY)
  useSlots(family, first, capacity, word(table + FACTOR), word(table + SHIFT), word(SPREAD))
}

/** Turns to the slots of a table. */
export function useSlots(
  family: i32,
  first: usize,
  capacity: i32,
  hashFactor: i32,
  hashShift: i32,
  hashSpread: i32,
): void {
  stride = family === 0 ? STRIDE4 : STRIDE6
  slots = first
  end = first + <usize>(capacity * stride)
  factor = hashFactor
  shift = hashShift
  spread = hashSpread
}

/** The first word of a control block about the table at hand. */
export function tableWords(): i32 {
  return table
}

function hash4(first: i32, length: i32): u32 {
  return <u32>((first ^ (length * 0x5bd1e995)) * spread)
}

function hash6(w0: i32, w1: i32, w2: i32, w3: i32, length: i32): u32 {
  let hash = (w0 ^ (length * 0x5bd1e995)) * spread
  hash = (hash ^ (hash >>> 15) ^ w1) * <i32>0xc2b2ae35
  hash = (hash ^ (hash >>> 13) ^ w2) * spread
  return <u32>((hash ^ (hash >>> 15) ^ w3) * spread)
}

/** The hash of a route as it lies in a slot or in the queue. */
function hashAt(route: usize): u32 {
  const length = (load<i32>(route + META) >>> SET_BITS) - 1
  const first = load<i32>(route)
  if (stride === STRIDE4) return hash4(first, length)
  return hash6(
    first,
    load<i32>(route + TAIL),
    load<i32>(route + TAIL + 4),
    load<i32>(route + TAIL + 8),
    length,
  )
}

function home(hash: u32): usize {
  return slots + <usize>((((hash >>> 5) * <u32>factor) >>> shift) * <u32>stride)
}

function isSame(slot: usize, route: usize): bool {
  if (load<i32>(slot) !== load<i32>(route)) return false
  if (load<i32>(slot + META) >>> SET_BITS !== load<i32>(route + META) >>> SET_BITS) return false
  return (
    stride === STRIDE4 ||
    (load<i32>(slot + TAIL) === load<i32>(route + TAIL) &&
      load<u64>(slot + TAIL + 4) === load<u64>(route + TAIL + 4))
  )
}

function copyRoute(to: usize, route: usize): void {
  store<u64>(to, load<u64>(route))
  store<i32>(to + STAMP, load<i32>(route + STAMP))
  if (stride === STRIDE4) return
  store<u64>(to + TAIL, load<u64>(route + TAIL))
  store<i32>(to + TAIL + 8, load<i32>(route + TAIL + 8))
}

/**
 * Stores or replaces a route that lies in memory as in a slot. There must be room.
 * @returns the set it had before, or NO_SET
 */
export function putRoute(route: usize): i32 {
  let slot = home(hashAt(route))
  for (;;) {
    const meta = load<i32>(slot + META)
    if (meta === 0) break
    if (isSame(slot, route)) {
      store<i32>(slot + META, load<i32>(route + META))
      store<i32>(slot + STAMP, load<i32>(route + STAMP))
      return meta & SET_MASK
    }
    slot += <usize>stride
    if (slot === end) slot = slots
  }
  copyRoute(slot, route)
  setWord(table + COUNT, word(table + COUNT) + 1)
  return NO_SET
}

/** @returns the set of a prefix that lies in memory as in a slot, or NO_SET */
export function findRoute(route: usize): i32 {
  let slot = home(hashAt(route))
  while (load<i32>(slot + META) !== 0) {
    if (isSame(slot, route)) return load<i32>(slot + META) & SET_MASK
    slot += <usize>stride
    if (slot === end) slot = slots
  }
  return NO_SET
}

/** Where the next route of the queue goes. */
export function queueEnd(): usize {
  return <usize>word(QUEUE) + <usize>(waiting * stride)
}

/** Routes of the table at hand that wait. */
export function waitingRoutes(): i32 {
  return waiting
}

/** So many more were written at the end of the queue. */
export function addWaiting(routes: i32): void {
  waiting += routes
}

export function writeRoute4(at: usize, first: i32, length: i32, set: i32): void {
  store<i32>(at, first)
  store<i32>(at + META, ((length + 1) << SET_BITS) | set)
  store<i32>(at + STAMP, word(STAMP_NOW))
}

export function writeRoute6(
  at: usize,
  w0: i32,
  w1: i32,
  w2: i32,
  w3: i32,
  length: i32,
  set: i32,
): void {
  writeRoute4(at, w0, length, set)
  store<i32>(at + TAIL, w1)
  store<i32>(at + TAIL + 4, w2)
  store<i32>(at + TAIL + 8, w3)
}

/** Stores what waits. There must be room for it, and for as many unused sets. */
export function storeWaiting(): void {
  if (waiting === 0) return
  let from = <usize>word(QUEUE)
  const last = from + <usize>(waiting * stride)
  waiting = 0
  while (from < last) {
    const some = from + <usize>(TOGETHER * stride)
    const until = min<usize>(some, last)
    touch(from, until)
    for (; from < until; from += <usize>stride) {
      const before = putRoute(from)
      if (before !== NO_SET) release(before)
    }
  }
}

/**
 * Looks at the places of some routes. Nearly each lies where no cache has it; nothing depends on what is
 * there, so that the processor fetches many at a time.
 */
export function touch(from: usize, until: usize): void {
  let seen = 0
  for (let route = from; route < until; route += <usize>stride)
    seen ^= load<i32>(home(hashAt(route)) + META)
  touched = seen
}

/**
 * Writes to each page of the table at hand, which is empty. A page that is read first takes two page faults
 * until it can be written to, and soon there is no page of a new table without a route.
 */
function writePages(): void {
  for (let at = slots; at < end; at += 4096) store<i32>(at, 0)
}

/** Moves all routes of other slots into the table at hand, which is empty. */
export function moveRoutes(from: usize, octets: u32): void {
  writePages()
  const last = from + <usize>octets
  for (let route = from; route < last; route += <usize>stride) {
    if (load<i32>(route + META) === 0) continue
    let slot = home(hashAt(route))
    while (load<i32>(slot + META) !== 0) {
      slot += <usize>stride
      if (slot === end) slot = slots
    }
    copyRoute(slot, route)
  }
}

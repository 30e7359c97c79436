/**
 * Attribute sets, each held once however many routes carry it. A set is the octets of its path
 * attributes (in the stored form of wire/stored-attributes.ts) plus the few numbers that judging
 * needs. Sets are counted; one without routes is gone at once and its octets are reclaimed.
 */
import { OutOfTableMemoryError } from '../kernel/arena.ts'
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
} from '../kernel/assembly/fields.ts'
import { loadKernel } from '../kernel/kernel.ts'
import { addressOf } from '../kernel/memory.ts'
import { MAX_MESSAGE_LENGTH } from '../wire/codes.ts'
import type { StoredWindow } from '../wire/stored-attributes.ts'
import { MAX_SETS } from './adj-rib-in.ts'
import { TableArrays } from './table-arrays.ts'

// Fields of a record of six 32-bit words.
/** Segment and place of the octets; -1: the record is free. */
const OFFSET = 0
/** Length of the octets in the lower half, of the AS path in the upper one. */
const LENGTHS = 1
/** How many routes carry the set; of a free record the next free one. */
const REFERENCES = 2
const HASH = 3
/** Finding bits under the engine's policy in the low half, PathFact bits in the high half. */
const BITS = 4
const ORIGIN = 5
const RECORD = 6

const FREE = -1

// An entry of the hash table: set number + 1 in the lower 24 bits, the first bits of the hash above them.
const SET_MASK = 0xffffff
const TAG_MASK = ~SET_MASK

/** Slots of the first hash table; below LARGE it grows fourfold, from there on it doubles. */
const SMALLEST = 1 << 11
const LARGE = 1 << 19
/** Records of the first array. */
const FEWEST_RECORDS = SMALLEST / 2

/** Octets live in segments, so that space comes back and no large array is ever copied. */
const SEGMENT_BITS = 20
const SEGMENT_SIZE = 1 << SEGMENT_BITS
const OFFSET_MASK = SEGMENT_SIZE - 1
const MOST_SEGMENTS = 2 ** (32 - SEGMENT_BITS)
/** The first few segments are small, as most tables are. They hold the longest set all the same. */
const SMALL_SEGMENTS = 4
const SMALL_SEGMENT_SIZE = 1 << 16

interface Segment {
  view: DataView
  used: number
  /** Octets of sets that are still referenced. */
  live: number
}

/** Mixes a word into a hash. */
function mix(hash: number, word: number): number {
  return Math.imul(((hash << 5) | (hash >>> 27)) ^ word, 0x9e3779b1)
}

/** The hash of the octets from `start` to `end` (exclusive): the same as the kernel's. */
function hashOctets(seed: number, view: DataView, start: number, end: number): number {
  let even = seed
  let odd = ~seed
  let at = start
  for (const pairs = end - 7; at < pairs; at += 8) {
    even = mix(even, view.getInt32(at, true))
    odd = mix(odd, view.getInt32(at + 4, true))
  }
  if (at + 4 <= end) {
    even = mix(even, view.getInt32(at, true))
    at += 4
  }
  for (; at < end; at++) odd = mix(odd, view.getUint8(at))
  const hash = mix(mix(even, odd), end - start)
  return hash ^ (hash >>> 15)
}

export class AttributeSets {
  /** Sets held. */
  count = 0
  private records: Int32Array = new Int32Array(0)
  private recordsUsed = 0
  private firstFree = FREE
  /** Open addressing, by the last bits of the hash; 0 is empty. */
  private table: Int32Array = new Int32Array(0)
  private mask = 0
  private segments: (Segment | null)[] = []
  /** Where each of them begins in the kernel's memory. */
  private segmentAddresses: Int32Array = new Int32Array(0)
  private filling = -1
  private spare: Segment | null = null
  private readonly arrays = new TableArrays(this)
  /** What the kernel was told last; null: an array is another one since. */
  private lent: Int32Array | null = null
  /** Against a peer that chooses attributes so that their hashes collide. */
  private readonly seed: number

  constructor(seed = (Math.random() * 0x100000000) | 0) {
    this.seed = seed
    this.reset()
  }

  /** Octets held outside V8's heap. */
  get bytes(): number {
    let held = this.spare?.view.byteLength ?? 0
    for (const segment of this.segments) held += segment === null ? 0 : segment.view.byteLength
    const { records, table, segmentAddresses } = this
    return held + records.byteLength + table.byteLength + segmentAddresses.byteLength
  }

  /**
   * Finds or makes the set with these octets. It has no references of its own: `retain` it for each
   * route before anything is released.
   * @returns the set's number
   * @throws OutOfTableMemoryError: nothing has changed
   */
  intern(stored: StoredWindow, bits: number, originAs: number, pathLength: number): number {
    const { view, start, end } = stored
    const hash = hashOctets(this.seed, view, start, end)
    const { mask, table } = this
    let slot = hash & mask
    for (;;) {
      const held = table[slot] as number
      if (held === 0) break
      if (((held ^ hash) & TAG_MASK) === 0) {
        const set = (held & SET_MASK) - 1
        if (this.equals(set, hash, view, start, end)) return set
      }
      slot = (slot + 1) & mask
    }
    return this.add(slot, hash, view, start, end, bits, originAs, pathLength)
  }

  private equals(set: number, hash: number, view: DataView, start: number, end: number): boolean {
    if (this.records[set * RECORD + HASH] !== hash || this.lengthOf(set) !== end - start)
      return false
    return this.equalOctets(set, view, start, end)
  }

  /** Whether the set is held and has these octets. */
  holds(set: number, view: DataView, start: number, end: number): boolean {
    if (set < 0 || set >= this.recordsUsed || this.lengthOf(set) !== end - start) return false
    return this.records[set * RECORD + OFFSET] !== FREE && this.equalOctets(set, view, start, end)
  }

  /** Whether a set of the same length has these octets. */
  private equalOctets(set: number, view: DataView, start: number, end: number): boolean {
    const offset = this.records[set * RECORD + OFFSET] as number
    const own = (this.segments[offset >>> SEGMENT_BITS] as Segment).view
    let mine = offset & OFFSET_MASK
    let at = start
    for (const words = end - 3; at < words; at += 4, mine += 4) {
      if (own.getInt32(mine) !== view.getInt32(at)) return false
    }
    for (; at < end; at++, mine++) if (own.getUint8(mine) !== view.getUint8(at)) return false
    return true
  }

  private lengthOf(set: number): number {
    return (this.records[set * RECORD + LENGTHS] as number) & 0xffff
  }

  private add(
    slot: number,
    hash: number,
    view: DataView,
    start: number,
    end: number,
    bits: number,
    originAs: number,
    pathLength: number,
  ): number {
    if (this.isCrowded()) {
      this.growTable()
      slot = hash & this.mask
      while (this.table[slot] !== 0) slot = (slot + 1) & this.mask
    }
    this.makeRecord()
    const offset = this.copyIn(view, start, end)
    const set = this.takeRecord()
    const records = this.records
    const record = set * RECORD
    records[record + OFFSET] = offset
    records[record + LENGTHS] = (pathLength << 16) | (end - start)
    records[record + REFERENCES] = 0
    records[record + HASH] = hash
    records[record + BITS] = bits
    records[record + ORIGIN] = originAs
    this.table[slot] = (hash & TAG_MASK) | (set + 1)
    this.count++
    return set
  }

  private isCrowded(): boolean {
    return (this.count + 1) * 3 > this.mask * 2
  }

  private growTable(): void {
    this.rehash((this.mask + 1) * (this.mask < LARGE ? 4 : 2))
  }

  /**
   * Sees to it that the kernel can make one set more, of usual length (RFC 4271 §4).
   * @throws OutOfTableMemoryError
   */
  makeRoom(): void {
    if (this.isCrowded()) this.growTable()
    this.makeRecord()
    if (!hasRoom(this.filled(), MAX_MESSAGE_LENGTH)) this.nextSegment()
  }

  /** Tells the kernel where everything lies; until `takeBack` nobody else changes anything. */
  lend(control: Int32Array): void {
    if (this.lent === null) this.lent = this.describe()
    control.set(this.lent, RECORDS)
    control[RECORDS_USED] = this.recordsUsed
    control[FIRST_FREE] = this.firstFree
    control[SET_COUNT] = this.count
    const filled = this.filled()
    control[SEGMENT_USED] = filled.used
    control[SEGMENT_LIVE] = filled.live
  }

  /** What stays the same from set to set, as it stands in a control block from RECORDS on. */
  private describe(): Int32Array {
    const lent = new Int32Array(SEGMENT_ROOM + 1 - RECORDS)
    lent[RECORDS - RECORDS] = addressOf(this.records)
    lent[RECORDS_CAPACITY - RECORDS] = Math.min(this.records.length / RECORD, MAX_SETS)
    lent[SET_TABLE - RECORDS] = addressOf(this.table)
    lent[TABLE_MASK - RECORDS] = this.mask
    lent[SEED - RECORDS] = this.seed
    lent[SEGMENTS - RECORDS] = addressOf(this.segmentAddresses)
    lent[SEGMENT - RECORDS] = this.filling
    lent[SEGMENT_ROOM - RECORDS] = this.filled().view.byteLength
    return lent
  }

  /** What the kernel did with what was lent. */
  takeBack(control: Int32Array): void {
    this.recordsUsed = control[RECORDS_USED] as number
    this.firstFree = control[FIRST_FREE] as number
    this.count = control[SET_COUNT] as number
    const filled = this.filled()
    filled.used = control[SEGMENT_USED] as number
    filled.live = control[SEGMENT_LIVE] as number
  }

  /** Takes out those of some sets, the first `count` of a list, that no route carries any more. */
  removeUnused(sets: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const set = sets[i] as number
      const record = set * RECORD
      // It may be gone already, or carried again.
      if (set >= this.recordsUsed || this.records[record + OFFSET] === FREE) continue
      if (this.records[record + REFERENCES] === 0) this.remove(set)
    }
  }

  /** Sees to it that there is a record for one set more. */
  private makeRecord(): void {
    const { records } = this
    if (this.firstFree !== FREE || (this.recordsUsed + 1) * RECORD <= records.length) return
    const larger = this.arrays.words(records.length * 2)
    larger.set(records)
    this.records = larger
    this.lent = null
    this.arrays.free(records)
  }

  private takeRecord(): number {
    if (this.firstFree === FREE) return this.recordsUsed++
    const set = this.firstFree
    this.firstFree = this.records[set * RECORD + REFERENCES] as number
    return set
  }

  /** @returns segment number and place in it, as one number */
  private copyIn(view: DataView, start: number, end: number): number {
    const length = end - start
    let index = this.filling
    if (!hasRoom(this.segments[index] as Segment, length)) index = this.nextSegment()
    const segment = this.segments[index] as Segment
    const place = segment.used
    const own = segment.view
    let at = start
    let mine = place
    for (const words = end - 3; at < words; at += 4, mine += 4) {
      own.setInt32(mine, view.getInt32(at))
    }
    for (; at < end; at++, mine++) own.setUint8(mine, view.getUint8(at))
    segment.used += length
    segment.live += length
    return (index << SEGMENT_BITS) | place
  }

  /** The segment that new sets go into. */
  private filled(): Segment {
    return this.segments[this.filling] as Segment
  }

  private nextSegment(): number {
    const full = this.filling
    let index = this.segments.indexOf(null)
    if (index < 0) index = this.segments.length
    this.segments[index] = this.spare ?? {
      view: this.arrays.octets(index < SMALL_SEGMENTS ? SMALL_SEGMENT_SIZE : SEGMENT_SIZE),
      used: 0,
      live: 0,
    }
    this.spare = null
    this.filling = index
    this.lent = null
    this.segmentAddresses[index] = addressOf((this.segments[index] as Segment).view)
    if (full >= 0) this.reclaim(full)
    return index
  }

  /** Drops a segment in which nothing lives; one is kept for the next use. */
  private reclaim(index: number): void {
    const segment = this.segments[index]
    if (segment === null || segment === undefined || segment.live > 0) return
    segment.used = 0
    if (index === this.filling) return
    this.segments[index] = null
    if (this.spare === null) this.spare = segment
    else this.arrays.free(segment.view)
  }

  /** One more route carries the set. */
  retain(set: number): void {
    const at = set * RECORD + REFERENCES
    this.records[at] = (this.records[at] as number) + 1
  }

  /** One route fewer carries the set; without any it is gone. */
  release(set: number): void {
    const at = set * RECORD + REFERENCES
    const references = (this.records[at] as number) - 1
    this.records[at] = references
    if (references <= 0) this.remove(set)
  }

  private remove(set: number): void {
    const records = this.records
    const record = set * RECORD
    this.unlink(set, records[record + HASH] as number)
    const index = (records[record + OFFSET] as number) >>> SEGMENT_BITS
    const segment = this.segments[index] as Segment
    segment.live -= this.lengthOf(set)
    if (segment.live === 0) this.reclaim(index)
    records[record + OFFSET] = FREE
    records[record + REFERENCES] = this.firstFree
    this.firstFree = set
    this.count--
    if (this.count === 0) {
      // A lone route that flaps has nothing given back and allocated again.
      if (this.segments.length > 1 || records.length > FEWEST_RECORDS * RECORD) this.reset()
    } else if (this.mask >= SMALLEST * 2 && this.count * 8 < this.mask) {
      unlessExhausted(() => this.rehash((this.mask + 1) / 2))
    }
  }

  /** Back to the beginning: nothing is held. */
  private reset(): void {
    this.arrays.freeAll()
    this.records = this.arrays.words(FEWEST_RECORDS * RECORD)
    this.recordsUsed = 0
    this.firstFree = FREE
    this.table = this.arrays.words(SMALLEST)
    this.mask = SMALLEST - 1
    this.segmentAddresses = this.arrays.words(MOST_SEGMENTS)
    this.segments = []
    this.filling = -1
    this.spare = null
    this.nextSegment()
  }

  /** Takes a set out of the hash table; later members of its run move up. */
  private unlink(set: number, hash: number): void {
    const { table, mask, records } = this
    let hole = hash & mask
    while (((table[hole] as number) & SET_MASK) !== set + 1) hole = (hole + 1) & mask
    let slot = hole
    for (;;) {
      slot = (slot + 1) & mask
      const held = table[slot] as number
      if (held === 0) break
      const home = (records[((held & SET_MASK) - 1) * RECORD + HASH] as number) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      table[hole] = held
      hole = slot
    }
    table[hole] = 0
  }

  private rehash(capacity: number): void {
    const { records, recordsUsed } = this
    const mask = capacity - 1
    const table = this.arrays.words(capacity)
    const kernel = loadKernel()
    if (kernel === null) this.enter(table, mask)
    else kernel.rehash(addressOf(records), recordsUsed, addressOf(table), mask)
    this.arrays.free(this.table)
    this.table = table
    this.mask = mask
    this.lent = null
  }

  /** Puts all sets into an empty hash table. */
  private enter(table: Int32Array, mask: number): void {
    const { records, recordsUsed } = this
    for (let set = 0; set < recordsUsed; set++) {
      const record = set * RECORD
      if (records[record + OFFSET] === FREE) continue
      const hash = records[record + HASH] as number
      let slot = hash & mask
      while (table[slot] !== 0) slot = (slot + 1) & mask
      table[slot] = (hash & TAG_MASK) | (set + 1)
    }
  }

  /**
   * Moves the octets of sparse segments together, so that long-lived sets do not hold much more than
   * their own size. Costs one pass over the records; to be called now and then.
   */
  compact(): void {
    unlessExhausted(() => this.moveTogether())
  }

  private moveTogether(): void {
    const sparse = this.segments.map(
      (segment, index) =>
        segment !== null && index !== this.filling && segment.live < segment.used / 2,
    )
    if (!sparse.includes(true)) return
    for (let set = 0; set < this.recordsUsed; set++) {
      const record = set * RECORD
      const offset = this.records[record + OFFSET] as number
      if (offset === FREE) continue
      const index = offset >>> SEGMENT_BITS
      if (sparse[index] !== true) continue
      const segment = this.segments[index] as Segment
      const place = offset & OFFSET_MASK
      const length = this.lengthOf(set)
      this.records[record + OFFSET] = this.copyIn(segment.view, place, place + length)
      segment.live -= length
      if (segment.live > 0) continue
      this.segments[index] = null
      this.arrays.free(segment.view)
    }
  }

  /** Finding bits under the engine's policy. */
  findings(set: number): number {
    return (this.records[set * RECORD + BITS] as number) & 0xffff
  }

  /** Bits of PathFact. */
  pathFacts(set: number): number {
    return (this.records[set * RECORD + BITS] as number) >>> 16
  }

  /** Signed 32 bits; 0: the path is empty or ends in something else than an AS_SEQUENCE. */
  originAs(set: number): number {
    return this.records[set * RECORD + ORIGIN] as number
  }

  pathLength(set: number): number {
    return (this.records[set * RECORD + LENGTHS] as number) >>> 16
  }

  /** Points `window` at the set's octets; valid until sets change. */
  locate(set: number, window: StoredWindow): void {
    const record = set * RECORD
    const offset = this.records[record + OFFSET] as number
    window.view = (this.segments[offset >>> SEGMENT_BITS] as Segment).view
    window.start = offset & OFFSET_MASK
    window.end = window.start + this.lengthOf(set)
  }

  /** Judges every set anew, for a changed policy. @param judge returns the finding bits of a set */
  rejudge(judge: (set: number) => number): void {
    for (let set = 0; set < this.recordsUsed; set++) {
      const record = set * RECORD
      if (this.records[record + OFFSET] === FREE) continue
      this.records[record + BITS] = (this.pathFacts(set) << 16) | judge(set)
    }
  }
}

/** What saves memory can wait where there is none for it. */
function unlessExhausted(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof OutOfTableMemoryError)) throw error
  }
}

function hasRoom(segment: Segment, length: number): boolean {
  return segment.used + length <= segment.view.byteLength
}

/**
 * Attribute sets, each held once however many routes carry it. A set is the octets of its path
 * attributes (in the stored form of wire/stored-attributes.ts) plus the few numbers that judging
 * needs. Sets are counted; one without routes is gone at once and its octets are reclaimed.
 */
import type { StoredWindow } from '../wire/stored-attributes.ts'

// Fields of a record of eight 32-bit words.
const OFFSET = 0
const LENGTH = 1
const REFERENCES = 2
const HASH = 3
/** Finding bits under the engine's policy in the low half, PathFact bits in the high half. */
const BITS = 4
const ORIGIN = 5
const PATH_LENGTH = 6
const NEXT_FREE = 7
const RECORD = 8

/** Slots from which on the hash table doubles; below it grows fourfold. */
const LARGE = 1 << 19

/** Octets live in segments, so that space comes back and no large array is ever copied. */
const SEGMENT_BITS = 20
const SEGMENT_SIZE = 1 << SEGMENT_BITS
const OFFSET_MASK = SEGMENT_SIZE - 1

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

export class AttributeSets {
  /** Sets held. */
  count = 0
  private records = new Int32Array(0)
  private recordsUsed = 0
  private firstFree = -1
  /** Open addressing: pairs of hash and set number + 1; 0 is empty. */
  private table = new Int32Array(0)
  private mask = 0
  private segments: (Segment | null)[] = []
  private filling = -1
  private spare: Segment | null = null
  /** Against a peer that chooses attributes so that their hashes collide. */
  private readonly seed: number

  constructor(seed = (Math.random() * 0x100000000) | 0) {
    this.seed = seed
    this.reset()
  }

  /** Octets held outside V8's heap. */
  get bytes(): number {
    let held = this.spare === null ? 0 : SEGMENT_SIZE
    for (const segment of this.segments) held += segment === null ? 0 : segment.view.byteLength
    return held + this.records.byteLength + this.table.byteLength
  }

  /**
   * Finds or makes the set with these octets. It has no references of its own: `retain` it for each
   * route before anything is released.
   * @returns the set's number
   */
  intern(stored: StoredWindow, bits: number, originAs: number, pathLength: number): number {
    const { view, start, end } = stored
    const hash = this.hash(view, start, end)
    const mask = this.mask
    const table = this.table
    let slot = hash & mask
    for (;;) {
      const held = table[slot * 2 + 1] as number
      if (held === 0) break
      if (table[slot * 2] === hash && this.equals(held - 1, view, start, end)) return held - 1
      slot = (slot + 1) & mask
    }
    return this.add(slot, hash, view, start, end, bits, originAs, pathLength)
  }

  private hash(view: DataView, start: number, end: number): number {
    let hash = this.seed
    let at = start
    for (const words = end - 3; at < words; at += 4) hash = mix(hash, view.getInt32(at))
    for (; at < end; at++) hash = mix(hash, view.getUint8(at))
    hash = mix(hash, end - start)
    return hash ^ (hash >>> 15)
  }

  private equals(set: number, view: DataView, start: number, end: number): boolean {
    const record = set * RECORD
    if (this.records[record + LENGTH] !== end - start) return false
    const offset = this.records[record + OFFSET] as number
    const own = (this.segments[offset >>> SEGMENT_BITS] as Segment).view
    let mine = offset & OFFSET_MASK
    let at = start
    for (const words = end - 3; at < words; at += 4, mine += 4) {
      if (own.getInt32(mine) !== view.getInt32(at)) return false
    }
    for (; at < end; at++, mine++) if (own.getUint8(mine) !== view.getUint8(at)) return false
    return true
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
    const set = this.newRecord()
    const records = this.records
    const record = set * RECORD
    records[record + OFFSET] = this.copyIn(view, start, end)
    records[record + LENGTH] = end - start
    records[record + REFERENCES] = 0
    records[record + HASH] = hash
    records[record + BITS] = bits
    records[record + ORIGIN] = originAs
    records[record + PATH_LENGTH] = pathLength
    this.table[slot * 2] = hash
    this.table[slot * 2 + 1] = set + 1
    this.count++
    if (this.count * 3 > this.mask * 2) this.rehash((this.mask + 1) * (this.mask < LARGE ? 4 : 2))
    return set
  }

  private newRecord(): number {
    if (this.firstFree >= 0) {
      const set = this.firstFree
      this.firstFree = this.records[set * RECORD + NEXT_FREE] as number
      return set
    }
    if ((this.recordsUsed + 1) * RECORD > this.records.length) {
      const larger = new Int32Array(this.records.length * 2)
      larger.set(this.records)
      this.records = larger
    }
    return this.recordsUsed++
  }

  /** @returns segment number and place in it, as one number */
  private copyIn(view: DataView, start: number, end: number): number {
    const length = end - start
    let index = this.filling
    if (index < 0 || (this.segments[index] as Segment).used + length > SEGMENT_SIZE) {
      index = this.nextSegment()
    }
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

  private nextSegment(): number {
    const full = this.filling
    let index = this.segments.indexOf(null)
    if (index < 0) index = this.segments.length
    this.segments[index] = this.spare ?? {
      view: new DataView(new ArrayBuffer(SEGMENT_SIZE)),
      used: 0,
      live: 0,
    }
    this.spare = null
    this.filling = index
    if (full >= 0) this.reclaim(full)
    return index
  }

  /** Gives a segment back in which nothing lives. */
  private reclaim(index: number): void {
    const segment = this.segments[index]
    if (segment === null || segment === undefined || segment.live > 0) return
    segment.used = 0
    if (index === this.filling) return
    this.segments[index] = null
    this.spare ??= segment
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
    segment.live -= records[record + LENGTH] as number
    if (segment.live === 0) this.reclaim(index)
    records[record + NEXT_FREE] = this.firstFree
    this.firstFree = set
    this.count--
    if (this.count === 0) this.reset()
    else if (this.mask > 4095 && this.count * 8 < this.mask) this.rehash((this.mask + 1) / 2)
  }

  /** Back to the beginning: nothing is held. */
  private reset(): void {
    this.records = new Int32Array(1024 * RECORD)
    this.recordsUsed = 0
    this.firstFree = -1
    this.table = new Int32Array(2048 * 2)
    this.mask = 2047
    this.segments = []
    this.filling = -1
    this.spare = null
  }

  /** Takes a set out of the hash table; later members of its run move up. */
  private unlink(set: number, hash: number): void {
    const { table, mask } = this
    let hole = hash & mask
    while (table[hole * 2 + 1] !== set + 1) hole = (hole + 1) & mask
    let slot = hole
    for (;;) {
      slot = (slot + 1) & mask
      const held = table[slot * 2 + 1] as number
      if (held === 0) break
      const home = (table[slot * 2] as number) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      table[hole * 2] = table[slot * 2] as number
      table[hole * 2 + 1] = held
      hole = slot
    }
    table[hole * 2] = 0
    table[hole * 2 + 1] = 0
  }

  private rehash(capacity: number): void {
    const old = this.table
    const mask = capacity - 1
    const table = new Int32Array(capacity * 2)
    for (let i = 0; i < old.length; i += 2) {
      const held = old[i + 1] as number
      if (held === 0) continue
      let slot = (old[i] as number) & mask
      while (table[slot * 2 + 1] !== 0) slot = (slot + 1) & mask
      table[slot * 2] = old[i] as number
      table[slot * 2 + 1] = held
    }
    this.table = table
    this.mask = mask
  }

  /**
   * Moves the octets of sparse segments together, so that long-lived sets do not hold much more than
   * their own size. Costs one pass over the records; to be called now and then.
   */
  compact(): void {
    const sparse = this.segments.map(
      (segment, index) =>
        segment !== null && index !== this.filling && segment.live < segment.used / 2,
    )
    if (!sparse.includes(true)) return
    for (let set = 0; set < this.recordsUsed; set++) {
      const record = set * RECORD
      if ((this.records[record + REFERENCES] as number) <= 0) continue
      const offset = this.records[record + OFFSET] as number
      const index = offset >>> SEGMENT_BITS
      if (sparse[index] !== true) continue
      const segment = this.segments[index] as Segment
      const place = offset & OFFSET_MASK
      const length = this.records[record + LENGTH] as number
      this.records[record + OFFSET] = this.copyIn(segment.view, place, place + length)
      segment.live -= length
      if (segment.live === 0) this.segments[index] = null
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
    return this.records[set * RECORD + PATH_LENGTH] as number
  }

  /** Points `window` at the set's octets; valid until sets change. */
  locate(set: number, window: StoredWindow): void {
    const record = set * RECORD
    const offset = this.records[record + OFFSET] as number
    window.view = (this.segments[offset >>> SEGMENT_BITS] as Segment).view
    window.start = offset & OFFSET_MASK
    window.end = window.start + (this.records[record + LENGTH] as number)
  }

  /** Judges every set anew, for a changed policy. @param judge returns the finding bits of a set */
  rejudge(judge: (set: number) => number): void {
    for (let set = 0; set < this.recordsUsed; set++) {
      const record = set * RECORD
      if ((this.records[record + REFERENCES] as number) <= 0) continue
      this.records[record + BITS] = (this.pathFacts(set) << 16) | judge(set)
    }
  }
}

/**
 * What one peer announced in one family (RFC 4271 §3.2): a hash table with open addressing in one
 * typed array. A route is its prefix, the number of its attribute set and when it came: 12 octets
 * for IPv4, 24 for IPv6, 4 more where the peer sends path identifiers.
 */
import { OutOfTableMemoryError } from '../kernel/arena.ts'
import { CAPACITY, COUNT, FACTOR, LIMIT, SHIFT, SLOTS } from '../kernel/assembly/fields.ts'
import { loadKernel } from '../kernel/kernel.ts'
import { addressOf } from '../kernel/memory.ts'
import { addressBits, copyPrefix, Family, maskPrefix, type Prefix } from '../prefix/prefix.ts'
import {
  findIpv4,
  findIpv6,
  homeOfIpv4,
  homeOfIpv6,
  META,
  moveIpv4,
  moveIpv6,
  type PrefixColumns,
  SET_BITS,
  SPREAD,
  STAMP,
  touchIpv4,
  touchIpv6,
  WORD0,
  WORD1,
} from './route-slots.ts'
import { TableArrays } from './table-arrays.ts'

/** No such route. */
export const NO_SET = -1

const SET_MASK = (1 << SET_BITS) - 1
/** The prefix has as many paths as are held, and this would be one more. */
export const TOO_MANY_PATHS = -2
/** There is no memory for this route. */
export const NO_MEMORY = -3
/** Paths of one prefix: they stand in one run, which is looked through for each of them. */
export const MAX_PATHS = 1024
/** Attribute sets that a route can name. */
export const MAX_SETS = (1 << SET_BITS) - 2
const SMALLEST = 1 << 11
/** From here on a table grows threefold, so that one full table is moved once more, and no further. */
const MEDIUM = 1 << 19
/** From here on it grows by half, or by a third. */
const LARGE = 1 << 20

/**
 * The next capacity, which is a power of 2 or three times one. Small tables grow fast, so that a full
 * table is not moved about too often on its way.
 */
function larger(capacity: number): number {
  if (capacity < MEDIUM) return capacity * 4
  if (capacity < LARGE) return capacity * 3
  return isPowerOf2(capacity) ? (capacity / 2) * 3 : (capacity / 3) * 4
}

function isPowerOf2(number: number): boolean {
  return (number & (number - 1)) === 0
}

/** What a table reads that has no array of its own any more: empty slots. */
const NOTHING = new Int32Array(16 * 7)

export class AdjRibIn {
  readonly family: Family
  readonly paths: boolean
  /** Routes held. */
  count = 0
  /** Keeps the compiler from leaving out what `touch` does. */
  touched = 0
  /** Grows with every rebuild, after which slot numbers mean something else. */
  version = 0
  /** There is no memory to grow: no further prefix can be held. */
  exhausted = false
  private readonly arrays = new TableArrays(this)
  /** What the kernel is told, as of a version. */
  private readonly lent = new Int32Array(SHIFT + 1)
  private lentVersion = -1
  private readonly stride: number
  private readonly pathField: number
  private slots: Int32Array = new Int32Array(0)
  private capacity = 0
  /** Routes above which the table grows: three quarters of its slots. */
  private limit = 0
  // What a hash is turned into a slot with.
  private factor = 4
  private shift = 0

  /** @param paths whether routes carry path identifiers (RFC 7911) */
  constructor(family: Family, paths: boolean) {
    this.family = family
    this.paths = paths
    const words = addressBits(family) / 32
    this.pathField = 2 + words
    this.stride = this.pathField + (paths ? 1 : 0)
    this.reset()
  }

  /** Looks at the places of so many prefixes without path identifiers, so that `put` finds them in a cache. */
  touch(prefixes: PrefixColumns, count: number): void {
    const { slots, factor, shift } = this
    this.touched =
      this.family === Family.ipv4
        ? touchIpv4(slots, prefixes, count, factor, shift)
        : touchIpv6(slots, prefixes, count, factor, shift)
  }

  /** Octets held outside V8's heap. */
  get bytes(): number {
    return this.slots.byteLength
  }

  /** Where the run of a prefix begins; path identifiers do not count, so all paths stand together. */
  private home(p: Readonly<Prefix>): number {
    const { factor, shift } = this
    return this.family === Family.ipv4
      ? homeOfIpv4(p.w0, p.length, factor, shift)
      : homeOfIpv6(p.w0, p.w1, p.w2, p.w3, p.length, factor, shift)
  }

  private holds(at: number, p: Readonly<Prefix>, pathId: number): boolean {
    const slots = this.slots
    if (slots[at] !== p.w0 || (slots[at + META] as number) >>> SET_BITS !== p.length + 1)
      return false
    return this.sameTail(at, p) && (!this.paths || slots[at + this.pathField] === (pathId | 0))
  }

  private sameTail(at: number, p: Readonly<Prefix>): boolean {
    if (this.family === Family.ipv4) return true
    const slots = this.slots
    return (
      slots[at + WORD1] === p.w1 && slots[at + WORD1 + 1] === p.w2 && slots[at + WORD1 + 2] === p.w3
    )
  }

  /** The array index of a route, or that of the empty slot that ends its run, as -1 - index. */
  private seek(p: Readonly<Prefix>, pathId: number): number {
    const { slots, factor, shift } = this
    if (this.paths) return this.seekPath(p, pathId)
    return this.family === Family.ipv4
      ? findIpv4(slots, p.w0, p.length, factor, shift)
      : findIpv6(slots, p.w0, p.w1, p.w2, p.w3, p.length, factor, shift)
  }

  private seekPath(p: Readonly<Prefix>, pathId: number): number {
    const { stride, slots } = this
    const end = slots.length
    let at = this.home(p) * stride
    while (slots[at + META] !== 0) {
      if (this.holds(at, p, pathId)) return at
      at += stride
      if (at === end) at = 0
    }
    return -1 - at
  }

  /** @returns the route's attribute set, or NO_SET */
  get(p: Readonly<Prefix>, pathId: number): number {
    const at = this.seek(p, pathId)
    return at < 0 ? NO_SET : (this.slots[at + META] as number) & SET_MASK
  }

  /**
   * Stores or replaces a route.
   * @param stamp seconds since the epoch
   * @returns the attribute set it had before, or NO_SET; TOO_MANY_PATHS, NO_MEMORY: nothing was stored
   */
  put(p: Readonly<Prefix>, pathId: number, set: number, stamp: number): number {
    const found = this.seek(p, pathId)
    const meta = ((p.length + 1) << SET_BITS) | set
    if (found >= 0) {
      const before = (this.slots[found + META] as number) & SET_MASK
      this.slots[found + META] = meta
      this.slots[found + STAMP] = stamp
      return before
    }
    if (this.exhausted) return NO_MEMORY
    const at = -1 - found
    if (this.paths && this.isCrowded(p, at)) return TOO_MANY_PATHS
    const slots = this.slots
    slots[at] = p.w0
    slots[at + META] = meta
    slots[at + STAMP] = stamp
    if (this.family === Family.ipv6) {
      slots[at + WORD1] = p.w1
      slots[at + WORD1 + 1] = p.w2
      slots[at + WORD1 + 2] = p.w3
    }
    if (this.paths) slots[at + this.pathField] = pathId
    this.added()
    return NO_SET
  }

  /** Whether the prefix, whose run ends at an index, has all the paths that it may have. */
  private isCrowded(p: Readonly<Prefix>, end: number): boolean {
    const { stride, capacity } = this
    if (distance(this.home(p), end / stride, capacity) < MAX_PATHS) return false
    let held = 0
    this.eachPath(p, () => {
      held++
    })
    return held >= MAX_PATHS
  }

  private added(): void {
    if (++this.count > this.limit) this.rebuild(larger(this.capacity))
  }

  /** @returns the attribute set that the removed route had, or NO_SET when there was none */
  remove(p: Readonly<Prefix>, pathId: number): number {
    const at = this.seek(p, pathId)
    if (at < 0) return NO_SET
    const set = (this.slots[at + META] as number) & SET_MASK
    this.removeAt(at)
    if (this.capacity > SMALLEST && this.count * 8 < this.capacity) {
      this.rebuild(Math.max(SMALLEST, this.capacity >>> 1))
      // There is room all the same, should there have been no memory.
      this.exhausted = false
    }
    return set
  }

  /** Empties a slot; later members of its run move up. */
  private removeAt(index: number): void {
    const { slots, stride, capacity } = this
    let hole = index / stride
    let slot = hole
    for (;;) {
      slot = next(slot, capacity)
      if (slots[slot * stride + META] === 0) break
      const home = this.home(this.readPrefix(slot * stride, scratch))
      if (distance(home, slot, capacity) < distance(hole, slot, capacity)) continue
      slots.copyWithin(hole * stride, slot * stride, (slot + 1) * stride)
      hole = slot
    }
    slots.fill(0, hole * stride, (hole + 1) * stride)
    this.count--
  }

  /** An empty table of so many slots. @returns false where there is no memory for them: it is what it was */
  private allocate(capacity: number): boolean {
    try {
      this.use(this.arrays.words(capacity * this.stride), capacity)
    } catch (error) {
      if (!(error instanceof OutOfTableMemoryError)) throw error
      this.exhausted = true
      return false
    }
    this.limit = (capacity >>> 2) * 3
    this.exhausted = false
    return true
  }

  private use(slots: Int32Array, capacity: number): void {
    this.slots = slots
    this.capacity = capacity
    this.factor = isPowerOf2(capacity) ? 4 : 6
    this.shift = Math.clz32(capacity / this.factor) - 4
    this.version++
  }

  /**
   * Makes room for so many routes.
   * @returns false where there is no memory for them
   */
  reserve(routes: number): boolean {
    let { capacity } = this
    while ((capacity >>> 2) * 3 < routes) capacity = larger(capacity)
    if (capacity > this.capacity) this.rebuild(capacity)
    return !this.exhausted
  }

  /**
   * Tells the kernel where the table lies, from `at` on; until `takeBack` nobody else changes anything. One
   * with path identifiers, or without memory for a further prefix, is not for it.
   */
  lend(control: Int32Array, at: number): void {
    if (this.lentVersion !== this.version) this.describe()
    control.set(this.lent, at)
    if (this.exhausted) control[at + SLOTS] = 0
    control[at + COUNT] = this.count
  }

  private describe(): void {
    const { lent } = this
    lent[SLOTS] = this.paths ? 0 : addressOf(this.slots)
    lent[CAPACITY] = this.capacity
    lent[LIMIT] = this.limit
    lent[FACTOR] = this.factor
    lent[SHIFT] = this.shift
    this.lentVersion = this.version
  }

  /** What the kernel did with what was lent. */
  takeBack(control: Int32Array, at: number): void {
    this.count = control[at + COUNT] as number
  }

  /** Moves to so many slots, if there is memory for them. */
  private rebuild(capacity: number): void {
    const old = this.slots
    if (!this.allocate(capacity)) return
    if (this.paths) this.movePaths(old)
    else this.moveRoutes(old)
    this.arrays.free(old)
  }

  /** Gives all memory back. The table, empty by now, stays so: it may be read, but holds no route again. */
  dispose(): void {
    this.arrays.freeAll()
    this.use(NOTHING.subarray(0, 16 * this.stride), 16)
    this.count = 0
    this.exhausted = true
  }

  /** A table without routes. */
  private reset(): void {
    this.dispose()
    this.allocate(SMALLEST)
  }

  private moveRoutes(old: Int32Array): void {
    const { family, slots, capacity, factor, shift } = this
    const kernel = loadKernel()
    if (kernel !== null) {
      const from = addressOf(old)
      kernel.move(
        family - 1,
        addressOf(slots),
        capacity,
        factor,
        shift,
        SPREAD,
        from,
        old.byteLength,
      )
    } else if (family === Family.ipv4) {
      moveIpv4(old, slots, factor, shift)
    } else {
      moveIpv6(old, slots, factor, shift)
    }
  }

  private movePaths(old: Int32Array): void {
    const { stride, slots } = this
    const end = slots.length
    scratch.family = this.family
    for (let from = 0; from < old.length; from += stride) {
      if (old[from + META] === 0) continue
      readInto(old, from, this.family, scratch)
      let at = this.home(scratch) * stride
      while (slots[at + META] !== 0) {
        at += stride
        if (at === end) at = 0
      }
      for (let field = 0; field < stride; field++) slots[at + field] = old[from + field] as number
    }
  }

  private readPrefix(at: number, into: Prefix): Prefix {
    into.family = this.family
    readInto(this.slots, at, this.family, into)
    return into
  }

  /** Calls back for each path of a prefix: attribute set, path identifier, stamp; the table must not change. */
  eachPath(p: Readonly<Prefix>, visit: (set: number, pathId: number, stamp: number) => void): void {
    if (!this.paths) {
      const at = this.seek(p, 0)
      if (at < 0) return
      visit(
        (this.slots[at + META] as number) & SET_MASK,
        0,
        (this.slots[at + STAMP] as number) >>> 0,
      )
      return
    }
    const { stride, slots } = this
    const end = slots.length
    let at = this.home(p) * stride
    while (slots[at + META] !== 0) {
      const pathId = slots[at + this.pathField] as number
      if (this.holds(at, p, pathId)) {
        visit(
          (slots[at + META] as number) & SET_MASK,
          pathId >>> 0,
          (slots[at + STAMP] as number) >>> 0,
        )
      }
      at += stride
      if (at === end) at = 0
    }
  }

  /** Number of slots; `visitSlots` takes slot numbers below it. */
  get slotCount(): number {
    return this.capacity
  }

  /**
   * Calls back for the routes in slots `from - 1` down to `to`; the prefix is reused, the table must not change.
   * Downwards, because a removal only ever moves routes to lower slots (but for a run that wraps
   * round the end): a scan in slices that goes down misses none.
   */
  visitSlots(
    from: number,
    to: number,
    visit: (prefix: Prefix, set: number, pathId: number, stamp: number) => void,
  ): void {
    const { stride, slots } = this
    const prefix: Prefix = { family: this.family, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
    for (let slot = from - 1; slot >= to; slot--) {
      const at = slot * stride
      const meta = slots[at + META] as number
      if (meta === 0) continue
      readInto(slots, at, this.family, prefix)
      const pathId = this.paths ? (slots[at + this.pathField] as number) >>> 0 : 0
      visit(prefix, meta & SET_MASK, pathId, (slots[at + STAMP] as number) >>> 0)
    }
  }

  /** Calls back for the attribute set of every route, then forgets them all. */
  clear(visit: (set: number) => void): void {
    const { slots, stride } = this
    for (let at = 0; at < slots.length; at += stride) {
      const meta = slots[at + META] as number
      if (meta !== 0) visit(meta & SET_MASK)
    }
    this.reset()
  }

  /** Prefixes (with path identifiers) of the routes that came before `stamp`, as owned copies. */
  olderThan(stamp: number): { prefix: Prefix; pathId: number }[] {
    const found: { prefix: Prefix; pathId: number }[] = []
    this.visitSlots(this.capacity, 0, (prefix, _set, pathId, at) => {
      if (at < stamp) found.push({ prefix: copyPrefix(prefix), pathId })
    })
    return found
  }

  /** The longest prefix held that covers `p` strictly; `undefined` when there is none. */
  longestCovering(p: Readonly<Prefix>): Prefix | undefined {
    const candidate = copyPrefix(p)
    for (let length = p.length - 1; length >= 0; length--) {
      candidate.length = length
      maskPrefix(candidate)
      if (this.has(candidate)) return candidate
    }
    return undefined
  }

  /** Whether any path of exactly this prefix is held. */
  has(p: Readonly<Prefix>): boolean {
    if (!this.paths) return this.seek(p, 0) >= 0
    let found = false
    this.eachPath(p, () => {
      found = true
    })
    return found
  }
}

/** The slot behind another, round the end. */
function next(slot: number, capacity: number): number {
  return slot + 1 === capacity ? 0 : slot + 1
}

/** How many slots on, round the end. */
function distance(from: number, to: number, capacity: number): number {
  return to >= from ? to - from : to - from + capacity
}

const scratch: Prefix = { family: Family.ipv4, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }

function readInto(slots: Int32Array, at: number, family: Family, into: Prefix): void {
  into.w0 = slots[at + WORD0] as number
  into.length = ((slots[at + META] as number) >>> SET_BITS) - 1
  if (family === Family.ipv6) {
    into.w1 = slots[at + WORD1] as number
    into.w2 = slots[at + WORD1 + 1] as number
    into.w3 = slots[at + WORD1 + 2] as number
  }
}

/**
 * Hands out parts of one growing memory. Allocations are few and large (a table that grows), so free blocks
 * stand in a plain list, in order of their addresses, and the first that fits is taken.
 */
import { PAGE } from './layout.ts'

/** There is no room for what a table needs; what asked for it stays as it was. */
export class OutOfTableMemoryError extends Error {
  override readonly name = 'OutOfTableMemoryError'

  constructor(octets: number) {
    super(`there is no memory for ${octets} octets more of routes`)
  }
}

/** Gives the pages of so many octets back to the system, which makes them zero. @returns whether it did */
export type PageRelease = (octets: Uint8Array) => boolean

export interface Arena {
  /** @returns the address of so many zeroes, a multiple of 16, and of 4096 from 64 KiB on */
  allocate(octets: number): number
  /** @throws Error unless something was allocated there and not freed since */
  free(address: number): void
  /** Gives back whole pages of what is free. @returns their octets */
  giveBack(release: PageRelease): number
  /** Octets that are allocated. */
  held(): number
}

/** Addresses `start` to `end` (exclusive); what is not zero lies from `dirtyFrom` to `dirtyTo`. */
interface Block {
  start: number
  end: number
  dirtyFrom: number
  dirtyTo: number
}

const SMALL_ALIGNMENT = 16
const LARGE_ALIGNMENT = 4096
const LARGE = 2 ** 16
/** Pages that the memory grows by if that is allowed: they take nothing before they are written to. */
const STEP = 64

/** The next multiple of a power of 2. */
function roundUp(number: number, multiple: number): number {
  return Math.ceil(number / multiple) * multiple
}

/**
 * @param memory of which everything from `base` on is zero and belongs to the arena
 * @param base a multiple of 4096
 */
export function createArena(memory: WebAssembly.Memory, base: number): Arena {
  const blocks: Block[] = []
  const sizes = new Map<number, number>()
  let held = 0
  let top = memory.buffer.byteLength
  if (top > base) blocks.push({ start: base, end: top, dirtyFrom: top, dirtyTo: base })

  const clear = (from: number, to: number) => {
    if (to > from) new Uint8Array(memory.buffer, from, to - from).fill(0)
  }

  /** Index of the first free block behind an address. */
  const indexBehind = (address: number) => {
    let low = 0
    let high = blocks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((blocks[middle] as Block).start < address) low = middle + 1
      else high = middle
    }
    return low
  }

  const insert = (block: Block) => {
    let at = indexBehind(block.start)
    const before = blocks[at - 1]
    if (before?.end === block.start) {
      at--
      blocks[at] = block = join(before, block)
    } else {
      blocks.splice(at, 0, block)
    }
    const behind = blocks[at + 1]
    if (behind?.start === block.end) blocks.splice(at, 2, join(block, behind))
  }

  /** Makes room at the end of the memory. */
  const grow = (octets: number, alignment: number) => {
    const last = blocks.at(-1)
    const start = last?.end === top ? last.start : top
    const pages = Math.ceil((roundUp(start, alignment) + octets - top) / PAGE)
    if (!tryGrow(Math.max(pages, STEP)) && !tryGrow(pages)) throw new OutOfTableMemoryError(octets)
  }

  const tryGrow = (pages: number) => {
    try {
      memory.grow(pages)
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
    const end = top + pages * PAGE
    insert({ start: top, end, dirtyFrom: end, dirtyTo: top })
    top = end
    return true
  }

  /** Takes a part out of a free block. */
  const take = (index: number, from: number, to: number) => {
    const block = blocks[index] as Block
    clear(Math.max(from, block.dirtyFrom), Math.min(to, block.dirtyTo))
    const rest = [part(block, block.start, from), part(block, to, block.end)]
    blocks.splice(index, 1, ...rest.filter(({ start, end }) => end > start))
  }

  return {
    allocate(octets) {
      const alignment = octets < LARGE ? SMALL_ALIGNMENT : LARGE_ALIGNMENT
      const size = roundUp(Math.max(octets, 1), alignment)
      const fits = ({ start, end }: Block) => roundUp(start, alignment) + size <= end
      let index = blocks.findIndex(fits)
      if (index < 0) {
        grow(size, alignment)
        index = blocks.findIndex(fits)
      }
      const address = roundUp((blocks[index] as Block).start, alignment)
      take(index, address, address + size)
      sizes.set(address, size)
      held += size
      return address
    },

    free(address) {
      const size = sizes.get(address)
      if (size === undefined) throw new Error(`nothing is allocated at ${address}`)
      sizes.delete(address)
      held -= size
      const end = address + size
      insert({ start: address, end, dirtyFrom: address, dirtyTo: end })
    },

    giveBack(release) {
      let given = 0
      for (const block of blocks) {
        const from = roundUp(block.dirtyFrom, PAGE)
        const to = Math.floor(block.dirtyTo / PAGE) * PAGE
        if (to <= from || !release(new Uint8Array(memory.buffer, from, to - from))) continue
        clear(block.dirtyFrom, from)
        clear(to, block.dirtyTo)
        block.dirtyFrom = block.end
        block.dirtyTo = block.start
        given += to - from
      }
      return given
    },

    held: () => held,
  }
}

/** Neighbours as one block. Between their dirty parts nothing is known to be clean any more. */
function join(low: Block, high: Block): Block {
  return {
    start: low.start,
    end: high.end,
    dirtyFrom: Math.min(low.dirtyFrom, high.dirtyFrom),
    dirtyTo: Math.max(low.dirtyTo, high.dirtyTo),
  }
}

/** A part of a free block. */
function part(block: Block, start: number, end: number): Block {
  const dirtyFrom = Math.max(start, block.dirtyFrom)
  const dirtyTo = Math.min(end, block.dirtyTo)
  const clean = dirtyTo <= dirtyFrom
  return { start, end, dirtyFrom: clean ? end : dirtyFrom, dirtyTo: clean ? start : dirtyTo }
}

/**
 * The memory that holds the tables of the process: one, so that the kernel reaches them all. V8 does not count
 * it and looks for nothing in it. So a table frees what it does not need any more (docs/performance.md).
 */
import { type Arena, createArena, OutOfTableMemoryError, type PageRelease } from './arena.ts'
import { KERNEL_BASE, MAXIMUM_PAGES, PAGE } from './layout.ts'

let memory: WebAssembly.Memory | null | undefined
let arena: Arena | null = null
let allocated = 0

/**
 * @returns the memory, made when it is first asked for; `null` where there can be none: `ulimit -v` is too
 *   low, V8 runs without WebAssembly, or the processor puts the highest octet first. Each array has a memory
 *   of its own then, which V8 collects
 */
export function kernelMemory(): WebAssembly.Memory | null {
  if (memory === undefined) {
    memory = reserve()
    if (memory !== null) arena = createArena(memory, KERNEL_BASE)
  }
  return memory
}

function reserve(): WebAssembly.Memory | null {
  if (typeof WebAssembly === 'undefined' || new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    return null
  }
  try {
    // Shared: growing it takes no view of it away.
    return new WebAssembly.Memory({
      initial: KERNEL_BASE / PAGE,
      maximum: MAXIMUM_PAGES,
      shared: true,
    })
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** @returns zeroes, so many words of 32 bits, until they are freed. @throws OutOfTableMemoryError */
export function allocateWords(words: number): Int32Array {
  const { buffer, address } = allocate(words * 4)
  return new Int32Array(buffer, address, words)
}

/** @returns zeroes, so many octets, until they are freed. @throws OutOfTableMemoryError */
export function allocateOctets(octets: number): DataView {
  const { buffer, address } = allocate(octets)
  if (arena !== null) buffers.add(buffer)
  return new DataView(buffer, address, octets)
}

function allocate(octets: number): { buffer: ArrayBufferLike; address: number } {
  const common = kernelMemory()
  // The buffer is read after the address was found: the memory may have grown for it.
  const address = arena?.allocate(octets) ?? 0
  const buffer = common?.buffer ?? ownMemory(octets)
  allocated += octets
  return { buffer, address }
}

/** V8 does not count the octets of SharedArrayBuffers, as it does those of others. */
function ownMemory(octets: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(octets)
  } catch (error) {
    if (error instanceof RangeError) throw new OutOfTableMemoryError(octets)
    throw error
  }
}

/** Takes back what was allocated here: nobody may read or write it any more, for it is handed out again. */
export function free(view: Int32Array | DataView): void {
  arena?.free(view.byteOffset)
}

/** Buffers of views that were made here: the memory has another one after it has grown. */
const buffers = new WeakSet<ArrayBufferLike>()

/** Whether a view shows kernelMemory(), so that the kernel can read it at its `byteOffset`. */
export function isKernelView(view: DataView): boolean {
  return buffers.has(view.buffer)
}

/** Where a view begins in kernelMemory(). */
export function addressOf(view: Int32Array | DataView): number {
  return view.byteOffset
}

/** Gives back pages of what is free. @returns their octets; 0 where there is no common memory */
export function giveBackPages(release: PageRelease): number {
  return arena?.giveBack(release) ?? 0
}

/** Octets that were ever allocated. Those that no table holds any more were freed. */
export function octetsAllocated(): number {
  return allocated
}

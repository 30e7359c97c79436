/** The memory that holds the tables of the process. */
import { KERNEL_BASE, MAXIMUM_PAGES, PAGE } from './layout.ts'

let memory: WebAssembly.Memory | null | undefined

/**
 * @returns the memory, made when it is first asked for; `null` where there can be none: `ulimit -v` is too
 *   low, V8 runs without WebAssembly, or the processor puts the highest octet first
 */
export function kernelMemory(): WebAssembly.Memory | null {
  if (memory === undefined) memory = reserve()
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

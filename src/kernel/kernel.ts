/** The compiled kernel, which works on the tables in kernelMemory(). */
import { KERNEL_BINARY } from './binary.ts'
import { kernelMemory } from './memory.ts'

/** What assembly/index.ts exports. */
export interface Kernel {
  /**
   * Takes UPDATEs, as long as they are for the kernel.
   * @param control address of a control block (assembly/fields.ts); `start` and `end` too are addresses
   * @returns where it stopped; the control block says why
   */
  run(control: number, start: number, end: number): number
  /**
   * Puts the attribute sets that are there, of the first `used`, into an empty hash table of `mask` + 1 words.
   * @param records address of their records; `table` too is an address
   */
  rehash(records: number, used: number, table: number, mask: number): void
  /**
   * Moves the routes of some slots into those of an empty table.
   * @param family 0: IPv4, 1: IPv6
   * @param slots address of the empty ones; `from` of the others, so many octets
   * @param factor to `spread`: how engine/route-slots.ts finds the place of a route
   */
  move(
    family: number,
    slots: number,
    capacity: number,
    factor: number,
    shift: number,
    spread: number,
    from: number,
    octets: number,
  ): void
  /**
   * Looks up all registered prefixes of one family in a table, without changing anything.
   * @param control address of a control block; all but `family` (0: IPv4, 1: IPv6) are addresses
   * @param nodes of the trie, without the first, up to `nodesEnd` (exclusive)
   * @param rows LOOKED_WORDS for each number that is registered
   * @param scratch LOOKED_SCRATCH words
   */
  lookUpAll(
    control: number,
    family: number,
    nodes: number,
    nodesEnd: number,
    rows: number,
    scratch: number,
  ): void
}

let instance: Kernel | null | undefined

/**
 * @returns the kernel of this process, made when it is first asked for; `null` where the tables lie in no
 *   common memory, the processor lacks an instruction, or there is no room for the code: everything works without it
 */
export function loadKernel(): Kernel | null {
  if (instance === undefined) instance = instantiate()
  return instance
}

function instantiate(): Kernel | null {
  const memory = kernelMemory()
  if (memory === null) return null
  try {
    const module = new WebAssembly.Module(Buffer.from(KERNEL_BINARY, 'base64'))
    const { exports } = new WebAssembly.Instance(module, { env: { memory } })
    return exports as unknown as Kernel
  } catch (error) {
    if (error instanceof WebAssembly.CompileError || error instanceof RangeError) return null
    throw error
  }
}

/** The memory of tables, made small: that of the process has 4 GiB. For `vi.mock` of src/kernel/memory.ts. */
import { OutOfTableMemoryError } from '../../src/kernel/arena.ts'

type Memory = typeof import('../../src/kernel/memory.ts')

/** No array may have more octets; so many were given back. */
export const limits = { octets: Number.POSITIVE_INFINITY, freed: 0 }

function check(octets: number): void {
  if (octets > limits.octets) throw new OutOfTableMemoryError(octets)
}

/** @param original imports what is mocked */
export async function limitMemory(original: () => Promise<unknown>): Promise<Memory> {
  const memory = (await original()) as Memory
  return {
    ...memory,
    allocateWords(words) {
      check(words * 4)
      return memory.allocateWords(words)
    },
    allocateOctets(octets) {
      check(octets)
      return memory.allocateOctets(octets)
    },
    free(view) {
      limits.freed += view.byteLength
      memory.free(view)
    },
  }
}

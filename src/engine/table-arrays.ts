/** Large arrays of one table, outside V8's heap. */
import { allocateOctets, allocateWords, free } from '../kernel/memory.ts'

type Arrays = Set<Int32Array | DataView>

/** Tables that nobody disposed of: those of an engine that was dropped. */
const abandoned = new FinalizationRegistry(freeAll)

function freeAll(arrays: Arrays): void {
  for (const array of arrays) free(array)
  arrays.clear()
}

/** What a table took and has not given back. Arrays live no longer than their owner. */
export class TableArrays {
  private readonly arrays: Arrays = new Set()

  constructor(owner: object) {
    abandoned.register(owner, this.arrays)
  }

  /** @returns zeroes, so many words of 32 bits. @throws OutOfTableMemoryError */
  words(words: number): Int32Array {
    const array = allocateWords(words)
    this.arrays.add(array)
    return array
  }

  /** @returns zeroes, so many octets. @throws OutOfTableMemoryError */
  octets(octets: number): DataView {
    const view = allocateOctets(octets)
    this.arrays.add(view)
    return view
  }

  /** The array is read and written no more. */
  free(array: Int32Array | DataView): void {
    if (this.arrays.delete(array)) free(array)
  }

  freeAll(): void {
    freeAll(this.arrays)
  }
}

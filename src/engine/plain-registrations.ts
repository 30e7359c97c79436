/** Registered prefixes whose routes the kernel can judge: no rule of their own, and one origin AS at most. */
import {
  ANY_ORIGIN,
  NOT_PLAIN,
  ONE_ORIGIN,
  PLAIN_KIND,
  PLAIN_ORIGIN,
  PLAIN_WORDS,
} from '../kernel/assembly/fields.ts'
import type { Registered } from './state.ts'
import { TableArrays } from './table-arrays.ts'

/** Registered prefixes that the first array has room for. */
const FEWEST = 512

/** Two words a registered prefix, by its number. */
export class PlainRegistrations {
  words: Int32Array
  private readonly arrays = new TableArrays(this)

  constructor() {
    this.words = this.arrays.words(FEWEST * PLAIN_WORDS)
  }

  /**
   * Notes what a prefix declares; to be called again when that, its twin or `malformed` changed.
   * @throws OutOfTableMemoryError
   */
  note({ number, ownPolicy, twin, malformed, origins }: Registered): void {
    const at = number * PLAIN_WORDS
    if (at >= this.words.length) this.grow(at)
    const isPlain = !ownPolicy && twin === null && malformed === null && origins.length <= 1
    this.words[at + PLAIN_KIND] = !isPlain
      ? NOT_PLAIN
      : origins.length === 0
        ? ANY_ORIGIN
        : ONE_ORIGIN
    this.words[at + PLAIN_ORIGIN] = origins[0] ?? 0
  }

  private grow(beyond: number): void {
    const larger = this.arrays.words(beyond * 2)
    larger.set(this.words)
    this.arrays.free(this.words)
    this.words = larger
  }
}

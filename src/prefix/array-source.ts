/** Where the arrays of a table come from. */
export interface ArraySource {
  /** @returns zeroes, so many words of 32 bits */
  words(words: number): Int32Array
  /** The array is read and written no more. */
  free(array: Int32Array): void
}

/** Arrays that V8 collects. */
export const collectedArrays: ArraySource = {
  words: (words) => new Int32Array(words),
  free() {},
}

/**
 * Large arrays outside V8's heap, which V8 does not count. It counts the octets of ArrayBuffers, and collects
 * its whole heap for every 64 MB more of them, though nothing in there leads anywhere: that cost a quarter of
 * all CPU while full tables came. Those of SharedArrayBuffers it does not count; they are read and written as
 * fast, and nothing is shared with another thread. So collection.ts has to see to it that what was dropped is
 * collected.
 */
let allocated = 0

/** @returns zeroes, so many words of 32 bits */
export function createWords(words: number): Int32Array {
  allocated += words * 4
  return new Int32Array(new SharedArrayBuffer(words * 4))
}

/** @returns zeroes, so many octets */
export function createOctets(octets: number): DataView {
  allocated += octets
  return new DataView(new SharedArrayBuffer(octets))
}

/** Octets that were ever made here. Those that are not held any more were dropped. */
export function octetsAllocated(): number {
  return allocated
}

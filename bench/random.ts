/** Random numbers that are the same on every machine: the tables must be. */

/** A stream of numbers; all draws come from `next`. */
export interface Random {
  /** @returns an integer from 0 to 2^32 - 1 */
  next(): number
  /** @returns a fraction from 0 up to 1, exclusive */
  fraction(): number
  /** @returns an integer from 0 up to `limit`, exclusive */
  below(limit: number): number
  /** @returns an integer from `low` to `high`, inclusive */
  between(low: number, high: number): number
  /** @returns whether something of this probability happens */
  chance(probability: number): boolean
  /** @returns a rank below `limit`, log-uniform: a few ranks are very popular */
  rank(limit: number): number
}

/** Spreads a word (the finaliser of MurmurHash3). */
function spread(word: number): number {
  let h = word
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/**
 * Makes a stream (xoshiro128**, Blackman and Vigna) from any number of seeds; equal seeds give equal
 * streams.
 */
export function createRandom(...seeds: readonly number[]): Random {
  let mixed = 0x9e3779b9
  for (const seed of seeds) mixed = spread((mixed + seed) | 0) + 0x6d2b79f5
  let a = spread(mixed + 1)
  let b = spread(mixed + 2)
  let c = spread(mixed + 3)
  // Never all zero.
  let d = spread(mixed + 4) | 1

  const next = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11)
    return result >>> 0
  }
  const fraction = () => next() / 0x100000000
  const below = (limit: number) => Math.floor(fraction() * limit)
  return {
    next,
    fraction,
    below,
    between: (low, high) => low + below(high - low + 1),
    chance: (probability) => fraction() < probability,
    rank: (limit) => Math.min(limit - 1, Math.floor(limit ** fraction()) - 1),
  }
}

/** Puts a list into random order, in place. */
export function shuffle(list: Uint32Array, random: Random): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const kept = list[i] as number
    list[i] = list[j] as number
    list[j] = kept
  }
}

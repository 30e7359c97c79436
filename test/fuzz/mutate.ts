/** Changes to octets and texts that break parsers: flips, cuts, repeats, splices, lengths that lie. */
import type { Random } from '../../bench/random.ts'

/** A random member of a list that is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T
}

/** Random octets, often few of them different. */
export function randomOctets(random: Random, length: number): Uint8Array {
  const few = random.chance(0.3)
  return Uint8Array.from({ length }, () => (few ? pick(random, [0, 1, 2, 255]) : random.below(256)))
}

/** Numbers at which widths, signs and limits of the formats end. */
export const edges = [
  ...[0, 1, 2, 3, 4, 6, 8, 16, 18, 19, 23, 31, 32, 33, 64, 127, 128, 129, 255, 256],
  ...[4095, 4096, 4097, 23456, 32767, 32768, 64511, 64512, 65534, 65535, 65536, 262_144, 262_145],
  ...[0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff],
]

type Mutator = (octets: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

function range(octets: Uint8Array, random: Random): [number, number] {
  const from = random.below(octets.length + 1)
  const most = random.chance(0.7) ? 16 : octets.length
  return [from, Math.min(octets.length, from + random.below(most + 1))]
}

function overwrite(octets: Uint8Array, at: number, value: number, width: number, little: boolean) {
  const changed = octets.slice()
  for (let i = 0; i < width && at + i < changed.length; i++) {
    const shift = 8 * (little ? i : width - 1 - i)
    changed[at + i] = Math.floor(value / 2 ** shift) & 255
  }
  return changed
}

const mutators: readonly Mutator[] = [
  // One bit.
  (octets, random) => {
    const at = random.below(octets.length)
    const changed = octets.slice()
    changed[at] = (changed[at] as number) ^ (1 << random.below(8))
    return changed
  },
  // One octet.
  (octets, random) => overwrite(octets, random.below(octets.length), random.below(256), 1, false),
  // A number that means something, in one to four octets.
  (octets, random) => {
    const width = pick(random, [1, 2, 4])
    const at = random.below(octets.length)
    return overwrite(octets, at, pick(random, edges), width, random.chance(0.3))
  },
  // A length that lies a little: whatever stands there, plus or minus a few.
  (octets, random) => {
    const at = random.below(octets.length)
    const changed = octets.slice()
    changed[at] = ((changed[at] as number) + random.between(-4, 4)) & 255
    return changed
  },
  // Cut off.
  (octets, random) => octets.slice(0, random.below(octets.length + 1)),
  // A part taken out.
  (octets, random) => {
    const [from, to] = range(octets, random)
    return join(octets.subarray(0, from), octets.subarray(to))
  },
  // A part repeated.
  (octets, random) => {
    const [from, to] = range(octets, random)
    const times = random.chance(0.9) ? 1 : random.below(40)
    const part = octets.subarray(from, to)
    return join(octets.subarray(0, to), ...new Array(times).fill(part), octets.subarray(to))
  },
  // A part put elsewhere.
  (octets, random) => {
    const [from, to] = range(octets, random)
    const at = random.below(octets.length + 1)
    return join(octets.subarray(0, at), octets.subarray(from, to), octets.subarray(at))
  },
  // A part of another input.
  (octets, random, others) => {
    const other = others.length === 0 ? octets : pick(random, others)
    const [from, to] = range(other, random)
    const at = random.below(octets.length + 1)
    const on = random.chance(0.5) ? at : Math.min(octets.length, at + to - from)
    return join(octets.subarray(0, at), other.subarray(from, to), octets.subarray(on))
  },
  // Octets from nowhere.
  (octets, random) => {
    const at = random.below(octets.length + 1)
    const added = randomOctets(random, random.below(12))
    return join(octets.subarray(0, at), added, octets.subarray(at))
  },
]

/** How many changes an input gets: mostly few, so that it gets deep into a parser. */
function rounds(random: Random): number {
  return random.chance(0.5) ? 1 : random.between(1, 8)
}

/** Changes octets. @param others inputs of the same kind, to take parts from */
export function mutate(
  octets: Uint8Array,
  random: Random,
  others: readonly Uint8Array[] = [],
  limit = 70_000,
): Uint8Array {
  let changed = octets
  for (let left = rounds(random); left > 0; left--) {
    if (changed.length === 0) return randomOctets(random, random.below(24))
    changed = pick(random, mutators)(changed, random, others)
  }
  return changed.length > limit ? changed.slice(0, limit) : changed
}

/** Changes text a piece at a time. @param words pieces that mean something in its language */
export function mutateText(
  text: string,
  random: Random,
  words: readonly string[],
  others: readonly string[] = [],
): string {
  let changed = text
  for (let left = rounds(random); left > 0; left--) {
    const at = random.below(changed.length + 1)
    const to = Math.min(changed.length, at + random.below(random.chance(0.8) ? 8 : 80))
    const other = others.length > 0 && random.chance(0.2) ? pick(random, others) : changed
    const from = random.below(other.length + 1)
    const part = random.chance(0.5)
      ? pick(random, words)
      : other.slice(from, from + random.below(40))
    const repeated = random.chance(0.05) ? part.repeat(random.below(200)) : part
    const kept = random.chance(0.5) ? at : to
    changed = changed.slice(0, at) + (random.chance(0.25) ? '' : repeated) + changed.slice(kept)
  }
  return changed.slice(0, 60_000)
}

/** Ever smaller parts of a list, for a failure to be told with few of its members. */
export function* smallerLists<T>(list: readonly T[]): Generator<T[]> {
  for (
    let size = Math.ceil(list.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < list.length; from += size) {
      yield [...list.slice(0, from), ...list.slice(from + size)]
    }
  }
}

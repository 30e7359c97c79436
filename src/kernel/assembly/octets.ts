/** Octets as they came, in network byte order. Reads may go up to 16 octets beyond what is asked for. */

export function read16(at: usize): i32 {
  return ((<i32>load<u8>(at)) << 8) | <i32>load<u8>(at + 1)
}

export function read32(at: usize): i32 {
  return bswap<i32>(load<i32>(at))
}

/** Copies octets; up to 15 behind them are overwritten too. */
export function copy(to: usize, from: usize, length: i32): void {
  const end = from + <usize>length
  while (from < end) {
    v128.store(to, v128.load(from))
    from += 16
    to += 16
  }
}

export function areEqual(a: usize, b: usize, length: i32): bool {
  let left = length
  while (left >= 8) {
    if (load<u64>(a) !== load<u64>(b)) return false
    a += 8
    b += 8
    left -= 8
  }
  while (left > 0) {
    if (load<u8>(a) !== load<u8>(b)) return false
    a++
    b++
    left--
  }
  return true
}

function mix(hash: i32, word: i32): i32 {
  return (rotl<i32>(hash, 5) ^ word) * 0x9e3779b1
}

/** The same as `hashOctets` of engine/attribute-sets.ts, which finds what was stored from here. */
export function hashOctets(seed: i32, start: usize, length: i32): i32 {
  let a = seed
  let b = ~seed
  let at = start
  const end = start + <usize>length
  for (; at + 8 <= end; at += 8) {
    a = mix(a, load<i32>(at))
    b = mix(b, load<i32>(at + 4))
  }
  if (at + 4 <= end) {
    a = mix(a, load<i32>(at))
    at += 4
  }
  for (; at < end; at++) b = mix(b, <i32>load<u8>(at))
  const hash = mix(mix(a, b), length)
  return hash ^ (hash >>> 15)
}

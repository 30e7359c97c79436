/** Which routes are near registered prefixes: prefix/block-filter.ts and prefix/trie.ts, on the same words. */
import { setWord, word } from './control.ts'
import { COVERING, FILTER, FILTER_WIDE, NODES, ROOT } from './fields.ts'
import { tableWords } from './routes.ts'

export const NONE = -1

// Octets of a node's fields.
export const NODE_LENGTH = 16
const NODE_CHILD = 20
export const NODE_VALUE = 28

const BLOCK_BITS = 20

/** Of the last look-up: the value of the longest registered prefix that covers the one asked for. */
export let covering = NONE
/** How many cover it: their values stand from COVERING on. */
export let depth: i32 = 0
/** Whether registered prefixes lie strictly inside it. */
export let inside = false

function isSet(filter: usize, index: u32): bool {
  return (load<u32>(filter + ((<usize>(index >>> 5)) << 2)) & (1 << (index & 31))) !== 0
}

function mayTouch4(first: i32, length: i32): bool {
  const filter = <usize>word(tableWords() + FILTER)
  if (length < BLOCK_BITS - 10) return true
  const block = <u32>first >>> (32 - BLOCK_BITS)
  if (length >= BLOCK_BITS) return isSet(filter, block)
  const blocks = 1 << (BLOCK_BITS - length)
  if (blocks < 32) {
    const mask: u32 = ((1 << blocks) - 1) << (block & 31)
    return (load<u32>(filter + ((<usize>(block >>> 5)) << 2)) & mask) !== 0
  }
  let at = filter + ((<usize>(block >>> 5)) << 2)
  const last = at + ((<usize>(blocks >>> 5)) << 2)
  for (; at < last; at += 4) if (load<u32>(at) !== 0) return true
  return false
}

function mayTouch6(first: i32, length: i32): bool {
  if (length < 32 || word(tableWords() + FILTER_WIDE) !== 0) return true
  return isSet(
    <usize>word(tableWords() + FILTER),
    <u32>(first * <i32>0x9e3779b1) >>> (32 - BLOCK_BITS),
  )
}

/** @returns the value registered for exactly this prefix, or NONE; sets `covering` and `inside` */
export function find4(first: i32, length: i32): i32 {
  covering = NONE
  inside = false
  return mayTouch4(first, length) ? descend(first, 0, 0, 0, length) : NONE
}

export function find6(w0: i32, w1: i32, w2: i32, w3: i32, length: i32): i32 {
  covering = NONE
  inside = false
  return mayTouch6(w0, length) ? descend(w0, w1, w2, w3, length) : NONE
}

function descend(w0: i32, w1: i32, w2: i32, w3: i32, length: i32): i32 {
  const nodes = <usize>word(tableWords() + NODES)
  let node = word(tableWords() + ROOT)
  depth = 0
  while (node !== 0) {
    const at = nodes + ((<usize>node) << 2)
    const nodeLength = load<i32>(at + NODE_LENGTH)
    const shorter = nodeLength < length ? nodeLength : length
    if (!sameStart(at, w0, w1, w2, w3, shorter)) return NONE
    if (nodeLength > length) {
      inside = true
      return NONE
    }
    if (nodeLength === length) {
      inside = load<i32>(at + NODE_CHILD) !== 0 || load<i32>(at + NODE_CHILD + 4) !== 0
      return load<i32>(at + NODE_VALUE)
    }
    const value = load<i32>(at + NODE_VALUE)
    if (value !== NONE) {
      covering = value
      setWord(COVERING + depth++, value)
    }
    const holding = nodeLength < 32 ? w0 : nodeLength < 64 ? w1 : nodeLength < 96 ? w2 : w3
    const side = (holding >>> (31 - (nodeLength & 31))) & 1
    node = load<i32>(at + NODE_CHILD + ((<usize>side) << 2))
  }
  return NONE
}

function sameStart(at: usize, w0: i32, w1: i32, w2: i32, w3: i32, bits: i32): bool {
  if (bits <= 32) return bits === 0 || (load<i32>(at) ^ w0) >>> (32 - bits) === 0
  if (load<i32>(at) !== w0) return false
  return (
    agree(load<i32>(at + 4) ^ w1, bits - 32) &&
    agree(load<i32>(at + 8) ^ w2, bits - 64) &&
    agree(load<i32>(at + 12) ^ w3, bits - 96)
  )
}

/** Whether the first bits of a difference are all 0. */
function agree(difference: i32, bits: i32): bool {
  return bits <= 0 || (bits >= 32 ? difference === 0 : difference >>> (32 - bits) === 0)
}

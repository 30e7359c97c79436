/** What a table holds of registered prefixes: those of a whole trie (prefix/trie.ts), looked up together. */

import { useControl } from './control.ts'
import { originOnSession } from './counting.ts'
import {
  LOOKED_BITS,
  LOOKED_COVER,
  LOOKED_ORIGIN,
  LOOKED_SET,
  LOOKED_WORDS,
  NOT_COVERED,
} from './fields.ts'
import { NODE_LENGTH, NODE_VALUE, NONE } from './near.ts'
import {
  findRoute,
  NO_SET,
  STRIDE4,
  STRIDE6,
  TOGETHER,
  touch,
  useTable,
  writeRoute4,
  writeRoute6,
} from './routes.ts'
import { findingsOf } from './sets.ts'

const NODE_OCTETS = 32

/**
 * Looks up the registered prefixes of one family.
 * @param control tells of the session, the sets and the table of that family (0: IPv4, 1: IPv6)
 * @param nodes of the trie, from the first real one to `nodesEnd` (exclusive)
 * @param rows LOOKED_WORDS for each number that is registered
 * @param scratch room for TOGETHER routes and their numbers
 */
export function lookUpAll(
  control: usize,
  family: i32,
  nodes: usize,
  nodesEnd: usize,
  rows: usize,
  scratch: usize,
): void {
  useControl(control)
  useTable(family)
  const stride = <usize>(family === 0 ? STRIDE4 : STRIDE6)
  const numbers = scratch + <usize>(TOGETHER * STRIDE6)
  let count: usize = 0
  for (let node = nodes; node < nodesEnd; node += NODE_OCTETS) {
    const number = load<i32>(node + NODE_VALUE)
    if (number === NONE) continue
    writeRoute(scratch + count * stride, node, family)
    store<i32>(numbers + (count << 2), number)
    if (++count < <usize>TOGETHER) continue
    lookUpSome(scratch, count, stride, numbers, rows)
    count = 0
  }
  lookUpSome(scratch, count, stride, numbers, rows)
}

/** Writes the prefix of a node as it would lie in a slot. */
function writeRoute(to: usize, node: usize, family: i32): void {
  const first = load<i32>(node)
  const length = load<i32>(node + NODE_LENGTH)
  if (family === 0) writeRoute4(to, first, length, 0)
  else {
    const w1 = load<i32>(node + 4)
    writeRoute6(to, first, w1, load<i32>(node + 8), load<i32>(node + 12), length, 0)
  }
}

function lookUpSome(routes: usize, count: usize, stride: usize, numbers: usize, rows: usize): void {
  touch(routes, routes + count * stride)
  for (let i: usize = 0; i < count; i++) {
    const route = routes + i * stride
    const row = rows + <usize>(load<i32>(numbers + (i << 2)) * (LOOKED_WORDS << 2))
    const set = findRoute(route)
    store<i32>(row + (LOOKED_SET << 2), set)
    if (set === NO_SET) {
      store<i32>(row + (LOOKED_COVER << 2), coverOf(route, <i32>stride))
    } else {
      store<i32>(row + (LOOKED_BITS << 2), findingsOf(set))
      store<i32>(row + (LOOKED_ORIGIN << 2), originOnSession(set))
    }
  }
}

/** @returns the length of the longest route that covers one which is not there; NOT_COVERED: none does */
function coverOf(route: usize, stride: i32): i32 {
  const w0 = load<i32>(route)
  const w1 = stride === STRIDE4 ? 0 : load<i32>(route + 12)
  const w2 = stride === STRIDE4 ? 0 : load<i32>(route + 16)
  const w3 = stride === STRIDE4 ? 0 : load<i32>(route + 20)
  for (let length = (load<i32>(route + 4) >>> 24) - 2; length >= 0; length--) {
    const first = firstBits(w0, length)
    if (stride === STRIDE4) writeRoute4(route, first, length, 0)
    else {
      const second = firstBits(w1, length - 32)
      const third = firstBits(w2, length - 64)
      writeRoute6(route, first, second, third, firstBits(w3, length - 96), length, 0)
    }
    if (findRoute(route) !== NO_SET) return length
  }
  return NOT_COVERED
}

/** The first bits of a word, the rest 0. */
function firstBits(whole: i32, bits: i32): i32 {
  if (bits <= 0) return 0
  return bits >= 32 ? whole : whole & (-1 << (32 - bits))
}

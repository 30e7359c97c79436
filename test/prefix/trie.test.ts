import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  coversPrefix,
  equalPrefix,
  Family,
  maskPrefix,
  type Prefix,
} from '../../src/prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../../src/prefix/text.ts'
import { NONE, RadixTrie } from '../../src/prefix/trie.ts'

/** The oracle: a list, looked through from end to end. */
function slowTable() {
  let entries: { prefix: Prefix; value: number }[] = []
  const covering = (p: Prefix) =>
    entries
      .filter((e) => coversPrefix(e.prefix, p))
      .sort((a, b) => a.prefix.length - b.prefix.length)
  return {
    set(prefix: Prefix, value: number) {
      entries = entries.filter((e) => !equalPrefix(e.prefix, prefix))
      entries.push({ prefix, value })
    },
    delete(prefix: Prefix) {
      const found = entries.find((e) => equalPrefix(e.prefix, prefix))
      entries = entries.filter((e) => e !== found)
      return found?.value ?? NONE
    },
    exact: (p: Prefix) => entries.find((e) => equalPrefix(e.prefix, p))?.value ?? NONE,
    covering,
    longestAbove: (p: Prefix) =>
      covering(p)
        .filter((e) => e.prefix.length < p.length)
        .at(-1)?.value ?? NONE,
    inside: (p: Prefix) =>
      entries.filter((e) => coversPrefix(p, e.prefix) && e.prefix.length > p.length),
    get size() {
      return entries.length
    },
  }
}

/** Few distinct bits, so that prefixes nest and part at every depth. */
const crowdedWord = fc.constantFrom(
  0,
  -1,
  0x0a000000,
  0x0a800000,
  0x0a808000,
  0x0a8080ff,
  -0x80000000,
)
const prefixOf = (family: Family) =>
  fc
    .record({
      family: fc.constant(family),
      length: fc.integer({ min: 0, max: family === Family.ipv4 ? 32 : 128 }),
      w0: crowdedWord,
      w1: family === Family.ipv4 ? fc.constant(0) : crowdedWord,
      w2: family === Family.ipv4 ? fc.constant(0) : crowdedWord,
      w3: family === Family.ipv4 ? fc.constant(0) : crowdedWord,
    })
    .map((p: Prefix) => maskPrefix(p))

test.for([Family.ipv4, Family.ipv6])(
  'equals the slow table after any inserts and removals (AFI %i)',
  (family) => {
    const operation = fc.record({ remove: fc.boolean(), prefix: prefixOf(family) })
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 60 }),
        fc.array(prefixOf(family)),
        (operations, questions) => {
          const trie = new RadixTrie(family)
          const slow = slowTable()
          for (const [value, { remove, prefix }] of operations.entries()) {
            if (remove) {
              expect(trie.delete(prefix)).toBe(slow.delete(prefix))
            } else {
              expect(trie.set(prefix, value)).toBe(slow.exact(prefix))
              slow.set(prefix, value)
            }
            expect(trie.size).toBe(slow.size)
          }
          for (const p of [...questions, ...operations.map((o) => o.prefix)]) {
            expect(trie.find(p)).toBe(slow.exact(p))
            expect(trie.covering).toBe(slow.longestAbove(p))
            expect(trie.inside).toBe(slow.inside(p).length > 0)
            const above: number[] = []
            trie.eachCovering(p, (value) => above.push(value))
            expect(above).toEqual(slow.covering(p).map((e) => e.value))
            const below: number[] = []
            trie.eachInside(p, (value) => below.push(value))
            expect(below.sort()).toEqual(
              slow
                .inside(p)
                .map((e) => e.value)
                .sort(),
            )
          }
        },
      ),
      { numRuns: 300 },
    )
  },
)

test('finds exact, covering and inside in a table of documentation prefixes', () => {
  const trie = new RadixTrie(Family.ipv4)
  const names = ['198.51.100.0/24', '198.51.0.0/16', '203.0.113.128/25']
  for (const [value, text] of names.entries()) trie.set(parsePrefix(text), value)
  const ask = (text: string) => {
    const exact = trie.find(parsePrefix(text))
    return [exact, trie.covering, trie.inside]
  }
  expect(ask('198.51.100.0/24')).toEqual([0, 1, false])
  expect(ask('198.51.0.0/16')).toEqual([1, NONE, true])
  expect(ask('198.51.100.7/32')).toEqual([NONE, 0, false])
  expect(ask('203.0.113.0/24')).toEqual([NONE, NONE, true])
  expect(ask('0.0.0.0/0')).toEqual([NONE, NONE, true])
  expect(ask('192.0.2.0/24')).toEqual([NONE, NONE, false])
})

test('reuses the nodes of removed prefixes, so that a changing registry does not grow', () => {
  const trie = new RadixTrie(Family.ipv4)
  const prefixes = Array.from({ length: 500 }, (_, i) =>
    parsePrefix(`10.${i >> 8}.${i & 255}.0/24`),
  )
  for (const [i, p] of prefixes.entries()) trie.set(p, i)
  const full = trie.bytes
  for (let round = 0; round < 20; round++) {
    for (const [i, p] of prefixes.entries()) expect(trie.delete(p), formatPrefix(p)).toBe(i)
    expect(trie.size).toBe(0)
    for (const [i, p] of prefixes.entries()) trie.set(p, i)
  }
  expect(trie.bytes).toBe(full)
})

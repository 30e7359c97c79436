import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AdjRibIn, MAX_PATHS, NO_SET, TOO_MANY_PATHS } from '../../src/engine/adj-rib-in.ts'
import { Family, maskPrefix, type Prefix } from '../../src/prefix/prefix.ts'
import { formatPrefix } from '../../src/prefix/text.ts'

const word = fc.constantFrom(0, -1, 0x0a000000, 0x0a0a0a00, 0x0b000000, 1)
const prefixOf = (family: Family) =>
  fc
    .record({
      family: fc.constant(family),
      length: fc.integer({ min: 0, max: family === Family.ipv4 ? 32 : 128 }),
      w0: word,
      w1: family === Family.ipv4 ? fc.constant(0) : word,
      w2: family === Family.ipv4 ? fc.constant(0) : word,
      w3: family === Family.ipv4 ? fc.constant(0) : word,
    })
    .map((p: Prefix) => maskPrefix(p))

test.for([
  [Family.ipv4, false],
  [Family.ipv4, true],
  [Family.ipv6, false],
  [Family.ipv6, true],
] as const)(
  'equals a Map after any announcements and withdrawals (AFI %i, paths %s)',
  ([family, paths]) => {
    const operation = fc.record({
      remove: fc.boolean(),
      prefix: prefixOf(family),
      pathId: paths ? fc.constantFrom(0, 1, 0xffffffff) : fc.constant(0),
      set: fc.nat((1 << 24) - 1),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const rib = new AdjRibIn(family, paths)
        const slow = new Map<string, number>()
        for (const { remove, prefix, pathId, set } of operations) {
          const key = `${formatPrefix(prefix)}#${pathId}`
          const before = slow.get(key) ?? NO_SET
          if (remove) {
            expect(rib.remove(prefix, pathId)).toBe(before)
            slow.delete(key)
          } else {
            expect(rib.put(prefix, pathId, set, 7)).toBe(before)
            slow.set(key, set)
          }
          expect(rib.count).toBe(slow.size)
        }
        const held = new Map<string, number>()
        rib.visitSlots(rib.slotCount, 0, (prefix, set, pathId) => {
          held.set(`${formatPrefix(prefix)}#${pathId}`, set)
        })
        expect(held).toEqual(slow)
        for (const { prefix } of operations) {
          const some = [...slow.keys()].filter((key) => key.startsWith(`${formatPrefix(prefix)}#`))
          let found = 0
          rib.eachPath(prefix, () => found++)
          expect(found).toBe(some.length)
        }
      }),
    )
  },
)

/** Distinct /24s in an order without pattern. */
function manyPrefixes(count: number): Prefix[] {
  return Array.from({ length: count }, (_, i) =>
    maskPrefix({
      family: Family.ipv4,
      length: 24,
      w0: Math.imul(i, 0x9e3779b1) & 0xffffff00,
      w1: 0,
      w2: 0,
      w3: 0,
    }),
  )
}

test('grows with its routes and shrinks when they go, losing none', () => {
  const rib = new AdjRibIn(Family.ipv4, false)
  const empty = rib.bytes
  const prefixes = [...new Map(manyPrefixes(50_000).map((p) => [p.w0, p])).values()]
  for (const [i, p] of prefixes.entries()) rib.put(p, 0, i, 1)
  expect(rib.count).toBe(prefixes.length)
  expect(prefixes.filter((p, i) => rib.get(p, 0) !== i)).toEqual([])
  expect(rib.bytes).toBe(131072 * 12)
  expect(prefixes.filter((p, i) => rib.remove(p, 0) !== i)).toEqual([])
  expect(rib.count).toBe(0)
  expect(rib.bytes).toBe(empty)
})

test('the longest covering prefix, and routes older than a stamp', () => {
  const rib = new AdjRibIn(Family.ipv4, false)
  const at = (w0: number, length: number) => ({
    family: Family.ipv4,
    length,
    w0,
    w1: 0,
    w2: 0,
    w3: 0,
  })
  rib.put(at(0, 0), 0, 1, 100)
  rib.put(at(0x0a000000, 8), 0, 2, 200)
  expect(rib.longestCovering(at(0x0a0a0000, 16))).toMatchObject({ length: 8 })
  expect(rib.longestCovering(at(0x0a000000, 8))).toMatchObject({ length: 0 })
  expect(rib.longestCovering(at(0, 0))).toBeUndefined()
  expect(rib.olderThan(200)).toEqual([{ prefix: at(0, 0), pathId: 0 }])
})

/** The longest run of slots that are taken: what a look-up goes through at worst. */
function longestRun(rib: AdjRibIn): number {
  let longest = 0
  let run = 0
  for (let slot = 0; slot < rib.slotCount; slot++) {
    let taken = false
    rib.visitSlots(slot + 1, slot, () => {
      taken = true
    })
    run = taken ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest
}

describe('prefixes that a peer chooses so that they meet', () => {
  const ROUTES = 20_000

  test('IPv4: multiples of the inverse of a factor that is known', () => {
    const rib = new AdjRibIn(Family.ipv4, false)
    let inverse = 1
    for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(0x9e3779b1, inverse))
    expect(Math.imul(inverse, 0x9e3779b1)).toBe(1)
    const length = 32
    for (let i = 0; i < ROUTES; i++) {
      const w0 = Math.imul(inverse, i) ^ Math.imul(length, 0x5bd1e995)
      rib.put({ family: Family.ipv4, length, w0, w1: 0, w2: 0, w3: 0 }, 0, 1, 0)
    }
    expect(rib.count).toBe(ROUTES)
    expect(longestRun(rib)).toBeLessThan(500)
  })

  test('IPv6: words that take each other back', () => {
    const rib = new AdjRibIn(Family.ipv6, false)
    for (let i = 0; i < ROUTES; i++) {
      const w2 = (i << 7) | (i >>> 25)
      rib.put({ family: Family.ipv6, length: 128, w0: 0x20010db8, w1: 0, w2, w3: i }, 0, 1, 0)
    }
    expect(longestRun(rib)).toBeLessThan(500)
  })
})

test('paths of one prefix are bounded, whatever stands beside them (RFC 7911)', () => {
  const rib = new AdjRibIn(Family.ipv4, true)
  const prefix = (w0: number) => ({ family: Family.ipv4, length: 24, w0, w1: 0, w2: 0, w3: 0 })
  const one = prefix(0xc6336400 | 0)
  for (let i = 0; i < MAX_PATHS; i++) expect(rib.put(one, i, 1, 0)).toBe(NO_SET)
  expect(rib.put(one, MAX_PATHS, 1, 0)).toBe(TOO_MANY_PATHS)
  expect(rib.count).toBe(MAX_PATHS)
  // One that is there may change, another may take its place, and other prefixes have room.
  expect(rib.put(one, 0, 2, 0)).toBe(1)
  expect(rib.remove(one, 7)).toBe(1)
  expect(rib.put(one, MAX_PATHS, 1, 0)).toBe(NO_SET)
  for (let i = 0; i < 5000; i++) expect(rib.put(prefix(i << 8), 1, 1, 0)).toBe(NO_SET)
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AdjRibIn, NO_SET } from '../../src/engine/adj-rib-in.ts'
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
  for (const [i, p] of prefixes.entries()) expect(rib.get(p, 0)).toBe(i)
  expect(rib.bytes).toBe(131072 * 12)
  for (const [i, p] of prefixes.entries()) expect(rib.remove(p, 0)).toBe(i)
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

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AttributeSets } from '../../src/engine/attribute-sets.ts'
import { hexOf, viewOf } from '../support/vectors.ts'

function window(bytes: Uint8Array) {
  return { view: viewOf(bytes), start: 0, end: bytes.length }
}

function octetsOf(sets: AttributeSets, set: number): string {
  const at = { view: new DataView(new ArrayBuffer(0)), start: 0, end: 0 }
  sets.locate(set, at)
  return hexOf(new Uint8Array(at.view.buffer, at.view.byteOffset + at.start, at.end - at.start))
}

test('holds equal octets once, and forgets them with their last route', () => {
  const octets = fc.uint8Array({ minLength: 0, maxLength: 12 })
  const few = fc.array(octets, { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(
      few,
      fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 100 }),
      (values, steps) => {
        const sets = new AttributeSets(1)
        const references = new Map<string, { set: number; count: number }>()
        for (const [pick, drop] of steps) {
          const bytes = values[pick % values.length] as Uint8Array
          const key = hexOf(bytes)
          const known = references.get(key)
          if (drop) {
            if (known === undefined) continue
            sets.release(known.set)
            if (--known.count === 0) references.delete(key)
          } else {
            const set = sets.intern(window(bytes), (9 << 16) | 3, -7, 5)
            if (known !== undefined) expect(set).toBe(known.set)
            sets.retain(set)
            references.set(key, { set, count: (known?.count ?? 0) + 1 })
          }
          expect(sets.count).toBe(references.size)
        }
        for (const [key, { set }] of references) {
          expect(octetsOf(sets, set)).toBe(key)
          expect([
            sets.findings(set),
            sets.pathFacts(set),
            sets.originAs(set),
            sets.pathLength(set),
          ]).toEqual([3, 9, -7, 5])
        }
      },
    ),
  )
})

/** 100 octets that differ from set to set. */
function distinct(i: number): Uint8Array {
  const bytes = new Uint8Array(100)
  viewOf(bytes).setUint32(40, i)
  return bytes
}

test('ten rounds of 50 000 sets take no more room than one', () => {
  const sets = new AttributeSets()
  const empty = sets.bytes
  expect(empty).toBeLessThan(150_000)
  let first = 0
  for (let round = 0; round < 10; round++) {
    const held: number[] = []
    for (let i = 0; i < 50_000; i++) {
      const set = sets.intern(window(distinct(round * 1_000_000 + i)), 0, 0, 0)
      sets.retain(set)
      held.push(set)
    }
    if (round === 0) first = sets.bytes
    expect(sets.bytes).toBe(first)
    for (const set of held) sets.release(set)
    expect(sets.count).toBe(0)
    expect(sets.bytes).toBe(empty)
  }
})

test('compacting gives back the room of sets that went, and keeps the others whole', () => {
  const sets = new AttributeSets()
  const held = new Map<number, number>()
  for (let i = 0; i < 50_000; i++) {
    const set = sets.intern(window(distinct(i)), 0, 0, 0)
    sets.retain(set)
    held.set(i, set)
  }
  const full = sets.bytes
  for (const [i, set] of held) {
    if (i % 10 === 0) continue
    sets.release(set)
    held.delete(i)
  }
  sets.compact()
  expect(full - sets.bytes).toBeGreaterThan(3 * 1024 * 1024)
  for (const [i, set] of held) expect(octetsOf(sets, set)).toBe(hexOf(distinct(i)))
})

import { expect, test, vi } from 'vitest'
import { createCollection, fullCollection } from '../src/collection.ts'

const MIB = 2 ** 20

test('collects once tables changed much and then stayed as they are', () => {
  const collect = vi.fn()
  let octets = 10 * MIB
  const look = createCollection(() => octets, collect)
  const after = (now: number) => {
    octets = now
    look()
    return collect.mock.calls.length
  }
  expect(after(10 * MIB)).toBe(0)
  // A table comes: not while it grows.
  expect(after(20 * MIB)).toBe(0)
  expect(after(40 * MIB)).toBe(0)
  expect(after(40 * MIB)).toBe(1)
  expect(after(40 * MIB)).toBe(1)
  // Little is not worth it, wherever it adds up to.
  expect(after(40 * MIB + 15 * MIB)).toBe(1)
  expect(after(40 * MIB + 15 * MIB)).toBe(1)
  expect(after(40 * MIB + 16 * MIB)).toBe(1)
  expect(after(40 * MIB + 16 * MIB)).toBe(2)
  // Routes go.
  expect(after(8 * MIB)).toBe(2)
  expect(after(8 * MIB)).toBe(3)
})

test("V8's collection is at hand, and frees arrays outside the heap", () => {
  const collect = fullCollection()
  collect()
  const before = process.memoryUsage().arrayBuffers
  const held = [new ArrayBuffer(32 * MIB)]
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThanOrEqual(32 * MIB)
  held.pop()
  collect()
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB)
})

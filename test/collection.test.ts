import { expect, test, vi } from 'vitest'
import { createCollection, fullCollection, tableRelease } from '../src/collection.ts'
import { allocateWords, free } from '../src/kernel/memory.ts'

const MIB = 2 ** 20

/** @returns tells what tables take now; gives how often it was collected */
function observed() {
  const collect = vi.fn()
  let octets = { held: 10 * MIB, allocated: 10 * MIB }
  const look = createCollection(() => octets, collect)
  return (held: number, allocated: number) => {
    octets = { held: held * MIB, allocated: allocated * MIB }
    look()
    return collect.mock.calls.length
  }
}

test('collects once tables dropped much and then stayed as they are', () => {
  const after = observed()
  expect(after(10, 10)).toBe(0)
  // A table comes, and outgrows its arrays: not while it grows.
  expect(after(20, 30)).toBe(0)
  expect(after(40, 70)).toBe(0)
  expect(after(40, 70)).toBe(1)
  expect(after(40, 70)).toBe(1)
  // Growing drops nothing by itself.
  expect(after(400, 430)).toBe(1)
  expect(after(400, 430)).toBe(1)
  // Little is not worth it, until it adds up.
  expect(after(400, 437)).toBe(1)
  expect(after(400, 437)).toBe(1)
  expect(after(400, 438)).toBe(1)
  expect(after(400, 438)).toBe(2)
  // Routes go.
  expect(after(390, 438)).toBe(2)
  expect(after(390, 438)).toBe(3)
})

test('what comes and goes without rest is collected too', () => {
  const after = observed()
  expect(after(50, 250)).toBe(0)
  expect(after(10, 265)).toBe(0)
  expect(after(20, 276)).toBe(1)
  expect(after(30, 290)).toBe(1)
  expect(after(30, 541)).toBe(1)
  expect(after(30, 542)).toBe(2)
})

const resident = () => process.memoryUsage.rss()

test("V8's collection is at hand, and gives back what tables have freed", async () => {
  const collect = fullCollection()
  collect()
  const words = allocateWords(16 * MIB).fill(1)
  const before = resident()
  free(words)
  collect()
  await vi.waitFor(() => expect(before - resident()).toBeGreaterThan(48 * MIB), { timeout: 10_000 })
})

test('on another system than Linux pages are kept', () => {
  const words = allocateWords(MIB).fill(1)
  free(words)
  expect(tableRelease('darwin')()).toBe(0)
  expect(tableRelease('linux')()).toBeGreaterThanOrEqual(4 * MIB - 2 ** 17)
})

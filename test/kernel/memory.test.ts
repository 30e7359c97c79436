import { expect, test, vi } from 'vitest'
import { fullCollection } from '../../src/collection.ts'
import { AdjRibIn, NO_MEMORY, NO_SET } from '../../src/engine/adj-rib-in.ts'
import { AttributeSets } from '../../src/engine/attribute-sets.ts'
import { OutOfTableMemoryError } from '../../src/kernel/arena.ts'
import {
  addressOf,
  allocateOctets,
  allocateWords,
  free,
  kernelMemory,
} from '../../src/kernel/memory.ts'
import { Family, type Prefix } from '../../src/prefix/prefix.ts'
import { createEngineLab, START } from '../support/engine-lab.ts'
import { limits } from '../support/limited-memory.ts'

vi.mock('../../src/kernel/memory.ts', async (original) => {
  const { limitMemory } = await import('../support/limited-memory.ts')
  return limitMemory(original)
})

function prefixAt(index: number): Prefix {
  return { family: Family.ipv4, length: 24, w0: index << 8, w1: 0, w2: 0, w3: 0 }
}

test('views are zeroed parts of the one memory, and are used again', () => {
  const words = allocateWords(100)
  expect(words.buffer.byteLength).toBe(kernelMemory()?.buffer.byteLength)
  expect(words).toEqual(new Int32Array(100))
  const at = addressOf(words)
  words.fill(-1)
  free(words)
  const octets = allocateOctets(400)
  expect(addressOf(octets)).toBe(at)
  expect(octets.byteLength).toBe(400)
  expect(octets.getUint32(396)).toBe(0)
  free(octets)
})

test('tables of an engine that was dropped are freed when V8 collects it', async () => {
  const collect = fullCollection()
  const fill = () => {
    const rib = new AdjRibIn(Family.ipv4, false)
    for (let i = 0; i < 100_000; i++) rib.put(prefixAt(i), 0, 1, 1)
    return rib.bytes
  }
  const octets = fill()
  const before = limits.freed
  await vi.waitFor(
    () => {
      collect()
      expect(limits.freed - before).toBe(octets)
    },
    { timeout: 10_000, interval: 20 },
  )
})

test('a table that cannot grow keeps its routes and takes no further prefix, until it is cleared', () => {
  const rib = new AdjRibIn(Family.ipv4, false)
  limits.octets = 100_000
  let held = 0
  while (rib.put(prefixAt(held), 0, 1, 1) === NO_SET) held++
  limits.octets = Number.POSITIVE_INFINITY
  expect(rib.exhausted).toBe(true)
  expect(rib.count).toBe(held)
  expect(rib.count).toBeLessThan(rib.slotCount)
  expect(rib.put(prefixAt(held), 0, 1, 1)).toBe(NO_MEMORY)
  expect(rib.put(prefixAt(0), 0, 2, 1)).toBe(1)
  expect(rib.get(prefixAt(held - 1), 0)).toBe(1)
  expect(rib.get(prefixAt(held), 0)).toBe(NO_SET)
  expect(rib.remove(prefixAt(1), 0)).toBe(1)
  rib.clear(() => {})
  expect(rib.exhausted).toBe(false)
  for (let i = 0; i < held * 2; i++) expect(rib.put(prefixAt(i), 0, 1, 1)).toBe(NO_SET)
  rib.dispose()
})

test('a table that was disposed of is empty, and holds nothing again', () => {
  for (const family of [Family.ipv4, Family.ipv6]) {
    for (const paths of [false, true]) {
      const rib = new AdjRibIn(family, paths)
      const before = rib.bytes
      const prefix = { ...prefixAt(7), family }
      rib.put(prefix, 0, 1, 1)
      rib.dispose()
      expect(rib.bytes).toBeLessThan(before)
      expect(rib.has(prefix)).toBe(false)
      expect(rib.longestCovering(prefix)).toBeUndefined()
      expect(rib.put(prefix, 0, 1, 1)).toBe(NO_MEMORY)
      expect(rib.remove(prefix, 0)).toBe(NO_SET)
    }
  }
})

test('attribute sets for which there is no memory leave the others as they were', () => {
  const sets = new AttributeSets(1)
  const view = new DataView(new ArrayBuffer(40))
  const stored = { view, start: 0, end: 40 }
  const intern = (number: number) => {
    view.setUint32(36, number)
    return sets.intern(stored, 3, 64500, 2)
  }
  limits.octets = 60_000
  let held = 0
  for (;;) {
    try {
      sets.retain(intern(held))
      held++
    } catch (error) {
      expect(error).toBeInstanceOf(OutOfTableMemoryError)
      break
    }
  }
  const count = sets.count
  expect(count).toBe(held)
  expect(() => intern(held)).toThrow(OutOfTableMemoryError)
  expect(sets.count).toBe(count)
  limits.octets = Number.POSITIVE_INFINITY
  const numbers = Array.from({ length: held }, (_, number) => intern(number))
  expect(new Set(numbers).size).toBe(held)
  expect(intern(held)).toBe(held)
  for (const number of numbers) sets.release(number)
})

test('an UPDATE for which there is no memory ends its own session, and no other', () => {
  const { engine, session, up, announce, down } = createEngineLab()
  for (const name of ['a', 'b']) {
    session(name, 3356)
    up(name, 3356)
  }
  expect(engine.exhausted('a')).toBe(false)
  announce('b', '192.0.2.0/24')
  limits.octets = 30_000
  // As many sets as there are records for.
  const fill = () => {
    for (let i = 0; i < 2000; i++)
      announce('a', `10.${i >> 8}.${i & 255}.0/24`, { path: `3356 ${i + 1}` })
  }
  const outOfResources = { name: 'ProtocolError', code: 6, subcode: 8 }
  expect(fill).toThrow(expect.objectContaining(outOfResources))
  // Few routes more than the first size of a table has room for, all with one set.
  down('a')
  up('a', 3356)
  limits.octets = 30_000
  for (let i = 0; i < 1600; i++) announce('a', `10.${i >> 8}.${i & 255}.0/24`)
  expect([engine.exhausted('a'), engine.exhausted('b')]).toEqual([true, false])
  expect(engine.view.tallies('a')?.prefixes.ipv4).toBe(1537)
  limits.octets = Number.POSITIVE_INFINITY
  down('a')
  expect(engine.exhausted('a')).toBe(false)
  expect(engine.view.tallies('b')?.prefixes.ipv4).toBe(1)
  engine.removeSession('a', START)
  expect(engine.exhausted('a')).toBe(false)
  expect(engine.view.memory().rib).toBe(24_576 + 49_152)
})

/** Tables that grow and shrink with the kernel and without: what lies in them lies at the same places. */
import { afterAll, expect, test, vi } from 'vitest'
import { createRandom } from '../../bench/random.ts'
import { AdjRibIn, NO_SET } from '../../src/engine/adj-rib-in.ts'
import { AttributeSets } from '../../src/engine/attribute-sets.ts'
import { Family, maskPrefix, type Prefix } from '../../src/prefix/prefix.ts'
import { formatPrefix } from '../../src/prefix/text.ts'

const kernel = vi.hoisted(() => ({ absent: false }))
vi.mock('../../src/kernel/kernel.ts', async (original) => {
  const { loadKernel } = await original<typeof import('../../src/kernel/kernel.ts')>()
  return { loadKernel: () => (kernel.absent ? null : loadKernel()) }
})
afterAll(() => {
  kernel.absent = false
})

/** Does the same with the kernel and without. */
function bothWays<T>(act: () => T): [T, T] {
  kernel.absent = false
  const withKernel = act()
  kernel.absent = true
  return [withKernel, act()]
}

test.each([Family.ipv4, Family.ipv6])('routes of family %i', (family) => {
  const [first, second] = bothWays(() => {
    const random = createRandom(family)
    const rib = new AdjRibIn(family, false)
    const held: Prefix[] = []
    const seen: string[][] = []
    const look = () => {
      const slots: string[] = []
      rib.visitSlots(rib.slotCount, 0, (prefix, set, _path, stamp) => {
        slots.push(`${formatPrefix(prefix)} ${set} ${stamp}`)
      })
      seen.push([`${rib.slotCount}`, ...slots])
    }
    for (let i = 0; i < 30_000; i++) {
      const prefix = {
        family,
        length: random.between(8, family === Family.ipv4 ? 32 : 128),
        w0: random.next() | 0,
        w1: family === Family.ipv4 ? 0 : random.next() | 0,
        w2: family === Family.ipv4 ? 0 : random.below(3),
        w3: family === Family.ipv4 ? 0 : random.next() | 0,
      }
      maskPrefix(prefix)
      if (rib.put(prefix, 0, i, 1000 + i) === NO_SET) held.push(prefix)
      if (i % 7000 === 0) look()
    }
    look()
    for (const prefix of held.splice(0, 29_000)) rib.remove(prefix, 0)
    look()
    expect(held.every((prefix) => rib.has(prefix))).toBe(true)
    rib.dispose()
    return seen
  })
  expect(second).toEqual(first)
})

test('attribute sets', () => {
  const [first, second] = bothWays(() => {
    const sets = new AttributeSets(7)
    const view = new DataView(new ArrayBuffer(64))
    const numberOf = (content: number) => {
      view.setUint32(8, content)
      return sets.intern({ view, start: 3, end: 20 + (content % 40) }, 0, content, 1)
    }
    const numbers: number[] = []
    for (let i = 0; i < 12_000; i++) {
      numbers.push(numberOf(i))
      sets.retain(numbers[i] as number)
      // Others go, and the table has gone through changes when it grows.
      if (i % 3 === 0) sets.release(numbers[i] as number)
    }
    const again = numbers.map((number, i) => (i % 3 === 0 ? -1 : numberOf(i) === number))
    const { bytes } = sets
    for (const [i, number] of numbers.entries()) {
      if (i % 3 !== 0 && i < 11_990) sets.release(number)
    }
    const last = numbers
      .slice(11_990)
      .map((number, i) => (i + 11_990) % 3 === 0 || numberOf(i + 11_990) === number)
    return { numbers, again, bytes, last, count: sets.count, left: sets.bytes }
  })
  expect(second).toEqual(first)
  expect(first.again.includes(false)).toBe(false)
  expect(first.last.includes(false)).toBe(false)
})

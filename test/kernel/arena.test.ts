import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Arena, createArena, OutOfTableMemoryError } from '../../src/kernel/arena.ts'

const PAGE = 65_536

/** An arena of its own in a memory of at most so many pages; the first belongs to somebody else. */
function arenaOf(pages: number) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true })
  const arena: Arena = createArena(memory, PAGE)
  const view = (address: number, octets: number) => new Uint8Array(memory.buffer, address, octets)
  return { memory, arena, view }
}

/** Zeroes pages, as the system does. */
function release(octets: Uint8Array) {
  octets.fill(0)
  return true
}

const size = fc.oneof(
  fc.nat({ max: 300 }),
  fc.integer({ min: 20_000, max: 120_000 }),
  fc.integer({ min: 200_000, max: 800_000 }),
)
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ allocate: size }) },
    { weight: 4, arbitrary: fc.record({ free: fc.nat() }) },
    { weight: 1, arbitrary: fc.constant('give back' as const) },
  ),
  { maxLength: 120 },
)

test('what is allocated is zero, aligned and apart, whatever was freed and given back before', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const { arena, view } = arenaOf(128)
      const live: { address: number; octets: number; mark: number }[] = []
      let mark = 0
      for (const step of taken) {
        if (step === 'give back') {
          arena.giveBack(release)
        } else if ('allocate' in step) {
          const octets = step.allocate
          let address: number
          try {
            address = arena.allocate(octets)
          } catch (error) {
            expect(error).toBeInstanceOf(OutOfTableMemoryError)
            continue
          }
          expect(address % (octets < 65_536 ? 16 : 4096)).toBe(0)
          expect(address).toBeGreaterThanOrEqual(PAGE)
          expect(view(address, octets).every((octet) => octet === 0)).toBe(true)
          mark = (mark % 255) + 1
          view(address, octets).fill(mark)
          live.push({ address, octets, mark })
        } else if (live.length > 0) {
          const [gone] = live.splice(step.free % live.length, 1)
          if (gone !== undefined) arena.free(gone.address)
        }
      }
      for (const each of live) {
        expect(view(each.address, each.octets).every((octet) => octet === each.mark)).toBe(true)
      }
      const held = live.reduce((sum, { octets }) => {
        const unit = octets < 65_536 ? 16 : 4096
        return sum + Math.ceil(Math.max(octets, 1) / unit) * unit
      }, 0)
      expect(arena.held()).toBe(held)
      // All of it together again: one block takes everything there is.
      for (const { address } of live) arena.free(address)
      expect(arena.allocate(127 * PAGE)).toBe(PAGE)
    }),
    { numRuns: 60 },
  )
})

test('freed neighbours become one block, in whatever order', () => {
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [0, 2, 1],
    [1, 0, 2],
  ]) {
    const { arena } = arenaOf(5)
    const parts = [0, 1, 2].map(() => arena.allocate(PAGE))
    const rest = arena.allocate(PAGE)
    for (const part of order) arena.free(parts[part] ?? 0)
    expect(arena.allocate(3 * PAGE)).toBe(PAGE)
    arena.free(rest)
  }
})

test('a memory that is full says so, and takes what fits again once something is freed', () => {
  const { arena, memory } = arenaOf(3)
  const first = arena.allocate(PAGE)
  const second = arena.allocate(PAGE)
  expect(() => arena.allocate(1)).toThrow(OutOfTableMemoryError)
  expect(() => arena.allocate(1)).toThrow('there is no memory for 16 octets more of routes')
  expect(memory.buffer.byteLength).toBe(3 * PAGE)
  arena.free(first)
  expect(() => arena.allocate(PAGE + 1)).toThrow(OutOfTableMemoryError)
  expect(arena.allocate(PAGE)).toBe(first)
  arena.free(second)
  expect(arena.held()).toBe(PAGE)
})

test('views stay valid while the memory grows', () => {
  const { arena, view } = arenaOf(400)
  const early = view(arena.allocate(1000), 1000)
  early.fill(9)
  const late = arena.allocate(300 * PAGE)
  view(late, 16).fill(8)
  early[0] = 7
  expect(view(PAGE, 3)).toEqual(Uint8Array.of(7, 9, 9))
})

test('nothing is freed twice', () => {
  const { arena } = arenaOf(4)
  const address = arena.allocate(100)
  arena.free(address)
  expect(() => arena.free(address)).toThrow(`nothing is allocated at ${address}`)
})

test('whole dirty pages are given back, and what the system refuses is zeroed by its next user', () => {
  const { arena, view } = arenaOf(64)
  const address = arena.allocate(10 * PAGE + 4096)
  view(address, 10 * PAGE + 4096).fill(5)
  arena.free(address)
  expect(arena.giveBack(() => false)).toBe(0)
  const again = arena.allocate(2 * PAGE)
  expect(again).toBe(address)
  expect(view(again, 2 * PAGE).every((octet) => octet === 0)).toBe(true)
  const given: number[] = []
  const take = (octets: Uint8Array) => {
    given.push(octets.byteOffset, octets.length)
    return release(octets)
  }
  expect(arena.giveBack(take)).toBe(8 * PAGE)
  expect(given).toEqual([3 * PAGE, 8 * PAGE])
  expect(arena.giveBack(take)).toBe(0)
  arena.free(again)
  expect(view(arena.allocate(12 * PAGE), 12 * PAGE).every((octet) => octet === 0)).toBe(true)
})

import { afterEach, expect, test, vi } from 'vitest'
import { shownTime, steadyClock } from '../../src/session/clock.ts'

const HOUR = 3_600_000

afterEach(() => {
  vi.restoreAllMocks()
  // Look once at the clock as it is, so that no test inherits a step.
  shownTime(0)
})

/** Sets the machine's clock; the monotonic one goes on. */
function setClock(by: number): void {
  const { now } = Date
  vi.spyOn(Date, 'now').mockImplementation(() => now() + by)
}

test.for([HOUR, -HOUR])('a clock that is set by %i ms moves no time of ours', (by) => {
  const before = steadyClock.now()
  setClock(by)
  const after = steadyClock.now()
  expect(after).toBeGreaterThanOrEqual(before)
  expect(after - before).toBeLessThan(1000)
})

test.for([HOUR, -HOUR])('what is shown goes with a clock that is set by %i ms', (by) => {
  const began = steadyClock.now()
  expect(shownTime(began)).toBe(began)
  setClock(by)
  expect(Math.abs(shownTime(began) - (began + by))).toBeLessThan(50)
  vi.restoreAllMocks()
  expect(shownTime(began)).toBe(began)
})

test('a time that is shown twice is the same time', () => {
  setClock(HOUR)
  const time = steadyClock.now()
  const shown = Array.from({ length: 1000 }, () => shownTime(time))
  expect(new Set(shown).size).toBe(1)
})

/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/session/types.ts'

export interface FakeClock extends Clock {
  /** Moves on, calling each timer back at its own time, in order. */
  advance(milliseconds: number): void
  /** Moves on at once, as a clock that is set or a process that stood still: timers come late. */
  jump(milliseconds: number): void
  /** Timers that run. */
  readonly pending: number
}

interface Entry {
  readonly at: number
  readonly callback: () => void
}

/** @param start milliseconds since the epoch */
export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start
  const entries = new Set<Entry>()

  function next(until: number): Entry | undefined {
    let first: Entry | undefined
    for (const entry of entries) {
      if (entry.at <= until && (first === undefined || entry.at < first.at)) first = entry
    }
    return first
  }

  function callDue(until: number): void {
    for (let entry = next(until); entry !== undefined; entry = next(until)) {
      entries.delete(entry)
      now = Math.max(now, entry.at)
      entry.callback()
    }
  }

  return {
    now: () => now,
    after(milliseconds, callback) {
      const entry = { at: now + milliseconds, callback }
      entries.add(entry)
      return () => entries.delete(entry)
    },
    advance(milliseconds) {
      const end = now + milliseconds
      callDue(end)
      now = end
    },
    jump(milliseconds) {
      now += milliseconds
      callDue(now)
    },
    get pending() {
      return entries.size
    },
  }
}

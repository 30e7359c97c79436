/** Time as a value: the real clock, and a timer that can be started anew, stopped and asked. */
import type { Clock } from './types.ts'

/** The clock of the machine. */
export const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    return () => clearTimeout(timer)
  },
}

/** Where the clocks differ by more, the machine's clock was set; by less, they round differently. */
const STEP_MS = 500
const origin = Date.now() - performance.now()
let set = 0

/**
 * The daemon's clock. It starts at the machine's time and goes on evenly, however often that is set:
 * a step must neither end a session, nor complete a table, nor make a span negative.
 */
export const steadyClock: Clock = {
  now: () => Math.floor(origin + performance.now()),
  after: systemClock.after,
}

/**
 * What to show for a time of `steadyClock`: the time by the machine's clock as it is set now.
 * @param time milliseconds since the epoch
 */
export function shownTime(time: number): number {
  const difference = Date.now() - steadyClock.now()
  if (Math.abs(difference - set) > STEP_MS) set = Math.abs(difference) > STEP_MS ? difference : 0
  return time + set
}

export interface Timer {
  /** Runs out once after `milliseconds`; a timer that runs is started anew. */
  start(milliseconds: number): void
  stop(): void
  readonly running: boolean
  /** Milliseconds since the epoch when it runs out; null while it is stopped. */
  readonly dueAt: number | null
}

/** Makes a stopped timer. */
export function createTimer(clock: Clock, expired: () => void): Timer {
  let cancel: (() => void) | undefined
  let dueAt: number | null = null

  function stop(): void {
    cancel?.()
    cancel = undefined
    dueAt = null
  }

  return {
    start(milliseconds) {
      stop()
      dueAt = clock.now() + milliseconds
      cancel = clock.after(milliseconds, () => {
        stop()
        expired()
      })
    },
    stop,
    get running() {
      return cancel !== undefined
    },
    get dueAt() {
      return dueAt
    },
  }
}

/**
 * RFC 4271 §10: a timer's value times a random factor from 0.75 to 1, so that sessions do not act
 * in step.
 * @param random a number from 0 to 1
 */
export function jittered(milliseconds: number, random: () => number): number {
  return milliseconds * (0.75 + 0.25 * random())
}

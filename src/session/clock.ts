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

/** The hold timer: restarting it, which every UPDATE does, is one assignment. */
import { createTimer } from './clock.ts'
import type { Clock } from './types.ts'

/** A timer that runs out so much too late shows that this process stood still, not the peer. */
const LATE_MS = 1000

export interface HoldTimer {
  /** Counts `seconds` from now. */
  start(seconds: number): void
  /** A message came at `time`, in milliseconds since the epoch. */
  heard(time: number): void
  stop(): void
}

/**
 * Makes a stopped hold timer. It runs out when no message came for the hold time. When this process
 * itself stood still, or its clock was set, the peer's octets may wait unread: it gets one hold time
 * more.
 */
export function createHoldTimer(clock: Clock, expired: () => void): HoldTimer {
  let holdMs = 0
  let heardAt = 0
  let expectedAt = 0
  let spared = false
  const timer = createTimer(clock, check)

  function arm(milliseconds: number): void {
    expectedAt = clock.now() + milliseconds
    timer.start(milliseconds)
  }

  function check(): void {
    const now = clock.now()
    const left = heardAt + holdMs - now
    if (left > 0) {
      arm(Math.min(left, holdMs))
    } else if (now - expectedAt > LATE_MS && !spared) {
      spared = true
      arm(holdMs)
    } else {
      expired()
    }
  }

  return {
    start(seconds) {
      holdMs = seconds * 1000
      heardAt = clock.now()
      spared = false
      arm(holdMs)
    },
    heard(time) {
      heardAt = time
      spared = false
    },
    stop: () => timer.stop(),
  }
}

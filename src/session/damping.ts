/** How long a session that failed waits in Idle: RFC 4271 §8.1.1 DampPeerOscillations. */

const LONGEST_SECONDS = 60
/** A session that stayed Established this long starts with a clean record. */
const STABLE_SECONDS = 60

/** Higher counts change nothing. */
const MOST = 16

function backOff(count: number): number {
  return Math.min(2 ** (count - 1), LONGEST_SECONDS)
}

export interface Damping {
  /** Counts a connection that failed. @returns seconds until the next start: 1, 2, 4, ... 60 */
  failed(): number
  /**
   * Counts a peer that was not reached. It has done nothing wrong, so this is no failure: a router that
   * was away for long must not be held back when it comes.
   * @param atMost seconds that the operator is willing to wait, if that is less than a minute
   * @returns seconds until the next start: 1, 2, 4, ... 60
   */
  unreached(atMost: number): number
  /** Failures in a row that count. */
  readonly failures: number
  /** The session left Established after so many seconds. */
  wasEstablished(seconds: number): void
  /** The operator started the session: failures before that no longer count. */
  reset(): void
}

export function createDamping(): Damping {
  let failures = 0
  let misses = 0
  return {
    get failures() {
      return failures
    },
    failed() {
      misses = 0
      failures = Math.min(failures + 1, MOST)
      return backOff(failures)
    },
    unreached(atMost) {
      misses = Math.min(misses + 1, MOST)
      return Math.min(backOff(misses), Math.max(1, atMost))
    },
    wasEstablished(seconds) {
      if (seconds >= STABLE_SECONDS) failures = 0
    },
    reset() {
      failures = 0
      misses = 0
    },
  }
}

/** How long a session that failed waits in Idle: RFC 4271 §8.1.1 DampPeerOscillations. */

const LONGEST_SECONDS = 60
/** A session that stayed Established this long starts with a clean record. */
const STABLE_SECONDS = 60

export interface Damping {
  /**
   * Counts a failure.
   * @param atMost seconds that the operator is willing to wait, if that is less than a minute
   * @returns seconds until the next start: 1, 2, 4, ... 60
   */
  failed(atMost?: number): number
  /** Failures in a row that count. */
  readonly failures: number
  /** The session left Established after so many seconds. */
  wasEstablished(seconds: number): void
  /** The operator started the session: failures before that no longer count. */
  reset(): void
}

export function createDamping(): Damping {
  let failures = 0
  return {
    get failures() {
      return failures
    },
    failed(atMost = LONGEST_SECONDS) {
      const seconds = Math.min(2 ** failures, LONGEST_SECONDS, Math.max(1, atMost))
      failures = Math.min(failures + 1, 16)
      return seconds
    },
    wasEstablished(seconds) {
      if (seconds >= STABLE_SECONDS) failures = 0
    },
    reset() {
      failures = 0
    },
  }
}

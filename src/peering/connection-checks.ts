/** What a connection has to pass before its routes count, session by session, in words. */
import type { SessionConfig, SessionStatus } from '../session/types.ts'
import type { Live } from './live.ts'

/** How far a session is; each step includes those before. */
export const sessionSteps = ['down', 'up', 'checked', 'stable'] as const
export type SessionStep = (typeof sessionSteps)[number]

export interface SessionCheckResult {
  readonly session: string
  readonly step: SessionStep
  /** The check that failed, in one sentence; null: none did. */
  readonly message: string | null
}

function downSentence(config: SessionConfig, status: SessionStatus | undefined): string {
  const why = status?.lastError
  const last = why === null || why === undefined ? '' : `; last error: ${why}`
  if (status?.shutdown === true) {
    return `The session with ${config.address} is administratively down; start it.`
  }
  return `The session with ${config.address} is not Established${last}.`
}

/**
 * Checks a session: Established, under its limit, its whole table there, and all that for long enough.
 * @param now milliseconds since the epoch
 */
export function checkSession(config: SessionConfig, live: Live, now: number): SessionCheckResult {
  const { name: session, address } = config
  const status = live.session(session)
  if (status === undefined || status.stateName !== 'Established') {
    return { session, step: 'down', message: downSentence(config, status) }
  }
  const { limit = Number.POSITIVE_INFINITY } = config.maxPrefixes ?? {}
  const held = live.engine.tallies(session)?.prefixes
  for (const family of config.families) {
    const count = held?.[family] ?? 0
    if (count <= limit) continue
    const message = `${address} announces ${count} ${family} prefixes, more than the ${limit} of the connection; announce fewer, or raise the limit.`
    return { session, step: 'up', message }
  }
  if (!live.engine.tablesComplete(session)) {
    const message = `The routes of ${address} are still coming: neither End-of-RIB nor the time for it has passed.`
    return { session, step: 'up', message }
  }
  const { stableSeconds } = live.settings
  const since = status.establishedAt ?? now
  if (now - since < stableSeconds * 1000) {
    const message = `The session with ${address} is Established for less than ${stableSeconds} s, wait a little.`
    return { session, step: 'checked', message }
  }
  return { session, step: 'stable', message: null }
}

/** @returns the step that all of them have reached */
export function leastStep(checks: readonly SessionCheckResult[]): SessionStep {
  const least = Math.min(...checks.map(({ step }) => sessionSteps.indexOf(step)))
  return sessionSteps[least] ?? 'down'
}

/** @returns the sentences of all failed checks; empty when none failed */
export function checkMessage(checks: readonly SessionCheckResult[]): string {
  return checks.flatMap(({ message }) => message ?? []).join(' ')
}

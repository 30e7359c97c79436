import { setTimeout as sleep } from 'node:timers/promises'

/** Seconds that a condition of the real world may take unless its caller says otherwise. */
const defaultDeadlineSeconds = 45

/**
 * Asks until there is an answer: real routers have their own clocks, so this suite waits on conditions.
 *
 * @param what what is waited for, in words, for the message of a failure
 * @param probe gives undefined, null or false as long as the condition does not hold; may throw meanwhile
 * @returns what the probe gave
 * @throws Error that names the condition and what the probe last said, after the deadline
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  options: {
    seconds?: number
    /** What to show when it fails. */
    state?: () => unknown
    /** Why waiting makes no sense any more, if so. */
    hopeless?: () => string | undefined
  } = {},
): Promise<T> {
  const seconds = options.seconds ?? defaultDeadlineSeconds
  const deadline = performance.now() + seconds * 1000
  let trouble: unknown
  for (;;) {
    try {
      const answer = await probe()
      if (answer !== undefined && answer !== null && answer !== false) return answer
      trouble = undefined
    } catch (error) {
      trouble = error
    }
    const reason = options.hopeless?.()
    if (reason !== undefined) throw new Error(`waited for ${what}: ${reason}`)
    if (performance.now() > deadline) break
    await sleep(100)
  }
  const last = options.state ? `; last seen: ${JSON.stringify(await options.state())}` : ''
  const why = trouble instanceof Error ? `; last trouble: ${trouble.message}` : ''
  throw new Error(`waited ${seconds} s for ${what}${last}${why}`)
}

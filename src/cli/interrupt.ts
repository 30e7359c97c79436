/** Ctrl-C and SIGTERM as an AbortSignal. */

const ENDING = ['SIGINT', 'SIGTERM'] as const

/**
 * Turns the first SIGINT or SIGTERM into an abort; a second one ends the process at once.
 * @returns `release` gives the signals back to the process
 */
export function untilInterrupted(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  const abort = () => {
    if (controller.signal.aborted) process.exit(130)
    controller.abort()
  }
  for (const name of ENDING) process.on(name, abort)
  return {
    signal: controller.signal,
    release: () => {
      for (const name of ENDING) process.off(name, abort)
    },
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

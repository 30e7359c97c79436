/** Ctrl-C and SIGTERM as an AbortSignal. */

const ENDING = ['SIGINT', 'SIGTERM'] as const
/** npm and tsx pass on what the terminal has sent to all of them: twice within this is one keystroke. */
const SAME_KEYSTROKE = 500

/**
 * Turns the first SIGINT or SIGTERM into an abort; another one later ends the process at once.
 * @returns `release` gives the signals back to the process
 */
export function untilInterrupted(): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  let firstAt: number | undefined
  const abort = () => {
    firstAt ??= performance.now()
    if (performance.now() - firstAt > SAME_KEYSTROKE) process.exit(130)
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

/** Long work in slices, so that the sockets get their turn in between. */
import { performance } from 'node:perf_hooks'

/** Milliseconds of work between two turns of the sockets. */
const SLICE_MS = 8

/**
 * Makes a pause for loops: `await` what it returns after each step. It waits for a turn only when the slice
 * is used up.
 */
export function createPause(): () => Promise<void> | undefined {
  let since = performance.now()
  return () => {
    if (performance.now() - since < SLICE_MS) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        since = performance.now()
        resolve()
      })
    })
  }
}

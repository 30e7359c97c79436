/** Tells the log how the reading of routing-registry data goes on. */
import type { DumpProgress } from '../irr/dump.ts'
import type { LookupOptions } from '../irr/lookup.ts'
import type { Clock } from '../session/types.ts'
import type { Log } from './log.ts'

/** Milliseconds between two lines about one file. */
const EVERY = 5000

/** @returns what a lookup tells, as lines of the log */
export function createIrrReports(
  log: Log,
  clock: Pick<Clock, 'now'>,
): Required<Pick<LookupOptions, 'onProgress' | 'onLoaded' | 'onProblem'>> {
  let told = clock.now()
  return {
    onProgress({ file, read, size, objects }: DumpProgress) {
      const now = clock.now()
      if (now - told < EVERY) return
      told = now
      const percent = size === 0 ? 100 : Math.floor((read / size) * 100)
      log.info(
        { event: 'irr', file, percent, objects },
        `reading ${file}: ${percent} %, ${objects} objects`,
      )
    },
    onLoaded(objects) {
      log.info({ event: 'irr', objects }, `routing-registry data read: ${objects} route objects`)
    },
    onProblem(problem) {
      log.warn({ event: 'irr' }, `routing-registry data: ${problem}`)
    },
  }
}

/** Log lines for things that may come by the thousand: the first few, then a summary now and then. */
import type { Clock } from '../session/types.ts'

export interface Sampler<T> {
  /** Logs the item at once, or counts it for the next summary. */
  add(item: T): void
  /** Writes the summary that is still owed. */
  close(): void
}

export interface SamplerOptions<T> {
  readonly clock: Clock
  /** Least time between two summaries, milliseconds. */
  readonly interval: number
  /** Items logged one by one before summaries begin. */
  readonly budget: number
  /** What tells items apart in a summary, such as an address. */
  key(item: T): string
  /** Logs one item. */
  one(item: T): void
  /**
   * Logs that `count` items were left out.
   * @param keys counts of their distinct keys, most of all MAX_KEYS of them
   * @param more whether there were more keys than that
   * @param last the last of them
   */
  summary(count: number, keys: ReadonlyMap<string, number>, more: boolean, last: T): void
}

/** Distinct keys that a summary remembers: whoever sends the items cannot make us hold more. */
const MAX_KEYS = 1000

/**
 * Makes a sampler. `budget` items are logged one by one; from then on there is a summary every
 * `interval`, until an interval passes in which nothing was left out.
 */
export function createSampler<T>(options: SamplerOptions<T>): Sampler<T> {
  const { clock, interval, budget } = options
  let logged = 0
  let leftOut = 0
  let last: T | undefined
  let keys = new Map<string, number>()
  let more = false
  let cancel: (() => void) | undefined

  function summarize(): void {
    if (last !== undefined) options.summary(leftOut, keys, more, last)
    leftOut = 0
    last = undefined
    keys = new Map()
    more = false
  }

  function tick(): void {
    cancel = undefined
    if (leftOut === 0) {
      logged = 0
      return
    }
    summarize()
    cancel = clock.after(interval, tick)
  }

  return {
    add(item) {
      cancel ??= clock.after(interval, tick)
      if (logged < budget) {
        logged += 1
        options.one(item)
        return
      }
      leftOut += 1
      last = item
      const key = options.key(item)
      const known = keys.get(key)
      if (known !== undefined || keys.size < MAX_KEYS) keys.set(key, (known ?? 0) + 1)
      else more = true
    },
    close() {
      cancel?.()
      cancel = undefined
      if (leftOut > 0) summarize()
    },
  }
}

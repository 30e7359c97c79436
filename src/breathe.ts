/** Long answers in slices, so that a scrape or a list never holds up BGP. */

/** Longest that work goes on without letting sockets and timers have their turn, milliseconds. */
const SLICE_MS = 4

export interface Slice {
  /** Whether the slice is used up: time for `breathe`. */
  over(): boolean
  /** Lets pending I/O and timers run; then a new slice begins. */
  breathe(): Promise<void>
}

/** Long answers that wait for their next slice. */
const waiting: (() => void)[] = []

/** One slice a turn of the event loop: fifty scrapers at once take no more of a turn than one. */
function next(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(next)
}

/** Begins a slice. */
export function beginSlice(): Slice {
  let end = performance.now() + SLICE_MS
  return {
    over: () => performance.now() > end,
    async breathe() {
      await new Promise<void>((resolve) => {
        if (waiting.push(resolve) === 1) setImmediate(next)
      })
      end = performance.now() + SLICE_MS
    },
  }
}

/** Long answers in slices, so that a scrape or a list never holds up BGP. */

/** Longest that work goes on without letting sockets and timers have their turn, milliseconds. */
const SLICE_MS = 4

export interface Slice {
  /** Whether the slice is used up: time for `breathe`. */
  over(): boolean
  /** Lets pending I/O and timers run; then a new slice begins. */
  breathe(): Promise<void>
}

/** Begins a slice. */
export function beginSlice(): Slice {
  let end = performance.now() + SLICE_MS
  return {
    over: () => performance.now() > end,
    async breathe() {
      await new Promise<void>((resolve) => setImmediate(resolve))
      end = performance.now() + SLICE_MS
    },
  }
}

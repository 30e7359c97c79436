/** Which rows of a long list are drawn. */

/** Rows drawn above and below what is seen, so that scrolling and Tab find something. */
const MARGIN = 8

/** Rows `first` (inclusive) to `last` (exclusive). */
export interface Window {
  readonly first: number
  readonly last: number
}

/**
 * @param top pixels from the top of the list to the top of what is seen; negative: the list begins below it
 * @param height of what is seen, pixels
 */
export function windowOf(count: number, rowHeight: number, top: number, height: number): Window {
  const first = Math.floor(top / rowHeight) - MARGIN
  const last = Math.ceil((top + height) / rowHeight) + MARGIN
  return {
    first: Math.max(0, Math.min(first, count)),
    last: Math.max(0, Math.min(last, count)),
  }
}

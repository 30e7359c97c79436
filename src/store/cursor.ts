/** Where a page of the store's lists goes on. */
import { CursorError } from './types.ts'

/** @returns the numbers of a cursor. @throws CursorError when it is none of ours */
export function readCursor(cursor: string, count: number): number[] {
  const numbers = cursor.split('.').map(Number)
  const whole = numbers.every((number) => Number.isSafeInteger(number) && number >= 0)
  if (numbers.length !== count || !whole) {
    throw new CursorError(`"${cursor}" is not a cursor of this list; begin without one`)
  }
  return numbers
}

/**
 * Cuts a page out of rows, of which one more than the page was read.
 * @param place where the next page goes on after an item
 */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  place: (last: T) => string,
): { items: readonly T[]; cursor: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, cursor: rows.length > limit && last !== undefined ? place(last) : null }
}

/** Pages of lists that live in memory, and their opaque cursors. */
import type { Page } from '../engine/types.ts'
import { HttpProblem } from './problems.ts'

/** Items looked at for one page: a filter that matches nothing cannot make a request long. */
const SCAN_LIMIT = 20_000

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}

function badCursor(): HttpProblem {
  const message = 'is not a cursor of this list; begin without one'
  return new HttpProblem(400, 'invalid-request', `cursor: ${message}`, {
    errors: [{ path: 'cursor', message }],
  })
}

/** Wraps text of our own as a cursor; `kind` tells the lists apart. */
export function encodeCursor(kind: string, text: string): string {
  return encode([kind, text])
}

/**
 * Unwraps what `encodeCursor` made.
 * @throws HttpProblem 400
 */
export function decodeCursor(kind: string, cursor: string): string {
  const value = decode(cursor)
  if (Array.isArray(value) && value.length === 2 && value[0] === kind) {
    const [, text] = value
    if (typeof text === 'string') return text
  }
  throw badCursor()
}

/**
 * Where a page begins: after the item that the cursor names. The list may have changed since: then
 * the item is looked for, and if it is gone the page begins where it stood.
 */
function startOf(all: readonly { readonly name: string }[], cursor: string): number {
  const value = decode(cursor)
  if (!Array.isArray(value) || value.length !== 2) throw badCursor()
  const [index, name] = value as unknown[]
  if (typeof index !== 'number' || !Number.isInteger(index) || index < 0) throw badCursor()
  if (all[index]?.name === name) return index + 1
  const moved = all.findIndex((item) => item.name === name)
  return moved < 0 ? Math.min(index, all.length) : moved + 1
}

/**
 * Cuts a page out of a list.
 * @param matches which items the request wants
 * @returns at most `limit` items; it may be fewer, with a cursor, when few of very many match
 * @throws HttpProblem 400 when the cursor is none of ours
 */
export function pageOf<T extends { readonly name: string }>(
  all: readonly T[],
  query: { readonly limit: number; readonly cursor?: string | undefined },
  matches: (item: T) => boolean,
): Page<T> {
  const start = query.cursor === undefined ? 0 : startOf(all, query.cursor)
  const end = Math.min(all.length, start + SCAN_LIMIT)
  const items: T[] = []
  let at = start
  for (; at < end && items.length < query.limit; at++) {
    const item = all[at]
    if (item !== undefined && matches(item)) items.push(item)
  }
  const last = all[at - 1]
  const more = at < all.length && last !== undefined
  return { items, cursor: more ? encode([at - 1, last.name]) : null }
}

/** @returns how many items match; null when there are more items than one request may look at */
export function countMatches<T>(all: readonly T[], matches: (item: T) => boolean): number | null {
  if (all.length > SCAN_LIMIT) return null
  let count = 0
  for (const item of all) if (matches(item)) count += 1
  return count
}

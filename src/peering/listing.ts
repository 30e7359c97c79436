/** Pages of a list: what a principal sees of a kind, filtered and in order. */
import { maySee, mayUse } from './access.ts'
import {
  type Directory,
  isTenant,
  type Kind,
  type Principal,
  RefusedError,
  type Resource,
} from './kind.ts'
import type { ListQuery } from './registry-types.ts'

/** Items of a page at most. */
export const MAX_PAGE = 1000

export interface ListOptions {
  readonly kind: Kind
  readonly directory: Directory
  readonly principal: Principal
  readonly query: ListQuery
  /** A property as the view shows it. */
  readonly property: (resource: Resource, key: string) => unknown
}

export interface ResourcePage {
  readonly items: readonly Resource[]
  readonly cursor: string | null
  readonly total: number
}

/** Where a page ended: the value it was sorted by, and the id. */
type Mark = readonly [value: string | number | null, id: string]

function encodeCursor(mark: Mark): string {
  return Buffer.from(JSON.stringify(mark)).toString('base64url')
}

function decodeCursor(cursor: string): Mark {
  try {
    const mark: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(mark) && mark.length === 2 && typeof mark[1] === 'string') {
      return [sortable(mark[0]), mark[1]]
    }
  } catch {
    // Told below.
  }
  throw new RefusedError('invalid', 'The cursor is not one of this list; begin without it.', {
    place: 'cursor',
  })
}

function sortable(value: unknown): string | number | null {
  if (typeof value === 'number' || typeof value === 'string') return value
  if (value === null || value === undefined) return null
  return JSON.stringify(value)
}

/** null, then numbers, then text. */
function compareValues(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === typeof b) return a < b ? -1 : 1
  return typeof a === 'number' ? -1 : 1
}

function compareMarks(a: Mark, b: Mark): number {
  return compareValues(a[0], b[0]) || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0)
}

function sortKey({ property }: ListOptions, resource: Resource, key: string): unknown {
  if (key === 'name' || key === 'id' || key === 'owner') return resource[key]
  if (key === 'createdAt' || key === 'updatedAt') return resource[key]
  return property(resource, key)
}

function passes(options: ListOptions, resource: Resource): boolean {
  return Object.entries(options.query.filter ?? {}).every(([key, wanted]) => {
    const value = sortKey(options, resource, key)
    if (Array.isArray(value)) return value.some((each) => sameText(each, wanted))
    return sameText(value, wanted)
  })
}

function sameText(value: unknown, wanted: string): boolean {
  return String(value ?? '').toLowerCase() === wanted.toLowerCase()
}

/**
 * Makes a page.
 * @throws RefusedError when the cursor is none of this list
 */
export function listPage(options: ListOptions): ResourcePage {
  const { kind, directory, principal, query } = options
  if (!mayUse(principal, kind)) return { items: [], cursor: null, total: 0 }
  const all = directory.all(kind.name, query.parent)
  const theirs = isTenant(principal.role)
    ? all.filter(({ owner }) => maySee(principal, owner))
    : all
  const filtered = query.filter && Object.keys(query.filter).length > 0
  const found = filtered ? theirs.filter((each) => passes(options, each)) : theirs
  const limit = Math.max(1, Math.min(query.limit, MAX_PAGE))
  const descending = query.sort?.startsWith('-') === true
  const key = query.sort?.replace(/^-/, '') ?? 'id'
  // Ids sort as names do, parents first; that order is there already.
  const byId = key === 'id' || (key === 'name' && query.parent !== undefined)
  if (byId && !descending) return pageById(found, query.cursor, limit)

  const sign = descending ? -1 : 1
  const marked = found.map((resource) => {
    const mark: Mark = [sortable(sortKey(options, resource, key)), resource.id]
    return { mark, resource }
  })
  marked.sort((a, b) => sign * compareMarks(a.mark, b.mark))
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor)
  const start =
    after === undefined ? 0 : marked.findIndex(({ mark }) => sign * compareMarks(mark, after) > 0)
  const page = start < 0 ? [] : marked.slice(start, start + limit)
  const last = page.at(-1)
  const more = last !== undefined && start + page.length < marked.length
  return {
    items: page.map(({ resource }) => resource),
    cursor: more ? encodeCursor(last.mark) : null,
    total: found.length,
  }
}

function pageById(found: readonly Resource[], cursor: string | undefined, limit: number) {
  const after = cursor === undefined ? undefined : decodeCursor(cursor)[1]
  let low = 0
  for (let high = after === undefined ? 0 : found.length; low < high; ) {
    const middle = (low + high) >>> 1
    if ((found[middle] as Resource).id <= (after as string)) low = middle + 1
    else high = middle
  }
  const items = found.slice(low, low + limit)
  const last = items.at(-1)
  const more = last !== undefined && low + items.length < found.length
  return { items, cursor: more ? encodeCursor([null, last.id]) : null, total: found.length }
}

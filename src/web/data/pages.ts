/** Lists that are read page by page, as far as somebody looks. */
import { useEffect, useState } from 'preact/hooks'
import { get, type Path } from './api.ts'
import { type Resource, useReading } from './resource.ts'

const FIRST_PAGE = 100
const NEXT_PAGE = 500
const LARGEST_PAGE = 1000

interface PageOf<T> {
  readonly items: readonly T[]
  readonly cursor: string | null
}

/** What was read of a list: the first page's other fields, and all items so far. */
export interface Pages<T, P extends PageOf<T>> {
  readonly page: P
  readonly items: readonly T[]
  readonly cursor: string | null
}

function withPaging(path: string, limit: number, cursor: string | null): string {
  const joint = path.includes('?') ? '&' : '?'
  const after = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
  return `${path}${joint}limit=${limit}${after}`
}

/** Pages until `wanted` items are there or the list ends. */
async function readPages<T, P extends PageOf<T>>(
  path: string,
  wanted: number,
): Promise<Pages<T, P>> {
  const limit = (have: number) => Math.min(LARGEST_PAGE, wanted - have)
  const page = await get<P>(withPaging(path, limit(0), null) as Path<P>)
  const items = [...page.items]
  let { cursor } = page
  while (cursor !== null && items.length < wanted) {
    const next: P = await get<P>(withPaging(path, limit(items.length), cursor) as Path<P>)
    items.push(...next.items)
    cursor = next.cursor
  }
  return { page, items, cursor }
}

/** Reads a list, first its beginning; `more` reads on. */
export function usePages<T, P extends PageOf<T>>(
  path: Path<P>,
): Resource<Pages<T, P>> & { readonly more: () => void } {
  const [wanted, setWanted] = useState({ path: path as string, count: FIRST_PAGE })
  const count = wanted.path === path ? wanted.count : FIRST_PAGE
  useEffect(() => setWanted({ path, count: FIRST_PAGE }), [path])
  const resource = useReading<Pages<T, P>>(`${count} ${path}`, readCounted<T, P>)
  return {
    ...resource,
    more: () => {
      if (!resource.waiting && resource.data?.cursor != null) {
        setWanted({ path, count: resource.data.items.length + NEXT_PAGE })
      }
    },
  }
}

function readCounted<T, P extends PageOf<T>>(key: string) {
  const space = key.indexOf(' ')
  return readPages<T, P>(key.slice(space + 1), Number(key.slice(0, space)))
}

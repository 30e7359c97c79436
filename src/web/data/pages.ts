/** Lists that are read page by page, as far as somebody looks. */
import { useRef, useState } from 'preact/hooks'
import { get, type Path } from './api.ts'
import { type Resource, useReading } from './resource.ts'

const NEXT_PAGE = 250
const LARGEST_PAGE = 1000
/** Lists longer than the largest page are read anew no more often; milliseconds. */
const LONG_LIST_PACE = 10_000

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

/** How far a list was read, and when. */
interface Progress<T, P extends PageOf<T>> {
  readonly path: string
  readonly at: number
  readonly pages: Pages<T, P>
}

/**
 * Reads a list, first its beginning; `more` reads on. What was read is read anew when something changed.
 * @param firstPage how many items a view begins with
 */
export function usePages<T, P extends PageOf<T>>(
  path: Path<P>,
  firstPage: number,
): Resource<Pages<T, P>> & { readonly more: () => void } {
  const progress = useRef<Progress<T, P>>(undefined)
  const busy = useRef(false)
  const [, redraw] = useState(0)

  const read = async (): Promise<Pages<T, P>> => {
    const known = progress.current?.path === path ? progress.current : undefined
    const wanted = known?.pages.items.length ?? 0
    const fresh = performance.now() - (known?.at ?? 0) < LONG_LIST_PACE
    if (known !== undefined && wanted > LARGEST_PAGE && fresh) return known.pages
    const pages = await readPages<T, P>(path, Math.max(firstPage, wanted))
    progress.current = { path, at: performance.now(), pages }
    return pages
  }

  const more = async (): Promise<void> => {
    const known = progress.current
    if (busy.current || known === undefined || known.pages.cursor === null) return
    busy.current = true
    try {
      const next = await get<P>(withPaging(known.path, NEXT_PAGE, known.pages.cursor) as Path<P>)
      // Meanwhile the list may have been read anew, or be another one.
      if (progress.current !== known) return
      const items = [...known.pages.items, ...next.items]
      progress.current = { ...known, pages: { ...known.pages, items, cursor: next.cursor } }
      redraw(items.length)
    } catch {
      // The next reading tells why.
    } finally {
      busy.current = false
    }
  }

  const resource = useReading<Pages<T, P>>(path, read)
  const data = progress.current?.path === path ? progress.current.pages : resource.data
  return { ...resource, ...(data !== undefined && { data }), more }
}

/** Long lists of rows of one height, of which only those in sight are in the document. */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { windowOf } from '../logic/window.ts'

/** Rows from the end at which more are fetched. */
const NEAR_END = 20

function useRowHeight(list: { readonly current: HTMLElement | null }): number {
  const [height, setHeight] = useState(56)
  useLayoutEffect(() => {
    const measure = () => {
      if (list.current === null) return
      const text = getComputedStyle(list.current).getPropertyValue('--row-height')
      setHeight(Number.parseFloat(text) || 56)
    }
    measure()
    addEventListener('resize', measure)
    return () => removeEventListener('resize', measure)
  }, [list])
  return height
}

function useInSight(
  list: { readonly current: HTMLElement | null },
  count: number,
  rowHeight: number,
) {
  const [sight, setSight] = useState(() => windowOf(count, rowHeight, 0, innerHeight))
  useLayoutEffect(() => {
    const look = () => {
      if (list.current === null) return
      const top = -list.current.getBoundingClientRect().top
      const next = windowOf(count, rowHeight, top, innerHeight)
      setSight((old) => (old.first === next.first && old.last === next.last ? old : next))
    }
    look()
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    return () => {
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  }, [list, count, rowHeight])
  return sight
}

export interface Column {
  readonly title: string
  readonly class?: string
}

/**
 * A table with as many rows as there are items.
 * @param row cells of an item, as `<td role="cell">`
 * @param total rows there are, when not all are loaded
 * @param onNearEnd called when the last rows come into sight
 */
export function WindowedTable<T>(props: {
  label: string
  columns: readonly Column[]
  items: readonly T[]
  keyOf: (item: T) => string
  row: (item: T) => ComponentChildren
  total?: number
  busy?: boolean
  onNearEnd?: () => void
}) {
  const { label, columns, items, keyOf, row, total = items.length, busy = false, onNearEnd } = props
  const list = useRef<HTMLTableSectionElement>(null)
  const rowHeight = useRowHeight(list)
  const { first, last } = useInSight(list, items.length, rowHeight)
  const nearEnd = last >= items.length - NEAR_END && items.length < total
  useEffect(() => {
    if (nearEnd) onNearEnd?.()
  })
  const space = (rows: number) =>
    rows > 0 ? (
      // biome-ignore lint/a11y/noAriaHiddenOnFocusable: an empty row takes no focus
      <tr aria-hidden="true" class="space">
        <td style={{ height: `${rows * rowHeight}px` }} colSpan={columns.length} />
      </tr>
    ) : null
  return (
    // Roles by name: as cards on a phone these are no table to a browser any more.
    // biome-ignore-start lint/a11y/noRedundantRoles: see above
    <table
      class="windowed"
      role="table"
      aria-label={label}
      aria-rowcount={total + 1}
      aria-busy={busy}
    >
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          {columns.map((column) => (
            <th key={column.title} role="columnheader" scope="col" class={column.class}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup" ref={list}>
        {space(first)}
        {items.slice(first, last).map((item, i) => (
          <tr role="row" key={keyOf(item)} aria-rowindex={first + i + 2}>
            {row(item)}
          </tr>
        ))}
        {space(items.length - last)}
      </tbody>
    </table>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above
  )
}

/** A cell of such a table; its column's name stands before it on a phone. */
export function Cell({
  class: className,
  children,
}: {
  class?: string
  children?: ComponentChildren
}) {
  return (
    // biome-ignore lint/a11y/noRedundantRoles: as cards on a phone these are no table to a browser any more
    <td role="cell" class={className}>
      {children}
    </td>
  )
}

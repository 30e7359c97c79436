/** Quiet tables: a head, aligned columns, no rules; never wider than the terminal. */
import Table from 'cli-table3'
import type { Terminal } from './terminal.ts'
import { styleFor } from './terminal.ts'
import { displayWidth, truncate } from './text.ts'

export interface Column<Row> {
  readonly title: string
  /** Plain text of the cell, already cleaned. */
  readonly value: (row: Row) => string
  /** A shorter text where the value does not fit; absent: the value is cut. */
  readonly shorten?: (row: Row, width: number) => string
  /** Colours the finished text; must not change its width. */
  readonly paint?: (text: string, row: Row) => string
  readonly align?: 'left' | 'right'
  /** Columns the cell may be cut to when room is short; absent: it is never cut. */
  readonly minimum?: number
  /** Left out where the terminal is narrower than this. */
  readonly fromColumns?: number
}

const GAP = 2
const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(GAP),
}

/** Widths that fit: the widest column that may be cut gives way first, one column at a time. */
function fit(natural: readonly number[], minima: readonly number[], room: number): number[] {
  const widths = [...natural]
  let excess = widths.reduce((sum, width) => sum + width, 0) - room
  while (excess > 0) {
    let widest = -1
    for (let i = 0; i < widths.length; i++) {
      const can = (widths[i] ?? 0) > (minima[i] ?? 0)
      if (can && (widest < 0 || (widths[i] ?? 0) > (widths[widest] ?? 0))) widest = i
    }
    if (widest < 0) break
    widths[widest] = (widths[widest] ?? 0) - 1
    excess--
  }
  return widths
}

/**
 * Writes as many items as fit and counts the others.
 * @returns for instance `missing-community +2`
 */
export function shortenList(items: readonly string[], separator: string, width: number): string {
  for (let shown = items.length; shown > 0; shown--) {
    const more = items.length - shown
    const text = items.slice(0, shown).join(separator) + (more > 0 ? ` +${more}` : '')
    if (displayWidth(text) <= width || shown === 1) return text
  }
  return ''
}

/**
 * Renders rows as a table.
 * @returns lines, each with its line break and none wider than the terminal; cells that had to be cut
 *   end in `…`
 * @param measured the rows that widths follow from, where `rows` are but a window on them
 */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  terminal: Pick<Terminal, 'columns' | 'color'>,
  measured: readonly Row[] = rows,
): string {
  const shown = columns.filter((column) => (column.fromColumns ?? 0) <= terminal.columns)
  const texts = rows.map((row) => shown.map((column) => column.value(row)))
  const natural = shown.map((column) =>
    measured.reduce(
      (widest, row) => Math.max(widest, displayWidth(column.value(row))),
      displayWidth(column.title),
    ),
  )
  const minima = shown.map((column, i) =>
    column.minimum === undefined
      ? (natural[i] ?? 0)
      : Math.max(column.minimum, displayWidth(column.title)),
  )
  const widths = fit(natural, minima, terminal.columns - GAP * (shown.length - 1))
  const style = styleFor(terminal.color)
  const table = new Table({
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: widths,
    colAligns: shown.map((column) => column.align ?? 'left'),
  })
  table.push(shown.map((column) => style.dim(column.title)))
  rows.forEach((row, r) => {
    table.push(
      shown.map((column, i) => {
        const width = widths[i] ?? 0
        const whole = texts[r]?.[i] ?? ''
        const fits = column.shorten === undefined || displayWidth(whole) <= width
        const text = truncate(fits ? whole : (column.shorten?.(row, width) ?? whole), width)
        return column.paint === undefined ? text : column.paint(text, row)
      }),
    )
  })
  return table
    .toString()
    .split('\n')
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

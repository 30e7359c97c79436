/** How many lines each part of the screen has. */
import { type TableName, tableNames } from './state.ts'

/** Characters and lines of the terminal, and whether it may be coloured. */
export interface ScreenSize {
  readonly columns: number
  readonly rows: number
  readonly color: boolean
}

/** Lines above the tables: the daemon, sessions, prefixes, a notice. */
export const HEAD = 4
/** Lines of the selected prefix's sentence. */
export const SENTENCE = 2
const FOOT = 1
/** Title and column heads of the tables of sessions and prefixes; events have no column heads. */
const RULES = 2 + 2 + 1
/** Fewer lines for rows than this, and only the table in focus is shown. */
const LEAST = 6

/** Lines that can be written: the last one of the terminal stays empty, so that nothing scrolls. */
export function linesOf({ rows }: ScreenSize): number {
  return Math.max(HEAD + FOOT + 3, rows - 1)
}

/** Lines of a page: what head and foot leave. */
export function pageHeight(size: ScreenSize): number {
  return linesOf(size) - HEAD - FOOT
}

/**
 * Parts the lines among the tables.
 * @param counts rows that each table would like to show
 * @returns lines for rows, title and column heads not counted; 0: the table is not shown
 */
export function layout(
  size: ScreenSize,
  counts: Readonly<Record<TableName, number>>,
  focus: TableName,
): Record<TableName, number> {
  const room = pageHeight(size) - RULES - SENTENCE
  if (room < LEAST) {
    const alone = pageHeight(size) - (focus === 'events' ? 1 : 2)
    const heights = { sessions: 0, prefixes: 0, events: 0 }
    for (const name of tableNames) if (name === focus) heights[name] = Math.max(1, alone)
    return heights
  }
  const sessions = Math.min(Math.max(counts.sessions, 1), Math.floor(room * 0.4))
  const rest = room - sessions
  const prefixes = Math.min(Math.max(counts.prefixes, 2), Math.floor(rest * 0.6))
  return { sessions, prefixes, events: rest - prefixes }
}

/**
 * Which rows of a table are in its window.
 * @returns place of the first one; the selected row is always inside, in the middle where there is more on both sides
 */
export function windowStart(selected: number, total: number, height: number): number {
  const middle = selected - Math.floor(height / 2)
  return Math.max(0, Math.min(middle, total - height))
}

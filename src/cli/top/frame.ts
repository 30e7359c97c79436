/** The screen of `bgpwarden top` as lines, from what is known and looked at. */
import type { EventJson } from '../../api/event-schemas.ts'
import type { PrefixSummaryJson } from '../../api/prefix-schemas.ts'
import type { SessionJson } from '../../api/session-schemas.ts'
import { formatDuration } from '../../telemetry/duration.ts'
import { eventLine } from '../event-text.ts'
import { paintState, stateText } from '../session.ts'
import { type Column, renderTable, shortenList } from '../table.ts'
import { type Paint, type Style, styleFor } from '../terminal.ts'
import { cleanText, count, displayWidth, formatAge, truncate, wrap } from '../text.ts'
import { statePaint } from '../verdict-text.ts'
import { layout, linesOf, pageHeight, type ScreenSize, SENTENCE, windowStart } from './layout.ts'
import { helpLines, pageLines } from './page.ts'
import { orderTitles, type Rows, routesOf, rowsOf } from './rows.ts'
import type { TableName, TopState, View } from './state.ts'

/** Between what stands on the left of a line and on the right. */
function apart(left: string, right: string, columns: number): string {
  const gap = columns - displayWidth(left) - displayWidth(right)
  return gap < 1 ? left : `${left}${' '.repeat(gap)}${right}`
}

/** Shown the other way round, over the whole width. */
function inverse(line: string, { columns, color }: ScreenSize): string {
  const padded = `${line}${' '.repeat(Math.max(0, columns - displayWidth(line)))}`
  return color ? `\u001b[7m${padded}\u001b[27m` : line
}

function age(time: string, now: number): string {
  return formatAge(Math.max(0, now - Date.parse(time)))
}

// ---------------------------------------------------------------- head

function linkWord({ link, reading }: TopState, style: Style): string {
  if (!link.answers) return style.red('NO ANSWER')
  if (reading === undefined) return style.yellow('asking')
  return link.streams ? style.green('live') : style.yellow('polling')
}

/** `3 Failed, 1 Warning`, each in its colour; states that nothing has are left out. */
function stateCounts(
  counts: readonly (readonly [state: string, count: number, paint: Paint])[],
): string {
  const said = counts.flatMap(([state, n, paint]) => (n > 0 ? [paint(`${n} ${state}`)] : []))
  return said.length === 0 ? '' : `: ${said.join(', ')}`
}

function sessionLine({ reading }: TopState, style: Style): string {
  const counted = reading?.overview.sessions
  if (counted === undefined) return ''
  const states = counted.byState
    .map(({ state, sessions }) => {
      const paint = state === 'Established' ? style.green : style.yellow
      return [state, sessions, paint] as const
    })
    .reverse()
  return `${count(counted.total, 'session')}${stateCounts([...states, ['shut down', counted.shutdown, style.dim]])}`
}

const prefixStates = ['Failed', 'Invalid', 'Warning', 'Pending', 'Verified', 'None'] as const

function prefixLine({ reading }: TopState, style: Style): string {
  const counted = reading?.overview.prefixes
  if (counted === undefined) return ''
  const states = prefixStates.map(
    (state) => [state, counted.byState[state], statePaint(style, state)] as const,
  )
  return `${count(counted.total, 'prefix', 'prefixes')}${stateCounts(states)}`
}

/** Why what is shown may not be so any more. */
function notice({ link, readAt }: TopState, style: Style, columns: number, now: number): string {
  if (link.answers) return ''
  const left = link.retryAt - now
  const next = left > 0 ? `asked again in ${formatDuration(left)}` : 'asking again'
  const seen = readAt === 0 ? '' : `; as of ${new Date(readAt).toISOString().slice(11, 19)}Z`
  return style.red(truncate(cleanText(`${link.why}, ${next}${seen}`), columns))
}

function head(state: TopState, size: ScreenSize, now: number): string[] {
  const style = styleFor(size.color)
  const { overview } = state.reading ?? {}
  const version = overview === undefined ? '' : ` ${cleanText(overview.version)}`
  const up =
    overview === undefined || !state.link.answers ? '' : `, up ${age(overview.startedAt, now)}`
  const word = linkWord(state, style)
  const place = truncate(`${version} at ${cleanText(state.api)}${up}`, size.columns - 20)
  return [
    apart(`${style.bold('bgpwarden')}${place}`, word, size.columns),
    sessionLine(state, style),
    prefixLine(state, style),
    notice(state, style, size.columns, now),
  ]
}

// ---------------------------------------------------------------- tables

/** `── > SESSIONS 2 of 3, trouble first ─────`; `>` where the keys work. */
function rule(
  state: TopState,
  table: TableName,
  what: string,
  rows: Pick<Rows<unknown>, 'shown' | 'total'>,
  size: ScreenSize,
): string {
  const style = styleFor(size.color)
  const focused = state.focus === table
  const { filter, order } = state.tables[table]
  const n =
    rows.shown.length === rows.total ? `${rows.total}` : `${rows.shown.length} of ${rows.total}`
  const filtered = filter === '' ? '' : `, with "${filter}"`
  const title = truncate(
    `${what} ${n}, ${orderTitles(table)[order] ?? ''}${filtered}`,
    size.columns - 8,
  )
  const line = '─'.repeat(Math.max(0, size.columns - displayWidth(title) - 6))
  const mark = focused ? '─ >' : '───'
  return `${style.dim(mark)} ${focused ? style.bold(title) : title} ${style.dim(line)}`
}

interface Look<Row> {
  readonly size: ScreenSize
  readonly now: number
  /** Whether the row is the one that keys work on. */
  readonly marked: (row: Row) => boolean
}

function mark<Row>({ marked }: Look<Row>): Column<Row> {
  return { title: ' ', value: (row) => (marked(row) ? '>' : ' ') }
}

function sessionColumns(look: Look<SessionJson>): Column<SessionJson>[] {
  const style = styleFor(look.size.color)
  const nextTry = ({ nextTryAt }: SessionJson) => {
    if (nextTryAt === null) return '-'
    const left = Date.parse(nextTryAt) - look.now
    return left > 0 ? `in ${formatDuration(left)}` : 'now'
  }
  return [
    mark(look),
    { title: 'SESSION', value: (row) => cleanText(row.name), minimum: 10 },
    { title: 'PEER', value: (row) => cleanText(row.remoteAddress), minimum: 12, fromColumns: 72 },
    { title: 'AS', value: (row) => String(row.remoteAsn), align: 'right' },
    { title: 'STATE', value: stateText, paint: (text, row) => paintState(style, row)(text) },
    { title: 'SINCE', value: (row) => age(row.since, look.now), fromColumns: 50 },
    { title: 'ROUTES', value: (row) => String(routesOf(row)), align: 'right' },
    { title: 'NEXT TRY', value: nextTry, fromColumns: 70 },
    {
      title: 'LAST ERROR',
      value: (row) => cleanText(row.lastError ?? ''),
      minimum: 16,
      fromColumns: 110,
    },
  ]
}

/** From so many columns on a row has room for a sentence; below, for the reasons' names. */
const SENTENCES_FROM = 130

function prefixColumns(look: Look<PrefixSummaryJson>): Column<PrefixSummaryJson>[] {
  const style = styleFor(look.size.color)
  const why: Column<PrefixSummaryJson> =
    look.size.columns >= SENTENCES_FROM
      ? { title: 'WHY', value: (row) => cleanText(row.errorMessage), minimum: 24 }
      : {
          title: 'WHY',
          value: (row) => row.reasons.join(', '),
          shorten: (row, width) => shortenList(row.reasons, ', ', width),
          minimum: 21,
        }
  return [
    mark(look),
    { title: 'NAME', value: (row) => cleanText(row.name), minimum: 6, fromColumns: 70 },
    { title: 'PREFIX', value: (row) => cleanText(row.prefix), minimum: 16 },
    {
      title: 'STATE',
      value: (row) => row.state,
      paint: (text, row) => statePaint(style, row.state)(text),
    },
    { title: 'ON', value: (row) => cleanText(row.session ?? '-'), minimum: 6 },
    { title: 'SINCE', value: (row) => age(row.since, look.now), fromColumns: 60 },
    why,
  ]
}

/** Column heads and the window on the rows. */
function table<Row>(
  columns: readonly Column<Row>[],
  { shown, selected }: Rows<Row>,
  look: Look<Row>,
  height: number,
): string[] {
  const start = windowStart(selected, shown.length, height)
  const rows = shown.slice(start, start + height)
  const lines = renderTable(columns, rows, look.size, shown).split('\n').slice(0, -1)
  return [...lines, ...Array<string>(height - rows.length).fill('')].map((line, i) => {
    const row = rows[i - 1]
    return i > 0 && row !== undefined && look.marked(row) ? inverse(line, look.size) : line
  })
}

function lookAt<Row>(
  state: TopState,
  name: TableName,
  rows: Rows<Row>,
  size: ScreenSize,
  now: number,
): Look<Row> {
  const selected = rows.shown[rows.selected]
  return { size, now, marked: (row) => state.focus === name && row === selected }
}

/** Nothing to show, in words. */
function empty(words: string, height: number): string[] {
  return [`  ${words}`, ...Array<string>(height).fill('')]
}

function sessionTable(state: TopState, height: number, size: ScreenSize, now: number): string[] {
  const rows = rowsOf(state, 'sessions')
  const look = lookAt(state, 'sessions', rows, size, now)
  const none =
    rows.total > 0
      ? 'No session matches.'
      : state.reading === undefined
        ? ''
        : 'The daemon has no sessions.'
  return [
    rule(state, 'sessions', 'SESSIONS', rows, size),
    ...(rows.shown.length === 0
      ? empty(none, height)
      : table(sessionColumns(look), rows, look, height)),
  ]
}

/** The sentence of the selected prefix, on as many lines as it has. */
function sentence(row: PrefixSummaryJson | undefined, size: ScreenSize): string[] {
  if (row === undefined) return Array<string>(SENTENCE).fill('')
  const text = `${cleanText(row.name)}: ${cleanText(row.errorMessage)}`
  const lines = wrap(text, size.columns - 2)
  const last = lines.slice(SENTENCE - 1).join(' ')
  return [...lines.slice(0, SENTENCE - 1), truncate(last, size.columns - 2)].map((line) =>
    `  ${line}`.trimEnd(),
  )
}

function prefixTable(state: TopState, height: number, size: ScreenSize, now: number): string[] {
  const rows = rowsOf(state, 'prefixes')
  const look = lookAt(state, 'prefixes', rows, size, now)
  const { reading } = state
  const none =
    rows.total > 0 || state.tables.prefixes.filter !== ''
      ? 'No failing prefix matches.'
      : reading === undefined
        ? ''
        : 'Nothing is wrong with any prefix.'
  return [
    rule(state, 'prefixes', 'FAILING PREFIXES', rows, size),
    ...(rows.shown.length === 0
      ? empty(none, height)
      : table(prefixColumns(look), rows, look, height)),
  ]
}

function eventTable(state: TopState, height: number, size: ScreenSize): string[] {
  const rows = rowsOf(state, 'events')
  const start = windowStart(rows.selected, rows.shown.length, height)
  const marked = state.focus === 'events' ? rows.selected : -1
  const line = (event: EventJson, at: number) => {
    const shape = { ...size, columns: size.columns - 3 }
    const text = eventLine(event, shape, event.time.slice(11, 19)).trimEnd()
    return at === marked ? inverse(`>  ${text}`, size) : `   ${text}`
  }
  const lines = rows.shown.slice(start, start + height).map((event, i) => line(event, start + i))
  return [
    rule(state, 'events', 'EVENTS', rows, size),
    ...lines,
    ...Array<string>(height - lines.length).fill(''),
  ]
}

function tables(state: TopState, size: ScreenSize, now: number): string[] {
  const prefixes = rowsOf(state, 'prefixes')
  const heights = layout(
    size,
    {
      sessions: rowsOf(state, 'sessions').shown.length,
      prefixes: prefixes.shown.length,
      events: state.events.length,
    },
    state.focus,
  )
  const together = heights.prefixes > 0 && heights.events > 0
  return [
    ...(heights.sessions > 0 ? sessionTable(state, heights.sessions, size, now) : []),
    ...(heights.prefixes > 0 ? prefixTable(state, heights.prefixes, size, now) : []),
    ...(together ? sentence(prefixes.shown[prefixes.selected], size) : []),
    ...(heights.events > 0 ? eventTable(state, heights.events, size) : []),
  ]
}

// ---------------------------------------------------------------- the whole

function page(state: TopState, view: View & { kind: 'page' }, size: ScreenSize, now: number) {
  const lines = pageLines(state, view, size, now)
  const height = pageHeight(size)
  const start = Math.max(0, Math.min(view.scroll, lines.length - height))
  const shown = lines.slice(start, start + height)
  const more =
    lines.length > height ? `lines ${start + 1} to ${start + shown.length} of ${lines.length}` : ''
  return { lines: shown, more }
}

function foot(state: TopState, more: string, size: ScreenSize): string {
  const style = styleFor(size.color)
  const { view } = state
  if (state.typing) {
    const { filter } = state.tables[state.focus]
    return `/${filter}${style.dim('_   Enter keeps, Esc clears')}`
  }
  const keys =
    view.kind === 'help'
      ? 'any key back   q end'
      : view.kind === 'page'
        ? 'Esc back   ↑↓ scroll   q end'
        : 'Tab table   ↑↓ move   Enter open   / filter   s sort   ? help   q end'
  return apart(style.dim(keys), style.dim(more), size.columns)
}

/**
 * Draws the whole screen.
 * @param now milliseconds since the epoch
 * @returns its lines, none wider than the terminal down to 50 columns
 */
export function frame(state: TopState, size: ScreenSize, now: number): string[] {
  const { view } = state
  const body =
    view.kind === 'help'
      ? { lines: helpLines(size), more: '' }
      : view.kind === 'page'
        ? page(state, view, size, now)
        : { lines: tables(state, size, now), more: '' }
  const height = linesOf(size)
  const lines = [...head(state, size, now), ...body.lines].slice(0, height - 1)
  while (lines.length < height - 1) lines.push('')
  return [...lines, foot(state, body.more, size)].map((line) => line.trimEnd())
}

/** The rows of each table: which of them, in which order, and which one is selected. */
import type { EventJson } from '../../api/event-schemas.ts'
import type { PrefixSummaryJson } from '../../api/prefix-schemas.ts'
import type { SessionJson } from '../../api/session-schemas.ts'
import { stateText } from '../session.ts'
import type { TableName, TopState } from './state.ts'

interface Order<Row> {
  /** As it stands in the title of the table. */
  readonly title: string
  readonly compare: (a: Row, b: Row) => number
}

interface RowKind<Row> {
  all(state: TopState): readonly Row[]
  key(row: Row): string
  /** What a filter looks in. */
  text(row: Row): string
  readonly orders: readonly [Order<Row>, ...Order<Row>[]]
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
/** Times are ISO 8601 in UTC, so their order is that of text. */
const latest = (a: { since: string }, b: { since: string }) => byText(b.since, a.since)
const byName = (a: { name: string }, b: { name: string }) => byText(a.name, b.name)

/** The smaller, the more a session asks for attention. */
function sessionRank({ up, shutdown }: SessionJson): number {
  return up ? 2 : shutdown ? 1 : 0
}

const prefixRank = { Failed: 0, Invalid: 0, Warning: 1, Pending: 2, Verified: 3, None: 4 }

/** Routes that a session holds, of both families. */
export function routesOf({ prefixes }: SessionJson): number {
  return prefixes.ipv4 + prefixes.ipv6
}

const sessions: RowKind<SessionJson> = {
  all: ({ reading }) => reading?.sessions ?? [],
  key: ({ name }) => name,
  text: (row) =>
    `${row.name} ${row.remoteAddress} AS${row.remoteAsn} ${stateText(row)} ${row.description}`,
  orders: [
    {
      title: 'trouble first',
      compare: (a, b) => sessionRank(a) - sessionRank(b) || byName(a, b),
    },
    { title: 'by name', compare: byName },
    { title: 'latest change first', compare: (a, b) => latest(a, b) || byName(a, b) },
    { title: 'most routes first', compare: (a, b) => routesOf(b) - routesOf(a) || byName(a, b) },
  ],
}

const prefixes: RowKind<PrefixSummaryJson> = {
  all: ({ reading }) => reading?.prefixes ?? [],
  key: ({ name }) => name,
  text: (row) =>
    [row.name, row.prefix, row.owner, row.state, row.session, row.errorMessage, ...row.reasons]
      .filter(Boolean)
      .join(' '),
  orders: [
    {
      title: 'worst first',
      compare: (a, b) => prefixRank[a.state] - prefixRank[b.state] || latest(a, b) || byName(a, b),
    },
    { title: 'latest first', compare: (a, b) => latest(a, b) || byName(a, b) },
    { title: 'longest first', compare: (a, b) => latest(b, a) || byName(a, b) },
    { title: 'by name', compare: byName },
  ],
}

function eventText(event: EventJson): string {
  if (event.kind === 'session') return `${event.session} ${event.to} ${event.detail}`
  const changes = [...event.opened, ...event.closed]
  return [
    event.name,
    event.prefix,
    event.from,
    event.to,
    ...changes.map(({ reason, session }) => `${reason} ${session ?? ''}`),
  ].join(' ')
}

const events: RowKind<EventJson> = {
  all: ({ events }) => events,
  key: ({ id }) => String(id),
  text: eventText,
  orders: [
    { title: 'latest first', compare: (a, b) => b.id - a.id },
    { title: 'oldest first', compare: (a, b) => a.id - b.id },
  ],
}

interface RowTypes {
  readonly sessions: SessionJson
  readonly prefixes: PrefixSummaryJson
  readonly events: EventJson
}

const kinds: { readonly [Name in TableName]: RowKind<RowTypes[Name]> } = {
  sessions,
  prefixes,
  events,
}

/** How many orders a table has, and what they are called. */
export function orderTitles(table: TableName): string[] {
  return kinds[table].orders.map(({ title }) => title)
}

/** A table as it is looked at. */
export interface Rows<Row> {
  readonly shown: readonly Row[]
  /** Rows there are without the filter. */
  readonly total: number
  /** Place of the selected row in `shown`; 0 where there is none. */
  readonly selected: number
  readonly key: (row: Row) => string
}

/**
 * Filters and sorts the rows of a table.
 * @returns all that match; a search among more prefixes than were read is the daemon's, and stays as it is
 */
export function rowsOf<Name extends TableName>(state: TopState, name: Name): Rows<RowTypes[Name]> {
  const kind: RowKind<RowTypes[Name]> = kinds[name]
  const table = state.tables[name]
  const all = kind.all(state)
  const part = table.filter.toLowerCase()
  const searched = name === 'prefixes' && state.reading?.morePrefixes === true
  const matching =
    part === '' || searched ? all : all.filter((row) => kind.text(row).toLowerCase().includes(part))
  const order = kind.orders[table.order] ?? kind.orders[0]
  const shown = [...matching].sort(order.compare)
  const place =
    table.selected === undefined ? 0 : shown.findIndex((row) => kind.key(row) === table.selected)
  const selected = Math.max(0, place < 0 ? Math.min(table.at, shown.length - 1) : place)
  const total = searched ? (state.reading?.failing ?? 0) : all.length
  return { shown, total, selected, key: kind.key }
}

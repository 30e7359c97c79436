/** What `bgpwarden top` knows of a daemon, and what the operator looks at. */
import type { EventJson } from '../../api/event-schemas.ts'
import type { PrefixJson, PrefixSummaryJson } from '../../api/prefix-schemas.ts'
import type { SessionJson } from '../../api/session-schemas.ts'
import type { OverviewJson } from '../../api/status-schemas.ts'

/** The tables, in the order of the screen. */
export const tableNames = ['sessions', 'prefixes', 'events'] as const
export type TableName = (typeof tableNames)[number]

/** What was read of the daemon. */
export interface Reading {
  readonly overview: OverviewJson
  readonly sessions: readonly SessionJson[]
  /** Failed, Invalid and Warning; at most so many as are asked for at a time. */
  readonly prefixes: readonly PrefixSummaryJson[]
  /** How many there are in all. */
  readonly failing: number
  /** There are more than are read at a time: a search is then the daemon's. */
  readonly morePrefixes: boolean
}

/** How the daemon is reached. */
export interface Link {
  /** The last question was answered. */
  readonly answers: boolean
  /** Events come as they happen. */
  readonly streams: boolean
  /** Why there is no answer, in words. */
  readonly why: string
  /** When it is asked again, milliseconds since the epoch. */
  readonly retryAt: number
}

/** How a table is looked at. */
export interface TableState {
  /** Key of the row that the operator moved to; absent: the first one. */
  readonly selected: string | undefined
  /** Where that row stood, for when it is gone. */
  readonly at: number
  /** Only rows that contain it. */
  readonly filter: string
  /** Number of the order. */
  readonly order: number
}

/** A prefix in full, as it was read for its page; `problem` says why it could not be. */
export interface PrefixPage {
  readonly name: string
  readonly prefix?: PrefixJson
  readonly problem?: string
}

export type View =
  | { readonly kind: 'tables' }
  | { readonly kind: 'help' }
  | {
      readonly kind: 'page'
      readonly of: 'session' | 'prefix'
      readonly name: string
      readonly scroll: number
    }

export interface TopState {
  /** URL of the daemon. */
  readonly api: string
  readonly reading: Reading | undefined
  /** When that was, milliseconds since the epoch. */
  readonly readAt: number
  /** The newest first. */
  readonly events: readonly EventJson[]
  readonly link: Link
  readonly tables: Readonly<Record<TableName, TableState>>
  readonly focus: TableName
  readonly view: View
  /** The filter of the table in focus is being typed. */
  readonly typing: boolean
  readonly page: PrefixPage | undefined
}

/** Events kept. */
const EVENTS_KEPT = 500

/** @param api URL of the daemon */
export function initialState(api: string): TopState {
  const table: TableState = { selected: undefined, at: 0, filter: '', order: 0 }
  return {
    api,
    reading: undefined,
    readAt: 0,
    events: [],
    link: { answers: true, streams: false, why: '', retryAt: 0 },
    tables: { sessions: table, prefixes: table, events: table },
    focus: 'sessions',
    view: { kind: 'tables' },
    typing: false,
    page: undefined,
  }
}

/** @param found in any order; those that are there already are passed over */
export function withEvents(state: TopState, found: readonly EventJson[]): TopState {
  const newest = state.events[0]?.id ?? 0
  const fresh = found.filter(({ id }) => id > newest).sort((a, b) => b.id - a.id)
  return fresh.length === 0
    ? state
    : { ...state, events: [...fresh, ...state.events].slice(0, EVENTS_KEPT) }
}

/** Changes how a table is looked at. */
export function withTable(state: TopState, name: TableName, change: Partial<TableState>): TopState {
  return { ...state, tables: { ...state.tables, [name]: { ...state.tables[name], ...change } } }
}

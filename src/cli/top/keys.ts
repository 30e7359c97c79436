/** What each key does. */
import { layout, pageHeight, type ScreenSize } from './layout.ts'
import { pageLines } from './page.ts'
import { orderTitles, rowsOf } from './rows.ts'
import { type TableName, type TopState, tableNames, type View, withTable } from './state.ts'

/** A key by its name (`up`, `enter`, `ctrl-c`), or the character that it types. */
export type Key = string

/** @returns how far a key moves; undefined when it is no key that moves */
function distance(key: Key, page: number): number | undefined {
  const distances: Record<Key, number> = {
    up: -1,
    k: -1,
    down: 1,
    j: 1,
    pageUp: -page,
    pageDown: page,
    home: Number.NEGATIVE_INFINITY,
    g: Number.NEGATIVE_INFINITY,
    end: Number.POSITIVE_INFINITY,
    G: Number.POSITIVE_INFINITY,
  }
  return Object.hasOwn(distances, key) ? distances[key] : undefined
}

/** Rows of each table as they are shown now. */
function counts(state: TopState): Record<TableName, number> {
  return {
    sessions: rowsOf(state, 'sessions').shown.length,
    prefixes: rowsOf(state, 'prefixes').shown.length,
    events: rowsOf(state, 'events').shown.length,
  }
}

function moveInTable(state: TopState, by: number): TopState {
  const { shown, selected, key } = rowsOf(state, state.focus)
  const at = Math.max(0, Math.min(shown.length - 1, selected + by))
  const row = shown[at]
  // The events at the top stay there as new ones come.
  const first = state.focus === 'events' && at === 0
  const name = row === undefined || first ? undefined : key(row as never)
  return withTable(state, state.focus, { selected: name, at })
}

/** The page of what is selected; of an event: of what it is about. */
function openPage(state: TopState): TopState {
  const page = (of: 'session' | 'prefix', name: string): TopState => ({
    ...state,
    view: { kind: 'page', of, name, scroll: 0 },
  })
  if (state.focus === 'events') {
    const { shown, selected } = rowsOf(state, 'events')
    const event = shown[selected]
    if (event === undefined) return state
    return event.kind === 'session' ? page('session', event.session) : page('prefix', event.name)
  }
  const { shown, selected } = rowsOf(state, state.focus)
  const row = shown[selected]
  if (row === undefined) return state
  return page(state.focus === 'sessions' ? 'session' : 'prefix', row.name)
}

/** Names and words have no need of more. */
const LONGEST_FILTER = 60

function typeFilter(state: TopState, key: Key): TopState {
  const { filter } = state.tables[state.focus]
  const write = (text: string) => withTable(state, state.focus, { filter: text })
  if (key === 'enter') return { ...state, typing: false }
  if (key === 'escape') return { ...write(''), typing: false }
  if (key === 'backspace') return write([...filter].slice(0, -1).join(''))
  if ([...key].length !== 1 || filter.length >= LONGEST_FILTER) return state
  return write(filter + key)
}

function pressInTables(state: TopState, key: Key, size: ScreenSize): TopState {
  const { focus } = state
  const by = distance(key, layout(size, counts(state), focus)[focus])
  if (by !== undefined) return moveInTable(state, by)
  const step = (by: number) =>
    tableNames[(tableNames.indexOf(focus) + by + tableNames.length) % tableNames.length] ?? focus
  switch (key) {
    case 'tab':
      return { ...state, focus: step(1) }
    case 'backTab':
      return { ...state, focus: step(-1) }
    case 'enter':
      return openPage(state)
    case '/':
      return { ...state, typing: true }
    case 'escape':
      return withTable(state, focus, { filter: '' })
    case 's': {
      const order = (state.tables[focus].order + 1) % orderTitles(focus).length
      return withTable(state, focus, { order, selected: undefined, at: 0 })
    }
    case '?':
      return { ...state, view: { kind: 'help' } }
    default:
      return state
  }
}

function pressInPage(
  state: TopState,
  view: View & { kind: 'page' },
  key: Key,
  size: ScreenSize,
  now: number,
): TopState {
  if (key === 'escape' || key === 'enter' || key === 'backspace') {
    return { ...state, view: { kind: 'tables' } }
  }
  const height = pageHeight(size)
  const by = distance(key, height)
  if (by === undefined) return state
  const last = Math.max(0, pageLines(state, view, size, now).length - height)
  return { ...state, view: { ...view, scroll: Math.max(0, Math.min(last, view.scroll + by)) } }
}

/**
 * Does what a key says.
 * @param now milliseconds since the epoch
 * @returns the state after it; undefined: the operator wants to leave
 */
export function press(
  state: TopState,
  key: Key,
  size: ScreenSize,
  now: number,
): TopState | undefined {
  if (key === 'ctrl-c') return undefined
  if (state.typing) return typeFilter(state, key)
  if (key === 'q') return undefined
  const { view } = state
  if (view.kind === 'help') return { ...state, view: { kind: 'tables' } }
  if (view.kind === 'page') return pressInPage(state, view, key, size, now)
  return pressInTables(state, key, size)
}

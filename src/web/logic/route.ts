/** The page's places, as the part of its address behind `#`. */

export const viewNames = [
  'overview',
  'prefixes',
  'sessions',
  'peerings',
  'circuits',
  'networks',
  'explain',
  'events',
] as const
export type ViewName = (typeof viewNames)[number]

/** Views of which each thing has one of its own. */
const namedViews: readonly ViewName[] = ['prefixes', 'sessions', 'peerings', 'circuits', 'networks']

export type Query = Readonly<Record<string, string>>

export interface Place {
  readonly view: ViewName
  /** Of one prefix, session or peering; absent: the view as such. */
  readonly name?: string
  readonly query: Query
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** @returns where `#/prefixes/web?x=1` leads; undefined when nothing is there */
export function parsePlace(hash: string): Place | undefined {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  const query = Object.fromEntries(new URLSearchParams(search))
  const slash = path.indexOf('/')
  const first = slash < 0 ? path : path.slice(0, slash)
  const name = slash < 0 ? '' : decode(path.slice(slash + 1))
  if (first === '') return { view: 'overview', query }
  const view = viewNames.find((each) => each === first)
  if (view === undefined) return undefined
  if (name === '') return { view, query }
  return namedViews.includes(view) ? { view, name, query } : undefined
}

/** @returns what `parsePlace` reads; empty values of the query are left out */
export function formatPlace(
  view: ViewName,
  name?: string,
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = view === 'overview' ? '' : view
  const given = Object.entries(query).flatMap(([key, value]) => (value ? [[key, value]] : []))
  const search = new URLSearchParams(given as [string, string][]).toString()
  const tail = name === undefined ? '' : `/${encodeURIComponent(name)}`
  return `#/${path}${tail}${search === '' ? '' : `?${search}`}`
}

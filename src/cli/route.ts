/** `bgpwarden route list` */
import type { RouteJson } from '../api/route-schemas.ts'
import {
  type ClientOptions,
  createApiClient,
  jsonDocument,
  readAll,
  segment,
} from './api-client.ts'
import { Exit } from './failure.ts'
import { type Column, renderTable, shortenList } from './table.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatAge } from './text.ts'
import { communitiesOf, statePaint } from './verdict-text.ts'

interface RouteOptions extends ClientOptions {
  readonly prefix?: string
  readonly match?: string
  readonly limit: number
}

function columnsFor(style: Style, now: number): Column<RouteJson>[] {
  return [
    {
      title: 'PREFIX',
      value: (route) =>
        route.pathId === undefined ? route.prefix : `${route.prefix} #${route.pathId}`,
      minimum: 18,
    },
    {
      title: 'CLASS',
      value: (route) => (route.stale ? `${route.class} (stale)` : route.class),
      paint: (text, route) => statePaint(style, route.class)(text),
    },
    { title: 'AS PATH', value: (route) => cleanText(route.asPath), minimum: 12 },
    {
      title: 'COMMUNITIES',
      value: (route) => communitiesOf(route).join(' '),
      shorten: (route, width) => shortenList(communitiesOf(route), ' ', width),
      minimum: 14,
    },
    { title: 'NEXT HOP', value: (route) => cleanText(route.nextHop), minimum: 12 },
    {
      title: 'AGE',
      value: (route) => formatAge(now - Date.parse(route.receivedAt)),
      fromColumns: 100,
    },
    { title: 'ORIGIN', value: (route) => cleanText(route.origin), fromColumns: 120 },
    { title: 'MED', value: (route) => String(route.med ?? '-'), align: 'right', fromColumns: 120 },
    {
      title: 'NOTES',
      value: (route) => cleanText(route.notes.join(' ')),
      minimum: 8,
      fromColumns: 120,
    },
  ]
}

/** The table of routes. */
export function renderRoutes(
  routes: readonly RouteJson[],
  screen: Pick<Terminal, 'columns' | 'color'>,
  now: number,
): string {
  return renderTable(columnsFor(styleFor(screen.color), now), routes, screen)
}

/** Prints what a session announced, at most `limit` routes. */
export async function routeList(
  session: string,
  { api, tokenFile, json, prefix, match, limit }: RouteOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const { items, more } = await readAll<RouteJson>(
    createApiClient({ api, tokenFile }),
    `sessions/${segment(session)}/routes`,
    { prefix, match },
    limit,
  )
  if (json) terminal.write(jsonDocument(items))
  else if (items.length > 0) {
    terminal.write(renderRoutes(items, terminal, now))
  }
  if (items.length === 0 && !json) terminal.error('No route matches.\n')
  if (more) {
    terminal.error(
      `There are more than ${items.length} routes: narrow with --prefix, or raise --limit.\n`,
    )
  }
  return Exit.ok
}

/** `bgpwarden prefix list | show | validate` */
import type { PrefixJson, PrefixListJson, PrefixSummaryJson } from '../api/prefix-schemas.ts'
import { type PrefixStateName, prefixStateNames } from '../engine/types.ts'
import {
  type ClientOptions,
  createApiClient,
  jsonDocument,
  readAll,
  segment,
  withWholeLinks,
} from './api-client.ts'
import { Exit, UsageError } from './failure.ts'
import { type Column, renderTable, shortenList } from './table.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatAge } from './text.ts'
import { renderPrefix, statePaint } from './verdict-text.ts'

interface ListOptions extends ClientOptions {
  readonly state?: string
  readonly reason?: string
  readonly search?: string
}

/** What the table of prefixes needs; also what the engine's own summaries give. */
export type PrefixRow = Pick<PrefixSummaryJson, 'name' | 'prefix' | 'state'> & {
  readonly reasons: readonly string[]
  /** Milliseconds since the epoch. */
  readonly sinceMs: number
}

function columnsFor(style: Style, now: number): Column<PrefixRow>[] {
  return [
    { title: 'NAME', value: (row) => cleanText(row.name), minimum: 12 },
    { title: 'PREFIX', value: (row) => row.prefix, minimum: 18 },
    {
      title: 'STATE',
      value: (row) => row.state,
      paint: (text, row) => statePaint(style, row.state)(text),
    },
    { title: 'SINCE', value: (row) => formatAge(now - row.sinceMs) },
    {
      title: 'WHY',
      value: (row) => row.reasons.join(', '),
      shorten: (row, width) => shortenList(row.reasons, ', ', width),
      minimum: 24,
    },
  ]
}

/** The table of registered prefixes. */
export function renderPrefixes(
  rows: readonly PrefixRow[],
  screen: Pick<Terminal, 'columns' | 'color'>,
  now: number,
): string {
  return renderTable(columnsFor(styleFor(screen.color), now), rows, screen)
}

/** The name of a state however it is written. @throws UsageError */
function readState(text: string): PrefixStateName {
  const state = prefixStateNames.find((name) => name.toLowerCase() === text.toLowerCase())
  if (state === undefined) {
    throw new UsageError(`"${text}" is not a state, expected ${prefixStateNames.join(', ')}`)
  }
  return state
}

/** Prints the registered prefixes that match. */
export async function prefixList(
  { api, tokenFile, json, state, reason, search }: ListOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const query = { state: state && readState(state), reason, search }
  const client = createApiClient({ api, tokenFile })
  const { items } = await readAll<PrefixListJson['items'][number]>(client, 'prefixes', query)
  if (json) {
    terminal.write(jsonDocument(items))
  } else if (items.length === 0) {
    terminal.error('No registered prefix matches.\n')
  } else {
    const rows = items.map((item) => ({ ...item, sinceMs: Date.parse(item.since) }))
    terminal.write(renderPrefixes(rows, terminal, now))
  }
  return Exit.ok
}

function answer(
  prefix: PrefixJson,
  { api, json = false }: ClientOptions,
  terminal: Terminal,
  now: number,
): number {
  const shown = { ...prefix, findings: withWholeLinks(prefix.findings, api) }
  terminal.write(json ? jsonDocument(prefix) : renderPrefix(shown, terminal, now))
  return prefix.state === 'Failed' || prefix.state === 'Invalid' ? Exit.no : Exit.ok
}

/** Prints one verdict. @returns 1 when the prefix fails */
export async function prefixShow(
  name: string,
  options: ClientOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const prefix = await createApiClient(options).get<PrefixJson>(`prefixes/${segment(name)}`)
  return answer(prefix, options, terminal, now)
}

/** Has a prefix judged now and prints the verdict. @returns 1 when the prefix fails */
export async function prefixValidate(
  name: string,
  options: ClientOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const path = `prefixes/${segment(name)}/validate`
  const prefix = await createApiClient(options).post<PrefixJson>(path)
  return answer(prefix, options, terminal, now)
}

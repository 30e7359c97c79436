/** Every query of every dashboard, with variables filled in as Grafana does, and what came of it. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asRead, type Query, queriesOf } from '../../grafana/queries.ts'
import { repository } from './daemon.ts'
import type { Prometheus, Series } from './prometheus.ts'

/** A query that was run. */
export interface Asked extends Query {
  readonly dashboard: string
  /** As it was sent. */
  readonly sent: string
  readonly series: readonly Series[]
}

const escaped = (text: string) => text.replaceAll(/[.\\+*?^${}()|[\]]/g, '\\\\$&')

/** @returns the query with each `$name` replaced; what Grafana itself knows, included */
function fill(expr: string, values: ReadonlyMap<string, string>): string {
  const builtIn = new Map([
    ['__rate_interval', '15s'],
    ['__range', '5m'],
  ])
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => {
    return values.get(name) ?? builtIn.get(name) ?? whole
  })
}

/**
 * Runs all queries of all dashboards: variables first, with whose answers panels and annotations are asked.
 * @param chosen the value of each variable that takes one value only
 */
export async function askAll(
  prometheus: Prometheus,
  chosen: Readonly<Record<string, string>>,
): Promise<Asked[]> {
  const folder = join(repository, 'grafana/dashboards')
  const asked: Asked[] = []
  for (const file of (await readdir(folder)).sort()) {
    const dashboard = asRead(await readFile(join(folder, file), 'utf8'))
    const values = new Map<string, string>()
    for (const query of queriesOf(dashboard)) {
      const sent = fill(query.expr, values)
      const series = await (query.instant ? prometheus.query(sent) : prometheus.queryRange(sent))
      asked.push({ ...query, dashboard: file, sent, series })
      if (query.kind !== 'variable') continue
      const name = query.where.slice(1)
      const variable = dashboard.templating.list.find((each) => each.name === name)
      const found = series.flatMap(({ labels }) => Object.values(labels)).filter(Boolean)
      const all = variable?.allValue ?? `(${found.map(escaped).join('|')})`
      values.set(name, variable?.multi === true ? all : (chosen[name] ?? found[0] ?? ''))
    }
  }
  return asked
}

const cell = (text: string) => text.replaceAll('|', '\\|')

/** What a query gave, in one line: how many series, and the first of them. */
function shownResult({ series }: Pick<Asked, 'series'>): string {
  const [first] = series
  if (first === undefined) return 'empty'
  const labels = Object.entries(first.labels)
    .filter(([name]) => !['__name__', 'job'].includes(name))
    .map(([name, value]) => `${name}="${value}"`)
  const value = Number.isInteger(Number(first.value))
    ? first.value
    : Number(first.value).toPrecision(3)
  return `${series.length} series; {${labels.join(', ')}} ${value}`
}

/** Queries with their results under a heading, as a table in Markdown. */
export function tableOf(
  heading: string,
  asked: readonly Pick<Asked, 'where' | 'sent' | 'series'>[],
): string {
  const rows = asked.map((each) => {
    return `| ${each.where} | \`${cell(each.sent)}\` | ${cell(shownResult(each))} |`
  })
  return [
    `## ${heading}`,
    '',
    '| asks | query | result |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

/** All queries of all dashboards with their results. */
export function listOf(asked: readonly Asked[]): string {
  const files = [...new Set(asked.map(({ dashboard }) => dashboard))]
  return files
    .map((file) =>
      tableOf(
        file,
        asked.filter(({ dashboard }) => dashboard === file),
      ),
    )
    .join('\n')
}

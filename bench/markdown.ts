/** The figures that were saved last, as the tables of docs/performance.md. */
import { type Figure, isMet, median, range, short } from './figures.ts'
import type { Results } from './results.ts'

/** By major version of Node, such as `v20`. */
export type Saved = Readonly<Record<string, Results>>

const BEGIN = '<!-- figures: written by `npm run bench -- --save`, not by hand -->'
const END = '<!-- end of figures -->'

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = head.map((_, i) => (i === 0 ? '---' : '---:'))
  return [row(head), row(line), ...rows.map(row)].join('\n')
}

/** One name's figure on each Node, in the order in which the names come first. */
function byName(saved: Saved, wanted: (figure: Figure) => boolean) {
  const names = new Map<string, Map<string, Figure>>()
  for (const [major, { figures }] of Object.entries(saved)) {
    for (const figure of figures.filter(wanted)) {
      const of = names.get(figure.name) ?? new Map<string, Figure>()
      names.set(figure.name, of.set(major, figure))
    }
  }
  return names
}

function verdict(figure: Figure): string {
  return isMet(figure) === true ? 'met' : '**missed**'
}

/** Each target with what was measured on each Node. */
function targets(saved: Saved): string {
  const majors = Object.keys(saved)
  const rows = [...byName(saved, ({ target }) => target !== undefined)].map(([name, of]) => {
    const [first] = of.values()
    const cells = majors.map((major) => {
      const figure = of.get(major)
      if (figure === undefined) return 'not measured'
      return `${range(figure.values)} ${figure.unit}, ${verdict(figure)}`
    })
    return [`${name}: ${first?.target?.text ?? ''}`, ...cells]
  })
  return table(['target', ...majors.map((major) => saved[major]?.node ?? major)], rows)
}

/** CPU, time and memory of everybody who took a table in. */
function intake(results: Results): string {
  const quantities = ['CPU', 'CPU a route', 'wall clock', 'resident after', 'peak'] as const
  const lines = new Map<string, Map<string, Figure>>()
  for (const figure of results.figures) {
    const [scenario, who, what = ''] = figure.name.split(' / ')
    if (!quantities.some((each) => each === what) || scenario === 'growth') continue
    const key = `${scenario}, ${who}`
    lines.set(key, (lines.get(key) ?? new Map<string, Figure>()).set(what, figure))
  }
  const rows = [...lines].map(([key, of]) => [
    key,
    ...quantities.map((what) => range(of.get(what)?.values ?? [])),
  ])
  return table(['', 'CPU, s', 'CPU a route, ns', 'wall clock, s', 'resident, MB', 'peak, MB'], rows)
}

function growth(results: Results): string {
  const quantities = ['CPU a route', 'routes a CPU second', 'memory a route'] as const
  const lines = new Map<string, Map<string, Figure>>()
  for (const figure of results.figures) {
    const [scenario, point = '', what = ''] = figure.name.split(' / ')
    if (scenario !== 'growth') continue
    lines.set(point, (lines.get(point) ?? new Map<string, Figure>()).set(what, figure))
  }
  const rows = [...lines].map(([point, of]) => [
    point,
    ...quantities.map((what) => short(median(of.get(what)?.values ?? []))),
  ])
  return table(['', 'CPU a route, ns', 'routes a CPU second', 'memory a route, octets'], rows)
}

/** Figures of some scenarios on each Node, as they are. */
function plain(saved: Saved, scenarios: readonly string[]): string {
  const majors = Object.keys(saved)
  const wanted = ({ name }: Figure) => scenarios.includes(name.split(' / ')[0] ?? '')
  const rows = [...byName(saved, wanted)].map(([name, of]) => [
    name,
    [...of.values()][0]?.unit ?? '',
    ...majors.map((major) => range(of.get(major)?.values ?? [])),
  ])
  return table(['', 'unit', ...majors.map((major) => saved[major]?.node ?? major)], rows)
}

function origin(results: Results): string {
  const routers = Object.entries(results.routers).map(([name, version]) => `${name} ${version}`)
  const beside = routers.length > 0 ? `, beside ${routers.join(', ')}` : ''
  return `Node ${results.node}, ${results.machine}, ${results.date.slice(0, 10)}, commit ${results.commit}${beside}.`
}

/** All tables. Values are medians, with least and most in parentheses. */
export function figuresMarkdown(saved: Saved): string {
  const parts = [
    'Medians, with least and most in parentheses.',
    ...Object.values(saved).map((results) => `- ${origin(results)}`),
    '\n### Targets\n',
    targets(saved),
  ]
  for (const results of Object.values(saved)) {
    parts.push(`\n### Full tables, Node ${results.node}\n`, intake(results))
    if (results.figures.some(({ name }) => name.startsWith('growth'))) {
      parts.push(`\n### Growth, Node ${results.node}\n`, growth(results))
    }
  }
  parts.push(
    '\n### Tables in turn\n',
    plain(saved, ['in turn']),
    '\n### Memory, latency, reload\n',
    plain(saved, ['memory', 'latency', 'keepalive', 'reload', 'registry']),
    '\n### Look-ups among registered prefixes\n',
    plain(saved, ['trie']),
    '\n### The steps one by one, and the sender\n',
    plain(saved, ['step', 'sender']),
  )
  return parts.join('\n')
}

/**
 * Puts the tables into a document between its two marks.
 * @throws Error when it has none
 */
export function replaceFigures(document: string, saved: Saved): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`the document has no place for figures: ${BEGIN}`)
  const before = document.slice(0, begin + BEGIN.length)
  return `${before}\n\n${figuresMarkdown(saved)}\n\n${document.slice(end)}`
}

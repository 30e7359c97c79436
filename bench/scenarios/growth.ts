/** How cost grows with routes, and with sessions. */
import type { Figure } from '../figures.ts'
import { short } from '../figures.ts'
import { type Cost, FIRST_ASN, type Load, measureIntake } from '../intake.ts'
import { type Context, daemon, fullTables, ipv4World, type Scenario } from '../scenario.ts'

/** Runs of a point at most. */
const RUNS = 3

/** One point of the curves. */
interface Point {
  readonly label: string
  load(): Load
}

function load(tables: Load['tables']): Load {
  return { family: 'ipv4', tables, registered: ipv4World().registered, checks: true }
}

function firstRoutes(limit: number): Load {
  return load([ipv4World().table({ peer: 0, firstAs: FIRST_ASN, packing: 'full', limit })])
}

/** One million routes in all, over so many sessions, each prefix expected on every one of them. */
function slices(of: number): Load {
  if (of === 1) return load(fullTables(ipv4World(), 1))
  return load(
    Array.from({ length: of }, (_, index) =>
      ipv4World().table({
        peer: 0,
        firstAs: FIRST_ASN + index,
        packing: 'full',
        slice: { index, of },
      }),
    ),
  )
}

/** The same, each prefix expected on the session alone that announces it; a silent one on some session. */
function expectedSlices(of: number): Load {
  const all = slices(of)
  const expectedFrom = all.registered.map((_, number) => number % of)
  all.tables.forEach(({ truth }, peer) => {
    for (const number of truth.announced) expectedFrom[number] = peer
  })
  return { ...all, expectedFrom }
}

const manySessions: readonly Point[] = [
  // Each of the 10 000 prefixes is missing on 99 sessions: a million findings.
  { label: '1 M routes over 100 sessions', load: () => slices(100) },
  // What the sessions cost as such.
  {
    label: '1 M routes over 100 sessions, each prefix expected where it is announced',
    load: () => expectedSlices(100),
  },
]

const points = (quick: boolean): readonly Point[] => [
  { label: '10 k routes', load: () => firstRoutes(10_000) },
  { label: '100 k routes', load: () => firstRoutes(100_000) },
  { label: '1 M routes', load: () => load(fullTables(ipv4World(), 1)) },
  { label: '4 M routes', load: () => load(fullTables(ipv4World(), 4)) },
  { label: '1 M routes over 10 sessions', load: () => slices(10) },
  ...(quick ? [] : manySessions),
]

async function run(context: Context): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const point of points(context.quick)) {
    const what = point.load()
    const routes = what.tables.reduce((sum, { truth }) => sum + truth.routes, 0)
    const costs: Cost[] = []
    const runs = Math.min(RUNS, context.runs)
    for (let turn = 0; turn < runs; turn++) {
      costs.push(await measureIntake(daemon(context), context.place, what, true))
    }
    const figure = (name: string, unit: string, of: (cost: Cost) => number): Figure => ({
      name: `growth / ${point.label} / ${name}`,
      unit,
      values: costs.map(of),
    })
    const made = [
      figure('CPU a route', 'ns', (cost) => (cost.cpuSeconds / routes) * 1e9),
      figure('routes a CPU second', '1/s', (cost) => routes / cost.cpuSeconds),
      figure('memory a route', 'B', (cost) => {
        return ((cost.residentAfter - cost.residentBefore) * 1e6) / routes
      }),
    ]
    context.log(
      `  ${point.label.padEnd(28)} ${made.map(({ values, unit }) => `${short(values[0] ?? 0)} ${unit}`).join(', ')}`,
    )
    figures.push(...made)
  }
  return figures
}

export const growth: Scenario = {
  name: 'growth',
  what: 'cost of 10 k, 100 k, 1 M and 4 M routes, and of 1, 10 and 100 sessions',
  run,
}

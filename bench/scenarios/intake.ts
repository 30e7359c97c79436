/** Full tables: CPU, memory and time until every route is stored and judged, beside the routers. */
import type { Contestant } from '../contestant.ts'
import type { Figure, Target } from '../figures.ts'
import { short } from '../figures.ts'
import { type Cost, FIRST_ASN, type Load, measureIntake } from '../intake.ts'
import {
  type Context,
  daemon,
  fullTables,
  ipv4World,
  ipv6World,
  type Scenario,
} from '../scenario.ts'

interface IntakeSpec {
  readonly name: string
  readonly what: string
  load(): Load
  /** Times as many routes per CPU second as a router, at least. */
  readonly ratios: Readonly<Record<string, number>>
  /** Resident memory must stay below that of a router. */
  readonly memoryBelow?: 'resident' | 'peak'
  /** Routers that take part; the others would take minutes. */
  readonly routers: readonly string[]
}

const intakes: readonly IntakeSpec[] = [
  {
    name: '1x1M',
    what: 'one peer sends 1 000 000 IPv4 routes',
    load() {
      const world = ipv4World()
      return load4(world.registered, fullTables(world, 1))
    },
    ratios: { BIRD: 5, FRR: 30, OpenBGPD: 30, GoBGP: 110 },
    memoryBelow: 'resident',
    routers: ['BIRD', 'FRR', 'OpenBGPD', 'GoBGP'],
  },
  {
    name: '4x1M',
    what: 'four peers send 1 000 000 IPv4 routes each, at once',
    load() {
      const world = ipv4World()
      return load4(world.registered, fullTables(world, 4))
    },
    ratios: { BIRD: 8 },
    memoryBelow: 'peak',
    routers: ['BIRD'],
  },
  {
    name: '1x1M-single',
    what: 'one peer sends 1 000 000 IPv4 routes, one in each UPDATE',
    load() {
      const world = ipv4World()
      const table = world.table({ peer: 0, firstAs: FIRST_ASN, packing: 'single' })
      return load4(world.registered, [table])
    },
    ratios: { BIRD: 3 },
    routers: ['BIRD'],
  },
  {
    name: '1x200k6',
    what: 'one peer sends 200 000 IPv6 routes',
    load() {
      const world = ipv6World()
      const tables = fullTables(world, 1)
      return { family: 'ipv6', tables, registered: world.registered, checks: true }
    },
    ratios: { BIRD: 3 },
    routers: ['BIRD'],
  },
]

function load4(registered: readonly string[], tables: Load['tables']): Load {
  return { family: 'ipv4', tables, registered, checks: true }
}

/** What one contestant's runs cost. */
function contestantFigures(scenario: string, name: string, routes: number, costs: readonly Cost[]) {
  const figure = (what: string, unit: string, of: (cost: Cost) => number): Figure => ({
    name: `${scenario} / ${name} / ${what}`,
    unit,
    values: costs.map(of),
  })
  return [
    figure('CPU', 's', (cost) => cost.cpuSeconds),
    figure('CPU a route', 'ns', (cost) => (cost.cpuSeconds / routes) * 1e9),
    figure('wall clock', 's', (cost) => cost.wallSeconds),
    figure('resident after', 'MB', (cost) => cost.residentAfter),
    figure('peak', 'MB', (cost) => cost.peak),
  ]
}

/** Ratios of runs that stood next to each other, so that what disturbs one disturbs the other. */
function ratioFigures(
  spec: IntakeSpec,
  router: string,
  ours: readonly Cost[],
  theirs: readonly Cost[],
): Figure[] {
  const pairs = theirs.map((cost, i) => [ours[i] as Cost, cost] as const)
  const least = spec.ratios[router]
  const cpu: Target | undefined =
    least === undefined
      ? undefined
      : { text: `at least ${least} times ${router}'s routes a CPU second`, atLeast: least }
  const figures: Figure[] = [
    {
      name: `${spec.name} / routes a CPU second, times ${router}`,
      unit: 'x',
      values: pairs.map(([our, their]) => their.cpuSeconds / our.cpuSeconds),
      ...(cpu && { target: cpu }),
    },
  ]
  if (spec.memoryBelow !== undefined && router === 'BIRD') {
    const of = (cost: Cost) => (spec.memoryBelow === 'peak' ? cost.peak : cost.residentAfter)
    figures.push({
      name: `${spec.name} / ${spec.memoryBelow} memory, share of ${router}'s`,
      unit: 'x',
      values: pairs.map(([our, their]) => of(our) / of(their)),
      target: { text: `below ${router}'s memory`, atMost: 1 },
    })
  }
  return figures
}

async function run(spec: IntakeSpec, context: Context): Promise<Figure[]> {
  const load = spec.load()
  const routes = load.tables.reduce((sum, { truth }) => sum + truth.routes, 0)
  const routers = context.routers.filter(({ name }) => spec.routers.includes(name))
  const contestants: readonly Contestant[] = [daemon(context), ...routers]
  const costs = new Map<string, Cost[]>(contestants.map(({ name }) => [name, []]))
  // A, B, A, B: what else happens on the machine meets all of them alike.
  for (let turn = 0; turn < context.runs; turn++) {
    for (const contestant of contestants) {
      // A router's findings are compared once; ours every time.
      const compare = turn === 0 || contestant.name === 'bgpwarden'
      const cost = await measureIntake(contestant, context.place, load, compare)
      costs.get(contestant.name)?.push(cost)
      context.log(
        `  ${contestant.name.padEnd(10)} CPU ${short(cost.cpuSeconds)} s, wall ${short(cost.wallSeconds)} s, ` +
          `${short(cost.residentAfter)} MB, machine ${Math.round(cost.load * 100)} % busy`,
      )
    }
  }
  const ours = costs.get('bgpwarden') ?? []
  for (const { remark } of routers) if (remark !== undefined) context.log(`  ${remark}`)
  return [
    ...[...costs].flatMap(([name, of]) => contestantFigures(spec.name, name, routes, of)),
    ...routers.flatMap(({ name }) => ratioFigures(spec, name, ours, costs.get(name) ?? [])),
  ]
}

export const intakeScenarios: readonly Scenario[] = intakes.map((spec) => ({
  name: spec.name,
  what: spec.what,
  withRouters: true,
  run: (context) => run(spec, context),
}))

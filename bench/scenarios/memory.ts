/** Resident memory: with a table, without it again, and after ten times of both. */
import { type RunningDaemon, startDaemon } from '../bgpwarden.ts'
import type { Figure } from '../figures.ts'
import { type Bench, FIRST_ASN, withBench } from '../intake.ts'
import { poll } from '../limits.ts'
import { type Context, daemonOptions, ipv4World, type Scenario } from '../scenario.ts'
import { settledMemory, untilQuiet } from '../usage.ts'

async function sendAll(bench: Bench<RunningDaemon>, path: string, routes: number): Promise<void> {
  bench.sender.tell({ do: 'send', peer: 0, paths: [path] })
  await bench.sender.until('sent', 1, 120)
  await poll(120, `${routes} routes`, 100, async () => (await bench.running.routes()) === routes)
}

async function settled(bench: Bench<RunningDaemon>): Promise<number> {
  await untilQuiet(bench.running.pids, 60)
  return (await settledMemory(bench.running.pids)).resident
}

async function run(context: Context): Promise<Figure[]> {
  const world = ipv4World()
  const table = world.table({ peer: 0, firstAs: FIRST_ASN, packing: 'full' })
  const withdrawals = world.withdrawals(0)
  const rounds = context.quick ? 4 : 10
  const withTable: number[] = []
  const without: number[] = []
  let before = 0
  await withBench(
    {
      contestant: { start: (setup) => startDaemon(setup, daemonOptions(context)) },
      place: context.place,
      family: 'ipv4',
      peers: 1,
      registered: world.registered,
      checks: true,
    },
    async (bench) => {
      await bench.sender.load(table.path)
      await bench.sender.load(withdrawals)
      before = await settled(bench)
      for (let round = 1; round <= rounds; round++) {
        const measured = round === 1 || round === rounds
        await sendAll(bench, table.path, table.truth.routes)
        if (measured) withTable.push(await settled(bench))
        await sendAll(bench, withdrawals, 0)
        if (measured) without.push(await settled(bench))
      }
    },
  )
  const [first = 0, last = 0] = withTable
  const [empty = 0, emptyLast = 0] = without
  const figure = (name: string, value: number): Figure => ({
    name: `memory / ${name}`,
    unit: 'MB',
    values: [value],
  })
  return [
    figure('before any route', before),
    figure('with 1 M routes', first),
    {
      ...figure('all withdrawn', empty),
      target: {
        text: 'falls back after every route is withdrawn',
        atMost: before + (first - before) / 2,
      },
    },
    figure(`with 1 M routes, round ${rounds}`, last),
    {
      ...figure(`all withdrawn, round ${rounds}`, emptyLast),
      target: { text: 'has not grown (10 % allowed)', atMost: Math.max(empty, before) * 1.1 },
    },
  ]
}

export const memoryScenario: Scenario = {
  name: 'memory',
  what: 'resident memory over rounds of announcing and withdrawing 1 000 000 routes',
  run,
}

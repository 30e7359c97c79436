/** Full tables of four peers, one after the other: what a table costs once the daemon's code is compiled. */
import { startDaemon } from '../bgpwarden.ts'
import type { Figure } from '../figures.ts'
import { short } from '../figures.ts'
import { takeIn, withBench } from '../intake.ts'
import { type Context, daemonOptions, fullTables, ipv4World, type Scenario } from '../scenario.ts'

const PEERS = 4
/** @returns CPU seconds of each table */
function runOnce(context: Context): Promise<number[]> {
  const world = ipv4World()
  const tables = fullTables(world, PEERS)
  return withBench(
    {
      contestant: { start: (setup) => startDaemon(setup, daemonOptions(context)) },
      place: context.place,
      family: 'ipv4',
      peers: PEERS,
      registered: world.registered,
      checks: true,
    },
    async (bench) => {
      const seconds: number[] = []
      let routes = 0
      for (const [peer, table] of tables.entries()) {
        const { cpuSeconds } = await takeIn(bench, [table], { peer, routes })
        seconds.push(cpuSeconds)
        routes += table.truth.routes
      }
      return seconds
    },
  )
}

async function run(context: Context): Promise<Figure[]> {
  const runs: number[][] = []
  for (let turn = 0; turn < context.runs; turn++) {
    const seconds = await runOnce(context)
    context.log(`  CPU of each table: ${seconds.map(short).join(', ')} s`)
    runs.push(seconds)
  }
  return Array.from({ length: PEERS }, (_, index) => ({
    name: `in turn / table ${index + 1} of 1 M routes, CPU`,
    unit: 's',
    values: runs.map((seconds) => seconds[index] ?? Number.NaN),
  }))
}

export const inTurn: Scenario = {
  name: 'in-turn',
  what: 'four peers send 1 000 000 IPv4 routes each, one after the other',
  run,
}

/** One more registered prefix while four million routes are held: how long anything has to wait. */
import { startDaemon } from '../bgpwarden.ts'
import { type Figure, quantile } from '../figures.ts'
import { createHttpClient } from '../http.ts'
import { takeIn, withBench } from '../intake.ts'
import { sleep } from '../limits.ts'
import { type Context, daemonOptions, fullTables, ipv4World, type Scenario } from '../scenario.ts'

/** Asks for `/healthz` without pause. @returns how long each answer took, milliseconds */
function startProbe(port: number) {
  const client = createHttpClient(port)
  const waits: number[] = []
  let asking = true
  const done = (async () => {
    while (asking) {
      const began = performance.now()
      await client.text('/healthz')
      waits.push(performance.now() - began)
      await sleep(1)
    }
    client.close()
  })()
  return async () => {
    asking = false
    await done
    return waits
  }
}

async function run(context: Context): Promise<Figure[]> {
  const world = ipv4World()
  const tables = fullTables(world, context.quick ? 1 : 4)
  // Registered but for the last, which comes later.
  const registered = world.registered.slice(0, -1)
  const waits = { before: [] as number[], during: [] as number[] }
  let seconds = 0
  await withBench(
    {
      contestant: { start: (setup) => startDaemon(setup, daemonOptions(context)) },
      place: context.place,
      family: 'ipv4',
      peers: tables.length,
      registered,
      checks: true,
    },
    async (bench) => {
      await takeIn(bench, tables)
      const beforeProbe = startProbe(context.httpPort)
      await sleep(2000)
      waits.before = await beforeProbe()
      const duringProbe = startProbe(context.httpPort)
      const began = performance.now()
      bench.running.reload(world.registered)
      const name = `p${registered.length}`
      for (;;) {
        const known = await bench.running.http.text(`/api/v1/prefixes/${name}`).catch(() => '')
        if (known !== '') break
        if (performance.now() - began > 60_000) throw new Error('the reload took over a minute')
        await sleep(20)
      }
      seconds = (performance.now() - began) / 1000
      // The search for more-specifics goes on in the background.
      await sleep(1000)
      waits.during = await duringProbe()
    },
  )
  const figure = (name: string, unit: string, value: number): Figure => ({
    name: `reload / ${name}`,
    unit,
    values: [value],
  })
  return [
    figure('answer of /healthz before, p99', 'ms', quantile(waits.before, 0.99)),
    figure('answer of /healthz before, longest', 'ms', Math.max(...waits.before)),
    figure('answer of /healthz during, p99', 'ms', quantile(waits.during, 0.99)),
    figure('answer of /healthz during, longest', 'ms', Math.max(...waits.during)),
    figure('SIGHUP until the new prefix is known', 's', seconds),
  ]
}

export const reload: Scenario = {
  name: 'reload',
  what: 'SIGHUP with one prefix more and 4 000 000 routes held, seen through HTTP',
  run,
}

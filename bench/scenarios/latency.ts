/** From octets read to verdict known, under a steady stream of UPDATEs. */
import { startDaemon } from '../bgpwarden.ts'
import type { Figure } from '../figures.ts'
import { FIRST_ASN, takeIn, withBench } from '../intake.ts'
import { poll } from '../limits.ts'
import { type Context, daemonOptions, ipv4World, type Scenario } from '../scenario.ts'

const PER_SECOND = 5000
const HISTOGRAM = 'bgpwarden_verdict_latency_seconds_bucket'

/** Counts of a histogram by the upper bound of their bucket, in seconds, cumulative, ascending. */
type Buckets = readonly (readonly [bound: number, count: number])[]

function readBuckets(metrics: ReadonlyMap<string, number>): Buckets {
  const buckets: [number, number][] = []
  for (const [name, count] of metrics) {
    const bound = name.startsWith(HISTOGRAM) ? name.match(/le="([^"]+)"/)?.[1] : undefined
    if (bound !== undefined) buckets.push([bound === '+Inf' ? Infinity : Number(bound), count])
  }
  return buckets.sort(([a], [b]) => a - b)
}

/** What came between two readings. */
function difference(before: Buckets, after: Buckets): Buckets {
  return after.map(([bound, count], i) => [bound, count - (before[i]?.[1] ?? 0)])
}

/** The quantile as Prometheus estimates it: even within a bucket. */
function estimate(buckets: Buckets, share: number): number {
  const wanted = (buckets.at(-1)?.[1] ?? 0) * share
  let lower = 0
  let below = 0
  for (const [bound, count] of buckets) {
    if (count >= wanted) {
      if (bound === Infinity) return lower
      return lower + (bound - lower) * ((wanted - below) / Math.max(1, count - below))
    }
    lower = bound
    below = count
  }
  return Number.NaN
}

async function run(context: Context): Promise<Figure[]> {
  const world = ipv4World()
  const table = world.table({ peer: 0, firstAs: FIRST_ASN, packing: 'full' })
  const seconds = context.quick ? 5 : 20
  const count = PER_SECOND * seconds
  const churn = world.churn(FIRST_ASN, count)
  const half: number[] = []
  const most: number[] = []
  const judged: number[] = []
  for (let turn = 0; turn < Math.min(3, context.runs); turn++) {
    const buckets = await withBench(
      {
        contestant: { start: (setup) => startDaemon(setup, daemonOptions(context)) },
        place: context.place,
        family: 'ipv4',
        peers: 1,
        registered: world.registered,
        checks: true,
      },
      async (bench) => {
        await bench.sender.load(churn)
        await takeIn(bench, [table])
        const before = readBuckets(await bench.running.http.metrics())
        bench.sender.tell({ do: 'pace', peer: 0, path: churn, perSecond: PER_SECOND })
        await bench.sender.until('sent', 1, seconds * 3)
        const expected = table.truth.updates + count
        await poll(30, `${expected} UPDATEs`, 100, async () => {
          const [session] = await bench.running.http.sessions()
          return session?.messages.received.update === expected
        })
        return difference(before, readBuckets(await bench.running.http.metrics()))
      },
    )
    half.push(estimate(buckets, 0.5) * 1000)
    most.push(estimate(buckets, 0.99) * 1000)
    judged.push(buckets.at(-1)?.[1] ?? 0)
    context.log(`  p50 ${half.at(-1)?.toFixed(3)} ms, p99 ${most.at(-1)?.toFixed(3)} ms`)
  }
  return [
    { name: 'latency / octets read to verdict, p50', unit: 'ms', values: half },
    {
      name: 'latency / octets read to verdict, p99',
      unit: 'ms',
      values: most,
      target: { text: 'p99 under 1 ms at 5 000 UPDATEs a second', atMost: 1 },
    },
    { name: 'latency / chunks with a verdict', unit: '', values: judged },
  ]
}

export const latency: Scenario = {
  name: 'latency',
  what: '5 000 UPDATEs a second with 1 000 000 routes held: octets read to verdict',
  run,
}

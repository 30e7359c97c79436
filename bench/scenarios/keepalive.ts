/** Whether keepalives leave in time while full tables arrive and Prometheus scrapes. */
import { sessionName, startDaemon } from '../bgpwarden.ts'
import type { Figure } from '../figures.ts'
import { withBench } from '../intake.ts'
import { poll, sleep } from '../limits.ts'
import { type Context, daemonOptions, fullTables, ipv4World, type Scenario } from '../scenario.ts'
import type { Report } from '../sender.ts'

/** The least hold time there is (RFC 4271 §4.2): a keepalive every second. */
const HOLD_TIME = 3
const KEEPALIVE_MS = (HOLD_TIME / 3) * 1000
const EXPORTED = 1000
const TALKERS = 4

/** Longest time between two keepalives of one session, milliseconds. */
function longestGap(reports: readonly Report[], peers: number, until: number): number {
  let longest = 0
  for (let peer = 0; peer < peers; peer++) {
    const times = reports
      .filter((each) => each.peer === peer && ['keepalive', 'established'].includes(each.event))
      .map(({ time }) => time)
    times.push(until)
    for (let i = 1; i < times.length; i++) {
      longest = Math.max(longest, (times[i] as number) - (times[i - 1] as number))
    }
  }
  return longest
}

async function run(context: Context): Promise<Figure[]> {
  const world = ipv4World()
  const tables = fullTables(world, TALKERS)
  const rounds = context.quick ? 1 : 5
  const late: number[] = []
  const scrapes: number[] = []
  for (let turn = 0; turn < Math.min(3, context.runs); turn++) {
    await withBench(
      {
        contestant: { start: (setup) => startDaemon(setup, daemonOptions(context)) },
        place: context.place,
        family: 'ipv4',
        // One more, which says nothing and hears keepalives only.
        peers: TALKERS + 1,
        registered: world.registered.slice(0, EXPORTED),
        checks: true,
        holdTime: HOLD_TIME,
      },
      async ({ running, sender }) => {
        for (const { path } of tables) await sender.load(path)
        let scraping = true
        const scraper = (async () => {
          while (scraping) {
            const began = performance.now()
            await running.http.metrics()
            scrapes.push(performance.now() - began)
            await sleep(Math.max(0, 1000 - (performance.now() - began)))
          }
        })()
        for (let peer = 0; peer < TALKERS; peer++) {
          // In turn one's own table and that of another, so that every round changes every route.
          const paths = Array.from({ length: rounds }, (_, round) => {
            return (tables[(peer + round) % TALKERS] as (typeof tables)[number]).path
          })
          sender.tell({ do: 'send', peer, paths })
        }
        await sender.until('sent', TALKERS, 300)
        const updates = Array.from({ length: TALKERS }, (_, peer) =>
          Array.from({ length: rounds }, (_, round) => {
            return (tables[(peer + round) % TALKERS] as (typeof tables)[number]).truth.updates
          }).reduce((sum, each) => sum + each, 0),
        )
        await poll(300, 'all tables', 200, async () => {
          const sessions = await running.http.sessions()
          return updates.every((count, peer) => {
            const session = sessions.find(({ name }) => name === sessionName(peer))
            return session?.messages.received.update === count
          })
        })
        scraping = false
        await scraper
        const now = performance.timeOrigin + performance.now()
        late.push(Math.max(0, longestGap(sender.reports, TALKERS + 1, now) - KEEPALIVE_MS))
        context.log(`  latest keepalive ${late.at(-1)?.toFixed(0)} ms late`)
      },
    )
  }
  return [
    {
      name: 'keepalive / latest, beyond a third of the hold time',
      unit: 'ms',
      values: late,
      target: { text: 'never late by more than a second under a flood', atMost: 1000 },
    },
    {
      name: 'keepalive / longest scrape of 1 000 prefixes',
      unit: 'ms',
      values: [Math.max(...scrapes)],
    },
  ]
}

export const keepalive: Scenario = {
  name: 'keepalive',
  what: 'four full tables over and over, a scrape every second: how late keepalives get',
  run,
}

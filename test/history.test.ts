/** The history of a prefix of the configuration, over a restart of the daemon. */

import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { HistoryEventJson } from '../src/api/history-routes.ts'
import { parseConfig } from '../src/config/load.ts'
import { type Daemon, startDaemon } from '../src/daemon.ts'
import { systemClock } from '../src/session/clock.ts'
import { parseScenario } from '../src/speaker/scenario.ts'
import { startSpeaker } from '../src/speaker/speaker.ts'
import { createLog } from '../src/telemetry/log.ts'
import { scratchDirectory } from './store/support/build.ts'

const scratch = scratchDirectory()
afterAll(scratch.remove)

const config = parseConfig(
  `local: { asn: 64500, routerId: 192.0.2.1 }
listen:
  bgp: [{ address: 127.0.0.1, port: 0 }]
  http: { address: 127.0.0.1, port: 0 }
storage: { path: ${join(scratch.path, 'bgpwarden.db')} }
policy: { requiredCommunities: [], bogonAsn: off }
sessions: [{ name: edge-a, address: 127.0.0.1, asn: 64501, passive: true }]
prefixes: [{ name: web, prefix: 198.51.100.0/24, originAsns: [64501] }]
`,
  'bgpwarden.yaml',
)

async function historyOf({ httpAddress }: Daemon): Promise<HistoryEventJson[]> {
  const url = `http://127.0.0.1:${httpAddress.port}/api/v1/prefixes/web/history?limit=100`
  return ((await (await fetch(url)).json()) as { items: HistoryEventJson[] }).items.reverse()
}

const typesOf = (events: readonly HistoryEventJson[]) =>
  events.map(({ eventType, eventSummary }) => `${eventType} ${eventSummary}`)

test('is there again after a restart', { timeout: 20_000 }, async () => {
  const log = createLog({ level: 'silent' })
  const first = await startDaemon({ config, log })
  const speaker = await startSpeaker(
    parseScenario(
      `local: { asn: 64501, routerId: 192.0.2.9 }
remote: { address: 127.0.0.1, port: ${first.bgpAddresses[0]?.port}, asn: 64500 }
steps:
  - announce: [{ prefix: 198.51.100.0/24, asPath: "64501" }]
  - endOfRib: [ipv4]
`,
      'scenario.yaml',
    ),
    { clock: systemClock },
  )
  await speaker.done
  await expect.poll(() => first.engine.prefix('web')?.state).toBe('Verified')
  await speaker.close()
  await expect.poll(async () => (await historyOf(first)).length).toBe(5)
  const before = await historyOf(first)
  expect(typesOf(before)).toEqual([
    'VerdictChangeEvent Registered: Pending',
    'PrefixAnnouncementEvent Route announced on edge-a',
    expect.stringMatching(/^VerdictChangeEvent Verified; Pending for /),
    'PrefixWithdrawalEvent Route gone on edge-a: the session is down',
    expect.stringMatching(/^VerdictChangeEvent Warning: session down on edge-a; Verified for /),
  ])
  await first.close()

  const second = await startDaemon({ config, log })
  await expect.poll(async () => (await historyOf(second)).length).toBeGreaterThan(5)
  expect((await historyOf(second)).slice(0, 5)).toEqual(before)
  const ready = await fetch(`http://127.0.0.1:${second.httpAddress.port}/readyz`)
  expect(await ready.json()).toMatchObject({ status: 'ready' })
  await second.close()
})

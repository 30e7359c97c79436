/**
 * A daemon with 10 000 registered prefixes and 100 sessions, 97 of them with a test router behind it, in
 * one process; says `ready URL` when every verdict is known.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { loadConfig } from '../../../src/config/load.ts'
import { startDaemon } from '../../../src/daemon.ts'
import { systemClock } from '../../../src/session/clock.ts'
import { loadScenario } from '../../../src/speaker/scenario.ts'
import { startSpeaker } from '../../../src/speaker/speaker.ts'
import { createLog } from '../../../src/telemetry/log.ts'

const PREFIXES = 10_000
const SESSIONS = 100
/** The others stay down. */
const ROUTERS = 97

const sessionName = (i: number) => `edge-${String(i).padStart(3, '0')}`
const sessionAddress = (i: number) => `127.0.1.${i + 1}`
const prefixOf = (i: number) => `10.${i >> 8}.${i & 255}.0/24`
/** The two sessions that a prefix is expected on. */
const sessionsOf = (i: number) => [i % ROUTERS, (i + 1) % ROUTERS]

/** Every twentieth lacks its community, others have a long path, a prepended one, or are not there. */
function announcementOf(i: number) {
  if (i % 100 === 50) return []
  const asPath =
    i % 100 === 70 ? '64501 64505 64506 64507' : i % 100 === 90 ? '64501 64501' : '64501 64510'
  return [{ prefix: prefixOf(i), asPath, communities: i % 20 === 0 ? [] : ['8075:8007'] }]
}

const folder = mkdtempSync(join(tmpdir(), 'bgpwarden-large-'))

function writeYaml(name: string, value: object): string {
  const file = join(folder, name)
  writeFileSync(file, stringify(value))
  return file
}

const config = await loadConfig(
  writeYaml('bgpwarden.yaml', {
    local: { asn: 64500, routerId: '192.0.2.1' },
    listen: {
      bgp: [{ address: '127.0.0.1', port: 0 }],
      http: { address: '127.0.0.1', port: 0 },
    },
    policy: { bogonAsn: 'off', convergenceSeconds: 3 },
    sessions: Array.from({ length: SESSIONS }, (_, i) => ({
      name: sessionName(i),
      address: sessionAddress(i),
      asn: 64501,
      passive: true,
      maxPrefixes: 210 + i,
    })),
    prefixes: Array.from({ length: PREFIXES }, (_, i) => ({
      name: `customer-${String(i).padStart(5, '0')}`,
      prefix: prefixOf(i),
      owner: `owner-${i % 200}`,
      sessions: sessionsOf(i).map(sessionName),
    })),
  }),
)

const daemon = await startDaemon({ config, log: createLog({ ...config.log, level: 'error' }) })
const bgp = daemon.bgpAddresses[0] ?? { address: '127.0.0.1', port: 0 }
for (let router = 0; router < ROUTERS; router++) {
  const routes = Array.from({ length: PREFIXES }, (_, i) => i)
    .filter((i) => sessionsOf(i).includes(router))
    .flatMap(announcementOf)
  const scenario = loadScenario(
    writeYaml('router.yaml', {
      local: { asn: 64501, routerId: `192.0.2.${router + 1}`, address: sessionAddress(router) },
      remote: { address: bgp.address, port: bgp.port, asn: 64500 },
      steps: [{ announce: routes }, { endOfRib: ['ipv4'] }],
    }),
  )
  await (await startSpeaker(scenario, { clock: systemClock })).done
}
rmSync(folder, { recursive: true })
while (daemon.engine.stateCounts().Pending > 0) {
  await new Promise<void>((resolve) => systemClock.after(100, resolve))
}
process.stdout.write(`ready http://127.0.0.1:${daemon.httpAddress.port}\n`)

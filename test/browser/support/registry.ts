/**
 * A daemon with a registry: an Active connection with a test router behind it, one that waits for its
 * peer, a peering without connections, registered prefixes. It answers to those alone who have a token;
 * says `ready URL`.
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
import { tokensOf } from './tokens.ts'

const folder = mkdtempSync(join(tmpdir(), 'bgpwarden-registry-'))

function writeYaml(name: string, value: object): string {
  const file = join(folder, name)
  writeFileSync(file, stringify(value))
  return file
}

const http = {
  address: '127.0.0.1',
  port: 0,
  anonymousRead: false,
  tokens: Object.values(tokensOf),
}
const config = await loadConfig(
  writeYaml('bgpwarden.yaml', {
    local: { asn: 64500, routerId: '192.0.2.1' },
    listen: { bgp: [{ address: '0.0.0.0', port: 0 }], http },
    policy: { bogonAsn: 'off', convergenceSeconds: 1 },
    storage: { path: join(folder, 'bgpwarden.db') },
    registry: { stableSeconds: 1, allowSpecialPurpose: ['198.51.100.0/24', '203.0.113.0/24'] },
    sessions: [{ name: 'own', address: '127.0.0.30', asn: 64509, passive: true }],
    prefixes: [
      { name: 'theirs', prefix: '192.0.2.0/25', owner: 'fabrikam', sessions: ['own'] },
      { name: 'ours', prefix: '192.0.2.128/25', sessions: ['own'] },
    ],
  }),
)

const document = {
  peerAsns: [
    { name: 'contoso', owner: 'contoso', peerAsn: 64501, peerName: 'Contoso' },
    { name: 'fabrikam', owner: 'fabrikam', peerAsn: 64502, peerName: 'Fabrikam' },
  ],
  peerings: [
    {
      name: 'contoso-ams',
      owner: 'contoso',
      kind: 'Direct',
      sku: 'Premium_Direct_Free',
      peeringLocation: 'Amsterdam',
      peerAsn: 'contoso',
      connections: [
        {
          name: 'ams-1',
          sessionPrefixV4: '127.0.0.8/30',
          sessionAddressProvider: 'Peer',
          passive: true,
        },
        {
          name: 'ams-2',
          sessionPrefixV4: '127.0.0.12/30',
          sessionAddressProvider: 'Peer',
          passive: true,
        },
      ],
      registeredPrefixes: [
        { name: 'web', prefix: '198.51.100.0/25' },
        { name: 'mail', prefix: '198.51.100.128/25' },
      ],
    },
    {
      name: 'fabrikam-lon',
      owner: 'fabrikam',
      kind: 'Exchange',
      peeringLocation: 'London',
      peerAsn: 'fabrikam',
    },
  ],
}

const daemon = await startDaemon({ config, log: createLog({ ...config.log, level: 'error' }) })
const base = `http://127.0.0.1:${daemon.httpAddress.port}`

async function ask(path: string, body?: object) {
  const answer = await fetch(`${base}/api/v1/${path}`, {
    headers: {
      authorization: `Bearer ${tokensOf.admin.token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as { properties: Record<string, unknown> }
}

await ask('registry/apply', document)
const scenario = loadScenario(
  writeYaml('router.yaml', {
    local: { asn: 64501, routerId: '192.0.2.9', address: '127.0.0.9' },
    remote: { address: '127.0.0.10', port: daemon.bgpAddresses[0]?.port ?? 0, asn: 64500 },
    steps: [
      // Community and path are right, and the next hop is nobody's: a note, no finding.
      {
        announce: [
          {
            prefix: '198.51.100.0/25',
            asPath: '64501',
            communities: ['8075:8007'],
            nextHop: '127.0.0.11',
          },
        ],
      },
      { endOfRib: ['ipv4'] },
    ],
  }),
)
await (await startSpeaker(scenario, { clock: systemClock })).done
for (;;) {
  const { properties } = await ask('peerings/contoso-ams/connections/ams-1')
  if (properties['connectionState'] === 'Active') break
  await new Promise<void>((resolve) => systemClock.after(100, resolve))
}
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.stdout.write(`ready ${base}\n`)

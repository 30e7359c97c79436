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
  virtualNetworks: [
    {
      name: 'hub',
      ...{ location: 'westeurope', resourceGroup: 'network', gateway: 'ExpressRouteGateway' },
      addressSpace: ['127.0.0.40/29', '10.0.0.0/16'],
      bgpSession: { peerAddress: '127.0.0.41', peerAsn: 65515, passive: true },
      virtualNetworkPeerings: [
        { name: 'to-spoke', remoteVirtualNetwork: 'spoke', allowGatewayTransit: true },
        { name: 'to-lab', remoteVirtualNetwork: 'lab' },
      ],
    },
    {
      name: 'spoke',
      ...{ location: 'northeurope', resourceGroup: 'shop', addressSpace: ['10.1.0.0/16'] },
      virtualNetworkPeerings: [{ name: 'to-hub', remoteVirtualNetwork: 'hub' }],
    },
    {
      name: 'lab',
      ...{ location: 'westeurope', resourceGroup: 'lab', addressSpace: ['10.2.0.0/16'] },
    },
  ],
  circuits: [
    {
      name: 'er-ams',
      ...{ serviceProviderName: 'Fabrikam', peeringLocation: 'Amsterdam', bandwidthInMbps: 1000 },
      circuitPeerings: [
        {
          name: 'microsoft',
          peeringType: 'MicrosoftPeering',
          peerASN: 64501,
          vlanId: 300,
          primaryPeerAddressPrefix: '203.0.113.0/30',
          secondaryPeerAddressPrefix: '203.0.113.4/30',
          advertisedPublicPrefixes: ['203.0.113.128/25'],
          passive: true,
        },
        {
          name: 'private',
          peeringType: 'AzurePrivatePeering',
          peerASN: 64512,
          vlanId: 200,
          primaryPeerAddressPrefix: '192.168.15.16/30',
          secondaryPeerAddressPrefix: '192.168.15.20/30',
          passive: true,
        },
      ],
      circuitLinks: [{ name: 'hub', virtualNetwork: 'hub' }],
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
// The hub's route server announces its own, and what is nobody's.
const server = loadScenario(
  writeYaml('server.yaml', {
    local: { asn: 65515, routerId: '192.0.2.41', address: '127.0.0.41' },
    remote: { address: '127.0.0.42', port: daemon.bgpAddresses[0]?.port ?? 0, asn: 64500 },
    steps: [
      {
        announce: ['10.0.1.0/24', '10.77.0.0/16'].map((prefix) => ({ prefix, asPath: '65515' })),
      },
      { endOfRib: ['ipv4'] },
    ],
  }),
)
await (await startSpeaker(server, { clock: systemClock })).done
for (;;) {
  const { properties } = await ask('peerings/contoso-ams/connections/ams-1')
  if (properties['connectionState'] === 'Active') break
  await new Promise<void>((resolve) => systemClock.after(100, resolve))
}
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
process.stdout.write(`ready ${base}\n`)

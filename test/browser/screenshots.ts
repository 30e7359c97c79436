/**
 * `npm run screenshots`: pictures of every view in docs/images, from a LAN on which FRR and BIRD really
 * peer with the daemon. Needs root, the routers and Chromium, as `.ci/run` installs them, and pngquant.
 */
import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { bird } from '../interop/support/bird.ts'
import { circuitRouter } from '../interop/support/bird-peers.ts'
import { startBird } from '../interop/support/bird-process.ts'
import {
  daemonAsn,
  daemonConfig,
  daemonHost,
  makeDaemon,
  repository,
} from '../interop/support/daemon.ts'
import { frr } from '../interop/support/frr.ts'
import { makeLan } from '../interop/support/lan.ts'
import { run } from '../interop/support/process.ts'
import type { Route, StartRouter } from '../interop/support/router.ts'
import { makeWorkspace } from '../interop/support/workspace.ts'
import { chromiumPath, desktop, phone } from './support/browser.ts'

const customer = 64510
const community = ['8075:8007']

function route(prefix: string, given: Partial<Route> = {}): Route {
  return { prefix, path: [customer], communities: community, ...given }
}

const mail = route('203.0.113.0/27', { communities: ['64501:100'] })
const frrRoutes: Route[] = [
  route('198.51.100.0/24'),
  mail,
  route('203.0.113.32/27', { path: [64505, 64506, 64507, customer] }),
  route('2001:db8:100::/48'),
]
const birdRoutes: Route[] = [
  route('198.51.100.0/24'),
  route('203.0.113.64/27', { path: [65001, customer] }),
  route('203.0.113.160/27', { path: [64511] }),
  route('203.0.113.192/26'),
  route('192.0.2.128/25'),
  route('192.0.2.160/27'),
  route('2001:db8:100::/48'),
]

const exchangeRoutes: Route[] = [route('203.0.113.96/27'), route('203.0.113.128/27')]

const circuitAsn = 64505
const onPremisesAsn = 64620
const listed: Route = { prefix: '203.0.113.224/28' }
/** Links of a circuit: the customer's host, then of each peering its address, ours, and what it announces. */
const links = {
  primary: {
    host: 31,
    microsoft: ['192.0.2.17', '192.0.2.18', [listed, { prefix: '203.0.113.240/28' }]],
    private: ['10.99.0.1', '10.99.0.2', [{ prefix: '10.64.0.0/16' }]],
  },
  secondary: {
    host: 32,
    microsoft: ['192.0.2.21', '192.0.2.22', [listed]],
    private: ['10.99.0.5', '10.99.0.6', [{ prefix: '10.64.0.0/16' }]],
  },
} as const

/** What is created over the API besides. */
const registry = {
  virtualNetworks: [
    {
      name: 'hub',
      location: 'germanywestcentral',
      resourceGroup: 'network',
      gateway: 'ExpressRouteGateway',
      addressSpace: ['10.0.0.0/16', 'fd00:a::/48'],
      virtualNetworkPeerings: [
        { name: 'to-shop', remoteVirtualNetwork: 'shop', allowGatewayTransit: true },
        { name: 'to-lab', remoteVirtualNetwork: 'lab' },
      ],
    },
    {
      name: 'shop',
      location: 'westeurope',
      resourceGroup: 'shop',
      addressSpace: ['10.1.0.0/16'],
      virtualNetworkPeerings: [
        { name: 'to-hub', remoteVirtualNetwork: 'hub', useRemoteGateways: true },
      ],
    },
    {
      name: 'lab',
      location: 'westeurope',
      resourceGroup: 'lab',
      addressSpace: ['10.2.0.0/16'],
    },
  ],
  circuits: [
    {
      name: 'er-fra',
      serviceProviderName: 'Fabrikam',
      peeringLocation: 'Frankfurt',
      bandwidthInMbps: 1000,
      circuitPeerings: [
        {
          name: 'microsoft',
          peeringType: 'MicrosoftPeering',
          peerASN: circuitAsn,
          vlanId: 300,
          primaryPeerAddressPrefix: '192.0.2.16/30',
          secondaryPeerAddressPrefix: '192.0.2.20/30',
          sharedKey: 'winter2026',
          advertisedPublicPrefixes: [listed.prefix],
        },
        {
          name: 'private',
          peeringType: 'AzurePrivatePeering',
          peerASN: onPremisesAsn,
          vlanId: 200,
          primaryPeerAddressPrefix: '10.99.0.0/30',
          secondaryPeerAddressPrefix: '10.99.0.4/30',
          sharedKey: 'summer2026',
        },
      ],
      circuitLinks: [{ name: 'hub', virtualNetwork: 'hub' }],
    },
  ],
  peerAsns: [{ name: 'fabrikam', owner: 'fabrikam', peerAsn: 64504, peerName: 'Fabrikam' }],
  peerings: [
    {
      name: 'fabrikam-lon',
      owner: 'fabrikam',
      kind: 'Exchange',
      sku: 'Premium_Exchange_Metered',
      peeringLocation: 'London',
      peerAsn: 'fabrikam',
      description: 'Over the exchange in London',
      connections: [
        { name: 'lon-1', peerSessionIPv4Address: '192.0.2.13', useForPeeringService: true },
        { name: 'lon-2', peerSessionIPv4Address: '192.0.2.14' },
      ],
      registeredPrefixes: [
        { name: 'api', prefix: '203.0.113.96/27', originAsns: [customer] },
        { name: 'cdn', prefix: '203.0.113.128/27', originAsns: [64511] },
      ],
    },
  ],
}

const prefixes = [
  { name: 'web', prefix: '198.51.100.0/24', owner: 'contoso', sessions: ['ams-frr', 'fra-bird'] },
  {
    name: 'web-v6',
    prefix: '2001:db8:100::/48',
    owner: 'contoso',
    sessions: ['ams-frr', 'fra-bird'],
  },
  { name: 'mail', prefix: '203.0.113.0/27', owner: 'contoso', sessions: ['ams-frr', 'fra-bird'] },
  { name: 'voice', prefix: '203.0.113.32/27', owner: 'fabrikam', sessions: ['ams-frr'] },
  { name: 'vpn', prefix: '203.0.113.64/27', owner: 'fabrikam', sessions: ['fra-bird'] },
  { name: 'video', prefix: '203.0.113.160/27', owner: 'contoso', sessions: ['fra-bird'] },
  { name: 'lost', prefix: '203.0.113.192/27', owner: 'contoso', sessions: ['fra-bird'] },
  {
    name: 'shop',
    prefix: '192.0.2.128/25',
    owner: 'fabrikam',
    sessions: ['fra-bird', 'lon-transit'],
  },
].map((each) => ({ originAsns: [customer], ...each }))

/** Between two acts, so that the timelines have something to tell; milliseconds. */
const ACT = 25_000
/** Pixels of a picture that a reader scrolls past at most. */
const TALLEST = 1500

const shots = [
  { name: 'overview', hash: '#/' },
  { name: 'overview-dark', hash: '#/', colorScheme: 'dark' },
  { name: 'overview-phone', hash: '#/', viewport: phone },
  { name: 'prefixes', hash: '#/prefixes' },
  { name: 'prefix', hash: '#/prefixes/mail' },
  { name: 'sessions', hash: '#/sessions' },
  { name: 'session', hash: '#/sessions/ams-frr' },
  { name: 'looking-glass', hash: '#/sessions/fra-bird?prefix=203.0.113.192/27&match=covering' },
  { name: 'peerings', hash: '#/peerings' },
  { name: 'peering', hash: '#/peerings/fabrikam-lon' },
  { name: 'peering-phone', hash: '#/peerings', viewport: phone },
  { name: 'circuit', hash: '#/circuits/er-fra' },
  { name: 'network', hash: '#/networks/hub' },
  { name: 'events', hash: '#/events', colorScheme: 'dark' },
  {
    name: 'explain',
    hash: '#/explain?prefix=203.0.113.32/27&asPath=64501+64501+64510&communities=64501:100',
  },
] as const

const workspace = await makeWorkspace()
const directory = await workspace.folder('daemon')
const token = 'token-of-the-screenshots'
const lan = await makeLan('warden', daemonHost)
const asns = { 'ams-frr': 64501, 'fra-bird': 64502, 'lon-bird': 64504 }
const addresses = {
  'ams-frr': await lan.join('ams-frr', 11),
  'fra-bird': await lan.join('fra-bird', 12),
  'lon-bird': await lan.join('lon-bird', 13),
}
const routeObjects = join(directory, 'ripe.db')
await writeFile(routeObjects, `route: ${listed.prefix}\norigin: AS${circuitAsn}\nsource: RIPE\n`)
const daemon = await makeDaemon(
  lan,
  directory,
  daemonConfig({
    listen: {
      bgp: [{ address: '::', port: 179 }],
      http: {
        address: '127.0.0.1',
        port: 9179,
        tokens: [{ name: 'noc', role: 'admin', token }],
        anonymousRead: true,
      },
    },
    storage: { path: join(directory, 'bgpwarden.db') },
    registry: { stableSeconds: 2, allowSpecialPurpose: ['192.0.2.0/24', '203.0.113.0/24'] },
    irr: { files: [routeObjects] },
    log: { level: 'info', format: 'json' },
    sessions: [
      {
        name: 'ams-frr',
        address: addresses['ams-frr'].ipv4,
        asn: asns['ams-frr'],
        maxPrefixes: 5,
        description: 'Amsterdam, FRR',
      },
      {
        name: 'fra-bird',
        address: addresses['fra-bird'].ipv4,
        asn: asns['fra-bird'],
        maxPrefixes: 100,
        description: 'Frankfurt, BIRD',
      },
      {
        name: 'lon-transit',
        address: '192.0.2.19',
        asn: 64503,
        families: ['ipv4'],
        description: 'London, not there yet',
      },
    ],
    prefixes,
  }),
)

/** Applies a document over the socket file that leads to the daemon's API. */
function apply(document: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: join(directory, 'http.sock'),
        path: '/api/v1/registry/apply',
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      },
      (answer) => {
        let said = ''
        answer.setEncoding('utf8').on('data', (part: string) => {
          said += part
        })
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`registry/apply: ${said}`))
        })
      },
    )
    asked.on('error', reject).end(JSON.stringify(document))
  })
}

async function routerOf(node: keyof typeof asns, host: number, start: StartRouter) {
  const directory = await workspace.folder(node)
  const peer = { peerHost: daemonHost, peerAsn: daemonAsn, opens: true }
  return start({ lan, node, host, asn: asns[node], directory, ...peer })
}

/** A customer's router at one end of a link, with the subnets that the link has of its own. */
async function startLink(link: keyof typeof links) {
  const { host, ...peerings } = links[link]
  await lan.join(link, host)
  const give = (node: string, device: string, address: string) =>
    run([...lan.inside(node), 'ip', 'address', 'add', `${address}/30`, 'dev', device])
  for (const [own, peer] of Object.values(peerings)) {
    await give(link, 'eth0', own)
    await give(lan.hub, lan.bridge, peer)
  }
  const session = (peering: keyof typeof peerings, asn: number, password: string) => {
    const [own, peer, routes] = peerings[peering]
    return { own, peer, asn, password, routes }
  }
  const place = { lan, node: link, directory: await workspace.folder(link) }
  const text = circuitRouter(peerings.microsoft[0], daemonAsn, [
    session('microsoft', circuitAsn, 'winter2026'),
    session('private', onPremisesAsn, 'summer2026'),
  ])
  return startBird(place, text)
}

/** Chromium beside the daemon: nothing of the LAN can be reached from elsewhere. */
async function chromiumInside(): Promise<string> {
  const file = join(await workspace.folder('browser'), 'chromium')
  await writeFile(file, `#!/bin/sh\nexec ${lan.inside(lan.hub).join(' ')} ${chromiumPath} "$@"\n`)
  await chmod(file, 0o755)
  return file
}

const routers = [
  await routerOf('ams-frr', 11, frr),
  await routerOf('fra-bird', 12, bird),
  await routerOf('lon-bird', 13, bird),
]
const ends = [await startLink('primary'), await startLink('secondary')]
try {
  await daemon.start()
  await routers[0]?.start(frrRoutes)
  await routers[1]?.start(birdRoutes)
  await apply(registry)
  await routers[2]?.start(exchangeRoutes)
  await daemon.prefixIs('fabrikam-lon/api', 'Verified')
  for (const link of Object.keys(links)) {
    await daemon.sessionIs(`er-fra/microsoft/${link}-ipv4`, 'Established')
    await daemon.sessionIs(`er-fra/private/${link}-ipv4`, 'Established')
  }
  await daemon.prefixIs('voice', 'Failed')
  await daemon.prefixIs('vpn', 'Failed')
  await sleep(ACT)
  // A history worth a picture: a session is lost and comes back, a route is mended and breaks again.
  await routers[1]?.closeSession('maintenance until 05:00 UTC')
  await daemon.sessionIs('fra-bird', 'Idle')
  await sleep(ACT)
  await routers[1]?.stop()
  await routers[1]?.start(birdRoutes)
  await daemon.sessionIs('fra-bird', 'Established')
  await routers[0]?.setRoutes([...frrRoutes.filter((each) => each !== mail), route(mail.prefix)])
  await routers[1]?.setRoutes([...birdRoutes, route(mail.prefix)])
  await daemon.prefixIs('mail', 'Verified')
  await sleep(ACT)
  await routers[0]?.setRoutes(frrRoutes)
  await daemon.prefixIs('mail', 'Failed')
  await daemon.prefixIs('shop', 'Warning')
  const browser = await chromium.launch({
    executablePath: await chromiumInside(),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
  for (const { name, hash, ...look } of shots) {
    const context = await browser.newContext({
      viewport: desktop,
      reducedMotion: 'reduce',
      ...look,
    })
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:9179/${hash}`)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.waitForLoadState('load')
    await page.locator('main').getByText('Reading…').first().waitFor({ state: 'detached' })
    const path = join(repository, 'docs/images', `page-${name}.png`)
    const viewport = page.viewportSize() ?? desktop
    const height = await page.evaluate(() => document.documentElement.scrollHeight)
    await page.setViewportSize({ width: viewport.width, height: Math.min(height, TALLEST) })
    await page.screenshot({ path })
    // A page has few colours: 64 of them take a third of the octets.
    await promisify(execFile)('pngquant', ['--force', '--ext', '.png', '--speed', '1', '64', path])
    process.stdout.write(`docs/images/page-${name}.png\n`)
    await context.close()
  }
  await browser.close()
} finally {
  for (const router of [...routers, ...ends]) await router.stop()
  await daemon.close()
  await lan.close()
  await workspace.remove()
}

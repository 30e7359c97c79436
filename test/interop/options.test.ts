/**
 * What a session may be told to agree upon beyond the usual, with BIRD and FRR over IPv6: all paths of a prefix
 * (RFC 7911), IPv4 routes with IPv6 next hops (RFC 8950), roles (RFC 9234), routes that outlive a
 * NOTIFICATION (RFC 8538).
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RouteListJson } from '../../src/api/route-schemas.ts'
import type { SessionJson } from '../../src/api/session-schemas.ts'
import { type Daemon, daemonAsn, daemonConfig, daemonHost, makeDaemon } from './support/daemon.ts'
import { startFrr, vtysh } from './support/frr.ts'
import { addressesOf, type Lan, makeLan } from './support/lan.ts'
import { metric } from './support/metrics.ts'
import { type Program, run, startProgram } from './support/process.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const node = 'edge'
const asn = 64501
const host = 11
const own = addressesOf(host)
const peer = addressesOf(daemonHost)
const web = '198.51.100.0/24'

let workspace: Workspace
let lan: Lan
let daemon: Daemon
let directory: string

/** One LAN, the daemon on it, which opens nothing. */
async function makeScene(): Promise<void> {
  workspace = await makeWorkspace()
  lan = await makeLan('warden', daemonHost)
  await lan.join(node, host)
  const options = { addPath: true, extendedNextHop: true, role: 'provider' }
  const config = daemonConfig({
    listen: {
      bgp: [{ address: peer.ipv6, port: 179 }],
      http: { address: '127.0.0.1', port: 9179 },
    },
    sessions: [{ name: node, address: own.ipv6, asn, passive: true, ...options }],
    prefixes: [{ name: 'web', prefix: web, originAsns: [asn] }],
  })
  daemon = await makeDaemon(lan, await workspace.folder('daemon'), config)
  directory = await workspace.folder(node)
  await daemon.start()
}

async function closeScene(): Promise<void> {
  await daemon?.close()
  await lan?.close()
  await workspace?.remove()
}

async function routes(): Promise<RouteListJson['items']> {
  const path = `/api/v1/sessions/${node}/routes?prefix=${web}`
  return (await daemon.api.get<RouteListJson>(path)).items
}

/** Communities of the paths of `web` once there are so many, sorted. */
async function paths(count: number): Promise<string[]> {
  const found = await waitFor(
    `${count} paths`,
    async () => {
      const all = await routes()
      return all.length === count && all
    },
    { state: routes },
  )
  return found.map(({ communities }) => communities.join(' ')).toSorted()
}

/** What must hold with either router when it sends a good and a bad path. */
async function expectBothPaths(): Promise<void> {
  const session = await daemon.sessionIs(node, 'Established')
  expect(session).toMatchObject({
    role: 'provider',
    addPathFamilies: ['ipv4', 'ipv6'],
    extendedNextHop: true,
  } satisfies Partial<SessionJson>)
  expect(session.capabilities).toContain('Role customer (RFC 9234)')
  expect(await paths(2)).toEqual(['64501:100', '8075:8007'])
  await daemon.prefixFails('web', 'missing-community')
  const both = await routes()
  expect(new Set(both.map(({ pathId }) => pathId)).size).toBe(2)
  for (const { nextHop, asPath, notes } of both) {
    // RFC 2545 §3: a link-local address may stand behind the global one.
    expect(nextHop.split(' ')[0]).toBe(own.ipv6)
    expect(asPath).toBe(`${asn}`)
    expect(notes).toEqual([])
  }
}

function says(session: SessionJson, text: string): boolean {
  return session.lastError?.includes(text) === true
}

function reportFailure(log: () => string) {
  afterEach(({ task }) => {
    if (task.result?.state === 'fail')
      console.error(`--- daemon\n${daemon.log()}\n--- router\n${log()}`)
  })
}

describe('BIRD', () => {
  let program: Program | undefined
  const control = () => join(directory, 'bird.ctl')

  /** @param bad the community of the second path @param filter further lines of the export filter */
  const config = (bad: string, role: string, filter = '') => `router id ${own.ipv4};
log stderr all;
protocol device {}
protocol static good { ipv4; route ${web} blackhole { bgp_community.add((8075,8007)); }; }
protocol static bad { ipv4; route ${web} blackhole { bgp_community.add((${bad.replace(':', ',')})); }; }
filter to_warden { if source != RTS_STATIC then reject; ${filter} accept; }
protocol bgp bgpwarden {
  local ${own.ipv6} as ${asn};
  neighbor ${peer.ipv6} as ${daemonAsn};
  ${role}
  connect delay time 1;
  connect retry time 2;
  error wait time 1, 2;
  ipv4 { import none; export filter to_warden; extended next hop on; add paths tx; };
  ipv6 { import none; export none; add paths tx; };
}
`
  const configure = async (text: string) => {
    await writeFile(join(directory, 'bird.conf'), text)
    await run(['birdc', '-s', control(), 'configure'])
  }

  beforeAll(async () => {
    await makeScene()
    const file = join(directory, 'bird.conf')
    await writeFile(file, config('64501:100', 'local role customer;'))
    const words = ['bird', '-f', '-c', file, '-s', control()]
    program = startProgram('bird', [...lan.inside(node), ...words])
  })
  afterAll(async () => {
    await program?.stop()
    await closeScene()
  })
  reportFailure(() => program?.output() ?? '')

  test('two paths of a prefix arrive with IPv6 next hops, and the bad one fails it', async () => {
    await expectBothPaths()
    // The other community as well: both paths are good now.
    await configure(config('8075:8007', 'local role customer;'))
    await daemon.prefixIs('web', 'Verified')
    expect(await paths(2)).toEqual(['8075:8007', '8075:8007'])
  })

  test('a path that is withdrawn leaves the other', async () => {
    await run(['birdc', '-s', control(), 'disable', 'bad'])
    expect(await paths(1)).toEqual(['8075:8007'])
    await daemon.prefixIs('web', 'Verified')
    await run(['birdc', '-s', control(), 'disable', 'good'])
    await daemon.prefixFails('web', 'not-received')
    for (const name of ['good', 'bad']) await run(['birdc', '-s', control(), 'enable', name])
    await daemon.prefixIs('web', 'Verified')
  })

  test('a role that does not fit is refused', async () => {
    await configure(config('8075:8007', 'local role peer;'))
    const refused = await waitFor('the refusal', async () => {
      const session = await daemon.session(node)
      return says(session, 'BGP roles do not fit') && session
    })
    expect(refused.lastError).toContain("ours is provider, the peer's peer")
    expect(refused.lastNotification).toMatchObject({ direction: 'sent', code: 2, subcode: 11 })
    await program?.says(/Role mismatch/i)
  })

  test('a route that was leaked is noted and counted, and judged as any', async () => {
    await configure(config('8075:8007', '', 'bgp_otc = 64511;'))
    await daemon.sessionIs(node, 'Established')
    await paths(2)
    for (const { notes } of await routes()) expect(notes).toEqual(['route-leak'])
    await daemon.prefixIs('web', 'Verified')
    const counted = metric(await daemon.metrics(), 'bgpwarden_session_route_notes_total', {
      session: node,
      note: 'route-leak',
    })
    expect(counted).toBeGreaterThanOrEqual(2)
  })
})

describe('FRR', () => {
  let programs: readonly Program[] = []
  const configure = (...lines: string[]) =>
    run(vtysh(directory, ...['configure terminal', ...lines].flatMap((line) => ['-c', line])))
  const ask = (command: string) => run(vtysh(directory, '-c', command))

  beforeAll(async () => {
    await makeScene()
    // A network that is connected, and originated too: two paths of one prefix.
    const ip = (...words: string[]) => run([...lan.inside(node), 'ip', ...words])
    await ip('link', 'add', 'web0', 'type', 'veth', 'peer', 'web1')
    await ip('address', 'add', '198.51.100.1/24', 'dev', 'web0')
    for (const device of ['web0', 'web1']) await ip('link', 'set', device, 'up')
    await writeFile(
      join(directory, 'frr.conf'),
      `frr defaults traditional
hostname ${node}
ip prefix-list WEB permit ${web}
route-map GOOD permit 10
 set community 8075:8007
exit
route-map BAD permit 10
 match ip address prefix-list WEB
 set community 64501:100
exit
route-map EVERYTHING permit 10
exit
route-map NOTHING deny 10
exit
router bgp ${asn}
 bgp router-id ${own.ipv4}
 bgp log-neighbor-changes
 no bgp default ipv4-unicast
 no bgp network import-check
 bgp graceful-restart
 bgp graceful-restart notification
 no bgp hard-administrative-reset
 neighbor ${peer.ipv6} remote-as ${daemonAsn}
 neighbor ${peer.ipv6} timers connect 2
 neighbor ${peer.ipv6} advertisement-interval 0
 neighbor ${peer.ipv6} capability extended-nexthop
 neighbor ${peer.ipv6} local-role customer
 address-family ipv4 unicast
  network ${web} route-map GOOD
  redistribute connected route-map BAD
  neighbor ${peer.ipv6} activate
  neighbor ${peer.ipv6} addpath-tx-all-paths
  neighbor ${peer.ipv6} route-map EVERYTHING out
  neighbor ${peer.ipv6} route-map NOTHING in
 exit-address-family
 address-family ipv6 unicast
  neighbor ${peer.ipv6} activate
  neighbor ${peer.ipv6} addpath-tx-all-paths
  neighbor ${peer.ipv6} route-map EVERYTHING out
  neighbor ${peer.ipv6} route-map NOTHING in
 exit-address-family
exit
`,
    )
    programs = await startFrr({ lan, node, directory })
  })
  afterAll(async () => {
    for (const program of programs.toReversed()) await program.stop()
    await closeScene()
  })
  reportFailure(() => programs.map((program) => program.output()).join(''))

  test('two paths of a prefix arrive with IPv6 next hops, and the bad one fails it', async () => {
    await expectBothPaths()
    await configure('route-map BAD permit 10', 'set community 8075:8007')
    await daemon.prefixIs('web', 'Verified')
    expect(await paths(2)).toEqual(['8075:8007', '8075:8007'])
  })

  test('routes outlive a NOTIFICATION (RFC 8538)', async () => {
    expect((await daemon.session(node)).gracefulNotification).toBe(true)
    await paths(2)
    const before = daemon.events().length
    await ask('clear bgp *')
    const down = await waitFor('the session to go down', async () => {
      const session = await daemon.session(node)
      return session.state !== 'Established' && session
    })
    expect(down.lastNotification).toMatchObject({ direction: 'received', code: 6, subcode: 4 })
    expect(down.prefixes.ipv4).toBe(2)
    for (const { stale } of await routes()) expect(stale).toBe(false)
    await daemon.sessionIs(node, 'Established')
    await daemon.prefixIs('web', 'Verified')
    expect(await paths(2)).toEqual(['8075:8007', '8075:8007'])
    const states = daemon
      .events()
      .slice(before)
      .flatMap((event) => (event.kind === 'prefix' ? [event.to] : []))
    expect(states).not.toContain('Failed')
  })

  test('and do not outlive a Hard Reset', async () => {
    await paths(2)
    await configure(`router bgp ${asn}`, `neighbor ${peer.ipv6} shutdown message until noon`)
    const down = await waitFor('the session to go down', async () => {
      const session = await daemon.session(node)
      return session.lastNotification?.communication === 'until noon' && session
    })
    expect(down.lastNotification).toMatchObject({
      code: 6,
      subcode: 9,
      text: 'Cease / Hard Reset (Cease / Administrative Shutdown)',
    })
    expect(down.prefixes.ipv4).toBe(0)
    await configure(`router bgp ${asn}`, `no neighbor ${peer.ipv6} shutdown`)
    await daemon.prefixIs('web', 'Verified')
  })

  test('a role that does not fit is refused', async () => {
    await configure(`router bgp ${asn}`, `neighbor ${peer.ipv6} local-role peer`)
    await ask('clear bgp *')
    await waitFor('the refusal', async () => {
      const { lastError } = await daemon.session(node)
      return lastError?.includes("ours is provider, the peer's peer")
    })
    await configure(`router bgp ${asn}`, `neighbor ${peer.ipv6} local-role customer`)
    await daemon.prefixIs('web', 'Verified')
  })
})

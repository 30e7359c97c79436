/** Routers that no session names: they come from a range, with its password, and get sessions. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Daemon, daemonAsn, daemonConfig, daemonHost, makeDaemon } from './support/daemon.ts'
import { type Lan, makeLan } from './support/lan.ts'
import {
  type ProtectedRouter,
  type StartProtected,
  startProtectedBird,
  startProtectedFrr,
} from './support/protected.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const password = 'correct-horse'
let workspace: Workspace
let lan: Lan
let daemon: Daemon
const routers: ProtectedRouter[] = []

function configOf(...asns: number[]): Record<string, unknown> {
  const config = daemonConfig({ prefixes: [{ name: 'web', prefix: '198.51.100.0/24' }] })
  const range = { name: 'lab', range: '192.0.2.0/24', asns, families: ['ipv4'], password }
  const sixth = { name: 'lab6', range: '2001:db8:0:1::/64', asns: 'any', ttlSecurity: 1 }
  return {
    ...config,
    listen: {
      bgp: [{ address: '::', port: 179 }],
      dynamic: [range, sixth],
      http: { address: '127.0.0.1', port: 9179 },
    },
  }
}

async function join(node: string, host: number, asn: number, start: StartProtected) {
  const own = await lan.join(node, host)
  const router = await start({
    lan,
    node,
    directory: await workspace.folder(node),
    asn,
    daemonAsn,
    routerId: own.ipv4,
    opens: true,
    peers: [
      { daemon: '192.0.2.10', own: own.ipv4, password },
      { daemon: '2001:db8:0:1::10', own: own.ipv6, hops: 1 },
    ],
  })
  routers.push(router)
  return router
}

beforeAll(async () => {
  workspace = await makeWorkspace()
  lan = await makeLan('warden', daemonHost)
  daemon = await makeDaemon(lan, await workspace.folder('daemon'), configOf(64501))
  await daemon.start()
})
afterAll(async () => {
  for (const router of routers) await router.stop()
  await daemon?.close()
  await lan?.close()
  await workspace?.remove()
})
afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.error(daemon.log(), ...routers.map((r) => r.log()))
})

test.for([
  ['frr', 21, startProtectedFrr],
  ['bird', 22, startProtectedBird],
] as const)(
  '%s comes over IPv4 with its password, over IPv6 with TTL 255',
  async ([node, host, start]) => {
    await join(node, host, 64501, start)
    await daemon.sessionIs(`lab-192.0.2.${host}`, 'Established')
    await daemon.sessionIs(`lab6-2001_db8_0_1__${host}`, 'Established')
  },
)

test('one of an AS that its range does not name is refused, until a reload names it', async () => {
  await join('other', 23, 64502, startProtectedBird)
  await daemon.sessionIs('lab6-2001_db8_0_1__23', 'Established')
  await waitFor('the refusal', () => /AS 64502 is none of those accepted/.test(daemon.log()))
  const others = ['lab-192.0.2.21', 'lab-192.0.2.22', 'lab6-2001_db8_0_1__21']
  const upSince = () =>
    Promise.all(
      others.map(async (name) => (await daemon.sessionIs(name, 'Established')).establishedAt),
    )
  const before = await upSince()
  await daemon.reload(configOf(64501, 64502))
  await daemon.sessionIs('lab-192.0.2.23', 'Established')
  // The reload gave nobody a reason to leave, not even in the range that it changed.
  expect(await upSince()).toEqual(before)
})

test('a peer that leaves makes no prefix fail, and its session stays for a while', async () => {
  await daemon.sessionIs('lab-192.0.2.22', 'Established')
  const before = (await daemon.prefix('web')).state
  await routers[1]?.stop()
  await waitFor('the session to fall', async () => {
    const { state } = await daemon.session('lab-192.0.2.22')
    return state !== 'Established'
  })
  expect((await daemon.prefix('web')).state).toBe(before)
  expect(
    (await daemon.metrics()).some(({ labels }) => labels['session'] === 'lab-192.0.2.22'),
  ).toBe(true)
})

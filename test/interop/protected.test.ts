/**
 * TCP MD5 (RFC 2385) and TTL security (RFC 5082) with real routers, whoever opens. All sessions of a
 * scene live at once, each with addresses of its own on both sides.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, daemonAsn, daemonConfig, daemonHost, makeDaemon } from './support/daemon.ts'
import { type Lan, makeLan } from './support/lan.ts'
import { run } from './support/process.ts'
import {
  type ProtectedPeer,
  type ProtectedRouter,
  type StartProtected,
  startProtectedBird,
  startProtectedFrr,
} from './support/protected.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const routerAsn = 64501
const secret = 'correct-horse'
const otherSecret = 'battery-staple'

interface Case {
  readonly name: string
  readonly peer: ProtectedPeer
  /** Keys of the daemon's session at first, and after the reload. */
  readonly before: Record<string, unknown>
  readonly after: Record<string, unknown>
}

const cases: readonly Case[] = [
  {
    name: 'both',
    peer: { daemon: '192.0.2.10', own: '192.0.2.11', password: secret, hops: 1 },
    before: { password: secret, ttlSecurity: 1 },
    after: { password: secret, ttlSecurity: 1 },
  },
  {
    name: 'both6',
    peer: { daemon: '2001:db8:0:1::10', own: '2001:db8:0:1::11', password: secret, hops: 1 },
    before: { password: secret, ttlSecurity: true },
    after: { password: secret, ttlSecurity: true },
  },
  {
    name: 'wrong-password',
    peer: { daemon: '192.0.2.110', own: '192.0.2.21', password: otherSecret },
    before: { password: secret },
    after: { password: otherSecret },
  },
  {
    name: 'unsigned',
    peer: { daemon: '192.0.2.111', own: '192.0.2.22' },
    before: { password: secret },
    after: {},
  },
  {
    name: 'signed',
    peer: { daemon: '192.0.2.114', own: '192.0.2.24', password: secret },
    before: {},
    after: { password: secret },
  },
  {
    name: 'low-ttl',
    peer: { daemon: '192.0.2.112', own: '192.0.2.23' },
    before: { ttlSecurity: 1 },
    after: { ttlSecurity: false },
  },
]

/** Behind a router in between: its packets arrive with TTL 254. */
const far: Case = {
  name: 'far',
  peer: { daemon: '192.0.2.113', own: '198.51.100.2', hops: 2 },
  before: { ttlSecurity: 1 },
  after: { ttlSecurity: 2 },
}

function sessionsOf(when: 'before' | 'after', passive: boolean): Record<string, unknown>[] {
  return [...cases, far].map(({ name, peer, [when]: keys }) => ({
    name,
    address: peer.own,
    localAddress: peer.daemon,
    asn: routerAsn,
    families: ['ipv4'],
    passive,
    connectRetrySeconds: 2,
    ...keys,
  }))
}

/** Puts the far router behind the one in the middle, which is on the LAN itself. */
async function routeThrough(lan: Lan): Promise<void> {
  const at = (node: string, ...words: string[]) => run([...lan.inside(node), ...words])
  const gateway = (await lan.join('middle', 12)).ipv4
  await at('middle', 'ip', 'address', 'add', '198.51.100.1/30', 'dev', 'eth0')
  await at('middle', 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
  await at('middle', 'sysctl', '-qw', 'net.ipv4.conf.all.send_redirects=0')
  await at('middle', 'sysctl', '-qw', 'net.ipv4.conf.eth0.send_redirects=0')
  await lan.join('far', 13)
  await at('far', 'ip', 'address', 'flush', 'dev', 'eth0', 'scope', 'global')
  await at('far', 'ip', 'address', 'add', '198.51.100.2/30', 'dev', 'eth0')
  // FRR tracks its peers, and takes no default route for a way to them.
  await at('far', 'ip', 'route', 'add', '192.0.2.0/24', 'via', '198.51.100.1')
  await at(lan.hub, 'ip', 'route', 'add', '198.51.100.0/30', 'via', gateway)
}

interface Scene {
  readonly lan: Lan
  readonly daemon: Daemon
  readonly routers: readonly ProtectedRouter[]
  close(): Promise<void>
}

async function makeScene(start: StartProtected, opener: 'daemon' | 'router'): Promise<Scene> {
  const workspace: Workspace = await makeWorkspace()
  const lan = await makeLan('warden', daemonHost)
  const add = (node: string, address: string, device: string) =>
    run([...lan.inside(node), 'ip', 'address', 'add', `${address}/24`, 'dev', device])
  await lan.join('edge', 11)
  for (const { peer } of cases.slice(2)) {
    await add(lan.hub, peer.daemon, lan.bridge)
    await add('edge', peer.own, 'eth0')
  }
  await add(lan.hub, far.peer.daemon, lan.bridge)
  await routeThrough(lan)
  const passive = opener === 'router'
  const daemon = await makeDaemon(
    lan,
    await workspace.folder('daemon'),
    configOf('before', passive),
  )
  await daemon.start()
  const routers: ProtectedRouter[] = []
  for (const router of [
    { node: 'far', routerId: '192.0.2.13', peers: [far.peer] },
    { node: 'edge', routerId: '192.0.2.11', peers: cases.map(({ peer }) => peer) },
  ]) {
    const directory = await workspace.folder(router.node)
    const setup = { ...router, lan, directory, asn: routerAsn, daemonAsn, opens: passive }
    routers.push(await start(setup))
  }
  return {
    lan,
    daemon,
    routers,
    close: async () => {
      for (const router of routers) await router.stop()
      await daemon.close()
      await lan.close()
      await workspace.remove()
    },
  }
}

function configOf(when: 'before' | 'after', passive: boolean): Record<string, unknown> {
  return daemonConfig({
    listen: { bgp: [{ address: '::', port: 179 }], http: { address: '127.0.0.1', port: 9179 } },
    sessions: sessionsOf(when, passive),
  })
}

/** Waits until a session says why it does not come up. */
function says(daemon: Daemon, name: string, why: RegExp): Promise<unknown> {
  let last: unknown
  return waitFor(
    `session ${name} to say ${why}`,
    async () => {
      const status = await daemon.session(name)
      last = status
      expect(status.state).not.toBe('Established')
      return why.test(status.lastError ?? '')
    },
    { state: () => last },
  )
}

/** A counter of the kernel in the daemon's namespace, as docs/configuration.md names it. */
async function counted({ lan }: Scene, counter: string): Promise<number> {
  const text = await run([...lan.inside(lan.hub), 'nstat', '-az', `TcpExt${counter}`])
  return Number(new RegExp(`TcpExt${counter}\\s+(\\d+)`).exec(text)?.[1])
}

const makes = [
  ['FRR', startProtectedFrr],
  ['BIRD', startProtectedBird],
] as const

for (const [make, start] of makes) {
  for (const opener of ['daemon', 'router'] as const) {
    describe(`${make}, and the ${opener} opens`, () => {
      let scene: Scene
      beforeAll(async () => {
        scene = await makeScene(start, opener)
      })
      afterAll(() => scene?.close())
      afterEach(({ task }) => {
        if (task.result?.state !== 'fail') return
        const logs = scene.routers.map((router) => router.log()).join('--- the other\n')
        console.error(`--- daemon\n${scene.daemon.log()}\n--- ${make}\n${logs}`)
      })

      test('the right password and TTL 255 come up, over IPv4 and IPv6', async () => {
        await scene.daemon.sessionIs('both', 'Established')
        await scene.daemon.sessionIs('both6', 'Established')
      })

      test('all others stay down, and say why where the kernel lets the daemon know', async () => {
        const { daemon } = scene
        if (opener === 'daemon') {
          await says(daemon, 'wrong-password', /does not answer \(wrong password\?\)$/)
          await says(daemon, 'unsigned', /does not answer \(wrong password\?\)$/)
          await says(daemon, 'signed', /does not answer$/)
          // The listening sockets of these routers answer with TTL 255; what they send then does not.
          await daemon.sessionIs('low-ttl', 'OpenSent')
          await waitFor(
            'a drop for its TTL',
            async () => (await counted(scene, 'TCPMinTTLDrop')) > 0,
          )
          await says(daemon, 'far', /does not answer \(no TTL security, or more than 1 hop away/)
          return
        }
        await says(daemon, 'low-ttl', /arrive with TTL 1, at least 255 is needed/)
        await says(daemon, 'far', /arrive with TTL 254, at least 255 is needed/)
        for (const counter of ['TCPMD5Failure', 'TCPMD5NotFound', 'TCPMD5Unexpected']) {
          await waitFor(`${counter} to count`, async () => (await counted(scene, counter)) > 0)
        }
        for (const name of ['wrong-password', 'unsigned', 'signed']) {
          expect(await daemon.session(name)).toMatchObject({ state: 'Active', lastError: null })
        }
      })

      test('a reload that puts them right brings them up, and leaves the others alone', async () => {
        const { daemon } = scene
        const before = await daemon.session('both')
        await daemon.reload(configOf('after', opener === 'router'))
        for (const { name } of [...cases, far]) await daemon.sessionIs(name, 'Established')
        expect(await daemon.session('both')).toMatchObject({
          flaps: 0,
          establishedAt: before.establishedAt,
        })
      })

      test('nobody is shown a password', async () => {
        const { daemon } = scene
        const paths = ['/api/v1/sessions', '/api/v1/sessions/both', '/metrics', '/api/v1/events']
        const said = await Promise.all(paths.map((path) => daemon.api.text(path)))
        for (const text of [...said, daemon.log()]) {
          expect(text).not.toContain(secret)
          expect(text).not.toContain(otherSecret)
        }
      })
    })
  }
}

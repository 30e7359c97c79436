/** What must hold with every router, whatever its make: one suite, run once for each. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, daemonAsn, daemonConfig, daemonHost, makeDaemon } from './daemon.ts'
import { addressesOf, type Lan, makeLan } from './lan.ts'
import { metric } from './metrics.ts'
import type { Route, Router, StartRouter } from './router.ts'
import { waitFor } from './wait.ts'
import { makeWorkspace, type Workspace } from './workspace.ts'

const routerAsn = 64501
const routerHost = 11
const customerAsn = 64510
const session = 'edge'
/** What the daemon tells every peer before it ends (RFC 9003). */
const farewell = 'bgpwarden is shutting down'

const web: Route = {
  prefix: '198.51.100.0/24',
  path: [customerAsn],
  communities: ['8075:8007', '64501:100'],
}
const voice: Route = {
  prefix: '2001:db8:100::/48',
  path: [customerAsn],
  communities: ['8075:8007'],
}
const clean = [web, voice]

const prefixes = [
  { name: 'web', prefix: web.prefix, originAsns: [customerAsn] },
  { name: 'voice', prefix: voice.prefix, originAsns: [customerAsn] },
]

interface Scene {
  readonly daemon: Daemon
  readonly router: Router
  close(): Promise<void>
}

/** One LAN with the daemon and the router on it, both started. */
async function makeScene(startRouter: StartRouter, opener: 'daemon' | 'router'): Promise<Scene> {
  const workspace: Workspace = await makeWorkspace()
  const lan: Lan = await makeLan('warden', daemonHost)
  const { ipv4 } = await lan.join(session, routerHost)
  const passive = opener === 'router'
  const config = daemonConfig({
    sessions: [{ name: session, address: ipv4, asn: routerAsn, passive, connectRetrySeconds: 1 }],
    prefixes,
  })
  const daemon = await makeDaemon(lan, await workspace.folder('daemon'), config)
  const router = startRouter({
    lan,
    node: session,
    host: routerHost,
    asn: routerAsn,
    peerHost: daemonHost,
    peerAsn: daemonAsn,
    opens: passive,
    directory: await workspace.folder(session),
  })
  await daemon.start()
  await router.start(clean)
  return {
    daemon,
    router,
    close: async () => {
      await router.stop()
      await daemon.close()
      await lan.close()
      await workspace.remove()
    },
  }
}

/** Waits until both registered prefixes are verified, and the event stream has said so. */
async function verified({ daemon }: Scene): Promise<void> {
  await daemon.sessionIs(session, 'Established')
  for (const name of ['web', 'voice']) {
    await daemon.prefixIs(name, 'Verified')
    await waitFor(
      `the event of ${name}`,
      () => statesSince(daemon, 0, name).at(-1) === 'Verified',
      { state: () => daemon.events() },
    )
  }
}

/** @returns every state that the prefix entered since the event with the index */
function statesSince(daemon: Daemon, index: number, name: string): (string | null)[] {
  return daemon
    .events()
    .slice(index)
    .flatMap((event) => (event.kind === 'prefix' && event.name === name ? [event.to] : []))
}

/** Registers the tests for one make of router. */
export function describeRouter(make: string, startRouter: StartRouter): void {
  describe(`${make} opens, the daemon accepts`, () => {
    let scene: Scene
    beforeAll(async () => {
      scene = await makeScene(startRouter, 'router')
    })
    afterAll(() => scene?.close())
    afterEach(({ task }) => {
      if (task.result?.state === 'fail')
        console.error(`--- daemon\n${scene.daemon.log()}\n--- ${make}\n${scene.router.log()}`)
    })
    /** Where every test begins, so that none depends on another. */
    const settle = async () => {
      await scene.router.setRoutes(clean)
      await verified(scene)
    }

    test('routes of both families arrive as they were sent, and are verified', async () => {
      await settle()
      const own = addressesOf(routerHost)
      const status = await scene.daemon.session(session)
      expect(status).toMatchObject({
        state: 'Established',
        stateNumber: 6,
        remoteAsn: routerAsn,
        remoteRouterId: own.ipv4,
        negotiatedFamilies: ['ipv4', 'ipv6'],
        prefixes: { ipv4: 1, ipv6: 1 },
      })
      // The router opened: its port is not the one that BGP listens on.
      expect(status.connectionPort).not.toBe(179)
      const verdict = await scene.daemon.prefix('web')
      expect(verdict.sessions).toMatchObject([
        {
          session,
          status: 'received',
          route: { asPath: `${routerAsn} ${customerAsn}`, nextHop: own.ipv4 },
        },
      ])
      expect(verdict.sessions[0]?.route?.communities.toSorted()).toEqual(['64501:100', '8075:8007'])
      const sixth = await scene.daemon.prefix('voice')
      expect(sixth.sessions).toMatchObject([
        { status: 'received', route: { asPath: `${routerAsn} ${customerAsn}` } },
      ])
      // RFC 2545 §3: a link-local address may stand behind the global one.
      expect(sixth.sessions[0]?.route?.nextHop.split(' ')[0]).toBe(own.ipv6)
      const samples = await scene.daemon.metrics()
      expect(metric(samples, 'bgpwarden_session_state', { session })).toBe(6)
      expect(metric(samples, 'bgpwarden_session_prefixes', { session, family: 'ipv4' })).toBe(1)
      expect(metric(samples, 'bgpwarden_session_prefixes', { session, family: 'ipv6' })).toBe(1)
      expect(metric(samples, 'bgpwarden_prefix_state', { name: 'web' })).toBe(2)
      expect(metric(samples, 'bgpwarden_prefixes', { state: 'Verified' })).toBe(2)
    })

    test('a route is announced, changed and withdrawn', async () => {
      await settle()
      const guest = '203.0.113.0/24'
      const path = `/api/v1/sessions/${session}/routes?prefix=${guest}`
      const route = async () =>
        (await scene.daemon.api.get<{ items: { communities: string[]; class: string }[] }>(path))
          .items[0]
      const counted = async (action: string) =>
        metric(await scene.daemon.metrics(), 'bgpwarden_session_routes_total', {
          session,
          family: 'ipv4',
          action,
        }) ?? 0
      const [announced, withdrawn] = [await counted('announce'), await counted('withdraw')]

      await scene.router.setRoutes([...clean, { prefix: guest, communities: ['64501:1'] }])
      const first = await waitFor(`${guest} to arrive`, route)
      expect(first).toMatchObject({ communities: ['64501:1'], class: 'unregistered' })

      await scene.router.setRoutes([...clean, { prefix: guest, communities: ['64501:2'] }])
      await waitFor(`${guest} to change`, async () =>
        (await route())?.communities.includes('64501:2'),
      )

      await scene.router.setRoutes(clean)
      await waitFor(`${guest} to be withdrawn`, async () => (await route()) === undefined)
      expect(await counted('announce')).toBeGreaterThanOrEqual(announced + 2)
      expect(await counted('withdraw')).toBeGreaterThanOrEqual(withdrawn + 1)
    })

    test('a missing community fails the prefix until the router is mended', async () => {
      await settle()
      const { daemon, router } = scene
      const before = daemon.events().length
      const finding = { name: 'web', reason: 'missing-community' }

      await router.setRoutes([{ ...web, communities: ['64501:100'] }, voice])
      const failed = await daemon.prefixFails('web', 'missing-community')
      expect(failed.findings).toMatchObject([
        { reason: 'missing-community', severity: 'error', session },
      ])
      expect(failed.findings[0]?.message).toContain('8075:8007')
      const failing = await daemon.metrics()
      expect(metric(failing, 'bgpwarden_prefix_state', { name: 'web' })).toBe(4)
      expect(metric(failing, 'bgpwarden_prefix_finding', finding)).toBe(1)
      expect(metric(failing, 'bgpwarden_prefixes_failing', { reason: finding.reason })).toBe(1)

      await router.setRoutes(clean)
      await daemon.prefixIs('web', 'Verified')
      const mended = await daemon.metrics()
      expect(metric(mended, 'bgpwarden_prefix_state', { name: 'web' })).toBe(2)
      expect(metric(mended, 'bgpwarden_prefix_finding', finding)).toBe(0)
      await waitFor('both events', () => statesSince(daemon, before, 'web').length >= 2)
      const changes = daemon.events().slice(before)
      expect(changes).toMatchObject([
        {
          kind: 'prefix',
          name: 'web',
          from: 'Verified',
          to: 'Failed',
          opened: [{ reason: 'missing-community', session }],
          closed: [],
        },
        {
          kind: 'prefix',
          name: 'web',
          from: 'Failed',
          to: 'Verified',
          opened: [],
          closed: [{ reason: 'missing-community', session }],
        },
      ])
    })

    test('a long path fails an IPv6 prefix until it is short again', async () => {
      await settle()
      const { daemon, router } = scene
      await router.setRoutes([web, { ...voice, path: [64508, 64509, customerAsn] }])
      const failed = await daemon.prefixFails('voice', 'as-path-too-long')
      expect(failed.findings[0]?.evidence).toMatchObject({
        pathLength: 4,
        asPath: `${routerAsn} 64508 64509 ${customerAsn}`,
      })
      expect((await daemon.prefix('web')).state).toBe('Verified')
      await router.setRoutes(clean)
      await daemon.prefixIs('voice', 'Verified')
    })

    test('a withdrawn prefix is missed until it is announced again', async () => {
      await settle()
      const { daemon, router } = scene
      await router.setRoutes([voice])
      const failed = await daemon.prefixFails('web', 'not-received')
      expect(failed.sessions).toMatchObject([{ session, status: 'missing' }])
      await router.setRoutes(clean)
      await daemon.prefixIs('web', 'Verified')
    })

    test('a restart of the router is never told as a failure', async () => {
      await settle()
      const { daemon, router } = scene
      const before = daemon.events().length
      await router.stop('SIGKILL')
      const down = await daemon.prefixIs('web', 'Warning')
      expect(down.reasons).toEqual(['session-down'])
      await router.start(clean)
      await verified(scene)
      await waitFor(
        'the last event',
        () => statesSince(daemon, before, 'web').at(-1) === 'Verified',
      )
      expect(statesSince(daemon, before, 'web')).not.toContain('Failed')
      expect(statesSince(daemon, before, 'voice')).not.toContain('Failed')
    })

    test('the daemon says why it goes, and a restart of it is never told as a failure', async () => {
      await settle()
      const { daemon, router } = scene
      await daemon.stop('SIGTERM')
      await daemon.start()
      await verified(scene)
      expect(statesSince(daemon, 0, 'web')).not.toContain('Failed')
      expect(statesSince(daemon, 0, 'voice')).not.toContain('Failed')
      expect(router.log()).toMatch(/administrative shutdown/i)
      expect(router.log()).toContain(farewell)
    })

    test('a shutdown by the router is shown with its message', async () => {
      await settle()
      const { daemon, router } = scene
      const message = 'fibre works until 14:00 UTC'
      await router.closeSession(message)
      const status = await waitFor('the session to go down', async () => {
        const now = await daemon.session(session)
        return now.lastNotification?.communication === message && now
      })
      // RFC 8538 §3.1: a router that set the N bit, as FRR does, wraps it in a Hard Reset.
      const hard = status.lastNotification?.subcode === 9
      const shutdown = 'Cease / Administrative Shutdown'
      expect(status.lastNotification).toMatchObject({
        direction: 'received',
        code: 6,
        subcode: hard ? 9 : 2,
        text: hard ? `Cease / Hard Reset (${shutdown})` : shutdown,
        communication: message,
      })
      const counted = metric(await daemon.metrics(), 'bgpwarden_session_notifications_total', {
        session,
        direction: 'received',
        code: '6',
        subcode: hard ? '9' : '2',
      })
      expect(counted).toBeGreaterThanOrEqual(1)
      // Leave the session as it was found.
      await router.stop()
      await router.start(clean)
    })
  })

  describe(`the daemon opens, ${make} accepts`, () => {
    let scene: Scene
    beforeAll(async () => {
      scene = await makeScene(startRouter, 'daemon')
    })
    afterAll(() => scene?.close())

    test('the session comes up and the routes are verified', async () => {
      await verified(scene)
      const status = await scene.daemon.session(session)
      expect(status.connectionPort).toBe(179)
      expect(status.passive).toBe(false)
    })
  })
}

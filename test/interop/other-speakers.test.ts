/** Speakers that the daemon must hold stable sessions with, beside the three that all of the suite runs against. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Daemon, daemonAsn, daemonConfig, daemonHost, makeDaemon } from './support/daemon.ts'
import { exabgp } from './support/exabgp.ts'
import { type Lan, makeLan } from './support/lan.ts'
import { openbgpd } from './support/openbgpd.ts'
import type { Route, Router } from './support/router.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const web: Route = { prefix: '198.51.100.0/24', communities: ['8075:8007'] }
const voice: Route = { prefix: '2001:db8:100::/48', communities: ['8075:8007'] }

describe.each([
  ['OpenBGPD', openbgpd],
  ['ExaBGP', exabgp],
] as const)('%s', (_make, startRouter) => {
  const asn = 64501
  let workspace: Workspace
  let lan: Lan
  let daemon: Daemon
  let router: Router
  beforeAll(async () => {
    workspace = await makeWorkspace()
    lan = await makeLan('warden', daemonHost)
    const { ipv4 } = await lan.join('edge', 11)
    const config = daemonConfig({
      sessions: [{ name: 'edge', address: ipv4, asn, passive: true }],
      prefixes: [
        { name: 'web', prefix: web.prefix, originAsns: [asn] },
        { name: 'voice', prefix: voice.prefix, originAsns: [asn] },
      ],
    })
    daemon = await makeDaemon(lan, await workspace.folder('daemon'), config)
    router = startRouter({
      lan,
      node: 'edge',
      host: 11,
      asn,
      peerHost: daemonHost,
      peerAsn: daemonAsn,
      opens: true,
      directory: await workspace.folder('edge'),
    })
    await daemon.start()
    await router.start([web, voice])
  })
  afterAll(async () => {
    await router?.stop()
    await daemon?.close()
    await lan?.close()
    await workspace?.remove()
  })

  test('its routes of both families are judged, and judged again when they change', async () => {
    await daemon.sessionIs('edge', 'Established')
    await daemon.prefixIs('web', 'Verified')
    await daemon.prefixIs('voice', 'Verified')

    await router.setRoutes([{ ...web, path: [asn, asn], communities: [] }, voice])
    const failed = await daemon.prefixFails('web', 'as-path-prepended', 'missing-community')
    expect(failed.sessions[0]?.route?.asPath).toBe(`${asn} ${asn} ${asn}`)

    await router.setRoutes([web, voice])
    await daemon.prefixIs('web', 'Verified')
  })
})

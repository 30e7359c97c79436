/** OpenBGPD: `network` statements; every change is a new file and `bgpctl reload`. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf } from './lan.ts'
import { type Program, run, startProgram } from './process.ts'
import type { Route, Router, RouterSetup } from './router.ts'
import { waitFor } from './wait.ts'

/** Home of its unprivileged user, into which it shuts itself; the service's start makes it otherwise. */
const cell = '/run/openbgpd'

/** @returns OpenBGPD on its node of the LAN, not yet started */
export function openbgpd(setup: RouterSetup): Router {
  const configFile = join(setup.directory, `${setup.node}.conf`)
  const control = join(setup.directory, `${setup.node}.sock`)
  const peer = addressesOf(setup.peerHost)
  let program: Program | undefined
  let earlier = ''
  const bgpctl = (...words: string[]) => run(['bgpctl', '-s', control, ...words])
  const configure = (routes: readonly Route[]) =>
    // OpenBGPD refuses a configuration that others can read or write.
    writeFile(configFile, openbgpdConfig(setup, control, routes), { mode: 0o600 })

  return {
    make: 'OpenBGPD',
    node: setup.node,
    asn: setup.asn,
    start: async (routes) => {
      await configure(routes)
      await mkdir(cell, { recursive: true, mode: 0o755 })
      await run(['/usr/sbin/bgpd', '-n', '-f', configFile])
      earlier += program?.output() ?? ''
      program = startProgram(setup.node, [
        ...setup.lan.inside(setup.node),
        ...['/usr/sbin/bgpd', '-d', '-f', configFile],
      ])
      await waitFor('OpenBGPD to answer bgpctl', () => bgpctl('show', 'summary'))
    },
    setRoutes: async (routes) => {
      await configure(routes)
      await bgpctl('reload')
    },
    closeSession: async (message) => {
      await bgpctl('neighbor', peer.ipv4, 'down', message)
    },
    stop: async (signal) => program?.stop(signal),
    log: () => earlier + (program?.output() ?? ''),
  }
}

/**
 * @returns the text of bgpd.conf
 * @throws Error for a path that `prepend-self` cannot make
 */
export function openbgpdConfig(
  setup: RouterSetup,
  control: string,
  routes: readonly Route[],
): string {
  const own = addressesOf(setup.host)
  const peer = addressesOf(setup.peerHost)
  return `AS ${setup.asn}
router-id ${own.ipv4}
listen on ${own.ipv4}
fib-update no
socket "${control}"
${routes.map((route) => network(setup, route)).join('\n')}
neighbor ${peer.ipv4} {
  remote-as ${setup.peerAsn}
  local-address ${own.ipv4}
  announce IPv4 unicast
  announce IPv6 unicast
  ${setup.opens ? '' : 'passive'}
}
allow to ebgp
`
}

function network(setup: RouterSetup, route: Route): string {
  const path = route.path ?? []
  if (path.some((asn) => asn !== setup.asn))
    throw new Error(`${setup.node}: OpenBGPD can only prepend its own AS number, not ${path}`)
  const attributes = [
    ...(path.length > 0 ? [`prepend-self ${path.length}`] : []),
    ...(route.communities ?? []).map((community) => `community ${community}`),
  ]
  return `network ${route.prefix}${attributes.length > 0 ? ` set { ${attributes.join(' ')} }` : ''}`
}

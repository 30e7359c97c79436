/** FRR: zebra and bgpd with sockets of their own, configured by vtysh as the container's start does it. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf } from './lan.ts'
import { type Program, run, startProgram } from './process.ts'
import { isIpv6, type Route, type Router, type RouterSetup } from './router.ts'
import { waitFor } from './wait.ts'

const programs = '/usr/lib/frr'

/** @returns FRR on its node of the LAN, not yet started */
export function frr(setup: RouterSetup): Router {
  const { node, directory } = setup
  const peer = addressesOf(setup.peerHost)
  let zebra: Program | undefined
  let bgpd: Program | undefined
  let earlier = ''
  let current: readonly Route[] = []
  const configure = (lines: readonly string[]) =>
    run(vtysh(directory, ...['configure terminal', ...lines].flatMap((line) => ['-c', line])))

  return {
    make: 'FRR',
    node,
    asn: setup.asn,
    start: async (routes) => {
      earlier += bgpd?.output() ?? ''
      current = routes
      await writeFile(join(directory, 'frr.conf'), frrConfig(setup, routes))
      ;[zebra, bgpd] = await startFrr(setup)
    },
    setRoutes: async (routes) => {
      await configure(routeChanges(setup.asn, current, routes))
      current = routes
    },
    closeSession: async (message) => {
      await configure([
        `router bgp ${setup.asn}`,
        `neighbor ${peer.ipv4} shutdown message ${message}`,
      ])
    },
    stop: async (signal) => {
      await bgpd?.stop(signal)
      await zebra?.stop(signal)
    },
    log: () => earlier + (bgpd?.output() ?? ''),
  }
}

/** @returns a vtysh command line on the sockets in the directory */
export function vtysh(directory: string, ...words: string[]): string[] {
  return ['vtysh', '--vty_socket', directory, '--config_dir', directory, ...words]
}

/**
 * Starts zebra and bgpd on the node and loads `frr.conf` from the directory.
 *
 * @returns zebra and bgpd, both configured
 */
export async function startFrr(
  setup: Pick<RouterSetup, 'lan' | 'node' | 'directory'>,
): Promise<[Program, Program]> {
  const { lan, node, directory } = setup
  // FRR's programs give up root for the user frr and then make their sockets.
  await chmod(directory, 0o777)
  await writeFile(join(directory, 'vtysh.conf'), 'service integrated-vtysh-config\n')
  const start = (program: string, ...words: string[]) =>
    startProgram(`${node} ${program}`, [
      ...lan.inside(node),
      `${programs}/${program}`,
      ...['--log', 'stdout', '--log-level', 'informational'],
      ...['--vty_socket', directory, '-z', join(directory, 'zserv.api'), '-P', '0'],
      ...['-i', join(directory, `${program}.pid`)],
      ...words,
    ])
  const zebra = start('zebra')
  await waitFor('zebra to answer vtysh', () =>
    run(vtysh(directory, '-d', 'zebra', '-c', 'show version')),
  )
  const bgpd = start('bgpd', '-n')
  await waitFor('bgpd to answer vtysh', () =>
    run(vtysh(directory, '-d', 'bgpd', '-c', 'show version')),
  )
  await run(vtysh(directory, '-b'))
  return [zebra, bgpd]
}

/** @returns the text of frr.conf */
export function frrConfig(setup: RouterSetup, routes: readonly Route[]): string {
  const own = addressesOf(setup.host)
  const { ipv4: peer } = addressesOf(setup.peerHost)
  const family = (name: string) => ` address-family ${name} unicast
  neighbor ${peer} activate
  neighbor ${peer} send-community both
  neighbor ${peer} route-map EVERYTHING out
  neighbor ${peer} route-map NOTHING in
 exit-address-family
`
  return `frr defaults traditional
hostname ${setup.node}
route-map EVERYTHING permit 10
 set ipv6 next-hop global ${own.ipv6}
exit
route-map NOTHING deny 10
exit
router bgp ${setup.asn}
 bgp router-id ${own.ipv4}
 bgp log-neighbor-changes
 no bgp default ipv4-unicast
 no bgp network import-check
 neighbor ${peer} remote-as ${setup.peerAsn}
 neighbor ${peer} timers connect 2
 neighbor ${peer} advertisement-interval 0
${setup.opens ? '' : ` neighbor ${peer} passive\n`}${family('ipv4')}${family('ipv6')}exit
${routeChanges(setup.asn, [], routes).join('\n')}
`
}

/** @returns the vtysh lines that turn one table into the other */
function routeChanges(asn: number, from: readonly Route[], to: readonly Route[]): string[] {
  const lines: string[] = []
  for (const route of to) {
    const before = from.find((other) => other.prefix === route.prefix)
    if (before && JSON.stringify(before) === JSON.stringify(route)) continue
    lines.push(...routeMap(route), ...network(asn, route, true))
  }
  for (const route of from)
    if (!to.some((other) => other.prefix === route.prefix))
      lines.push(...network(asn, route, false))
  return lines
}

function routeMapName(route: Route): string {
  return `R-${route.prefix.replaceAll(/[:./]/g, '-')}`
}

function routeMap(route: Route): string[] {
  const path = route.path ?? []
  const communities = route.communities ?? []
  return [
    `route-map ${routeMapName(route)} permit 10`,
    path.length > 0 ? `set as-path prepend ${path.join(' ')}` : 'no set as-path prepend',
    communities.length > 0 ? `set community ${communities.join(' ')}` : 'no set community',
    'exit',
  ]
}

function network(asn: number, route: Route, present: boolean): string[] {
  const statement = `network ${route.prefix} route-map ${routeMapName(route)}`
  return [
    `router bgp ${asn}`,
    `address-family ${isIpv6(route.prefix) ? 'ipv6' : 'ipv4'} unicast`,
    present ? statement : `no ${statement}`,
    'exit-address-family',
    'exit',
  ]
}

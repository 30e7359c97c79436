/** GoBGP: the file holds the neighbour, the routes come through the command line. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf } from './lan.ts'
import { type Program, run, startProgram } from './process.ts'
import { isIpv6, type Route, type Router, type RouterSetup } from './router.ts'
import { waitFor } from './wait.ts'

/** @returns GoBGP on its node of the LAN, not yet started */
export function gobgp(setup: RouterSetup): Router {
  const configFile = join(setup.directory, `${setup.node}.toml`)
  const socket = join(setup.directory, `${setup.node}.sock`)
  const peer = addressesOf(setup.peerHost)
  let program: Program | undefined
  let earlier = ''
  let current: readonly Route[] = []
  const cli = (...words: string[]) => run(['gobgp', '--target', `unix://${socket}`, ...words])
  const rib = (verb: 'add' | 'del', route: Route) =>
    cli('global', 'rib', verb, ...routeWords(setup, route))

  return {
    make: 'GoBGP',
    node: setup.node,
    asn: setup.asn,
    start: async (routes) => {
      await writeFile(configFile, gobgpConfig(setup))
      // A killed GoBGP leaves its socket behind, and does not start while it is there.
      await rm(socket, { force: true })
      earlier += program?.output() ?? ''
      program = startProgram(setup.node, [
        ...setup.lan.inside(setup.node),
        ...['gobgpd', '-f', configFile, '--log-plain', '--pprof-disable'],
        ...['--api-hosts', `unix://${socket}`],
      ])
      await waitFor('GoBGP to answer its command line', () => cli('global'))
      await waitFor('GoBGP to have read its neighbour', () => cli('neighbor', peer.ipv4))
      for (const route of routes) await rib('add', route)
      current = routes
      // The neighbour starts disabled: otherwise the session could come up before the routes exist.
      await cli('neighbor', peer.ipv4, 'enable')
    },
    setRoutes: async (routes) => {
      for (const route of routes) await rib('add', route)
      for (const route of current)
        if (!routes.some((other) => other.prefix === route.prefix)) await rib('del', route)
      current = routes
    },
    closeSession: async (message) => {
      await cli('neighbor', peer.ipv4, 'shutdown', '--reason', message)
    },
    stop: async (signal) => program?.stop(signal),
    log: () => earlier + (program?.output() ?? ''),
  }
}

/** @returns the text of gobgpd.toml */
export function gobgpConfig(setup: RouterSetup): string {
  const own = addressesOf(setup.host)
  const peer = addressesOf(setup.peerHost)
  const family = (name: string) => `
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${name}-unicast"
`
  return `[global.config]
  as = ${setup.asn}
  router-id = "${own.ipv4}"
  local-address-list = ["${own.ipv4}"]

[[neighbors]]
  [neighbors.config]
    neighbor-address = "${peer.ipv4}"
    peer-as = ${setup.peerAsn}
    admin-down = true
  [neighbors.timers.config]
    connect-retry = 2
    idle-hold-time-after-reset = 2
  [neighbors.transport.config]
    local-address = "${own.ipv4}"
    passive-mode = ${!setup.opens}
${family('ipv4')}${family('ipv6')}`
}

function routeWords(setup: RouterSetup, route: Route): string[] {
  const own = addressesOf(setup.host)
  const ipv6 = isIpv6(route.prefix)
  return [
    ...['-a', ipv6 ? 'ipv6' : 'ipv4', route.prefix, 'nexthop', ipv6 ? own.ipv6 : own.ipv4],
    ...(route.path?.length ? ['aspath', route.path.join(' ')] : []),
    ...(route.communities?.length ? ['community', route.communities.join(',')] : []),
  ]
}

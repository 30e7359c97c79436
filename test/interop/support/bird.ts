/** BIRD 2: routes are `protocol static` entries, every change is a new file and `birdc configure`. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf } from './lan.ts'
import { type Program, run, startProgram } from './process.ts'
import { isIpv6, type Route, type Router, type RouterSetup } from './router.ts'
import { waitFor } from './wait.ts'

/** @returns BIRD on its node of the LAN, not yet started */
export function bird(setup: RouterSetup): Router {
  const configFile = join(setup.directory, `${setup.node}.conf`)
  const control = join(setup.directory, `${setup.node}.ctl`)
  let program: Program | undefined
  let earlier = ''
  const birdc = (...words: string[]) => run(['birdc', '-s', control, ...words])

  return {
    make: 'BIRD',
    node: setup.node,
    asn: setup.asn,
    start: async (routes) => {
      await writeFile(configFile, birdConfig(setup, routes))
      await run(['bird', '-p', '-c', configFile])
      earlier += program?.output() ?? ''
      program = startProgram(setup.node, [
        ...setup.lan.inside(setup.node),
        ...['bird', '-f', '-c', configFile, '-s', control],
      ])
      await waitFor('BIRD to answer birdc', () => birdc('show', 'status'))
    },
    setRoutes: async (routes) => {
      await writeFile(configFile, birdConfig(setup, routes))
      await birdc('configure')
    },
    closeSession: async (message) => {
      await birdc(`disable bgpwarden "${message}"`)
    },
    stop: async (signal) => program?.stop(signal),
    log: () => earlier + (program?.output() ?? ''),
  }
}

/** @returns the text of bird.conf */
export function birdConfig(setup: RouterSetup, routes: readonly Route[]): string {
  const own = addressesOf(setup.host)
  const peer = addressesOf(setup.peerHost)
  const table = (ipv6: boolean) =>
    routes
      .filter((route) => isIpv6(route.prefix) === ipv6)
      .map(staticRoute)
      .join('')
  return `router id ${own.ipv4};
log stderr all;
protocol device {}
protocol static edge4 {
  ipv4;
${table(false)}}
protocol static edge6 {
  ipv6;
${table(true)}}
protocol bgp bgpwarden {
  local ${own.ipv4} as ${setup.asn};
  neighbor ${peer.ipv4} as ${setup.peerAsn};
  passive ${setup.opens ? 'off' : 'on'};
  connect delay time 1;
  connect retry time 2;
  error wait time 1, 2;
  ipv4 { import none; export where proto = "edge4"; };
  ipv6 { import none; export where proto = "edge6"; next hop address ${own.ipv6}; };
}
`
}

/** @returns a line of `protocol static` that announces the route */
export function staticRoute(route: Route): string {
  const path = [...(route.path ?? [])].reverse().map((asn) => `bgp_path.prepend(${asn});`)
  const communities = (route.communities ?? []).map(
    (community) => `bgp_community.add((${community.replace(':', ',')}));`,
  )
  return `  route ${route.prefix} blackhole { ${[...path, ...communities].join(' ')} };\n`
}

/** ExaBGP: routes stand in the file; every change is a new file and SIGUSR1. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf } from './lan.ts'
import { type Program, run, startProgram } from './process.ts'
import { isIpv6, type Route, type Router, type RouterSetup } from './router.ts'

/** @returns ExaBGP on its node of the LAN, not yet started */
export function exabgp(setup: RouterSetup): Router {
  const configFile = join(setup.directory, `${setup.node}.conf`)
  const own = addressesOf(setup.host)
  const env = {
    'exabgp.daemon.user': 'root',
    'exabgp.api.cli': 'false',
    'exabgp.log.destination': 'stdout',
    'exabgp.log.network': 'true',
    ...(setup.opens ? {} : { 'exabgp.tcp.bind': own.ipv4, 'exabgp.tcp.port': '179' }),
  }
  let program: Program | undefined
  let earlier = ''

  return {
    make: 'ExaBGP',
    node: setup.node,
    asn: setup.asn,
    start: async (routes) => {
      await writeFile(configFile, exabgpConfig(setup, routes))
      await run(['exabgp', '--validate', configFile])
      earlier += program?.output() ?? ''
      program = startProgram(setup.node, [...setup.lan.inside(setup.node), 'exabgp', configFile], {
        env,
      })
      await program.says(/loaded new configuration successfully/)
    },
    setRoutes: async (routes) => {
      await writeFile(configFile, exabgpConfig(setup, routes))
      program?.signal('SIGUSR1')
    },
    closeSession: async () => {
      throw new Error('ExaBGP sends no shutdown communication of its own')
    },
    stop: async (signal) => program?.stop(signal),
    log: () => earlier + (program?.output() ?? ''),
  }
}

/** @returns the text of the ExaBGP configuration */
export function exabgpConfig(setup: RouterSetup, routes: readonly Route[]): string {
  const own = addressesOf(setup.host)
  const peer = addressesOf(setup.peerHost)
  const table = (ipv6: boolean) =>
    routes
      .filter((route) => isIpv6(route.prefix) === ipv6)
      .map((route) => {
        const nextHop = ipv6 ? own.ipv6 : own.ipv4
        // ExaBGP sends a path as it stands: nothing is put in front.
        const path = [setup.asn, ...(route.path ?? [])].join(' ')
        const communities = (route.communities ?? []).join(' ')
        return `      unicast ${route.prefix} next-hop ${nextHop} as-path [ ${path} ]${
          communities ? ` community [ ${communities} ]` : ''
        };\n`
      })
      .join('')
  return `neighbor ${peer.ipv4} {
  router-id ${own.ipv4};
  local-address ${own.ipv4};
  local-as ${setup.asn};
  peer-as ${setup.peerAsn};
  passive ${!setup.opens};
  family { ipv4 unicast; ipv6 unicast; }
  announce {
    ipv4 {
${table(false)}    }
    ipv6 {
${table(true)}    }
  }
}
`
}

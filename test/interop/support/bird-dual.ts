/** BIRD 2 with a session for each family, as a direct peering has them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { staticRoute } from './bird.ts'
import type { Lan } from './lan.ts'
import { run, startProgram } from './process.ts'
import { isIpv6, type Route } from './router.ts'
import { waitFor } from './wait.ts'

export interface DualSetup {
  readonly lan: Lan
  readonly node: string
  readonly asn: number
  readonly peerAsn: number
  /** Ours and the daemon's, IPv4 and IPv6. */
  readonly own: readonly [string, string]
  readonly peer: readonly [string, string]
  readonly directory: string
}

export interface DualBird {
  /** Makes its table exactly these routes. */
  setRoutes(routes: readonly Route[]): Promise<void>
  stop(): Promise<void>
  log(): string
}

function configText({ asn, peerAsn, own, peer }: DualSetup, routes: readonly Route[]): string {
  const [own4, own6] = own
  const [peer4, peer6] = peer
  const table = (ipv6: boolean) =>
    routes
      .filter((route) => isIpv6(route.prefix) === ipv6)
      .map(staticRoute)
      .join('')
  const timers = 'connect delay time 1; connect retry time 2; error wait time 1, 2;'
  return `router id ${own4};
log stderr all;
protocol device {}
protocol static edge4 { ipv4;
${table(false)}}
protocol static edge6 { ipv6;
${table(true)}}
protocol bgp warden4 {
  local ${own4} as ${asn}; neighbor ${peer4} as ${peerAsn}; ${timers}
  ipv4 { import none; export where proto = "edge4"; };
}
protocol bgp warden6 {
  local ${own6} as ${asn}; neighbor ${peer6} as ${peerAsn}; ${timers}
  ipv6 { import none; export where proto = "edge6"; next hop self; };
}
`
}

/** Starts BIRD, and waits until it answers. */
export async function startDualBird(setup: DualSetup, routes: readonly Route[]): Promise<DualBird> {
  const configFile = join(setup.directory, `${setup.node}.conf`)
  const control = join(setup.directory, `${setup.node}.ctl`)
  const birdc = (...words: string[]) => run(['birdc', '-s', control, ...words])
  await writeFile(configFile, configText(setup, routes))
  const program = startProgram(setup.node, [
    ...setup.lan.inside(setup.node),
    ...['bird', '-f', '-c', configFile, '-s', control],
  ])
  await waitFor('BIRD to answer birdc', () => birdc('show', 'status'), {
    state: () => program.output().slice(-1000),
  })
  return {
    setRoutes: async (next) => {
      await writeFile(configFile, configText(setup, next))
      await birdc('configure')
    },
    stop: () => program.stop(),
    log: () => program.output(),
  }
}

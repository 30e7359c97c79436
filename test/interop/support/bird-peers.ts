/** Configurations of BIRD 2 for the parts of a peering: a router of a peer, a route server, its members. */
import { staticRoute } from './bird.ts'
import { isIpv6, type Route } from './router.ts'

const timers = 'connect delay time 1; connect retry time 1; error wait time 1, 2;'

/** A session to somebody: our own address and theirs. */
export interface BirdSession {
  readonly own: string
  readonly peer: string
}

export interface PeerRouter {
  readonly asn: number
  readonly peerAsn: number
  readonly routerId: string
  /** One for each family, or several. */
  readonly sessions: readonly BirdSession[]
}

function originated(routes: readonly Route[]): string {
  return [false, true]
    .map((ipv6) => {
      const lines = routes.filter(({ prefix }) => isIpv6(prefix) === ipv6).map(staticRoute)
      const family = ipv6 ? '6' : '4'
      return `protocol static edge${family} { ipv${family};\n${lines.join('')}}\n`
    })
    .join('')
}

/** @returns bird.conf of a router that announces routes of its own, and learns none */
export function peerRouter(router: PeerRouter, routes: readonly Route[]): string {
  const sessions = router.sessions.map(({ own, peer }, number) => {
    const channel = isIpv6(own)
      ? 'ipv6 { import none; export where proto = "edge6"; next hop self; };'
      : 'ipv4 { import none; export where proto = "edge4"; next hop self; };'
    return `protocol bgp warden${number} {
  local ${own} as ${router.asn}; neighbor ${peer} as ${router.peerAsn}; ${timers}
  ${channel}
}
`
  })
  return `router id ${router.routerId};
log stderr all;
protocol device {}
${originated(routes)}${sessions.join('')}`
}

/** A session of a customer on one link of a circuit. */
export interface CircuitSession extends BirdSession {
  readonly asn: number
  readonly password: string
  readonly routes: readonly Route[]
}

/** @returns bird.conf of a customer's router: every session announces routes of its own */
export function circuitRouter(
  routerId: string,
  peerAsn: number,
  sessions: readonly CircuitSession[],
): string {
  const blocks = sessions.map(({ own, peer, asn, password, routes }, number) => {
    const family = isIpv6(own) ? 'ipv6' : 'ipv4'
    const table = `table${number}`
    return `${family} table ${table};
protocol static static${number} { ${family} { table ${table}; };
${routes.map(staticRoute).join('')}}
protocol bgp warden${number} {
  local ${own} as ${asn}; neighbor ${peer} as ${peerAsn}; ${timers}
  password "${password}";
  ${family} { table ${table}; import none; export all; next hop self; };
}
`
  })
  return `router id ${routerId};
log stderr all;
protocol device {}
${blocks.join('')}`
}

export interface RouteServer {
  readonly asn: number
  readonly own: string
  /** Members that announce to it, by AS number. */
  readonly members: Readonly<Record<number, string>>
  /** Those that only listen, such as the daemon. */
  readonly listeners: { readonly asn: number; readonly addresses: readonly string[] }
}

/** @returns bird.conf of a route server (RFC 7947): its own AS is in no path, the next hop stays the member's */
export function routeServer({ asn, own, members, listeners }: RouteServer): string {
  const client = (name: string, address: string, peerAsn: number, imports: string) =>
    `protocol bgp ${name} {
  local ${own} as ${asn}; neighbor ${address} as ${peerAsn}; ${timers}
  rs client;
  ipv4 { import ${imports}; export where from != ${address}; next hop keep; };
}
`
  return `router id ${own};
log stderr all;
protocol device {}
${Object.entries(members)
  .map(([number, address]) => client(`member${number}`, address, Number(number), 'all'))
  .join('')}${listeners.addresses
  .map((address, number) => client(`warden${number}`, address, listeners.asn, 'none'))
  .join('')}`
}

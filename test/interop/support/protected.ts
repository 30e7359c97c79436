/** Routers whose sessions with the daemon are protected, or not: FRR and BIRD with one file each. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startFrr } from './frr.ts'
import type { Lan } from './lan.ts'
import { run, startProgram } from './process.ts'
import { waitFor } from './wait.ts'

/** A session as the router configures it. */
export interface ProtectedPeer {
  /** The daemon's address. */
  readonly daemon: string
  /** The router's. */
  readonly own: string
  readonly password?: string
  /** TTL security; absent: none. */
  readonly hops?: number
}

export interface ProtectedSetup {
  readonly lan: Lan
  readonly node: string
  readonly directory: string
  readonly asn: number
  readonly daemonAsn: number
  readonly routerId: string
  /** Whether the router opens connections; false: it only accepts. */
  readonly opens: boolean
  readonly peers: readonly ProtectedPeer[]
}

export interface ProtectedRouter {
  log(): string
  stop(): Promise<void>
}

export type StartProtected = (setup: ProtectedSetup) => Promise<ProtectedRouter>

function frrPeer(peer: ProtectedPeer, { daemonAsn, opens }: ProtectedSetup): string {
  const lines = [
    `remote-as ${daemonAsn}`,
    `update-source ${peer.own}`,
    'timers connect 2',
    ...(opens ? [] : ['passive']),
    ...(peer.password === undefined ? [] : [`password ${peer.password}`]),
    ...(peer.hops === undefined ? [] : [`ttl-security hops ${peer.hops}`]),
  ]
  return lines.map((line) => ` neighbor ${peer.daemon} ${line}\n`).join('')
}

/** Starts FRR. */
export const startProtectedFrr: StartProtected = async (setup) => {
  const { asn, routerId, peers, directory } = setup
  const activate = peers.map(({ daemon }) => `  neighbor ${daemon} activate\n`).join('')
  const text = `frr defaults traditional
router bgp ${asn}
 bgp router-id ${routerId}
 bgp log-neighbor-changes
 no bgp default ipv4-unicast
 no bgp ebgp-requires-policy
${peers.map((peer) => frrPeer(peer, setup)).join('')} address-family ipv4 unicast
${activate} exit-address-family
exit
`
  await writeFile(join(directory, 'frr.conf'), text)
  const [zebra, bgpd] = await startFrr(setup)
  return {
    log: () => bgpd.output(),
    stop: async () => {
      await bgpd.stop()
      await zebra.stop()
    },
  }
}

function birdPeer(peer: ProtectedPeer, at: number, setup: ProtectedSetup): string {
  const { hops, password } = peer
  return `protocol bgp session${at} {
  local ${peer.own} as ${setup.asn};
  neighbor ${peer.daemon} as ${setup.daemonAsn};
  passive ${setup.opens ? 'off' : 'on'};
${hops === undefined || hops === 1 ? '' : `  multihop ${hops};\n`}${hops === undefined ? '' : '  ttl security on;\n'}${
  password === undefined ? '' : `  password "${password}";\n`
}  connect delay time 1;
  connect retry time 2;
  error wait time 1, 2;
  ipv4 { import none; export none; };
}
`
}

/** Starts BIRD 2. */
export const startProtectedBird: StartProtected = async (setup) => {
  const { lan, node, directory, routerId, peers } = setup
  const file = join(directory, 'bird.conf')
  const control = join(directory, 'bird.ctl')
  const sessions = peers.map((peer, at) => birdPeer(peer, at, setup)).join('')
  await writeFile(file, `router id ${routerId};\nlog stderr all;\nprotocol device {}\n${sessions}`)
  await run(['bird', '-p', '-c', file])
  const words = ['bird', '-f', '-c', file, '-s', control]
  const program = startProgram(node, [...lan.inside(node), ...words])
  await waitFor('BIRD to answer birdc', () => run(['birdc', '-s', control, 'show', 'status']))
  return { log: program.output, stop: () => program.stop() }
}

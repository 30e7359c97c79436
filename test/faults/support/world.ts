/** One LAN with the daemon, BIRD and FRR on it, whose links can be cut. */
import { daemonAsn, daemonConfig, daemonHost } from '../../interop/support/daemon.ts'
import { addressesOf, type Lan, makeLan } from '../../interop/support/lan.ts'
import { run } from '../../interop/support/process.ts'
import { waitFor } from '../../interop/support/wait.ts'
import { makeWorkspace } from '../../interop/support/workspace.ts'
import { birdPeer, frrPeer, type GracefulRestart, type Peer } from './peers.ts'
import { birdAsn, frrAsn, type PeerName, peerNames } from './truth.ts'
import { makeWarden, type Warden, type WardenOptions } from './warden.ts'
import { type BadWire, insertWire } from './wire.ts'

/** Short, so that silence is noticed soon. */
export const holdTime = 6
const hosts = { bird: 11, frr: 12 }

export interface World {
  readonly lan: Lan
  readonly warden: Warden
  readonly peers: Readonly<Record<PeerName, Peer>>
  /** The links, if `wires` was asked for. */
  readonly wires: readonly BadWire[]
  /** Takes the links of both routers down, or up. */
  link(state: 'up' | 'down'): Promise<void>
  /** Waits until sessions, tables and verdicts are as the list says. @returns seconds that it took */
  trueAgain(seconds: number): Promise<number>
  close(): Promise<void>
}

export interface WorldOptions extends WardenOptions {
  readonly gracefulRestart?: GracefulRestart
  /** Replaces the links by ones that delay and lose packets when told to. */
  readonly wires?: boolean
  readonly config?: Record<string, unknown>
}

/** Builds it and waits until all is well. */
export async function makeWorld(options: WorldOptions = {}): Promise<World> {
  const { gracefulRestart = 'aware' } = options
  const workspace = await makeWorkspace()
  const lan = await makeLan('warden', daemonHost)
  const wires: BadWire[] = []
  for (const name of peerNames) {
    await lan.join(name, hosts[name])
    if (options.wires)
      wires.push(await insertWire(lan, name, hosts[name], await workspace.folder(`wire-${name}`)))
  }
  const asns = { bird: birdAsn, frr: frrAsn }
  const config = daemonConfig({
    sessions: peerNames.map((name) => ({
      name,
      address: addressesOf(hosts[name]).ipv4,
      asn: asns[name],
      holdTime,
      connectRetrySeconds: 1,
    })),
    // Without End-of-RIB, time alone says that a table is there.
    policy: { bogonAsn: 'off', convergenceSeconds: gracefulRestart === 'off' ? 5 : 30 },
    log: { level: 'debug', format: 'json' },
    ...options.config,
  })
  const warden = await makeWarden(lan, await workspace.folder('daemon'), config, options)
  const makers = { bird: birdPeer, frr: frrPeer }
  const setup = async (name: PeerName) => ({
    lan,
    node: name,
    host: hosts[name],
    asn: asns[name],
    peerHost: daemonHost,
    peerAsn: daemonAsn,
    // Both sides open: connections collide.
    opens: true,
    directory: await workspace.folder(name),
    holdTime,
    gracefulRestart,
  })
  const peers = { bird: makers.bird(await setup('bird')), frr: makers.frr(await setup('frr')) }

  const world: World = {
    lan,
    warden,
    peers,
    wires,
    link: async (state) => {
      for (const name of peerNames) await run([...lan.inside(lan.hub), ...link(name, state)])
    },
    trueAgain: async (seconds) => {
      const began = performance.now()
      let wrong: string[] = []
      await waitFor(
        'the truth',
        async () => {
          wrong = await warden.untrue()
          return wrong.length === 0
        },
        {
          seconds,
          state: () => ({ wrong, log: warden.log().slice(-3000) }),
          hopeless: () => (warden.exited() ? `the daemon ended: ${warden.output()}` : undefined),
        },
      )
      return (performance.now() - began) / 1000
    },
    close: async () => {
      for (const peer of Object.values(peers)) await peer.stop()
      await warden.close()
      for (const wire of wires) await wire.remove()
      await lan.close()
      await workspace.remove()
    },
  }
  warden.start()
  await warden.ready()
  for (const peer of Object.values(peers)) {
    await peer.start()
    await peer.answers()
  }
  await world.trueAgain(60)
  return world
}

function link(name: string, state: 'up' | 'down'): string[] {
  return ['ip', 'link', 'set', `v-${name}`, state]
}

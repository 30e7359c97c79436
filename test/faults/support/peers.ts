/** BIRD and FRR as the fault tests need them: a large table, short timers, graceful restart on or off. */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { birdConfig } from '../../interop/support/bird.ts'
import { frrConfig, vtysh } from '../../interop/support/frr.ts'
import { type Program, run, startProgram } from '../../interop/support/process.ts'
import type { RouterSetup } from '../../interop/support/router.ts'
import { waitFor } from '../../interop/support/wait.ts'
import { birdRoutes, bulk, frrRoutes } from './truth.ts'

export interface PeerSetup extends RouterSetup {
  /** Seconds that it proposes. */
  readonly holdTime: number
  readonly gracefulRestart: GracefulRestart
}

/**
 * RFC 4724. `on`: peers keep its routes while it restarts; `aware`: it announces the capability, thus
 * sends End-of-RIB, but its own routes go with it (the default of both); `off`: no capability, and
 * BIRD sends no End-of-RIB.
 */
export type GracefulRestart = 'on' | 'aware' | 'off'

export interface Peer {
  /** Starts it, and returns when the process is there; a second start is a restart. */
  start(): Promise<void>
  /** Waits until it answers on its control socket. */
  answers(): Promise<void>
  kill(): Promise<void>
  stop(): Promise<void>
  log(): string
}

function replaced(text: string, before: string, after: string): string {
  if (!text.includes(before)) throw new Error(`"${before}" stands no longer in the configuration`)
  return text.replace(before, after)
}

/** @returns BIRD on its node of the LAN, not yet started */
export function birdPeer(setup: PeerSetup): Peer {
  const file = join(setup.directory, 'bird.conf')
  const control = join(setup.directory, 'bird.ctl')
  let program: Program | undefined
  let earlier = ''
  let restarts = false

  const config = () => {
    const table = bulk().map((prefix) => `  route ${prefix} blackhole;\n`)
    const timers = `hold time ${setup.holdTime};\n  error wait time 1, 2;`
    const mode = `graceful restart ${setup.gracefulRestart};\n  passive`
    const plain = birdConfig(setup, birdRoutes)
    const large = replaced(plain, '  ipv4;\n', `  ipv4;\n${table.join('')}`)
    const timed = replaced(large, 'error wait time 1, 2;', timers)
    const graceful = replaced(timed, 'passive', mode)
    return setup.gracefulRestart === 'on' ? `graceful restart wait 5;\n${graceful}` : graceful
  }

  return {
    start: async () => {
      if (!restarts) await writeFile(file, config())
      earlier += program?.output() ?? ''
      // -R: a restart that recovers (RFC 4724 §4.1).
      const recover = restarts && setup.gracefulRestart === 'on' ? ['-R'] : []
      restarts = true
      program = startProgram('bird', [
        ...setup.lan.inside(setup.node),
        ...['bird', '-f', '-c', file, '-s', control, ...recover],
      ])
    },
    answers: async () => {
      await waitFor('BIRD to answer', () => run(['birdc', '-s', control, 'show', 'status']))
    },
    kill: async () => program?.stop('SIGKILL'),
    stop: async () => program?.stop(),
    log: () => earlier + (program?.output() ?? ''),
  }
}

/** @returns FRR on its node of the LAN, not yet started; zebra stays when bgpd is killed */
export function frrPeer(setup: PeerSetup): Peer {
  const { lan, node, directory } = setup
  const file = join(directory, 'bgpd.conf')
  let zebra: Program | undefined
  let bgpd: Program | undefined
  let earlier = ''

  const config = () => {
    const plain = frrConfig(setup, frrRoutes)
    const table = bulk().map((prefix) => `  network ${prefix}\n`)
    const graceful =
      setup.gracefulRestart === 'on'
        ? ' bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n bgp graceful-restart select-defer-time 5\n'
        : ''
    const timers = ` timers bgp ${Math.floor(setup.holdTime / 3)} ${setup.holdTime}\n`
    return `${replaced(plain, ' bgp log-neighbor-changes\n', ` bgp log-neighbor-changes\n${timers}${graceful}`)}
router bgp ${setup.asn}
 address-family ipv4 unicast
${table.join('')} exit-address-family
exit
`
  }

  const start = (program: string, ...words: string[]) =>
    startProgram(`${node} ${program}`, [
      ...lan.inside(node),
      `/usr/lib/frr/${program}`,
      ...['--log', 'stdout', '--log-level', 'informational'],
      ...['--vty_socket', directory, '-z', join(directory, 'zserv.api'), '-P', '0'],
      ...['-i', join(directory, `${program}.pid`)],
      ...words,
    ])
  const answers = async (program: string) => {
    await waitFor(`${program} to answer vtysh`, () =>
      run(vtysh(directory, '-d', program, '-c', 'show version')),
    )
  }

  return {
    start: async () => {
      if (zebra === undefined) {
        await chmod(directory, 0o777)
        await writeFile(join(directory, 'vtysh.conf'), '')
        await writeFile(file, config())
        zebra = start('zebra')
        await answers('zebra')
      }
      earlier += bgpd?.output() ?? ''
      // The whole file before the first session: a table that is loaded behind the session's
      // back would make FRR end an empty table with End-of-RIB.
      bgpd = start('bgpd', '-n', '-f', file)
    },
    answers: () => answers('bgpd'),
    kill: async () => bgpd?.stop('SIGKILL'),
    stop: async () => {
      await bgpd?.stop()
      await zebra?.stop()
    },
    log: () => earlier + (bgpd?.output() ?? ''),
  }
}

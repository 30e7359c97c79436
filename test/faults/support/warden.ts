/** The daemon as a process that is killed and started again; what it said outlives it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { EventJson } from '../../../src/api/event-schemas.ts'
import type { PrefixJson } from '../../../src/api/prefix-schemas.ts'
import type { SessionJson } from '../../../src/api/session-schemas.ts'
import { type Api, type Follower, makeApi } from '../../interop/support/api.ts'
import { node, repository, startRelay } from '../../interop/support/daemon.ts'
import type { Lan } from '../../interop/support/lan.ts'
import { type Program, startProgram } from '../../interop/support/process.ts'
import { waitFor } from '../../interop/support/wait.ts'
import { good, held, peerNames, registered, verdicts } from './truth.ts'

const httpPort = 9179

export interface WardenOptions {
  /** Where stdout goes instead of a pipe, such as `/dev/full`. */
  readonly stdout?: string
  /** Words for node, before the program. */
  readonly nodeOptions?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

export interface Warden {
  readonly api: Api
  /** Starts the process and returns at once. */
  start(): void
  /** Waits until /readyz answers, then follows its events. */
  ready(): Promise<void>
  kill(): Promise<void>
  stop(): Promise<void>
  exited(): boolean
  /** Output of the running process. */
  output(): string
  /** Output of all processes. */
  log(): string
  signal(signal: NodeJS.Signals): void
  /** Events of all processes, as far as their streams brought them. */
  events(): readonly EventJson[]
  /** Why the present verdicts and tables are not the ones of the list; empty: they are. */
  untrue(): Promise<string[]>
  close(): Promise<void>
}

/** Prepares the daemon on the hub of the LAN. */
export async function makeWarden(
  lan: Lan,
  directory: string,
  config: Record<string, unknown>,
  options: WardenOptions = {},
): Promise<Warden> {
  const configFile = join(directory, 'bgpwarden.yaml')
  await writeFile(configFile, stringify({ ...config, prefixes: registered }))
  const socketFile = join(directory, 'http.sock')
  const api = makeApi(socketFile)
  const relay = startRelay(lan, lan.hub, socketFile, httpPort)
  await relay.says(/relaying/)
  let program: Program | undefined
  let follower: Follower | undefined
  let earlier = ''
  const past: EventJson[] = []

  const command = [
    ...node,
    ...(options.nodeOptions ?? []),
    ...['src/main.ts', 'run', '-c', configFile],
  ]
  const redirected =
    options.stdout === undefined
      ? command
      : ['sh', '-c', `exec "$@" >${options.stdout}`, 'sh', ...command]

  return {
    api,
    start: () => {
      earlier += program?.output() ?? ''
      past.push(...(follower?.events ?? []))
      follower?.close()
      follower = undefined
      program = startProgram('bgpwarden', [...lan.inside(lan.hub), ...redirected], {
        cwd: repository,
        ...(options.env === undefined ? {} : { env: options.env }),
      })
    },
    ready: async () => {
      await waitFor('the daemon to answer', () => api.text('/healthz'), {
        hopeless: () => (program?.exited() ? `it ended: ${program.output()}` : undefined),
      })
      follower ??= api.follow()
    },
    kill: async () => program?.stop('SIGKILL'),
    stop: async () => program?.stop(),
    exited: () => program?.exited() ?? true,
    output: () => program?.output() ?? '',
    log: () => earlier + (program?.output() ?? ''),
    signal: (signal) => program?.signal(signal),
    events: () => [...past, ...(follower?.events ?? [])],
    untrue: () => untrue(api),
    close: async () => {
      follower?.close()
      await program?.stop()
      await relay.stop()
    },
  }
}

async function untrue(api: Api): Promise<string[]> {
  const wrong: string[] = []
  const sessions = (await api.get<{ items: SessionJson[] }>('/api/v1/sessions')).items
  for (const name of peerNames) {
    const session = sessions.find((each) => each.name === name)
    const expected = held[name]
    const { ipv4, ipv6 } = session?.prefixes ?? { ipv4: 0, ipv6: 0 }
    if (session?.state !== 'Established')
      wrong.push(`session ${name}: ${session?.state}, ${session?.lastError}`)
    else if (ipv4 !== expected.ipv4 || ipv6 !== expected.ipv6)
      wrong.push(`session ${name}: ${ipv4} and ${ipv6} routes`)
  }
  const prefixes = (await api.get<{ items: PrefixJson[] }>('/api/v1/prefixes')).items
  for (const [name, expected] of Object.entries(verdicts)) {
    const verdict = prefixes.find((each) => each.name === name)
    const [is, shall] = [verdict, expected].map(
      (each) => `${each?.state} ${each?.reasons.toSorted().join()}`,
    )
    if (is !== shall) wrong.push(`prefix ${name}: ${is}`)
  }
  return wrong
}

/**
 * Every time that a good prefix was called Failed, from log and event stream: a killed process takes
 * its last events with it, not its last lines.
 */
export function falseFailures(warden: Warden): string[] {
  const lines = warden
    .log()
    .split('\n')
    .filter((line) => line.includes('"event":"verdict"') && line.includes('"to":"Failed"'))
    .filter((line) => good.has(/"name":"([^"]*)"/.exec(line)?.[1] ?? ''))
  const events = warden
    .events()
    .filter((event) => event.kind === 'prefix' && event.to === 'Failed' && good.has(event.name))
    .map((event) => JSON.stringify(event))
  return [...lines, ...events]
}

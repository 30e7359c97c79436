/** The daemon itself as a contestant: compiled, in a process of its own, with its defaults. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { version } from '../src/version.ts'
import { type Contestant, type Running, type Setup, startProgram } from './contestant.ts'
import { createHttpClient, type HttpClient } from './http.ts'
import { poll } from './limits.ts'
import type { TableTruth } from './table.ts'

/** Where `compileDaemon` puts the daemon; not `dist`, which must never be older than the sources. */
export const compiled = new URL('../dist-bench/', import.meta.url).pathname

export interface RunningDaemon extends Running {
  readonly http: HttpClient
  /** Writes the configuration anew and has it read (SIGHUP). */
  reload(registered: readonly string[]): void
}

export interface DaemonOptions {
  /** The Node that runs it. */
  readonly node: string
  readonly httpPort: number
  /** More arguments for Node. */
  readonly nodeArguments?: readonly string[]
}

/** The session with the n-th peer. */
export function sessionName(peer: number): string {
  return `peer-${peer}`
}

/** The configuration in YAML. Without checks nothing is registered. */
export function daemonConfig(setup: Setup, httpPort: number): string {
  return stringify({
    local: { asn: setup.localAsn, routerId: '192.0.2.1' },
    listen: {
      bgp: [{ address: setup.address, port: setup.port }],
      http: { address: '127.0.0.1', port: httpPort },
    },
    sessions: setup.peers.map(({ address, asn }, i) => ({
      name: sessionName(i),
      address,
      asn,
      passive: true,
      families: ['ipv4', 'ipv6'],
    })),
    prefixes: setup.checks
      ? setup.registered.map((prefix, i) => {
          const peer = setup.expectedFrom?.[i]
          const sessions = peer === undefined ? {} : { sessions: [sessionName(peer)] }
          return { name: `p${i}`, prefix, owner: 'bench', ...sessions }
        })
      : [],
  })
}

/** The verdict that the tables it is expected in give a registered prefix: the worst. */
function worstVerdict(
  { expectedFrom }: Setup,
  truths: readonly TableTruth[],
  number: number,
): 'v' | 'w' | 'f' {
  const only = expectedFrom?.[number]
  const letters = truths
    .filter((_, peer) => only === undefined || peer === only)
    .map((truth) => truth.verdicts[number])
  return letters.includes('f') ? 'f' : letters.includes('w') ? 'w' : 'v'
}

/** Compares the counters and verdicts of the daemon with the truth of the tables it was sent. */
async function differences(http: HttpClient, setup: Setup, truths: readonly TableTruth[]) {
  const found: string[] = []
  const expect = (what: string, is: unknown, should: unknown) => {
    if (is !== should) found.push(`${what}: ${is}, expected ${should}`)
  }
  const sessions = await http.sessions()
  for (const [i, truth] of truths.entries()) {
    const session = sessions.find(({ name }) => name === sessionName(i))
    if (session === undefined) throw new Error(`the daemon has no session ${sessionName(i)}`)
    expect(`routes of ${session.name}`, session.prefixes[setup.family], truth.routes)
    expect(`UPDATEs of ${session.name}`, session.messages.received.update, truth.updates)
    if (!setup.checks) continue
    for (const [name, count] of Object.entries(truth.classes)) {
      const key = name as keyof typeof truth.classes
      expect(`${name} routes of ${session.name}`, session.verdicts[key], count)
    }
  }
  const metrics = await http.metrics()
  const sets = truths.reduce((sum, truth) => sum + truth.attributeSets, 0)
  expect('attribute sets', metrics.get('bgpwarden_rib_attribute_sets'), sets)
  if (!setup.checks) return found
  const counts = { v: 0, w: 0, f: 0 }
  setup.registered.forEach((_, i) => {
    counts[worstVerdict(setup, truths, i)]++
  })
  const state = (name: string) => metrics.get(`bgpwarden_prefixes{state="${name}"}`)
  expect('prefixes Verified', state('Verified'), counts.v)
  expect('prefixes Warning', state('Warning'), counts.w)
  expect('prefixes Failed', state('Failed'), counts.f)
  expect('prefixes Pending', state('Pending'), 0)
  return found
}

/** Starts the compiled daemon. */
export async function startDaemon(setup: Setup, options: DaemonOptions): Promise<RunningDaemon> {
  const config = join(setup.directory, 'bgpwarden.yaml')
  const write = (registered: readonly string[]) => {
    writeFileSync(config, daemonConfig({ ...setup, registered }, options.httpPort))
  }
  write(setup.registered)
  const program = startProgram(setup.directory, [
    options.node,
    ...(options.nodeArguments ?? []),
    join(compiled, 'main.js'),
    ...['run', '-c', config],
  ])
  const http = createHttpClient(options.httpPort)
  try {
    await poll(60, 'the daemon to be ready', 100, async () => (await http.text('/readyz')) !== '')
  } catch (error) {
    await program.stop()
    throw new Error(`${String(error)}\n${program.output()}`)
  }
  return {
    pids: [program.pid],
    http,
    routes: async () => {
      const sessions = await http.sessions()
      return sessions.reduce((sum, { prefixes }) => sum + prefixes.ipv4 + prefixes.ipv6, 0)
    },
    differences: (truths) => differences(http, setup, truths),
    reload: (registered) => {
      write(registered)
      process.kill(program.pid, 'SIGHUP')
    },
    stop: async () => {
      http.close()
      await program.stop()
    },
  }
}

/** The daemon as a contestant. */
export function bgpwarden(options: DaemonOptions): Contestant {
  return {
    name: 'bgpwarden',
    version: () => version,
    start: (setup) => startDaemon(setup, options),
  }
}

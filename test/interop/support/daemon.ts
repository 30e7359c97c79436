/** The daemon under test, as a child process in the hub's namespace. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import type { EventJson } from '../../../src/api/event-schemas.ts'
import type { PrefixJson } from '../../../src/api/prefix-schemas.ts'
import type { SessionJson } from '../../../src/api/session-schemas.ts'
import { type Api, type Follower, makeApi } from './api.ts'
import { addressesOf, type Lan } from './lan.ts'
import { parseMetrics, type Sample } from './metrics.ts'
import { type Program, startProgram } from './process.ts'
import { waitFor } from './wait.ts'

/** The root of the repository. */
export const repository = fileURLToPath(new URL('../../../', import.meta.url))
const httpPort = 9179

export const daemonAsn = 64500
export const daemonHost = 10

/** Node 20 needs the loader, Node 24 could do without; both take it. */
export const node = [process.execPath, '--import', import.meta.resolve('tsx')]

export interface Daemon {
  readonly api: Api
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Gives it another configuration by SIGHUP, and waits until it is applied. */
  reload(config: Record<string, unknown>): Promise<void>
  session(name: string): Promise<SessionJson>
  prefix(name: string): Promise<PrefixJson>
  metrics(): Promise<readonly Sample[]>
  /** Events of the running process since its start, as the stream brought them. */
  events(): readonly EventJson[]
  /** Waits until a session has the state, and returns it. */
  sessionIs(name: string, state: SessionJson['state']): Promise<SessionJson>
  /** Waits until a verdict has the state, and returns it. */
  prefixIs(name: string, state: PrefixJson['state']): Promise<PrefixJson>
  /**
   * Waits until a prefix is Failed for these reasons and no other, and returns its verdict: a router may
   * withdraw a route before it announces the changed one.
   */
  prefixFails(name: string, ...reasons: PrefixJson['reasons']): Promise<PrefixJson>
  log(): string
  /** Stops the daemon and the relay. */
  close(): Promise<void>
}

/** @returns a configuration of the daemon for the LAN; everything in it may be overridden */
export function daemonConfig(parts: Record<string, unknown>): Record<string, unknown> {
  const { ipv4 } = addressesOf(daemonHost)
  return {
    local: { asn: daemonAsn, routerId: ipv4 },
    listen: {
      bgp: [{ address: ipv4, port: 179 }],
      http: { address: '127.0.0.1', port: httpPort },
    },
    // Every AS number and prefix of the suite is one for documentation (RFC 5398, RFC 5737, RFC 3849).
    policy: { bogonAsn: 'off', convergenceSeconds: 8 },
    log: { level: 'debug', format: 'json' },
    ...parts,
  }
}

/** Makes a port on 127.0.0.1 of a node reachable through a socket file; says `relaying` when it does. */
export function startRelay(lan: Lan, at: string, socketFile: string, port: number): Program {
  const script = join(repository, 'test/interop/support/relay.ts')
  return startProgram('relay', [...lan.inside(at), ...node, script, socketFile, String(port)])
}

/**
 * Prepares a daemon on the hub of the LAN.
 *
 * @param config the configuration, as an object or as YAML
 */
export async function makeDaemon(
  lan: Lan,
  directory: string,
  config: Record<string, unknown> | string,
): Promise<Daemon> {
  const configFile = join(directory, 'bgpwarden.yaml')
  await writeFile(configFile, typeof config === 'string' ? config : stringify(config))
  const socketFile = join(directory, 'http.sock')
  const api = makeApi(socketFile)
  const relay = startRelay(lan, lan.hub, socketFile, httpPort)
  let program: Program | undefined
  let follower: Follower | undefined
  let earlier = ''

  const session = (name: string) =>
    api.get<SessionJson>(`/api/v1/sessions/${encodeURIComponent(name)}`)
  const prefix = (name: string) =>
    api.get<PrefixJson>(`/api/v1/prefixes/${encodeURIComponent(name)}`)
  const verdict = (name: string, what: string, fits: (verdict: PrefixJson) => boolean) => {
    let last: PrefixJson | undefined
    return waitFor(
      `prefix ${name} to be ${what}`,
      async () => {
        last = await prefix(name)
        return fits(last) && last
      },
      { state: () => ({ state: last?.state, reasons: last?.reasons, sessions: last?.sessions }) },
    )
  }

  return {
    api,
    session,
    prefix,
    metrics: async () => parseMetrics(await api.text('/metrics')),
    events: () => follower?.events ?? [],
    log: () => earlier + (program?.output() ?? ''),
    start: async () => {
      earlier += program?.output() ?? ''
      await relay.says(/relaying/)
      program = startProgram(
        'bgpwarden',
        [...lan.inside(lan.hub), ...node, 'src/main.ts', 'run', '-c', configFile],
        { cwd: repository },
      )
      const started = program
      await waitFor('the daemon to be ready', () => api.text('/readyz'), {
        state: () => started.output().slice(-2000),
        hopeless: () => (started.exited() ? `it ended, saying ${started.output()}` : undefined),
      })
      follower = api.follow()
    },
    stop: async (signal) => {
      await program?.stop(signal)
    },
    reload: async (next) => {
      const before = program?.output().length ?? 0
      await writeFile(configFile, stringify(next))
      program?.signal('SIGHUP')
      await waitFor(
        'the reload',
        () => program?.output().slice(before).includes('bgpwarden.yaml applied'),
        { state: () => program?.output().slice(before) },
      )
    },
    sessionIs: async (name, state) => {
      let last: SessionJson | undefined
      return waitFor(
        `session ${name} to be ${state}`,
        async () => {
          last = await session(name)
          return last.state === state && last
        },
        { state: () => ({ state: last?.state, lastError: last?.lastError }) },
      )
    },
    prefixIs: (name, state) => verdict(name, state, (each) => each.state === state),
    prefixFails: (name, ...reasons) => {
      const wanted = reasons.toSorted().join()
      const fits = (each: PrefixJson) =>
        each.state === 'Failed' && each.reasons.toSorted().join() === wanted
      return verdict(name, `Failed for ${wanted}`, fits)
    },
    close: async () => {
      follower?.close()
      await program?.stop()
      await relay.stop()
    },
  }
}

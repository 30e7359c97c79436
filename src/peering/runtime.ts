/** What resources want to run, compared with what runs for them: only the difference is done. */
import { isDeepStrictEqual } from 'node:util'
import type { Engine } from '../engine/engine.ts'
import type { Registration } from '../engine/types.ts'
import type { SessionConfig } from '../session/types.ts'
import type { Runtime, Wanted, WantedSession } from './live.ts'

/** The sessions of the daemon, as far as they are needed here. */
export interface RunningSessions {
  add(config: SessionConfig): void
  replace(config: SessionConfig): 'kept' | 'restarted'
  remove(name: string): boolean
}

export interface RuntimeOptions {
  readonly engine: Engine
  readonly sessions: RunningSessions
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** A slice of background work may be left. */
  readonly wake: () => void
  /** Told of a session that cannot run as it is wanted. */
  readonly onProblem: (session: string, error: unknown) => void
}

/** The running side of the registry. */
export interface RunningRuntime extends Runtime {
  /** Starts the sessions that wait for it; those that are wanted later start at once. */
  start(): void
  /** @returns undefined when no resource wants a session of that name */
  sessionConfig(name: string): SessionConfig | undefined
  sessionConfigs(): Iterable<SessionConfig>
  /** @returns id of the peering, or circuit peering, that runs a session of that name; undefined: none does */
  peeringOf(session: string): string | undefined
}

/** @returns the peering to which the sessions of a resource belong */
function peeringIn(kind: string, id: string): string | undefined {
  if (kind === 'circuitPeering') return id
  return kind === 'connection' ? id.split('/', 1)[0] : undefined
}

const nothing: Wanted = { sessions: [], registrations: [] }

function byName<T>(list: readonly T[], nameOf: (item: T) => string): Map<string, T> {
  return new Map(list.map((item) => [nameOf(item), item]))
}

/** Makes the running side; sessions wait until `start`. */
export function createRuntime(options: RuntimeOptions): RunningRuntime {
  const { engine, sessions, now, onProblem } = options
  const current = new Map<string, Wanted>()
  const configs = new Map<string, SessionConfig>()
  /** Peerings by the names of their sessions. */
  const peerings = new Map<string, string>()
  let started = false

  /** Does something that the session's own machine may refuse; the registry goes on all the same. */
  function attempt<T>(name: string, act: () => T): T | undefined {
    try {
      return act()
    } catch (error) {
      onProblem(name, error)
      return undefined
    }
  }

  function addSession({ config, counts }: WantedSession): void {
    const { name, families, asn, localAsn } = config
    engine.addSession({ name, families, asn, localAsn, counts }, now())
    configs.set(name, config)
    if (started) attempt(name, () => sessions.add(config))
  }

  function removeSession(name: string): void {
    if (started) sessions.remove(name)
    configs.delete(name)
    engine.removeSession(name, now())
  }

  function changeSession(before: WantedSession, after: WantedSession): void {
    const { name } = after.config
    if (!isDeepStrictEqual(before.config, after.config)) {
      configs.set(name, after.config)
      const outcome = started ? attempt(name, () => sessions.replace(after.config)) : 'kept'
      const { asn, localAsn } = before.config
      const same = asn === after.config.asn && localAsn === after.config.localAsn
      if (outcome !== 'kept' || !same) {
        const { families } = after.config
        engine.removeSession(name, now())
        const numbers = { asn: after.config.asn, localAsn: after.config.localAsn }
        engine.addSession({ name, families, ...numbers, counts: after.counts }, now())
        return
      }
    }
    if (before.counts !== after.counts) engine.setCounts(name, after.counts, now())
  }

  function changeSessions(before: Wanted, after: Wanted): void {
    const earlier = byName(before.sessions, ({ config }) => config.name)
    const later = byName(after.sessions, ({ config }) => config.name)
    for (const name of earlier.keys()) if (!later.has(name)) removeSession(name)
    for (const [name, wanted] of later) {
      const known = earlier.get(name)
      if (known === undefined) addSession(wanted)
      else changeSession(known, wanted)
    }
  }

  function changeRegistrations(before: Wanted, after: Wanted): void {
    const nameOf = ({ name }: Registration) => name
    const earlier = byName(before.registrations, nameOf)
    const later = byName(after.registrations, nameOf)
    for (const name of earlier.keys()) if (!later.has(name)) engine.unregister(name, now())
    for (const [name, registration] of later) {
      const known = earlier.get(name)
      if (known === undefined) engine.register(registration, now())
      else if (!isDeepStrictEqual(known, registration)) engine.reregister(registration, now())
    }
  }

  return {
    want(kind, id, wanted) {
      const key = `${kind} ${id}`
      const before = current.get(key) ?? nothing
      if (wanted.sessions.length + wanted.registrations.length === 0) current.delete(key)
      else current.set(key, wanted)
      for (const { config } of before.sessions) peerings.delete(config.name)
      const peering = peeringIn(kind, id)
      if (peering !== undefined) {
        for (const { config } of wanted.sessions) peerings.set(config.name, peering)
      }
      changeSessions(before, wanted)
      changeRegistrations(before, wanted)
      engine.flush(now())
      options.wake()
    },
    start() {
      started = true
      for (const [name, config] of configs) attempt(name, () => sessions.add(config))
    },
    sessionConfig: (name) => configs.get(name),
    sessionConfigs: () => configs.values(),
    peeringOf: (session) => peerings.get(session),
  }
}

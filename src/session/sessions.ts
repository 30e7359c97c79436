/** All sessions of the daemon: commands on them, what they show, and the sockets they come in by. */
import type { FamilyName } from '../prefix/prefix.ts'
import { CeaseSubcode, ErrorCode } from '../wire/codes.ts'
import { canonicalAddress } from './address.ts'
import { createPool } from './connection.ts'
import { createDynamicPeers, type DynamicRange, securedRange } from './dynamic.ts'
import { createIncoming } from './incoming.ts'
import { createListener, type Endpoint } from './listener.ts'
import { ceaseNotice } from './notices.ts'
import { createSession, type Session } from './session.ts'
import { createSocketSecurity, type SocketSecurity } from './socket-security.ts'
import {
  type Clock,
  type SessionConfig,
  type SessionControl,
  type SessionListener,
  SessionState,
} from './types.ts'

/** What `createSessions` needs. */
export interface SessionsOptions {
  /** None: nothing is accepted. Port 0: one that is free. */
  readonly listen: readonly Endpoint[]
  readonly clock: Clock
  /** A number from 0 to 1; absent: Math.random. */
  readonly random?: () => number
  readonly listener: SessionListener
  /** Absent: that of the machine. */
  readonly security?: SocketSecurity
}

/** The sessions and what can be done with them. A name that no session has is answered with false. */
export interface SessionManager extends SessionControl {
  /** Begins to accept connections. @throws ListenError */
  listen(): Promise<void>
  /** Where it listens, with the port that port 0 became. */
  addresses(): readonly Endpoint[]
  /**
   * Tries whether this machine can protect all these sessions together as they ask: what `add` and
   * `replace` try for one session alone, and that sessions at one address have one password.
   * @throws SocketSecurityError for the first one that it cannot; nothing has changed then
   */
  verify(configs: readonly SessionConfig[], ranges?: readonly DynamicRange[]): void
  /** The configuration of a session, without the trouble of its status. */
  config(name: string): SessionConfig | undefined
  /**
   * Accepts unknown peers from these ranges, and no other. A session ends where its range would not make it any
   * more, or only over a new connection.
   * @throws SocketSecurityError; nothing has changed then
   */
  setDynamic(ranges: readonly DynamicRange[]): void
  /**
   * Adds a session and starts it.
   * @throws RangeError when the name is taken, SocketSecurityError; nothing has changed then
   */
  add(config: SessionConfig): void
  /**
   * Ends a session for good.
   * @param cease what the peer is told; Peer De-configured unless given (RFC 4486)
   */
  remove(name: string, cease?: { subcode?: number; communication?: string }): boolean
  /**
   * Takes a changed configuration. The session stays up unless the change needs a new OPEN or
   * another peer; then the peer is told Other Configuration Change, and it starts anew.
   * @throws RangeError when no session has the name, SocketSecurityError; nothing has changed then
   */
  replace(config: SessionConfig): 'kept' | 'restarted'
  /** Administrative shutdown, with a text for the peer's operator (RFC 9003). */
  stop(name: string, communication?: string): boolean
  /** Ends an administrative shutdown; also starts a session that waits, at once. */
  start(name: string): boolean
  /**
   * Ends a session with Administrative Reset and starts it anew at once.
   * @returns false too when it is administratively down: that is ended by `start`
   */
  reset(name: string): boolean
  /**
   * Asks the peer to send its routes again (RFC 2918 §4).
   * @returns the families asked for, none when the peer cannot do it; undefined: not Established
   */
  refresh(name: string): readonly FamilyName[] | undefined
  /**
   * Ends a session that breaks a rule of ours; it tries again after a wait.
   * @param subcode of Cease; `data` as RFC 4486 wants it, such as encodeMaximumPrefixes
   * @param reason one sentence, shown as `lastError`
   * @param restMinutes how long it stays down, its peer refused; absent: as after any other failure
   */
  cease(
    name: string,
    subcode: number,
    data: Uint8Array,
    reason: string,
    restMinutes?: number,
  ): boolean
  /**
   * Sends a whole message on an Established session; its octets no longer change.
   * @returns false when it was not sent: not Established, or 1 MiB waits for the peer already
   */
  send(name: string, bytes: Uint8Array): boolean
  /** Resolves when all that was sent has left. @returns whether the session is still Established */
  drained(name: string): Promise<boolean>
  /**
   * Says Administrative Shutdown to every peer, with a text, then closes everything.
   * @returns when all is closed, by force after `withinMs`
   */
  close(communication: string, withinMs: number): Promise<void>
}

/** Keys of a configuration whose change needs a new connection. */
const decisive = [
  'address',
  'port',
  'asn',
  'localAsn',
  'routerId',
  'localAddress',
  'passive',
  'holdTime',
  'delayOpenSeconds',
  'firstAsCheck',
  'password',
  'ttlSecurity',
  'addPath',
  'extendedNextHop',
  'role',
  'roleStrict',
] as const satisfies readonly (keyof SessionConfig)[]

function needsRestart(before: SessionConfig, after: SessionConfig): boolean {
  const families = (config: SessionConfig) => [...config.families].sort().join()
  return decisive.some((key) => before[key] !== after[key]) || families(before) !== families(after)
}

/** Makes an empty set of sessions. */
export function createSessions(options: SessionsOptions): SessionManager {
  const { clock, security = createSocketSecurity() } = options
  const listener: SessionListener = {
    ...options.listener,
    stateChanged(name, from, to) {
      dynamic.stateChanged(name, to)
      options.listener.stateChanged(name, from, to)
    },
  }
  const pool = createPool(clock, security)
  const context = { pool, listener, random: options.random ?? Math.random }
  const sessions = new Map<string, Session>()
  const dynamic = createDynamicPeers({
    clock,
    session: (name) => sessions.get(name),
    add(config, { expected }) {
      const session = createSession(config, context)
      sessions.set(config.name, session)
      listener.joined?.(config, expected)
      session.start()
      return session
    },
    reconfigure(config) {
      const session = sessions.get(config.name)
      if (session === undefined || needsRestart(session.config, config)) return false
      session.reconfigure(config)
      return true
    },
    remove: (name) => void remove(name),
  })
  const incoming = createIncoming(pool, listener, sessionsAt, dynamic)
  const server = createListener(options.listen, incoming.accept)

  /** Makes the listening sockets know the passwords of those that are there, and of ranges. */
  function protect(): void {
    const configs = Array.from(sessions.values(), ({ config }) => config)
    const single = configs.filter(({ name }) => !dynamic.has(name))
    security.protect(server.sockets(), [...single, ...dynamic.ranges.map(securedRange)])
  }

  function remove(
    name: string,
    subcode: number = CeaseSubcode.peerDeconfigured,
    communication?: string,
  ): boolean {
    return withSession(name, (session) => {
      const wasDynamic = dynamic.has(name)
      sessions.delete(name)
      dynamic.forget(name)
      session.stop(ceaseNotice(subcode, communication), 'the session was removed', true)
      if (wasDynamic) listener.left?.(name)
      else protect()
      return true
    })
  }

  function sessionsAt(address: string): Session[] {
    return [...sessions.values()].filter((session) => session.address === address)
  }

  /** Does something with a session, if there is one. */
  function withSession(name: string, act: (session: Session) => boolean): boolean {
    const session = sessions.get(name)
    return session !== undefined && act(session)
  }

  function allClosed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        cancel()
        pool.gone = () => {}
        resolve()
      }
      const cancel = clock.after(withinMs, () => {
        for (const connection of pool.open) connection.destroy()
        finish()
      })
      pool.gone = () => {
        if (pool.open.size === 0) finish()
      }
      pool.gone()
    })
  }

  return {
    async listen() {
      await server.listen()
      try {
        protect()
      } catch (error) {
        server.close()
        throw error
      }
    },
    verify: (configs, ranges = []) => security.verify([...configs, ...ranges.map(securedRange)]),
    config: (name) => sessions.get(name)?.config,
    addresses: server.addresses,
    statuses: () => Array.from(sessions.values(), (session) => session.status()),
    status: (name) => sessions.get(name)?.status(),
    add(config) {
      if (sessions.has(config.name)) throw new RangeError(`session ${config.name} exists already`)
      security.verify([config])
      // From now on the peer is not any one of its range.
      for (const { config: taken } of sessionsAt(canonicalAddress(config.address))) {
        if (dynamic.has(taken.name)) remove(taken.name)
      }
      const session = createSession(config, context)
      sessions.set(config.name, session)
      protect()
      session.start()
    },
    remove: (name, { subcode, communication } = {}) => remove(name, subcode, communication),
    setDynamic(ranges) {
      security.verify(ranges.map(securedRange))
      dynamic.setRanges(ranges)
      protect()
    },
    replace(config) {
      const session = sessions.get(config.name)
      if (session === undefined) throw new RangeError(`there is no session ${config.name}`)
      security.verify([config])
      if (!needsRestart(session.config, config)) {
        session.reconfigure(config)
        return 'kept'
      }
      const { shutdown } = session.status()
      const notice = ceaseNotice(CeaseSubcode.otherConfigurationChange)
      session.stop(notice, 'its configuration changed', shutdown)
      session.reconfigure(config)
      protect()
      if (!shutdown) session.start()
      return 'restarted'
    },
    stop: (name, communication) =>
      withSession(name, (session) => {
        const notice = ceaseNotice(CeaseSubcode.administrativeShutdown, communication)
        session.stop(notice, 'administratively shut down', true)
        return true
      }),
    start: (name) =>
      withSession(name, (session) => {
        session.start()
        return true
      }),
    reset: (name) =>
      withSession(name, (session) => {
        if (session.status().shutdown) return false
        const notice = ceaseNotice(CeaseSubcode.administrativeReset)
        session.stop(notice, 'administratively reset', false)
        session.start()
        return true
      }),
    refresh: (name) => sessions.get(name)?.refresh(),
    cease: (name, subcode, data, reason, restMinutes) =>
      withSession(name, (session) =>
        session.cease({ code: ErrorCode.cease, subcode, data }, reason, restMinutes),
      ),
    send: (name, bytes) => withSession(name, (session) => session.send(bytes)),
    async drained(name) {
      const session = sessions.get(name)
      if (session === undefined) return false
      await new Promise<void>((resolve) => session.whenDrained(resolve))
      return session.state === SessionState.Established
    },
    async close(communication, withinMs) {
      server.close()
      const notice = ceaseNotice(CeaseSubcode.administrativeShutdown, communication)
      for (const session of sessions.values()) {
        session.stop(notice, 'the daemon is shutting down', true)
      }
      incoming.close(ceaseNotice(CeaseSubcode.connectionRejected))
      await allClosed(withinMs)
    },
  }
}

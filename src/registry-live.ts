/** What the registry sees of the running daemon, and whether the configuration file stands in its way. */
import type { Config } from './config/config.ts'
import { ConfigError } from './config/problem.ts'
import type { EngineView } from './engine/types.ts'
import type { Live } from './peering/live.ts'
import { canonicalAddress } from './session/address.ts'
import type { SessionManager } from './session/sessions.ts'
import type { SessionConfig } from './session/types.ts'

export interface LiveOptions {
  readonly engine: EngineView
  readonly sessions: Pick<SessionManager, 'status' | 'verify'>
  readonly config: () => Config
  readonly ownership: Live['ownership']
  readonly reading: Live['reading']
}

/** What tells sessions apart when a peer connects. */
function peerText({ address, port, asn }: Pick<SessionConfig, 'address' | 'port' | 'asn'>): string {
  return `${canonicalAddress(address)} ${port} ${asn}`
}

/** Makes the live view; names and peers of the configuration are looked up anew after a reload. */
export function createLive({ engine, sessions, config, ownership, reading }: LiveOptions): Live {
  let seen: Config | undefined
  let names = { session: new Set<string>(), prefix: new Set<string>() }
  let peers = new Map<string, string>()

  function look(): void {
    const now = config()
    if (now === seen) return
    seen = now
    names = {
      session: new Set(now.sessions.map(({ name }) => name)),
      prefix: new Set(now.prefixes.map(({ name }) => name)),
    }
    peers = new Map(now.sessions.map((session) => [peerText(session), session.name]))
  }

  return {
    engine,
    ownership,
    reading,
    session: (name) => sessions.status(name),
    get local() {
      return config().local
    },
    get settings() {
      return config().registry
    },
    declares(what, name) {
      look()
      return names[what].has(name)
    },
    declaredSession(address, port, asn) {
      look()
      return peers.get(peerText({ address, port, asn }))
    },
    declaredPrefixes: () => config().prefixes,
    sessionProblem(wanted) {
      try {
        sessions.verify([wanted])
        return null
      } catch (error) {
        if (error instanceof Error && error.name === 'SocketSecurityError') return error.message
        throw error
      }
    },
  }
}

/**
 * Refuses a configuration that declares a session with a peer that a connection of the registry has.
 * @param wanted the sessions of the registry
 * @throws ConfigError with the place of each
 */
export function demandApart(config: Config, wanted: Iterable<SessionConfig>): void {
  const taken = new Map(Array.from(wanted, (session) => [peerText(session), session]))
  const problems = config.sessions.flatMap((session, index) => {
    const other = taken.get(peerText(session))
    if (other === undefined) return []
    const message = `cannot be told apart from the session "${other.name}" of the registry, expected another address, port or AS number (or delete that connection)`
    const key = `sessions[${index}].address`
    return [{ file: 'the configuration', line: 0, column: 0, length: 1, key, message }]
  })
  if (problems.length > 0) throw new ConfigError(problems)
}

/** What an operator asks of sessions: carried out, and reported with who asked. */
import type { SessionCommands } from './api/context.ts'
import type { SessionManager } from './session/sessions.ts'
import type { Reporter } from './telemetry/reporter.ts'

/** Makes the commands that the API offers. */
export function createSessionCommands(
  sessions: SessionManager,
  reporter: Pick<Reporter, 'commanded'>,
): SessionCommands {
  return {
    shutdown(name, communication, by) {
      const said = communication === '' ? '' : `: "${communication}"`
      reporter.commanded(name, `Shutdown asked for by ${by}${said}`)
      sessions.stop(name, communication)
    },
    start(name, by) {
      reporter.commanded(name, `Start asked for by ${by}`)
      sessions.start(name)
    },
    clear(name, mode, by) {
      const status = sessions.status(name)
      if (mode === 'hard') {
        if (status?.shutdown === true) {
          return { refused: 'The session is administratively down; start it instead.' }
        }
        reporter.commanded(name, `Hard clear asked for by ${by}`)
        sessions.reset(name)
        return { families: [] }
      }
      const { negotiated } = status ?? {}
      if (!negotiated)
        return { refused: 'The session is not Established, nothing can be asked for.' }
      if (!negotiated.remoteCapabilities.routeRefresh) {
        return {
          refused: 'The peer has no route refresh (RFC 2918); only a hard clear is possible.',
        }
      }
      reporter.commanded(name, `Soft clear asked for by ${by}`)
      return { families: sessions.refresh(name) ?? [] }
    },
  }
}

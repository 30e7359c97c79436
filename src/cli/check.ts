/** `bgpwarden check`: judges a configuration file. */
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { ConfigError, type ConfigProblem, formatProblems } from '../config/problem.ts'
import { securedRange } from '../session/dynamic.ts'
import {
  createSocketSecurity,
  type SocketSecurity,
  SocketSecurityError,
} from '../session/socket-security.ts'
import { Exit } from './failure.ts'
import { styleFor } from './terminal.ts'

/** Where the answer goes: a terminal of this program, or any stream. */
export interface CheckOutput {
  write(text: string): unknown
  readonly color?: boolean
}

function count(n: number, what: string, plural: string): string {
  return `${n} ${n === 1 ? what : plural}`
}

/** What this machine cannot do for the sessions: no mistake of the file, and yet it cannot run here. */
function machineProblem(
  file: string,
  { sessions, listen: { dynamic } }: Config,
  security: SocketSecurity,
): ConfigProblem | undefined {
  try {
    security.verify([...sessions, ...dynamic.map(securedRange)])
    return undefined
  } catch (error) {
    if (!(error instanceof SocketSecurityError)) throw error
    const named = ({ name }: { readonly name: string }) => name === error.session
    const index = sessions.findIndex(named)
    const list = index < 0 ? `listen.dynamic[${dynamic.findIndex(named)}]` : `sessions[${index}]`
    const key = `${list}.${error.key}`
    return { file, line: 0, column: 0, length: 1, key, message: error.message }
  }
}

/**
 * Says whether a configuration can be used on this machine, and every mistake if not.
 * @param security tries what sessions ask of sockets
 * @returns the exit code: 0 all well, 1 mistakes, 2 unreadable
 */
export async function check(
  file: string,
  options: { json?: boolean },
  out: CheckOutput,
  security: SocketSecurity = createSocketSecurity(),
): Promise<number> {
  const style = styleFor(out.color ?? false)
  const json = (answer: object) => out.write(`${JSON.stringify({ file, ...answer }, null, 2)}\n`)
  try {
    const config = await loadConfig(file)
    const { sessions, prefixes } = config
    const problem = machineProblem(file, config, security)
    if (problem !== undefined) throw new ConfigError([problem])
    if (options.json) {
      json({ ok: true, problems: [], sessions: sessions.length, prefixes: prefixes.length })
    } else {
      const peers = count(sessions.length, 'session', 'sessions')
      const registered = count(prefixes.length, 'prefix', 'prefixes')
      out.write(`${file}: ${style.green('all well')}: ${peers}, ${registered}\n`)
    }
    return Exit.ok
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const { problems, unreadable } = error
    if (options.json) {
      json({ ok: false, problems })
    } else {
      out.write(formatProblems(problems, error.text, out.color ?? false))
      if (!unreadable) out.write(`${count(problems.length, 'mistake', 'mistakes')}\n`)
    }
    return unreadable ? Exit.failed : Exit.no
  }
}

/** Programs that the suite starts, watches and ends: routers, the daemon, Prometheus, tcpdump. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { promisify } from 'node:util'
import { waitFor } from './wait.ts'

const execFileAsync = promisify(execFile)

/** A running program and everything it has said. */
export interface Program {
  readonly name: string
  readonly pid: number
  /** stdout and stderr since the start, in order of arrival. */
  output(): string
  exited(): boolean
  /** Exit code, or null when a signal ended it; undefined while it runs. */
  exitCode(): number | null | undefined
  /** Waits until the output matches. */
  says(pattern: RegExp, seconds?: number): Promise<RegExpExecArray>
  /** Sends the signal and waits for the end; after the deadline SIGKILL. Harmless when it has ended. */
  stop(signal?: NodeJS.Signals, seconds?: number): Promise<void>
  signal(signal: NodeJS.Signals): void
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/**
 * Starts a program in the background.
 *
 * @param logFile receives its output too, so that a failure can be read afterwards
 */
export function startProgram(
  name: string,
  argv: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; logFile?: string } = {},
): Program {
  const [command, ...args] = argv
  if (command === undefined) throw new Error(`${name}: no command`)
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let text = ''
  let ended = false
  const file = options.logFile ? createWriteStream(options.logFile, { flags: 'a' }) : undefined
  const take = (chunk: Buffer) => {
    text += chunk.toString()
    file?.write(chunk)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  child.on('error', (error) => {
    text += `${error.message}\n`
    ended = true
  })
  child.on('close', () => {
    ended = true
    running.delete(child)
    file?.end()
  })

  return {
    name,
    pid: child.pid ?? -1,
    output: () => text,
    exited: () => ended,
    exitCode: () => (ended ? child.exitCode : undefined),
    says: (pattern, seconds) =>
      waitFor(`${name} to say ${pattern}`, () => pattern.exec(text), {
        ...(seconds === undefined ? {} : { seconds }),
        state: () => text.slice(-2000),
      }),
    signal: (signal) => void child.kill(signal),
    stop: async (signal = 'SIGTERM', seconds = 10) => {
      if (ended) return
      child.kill(signal)
      try {
        await waitFor(`${name} to end after ${signal}`, () => ended, { seconds })
      } catch {
        child.kill('SIGKILL')
        await waitFor(`${name} to end after SIGKILL`, () => ended, { seconds: 5 })
      }
    },
  }
}

/**
 * Runs a program to its end.
 *
 * @returns its stdout
 * @throws Error with command, exit code and all output when the exit code is not 0
 */
export async function run(
  argv: readonly string[],
  options: { cwd?: string; seconds?: number } = {},
): Promise<string> {
  const [command, ...args] = argv
  if (command === undefined) throw new Error('no command')
  try {
    const { stdout } = await execFileAsync(command, args, {
      cwd: options.cwd,
      timeout: (options.seconds ?? 30) * 1000,
      maxBuffer: 16 * 1024 * 1024,
    })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as Record<string, string | undefined>
    throw new Error(`${argv.join(' ')}: exit ${code}\n${stdout}${stderr}`, { cause: error })
  }
}

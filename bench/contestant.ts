/** A daemon under test: bgpwarden, or a router beside it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FamilyName } from '../src/prefix/prefix.ts'
import { sleep } from './limits.ts'
import type { Peer } from './sender.ts'
import type { TableTruth } from './table.ts'

/** What a daemon is to be set up for. */
export interface Setup {
  /** A directory of its own, for configuration, sockets and logs. */
  readonly directory: string
  /** Where it listens for BGP; every peer connects. */
  readonly address: string
  readonly port: number
  readonly localAsn: number
  readonly peers: readonly Peer[]
  readonly family: FamilyName
  /** Registered prefixes in text. */
  readonly registered: readonly string[]
  /** Of each of them the number of the only peer that it is expected from; absent: from every peer. */
  readonly expectedFrom?: readonly number[]
  /** Whether it judges the routes, or only takes them in. */
  readonly checks: boolean
}

/** A daemon that runs and takes sessions. */
export interface Running {
  /** The processes whose CPU and memory count. */
  readonly pids: readonly number[]
  /** @returns routes received of all peers together, as the daemon itself says */
  routes(): Promise<number>
  /**
   * Compares what the daemon found with the truth.
   * @returns one sentence for each difference; undefined: it cannot be asked
   */
  differences?(truths: readonly TableTruth[]): Promise<string[]>
  stop(): Promise<void>
}

export interface Contestant {
  readonly name: string
  /** @returns undefined when it is not installed */
  version(): string | undefined
  start(setup: Setup): Promise<Running>
  /** Why its figures differ from the others', if they do. */
  readonly remark?: string
}

/** A program that this benchmark started. */
export interface Program {
  readonly pid: number
  readonly ended: Promise<unknown>
  output(): string
  /** SIGTERM, and SIGKILL after ten seconds. */
  stop(): Promise<void>
}

/** Everything that still runs, to be ended with this process. */
const programs = new Set<ChildProcess>()
process.on('exit', () => {
  for (const program of programs) program.kill('SIGKILL')
})

/** Starts a program with its output in a file of the directory. */
export function startProgram(directory: string, words: readonly string[]): Program {
  const [command = '', ...rest] = words
  const path = join(directory, `${command.split('/').at(-1)}.log`)
  const log = openSync(path, 'a')
  const child = spawn(command, rest, { stdio: ['ignore', log, log], cwd: directory })
  closeSync(log)
  programs.add(child)
  const ended = once(child, 'close').then(() => programs.delete(child))
  ended.catch(() => programs.delete(child))
  const output = () => readFileSync(path, 'utf8').slice(-2000)
  if (child.pid === undefined) throw new Error(`${command} could not be started`)
  return {
    pid: child.pid,
    ended,
    output,
    async stop() {
      child.kill('SIGTERM')
      await Promise.race([ended, sleep(10_000)])
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}

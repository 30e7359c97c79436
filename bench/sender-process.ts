/** Starts a sender and talks to it. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { within } from './limits.ts'
import type { Command, Report } from './sender.ts'

export interface SenderProcess {
  readonly pid: number
  /** Everything it reported, in order. */
  readonly reports: readonly Report[]
  tell(command: Command): void
  /**
   * Waits until each of `count` peers has reported an event.
   * @returns the latest of their times, milliseconds since the epoch
   * @throws Error when a session is closed meanwhile, or after `seconds`
   */
  until(event: Report['event'], count: number, seconds: number): Promise<number>
  /** Reads a file into its memory. */
  load(path: string): Promise<void>
  stop(): Promise<void>
}

/** The arguments with which a process like this one runs a TypeScript file. */
function loaderArguments(): string[] {
  return process.execArgv.filter((word) => !word.startsWith('--inspect'))
}

/** Starts a sender. */
export function startSender(): SenderProcess {
  const child: ChildProcess = fork(new URL('sender.ts', import.meta.url), {
    execArgv: loaderArguments(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const reports: Report[] = []
  const takers = new Set<() => void>()
  const told = () => {
    for (const taker of takers) taker()
  }
  child.on('message', (message: Report) => {
    reports.push(message)
    told()
  })
  child.on('exit', told)
  const ended = once(child, 'exit')

  const until = (event: Report['event'], count: number, seconds: number) => {
    let look = () => {}
    const seen = new Promise<number>((resolve, reject) => {
      look = () => {
        const of = reports.filter((each) => each.event === event)
        if (new Set(of.map((each) => each.peer)).size >= count) {
          resolve(Math.max(...of.map((each) => each.time)))
          return
        }
        const closed = reports.find((each) => each.event === 'closed')
        if (closed?.event === 'closed') {
          reject(new Error(`session ${closed.peer} of the sender ended: ${closed.why}`))
        } else if (child.exitCode !== null) reject(new Error('the sender ended'))
      }
      takers.add(look)
      look()
    })
    return within(seconds, `the sender to say "${event}"`, seen).finally(() => takers.delete(look))
  }

  return {
    pid: child.pid as number,
    reports,
    tell: (command) => {
      if (command.do === 'send' || command.do === 'pace') {
        // `until('sent')` is about what was told last.
        for (let i = reports.length - 1; i >= 0; i--) {
          if (reports[i]?.event === 'sent' && reports[i]?.peer === command.peer)
            reports.splice(i, 1)
        }
      }
      child.send(command)
    },
    until,
    async load(path) {
      const before = reports.filter((each) => each.event === 'loaded').length
      child.send({ do: 'load', path } satisfies Command)
      await within(
        60,
        'the sender to read a file',
        new Promise<void>((resolve) => {
          const look = () => {
            if (reports.filter((each) => each.event === 'loaded').length <= before) return
            takers.delete(look)
            resolve()
          }
          takers.add(look)
          look()
        }),
      )
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}

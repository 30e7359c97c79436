/** bgpwarden in a process of its own, watched line by line. */
import { type ChildProcess, spawn } from 'node:child_process'

const launcher = new URL('../../bin/bgpwarden.js', import.meta.url).pathname

export interface Child {
  readonly process: ChildProcess
  /** Everything written so far, both streams. */
  output(): string
  /** Waits for a line that holds the text. @returns the line. @throws when the process ends first */
  until(text: string): Promise<string>
  /** The exit code, once it has ended. */
  readonly ended: Promise<number | null>
}

/** Starts a command line. */
export function startChild(...args: string[]): Child {
  return startProgram(launcher, ...args)
}

/** Starts a program of Node's. @param file its JavaScript */
export function startProgram(file: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [file, ...args])
  const takers = new Set<() => void>()
  let text = ''
  let over = false
  const told = () => {
    for (const taker of takers) taker()
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      text += chunk
      told()
    })
  }
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (code) => {
      over = true
      told()
      resolve(code)
    })
  })
  return {
    process: child,
    output: () => text,
    ended,
    until(wanted) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const line = text.split('\n').find((each) => each.includes(wanted))
          if (line === undefined && !over) return
          takers.delete(look)
          if (line !== undefined) resolve(line)
          else reject(new Error(`the process ended without saying "${wanted}":\n${text}`))
        }
        takers.add(look)
        look()
      })
    },
  }
}

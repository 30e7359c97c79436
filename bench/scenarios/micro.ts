/** Runs the micro-benchmarks in a process of their own, on the Node that is asked for. */
import { spawn } from 'node:child_process'
import type { Figure } from '../figures.ts'
import { within } from '../limits.ts'
import type { MicroName } from '../micro.ts'
import type { Context, Scenario } from '../scenario.ts'

const program = new URL('../micro.ts', import.meta.url).pathname

async function run(name: MicroName, context: Context): Promise<Figure[]> {
  const words = [...process.execArgv, program, name, ...(context.quick ? ['--quick'] : [])]
  const child = spawn(context.node, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve)
  })
  try {
    const code = await within(600, `the micro-benchmark ${name}`, ended)
    if (code !== 0) throw new Error(`the micro-benchmark ${name} ended with ${code}`)
  } finally {
    child.kill('SIGKILL')
  }
  const figures = JSON.parse(text.slice(text.indexOf('['))) as Figure[]
  return figures
}

function micro(name: MicroName, what: string): Scenario {
  return { name, what, run: (context) => run(name, context) }
}

export const microScenarios: readonly Scenario[] = [
  micro('lookup', 'look-ups among registered prefixes, beside npm packages'),
  micro('steps', 'the steps of the hot path one by one, without a socket'),
  micro('registry', 'registering one prefix and 100 000 prefixes, without a socket'),
]

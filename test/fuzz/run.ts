/** Runs targets: inputs one after the other, each from its own random numbers, each against a clock. */
import { createHash } from 'node:crypto'
import { createRandom } from '../../bench/random.ts'
import { fullCollection } from '../../src/collection.ts'
import { octetsAllocated } from '../../src/kernel/memory.ts'
import { type Target, writeInput } from './target.ts'

/** Milliseconds that an input may take. */
export const TIME_LIMIT = 1000

export interface Failure {
  readonly target: string
  readonly seed: number
  /** Which input of this seed it was. */
  readonly index: number
  readonly message: string
  /** The input as JSON, made as small as could be. */
  readonly input: string
  /** Of the input. */
  readonly hash: string
}

export interface Outcome {
  readonly target: string
  readonly tried: number
  /** Milliseconds. */
  readonly elapsed: number
  readonly slowest: number
  readonly failures: readonly Failure[]
}

/** The same number for the same name. */
function numberOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0)
}

/** @returns the input with this number */
export function inputAt(target: Target, seed: number, index: number): unknown {
  return target.generate(createRandom(seed, numberOf(target.name), index))
}

/** Tries one input. @returns what went wrong; null when all is well */
export async function tryInput(target: Target, input: unknown): Promise<string | null> {
  const began = performance.now()
  try {
    await target.check(input)
  } catch (error) {
    if (!(error instanceof Error)) return String(error)
    return error.name === 'FuzzFailure' ? error.message : (error.stack ?? error.message)
  }
  const took = performance.now() - began
  return took > TIME_LIMIT ? `it took ${Math.round(took)} ms` : null
}

/** What makes two failures one: their first line without numbers. */
function kindOf(message: string): string {
  return (message.split('\n', 1)[0] ?? '').replace(/\d+|"[^"]*"/g, '#')
}

/** Looks for a smaller input that fails in the same way; stops after a number of attempts. */
async function minimise(target: Target, input: unknown, message: string): Promise<unknown> {
  let small = input
  let attempts = 400
  for (let found = true; found && target.smaller; ) {
    found = false
    for (const candidate of target.smaller(small)) {
      if (attempts-- <= 0) return small
      const outcome = await tryInput(target, candidate)
      if (outcome === null || kindOf(outcome) !== kindOf(message)) continue
      small = candidate
      found = true
      break
    }
  }
  return small
}

export interface RunOptions {
  readonly seed: number
  /** Whether to go on, asked before each input. */
  readonly goOn: (tried: number, elapsed: number) => boolean
  /** Told before each input, for whoever watches from outside. */
  readonly begun?: (index: number) => void
}

/** Octets of tables after which those of engines that were dropped are given back. */
const MOST_TABLES = 2 ** 28
const collect = fullCollection()
let given = 0

/** V8 counts no memory of tables, so it would not collect engines in time; it tells of them between tasks. */
async function giveBack(): Promise<void> {
  given = octetsAllocated()
  collect()
  await new Promise((resolve) => setImmediate(resolve))
}

/** Runs one target. Failures of one kind count once. */
export async function runTarget(target: Target, options: RunOptions): Promise<Outcome> {
  const { seed, goOn, begun } = options
  const failures = new Map<string, Failure>()
  const began = performance.now()
  let slowest = 0
  let tried = 0
  for (; goOn(tried, performance.now() - began); tried++) {
    if (octetsAllocated() - given > MOST_TABLES) await giveBack()
    begun?.(tried)
    const input = inputAt(target, seed, tried)
    const start = performance.now()
    const message = await tryInput(target, input)
    slowest = Math.max(slowest, performance.now() - start)
    if (message === null || failures.has(kindOf(message))) continue
    const json = writeInput(await minimise(target, input, message))
    const hash = createHash('sha256').update(json).digest('hex').slice(0, 16)
    failures.set(kindOf(message), {
      target: target.name,
      seed,
      index: tried,
      message,
      input: json,
      hash,
    })
  }
  const elapsed = performance.now() - began
  return { target: target.name, tried, elapsed, slowest, failures: [...failures.values()] }
}

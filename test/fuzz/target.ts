/** What a fuzz target is, and how its inputs are written down. */
import { deepStrictEqual } from 'node:assert'
import type { Random } from '../../bench/random.ts'

/** Inputs are plain data: octets, texts, settings, lists of operations. */
export interface Target<T = unknown> {
  readonly name: string
  /** Makes an input; equal random numbers give equal inputs. */
  generate(random: Random): T
  /** Throws when the input breaks a promise: an error of the wrong kind, or values that disagree. */
  check(input: T): void | Promise<void>
  /** Smaller inputs, the smallest first, for a failure to be told with as little as possible. */
  smaller?(input: T): Iterable<T>
}

/** Hides the input's type, so that targets stand in one list. */
export function target<T>(given: Target<T>): Target {
  const { smaller } = given
  return {
    name: given.name,
    generate: given.generate,
    check: (input) => given.check(input as T),
    ...(smaller && { smaller: (input: unknown) => smaller(input as T) }),
  }
}

/** A promise was broken; `message` says which. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure'
}

/** Throws unless `what` holds. */
export function demand(what: boolean, message: string): asserts what {
  if (!what) throw new FuzzFailure(message)
}

/** Throws unless both are equal to their depths. */
export function demandEqual(actual: unknown, expected: unknown, message: string): void {
  try {
    deepStrictEqual(actual, expected)
  } catch (error) {
    throw new FuzzFailure(`${message}\n${(error as Error).message}`)
  }
}

/** Runs `read`; an error of one of `kinds` is an answer, too (undefined), any other is a failure. */
export function expectOnly<T>(
  kinds: readonly (abstract new (...args: never[]) => Error)[],
  read: () => T,
): T | undefined {
  try {
    return read()
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return undefined
    throw error
  }
}

/** @returns an input as JSON, octets as `{ "hex": "…" }` */
export function writeInput(input: unknown): string {
  const seen = (_: string, value: unknown) =>
    value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value
  return JSON.stringify(input, seen, 1)
}

/** Reads what `writeInput` wrote. */
export function readInput(json: string): unknown {
  return JSON.parse(json, (_, value) => {
    const hex = (value as { hex?: unknown } | null)?.hex
    return typeof hex === 'string' ? new Uint8Array(Buffer.from(hex, 'hex')) : value
  })
}

/** Every input that ever broke something, and a fixed number of fresh ones. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { runTarget, tryInput } from './run.ts'
import { corpusPlace } from './seeds.ts'
import { readInput } from './target.ts'
import { targets } from './targets.ts'

/** Milliseconds a target may take here, however slow the machine. */
const SHARE = 700
const INPUTS = 1500

const found = targets.flatMap((target) => {
  const folder = `${corpusPlace}/${target.name}`
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder).map((file) => [target.name, file, target] as const)
})

describe('what once broke something', () => {
  test.for(found)('%s/%s', async ([name, file, target]) => {
    const { reason, input } = readInput(readFileSync(`${corpusPlace}/${name}/${file}`, 'utf8')) as {
      reason: string
      input: unknown
    }
    expect(reason).not.toBe('')
    expect(await tryInput(target, input)).toBeNull()
  })
})

describe('inputs of a fixed seed', () => {
  test.for(targets.map((target) => [target.name, target] as const))(
    '%s',
    { timeout: 30_000 },
    async ([, target]) => {
      const outcome = await runTarget(target, {
        seed: 20_261_121,
        goOn: (tried, elapsed) => tried < INPUTS && elapsed < SHARE,
      })
      expect(outcome.failures).toEqual([])
      expect(outcome.tried).toBeGreaterThan(0)
    },
  )
})

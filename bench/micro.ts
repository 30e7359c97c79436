/**
 * Micro-benchmarks, in a process of their own so that another Node can run them. Prints its figures as
 * JSON on standard output.
 *
 *   micro.ts lookup|steps|registry [--quick]
 */
import type { Figure } from './figures.ts'
import { lookupFigures } from './micro/lookup.ts'
import { registryFigures } from './micro/registry.ts'
import { stepFigures } from './micro/steps.ts'

export const microNames = ['lookup', 'steps', 'registry'] as const
export type MicroName = (typeof microNames)[number]

const micros: Record<MicroName, (quick: boolean) => Figure[] | Promise<Figure[]>> = {
  lookup: lookupFigures,
  steps: stepFigures,
  registry: registryFigures,
}

const name = microNames.find((each) => each === process.argv[2])
if (name !== undefined) {
  const figures = await micros[name](process.argv.includes('--quick'))
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}

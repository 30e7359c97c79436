/** Whole sessions by way of the kernel, against the same message by message. */
import fc from 'fast-check'
import { createLastLanding } from '../support/twin-octets.ts'
import { performAll, type Step, steps } from '../support/twin-steps.ts'
import { createTwins } from '../support/twins.ts'
import { smallerLists } from './mutate.ts'
import { updates } from './seeds.ts'
import { FuzzFailure, target } from './target.ts'

/** What is read too far behind a chunk is not there, and stops the kernel. */
const land = createLastLanding()

export const laneTarget = target<readonly Step[]>({
  name: 'lane',
  generate: (random) =>
    fc.sample(steps, { seed: random.next() | 0, numRuns: 1 })[0] as readonly Step[],
  check(list) {
    try {
      performAll(createTwins(land), list, updates)
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'AssertionError') throw error
      throw new FuzzFailure(`the two ways differ\n${error.message}`)
    }
  },
  smaller: smallerLists,
})

/** The way of UPDATEs by the kernel, held against the one message by message: nothing may differ. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLanding } from '../support/twin-octets.ts'
import { performAll, steps } from '../support/twin-steps.ts'
import { createTwins } from '../support/twins.ts'

const land = createLanding()

test('whatever happens, both ways lead to the same', { timeout: 60_000 }, () => {
  let taken = 0
  fc.assert(
    fc.property(steps, (list) => {
      const twins = createTwins(land)
      performAll(twins, list)
      taken += twins.taken
    }),
    { numRuns: 40 },
  )
  expect(taken).toBeGreaterThan(100)
})

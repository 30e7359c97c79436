import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { seeded } from '../faults/support/random.ts'
import { scratchDirectory } from './support/build.ts'
import { crashAgainAndAgain } from './support/crash.ts'

const scratch = scratchDirectory()
afterAll(scratch.remove)

// `npm run test:faults` does a thousand commits.
it('loses nothing that it acknowledged when its process is killed', {
  timeout: 60_000,
}, async () => {
  const path = join(scratch.path, 'crash.db')
  const outcome = await crashAgainAndAgain(path, 60, 40, seeded(1))
  expect(outcome.wrong).toEqual([])
  expect(outcome.acknowledged).toBeGreaterThanOrEqual(60)
})

/** Every fault a few times; `run.ts` repeats them as often as wished. */
import { describe, expect, test } from 'vitest'
import { faults } from './support/faults.ts'
import { seeded } from './support/random.ts'

/** Rounds of a fault; one round where breaking and settling takes long. */
const rounds: Readonly<Record<string, number>> = { 'daemon-kill': 3, 'cut-short': 2 }

describe('faults', () => {
  test.concurrent.for(faults)('$name', async (fault) => {
    const count = rounds[fault.name] ?? 1
    const outcome = await fault.run(count, seeded(1), () => {})
    expect(outcome.falseFailures).toEqual([])
    expect(outcome.seconds).toHaveLength(count)
    for (const seconds of outcome.seconds) expect(seconds).toBeLessThan(fault.bound)
  })
})

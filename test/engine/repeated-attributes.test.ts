/** The short way of an UPDATE whose attributes equal those of the one before, held against the long one. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEngineLab } from '../support/engine-lab.ts'

const names = ['a', 'b'] as const
const prefixes = ['10.0.0.0/16', '10.0.0.0/24', '192.0.2.0/24', '2001:db8::/48'] as const
const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('announce' as const),
      session: fc.constantFrom(...names),
      prefix: fc.constantFrom(...prefixes),
      // The second has our own AS number in it: a note.
      path: fc.constantFrom('3356', '3356 8075', '3356 64512'),
    }),
  },
  fc.record({
    do: fc.constant('withdraw' as const),
    session: fc.constantFrom(...names),
    prefix: fc.constantFrom(...prefixes),
  }),
  fc.record({ do: fc.constant('reset' as const), session: fc.constantFrom(...names) }),
)

function createLab() {
  const lab = createEngineLab()
  for (const name of [...names, 'other']) {
    lab.session(name, 3356)
    lab.up(name, 3356)
  }
  for (const prefix of prefixes) lab.register(prefix, prefix)
  return lab
}

/** What can be seen of sessions and verdicts. */
function seen({ engine }: ReturnType<typeof createLab>) {
  return {
    routes: names.map((name) => engine.view.routes(name, { limit: 100 })?.items),
    tallies: names.map((name) => engine.view.tallies(name)),
    prefixes: engine.view.prefixes().map(({ name, state, reasons }) => [name, state, reasons]),
    sets: engine.view.ribAttributeSets(),
  }
}

test('routes, counters and verdicts are the same, whichever way UPDATEs take', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const short = createLab()
      const long = createLab()
      for (const step of operations) {
        // A message of another session in between, and nothing is known of the one before.
        long.withdraw('other', '203.0.113.0/24')
        for (const lab of [short, long]) {
          if (step.do === 'announce') lab.announce(step.session, step.prefix, step)
          else if (step.do === 'withdraw') lab.withdraw(step.session, step.prefix)
          else {
            lab.down(step.session)
            lab.up(step.session, 3356)
          }
        }
      }
      expect(seen(short)).toEqual(seen(long))
    }),
    { numRuns: 300 },
  )
})

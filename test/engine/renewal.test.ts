import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createEngineLab } from '../support/engine-lab.ts'

const sessions = ['a', 'b', 'c'] as const
const session = fc.constantFrom(...sessions)
const prefix = fc.constantFrom('10.0.0.0/16', '10.0.0.0/24', '10.0.1.0/24', '192.0.2.0/24')
const operation = fc.oneof(
  fc.record({
    do: fc.constant('announce' as const),
    session,
    prefix,
    path: fc.constantFrom('3356', '3356 64512', '3356 1299 174 15169'),
    communities: fc.constantFrom<string[][]>([], ['8075:8007']),
  }),
  fc.record({ do: fc.constant('withdraw' as const), session, prefix }),
  fc.record({ do: fc.constantFrom('up' as const, 'down' as const, 'end' as const), session }),
  fc.record({ do: fc.constant('register' as const), prefix, owner: fc.constantFrom('x', 'y') }),
  fc.record({ do: fc.constant('unregister' as const), prefix }),
  fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 61) }),
)

test('a verdict renewed session by session equals one made from scratch', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const lab = createEngineLab()
      const up = new Set<string>()
      for (const name of sessions) lab.session(name, 3356)
      for (const step of operations) {
        if (step.do === 'announce' && up.has(step.session)) {
          lab.announce(step.session, step.prefix, step)
        } else if (step.do === 'withdraw' && up.has(step.session)) {
          lab.withdraw(step.session, step.prefix)
        } else if (step.do === 'end' && up.has(step.session)) {
          lab.end(step.session)
        } else if (step.do === 'up' && !up.has(step.session)) {
          lab.up(step.session, 3356)
          up.add(step.session)
        } else if (step.do === 'down' && up.delete(step.session)) {
          lab.down(step.session)
        } else if (step.do === 'register') {
          if (lab.engine.view.prefix(step.prefix) === undefined) {
            lab.register(step.prefix, step.prefix, {
              owner: step.owner,
              ...(step.prefix === '192.0.2.0/24' && { sessions: ['a', 'b'] }),
            })
          }
        } else if (step.do === 'unregister') {
          lab.engine.unregister(step.prefix, lab.now)
        } else if (step.do === 'wait') {
          lab.wait(step.seconds)
        }
      }
      while (lab.engine.background(lab.now));
      const renewed = lab.engine.view
        .prefixes()
        .map(({ name, state, reasons }) => [name, state, reasons])
      // The same policy again: every verdict is made from scratch.
      lab.engine.setPolicy(lab.engine.view.policy, lab.now)
      const fresh = lab.engine.view
        .prefixes()
        .map(({ name, state, reasons }) => [name, state, reasons])
      expect(renewed).toEqual(fresh)
    }),
    { numRuns: 400 },
  )
})

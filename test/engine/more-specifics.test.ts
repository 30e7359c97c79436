import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coversPrefix } from '../../src/prefix/prefix.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { createEngineLab } from '../support/engine-lab.ts'

const prefixes = [
  '10.0.0.0/8',
  '10.0.0.0/16',
  '10.0.0.0/24',
  '10.0.0.0/25',
  '10.0.0.128/25',
  '10.1.0.0/16',
  '10.1.1.0/24',
  '192.0.2.0/24',
]
const prefix = fc.constantFrom(...prefixes)
const operation = fc.oneof(
  fc.record({ do: fc.constant('announce' as const), prefix, origin: fc.constantFrom(174, 1299) }),
  fc.record({ do: fc.constant('withdraw' as const), prefix, origin: fc.constant(0) }),
  fc.record({ do: fc.constant('register' as const), prefix, origin: fc.constant(0) }),
  fc.record({ do: fc.constant('unregister' as const), prefix, origin: fc.constant(0) }),
  fc.record({ do: fc.constant('slice' as const), prefix, origin: fc.constant(0) }),
)

test('counts of unregistered more-specifics are right in whatever order things happen', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const lab = createEngineLab()
      lab.session('edge-a', 3356)
      lab.up('edge-a', 3356)
      lab.end('edge-a')
      const routes = new Set<string>()
      const registered = new Set<string>()
      for (const step of operations) {
        const name = step.prefix.replace('/', '-')
        if (step.do === 'announce') {
          lab.announce('edge-a', step.prefix, { path: `3356 ${step.origin}` })
          routes.add(step.prefix)
        } else if (step.do === 'withdraw') {
          lab.withdraw('edge-a', step.prefix)
          routes.delete(step.prefix)
        } else if (step.do === 'register' && !registered.has(step.prefix)) {
          lab.register(name, step.prefix, { owner: 'one' })
          registered.add(step.prefix)
        } else if (step.do === 'unregister') {
          lab.engine.unregister(name, lab.now)
          registered.delete(step.prefix)
        } else if (step.do === 'slice') {
          lab.engine.background(lab.now)
        }
      }
      while (lab.engine.background(lab.now));
      for (const text of registered) {
        const own = parsePrefix(text)
        const inside = [...routes].filter(
          (route) =>
            route !== text && !registered.has(route) && coversPrefix(own, parsePrefix(route)),
        )
        const finding = lab
          .verdict(text.replace('/', '-'))
          .findings.find((f) => f.reason === 'overlapping-announcement')
        expect(finding?.evidence.count ?? 0, text).toBe(inside.length)
      }
    }),
    { numRuns: 500 },
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FindingChange } from '../../src/engine/types.ts'
import type { DaemonEvent } from '../../src/telemetry/event-log.ts'
import { createEventRing } from '../../src/telemetry/event-ring.ts'

const FIRST = 1_767_225_600_000_001

const change = fc.record({
  reason: fc.constantFrom('not-received' as const, 'session-down' as const),
  severity: fc.constant('error' as const),
  session: fc.constantFrom('edge-a', 'edge-b', null),
  message: fc.string(),
}) satisfies fc.Arbitrary<FindingChange>
const changes = fc.array(change, { maxLength: 3 })
const state = fc.constantFrom('Pending' as const, 'Failed' as const, 'Verified' as const, null)
const prefixEvent = fc.record({
  kind: fc.constant('prefix' as const),
  time: fc.integer({ min: 0, max: 2e12 }),
  name: fc.string(),
  prefix: fc.constantFrom('192.0.2.0/24', '2001:db8::/32'),
  from: state,
  to: state,
  duration: fc.nat(),
  opened: changes,
  closed: changes,
})
const sessionEvent = fc.record({
  kind: fc.constant('session' as const),
  time: fc.integer({ min: 0, max: 2e12 }),
  session: fc.constantFrom('edge-a', 'edge-b'),
  from: fc.constant('OpenConfirm' as const),
  to: fc.constant('Established' as const),
  detail: fc.string(),
})
const script = fc.array(
  fc.record({
    event: fc.oneof({ weight: 3, arbitrary: prefixEvent }, sessionEvent),
    look: fc.boolean(),
  }),
  { maxLength: 40 },
)

test('gives back what a plain list of objects would', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), script, (capacity, steps) => {
      const ring = createEventRing(capacity, FIRST)
      const plain: DaemonEvent[] = []
      const compare = () => {
        expect(ring.count()).toBe(Math.min(plain.length, capacity))
        for (const event of plain.slice(-capacity)) {
          const found = ring.at(event.id)
          expect(found).toStrictEqual(event)
          expect(Object.keys(found ?? {})).toEqual(Object.keys(event))
          expect(ring.at(event.id)).toBe(found)
        }
      }
      for (const { event, look } of steps) {
        const id = FIRST + plain.length
        ring.put({ ...event, id })
        plain.push({ ...event, id })
        if (look) compare()
      }
      compare()
    }),
  )
})

test('an empty ring has nothing', () => {
  const ring = createEventRing(3, FIRST)
  expect(ring.count()).toBe(0)
  expect(ring.at(FIRST)).toBeUndefined()
})

import { expect, test } from 'vitest'
import { limitLevel } from '../../src/web/logic/states.ts'
import { counted, findingLink, grouped, secondsUntil } from '../../src/web/logic/words.ts'

test('numbers are grouped from five digits on', () => {
  expect([0, 999, 9999, 10_000, 1_234_567].map(grouped)).toEqual([
    '0',
    '999',
    '9999',
    '10\u202f000',
    '1\u202f234\u202f567',
  ])
  expect(counted(1, 'prefix', 'prefixes')).toBe('1 prefix')
  expect(counted(0, 'session')).toBe('0 sessions')
})

test('a countdown is in whole seconds, upwards, and ends at 0', () => {
  const at = Date.UTC(2026, 10, 21, 9)
  const next = new Date(at + 23_400).toISOString()
  expect(secondsUntil(next, at)).toBe(24)
  expect(secondsUntil(next, at + 23_400)).toBe(0)
  expect(secondsUntil(next, at + 60_000)).toBe(0)
})

test.for([
  [0, 1000, 0, 'good'],
  [799, 1000, 79, 'good'],
  [800, 1000, 80, 'warn'],
  [899, 1000, 89, 'warn'],
  [900, 1000, 90, 'bad'],
  [1200, 1000, 120, 'bad'],
  [0, 0, 100, 'bad'],
] as const)('%i of %i routes: %i %%, %s', ([held, limit, percent, tone]) => {
  const level = limitLevel(held, limit)
  expect([level.percent, level.look.tone]).toEqual([percent, tone])
})

test('a reason leads to its page', () => {
  expect(findingLink('not-received')).toBe('docs/findings/not-received')
})

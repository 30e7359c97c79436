import { expect, test } from 'vitest'
import type { PrefixEventJson } from '../../src/api/event-schemas.ts'
import { drawnIn, type Stretch, stretchesOf } from '../../src/web/logic/timeline.ts'

const NINE = Date.UTC(2026, 10, 21, 9)
const time = (second: number) => new Date(NINE + second * 1000).toISOString()

function event(
  second: number,
  from: PrefixEventJson['from'],
  to: PrefixEventJson['to'],
  durationSeconds: number,
): PrefixEventJson {
  return {
    id: second,
    kind: 'prefix',
    time: time(second),
    name: 'web',
    prefix: '198.51.100.0/24',
    from,
    to,
    durationSeconds,
    opened: [],
    closed: [],
  }
}

/** Seconds after nine, with the number of events in each. */
function told(stretches: readonly Stretch[]): string[] {
  return stretches.map(
    ({ state, start, end, events }) =>
      `${state} ${(start - NINE) / 1000}-${(end - NINE) / 1000} ${events.length}`,
  )
}

test('events become stretches, and the first one tells what was before it', () => {
  const events = [
    event(10, 'Verified', 'Failed', 600),
    event(15, 'Failed', 'Failed', 5),
    event(30, 'Failed', 'Verified', 20),
  ]
  const current = { state: 'Verified', since: time(30) } as const
  expect(told(stretchesOf(events, current, NINE + 100_000))).toEqual([
    'Verified -590-10 0',
    'Failed 10-30 2',
    'Verified 30-100 1',
  ])
})

test('without events the present state is all that is known', () => {
  const current = { state: 'Failed', since: time(20) } as const
  expect(told(stretchesOf([], current, NINE + 50_000))).toEqual(['Failed 20-50 0'])
})

test('a prefix that was not registered for a while leaves a gap', () => {
  const events = [
    event(0, null, 'Pending', 0),
    event(10, 'Pending', null, 10),
    event(40, null, 'Pending', 0),
  ]
  const current = { state: 'Pending', since: time(40) } as const
  expect(told(stretchesOf(events, current, NINE + 60_000))).toEqual([
    'Pending 0-10 1',
    'Pending 40-60 1',
  ])
})

test('a first event that changed only findings says since when the state lasts', () => {
  const events = [event(15, 'Failed', 'Failed', 40)]
  const current = { state: 'Failed', since: time(-25) } as const
  expect(told(stretchesOf(events, current, NINE + 20_000))).toEqual(['Failed -25-20 1'])
})

test('a clock of the browser that is behind makes no stretch of negative length', () => {
  const current = { state: 'Verified', since: time(30) } as const
  const stretches = stretchesOf([event(30, 'Pending', 'Verified', 5)], current, NINE + 10_000)
  for (const { start, end } of stretches) expect(end).toBeGreaterThanOrEqual(start)
})

test('stretches are cut to the window that is drawn', () => {
  const current = { state: 'Verified', since: time(30) } as const
  const stretches = stretchesOf([event(30, 'Failed', 'Verified', 30)], current, NINE + 50_000)
  const drawn = drawnIn(stretches, NINE + 10_000, NINE + 50_000)
  expect(drawn.map(({ stretch, from, to }) => [stretch.state, from, to])).toEqual([
    ['Failed', 0, 0.5],
    ['Verified', 0.5, 1],
  ])
})

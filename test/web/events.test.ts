import { expect, test } from 'vitest'
import type { PrefixEventJson, SessionEventJson } from '../../src/api/event-schemas.ts'
import { closedWords, matchesEvent, mergeEvents, sessionWords } from '../../src/web/logic/events.ts'
import { windowOf } from '../../src/web/logic/window.ts'

const change = {
  reason: 'missing-community',
  severity: 'error',
  session: 'edge-a',
  message: 'It lacks 8075:8007.',
} as const

const prefixEvent: PrefixEventJson = {
  id: 1,
  kind: 'prefix',
  time: '2026-11-21T09:00:00.000Z',
  name: 'web',
  prefix: '198.51.100.0/24',
  from: 'Verified',
  to: 'Failed',
  durationSeconds: 10,
  opened: [change],
  closed: [],
}

const sessionEvent: SessionEventJson = {
  id: 2,
  kind: 'session',
  time: '2026-11-21T09:00:01.000Z',
  session: 'edge-a',
  from: 'Established',
  to: 'Idle',
  detail: 'The hold timer expired.',
}

test('a filter means what it means in the API', () => {
  const matching = (filter: Parameters<typeof matchesEvent>[1]) =>
    [prefixEvent, sessionEvent].filter((event) => matchesEvent(event, filter)).map(({ id }) => id)
  expect(matching({})).toEqual([1, 2])
  expect(matching({ kind: 'session' })).toEqual([2])
  expect(matching({ prefix: 'web' })).toEqual([1])
  expect(matching({ prefix: 'mail' })).toEqual([])
  expect(matching({ session: 'edge-a' })).toEqual([1, 2])
  expect(matching({ session: 'edge-b' })).toEqual([])
})

test('events are joined without doubles, the newest first, no more than are kept', () => {
  const third = { ...sessionEvent, id: 3 }
  const joined = mergeEvents([prefixEvent, third], [sessionEvent, prefixEvent], 2)
  expect(joined.map(({ id }) => id)).toEqual([3, 2])
})

test('words of what ended and of what came over the wire', () => {
  expect(closedWords({ ...change, durationSeconds: 250 })).toBe(
    'missing-community on edge-a ended after 4 min 10 s',
  )
  expect(closedWords({ ...change, session: null })).toBe('missing-community ended')
  expect(sessionWords(sessionEvent)).toBe('The hold timer expired.')
  const notification = {
    direction: 'received',
    code: 6,
    subcode: 2,
    text: 'Cease / Administrative Shutdown',
    communication: 'maintenance until 5',
    data: '',
    time: sessionEvent.time,
  } as const
  expect(sessionWords({ ...sessionEvent, notification })).toBe(
    'Received Cease / Administrative Shutdown: “maintenance until 5”',
  )
})

test('of ten thousand rows those in sight are drawn, and a few around them', () => {
  expect(windowOf(10_000, 50, 0, 800)).toEqual({ first: 0, last: 24 })
  expect(windowOf(10_000, 50, 100_000, 800)).toEqual({ first: 1992, last: 2024 })
  expect(windowOf(10_000, 50, 499_500, 800)).toEqual({ first: 9982, last: 10_000 })
  expect(windowOf(3, 50, -200, 800)).toEqual({ first: 0, last: 3 })
  expect(windowOf(0, 50, 0, 800)).toEqual({ first: 0, last: 0 })
})

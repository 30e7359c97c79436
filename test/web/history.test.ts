import { expect, test } from 'vitest'
import type { HistoryEventJson } from '../../src/api/history-routes.ts'
import { routeEvents, verdictEvents } from '../../src/web/logic/history.ts'

function event(id: number, eventType: HistoryEventJson['eventType'], detail: object) {
  return {
    id,
    eventTimestamp: `2026-11-21T09:00:0${id}.000Z`,
    eventType,
    eventLevel: 'Information',
    eventSummary: `event ${id}`,
    eventDescription: `Event ${id}.`,
    session: null,
    detail: { ...detail },
  } satisfies HistoryEventJson
}

const change = { prefix: '198.51.100.0/24', opened: [], closed: [] }
const newestFirst = [
  event(3, 'VerdictChangeEvent', {
    ...change,
    from: 'Pending',
    to: 'Verified',
    durationSeconds: 2,
  }),
  event(2, 'PrefixAnnouncementEvent', { sessions: ['edge-a'] }),
  event(1, 'VerdictChangeEvent', { ...change, from: null, to: 'Pending', durationSeconds: 0 }),
]

test('verdicts of the history become events, oldest first', () => {
  expect(verdictEvents('web', newestFirst)).toEqual([
    {
      id: 1,
      kind: 'prefix',
      time: '2026-11-21T09:00:01.000Z',
      name: 'web',
      prefix: '198.51.100.0/24',
      from: null,
      to: 'Pending',
      durationSeconds: 0,
      opened: [],
      closed: [],
    },
    expect.objectContaining({ id: 3, from: 'Pending', to: 'Verified', durationSeconds: 2 }),
  ])
})

test('what became of routes stays as it is, newest first', () => {
  expect(routeEvents(newestFirst).map(({ id }) => id)).toEqual([2])
})

import { expect, test } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import type { NewHistoryEvent } from '../../src/store/types.ts'
import { NINE } from '../support/fake-views.ts'
import { testApi } from '../support/test-api.ts'

const HOUR = 3_600_000

function event(hoursAgo: number, more: Partial<NewHistoryEvent> = {}): NewHistoryEvent {
  return {
    time: NINE - hoursAgo * HOUR,
    type: 'VerdictChangeEvent',
    level: 'Error',
    prefix: 'web',
    session: null,
    summary: `Failed ${hoursAgo} h ago`,
    description: 'It failed.',
    detail: { to: 'Failed' },
    ...more,
  }
}

function historyApi() {
  const store = createMemoryStore(() => NINE)
  for (const hours of [800, 600, 100, 20, 10, 1]) store.record(event(hours))
  store.record(event(2, { level: 'Information', type: 'PrefixAnnouncementEvent' }))
  store.record(event(3, { prefix: 'gone' }))
  const api = testApi({ store })
  const get = (path: string) => api.app.inject(`/api/v1/prefixes/${path}`)
  return { ...api, get }
}

test.for([
  ['6h', 2],
  ['12h', 3],
  ['1d', 4],
  ['7d', 5],
  ['30d', 6],
] as const)('the history of %s has its events', async ([window, count]) => {
  const { get, app } = historyApi()
  const answer = await get(`web/history?window=${window}`)
  expect(answer.statusCode).toBe(200)
  expect(answer.json().items).toHaveLength(count)
  await app.close()
})

test('events are newest first, by level, page by page', async () => {
  const { get } = historyApi()
  const first = (await get('web/history?limit=1')).json()
  expect(first.items).toEqual([
    {
      id: 6,
      eventTimestamp: new Date(NINE - HOUR).toISOString(),
      eventType: 'VerdictChangeEvent',
      eventLevel: 'Error',
      eventSummary: 'Failed 1 h ago',
      eventDescription: 'It failed.',
      session: null,
      detail: { to: 'Failed' },
    },
  ])
  const second = (await get(`web/history?limit=1&cursor=${first.cursor}`)).json()
  expect(second.items[0].eventType).toBe('PrefixAnnouncementEvent')
  const errors = (await get('web/history?level=Warning')).json()
  expect(errors.items.map((each: { id: number }) => each.id)).toEqual([6, 5, 4])
})

test('what cannot be answered is said', async () => {
  const { get } = historyApi()
  expect((await get('web/history?cursor=x')).statusCode).toBe(400)
  expect((await get('web/history?window=2h')).statusCode).toBe(400)
  expect((await get('nobody/history')).statusCode).toBe(404)
  // It is no longer registered, and has a history.
  expect((await get('gone/history')).json().items).toHaveLength(1)
  const without = await testApi().app.inject('/api/v1/prefixes/web/history')
  expect(without.statusCode).toBe(409)
  expect(without.json().detail).toContain('set storage.path')
})

import { afterEach, describe, expect, test, vi } from 'vitest'
import { createApiClient } from '../../../src/cli/api-client.ts'
import { MOST_PREFIXES, readDaemon, startFeed } from '../../../src/cli/top/feed.ts'
import { initialState, type TopState } from '../../../src/cli/top/state.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import {
  downSession,
  events,
  failedPrefix,
  type StubServer,
  sendJson,
  startStub,
  upSession,
} from '../fixtures.ts'
import { overview, prefixes } from './fixtures.ts'

/** A daemon of fixtures whose answers a test may change. */
async function startDaemon() {
  const change = { refuse: 0, overview, opened: 0 }
  let push = (_text: string) => {}
  const server = await startStub((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://stub')
    if (change.refuse !== 0) return sendJson(response, { detail: 'not now' }, change.refuse)
    if (pathname.endsWith('/events') && searchParams.has('follow')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('retry: 3000\n\n')
      change.opened += 1
      push = (text) => response.write(text)
      return
    }
    if (pathname.endsWith('/events')) {
      return sendJson(response, { items: events.slice(0, 2), cursor: null, lastId: 2 })
    }
    if (pathname.endsWith('/overview')) return sendJson(response, change.overview)
    if (pathname.endsWith('/sessions')) {
      return sendJson(response, { items: [upSession, downSession], cursor: null })
    }
    if (pathname.endsWith('/prefixes')) {
      const items = prefixes.filter(({ state }) => state === searchParams.get('state'))
      return sendJson(response, { items, cursor: null, matched: 1, counts: {} })
    }
    if (pathname.endsWith('/prefixes/web')) return sendJson(response, failedPrefix)
    sendJson(response, { detail: 'There is no such prefix.' }, 404)
  })
  return { server, change, push: (text: string) => push(text) }
}

type Daemon = Awaited<ReturnType<typeof startDaemon>>

let stub: StubServer | undefined
const stop = { now: () => {} }
afterEach(async () => {
  stop.now()
  await stub?.close()
})

function begin({ server }: Daemon, given: Partial<TopState> = {}) {
  stub = server
  const clock = createFakeClock()
  const leaving = new AbortController()
  stop.now = () => leaving.abort()
  let state: TopState = { ...initialState(server.url), ...given }
  const store = {
    get: () => state,
    update: (next: (state: TopState) => TopState) => {
      state = next(state)
    },
  }
  const feed = startFeed(createApiClient(server.url), store, { clock, signal: leaving.signal })
  feed.ended.catch(() => {})
  const until = (holds: (state: TopState) => boolean, step = 0) =>
    vi.waitUntil(
      () => {
        clock.advance(step)
        return holds(state)
      },
      { timeout: 30_000, interval: 10 },
    )
  const asked = (path: string) => server.requests.filter((each) => each.includes(path)).length
  return { feed, clock, until, asked, store, leaving }
}

describe('what is read', () => {
  test('the states of which there are any, with the first sentence', async () => {
    const daemon = await startDaemon()
    stub = daemon.server
    const reading = await readDaemon(createApiClient(daemon.server.url), 'typed')
    expect(reading.prefixes.map(({ name }) => name)).toEqual(['web', 'mail', 'voice'])
    expect(daemon.server.requests).toEqual([
      'GET /api/v1/overview',
      'GET /api/v1/sessions?limit=1000',
      'GET /api/v1/prefixes?state=Failed&messages=first&limit=1000',
      'GET /api/v1/prefixes?state=Warning&messages=first&limit=998',
    ])
  })

  test('too many to read them all are searched by the daemon', async () => {
    const daemon = await startDaemon()
    stub = daemon.server
    const byState = { ...overview.prefixes.byState, Failed: MOST_PREFIXES + 1, Warning: 0 }
    daemon.change.overview = { ...overview, prefixes: { ...overview.prefixes, byState } }
    const reading = await readDaemon(createApiClient(daemon.server.url), 'web')
    expect(reading.morePrefixes).toBe(true)
    expect(daemon.server.requests.at(-1)).toBe(
      'GET /api/v1/prefixes?state=Failed&search=web&messages=first&limit=1000',
    )
  })
})

describe('the feed', () => {
  test('an event is shown at once, and read about within a second', async () => {
    const daemon = await startDaemon()
    const { until, asked, clock } = begin(daemon)
    await until((state) => state.link.streams && state.reading !== undefined, 100)
    // What opening the stream asks for.
    await until(() => asked('overview') >= 2, 100)
    const before = asked('overview')
    daemon.push(`id: 3\nevent: prefix\ndata: ${JSON.stringify(events[2])}\n\n`)
    await until((state) => state.events.length === 3)
    const began = clock.now()
    await until(() => asked('overview') > before, 100)
    // The clock moves on while requests are under way, so not to the millisecond.
    expect(clock.now() - began).toBeLessThan(5000)
  })

  test('a daemon that is gone is said so, asked again ever more slowly, and found again', async () => {
    const daemon = await startDaemon()
    const { until, asked, clock } = begin(daemon)
    await until((state) => state.reading !== undefined && state.link.streams)
    daemon.change.refuse = 503
    await until((state) => !state.link.answers, 100)
    const delays: number[] = []
    for (let tries = 0; tries < 5; tries++) {
      const before = asked('overview')
      const began = clock.now()
      await until(() => asked('overview') > before, 250)
      delays.push(clock.now() - began)
      await until((state) => state.link.retryAt > clock.now())
    }
    expect(delays.at(-1)).toBeGreaterThanOrEqual(9000)
    daemon.change.refuse = 0
    await until((state) => state.link.answers, 250)
  })

  test('a refusal ends it', async () => {
    const daemon = await startDaemon()
    const { feed, until } = begin(daemon)
    await until((state) => state.reading !== undefined)
    daemon.change.refuse = 401
    feed.hurry()
    await expect(feed.ended).rejects.toThrow('not now')
  })

  test.for([
    ['web', { name: 'web', prefix: failedPrefix }],
    ['gone', { name: 'gone', problem: 'There is no such prefix.' }],
  ] as const)('the page of %s', async ([name, page]) => {
    const view = { kind: 'page', of: 'prefix', name, scroll: 0 } as const
    const { until, store } = begin(await startDaemon(), { view })
    await until((state) => state.page !== undefined)
    expect(store.get().page).toEqual(page)
  })

  test('ends with its signal', async () => {
    const daemon = await startDaemon()
    const { feed, until, leaving, clock } = begin(daemon)
    await until((state) => state.link.streams && state.reading !== undefined, 100)
    leaving.abort()
    await feed.ended
    expect(clock.pending).toBe(0)
  })
})

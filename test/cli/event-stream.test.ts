import { afterEach, describe, expect, test, vi } from 'vitest'
import type { EventJson } from '../../src/api/event-schemas.ts'
import { readServerSentEvents } from '../../src/api/server-sent-events.ts'
import { createApiClient } from '../../src/cli/api-client.ts'
import { followEvents } from '../../src/cli/event-stream.ts'
import type { Clock } from '../../src/session/types.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { events, type StubServer, sendJson, startStub } from './fixtures.ts'

async function* octets(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield new TextEncoder().encode(part)
}

async function read(...parts: string[]) {
  const found = []
  for await (const event of readServerSentEvents(octets(...parts))) found.push(event)
  return found
}

describe('readServerSentEvents', () => {
  // The examples of the HTML standard, "Server-sent events", section 9.2.6.
  test('several data lines are one event', async () => {
    expect(await read('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([
      { id: undefined, data: 'YHOO\n+2\n10' },
    ])
  })

  test('comments, ids, and an event that is not finished', async () => {
    const stream =
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n'
    expect(await read(stream)).toEqual([
      { id: '1', data: 'first event' },
      { id: '', data: 'second event' },
    ])
    expect(await read(`${stream}\n`)).toHaveLength(3)
  })

  test('one blank after the colon is no part of the value', async () => {
    expect(await read('data:test\n\ndata: test\n\n')).toEqual([
      { id: undefined, data: 'test' },
      { id: undefined, data: 'test' },
    ])
  })

  test('line ends and chunks do not matter', async () => {
    const text = 'id: 7\r\ndata: a\r\ndata: é\r\n\r\ndata: b\r\n\r\n'
    const whole = await read(text)
    expect(whole).toEqual([
      { id: '7', data: 'a\né' },
      { id: '7', data: 'b' },
    ])
    for (let cut = 1; cut < text.length; cut++) {
      expect(await read(text.slice(0, cut), text.slice(cut))).toEqual(whole)
    }
  })
})

describe('followEvents', () => {
  let server: StubServer | undefined
  afterEach(() => server?.close())

  /** A clock whose waits are over at once, and are written down; nobody stays silent for 30 seconds. */
  function impatientClock(waits: number[]): Clock {
    return {
      now: () => 0,
      after(milliseconds, callback) {
        if (milliseconds > 30_000) return () => {}
        waits.push(milliseconds)
        const timer = setImmediate(callback)
        return () => clearImmediate(timer)
      },
    }
  }

  test('goes on after the last event when the connection breaks', async () => {
    const asked: (string | undefined)[] = []
    server = await startStub((request, response) => {
      asked.push(request.headers['last-event-id'] as string | undefined)
      const next = asked.length - 1
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const event = events[next]
      response.end(`id: ${event?.id}\nevent: ${event?.kind}\ndata: ${JSON.stringify(event)}\n\n`)
    })
    const stop = new AbortController()
    const waits: number[] = []
    const seen: EventJson[] = []
    const retries: string[] = []
    const options = {
      clock: impatientClock(waits),
      signal: stop.signal,
      onRetry: (why: string) => retries.push(why),
    }
    for await (const event of followEvents(
      createApiClient(server.url),
      { kind: 'prefix' },
      options,
    )) {
      seen.push(event)
      if (seen.length === 3) stop.abort()
    }
    expect(seen).toEqual(events.slice(0, 3))
    expect(asked).toEqual([undefined, '1', '2'])
    expect(server.requests).toEqual([
      'GET /api/v1/events?kind=prefix&follow=1',
      'GET /api/v1/events?kind=prefix&since=1&follow=1',
      'GET /api/v1/events?kind=prefix&since=2&follow=1',
    ])
    expect(retries).toEqual(['the daemon closed the stream', 'the daemon closed the stream'])
    expect(waits).toEqual([500, 500])
  })

  test('what the stream says of itself is told, and is no event', async () => {
    // As a restarted daemon answers: the ids of before are unknown to it.
    const gap = { kind: 'gap', firstId: 9, detail: 'Events are no longer held.' }
    const overflow = { kind: 'overflow', lastId: 9, detail: 'This reader is too slow.' }
    const [event] = events
    const parts = [
      `event: gap\ndata: ${JSON.stringify(gap)}\n\n`,
      `id: 9\nevent: prefix\ndata: ${JSON.stringify(event)}\n\n`,
      `event: overflow\ndata: ${JSON.stringify(overflow)}\n\n`,
    ]
    const asked: (string | undefined)[] = []
    server = await startStub((request, response) => {
      asked.push(request.headers['last-event-id'] as string | undefined)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(parts.join(''))
    })
    const stop = new AbortController()
    const notes: string[] = []
    const seen: EventJson[] = []
    for await (const found of followEvents(
      createApiClient(server.url),
      {},
      {
        clock: impatientClock([]),
        signal: stop.signal,
        onNote: ({ kind }) => notes.push(kind),
      },
    )) {
      seen.push(found)
      if (seen.length === 2) stop.abort()
    }
    expect(seen).toEqual([event, event])
    expect(notes.slice(0, 3)).toEqual(['gap', 'overflow', 'gap'])
    // Neither note has an id of its own: the stream is resumed after the event.
    expect(asked).toEqual([undefined, '9'])
  })

  test('a stream that falls silent is opened again', async () => {
    let opened = 0
    server = await startStub((_request, response) => {
      opened += 1
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('retry: 3000\n\n')
    })
    const clock = createFakeClock()
    const stop = new AbortController()
    const retries: string[] = []
    const stream = followEvents(
      createApiClient(server.url),
      {},
      {
        clock,
        signal: stop.signal,
        onRetry: (why, delay) => retries.push(`${why} ${delay}`),
      },
    )
    const end = stream.next()
    await vi.waitUntil(() => opened === 1 && clock.pending === 1)
    // Chunks that arrive start the wait anew, so it may take more than one.
    await vi.waitUntil(() => clock.advance(40_000) === undefined && retries.length === 1)
    expect(retries).toEqual(['the daemon fell silent 500'])
    await vi.waitUntil(() => clock.advance(500) === undefined && opened === 2)
    stop.abort()
    expect((await end).done).toBe(true)
  })

  test('a refusal ends it', async () => {
    server = await startStub((_request, response) =>
      sendJson(response, { title: 'Bad Request', status: 400, detail: 'no such kind' }, 400),
    )
    const stream = followEvents(
      createApiClient(server.url),
      {},
      {
        clock: impatientClock([]),
        signal: new AbortController().signal,
      },
    )
    await expect(stream.next()).rejects.toThrow('no such kind')
  })
})

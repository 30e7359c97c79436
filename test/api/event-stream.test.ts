import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HEARTBEAT, SLOW } from '../../src/api/event-stream.ts'
import { problemSchema } from '../../src/api/schemas.ts'
import type { SessionEvent } from '../../src/telemetry/event-log.ts'
import { fakeNotification, NINE } from '../support/fake-views.ts'
import { type TestApiOptions, testApi } from '../support/test-api.ts'

const base = NINE * 1000
const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function session(name: string, detail = 'Established'): SessionEvent {
  return {
    kind: 'session',
    time: NINE,
    session: name,
    from: 'OpenConfirm',
    to: 'Established',
    detail,
  }
}

/** Listens on a free port of the loopback. */
async function listening(options: TestApiOptions = {}) {
  const made = testApi(options)
  const sockets: Socket[] = []
  made.app.server.on('connection', (socket: Socket) => sockets.push(socket))
  await made.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = made.app.server.address() as AddressInfo
  closers.push(() => made.app.close())
  const open = async (query: string, headers: Record<string, string> = {}) => {
    const request = get({ host: '127.0.0.1', port, path: `/api/v1/events${query}`, headers })
    // Whoever hangs up hears of it as an error.
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { request, response, frames: framesOf(response) }
  }
  return { ...made, sockets, open }
}

/** Reads a stream frame by frame; a frame ends with an empty line. */
async function* framesOf(response: IncomingMessage): AsyncGenerator<string> {
  let text = ''
  response.setEncoding('utf8')
  for await (const chunk of response) {
    text += chunk
    const frames = text.split('\n\n')
    text = frames.pop() ?? ''
    yield* frames
  }
}

/** The next frame, read into its fields. */
async function next(frames: AsyncGenerator<string>) {
  const { value, done } = await frames.next()
  if (done) return undefined
  const fields: Record<string, string> = {}
  for (const line of value.split('\n')) {
    const [field = '', ...rest] = line.split(': ')
    fields[field] = rest.join(': ')
  }
  return fields
}

test('a stream begins now, and every event comes with id, name and data', async () => {
  const { eventLog, open } = await listening()
  eventLog.append(session('before'))
  const { response, frames } = await open('?follow')
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  expect(response.headers['x-content-type-options']).toBe('nosniff')
  expect(response.headers['cache-control']).toBe('no-store')
  expect(await next(frames)).toEqual({ retry: '3000' })
  eventLog.append({ ...session('edge-a'), notification: fakeNotification() })
  const { data = '', ...rest } = (await next(frames)) ?? {}
  expect(rest).toEqual({ id: `${base + 2}`, event: 'session' })
  expect(JSON.parse(data)).toEqual({
    id: base + 2,
    kind: 'session',
    time: '2026-11-21T09:00:00.000Z',
    session: 'edge-a',
    from: 'OpenConfirm',
    to: 'Established',
    detail: 'Established',
    notification: {
      direction: 'received',
      code: 6,
      subcode: 2,
      text: 'Cease / Administrative Shutdown',
      communication: 'maintenance',
      data: '',
      time: '2026-11-21T09:00:00.000Z',
    },
  })
})

test.for<[string, string, Record<string, string>, number[]]>([
  ['an id', `?follow=1&since=${base + 1}`, {}, [2, 3]],
  ['a time', '?follow=1&since=2026-11-21T08:59:00Z', {}, [1, 2, 3]],
  [
    'Last-Event-ID, before `since`',
    `?follow=1&since=${base}`,
    { 'last-event-id': `${base + 2}` },
    [3],
  ],
  ['the Accept header', `?since=${base + 2}`, { accept: 'text/event-stream' }, [3]],
  ['a filter', `?follow=1&since=${base}&session=s2`, {}, [2]],
])('a stream resumes by %s', async ([, query, headers, expected]) => {
  const { eventLog, open } = await listening()
  for (const i of [1, 2, 3]) eventLog.append(session(`s${i}`))
  const { frames } = await open(query, headers)
  expect(await next(frames)).toEqual({ retry: '3000' })
  for (const id of expected) expect(await next(frames)).toMatchObject({ id: `${base + id}` })
  eventLog.append(session('s2'))
  expect(await next(frames)).toMatchObject({ id: `${base + 4}`, event: 'session' })
})

test('a reader that was away too long is told of the gap', async () => {
  const { eventLog, open } = await listening({ capacity: 3 })
  for (let i = 1; i <= 5; i++) eventLog.append(session(`s${i}`))
  const { frames } = await open('?follow', { 'last-event-id': `${base + 1}` })
  await next(frames)
  const gap = await next(frames)
  expect(gap?.['event']).toBe('gap')
  expect(JSON.parse(gap?.['data'] ?? '')).toMatchObject({ kind: 'gap', firstId: base + 3 })
  expect(gap).not.toHaveProperty('id')
  expect(await next(frames)).toMatchObject({ id: `${base + 3}` })
})

test('an id from the future begins now, with a gap', async () => {
  const { eventLog, open } = await listening()
  eventLog.append(session('s1'))
  const { frames } = await open('?follow', { 'last-event-id': `${base + 900}` })
  await next(frames)
  expect(await next(frames)).toMatchObject({ event: 'gap' })
  eventLog.append(session('s2'))
  expect(await next(frames)).toMatchObject({ id: `${base + 2}` })
})

test('a comment every 15 s keeps the stream open', async () => {
  const { clock, open } = await listening()
  const { frames } = await open('?follow')
  await next(frames)
  clock.advance(HEARTBEAT)
  expect(await next(frames)).toEqual({ '': 'heartbeat' })
  clock.advance(HEARTBEAT)
  expect(await next(frames)).toEqual({ '': 'heartbeat' })
})

test('a burst larger than the backlog reaches a reader that reads', async () => {
  const { eventLog, open } = await listening({ limits: { streamBacklog: 10 }, capacity: 5000 })
  const { frames } = await open('?follow')
  await next(frames)
  for (let i = 1; i <= 4000; i++) eventLog.append(session(`s${i}`))
  for (let i = 1; i <= 4000; i++) {
    expect((await next(frames))?.['id']).toBe(`${base + i}`)
  }
})

/** Lets sockets take what they take. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('a slow reader is told so and cut; it costs no queue', async () => {
  const { eventLog, clock, open, sockets } = await listening({ limits: { streamBacklog: 10 } })
  const { response } = await open('?follow')
  response.pause()
  const megabyte = 'x'.repeat(1 << 20)
  for (let i = 0; i < 40; i++) eventLog.append(session('edge-a', megabyte))
  await turns(200)
  const [socket] = sockets
  // At most one event waits in the process; the rest stand in the log alone.
  expect(socket?.writableLength).toBeGreaterThan(0)
  expect(socket?.writableLength).toBeLessThan(3 << 20)
  clock.advance(SLOW)
  for (let i = 0; i < 11; i++) eventLog.append(session('edge-a'))
  await turns(5)
  const frames: string[] = []
  for await (const frame of framesOf(response)) frames.push(frame)
  const last = frames.at(-1) ?? ''
  expect(last.startsWith('event: overflow\ndata: ')).toBe(true)
  const seen = /^id: (\d+)$/m.exec(frames.at(-2) ?? '')?.[1]
  expect(JSON.parse(last.split('data: ')[1] ?? '')).toMatchObject({
    kind: 'overflow',
    lastId: Number(seen),
  })
  expect(frames.length).toBeLessThan(42)
})

test('a cut reader that still reads nothing loses its socket', async () => {
  const { eventLog, clock, open, sockets } = await listening({ limits: { streamBacklog: 0 } })
  const { response } = await open('?follow')
  response.pause()
  for (let i = 0; i < 40; i++) eventLog.append(session('edge-a', 'x'.repeat(1 << 20)))
  await turns(200)
  clock.advance(SLOW)
  eventLog.append(session('edge-a'))
  await turns(5)
  const [socket] = sockets
  if (socket === undefined) throw new Error('a socket expected')
  const closed = once(socket, 'close')
  clock.advance(5000)
  await closed
  expect(socket.destroyed).toBe(true)
})

test('readers are bounded, and one that leaves makes room', async () => {
  const { open, sockets, clock } = await listening({ limits: { streamReaders: 1 } })
  const first = await open('?follow')
  await next(first.frames)
  const refused = await open('?follow')
  expect(refused.response.statusCode).toBe(503)
  expect(refused.response.headers['retry-after']).toBe('5')
  expect(refused.response.headers['content-type']).toContain('application/problem+json')
  let body = ''
  for await (const chunk of refused.response) body += chunk
  expect(problemSchema.parse(JSON.parse(body))).toMatchObject({
    status: 503,
    detail: '1 event streams are open, as many as may be.',
  })
  const [socket] = sockets
  if (socket === undefined) throw new Error('a socket expected')
  const closed = once(socket, 'close')
  first.request.destroy()
  await closed
  await turns(2)
  expect(clock.pending()).toBe(0)
  const second = await open('?follow')
  expect(second.response.statusCode).toBe(200)
})

test('closing the server ends the streams', async () => {
  const { app, open, clock } = await listening()
  const { frames } = await open('?follow')
  await next(frames)
  const closing = app.close()
  expect(await next(frames).catch(() => undefined)).toBeUndefined()
  await closing
  expect(clock.pending()).toBe(0)
})

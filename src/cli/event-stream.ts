/** Server-Sent Events of a running daemon, resumed where they broke off. */
import type { EventJson } from '../api/schemas.ts'
import type { Clock } from '../session/types.ts'
import { type ApiClient, ApiError, type Query } from './api-client.ts'

/** One dispatched event of a stream. */
export interface ServerSentEvent {
  readonly id: string | undefined
  readonly data: string
}

/** Characters; a daemon's event is far below. */
const LINE_LIMIT = 1 << 20

/**
 * Reads an event stream (HTML standard, "Server-sent events", §9.2.6): fields `id` and `data`, comments
 * and unknown fields skipped, an unfinished event at the end dropped.
 */
export async function* readServerSentEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let pending = ''
  let id: string | undefined
  let data: string[] = []
  for await (const chunk of chunks) {
    pending += decoder.decode(chunk, { stream: true })
    const lines = pending.split(/\r\n|\n|\r(?!$)/)
    pending = lines.pop() ?? ''
    if (pending.length > LINE_LIMIT) throw new ApiError('the event stream has a line without end')
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, data: data.join('\n') }
        data = []
        continue
      }
      const [, field = '', value = ''] = /^([^:]*)(?::\x20?(.*))?$/s.exec(line) ?? []
      if (field === 'data') data.push(value)
      else if (field === 'id') id = value
    }
  }
}

/** The last delays repeat for ever; milliseconds. */
const RETRY_DELAYS = [500, 1000, 2000, 5000, 10_000]

function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(milliseconds, resolve)
    signal.addEventListener('abort', () => {
      cancel()
      resolve()
    })
  })
}

export interface FollowOptions {
  readonly clock: Clock
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** The connection broke; it is tried again in `milliseconds`. */
  readonly onRetry?: (why: string, milliseconds: number) => void
}

/**
 * Follows the events of a daemon until `signal` aborts. A broken connection is opened again and goes on
 * after the last event seen (`Last-Event-ID`), so that none is lost or repeated.
 * @throws ApiError when the first connection fails, or the daemon refuses the request
 */
export async function* followEvents(
  client: ApiClient,
  query: Query,
  { clock, signal, onRetry }: FollowOptions,
): AsyncGenerator<EventJson> {
  let last: string | undefined
  let attempt = 0
  let connected = false
  while (!signal.aborted) {
    let why = 'the daemon closed the stream'
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (last !== undefined) headers['last-event-id'] = last
      const since = last ?? query['since']
      const response = await client.open(
        'events',
        { ...query, since, follow: '1' },
        headers,
        signal,
      )
      connected = true
      if (response.body === null) throw new ApiError('the daemon sent no event stream')
      for await (const event of readServerSentEvents(response.body)) {
        attempt = 0
        last = event.id ?? last
        yield JSON.parse(event.data) as EventJson
      }
    } catch (error) {
      if (signal.aborted) return
      const refused = error instanceof ApiError && (error.status ?? 500) < 500
      if (!connected || refused || error instanceof SyntaxError) throw error
      why = error instanceof ApiError ? 'no daemon answers' : 'the connection broke'
    }
    if (signal.aborted) return
    const delay = RETRY_DELAYS[Math.min(attempt, RETRY_DELAYS.length - 1)] ?? 0
    attempt++
    onRetry?.(why, delay)
    await pause(clock, delay, signal)
  }
}

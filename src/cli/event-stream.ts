/** Server-Sent Events of a running daemon, resumed where they broke off. */
import type { EventJson } from '../api/event-schemas.ts'
import { readServerSentEvents } from '../api/server-sent-events.ts'
import type { Clock } from '../session/types.ts'
import { type ApiClient, ApiError, type Query } from './api-client.ts'

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

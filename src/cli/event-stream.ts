/** Server-Sent Events of a running daemon, resumed where they broke off. */
import type { EventJson } from '../api/event-schemas.ts'
import { readServerSentEvents } from '../api/server-sent-events.ts'
import type { Clock } from '../session/types.ts'
import { type ApiClient, ApiError, type Query } from './api-client.ts'

/** The last delays repeat for ever; milliseconds. */
const RETRY_DELAYS = [500, 1000, 2000, 5000, 10_000]
/** A stream that says nothing for so long is dead: the daemon writes every 15 seconds; milliseconds. */
const SILENCE = 40_000

/** What a stream says of itself: events are missing in it, or it ends as the reader is too slow. */
export interface StreamNote {
  readonly kind: 'gap' | 'overflow'
  /** A sentence. */
  readonly detail: string
}

/** Waits, or until `signal` aborts. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(milliseconds, done)
    signal.addEventListener('abort', done)
  })
}

/** Octets of a stream; `stop` is called when it falls silent. */
async function* watched(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  stop: () => void,
): AsyncGenerator<Uint8Array> {
  let cancel = clock.after(SILENCE, stop)
  try {
    for await (const chunk of body) {
      cancel()
      yield chunk
      cancel = clock.after(SILENCE, stop)
    }
  } finally {
    cancel()
  }
}

export interface FollowOptions {
  readonly clock: Clock
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** The connection broke; it is tried again in `milliseconds`. */
  readonly onRetry?: (why: string, milliseconds: number) => void
  /** A connection is open. */
  readonly onOpen?: () => void
  /** The stream says something of itself. */
  readonly onNote?: (note: StreamNote) => void
}

/**
 * Follows the events of a daemon until `signal` aborts. A broken connection is opened again and goes on
 * after the last event seen (`Last-Event-ID`), so that none is repeated, and none is lost that the daemon
 * still holds; of those that it does not, `onNote` tells.
 * @throws ApiError when the first connection fails, or the daemon refuses the request
 */
export async function* followEvents(
  client: ApiClient,
  query: Query,
  { clock, signal, onRetry, onOpen, onNote }: FollowOptions,
): AsyncGenerator<EventJson> {
  let last: string | undefined
  let attempt = 0
  let connected = false
  while (!signal.aborted) {
    let why = 'the daemon closed the stream'
    const silence = new AbortController()
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (last !== undefined) headers['last-event-id'] = last
      const since = last ?? query['since']
      const response = await client.open(
        'events',
        { ...query, since, follow: '1' },
        headers,
        AbortSignal.any([signal, silence.signal]),
      )
      connected = true
      if (response.body === null) throw new ApiError('the daemon sent no event stream')
      onOpen?.()
      const chunks = watched(response.body, clock, () => silence.abort())
      for await (const { id, data } of readServerSentEvents(chunks)) {
        const event = JSON.parse(data) as EventJson | StreamNote
        last = id || last
        if (event.kind === 'prefix' || event.kind === 'session') {
          attempt = 0
          yield event
        } else {
          onNote?.(event)
        }
      }
    } catch (error) {
      if (signal.aborted) return
      const refused = error instanceof ApiError && (error.status ?? 500) < 500
      if (!connected || refused || error instanceof SyntaxError) throw error
      why = error instanceof ApiError ? 'no daemon answers' : 'the connection broke'
      if (silence.signal.aborted) why = 'the daemon fell silent'
    }
    if (signal.aborted) return
    const delay = RETRY_DELAYS[Math.min(attempt, RETRY_DELAYS.length - 1)] ?? 0
    attempt++
    onRetry?.(why, delay)
    await pause(clock, delay, signal)
  }
}

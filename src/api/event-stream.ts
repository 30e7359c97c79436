/**
 * Server-Sent Events. A reader has no queue of its own: it is a place in the event log, from which
 * events are written as fast as its socket takes them. So a slow reader costs no memory, and when it
 * falls too far behind it is told so and cut.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../session/types.ts'
import {
  type DaemonEvent,
  type EventFilter,
  type EventLog,
  type EventStart,
  matchesFilter,
} from '../telemetry/event-log.ts'
import { eventView } from './prefix-view.ts'

/** Milliseconds between two comments that keep proxies from closing a quiet stream. */
export const HEARTBEAT = 15_000
/** Milliseconds in which a reader that was told to go may still read so; then its socket is destroyed. */
const FAREWELL = 5_000
/** Milliseconds after which a reader that takes nothing is slow, if many events wait for it. */
export const SLOW = 2_000
/** Milliseconds after which it is taken for gone, however few wait. */
const GONE = 60_000
/** Events fetched from the log at a time. */
const BATCH = 100

export interface EventStreams {
  /**
   * Makes `response` a stream, or does nothing when there are too many.
   * @param headers of the answer, besides those that a stream needs
   * @returns whether the stream was opened
   */
  open(response: ServerResponse, options: StreamOptions): boolean
  /** Streams that are open. */
  count(): number
  /** Ends all streams: the daemon stops. */
  close(): void
}

export interface StreamOptions {
  /** Absent: only events from now on. */
  readonly start: EventStart | undefined
  readonly filter: EventFilter
  readonly headers: Readonly<Record<string, string>>
}

interface Reader {
  readonly response: ServerResponse
  readonly filter: EventFilter
  /** Id of the last event that was written or passed over. */
  seen: number
  /** The socket takes no more: since when, and the newest event then. */
  blocked: { readonly since: number; readonly lastId: number } | null
  cancelHeartbeat: () => void
  ended: boolean
}

/** @returns an event as it stands in the stream (HTML standard §9.2.6) */
function frame(event: string, data: object, id?: number): string {
  const head = id === undefined ? '' : `id: ${id}\n`
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

export function createEventStreams(options: {
  eventLog: EventLog
  clock: Clock
  maxReaders: number
  maxBacklog: number
}): EventStreams {
  const { eventLog, clock, maxReaders, maxBacklog } = options
  const readers = new Set<Reader>()
  /** Text of an event, made once for all its readers. */
  const frames = new WeakMap<DaemonEvent, string>()
  let scheduled = false
  // Whoever appends is in the middle of BGP: the readers come after it, once for a burst.
  eventLog.subscribe(() => {
    if (scheduled || readers.size === 0) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      for (const reader of readers) {
        pump(reader)
        cutIfSlow(reader)
      }
    })
  })

  function frameOf(event: DaemonEvent): string {
    let text = frames.get(event)
    if (text === undefined) {
      text = frame(event.kind, eventView(event), event.id)
      frames.set(event, text)
    }
    return text
  }

  /** Writes; notes when the socket takes no more. */
  function write(reader: Reader, text: string): void {
    if (!reader.response.write(text)) {
      reader.blocked = { since: clock.now(), lastId: eventLog.lastId() }
    }
  }

  /** Writes what the reader has not seen, as long as its socket takes it. */
  function pump(reader: Reader): void {
    while (!reader.ended && reader.blocked === null && reader.seen < eventLog.lastId()) {
      if (reader.seen + 1 < eventLog.firstId()) {
        reader.seen = eventLog.firstId() - 1
        writeGap(reader)
      }
      for (const event of eventLog.since({ id: reader.seen }, BATCH)) {
        reader.seen = event.id
        if (matchesFilter(event, reader.filter)) write(reader, frameOf(event))
        if (reader.blocked !== null) break
      }
    }
  }

  function writeGap(reader: Reader): void {
    const detail = 'Events between the one before and the next one here are no longer held.'
    write(reader, frame('gap', { kind: 'gap', firstId: eventLog.firstId(), detail }))
  }

  /** A burst alone makes nobody slow: a socket takes a turn or two to empty. */
  function cutIfSlow(reader: Reader): void {
    const { blocked } = reader
    if (blocked === null) return
    const waited = clock.now() - blocked.since
    const waiting = eventLog.lastId() - blocked.lastId
    if ((waited >= SLOW && waiting > maxBacklog) || waited >= GONE) cut(reader)
  }

  function end(reader: Reader): void {
    if (reader.ended) return
    reader.ended = true
    reader.cancelHeartbeat()
    readers.delete(reader)
    const { response } = reader
    if (response.destroyed) return
    response.end()
    const cancel = clock.after(FAREWELL, () => response.destroy())
    response.once('close', cancel)
  }

  /** Tells a reader that it is too slow, and lets it go. It resumes with the id it saw last. */
  function cut(reader: Reader): void {
    if (reader.ended) return
    const detail =
      'This reader takes events more slowly than they come. Resume with Last-Event-ID, or filter.'
    reader.response.write(frame('overflow', { kind: 'overflow', lastId: reader.seen, detail }))
    end(reader)
  }

  function heartbeat(reader: Reader): void {
    cutIfSlow(reader)
    if (reader.ended) return
    if (reader.blocked === null) write(reader, ': heartbeat\n\n')
    reader.cancelHeartbeat = clock.after(HEARTBEAT, () => heartbeat(reader))
  }

  /** Where a reader begins, and whether events that it asked for are gone. */
  function begin(start: EventStart | undefined): { seen: number; gap: boolean } {
    const lastId = eventLog.lastId()
    if (start === undefined) return { seen: lastId, gap: false }
    if ('time' in start) {
      const [first] = eventLog.since(start, 1)
      return { seen: first === undefined ? lastId : first.id - 1, gap: false }
    }
    if (start.id > lastId) return { seen: lastId, gap: true }
    const oldest = eventLog.firstId() - 1
    return { seen: Math.max(start.id, oldest), gap: start.id < oldest }
  }

  return {
    open(response, { start, filter, headers }) {
      if (readers.size >= maxReaders) return false
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // Proxies of the nginx family hold an answer back unless told otherwise.
        'x-accel-buffering': 'no',
        connection: 'keep-alive',
      })
      const { seen, gap } = begin(start)
      const reader: Reader = {
        response,
        filter,
        seen,
        blocked: null,
        cancelHeartbeat: () => {},
        ended: false,
      }
      response.setTimeout(0)
      response.socket?.setNoDelay(true)
      response.on('drain', () => {
        reader.blocked = null
        pump(reader)
      })
      response.on('close', () => end(reader))
      response.on('error', () => end(reader))
      readers.add(reader)
      reader.cancelHeartbeat = clock.after(HEARTBEAT, () => heartbeat(reader))
      write(reader, 'retry: 3000\n\n')
      if (gap) writeGap(reader)
      pump(reader)
      return true
    },
    count: () => readers.size,
    close() {
      for (const reader of [...readers]) end(reader)
    },
  }
}

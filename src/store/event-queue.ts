/** Events on their way to the database: taken at once, written in batches, bounded. */
import type { NewHistoryEvent } from './types.ts'

export interface EventQueueOptions {
  /** @throws when they could not be written */
  readonly write: (events: readonly NewHistoryEvent[]) => Promise<void>
  /** Milliseconds that events are gathered. */
  readonly gatherMs?: number
  /** Milliseconds until what could not be written is tried again. */
  readonly retryMs?: number
  /** Events that may wait; above it the oldest are given up. */
  readonly limit?: number
}

export interface EventQueue {
  add(event: NewHistoryEvent): void
  /** Resolves when all added so far is written or given up. @throws as `write` */
  flush(): Promise<void>
  waiting(): number
  lost(): number
  /** Writes nothing any more. */
  stop(): void
}

/** Events written at a time; also those given up at a time. */
const BATCH = 500

/** A copy of plain values, for another thread: only now are words made. */
export function plainEvent(event: NewHistoryEvent): NewHistoryEvent {
  const { time, type, level, prefix, session, summary, description, detail } = event
  return { time, type, level, prefix, session, summary, description, detail }
}

export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { write, gatherMs = 200, retryMs = 2000, limit = 100_000 } = options
  let queue: NewHistoryEvent[] = []
  let added = 0
  let lost = 0
  let timer: NodeJS.Timeout | null = null
  let sending: Promise<void> | null = null
  let stopped = false

  const schedule = (delay: number) => {
    if (timer !== null || sending !== null || stopped || queue.length === 0) return
    timer = setTimeout(() => {
      timer = null
      send().catch(() => {})
    }, delay)
    timer.unref()
  }

  /** Writes one batch, or joins the one that is on its way. */
  const send = (): Promise<void> => {
    sending ??= sendBatch().then(
      () => {
        sending = null
        schedule(queue.length >= BATCH ? 0 : gatherMs)
      },
      (error: unknown) => {
        sending = null
        schedule(retryMs)
        throw error
      },
    )
    return sending
  }

  const sendBatch = async () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    const batch = queue.slice(0, BATCH).map(plainEvent)
    queue = queue.slice(batch.length)
    try {
      if (batch.length > 0) await write(batch)
    } catch (error) {
      queue = batch.concat(queue)
      throw error
    }
  }

  return {
    add(event) {
      added += 1
      queue.push(event)
      if (queue.length > limit) {
        lost += queue.splice(0, BATCH).length
      }
      schedule(gatherMs)
    },
    async flush() {
      const goal = added
      const settled = () => added - queue.length
      while (sending !== null || settled() < goal) await send()
    },
    waiting: () => queue.length,
    lost: () => lost,
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      timer = null
    },
  }
}

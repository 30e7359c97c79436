/** The event stream, and the signals that follow from it. */
import { signal } from '@preact/signals'
import type { EventJson } from '../../api/event-schemas.ts'
import { readServerSentEvents } from '../../api/server-sent-events.ts'
import { mergeEvents } from '../logic/events.ts'
import { get, openEvents, paths } from './api.ts'

/** Events kept on the page. */
export const EVENTS_KEPT = 500
/** A burst of events leads to one reading; milliseconds. */
const SETTLE = 200
/** Between two readings that events lead to; milliseconds. */
const PACE = 1000
/** Counters move without events; milliseconds. */
const REFRESH = 15_000
const RETRY = 3000
/** A stream that says nothing for so long is dead; milliseconds. */
const SILENCE = 40_000

export type Connection = 'connecting' | 'live' | 'lost'

export const connection = signal<Connection>('connecting')
/** The newest first. */
export const liveEvents = signal<readonly EventJson[]>([])
/** Grows when what the daemon says may have changed: views read anew. */
export const changes = signal(0)

let pending: ReturnType<typeof setTimeout> | undefined
let lastChange = 0

function changed(): void {
  lastChange = performance.now()
  pending = undefined
  changes.value += 1
}

function changedSoon(): void {
  if (pending !== undefined) return
  pending = setTimeout(changed, Math.max(SETTLE, lastChange + PACE - performance.now()))
}

function take(event: EventJson): void {
  liveEvents.value = mergeEvents([event], liveEvents.value, EVENTS_KEPT)
  changedSoon()
}

async function readNewest(): Promise<number> {
  const { items, lastId } = await get(paths.events({ limit: 200 }))
  liveEvents.value = mergeEvents(items, liveEvents.value, EVENTS_KEPT)
  return lastId
}

/** Octets of a stream, until it ends or is silent for too long: the daemon writes every 15 seconds. */
async function* chunksOf(body: ReadableStream<Uint8Array>, stop: () => void) {
  const reader = body.getReader()
  let watchdog: ReturnType<typeof setTimeout> | undefined
  try {
    for (;;) {
      clearTimeout(watchdog)
      watchdog = setTimeout(stop, SILENCE)
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    clearTimeout(watchdog)
  }
}

/** What the stream says of itself, besides events. */
type StreamNote = { readonly kind: 'gap' } | { readonly kind: 'overflow' }

/** Follows one connection to its end. @returns the id of the last event seen */
async function followFrom(start: number): Promise<number> {
  const stopper = new AbortController()
  const body = await openEvents(start, stopper.signal)
  connection.value = 'live'
  changedSoon()
  let last = start
  try {
    for await (const { id, data } of readServerSentEvents(chunksOf(body, () => stopper.abort()))) {
      const event = JSON.parse(data) as EventJson | StreamNote
      if (id !== undefined) last = Number(id)
      if (event.kind === 'gap') await readNewest().then(changedSoon)
      else if (event.kind !== 'overflow') take(event)
    }
  } catch {
    // It broke: it is resumed after the last event seen.
  }
  return last
}

/** Ends the wait for the next try. */
let hurry = () => {}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    hurry = resolve
    setTimeout(resolve, RETRY)
  })
}

/** Reads the newest events, then follows the stream and resumes it, for as long as the page is open. */
async function follow(): Promise<never> {
  let last: number | undefined
  for (;;) {
    try {
      last ??= await readNewest()
      last = await followFrom(last)
    } catch {
      // Asked again below.
    }
    connection.value = 'lost'
    await pause()
  }
}

/** Asks at once, without waiting for the next try. */
export function askAgain(): void {
  hurry()
  changedSoon()
}

/** Starts what makes `changes` grow. */
export function startLive(): void {
  follow()
  setInterval(() => {
    if (!document.hidden && performance.now() - lastChange >= REFRESH - 1000) changed()
  }, REFRESH)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) askAgain()
  })
}

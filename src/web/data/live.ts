/** The event stream, and the signals that follow from it. */
import { signal } from '@preact/signals'
import type { EventJson } from '../../api/schemas.ts'
import { mergeEvents } from '../logic/events.ts'
import { get, paths } from './api.ts'

/** Events kept on the page. */
export const EVENTS_KEPT = 500
/** A burst of events leads to one reading; milliseconds. */
const SETTLE = 200
/** Between two readings that events lead to; milliseconds. */
const PACE = 1000
/** Counters move without events; milliseconds. */
const REFRESH = 15_000
const RETRY = 5000

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

function take(message: MessageEvent<string>): void {
  const event = JSON.parse(message.data) as EventJson
  liveEvents.value = mergeEvents([event], liveEvents.value, EVENTS_KEPT)
  changedSoon()
}

async function readNewest(): Promise<number> {
  const { items, lastId } = await get(paths.events({ limit: 200 }))
  liveEvents.value = mergeEvents(items, liveEvents.value, EVENTS_KEPT)
  return lastId
}

/** A browser resumes a broken stream by itself, with the id it saw last; a refused one not. */
function open(since: number): void {
  const url = new URL(`api/v1/events?follow=1&since=${since}`, document.baseURI)
  const source = new EventSource(url)
  source.addEventListener('open', () => {
    connection.value = 'live'
    changedSoon()
  })
  source.addEventListener('prefix', take)
  source.addEventListener('session', take)
  source.addEventListener('gap', () => {
    readNewest().then(changedSoon, () => {})
  })
  source.addEventListener('error', () => {
    connection.value = 'lost'
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, RETRY)
  })
}

/** Reads the newest events, then follows the stream, for as long as the page is open. */
export async function follow(): Promise<void> {
  try {
    open(await readNewest())
  } catch {
    connection.value = 'lost'
    setTimeout(follow, RETRY)
  }
}

/** Starts what makes `changes` grow. */
export function startLive(): void {
  follow()
  setInterval(() => {
    if (!document.hidden && performance.now() - lastChange >= REFRESH - 1000) changed()
  }, REFRESH)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) changedSoon()
  })
}

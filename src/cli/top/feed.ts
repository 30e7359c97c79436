/** Keeps what `bgpwarden top` knows up to date: the event stream, and questions that follow from it. */
import type { EventListJson } from '../../api/event-schemas.ts'
import type { PrefixJson, PrefixSummaryJson } from '../../api/prefix-schemas.ts'
import type { SessionJson } from '../../api/session-schemas.ts'
import type { OverviewJson } from '../../api/status-schemas.ts'
import type { Clock } from '../../session/types.ts'
import { type ApiClient, ApiError, readAll, segment } from '../api-client.ts'
import { followEvents, pause } from '../event-stream.ts'
import { type Reading, type TopState, withEvents } from './state.ts'

/** Sessions and failing prefixes read at a time. */
const MOST_SESSIONS = 1000
export const MOST_PREFIXES = 1000
const NEWEST_EVENTS = 200
/** Counters move without events; milliseconds. */
const REFRESH = 5000
/** Between two readings that events lead to, in milliseconds, and as a multiple of how long a reading takes. */
const PACE = 1000
const SHARE = 5
/** Milliseconds until the daemon is asked again when it did not answer; the last one repeats. */
const RETRY_DELAYS = [1000, 2000, 5000, 10_000]

/** What is shown, for whoever changes it. */
export interface Store {
  get(): TopState
  update(change: (state: TopState) => TopState): void
}

export interface Feed {
  /** Reads anew as soon as it may: something else is looked at. */
  hurry(): void
  /** Resolves when the signal aborts. @throws ApiError when the daemon refuses */
  readonly ended: Promise<void>
}

const failingStates = ['Failed', 'Invalid', 'Warning'] as const

/** Failing prefixes, the worst states first. @param search where there are too many to read them all */
async function readPrefixes(
  client: ApiClient,
  { prefixes: { byState } }: OverviewJson,
  search: string | undefined,
): Promise<PrefixSummaryJson[]> {
  const found: PrefixSummaryJson[] = []
  for (const state of failingStates) {
    const room = MOST_PREFIXES - found.length
    if (byState[state] === 0 || room === 0) continue
    const query = { state, search, messages: 'first' }
    found.push(...(await readAll<PrefixSummaryJson>(client, 'prefixes', query, room)).items)
  }
  return found
}

/**
 * Asks the daemon for all that the tables show.
 * @param filter of the table of prefixes
 * @throws ApiError
 */
export async function readDaemon(client: ApiClient, filter: string): Promise<Reading> {
  const overview = await client.get<OverviewJson>('overview')
  const { items: sessions } = await readAll<SessionJson>(client, 'sessions', {}, MOST_SESSIONS)
  const { byState } = overview.prefixes
  const failing = failingStates.reduce((sum, state) => sum + byState[state], 0)
  const morePrefixes = failing > MOST_PREFIXES
  const prefixes = await readPrefixes(client, overview, (morePrefixes && filter) || undefined)
  return { overview, sessions, prefixes, failing, morePrefixes }
}

/** Reads the prefix whose page is open, if one is. */
async function readPage(client: ApiClient, store: Store): Promise<void> {
  const { view } = store.get()
  if (view.kind !== 'page' || view.of !== 'prefix') return
  const { name } = view
  try {
    const prefix = await client.get<PrefixJson>(`prefixes/${segment(name)}`)
    store.update((state) => ({ ...state, page: { name, prefix } }))
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error
    store.update((state) => ({ ...state, page: { name, problem: error.message } }))
  }
}

/** The daemon says no, and will go on saying so. */
function isRefusal(error: unknown): boolean {
  return !(error instanceof ApiError) || (error.status !== undefined && error.status < 500)
}

/** What happened, without the address and the advice for somebody who has just started a command. */
function shortly({ message }: Error): string {
  return (message.split(/\. |\n/)[0] ?? message).replace(/ at https?:\S+/, '')
}

/** Waits that `ring`, or the signal, cuts short; a ring while nobody waits cuts the next wait. */
function createAlarm(clock: Clock, signal: AbortSignal) {
  let rung = false
  let wake = () => {}
  function ring(): void {
    rung = true
    wake()
  }
  signal.addEventListener('abort', ring)
  return {
    ring,
    async wait(milliseconds: number): Promise<void> {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(milliseconds, resolve)
          wake = () => {
            cancel()
            resolve()
          }
        })
      }
      rung = false
    },
  }
}

/**
 * Begins to read and follow until `signal` aborts.
 * @param store gets what was read; its view and filters say what to read
 */
export function startFeed(
  client: ApiClient,
  store: Store,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Feed {
  const alarm = createAlarm(clock, signal)
  /** A reading would show something new. */
  let due = true
  /** The operator waits for it. */
  let urgent = false

  function readSoon(): void {
    due = true
    alarm.ring()
  }

  function hurry(): void {
    urgent = true
    readSoon()
  }

  async function readOnce(): Promise<void> {
    due = false
    urgent = false
    await readPage(client, store)
    const reading = await readDaemon(client, store.get().tables.prefixes.filter)
    store.update((state) => ({
      ...state,
      reading,
      readAt: clock.now(),
      link: { ...state.link, answers: true, why: '' },
    }))
  }

  /** Waits until a reading is due: at the earliest when `pace` is over, unless somebody waits for it. */
  async function untilDue(pace: number): Promise<void> {
    const since = clock.now()
    while (!signal.aborted && !urgent) {
      const waited = clock.now() - since
      const rest = (due ? pace : Math.max(pace, REFRESH)) - waited
      if (rest <= 0) return
      await alarm.wait(rest)
    }
  }

  async function keepReading(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const began = clock.now()
      try {
        await readOnce()
        failures = 0
        await untilDue(Math.max(PACE, SHARE * (clock.now() - began)))
      } catch (error) {
        if (isRefusal(error)) throw error
        const delay = RETRY_DELAYS[Math.min(failures, RETRY_DELAYS.length - 1)] ?? 0
        failures += 1
        const why = shortly(error as Error)
        const retryAt = clock.now() + delay
        store.update((state) => ({
          ...state,
          link: { ...state.link, answers: false, why, retryAt },
        }))
        await alarm.wait(delay)
      }
    }
  }

  function streams(streams: boolean): void {
    store.update((state) => ({ ...state, link: { ...state.link, streams } }))
    readSoon()
  }

  /** @returns id of the newest event */
  async function readEvents(): Promise<number> {
    const { items, lastId } = await client.get<EventListJson>('events', { limit: NEWEST_EVENTS })
    store.update((state) => withEvents(state, items))
    return lastId
  }

  async function follow(): Promise<void> {
    const since = await readEvents()
    const stream = followEvents(
      client,
      { since },
      {
        clock,
        signal,
        onOpen: () => streams(true),
        onRetry: () => streams(false),
        onNote: ({ kind }) => {
          // What it left out is read; if that fails too, the next gap or start makes up for it.
          if (kind === 'gap') readEvents().catch(() => {})
        },
      },
    )
    for await (const event of stream) {
      store.update((state) => withEvents(state, [event]))
      readSoon()
    }
  }

  async function keepFollowing(): Promise<void> {
    while (!signal.aborted) {
      try {
        await follow()
      } catch (error) {
        if (isRefusal(error)) throw error
        streams(false)
        await pause(clock, REFRESH, signal)
      }
    }
  }

  const ended = Promise.all([keepReading(), keepFollowing()]).then(() => {})
  return { hurry, ended }
}

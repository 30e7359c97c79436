/** The store behind a file: SQLite in a thread of its own, so that a slow disk never holds up BGP. */
import type { DatabaseOptions, DatabaseReport } from './database.ts'
import { createEventQueue } from './event-queue.ts'
import { startThread } from './thread.ts'
import { type Store, StoreError } from './types.ts'

export interface StoreOptions extends DatabaseOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Told when the file can no longer be written, and when it can again; one sentence. */
  readonly onChange?: (ok: boolean, detail: string) => void
  readonly gatherMs?: number
  readonly retryMs?: number
  /** Events that may wait to be written. */
  readonly queueLimit?: number
}

/** How often the file is looked after. */
const TICK_MS = 2000
/** After how long without a write one is tried: a file system can turn read-only unseen. */
const PROBE_MS = 30_000
/** How soon again when old rows are left. */
const SOON_MS = 200
/** How long the last events may take to be written at the end. */
const CLOSE_MS = 1000

/**
 * Opens the file, makes it when there is none, and brings it to the newest form.
 * @throws StoreError when it cannot be had: another process has it, a newer bgpwarden wrote it, no room
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { now, onChange, gatherMs, retryMs, queueLimit, ...database } = options
  const { path } = database
  const thread = await startThread(database, now())
  let problem: string | null = null
  let sizeBytes = 0
  let writtenAt = now()
  let closing = false

  const note = (found: string | null) => {
    const changed = (found === null) !== (problem === null)
    problem = found
    if (changed) onChange?.(found === null, found ?? `${path} can be written again`)
  }
  const noted = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const value = await work
      writtenAt = now()
      note(null)
      return value
    } catch (error) {
      if (error instanceof StoreError) note(error.message)
      throw error
    }
  }

  const events = createEventQueue({
    write: (batch) => noted(thread.call('write', batch)),
    ...(gatherMs !== undefined && { gatherMs }),
    ...(retryMs !== undefined && { retryMs }),
    ...(queueLimit !== undefined && { limit: queueLimit }),
  })

  let timer: NodeJS.Timeout | null = null
  const tick = async () => {
    let report: DatabaseReport | null = null
    try {
      const probe = problem !== null || now() - writtenAt >= PROBE_MS
      report = await thread.call('tick', now(), probe)
      if (probe) writtenAt = now()
      sizeBytes = report.sizeBytes
      note(report.problem)
    } catch (error) {
      note(error instanceof Error ? error.message : String(error))
    }
    if (closing) return
    timer = setTimeout(tick, report?.more === true ? SOON_MS : (retryMs ?? TICK_MS))
    timer.unref()
  }
  await tick()

  return {
    load: () => thread.call('load'),
    commit: (transaction) => noted(thread.call('commit', transaction)),
    answer: (who, key) => thread.call('answer', who, key, now()),
    audit: (query) => thread.call('audit', query),
    record: events.add,
    history: (query) => thread.call('history', query),
    letters: () => thread.call('letters'),
    keepLetters: (changes) => noted(thread.call('keepLetters', changes)),
    flush: events.flush,
    status: () => ({
      ok: problem === null,
      detail: problem ?? `${path} can be written`,
      waitingEvents: events.waiting(),
      lostEvents: events.lost(),
      sizeBytes,
    }),
    async close() {
      closing = true
      if (timer !== null) clearTimeout(timer)
      let late: NodeJS.Timeout | undefined
      const patience = new Promise<void>((resolve) => {
        late = setTimeout(resolve, CLOSE_MS)
      })
      await Promise.race([events.flush().catch(() => {}), patience])
      clearTimeout(late)
      events.stop()
      await thread.close()
    },
  }
}

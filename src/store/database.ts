/** The database file, synchronously: what the store's thread does for it. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import SqliteFile from 'libsql'
import { readAudit, writeAudit } from './audit-table.ts'
import { pruneEvents, readEvents, writeEvents } from './event-table.ts'
import { readLetters, writeLetters } from './letter-table.ts'
import { migrate } from './migrations.ts'
import { readAnswer, readResources, writeAnswer, writeResources } from './resource-table.ts'
import { describeProblem, type SqlDatabase } from './sql.ts'
import {
  type AuditLine,
  type AuditQuery,
  ConflictError,
  CursorError,
  type HistoryEvent,
  type HistoryQuery,
  type KeptAnswer,
  type KeptLetter,
  type LetterChange,
  type NewHistoryEvent,
  type StoredPage,
  type StoredResource,
  StoreError,
  type Transaction,
} from './types.ts'
import { ANSWER_MS } from './words.ts'

export interface DatabaseOptions {
  readonly path: string
  /** Days that events and lines of the audit log are kept. */
  readonly eventDays: number
  readonly auditDays: number
  /** Octets in use above which the oldest events go early. */
  readonly maxBytes: number
}

/** How a file is. */
export interface DatabaseReport {
  /** Octets of the file and of its write-ahead log. */
  readonly sizeBytes: number
  /** Why it cannot be written, in one sentence; null: it can. */
  readonly problem: string | null
  /** Old rows are left to be pruned: call again soon. */
  readonly more: boolean
}

/** Errors that say already what is wrong. */
const known = [StoreError, ConflictError, CursorError]

/** An open file; every method throws StoreError when it cannot be read or written. */
export interface Database {
  load(): StoredResource[]
  /** @throws ConflictError */
  commit(transaction: Transaction): void
  /** @param now milliseconds since the epoch */
  answer(who: string, key: string, now: number): KeptAnswer | undefined
  audit(query: AuditQuery): StoredPage<AuditLine>
  write(events: readonly NewHistoryEvent[]): void
  history(query: HistoryQuery): StoredPage<HistoryEvent>
  letters(): KeptLetter[]
  keepLetters(changes: readonly LetterChange[]): void
  /**
   * Looks after the file: prunes what is too old, in slices of limited time.
   * @param probe whether to try a write
   */
  tick(now: number, probe: boolean): DatabaseReport
  close(): void
}

const DAY_MS = 86_400_000
/** Octets that must be free where the file is. */
const LEAST_ROOM = 1 << 20
/** How long pruning may hold up writes, milliseconds. */
const PRUNE_MS = 50

/** Makes an empty file that nobody else can read: it holds keys and passwords. */
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  // An existing one is not touched: closing it would take the locks of another open of this process.
  if (!existsSync(path)) writeFileSync(path, '', { flag: 'a', mode: 0o600 })
  accessSync(path, constants.W_OK)
}

function openFile(path: string, now: number): SqlDatabase {
  let db: SqlDatabase | null = null
  try {
    prepareFile(path)
    db = new SqliteFile(path) as SqlDatabase
    // One writer: nobody else reads or writes the file while it is open. Kept by the system, so a process
    // that was killed holds nothing.
    db.exec('PRAGMA locking_mode = EXCLUSIVE')
    db.prepare('PRAGMA journal_mode = WAL').all()
    // Each commit waits until the disk has it, on macOS too.
    db.exec('PRAGMA synchronous = FULL')
    db.exec('PRAGMA fullfsync = ON')
    // A log of 1 MiB at most, so that it finds room on a small disk; after a burst it shrinks again.
    db.prepare('PRAGMA wal_autocheckpoint = 256').all()
    db.prepare('PRAGMA journal_size_limit = 1048576').all()
    migrate(db, path, now)
    const [health] = db.prepare('PRAGMA quick_check(resource)').all() as { quick_check: string }[]
    if (health?.quick_check !== 'ok') {
      throw new StoreError(
        `${path} is damaged (${health?.quick_check}); put a backup in its place, or move it away and import an export`,
      )
    }
    return db
  } catch (error) {
    db?.close()
    throw error instanceof StoreError ? error : new StoreError(describeProblem(path, error))
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/**
 * Opens the file, makes it when there is none, and brings it to the newest form.
 * @param now milliseconds since the epoch
 * @throws StoreError
 */
export function openDatabase(options: DatabaseOptions, now: number): Database {
  const { path } = options
  const db = openFile(path, now)
  const opened = statSync(path)

  /** What is written to a file that was removed is lost: it must not be acknowledged. */
  const checkFile = () => {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.ino === opened.ino && found.dev === opened.dev) return
    throw new StoreError(
      `${path} was moved or removed while it was in use; put it back and restart the daemon`,
    )
  }

  /** @throws StoreError for whatever SQLite says */
  const guard = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      if (known.some((type) => error instanceof type)) throw error
      throw new StoreError(describeProblem(path, error))
    }
  }

  const inTransaction = (work: () => void) =>
    guard(() => {
      checkFile()
      db.exec('BEGIN IMMEDIATE')
      try {
        work()
        db.exec('COMMIT')
      } catch (error) {
        // Some failures, such as a full disk, have rolled back already.
        if (db.inTransaction) db.exec('ROLLBACK')
        throw error
      }
    })

  const usedBytes = () => {
    const [row] = db
      .prepare(
        `SELECT (page_count - freelist_count) * page_size AS used
         FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
      )
      .all() as { used: number }[]
    return row?.used ?? 0
  }

  /** @returns whether more is left */
  const prune = (now: number): boolean => {
    const until = performance.now() + PRUNE_MS
    const { eventDays, auditDays, maxBytes } = options
    let more = true
    do {
      inTransaction(() => {
        db.prepare('DELETE FROM answer WHERE time < ?').run(now - ANSWER_MS)
        const old = db
          .prepare(
            'DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE time < ? ORDER BY time LIMIT 500)',
          )
          .run(now - auditDays * DAY_MS)
        const before = usedBytes() > maxBytes ? Number.MAX_SAFE_INTEGER : now - eventDays * DAY_MS
        more = pruneEvents(db, before) > 0 || old.changes > 0
      })
    } while (more && performance.now() < until)
    return more
  }

  const hasOld = (now: number): boolean => {
    const [row] = db
      .prepare(
        `SELECT (SELECT min(time) FROM event) < ? OR (SELECT min(time) FROM audit) < ?
           OR (SELECT min(time) FROM answer) < ? AS old`,
      )
      .all(now - options.eventDays * DAY_MS, now - options.auditDays * DAY_MS, now - ANSWER_MS) as {
      old: number | null
    }[]
    return row?.old === 1 || usedBytes() > options.maxBytes
  }

  const problemNow = (now: number, probe: boolean): string | null => {
    try {
      checkFile()
      accessSync(path, constants.W_OK)
      const { bavail, bsize } = statfsSync(dirname(path))
      if (bavail * bsize < LEAST_ROOM) {
        return `${path}: the disk of ${dirname(path)} is full; free some room, and it goes on by itself`
      }
      if (probe) {
        inTransaction(() => {
          db.prepare('INSERT OR REPLACE INTO probe (only, time) VALUES (1, ?)').run(now)
        })
      }
      return null
    } catch (error) {
      return error instanceof StoreError ? error.message : describeProblem(path, error)
    }
  }

  return {
    load: () => guard(() => readResources(db)),
    commit({ time, changes, audit, answer }) {
      inTransaction(() => {
        writeResources(db, changes, time)
        writeAudit(db, audit)
        if (answer !== undefined) writeAnswer(db, answer)
      })
    },
    answer: (who, key, now) => guard(() => readAnswer(db, who, key, now)),
    audit: (query) => guard(() => readAudit(db, query)),
    write: (events) => inTransaction(() => writeEvents(db, events)),
    history: (query) => guard(() => readEvents(db, query)),
    letters: () => guard(() => readLetters(db)),
    keepLetters: (changes) => inTransaction(() => writeLetters(db, changes)),
    tick(now, probe) {
      let problem = problemNow(now, probe)
      let more = false
      try {
        if (problem === null && hasOld(now)) more = prune(now)
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error)
      }
      return { sizeBytes: sizeOf(path) + sizeOf(`${path}-wal`), problem, more }
    },
    close: () => db.close(),
  }
}

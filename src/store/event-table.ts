/** Events of prefixes and sessions in the database. */
import { cutPage, readCursor } from './cursor.ts'
import type { SqlDatabase } from './sql.ts'
import type {
  EventLevel,
  HistoryEvent,
  HistoryQuery,
  JsonObject,
  NewHistoryEvent,
  StoredPage,
} from './types.ts'

export function writeEvents(db: SqlDatabase, events: readonly NewHistoryEvent[]): void {
  const insert = db.prepare(
    `INSERT INTO event (time, type, level, prefix, session, summary, description, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  for (const event of events) {
    const { time, type, level, prefix, session, summary, description, detail } = event
    const text = JSON.stringify(detail)
    insert.run(Math.floor(time), type, level, prefix, session, summary, description, text)
  }
}

interface EventRow extends Omit<HistoryEvent, 'id' | 'detail' | 'level'> {
  readonly seq: number
  readonly level: string
  readonly detail: string
}

/** @throws CursorError */
export function readEvents(db: SqlDatabase, query: HistoryQuery): StoredPage<HistoryEvent> {
  const { prefix, session, from, to, levels, order = 'newest', cursor, limit } = query
  const oldest = order === 'oldest'
  const where: string[] = []
  const values: unknown[] = []
  const add = (condition: string, ...value: unknown[]) => {
    where.push(condition)
    values.push(...value)
  }
  if (prefix !== undefined) add('prefix = ?', prefix)
  if (session !== undefined) add('session = ?', session)
  if (from !== undefined) add('time >= ?', from)
  if (to !== undefined) add('time < ?', to)
  if (levels !== undefined) add(`level IN (${levels.map(() => '?').join(', ')})`, ...levels)
  if (cursor !== undefined)
    add(`(time, seq) ${oldest ? '>' : '<'} (?, ?)`, ...readCursor(cursor, 2))
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
  const direction = oldest ? 'ASC' : 'DESC'
  const rows = db
    .prepare(
      `SELECT * FROM event ${condition} ORDER BY time ${direction}, seq ${direction} LIMIT ?`,
    )
    .all(...values, limit + 1) as EventRow[]
  const events = rows.map(
    ({ seq, level, detail, ...event }): HistoryEvent => ({
      ...event,
      id: seq,
      level: level as EventLevel,
      detail: JSON.parse(detail) as JsonObject,
    }),
  )
  return cutPage(events, limit, (last) => `${last.time}.${last.id}`)
}

/**
 * Deletes some of the oldest events.
 * @param before milliseconds since the epoch
 * @returns how many
 */
export function pruneEvents(db: SqlDatabase, before: number): number {
  return db
    .prepare(
      'DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE time < ? ORDER BY time, seq LIMIT 500)',
    )
    .run(before).changes
}

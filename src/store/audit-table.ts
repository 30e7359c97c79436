/** The audit log in the database. */
import { cutPage, readCursor } from './cursor.ts'
import type { SqlDatabase } from './sql.ts'
import type { AuditEntry, AuditLine, AuditQuery, JsonObject, StoredPage } from './types.ts'

export function writeAudit(db: SqlDatabase, entries: readonly AuditEntry[]): void {
  if (entries.length === 0) return
  const insert = db.prepare(
    `INSERT INTO audit (time, who, role, operation, kind, id, before, after)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const text = (document: JsonObject | null) =>
    document === null ? null : JSON.stringify(document)
  for (const { time, who, role, operation, kind, id, before, after } of entries) {
    insert.run(time, who, role, operation, kind, id, text(before), text(after))
  }
}

interface AuditRow {
  readonly seq: number
  readonly time: number
  readonly who: string
  readonly role: string
  readonly operation: string
  readonly kind: string
  readonly id: string
  readonly before: string | null
  readonly after: string | null
}

/** The conditions of a query and their values. */
function conditions(query: AuditQuery): { where: string[]; values: unknown[] } {
  const where: string[] = []
  const values: unknown[] = []
  const add = (condition: string, ...value: unknown[]) => {
    where.push(condition)
    values.push(...value)
  }
  const { who, kind, id, below, from, to, cursor } = query
  if (who !== undefined) add('who = ?', who)
  if (id !== undefined && below === true) {
    // Ids under it begin with it and a slash; 0 is the character after the slash.
    const own = kind === undefined ? 'id = ?' : '(id = ? AND kind = ?)'
    add(
      `(${own} OR (id >= ? AND id < ?))`,
      ...(kind === undefined ? [id] : [id, kind]),
      `${id}/`,
      `${id}0`,
    )
  } else {
    if (id !== undefined) add('id = ?', id)
    if (kind !== undefined) add('kind = ?', kind)
  }
  if (from !== undefined) add('time >= ?', from)
  if (to !== undefined) add('time < ?', to)
  if (cursor !== undefined) add('seq < ?', ...readCursor(cursor, 1))
  return { where, values }
}

/** Newest first. @throws CursorError */
export function readAudit(db: SqlDatabase, query: AuditQuery): StoredPage<AuditLine> {
  const { where, values } = conditions(query)
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`
  const rows = db
    .prepare(`SELECT * FROM audit ${condition} ORDER BY seq DESC LIMIT ?`)
    .all(...values, query.limit + 1) as AuditRow[]
  const document = (text: string | null) =>
    text === null ? null : (JSON.parse(text) as JsonObject)
  const lines = rows.map(
    ({ seq, before, after, time, who, role, operation, kind, id }): AuditLine => ({
      entry: seq,
      time,
      who,
      role,
      operation,
      kind,
      id,
      before: document(before),
      after: document(after),
    }),
  )
  return cutPage(lines, query.limit, (last) => `${last.entry}`)
}

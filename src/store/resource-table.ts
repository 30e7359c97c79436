/** Resources in the database, and the answers to requests with an idempotency key. */
import type { SqlDatabase } from './sql.ts'
import {
  ConflictError,
  type JsonObject,
  type KeptAnswer,
  type ResourceChange,
  type StoredResource,
} from './types.ts'
import { ANSWER_MS, conflictSentence, usedKeySentence } from './words.ts'

interface ResourceRow {
  readonly kind: string
  readonly id: string
  readonly version: number
  readonly created: number
  readonly updated: number
  readonly document: string
}

export function readResources(db: SqlDatabase): StoredResource[] {
  const rows = db.prepare('SELECT * FROM resource ORDER BY kind, id').all() as ResourceRow[]
  return rows.map(({ kind, id, version, created, updated, document }) => ({
    kind,
    id,
    version,
    createdAt: created,
    updatedAt: updated,
    document: JSON.parse(document) as JsonObject,
  }))
}

/** @throws ConflictError when a change is based on another version than the one kept */
export function writeResources(
  db: SqlDatabase,
  changes: readonly ResourceChange[],
  time: number,
): void {
  const insert = db.prepare(
    `INSERT INTO resource (kind, id, version, created, updated, document) VALUES (?, ?, 1, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  )
  const update = db.prepare(
    `UPDATE resource SET version = version + 1, updated = ?, document = ?
     WHERE kind = ? AND id = ? AND version = ?`,
  )
  const remove = db.prepare('DELETE FROM resource WHERE kind = ? AND id = ? AND version = ?')
  for (const { kind, id, document, basedOn } of changes) {
    const { changes: done } =
      document === null
        ? remove.run(kind, id, basedOn)
        : basedOn === 0
          ? insert.run(kind, id, time, time, JSON.stringify(document))
          : update.run(time, JSON.stringify(document), kind, id, basedOn)
    if (done !== 1) throw new ConflictError(conflictSentence(kind, id, basedOn))
  }
}

interface AnswerRow extends Omit<KeptAnswer, 'body'> {
  readonly body: string
}

export function readAnswer(
  db: SqlDatabase,
  who: string,
  key: string,
  now: number,
): KeptAnswer | undefined {
  const [row] = db
    .prepare('SELECT * FROM answer WHERE who = ? AND key = ? AND time >= ?')
    .all(who, key, now - ANSWER_MS) as AnswerRow[]
  if (row === undefined) return undefined
  const { fingerprint, status, body, time } = row
  return { who, key, fingerprint, status, body: JSON.parse(body), time }
}

export function writeAnswer(db: SqlDatabase, answer: KeptAnswer): void {
  const { who, key, fingerprint, status, body, time } = answer
  const { changes } = db
    .prepare(
      `INSERT INTO answer (who, key, fingerprint, status, body, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT (who, key) DO UPDATE SET fingerprint = ?3, status = ?4, body = ?5, time = ?6
       WHERE answer.time < ?7`,
    )
    .run(who, key, fingerprint, status, JSON.stringify(body), time, time - ANSWER_MS)
  if (changes !== 1) throw new ConflictError(usedKeySentence(key))
}

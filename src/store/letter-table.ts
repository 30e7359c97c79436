/** Letters to webhooks in the database. */
import type { SqlDatabase } from './sql.ts'
import type { KeptLetter, LetterChange } from './types.ts'

export function writeLetters(db: SqlDatabase, changes: readonly LetterChange[]): void {
  const remove = db.prepare('DELETE FROM letter WHERE webhook = ? AND id = ?')
  const insert = db.prepare(
    `INSERT INTO letter (webhook, id, title, content_type, body, made, died, tries, why)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  for (const change of changes) {
    if ('forget' in change) {
      remove.run(change.forget.webhook, change.forget.id)
      continue
    }
    const { webhook, id, title, contentType, body, madeAt, dead } = change.put
    remove.run(webhook, id)
    const end = [dead?.at ?? null, dead?.tries ?? null, dead?.why ?? null]
    insert.run(webhook, id, title, contentType, body, madeAt, ...end)
  }
}

interface LetterRow {
  readonly webhook: string
  readonly id: string
  readonly title: string
  readonly content_type: string
  readonly body: string
  readonly made: number
  readonly died: number | null
  readonly tries: number | null
  readonly why: string | null
}

export function readLetters(db: SqlDatabase): KeptLetter[] {
  const rows = db.prepare('SELECT * FROM letter ORDER BY seq').all() as LetterRow[]
  return rows.map(({ webhook, id, title, content_type, body, made, died, tries, why }) => ({
    webhook,
    id,
    title,
    contentType: content_type,
    body,
    madeAt: made,
    ...(died !== null && { dead: { at: died, tries: tries ?? 0, why: why ?? '' } }),
  }))
}

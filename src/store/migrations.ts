/** The form of the file, step by step: each step is done once, in order, and never changed again. */
import type { SqlDatabase } from './sql.ts'
import { StoreError } from './types.ts'

/** "bgpw": marks a SQLite file as ours (PRAGMA application_id). */
export const APPLICATION_ID = 0x62677077

export interface Migration {
  readonly name: string
  readonly sql: string
}

/** The first makes version 1. Only append. */
export const migrations: readonly Migration[] = [
  {
    name: 'resources, audit log, answers, events',
    sql: `
      CREATE TABLE resource (
        kind TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
        created INTEGER NOT NULL, updated INTEGER NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (kind, id)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, who TEXT NOT NULL,
        role TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        before TEXT, after TEXT
      ) STRICT;
      CREATE INDEX audit_id ON audit (id, seq);
      CREATE INDEX audit_who ON audit (who, seq);
      CREATE INDEX audit_time ON audit (time);

      CREATE TABLE answer (
        who TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
        status INTEGER NOT NULL, body TEXT NOT NULL, time INTEGER NOT NULL,
        PRIMARY KEY (who, key)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX answer_time ON answer (time);

      CREATE TABLE event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, type TEXT NOT NULL,
        level TEXT NOT NULL, prefix TEXT, session TEXT, summary TEXT NOT NULL,
        description TEXT NOT NULL, detail TEXT NOT NULL
      ) STRICT;
      CREATE INDEX event_time ON event (time, seq);
      CREATE INDEX event_prefix ON event (prefix, time, seq) WHERE prefix IS NOT NULL;
      CREATE INDEX event_session ON event (session, time, seq) WHERE session IS NOT NULL;

      CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), time INTEGER NOT NULL) STRICT;
    `,
  },
  {
    name: 'letters to webhooks',
    sql: `
      CREATE TABLE letter (
        seq INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL, id TEXT NOT NULL,
        title TEXT NOT NULL, content_type TEXT NOT NULL, body TEXT NOT NULL,
        made INTEGER NOT NULL, died INTEGER, tries INTEGER, why TEXT,
        UNIQUE (webhook, id)
      ) STRICT;
    `,
  },
]

/** @returns the version that the file has; 0: it is empty */
function versionOf(db: SqlDatabase, path: string): number {
  const tables = db.prepare('SELECT name FROM sqlite_schema WHERE type = ?').all('table') as {
    name: string
  }[]
  const [mark] = db.prepare('PRAGMA application_id').all() as { application_id: number }[]
  if (tables.length === 0 && mark?.application_id === 0) return 0
  if (mark?.application_id !== APPLICATION_ID) {
    throw new StoreError(
      `${path} is the database of another program; name another file in storage.path`,
    )
  }
  const [row] = db.prepare('SELECT max(version) AS version FROM migration').all() as {
    version: number
  }[]
  return row?.version ?? 0
}

/**
 * Brings a file to the newest form, all steps in one transaction.
 * @param now milliseconds since the epoch
 * @throws StoreError when a newer bgpwarden or another program wrote it
 */
export function migrate(
  db: SqlDatabase,
  path: string,
  now: number,
  steps: readonly Migration[] = migrations,
): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    const version = versionOf(db, path)
    if (version > steps.length) {
      throw new StoreError(
        `${path} has form ${version}, a newer bgpwarden wrote it; this one knows forms up to ${steps.length}. Install that version again, or name another file in storage.path`,
      )
    }
    if (version === 0) {
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
      db.exec(
        'CREATE TABLE migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, time INTEGER NOT NULL) STRICT',
      )
    }
    const note = db.prepare('INSERT INTO migration (version, name, time) VALUES (?, ?, ?)')
    for (let at = version; at < steps.length; at++) {
      const step = steps[at] as Migration
      db.exec(step.sql)
      note.run(at + 1, step.name, now)
    }
    db.exec('COMMIT')
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK')
    throw error
  }
}

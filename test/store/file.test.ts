import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import SqliteFile from 'libsql'
import { afterAll, describe, expect, it } from 'vitest'
import { type Migration, migrate, migrations } from '../../src/store/migrations.ts'
import type { SqlDatabase } from '../../src/store/sql.ts'
import { StoreError } from '../../src/store/types.ts'
import {
  auditEntry,
  change,
  historyEvent,
  openTestStore,
  scratchDirectory,
  T0,
  transaction,
} from './support/build.ts'

const DAY = 86_400_000
const scratch = scratchDirectory()
afterAll(scratch.remove)
let files = 0
const newPath = () => join(scratch.path, `${++files}.db`)

function sqlite(path: string): SqlDatabase {
  return new SqliteFile(path) as SqlDatabase
}

describe('the file of a store', () => {
  it('is made with its directory, readable for nobody else', async () => {
    const path = join(scratch.path, 'var', 'lib', 'new.db')
    const store = await openTestStore(path)
    await store.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('keeps everything over a close', async () => {
    const path = newPath()
    const store = await openTestStore(path)
    await store.commit(transaction([change('a', 0)], { audit: [auditEntry()] }))
    store.record(historyEvent())
    // A close writes what still waits.
    await store.close()
    const again = await openTestStore(path)
    expect(await again.load()).toHaveLength(1)
    expect((await again.audit({ limit: 1 })).items).toHaveLength(1)
    again.record(historyEvent({ time: T0 + 1 }))
    await again.flush()
    expect((await again.history({ limit: 9 })).items.map(({ id }) => id)).toEqual([2, 1])
    await again.close()
  })

  it('has one writer', async () => {
    const path = newPath()
    const store = await openTestStore(path)
    await expect(openTestStore(path)).rejects.toThrow(
      new StoreError(
        `${path}: another process has it open; stop the other daemon, or give this one another file (SQLITE_BUSY)`,
      ),
    )
    await store.commit(transaction([change('a', 0)]))
    await store.close()
    await (await openTestStore(path)).close()
  })

  it('is refused when a newer bgpwarden wrote it', async () => {
    const path = newPath()
    await (await openTestStore(path)).close()
    const db = sqlite(path)
    db.exec("INSERT INTO migration VALUES (99, 'from the future', 0)")
    db.close()
    await expect(openTestStore(path)).rejects.toThrow(
      `${path} has form 99, a newer bgpwarden wrote it; this one knows forms up to ${migrations.length}.`,
    )
  })

  it('is refused when another program wrote it', async () => {
    const path = newPath()
    const db = sqlite(path)
    db.exec('CREATE TABLE music (title TEXT)')
    db.close()
    await expect(openTestStore(path)).rejects.toThrow(
      `${path} is the database of another program; name another file in storage.path`,
    )
  })

  it.each([
    ['no database', 'This is a letter, not a database. '.repeat(200), 'it is no SQLite database'],
    ['a directory', null, 'it cannot be opened'],
  ])('is refused when it is %s', async (_, text, words) => {
    const path = newPath()
    if (text === null) mkdirSync(path)
    else writeFileSync(path, text)
    await expect(openTestStore(path)).rejects.toThrow(`${path}: ${words}`)
    if (text !== null) expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it('is refused when its resources are damaged', async () => {
    const path = newPath()
    const store = await openTestStore(path)
    const filler = 'x'.repeat(3000)
    const many = Array.from({ length: 200 }, (_, i) => change(`p${i}`, 0, { filler }))
    await store.commit(transaction(many))
    await store.close()
    const file = openSync(path, 'r+')
    const { size } = statSync(path)
    for (let at = 24 * 4096; at < size; at += 4096)
      writeSync(file, Buffer.alloc(16, 0x5a), 0, 16, at)
    closeSync(file)
    await expect(openTestStore(path)).rejects.toThrow(/damaged.*put a backup in its place/)
  })

  it('says that it was moved away, and takes nothing more', async () => {
    const path = newPath()
    const store = await openTestStore(path)
    renameSync(path, `${path}.away`)
    const sentence = `${path} was moved or removed while it was in use; put it back and restart the daemon`
    await expect(store.commit(transaction([change('a', 0)]))).rejects.toThrow(
      new StoreError(sentence),
    )
    expect(store.status()).toMatchObject({ ok: false, detail: sentence })
    renameSync(`${path}.away`, path)
    await store.commit(transaction([change('a', 0)]))
    expect(store.status().ok).toBe(true)
    await store.close()
  })
})

describe('migrations', () => {
  const steps: Migration[] = [
    { name: 'one', sql: 'CREATE TABLE a (x INTEGER)' },
    { name: 'two', sql: 'ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 7' },
  ]

  it('are done once each, in order', () => {
    const path = newPath()
    const db = sqlite(path)
    migrate(db, path, T0, steps.slice(0, 1))
    db.exec('INSERT INTO a (x) VALUES (1)')
    migrate(db, path, T0 + 1, steps)
    migrate(db, path, T0 + 2, steps)
    expect(db.prepare('SELECT * FROM a').all()).toEqual([{ x: 1, y: 7 }])
    expect(db.prepare('SELECT version, name, time FROM migration').all()).toEqual([
      { version: 1, name: 'one', time: T0 },
      { version: 2, name: 'two', time: T0 + 1 },
    ])
    db.close()
  })

  it('leave the file as it was when one fails', () => {
    const path = newPath()
    const db = sqlite(path)
    migrate(db, path, T0, steps)
    const broken = [...steps, { name: 'three', sql: 'CREATE TABLE b (x); CREATE TABLE a (x)' }]
    expect(() => migrate(db, path, T0, broken)).toThrow('table a already exists')
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'b'").all()).toEqual([])
    expect(db.prepare('SELECT max(version) AS version FROM migration').all()).toEqual([
      { version: 2 },
    ])
    db.close()
  })
})

describe('retention', () => {
  /** Waits until the store looked after its file often enough. */
  async function until(what: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 10_000
    while (!(await what())) {
      if (Date.now() > deadline) throw new Error('the store did not prune')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  it('forgets events, answers and lines of audit by age', async () => {
    const path = newPath()
    let now = T0
    const store = await openTestStore(path, { now: () => now, auditDays: 60, retryMs: 20 })
    const answer = { who: 'a', key: 'k', fingerprint: 'f', status: 201, body: 1, time: T0 }
    await store.commit(transaction([], { audit: [auditEntry()], answer }))
    for (let i = 0; i < 1200; i++) store.record(historyEvent())
    store.record(historyEvent({ time: T0 + 31 * DAY }))
    await store.flush()
    now = T0 + 31 * DAY
    await until(async () => (await store.history({ limit: 5 })).items.length === 1)
    expect((await store.audit({ limit: 5 })).items).toHaveLength(1)
    now = T0 + 61 * DAY
    await until(async () => (await store.audit({ limit: 5 })).items.length === 0)
    await store.close()
    const db = sqlite(path)
    expect(db.prepare('SELECT * FROM answer').all()).toEqual([])
    db.close()
  })

  it('forgets the oldest events when the file grows too large', async () => {
    const path = newPath()
    const store = await openTestStore(path, { maxBytes: 1_500_000, retryMs: 20 })
    const description = 'x'.repeat(1000)
    for (let i = 0; i < 2000; i++) store.record(historyEvent({ time: T0 + i, description }))
    await store.flush()
    const count = async () => (await store.history({ limit: 5000 })).items.length
    await until(async () => (await count()) < 1400)
    expect(await count()).toBeGreaterThan(400)
    const { items } = await store.history({ limit: 1 })
    expect(items[0]?.time).toBe(T0 + 1999)
    await store.close()
  })
})

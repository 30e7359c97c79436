import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { ConflictError, CursorError, type Store } from '../../src/store/types.ts'
import {
  auditEntry,
  change,
  historyEvent,
  openTestStore,
  scratchDirectory,
  T0,
  transaction,
} from './support/build.ts'

const scratch = scratchDirectory()
let files = 0

const makers: Record<string, (now: () => number) => Promise<Store>> = {
  'in a file': (now) => openTestStore(join(scratch.path, `${++files}.db`), { now }),
  'in memory': async (now) => createMemoryStore(now),
}

describe.each(Object.keys(makers))('a store %s', (where) => {
  let store: Store
  let now = T0
  beforeEach(async () => {
    now = T0
    store = await (makers[where] as (typeof makers)[string])(() => now)
  })
  afterEach(async () => {
    await store.close()
    if (where === 'in memory') scratch.remove()
  })

  it('gives resources back as they were committed, in the order of kind and id', async () => {
    await store.commit(
      transaction([
        change('b', 0, { nested: { list: [1, null, 'ü\u0000', true] } }),
        change('a', 0),
        { kind: 'connection', id: 'a/1', document: {}, basedOn: 0 },
      ]),
    )
    await store.commit(transaction([change('b', 1, { x: 1.5 })], { time: T0 + 5 }))
    const kept = { createdAt: T0, updatedAt: T0, version: 1 }
    expect(await store.load()).toEqual([
      { kind: 'connection', id: 'a/1', document: {}, ...kept },
      { kind: 'peering', id: 'a', document: { id: 'a' }, ...kept },
      {
        kind: 'peering',
        id: 'b',
        document: { x: 1.5 },
        createdAt: T0,
        updatedAt: T0 + 5,
        version: 2,
      },
    ])
  })

  it.each([
    ['a creation of what exists', change('a', 0), 'peering a exists already'],
    [
      'a change of an old version',
      change('a', 7),
      'peering a is no longer at version 7; read it again and repeat the change',
    ],
    [
      'a deletion of what is not there',
      change('z', 1, null),
      'peering z is no longer at version 1; read it again and repeat the change',
    ],
  ])('refuses %s, with all that came with it', async (_, late, message) => {
    await store.commit(transaction([change('a', 0)]))
    const both = transaction([change('new', 0), late], { audit: [auditEntry()] })
    await expect(store.commit(both)).rejects.toThrow(new ConflictError(message))
    expect((await store.load()).map(({ id }) => id)).toEqual(['a'])
    expect((await store.audit({ limit: 10 })).items).toEqual([])
    await store.commit(transaction([change('a', 1, null), change('a', 0)]))
    expect((await store.load())[0]?.version).toBe(1)
  })

  it('gives an answer again for 24 hours, and takes its key once in that time', async () => {
    const answer = {
      who: 'alice',
      key: 'k1',
      fingerprint: 'f',
      status: 201,
      body: { a: 1 },
      time: T0,
    }
    await store.commit(transaction([change('a', 0)], { answer }))
    expect(await store.answer('alice', 'k1')).toEqual(answer)
    expect(await store.answer('bob', 'k1')).toBeUndefined()
    await expect(store.commit(transaction([change('b', 0)], { answer }))).rejects.toThrow(
      new ConflictError('a request with the idempotency key "k1" was answered already'),
    )
    expect(await store.load()).toHaveLength(1)
    now = T0 + 86_400_001
    expect(await store.answer('alice', 'k1')).toBeUndefined()
    const again = { ...answer, status: 200, time: now }
    await store.commit(transaction([], { answer: again, time: now }))
    expect(await store.answer('alice', 'k1')).toEqual(again)
  })

  it('finds lines of the audit log, newest first, page by page', async () => {
    const entries = [
      auditEntry(),
      auditEntry({ who: 'bob', time: T0 + 1, kind: 'connection', id: 'ams/1', before: { a: 1 } }),
      auditEntry({ time: T0 + 2, id: 'ams2', after: null }),
    ]
    await store.commit(transaction([], { audit: entries }))
    const first = await store.audit({ limit: 2 })
    expect(first.items).toEqual([
      { ...entries[2], entry: 3 },
      { ...entries[1], entry: 2 },
    ])
    const rest = await store.audit({ limit: 2, cursor: first.cursor as string })
    expect(rest).toEqual({ items: [{ ...entries[0], entry: 1 }], cursor: null })
    const found = async (query: object) =>
      (await store.audit({ limit: 10, ...query })).items.map(({ entry }) => entry)
    expect(await found({ who: 'bob' })).toEqual([2])
    expect(await found({ kind: 'peering' })).toEqual([3, 1])
    expect(await found({ id: 'ams' })).toEqual([1])
    expect(await found({ kind: 'peering', id: 'ams', below: true })).toEqual([2, 1])
    expect(await found({ from: T0 + 1, to: T0 + 2 })).toEqual([2])
    await expect(store.audit({ limit: 1, cursor: 'x' })).rejects.toThrow(CursorError)
  })

  it('finds events by prefix, session, time and level, in either order', async () => {
    const { prefix: _, ...noPrefix } = historyEvent()
    for (const event of [
      historyEvent(),
      historyEvent({ time: T0 + 2, level: 'Error', session: null }),
      historyEvent({ time: T0 + 1, prefix: 'mail', level: 'Warning' }),
      { ...noPrefix, prefix: null, time: T0 + 3 },
    ]) {
      store.record(event)
    }
    await store.flush()
    const found = async (query: object) =>
      (await store.history({ limit: 10, ...query })).items.map(({ id }) => id)
    expect(await found({})).toEqual([4, 2, 3, 1])
    expect(await found({ order: 'oldest' })).toEqual([1, 3, 2, 4])
    expect(await found({ prefix: 'web' })).toEqual([2, 1])
    expect(await found({ session: 'edge-a' })).toEqual([4, 3, 1])
    expect(await found({ levels: ['Error', 'Warning'] })).toEqual([2, 3])
    expect(await found({ from: T0 + 1, to: T0 + 3 })).toEqual([2, 3])
    const first = await store.history({ limit: 3, order: 'oldest' })
    expect(first.items[0]).toEqual({ ...historyEvent(), id: 1 })
    const cursor = first.cursor as string
    expect((await store.history({ limit: 3, order: 'oldest', cursor })).items[0]?.id).toBe(4)
    expect(store.status()).toMatchObject({ ok: true, waitingEvents: 0, lostEvents: 0 })
  })

  it('reads the words of an event as late as it writes them', async () => {
    class Late {
      readonly time = T0
      readonly type = 'VerdictChangeEvent'
      readonly level = 'Error'
      readonly prefix = 'web'
      readonly session = null
      readonly summary = 'late'
      readonly detail = {}
      get description() {
        return 'made when it is asked for'
      }
    }
    store.record(new Late())
    await store.flush()
    const { items } = await store.history({ limit: 1 })
    expect(items[0]?.description).toBe('made when it is asked for')
  })
})

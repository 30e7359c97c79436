/** The store's file, when its process is killed, and when its disk is full or broken. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  change,
  historyEvent,
  openTestStore,
  scratchDirectory,
  T0,
  transaction,
} from '../store/support/build.ts'
import { crashAgainAndAgain } from '../store/support/crash.ts'
import { seeded } from './support/random.ts'
import { makeSmallDisk } from './support/small-disk.ts'

const scratch = scratchDirectory()
afterAll(scratch.remove)

function directoryOf(name: string): string {
  const path = join(scratch.path, name)
  mkdirSync(path)
  return path
}

describe('the store', () => {
  test('loses none of a thousand commits to kill -9', { timeout: 300_000 }, async () => {
    const path = join(scratch.path, 'crash.db')
    const outcome = await crashAgainAndAgain(path, 1000, 60, seeded(7))
    console.log(
      `${outcome.acknowledged} commits acknowledged, ${outcome.kills} kills, ${outcome.unsaid} commits there that were not acknowledged yet`,
    )
    expect(outcome.wrong).toEqual([])
    expect(outcome.acknowledged).toBeGreaterThanOrEqual(1000)
    expect(outcome.kills).toBeGreaterThan(15)
  })

  test('says that the disk is full, and goes on when there is room', async () => {
    const disk = await makeSmallDisk(directoryOf('full'))
    try {
      const path = join(disk.path, 'full.db')
      const store = await openTestStore(path, { retryMs: 50 })
      await store.commit(transaction([change('before', 0)]))
      await disk.fill()
      const full = `the disk of ${disk.path} is full; free some room, and it goes on by itself`
      const large = { text: 'x'.repeat(100_000) }
      await expect(store.commit(transaction([change('large', 0, large)]))).rejects.toThrow(full)
      store.record(historyEvent())
      await expect(store.flush()).rejects.toThrow(full)
      expect(store.status()).toMatchObject({ ok: false, waitingEvents: 1 })
      expect((await store.load()).map(({ id }) => id)).toEqual(['before'])

      await disk.free()
      await expect.poll(() => store.status().ok, { timeout: 5000 }).toBe(true)
      await store.flush()
      await store.commit(transaction([change('large', 0, large)]))
      await store.close()
      const again = await openTestStore(path)
      expect((await again.load()).map(({ id }) => id)).toEqual(['before', 'large'])
      expect((await again.history({ limit: 5 })).items).toHaveLength(1)
      await again.close()
    } finally {
      await disk.remove()
    }
  })

  test('says that the file system turned read-only, and keeps what it acknowledged', async () => {
    const disk = await makeSmallDisk(directoryOf('read-only'))
    try {
      const path = join(disk.path, 'store.db')
      let now = T0
      const store = await openTestStore(path, { retryMs: 50, now: () => now })
      await store.commit(transaction([change('before', 0)]))
      await disk.fail()
      // Nobody writes, and it is noticed all the same.
      now += 30_000
      await expect.poll(() => store.status().ok, { timeout: 5000 }).toBe(false)
      const words = `${path}: the system cannot read or write it: its file system is read-only, or its disk is broken`
      expect(store.status().detail).toContain(words)
      await expect(store.commit(transaction([change('after', 0)]))).rejects.toThrow(words)
      store.record(historyEvent())
      await expect(store.flush()).rejects.toThrow(words)
      expect((await store.load()).map(({ id }) => id)).toEqual(['before'])
      await store.close()

      await disk.mend('ro')
      await expect(openTestStore(path)).rejects.toThrow(
        `${path}: the file system of ${disk.path} is read-only; look at its disk, and mount it writable (EROFS)`,
      )
      await disk.mend()
      const again = await openTestStore(path)
      expect((await again.load()).map(({ id }) => id)).toEqual(['before'])
      await again.commit(transaction([change('after', 0)]))
      await again.close()
    } finally {
      await disk.remove()
    }
  })
})

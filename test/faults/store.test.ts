/** The store's file, when its process is killed and when its disk is full. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  change,
  historyEvent,
  openTestStore,
  scratchDirectory,
  transaction,
} from '../store/support/build.ts'
import { crashAgainAndAgain } from '../store/support/crash.ts'
import { seeded } from './support/random.ts'

const scratch = scratchDirectory()
afterAll(scratch.remove)

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
    const directory = join(scratch.path, 'small')
    mkdirSync(directory)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory])
    try {
      const path = join(directory, 'full.db')
      const store = await openTestStore(path, { retryMs: 50 })
      await store.commit(transaction([change('before', 0)]))
      const filler = join(directory, 'filler')
      expect(() => writeFileSync(filler, Buffer.alloc(5 << 20))).toThrow('ENOSPC')
      const full = `the disk of ${directory} is full; free some room, and it goes on by itself`
      const large = { text: 'x'.repeat(100_000) }
      await expect(store.commit(transaction([change('large', 0, large)]))).rejects.toThrow(full)
      store.record(historyEvent())
      await expect(store.flush()).rejects.toThrow(full)
      expect(store.status()).toMatchObject({ ok: false, waitingEvents: 1 })
      expect((await store.load()).map(({ id }) => id)).toEqual(['before'])

      rmSync(filler)
      await expect.poll(() => store.status().ok, { timeout: 5000 }).toBe(true)
      await store.flush()
      await store.commit(transaction([change('large', 0, large)]))
      await store.close()
      const again = await openTestStore(path)
      expect((await again.load()).map(({ id }) => id)).toEqual(['before', 'large'])
      expect((await again.history({ limit: 5 })).items).toHaveLength(1)
      await again.close()
    } finally {
      execFileSync('umount', [directory])
    }
  })
})

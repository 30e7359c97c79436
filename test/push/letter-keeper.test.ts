import { describe, expect, test } from 'vitest'
import type { DeadLetter, Letter } from '../../src/push/delivery.ts'
import { openLetterKeeper } from '../../src/push/letter-keeper.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { type LetterChange, StoreError } from '../../src/store/types.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const DAY = 86_400_000

/** A store that can be made to fail, and what it was asked to write. */
function lab() {
  const memory = createMemoryStore()
  const clock = createFakeClock()
  const written: LetterChange[][] = []
  const state = { full: false }
  const store = {
    letters: memory.letters,
    async keepLetters(changes: readonly LetterChange[]) {
      if (state.full) throw new StoreError('the disk is full')
      written.push([...changes])
      await memory.keepLetters(changes)
    },
  }
  const letter = (id: string, madeAt = clock.now()): Letter => ({
    id,
    title: `title of ${id}`,
    body: { contentType: 'application/json', text: `{"id":"${id}"}` },
    madeAt,
  })
  return {
    clock,
    store,
    written,
    state,
    letter,
    dead: (id: string): DeadLetter => ({ ...letter(id), tries: 3, diedAt: 5, why: 'nobody' }),
    open: (...names: string[]) =>
      openLetterKeeper(
        store,
        names.map((name) => ({ name })),
        clock,
      ),
    /** Lets time pass, and what it begins come to its end. */
    async wait(milliseconds: number) {
      clock.advance(milliseconds)
      await new Promise(setImmediate)
    },
  }
}

describe('letters', () => {
  test('are there again, in their order, each with its webhook', async () => {
    const { open, letter, dead } = lab()
    const first = await open('noc', 'chat')
    const noc = first.box('noc')
    noc.wait(letter('a'))
    noc.wait(letter('b'))
    noc.wait(letter('c'))
    noc.bury(dead('a'))
    noc.forget('b')
    first.box('chat').wait(letter('a'))
    await first.flush()
    const again = await open('noc', 'chat')
    expect(again.left('noc')).toEqual({ waiting: [letter('c')], dead: [dead('a')] })
    expect(again.left('chat')).toEqual({ waiting: [letter('a')], dead: [] })
    expect(again.left('other')).toEqual({ waiting: [], dead: [] })
  })

  test('that die or are sent anew go behind the others', async () => {
    const { open, letter, dead } = lab()
    const first = await open('noc')
    const box = first.box('noc')
    for (const id of ['a', 'b']) box.bury(dead(id))
    box.bury(dead('c'))
    await first.flush()
    box.wait(letter('a'))
    await first.flush()
    const { waiting, dead: buried } = (await open('noc')).left('noc')
    expect([waiting.map(({ id }) => id), buried.map(({ id }) => id)]).toEqual([['a'], ['b', 'c']])
  })

  test('that are delivered at once are never written', async () => {
    const { open, letter, written, wait } = lab()
    const keeper = await open('noc')
    const box = keeper.box('noc')
    box.wait(letter('a'))
    box.forget('a')
    box.wait(letter('b'))
    await wait(100)
    expect(written).toEqual([[{ put: expect.objectContaining({ webhook: 'noc', id: 'b' }) }]])
    box.forget('b')
    await wait(100)
    expect(written[1]).toEqual([{ forget: { webhook: 'noc', id: 'b' } }])
  })

  test('wait for a disk that is full, and the last that is known of each is written', async () => {
    const { open, letter, dead, state, wait, written } = lab()
    const keeper = await open('noc')
    const box = keeper.box('noc')
    const [a, b] = [dead('a'), letter('b')]
    state.full = true
    box.wait(letter('a'))
    box.wait(b)
    await wait(100)
    box.bury(a)
    await wait(4999)
    expect(written).toEqual([])
    state.full = false
    await wait(1)
    expect(written).toHaveLength(1)
    expect((await open('noc')).left('noc')).toEqual({ waiting: [b], dead: [a] })
  })

  test('are written two hundred at a time', async () => {
    const { open, letter, written } = lab()
    const keeper = await open('noc')
    for (let i = 0; i < 450; i++) keeper.box('noc').wait(letter(`${i}`))
    await keeper.flush()
    expect(written.map((batch) => batch.length)).toEqual([200, 200, 50])
    expect((await open('noc')).left('noc').waiting.map(({ id }) => id)).toEqual(
      Array.from({ length: 450 }, (_, i) => `${i}`),
    )
  })

  test('to a webhook that is no longer configured are kept thirty days', async () => {
    const { open, letter, clock } = lab()
    const first = await open('noc')
    first.box('noc').wait(letter('a'))
    await first.flush()
    clock.advance(30 * DAY - 1)
    await (await open()).flush()
    expect((await open('noc')).left('noc').waiting).toHaveLength(1)
    clock.advance(1)
    await (await open()).flush()
    expect((await open('noc')).left('noc').waiting).toEqual([])
  })
})

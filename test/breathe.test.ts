import { expect, test } from 'vitest'
import { beginSlice } from '../src/breathe.ts'

test('however many breathe, one goes on in a turn, in their order, and none is forgotten', async () => {
  const done: number[] = []
  let turn = 0
  let counting = true
  const count = () => {
    turn++
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  const turns: number[] = []
  await Promise.all(
    [0, 1, 2].map(async (each) => {
      const slice = beginSlice()
      for (let i = 0; i < 3; i++) {
        await slice.breathe()
        done.push(each)
        turns.push(turn)
      }
    }),
  )
  counting = false
  expect(done).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2])
  expect(new Set(turns).size).toBe(turns.length)
})

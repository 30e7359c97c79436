/** How tokens are compared: the time of an answer must tell nothing about them. */
import { createHash } from 'node:crypto'
import { beforeEach, expect, test, vi } from 'vitest'
import { testApi } from '../support/test-api.ts'

const compared = vi.hoisted(() => [] as [Buffer, Buffer][])
vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return {
    ...crypto,
    timingSafeEqual(a: Buffer, b: Buffer) {
      compared.push([a, b])
      return crypto.timingSafeEqual(a, b)
    },
  }
})

beforeEach(() => {
  compared.length = 0
})

test.for([
  ['the first', 'secret1', 200],
  ['the last', 'secret2', 200],
  ['one that begins like one', 'secret', 401],
  ['one that goes on after one', 'secret11', 401],
  ['none of them', 'x', 401],
  ['a very long one', 'x'.repeat(4000), 401],
] as const)('every token is compared, whichever is sent: %s', async ([, token, status]) => {
  const { app } = testApi({ tokens: ['secret1', 'secret2'] })
  const headers = { authorization: `Bearer ${token}` }
  const { statusCode } = await app.inject({ url: '/api/v1/sessions', headers })
  expect(statusCode).toBe(status)
  // Digests, so that no length shows either; of what was sent against each that is known.
  const digest = (text: string) => createHash('sha256').update(text).digest('hex')
  const pairs = compared.map((pair) => pair.map((each) => each.toString('hex')).sort())
  expect(pairs).toEqual(['secret1', 'secret2'].map((each) => [digest(each), digest(token)].sort()))
})

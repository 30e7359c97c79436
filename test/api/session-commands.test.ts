/** `POST /api/v1/sessions/{name}/...` */
import { describe, expect, test } from 'vitest'
import { fakeStatus, fakeWorld } from '../support/fake-views.ts'
import { type TestApiOptions, testApi } from '../support/test-api.ts'

const TOKEN = 'a-token-of-the-test'

async function post(path: string, body?: unknown, options: TestApiOptions = {}) {
  const world = fakeWorld({ statuses: [fakeStatus('Established')] })
  const { app, commanded } = testApi({ world, tokens: [TOKEN], ...options })
  const response = await app.inject({
    method: 'POST',
    url: `/api/v1/sessions/${path}`,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(body !== undefined && { payload: body as object }),
  })
  return { status: response.statusCode, json: response.json(), commanded }
}

describe('commands on a session', () => {
  test('shutdown passes the communication on and says who asked', async () => {
    const { status, json, commanded } = await post('edge-a/shutdown', { communication: 'at noon' })
    expect([status, json.name]).toEqual([200, 'edge-a'])
    expect(commanded).toEqual(['shutdown edge-a "at noon" by the API (token-1, 127.0.0.1)'])
  })

  test.for<[string, string]>([
    ['shutdown', 'shutdown edge-a "" by the API (token-1, 127.0.0.1)'],
    ['start', 'start edge-a by the API (token-1, 127.0.0.1)'],
    ['clear', 'clear edge-a soft by the API (token-1, 127.0.0.1)'],
  ])('%s without a body', async ([command, expected]) => {
    const { status, commanded } = await post(`edge-a/${command}`)
    expect([status, commanded]).toEqual([200, [expected]])
  })

  test('a hard clear', async () => {
    const { json, commanded } = await post('edge-a/clear', { mode: 'hard' })
    expect(json).toMatchObject({ mode: 'hard', families: ['ipv4'], session: { name: 'edge-a' } })
    expect(commanded).toEqual(['clear edge-a hard by the API (token-1, 127.0.0.1)'])
  })

  test('a clear that is not possible is a conflict', async () => {
    const cleared = { refused: 'The session is not Established.' }
    const { status, json } = await post('edge-a/clear', {}, { cleared })
    expect(status).toBe(409)
    expect(json).toMatchObject({
      type: 'urn:bgpwarden:problem:conflict',
      detail: cleared.refused,
    })
  })

  test.for<[string, unknown]>([
    ['shutdown', { communication: 'é'.repeat(128) }],
    ['shutdown', { communication: 'line\nbreak' }],
    ['shutdown', { reason: 'x' }],
    ['clear', { mode: 'softly' }],
  ])('%s refuses %j', async ([command, body]) => {
    const { status, commanded } = await post(`edge-a/${command}`, body)
    expect([status, commanded]).toEqual([400, []])
  })

  test.for(['shutdown', 'start', 'clear'])('%s needs a session and a token', async (command) => {
    const unknown = await post(`edge-x/${command}`)
    expect([unknown.status, unknown.commanded]).toEqual([404, []])
    const readOnly = await post(`edge-a/${command}`, undefined, { tokens: [] })
    expect([readOnly.status, readOnly.commanded]).toEqual([403, []])
    const wrong = await post(`edge-a/${command}`, undefined, { tokens: ['another-token-here'] })
    expect([wrong.status, wrong.commanded]).toEqual([401, []])
  })
})

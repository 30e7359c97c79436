/** Who may do what: roles, and tenants that see their own alone. */
import { describe, expect, test } from 'vitest'
import type { ApiToken } from '../../src/api/auth.ts'
import { overviewSchema } from '../../src/api/status-schemas.ts'
import type { Registry } from '../../src/peering/registry-types.ts'
import { fakeRoute, fakeStatus, fakeVerdict, fakeWorld, NINE } from '../support/fake-views.ts'
import { testApi } from '../support/test-api.ts'

const tokens: ApiToken[] = [
  { name: 'eye', role: 'reader', owner: null, token: 'reader-token-0000' },
  { name: 'noc', role: 'operator', owner: null, token: 'operator-token-00' },
  { name: 'boss', role: 'admin', owner: null, token: 'admin-token-00000' },
  { name: 'contoso', role: 'provider', owner: 'contoso', token: 'provider-token-00' },
  { name: 'fabrikam', role: 'customer', owner: 'fabrikam', token: 'customer-token-00' },
]

const owners: Record<string, string | null> = {
  'session edge-a': 'contoso',
  'session edge-b': null,
  'prefix shop': 'fabrikam',
}
const registry: Pick<Registry, 'ownerOf' | 'sessionFindings'> = {
  ownerOf: (what, name) => owners[`${what} ${name}`],
  sessionFindings: () => [],
}

function world() {
  return fakeWorld({
    statuses: ['edge-a', 'edge-b', 'edge-c'].map((name) => fakeStatus('Established', { name })),
    routes: { 'edge-a': [fakeRoute('192.0.2.0/24')], 'edge-b': [fakeRoute('192.0.2.0/24')] },
    verdicts: [
      fakeVerdict('web', '192.0.2.0/24', 'Verified', { owner: 'contoso' }),
      fakeVerdict('mail', '198.51.100.0/24', 'Failed'),
      // What the registry says of a prefix goes before the owner that the engine knows.
      fakeVerdict('shop', '203.0.113.0/24', 'Pending', { owner: 'contoso' }),
    ],
  })
}

function prepare(anonymousRead = false) {
  const lab = testApi({ world: world(), tokens, anonymousRead, registry: registry as Registry })
  const ask = (role: ApiToken['role'] | null, method: 'GET' | 'POST', path: string) => {
    const token = tokens.find((each) => each.role === role)?.token
    return lab.app.inject({
      method,
      url: path.startsWith('/') ? path : `/api/v1/${path}`,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  }
  const names = async (role: ApiToken['role'], path: string) =>
    (await ask(role, 'GET', path)).json<{ items: { name: string }[] }>().items.map((i) => i.name)
  return { ...lab, ask, names }
}

describe('roles', () => {
  test.for<[ApiToken['role'] | null, number]>([
    [null, 401],
    ['reader', 403],
    ['operator', 200],
    ['admin', 200],
    ['provider', 403],
    ['customer', 403],
  ])('commanding a session as %s', async ([role, status]) => {
    const { ask, commanded } = prepare()
    const answer = await ask(role, 'POST', 'sessions/edge-a/start')
    expect(answer.statusCode).toBe(status)
    expect(commanded).toHaveLength(status === 200 ? 1 : 0)
    expect(answer.body).not.toContain('token-0')
  })

  test('a refusal names the token by its name and says which roles may', async () => {
    const { ask } = prepare()
    const answer = await ask('reader', 'POST', 'sessions/edge-a/start')
    expect(answer.json()).toMatchObject({
      type: 'urn:bgpwarden:problem:forbidden',
      detail:
        'The token eye is of the role reader, which may not do this; it takes one of operator, admin.',
    })
  })

  test('who asked stands with a command', async () => {
    const { ask, commanded } = prepare()
    await ask('operator', 'POST', 'sessions/edge-a/start')
    expect(commanded).toEqual(['start edge-a by the API (noc, 127.0.0.1)'])
  })

  test.for<[string, number, number]>([
    ['sessions', 401, 200],
    ['/metrics', 401, 200],
    ['/birdwatcher/status', 401, 200],
    ['/healthz', 200, 200],
    ['/readyz', 200, 200],
    ['/openapi.json', 200, 200],
    ['/', 200, 200],
  ])('GET %s without a token', async ([path, closed, open]) => {
    expect((await prepare(false).ask(null, 'GET', path)).statusCode).toBe(closed)
    expect((await prepare(true).ask(null, 'GET', path)).statusCode).toBe(open)
  })

  test('a token that nobody holds is no anonymous reader', async () => {
    const { app } = prepare(true)
    const headers = { authorization: 'Bearer nobody-has-this-one' }
    expect((await app.inject({ url: '/api/v1/sessions', headers })).statusCode).toBe(401)
  })
})

describe('a tenant', () => {
  test('sees its own sessions and prefixes, as registry or configuration say', async () => {
    const { names } = prepare()
    expect(await names('reader', 'sessions')).toEqual(['edge-a', 'edge-b', 'edge-c'])
    expect(await names('provider', 'sessions')).toEqual(['edge-a'])
    expect(await names('customer', 'sessions')).toEqual([])
    expect(await names('provider', 'prefixes')).toEqual(['web'])
    expect(await names('customer', 'prefixes')).toEqual(['shop'])
  })

  test('counts its own prefixes alone', async () => {
    const { ask } = prepare()
    expect((await ask('customer', 'GET', 'prefixes')).json()).toMatchObject({
      matched: 1,
      counts: { Pending: 1, Verified: 0, Failed: 0 },
    })
  })

  test.for([
    'sessions/edge-b',
    'sessions/edge-b/routes',
    'sessions/edge-c',
    'prefixes/mail',
    'prefixes/shop',
  ])('%s of another is not there', async (path) => {
    const { ask } = prepare()
    expect((await ask('reader', 'GET', path)).statusCode).toBe(200)
    expect((await ask('provider', 'GET', path)).statusCode).toBe(404)
  })

  test('has its own prefixes judged, and no other', async () => {
    const { ask } = prepare()
    expect((await ask('provider', 'POST', 'prefixes/web/validate')).statusCode).toBe(200)
    expect((await ask('provider', 'POST', 'prefixes/mail/validate')).statusCode).toBe(404)
  })

  test('does not reach what is about everybody', async () => {
    const { ask } = prepare()
    for (const path of ['/metrics', '/birdwatcher/status']) {
      expect((await ask('provider', 'GET', path)).statusCode, path).toBe(403)
      expect((await ask('reader', 'GET', path)).statusCode, path).toBe(200)
    }
  })

  test('has an overview of its own prefixes, sessions and events', async () => {
    const { eventLog, ask } = prepare()
    for (const session of ['edge-a', 'edge-b']) {
      const change = { from: 'Established', to: 'Idle', detail: 'down' } as const
      eventLog.append({ kind: 'session', time: NINE, session, ...change })
    }
    for (const name of ['web', 'mail']) {
      const change = { from: null, to: 'Failed', duration: 0, opened: [], closed: [] } as const
      eventLog.append({ kind: 'prefix', time: NINE, name, prefix: '192.0.2.0/24', ...change })
    }
    const overview = async (role: ApiToken['role']) =>
      overviewSchema.parse((await ask(role, 'GET', 'overview')).json())
    const all = await overview('reader')
    expect([all.prefixes.total, all.sessions.total, all.failing.length]).toEqual([3, 3, 1])
    const own = await overview('provider')
    expect(own.prefixes).toMatchObject({ total: 1, byState: { Verified: 1, Failed: 0 } })
    expect(own.prefixes.byReason).toEqual([])
    expect(own.sessions).toMatchObject({ total: 1, up: 1 })
    expect(own.failing).toEqual([])
    expect(own.recent.prefixes.map(({ name }) => name)).toEqual(['web'])
    expect(own.recent.sessions.map(({ session }) => session)).toEqual(['edge-a'])
    expect((await overview('customer')).sessions.total).toBe(0)
  })

  test('reads events of its own alone', async () => {
    const { eventLog, ask } = prepare()
    for (const session of ['edge-a', 'edge-b']) {
      const change = { from: 'OpenConfirm', to: 'Established', detail: 'up' } as const
      eventLog.append({ kind: 'session', time: NINE, session, ...change })
    }
    for (const [name, prefix] of [
      ['web', '192.0.2.0/24'],
      ['shop', '203.0.113.0/24'],
    ] as const) {
      const change = {
        from: 'Pending',
        to: 'Verified',
        duration: 0,
        opened: [],
        closed: [],
      } as const
      eventLog.append({ kind: 'prefix', time: NINE, name, prefix, ...change })
    }
    const seen = async (role: ApiToken['role']) =>
      (await ask(role, 'GET', 'events'))
        .json<{ items: { session?: string; name?: string }[] }>()
        .items.map((event) => event.session ?? event.name)
    expect(await seen('reader')).toEqual(['edge-a', 'edge-b', 'web', 'shop'])
    expect(await seen('provider')).toEqual(['edge-a', 'web'])
    expect(await seen('customer')).toEqual(['shop'])
  })
})

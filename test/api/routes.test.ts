import { describe, expect, test } from 'vitest'
import { eventListSchema } from '../../src/api/event-schemas.ts'
import { explanationSchema, prefixListSchema, prefixSchema } from '../../src/api/prefix-schemas.ts'
import { routeListSchema } from '../../src/api/route-schemas.ts'
import { sessionListSchema, sessionSchema } from '../../src/api/session-schemas.ts'
import type { Finding } from '../../src/engine/types.ts'
import { Family } from '../../src/prefix/prefix.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { fakeRegistry } from '../support/fake-registry.ts'
import {
  fakeNegotiated,
  fakeNotification,
  fakeRoute,
  fakeStatus,
  fakeTallies,
  fakeVerdict,
  fakeWorld,
  NINE,
} from '../support/fake-views.ts'
import { testApi } from '../support/test-api.ts'

const TIME = '2026-11-21T09:00:00.000Z'

const missing: Finding = {
  reason: 'missing-community',
  severity: 'error',
  session: 'edge-a',
  message: 'The route on edge-a lacks 8075:8007.',
  action: 'The announcing network adds it.',
  evidence: { asPath: '64501', communities: ['64501:1'], nextHop: '192.0.2.9' },
  since: NINE,
}

describe('sessions', () => {
  test('one session, flat, with times and capabilities in words', async () => {
    const status = fakeStatus(
      'Established',
      {
        description: 'rack 7',
        maxPrefixes: { limit: 2000, warnAt: 80 },
        localAddress: '192.0.2.77',
      },
      {
        flaps: 2,
        lastNotification: fakeNotification(),
        notifications: [{ direction: 'received', code: 6, subcode: 2, count: 3 }],
        negotiated: fakeNegotiated({ holdTime: 9, keepaliveTime: 3 }),
      },
    )
    const tallies = fakeTallies({ prefixes: { ipv4: 12, ipv6: 1 } })
    const outside = {
      reason: 'outside-address-space',
      severity: 'error',
      message: 'The session of hub announces 10.77.0.0/16.',
      action: 'Stop.',
    } as const
    const held = { session: 'edge-a', prefixes: ['10.77.0.0/16'], count: 1, since: NINE }
    const { app } = testApi({
      world: fakeWorld({ statuses: [status], tallies: { 'edge-a': tallies } }),
      registry: { ...fakeRegistry().registry, sessionFindings: () => [{ ...outside, ...held }] },
    })
    const response = await app.inject('/api/v1/sessions/edge-a')
    expect(response.statusCode).toBe(200)
    const session: unknown = response.json()
    expect(sessionSchema.parse(session)).toEqual(session)
    expect(session).toMatchObject({
      name: 'edge-a',
      description: 'rack 7',
      findings: [
        {
          ...outside,
          evidence: { routes: ['10.77.0.0/16'], count: 1 },
          link: '/docs/findings/outside-address-space',
          since: TIME,
        },
      ],
      state: 'Established',
      stateNumber: 6,
      up: true,
      since: TIME,
      remoteAddress: '192.0.2.9',
      remotePort: 179,
      remoteAsn: 64501,
      remoteRouterId: '192.0.2.9',
      localAddress: '192.0.2.1',
      localAsn: 64500,
      routerId: '192.0.2.1',
      configuredHoldTime: 90,
      holdTime: 9,
      keepaliveTime: 3,
      capabilities: [
        'Multiprotocol IPv4 unicast (RFC 4760)',
        'Multiprotocol IPv6 unicast (RFC 4760)',
        'Route refresh (RFC 2918)',
        '4-octet AS number 64501 (RFC 6793)',
      ],
      connectionPort: 40001,
      establishedAt: TIME,
      lastMessageAt: '2026-11-21T09:00:01.500Z',
      nextTryAt: null,
      maxPrefixes: 2000,
      lastNotification: { text: 'Cease / Administrative Shutdown', communication: 'maintenance' },
      notifications: [{ direction: 'received', code: 6, subcode: 2, count: 3 }],
      prefixes: { ipv4: 12, ipv6: 1 },
    })
  })

  test('a session that is down says why and when it tries next', async () => {
    const status = fakeStatus(
      'Connect',
      { localAddress: '192.0.2.77' },
      { lastError: 'Connection refused.', nextTryAt: NINE + 30_000 },
    )
    const { app } = testApi({ world: fakeWorld({ statuses: [status] }) })
    const session: unknown = (await app.inject('/api/v1/sessions/edge-a')).json()
    expect(session).toMatchObject({
      state: 'Connect',
      stateNumber: 2,
      up: false,
      holdTime: null,
      capabilities: null,
      localAddress: '192.0.2.77',
      lastError: 'Connection refused.',
      nextTryAt: '2026-11-21T09:00:30.000Z',
      prefixes: { ipv4: 0, ipv6: 0 },
    })
  })

  test('the list pages, filters and searches', async () => {
    const world = fakeWorld({
      statuses: ['a', 'b', 'c', 'd', 'e'].map((name, i) =>
        fakeStatus(i % 2 === 0 ? 'Established' : 'Idle', { name, asn: 64500 + i }),
      ),
    })
    const { app } = testApi({ world })
    const page = async (query: string) =>
      sessionListSchema.parse((await app.inject(`/api/v1/sessions?${query}`)).json())
    const names = async (query: string) => (await page(query)).items.map(({ name }) => name)
    const first = await page('limit=2')
    expect(first.items.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(first).toMatchObject({ matched: 5, counts: { Established: 3, Idle: 2, Active: 0 } })
    expect(await page('state=Idle')).toMatchObject({ matched: 2, counts: { Established: 3 } })
    const second = await page(`limit=2&cursor=${first.cursor}`)
    expect(second.items.map(({ name }) => name)).toEqual(['c', 'd'])
    const third = await page(`limit=2&cursor=${second.cursor}`)
    expect([third.items.map(({ name }) => name), third.cursor]).toEqual([['e'], null])
    // What the first cursor stood after is gone: the page goes on where it stood.
    world.statuses.splice(0, 2)
    expect(await names(`limit=2&cursor=${first.cursor}`)).toEqual(['d', 'e'])
    expect(await names('state=Idle')).toEqual(['d'])
    expect(await names('search=64504')).toEqual(['e'])
  })

  test('routes: the whole table in pages, or by prefix', async () => {
    const routes = ['192.0.2.0/24', '192.0.2.0/25', '198.51.100.0/24', '2001:db8::/32'].map(
      (prefix) => fakeRoute(prefix),
    )
    const world = fakeWorld({ statuses: [fakeStatus('Established')], routes: { 'edge-a': routes } })
    const { app } = testApi({ world })
    const page = async (query: string) =>
      routeListSchema.parse((await app.inject(`/api/v1/sessions/edge-a/routes?${query}`)).json())
    const prefixes = async (query: string) => (await page(query)).items.map(({ prefix }) => prefix)
    const first = await page('limit=3')
    expect(first.items).toHaveLength(3)
    expect(first.items[0]).toEqual({ ...fakeRoute('192.0.2.0/24'), receivedAt: TIME })
    const second = await page(`limit=3&cursor=${first.cursor}`)
    expect(second.items.map(({ prefix }) => prefix)).toEqual(['2001:db8::/32'])
    expect(second.cursor).toBeNull()
    expect(await prefixes('prefix=192.0.2.0/24')).toEqual(['192.0.2.0/24'])
    expect(await prefixes('prefix=192.0.2.0/25&match=covering')).toEqual([
      '192.0.2.0/24',
      '192.0.2.0/25',
    ])
    expect(await prefixes('prefix=192.0.0.0/16&match=covered')).toEqual([
      '192.0.2.0/24',
      '192.0.2.0/25',
    ])
  })
})

describe('prefixes', () => {
  const world = () =>
    fakeWorld({
      verdicts: [
        fakeVerdict('web', '192.0.2.0/24', 'Failed', {
          owner: 'contoso',
          findings: [missing],
          sessions: [
            { session: 'edge-a', status: 'received', route: fakeRoute('192.0.2.0/24') },
            { session: 'edge-b', status: 'down' },
          ],
        }),
        fakeVerdict('mail', '198.51.100.0/24'),
        fakeVerdict('six', '2001:db8::/32', 'Pending'),
        fakeVerdict('a/b ü', '203.0.113.0/24', 'Invalid', {
          errorMessage: 'The prefix is private.',
        }),
      ],
    })

  test('one verdict, with findings, evidence and sessions', async () => {
    const { app } = testApi({ world: world() })
    const prefix: unknown = (await app.inject('/api/v1/prefixes/web')).json()
    expect(prefixSchema.parse(prefix)).toEqual(prefix)
    expect(prefix).toMatchObject({
      name: 'web',
      prefix: '192.0.2.0/24',
      family: 'ipv4',
      owner: 'contoso',
      state: 'Failed',
      since: TIME,
      reasons: ['missing-community'],
      errorMessage: 'The route on edge-a lacks 8075:8007.',
      originAsns: [64501],
      policy: { requiredCommunities: ['8075:8007'], maxAsPathLength: 3 },
      findings: [{ ...missing, since: TIME, link: '/docs/findings/missing-community' }],
      sessions: [
        { session: 'edge-a', status: 'received', route: { receivedAt: TIME } },
        { session: 'edge-b', status: 'down', route: null },
      ],
    })
  })

  test('a name with a slash and other letters is found', async () => {
    const { app } = testApi({ world: world() })
    const response = await app.inject(`/api/v1/prefixes/${encodeURIComponent('a/b ü')}`)
    expect(response.json()).toMatchObject({ name: 'a/b ü' })
  })

  test.for([
    ['', ['web', 'mail', 'six', 'a/b ü']],
    ['state=Failed', ['web']],
    ['reason=missing-community', ['web']],
    ['search=CONTOSO', ['web']],
    ['search=198.51', ['mail']],
    ['search=2001:DB8', ['six']],
    ['state=Failed&search=mail', []],
    ['peering=a', ['a/b ü']],
    ['peering=web', []],
    ['session=edge-a&reason=missing-community', ['web']],
    ['session=edge-b&reason=missing-community', []],
    ['session=edge-a', ['web']],
    ['session=edge-c', []],
  ] as const)('the list with "%s"', async ([query, names]) => {
    const { app } = testApi({ world: world() })
    const list: unknown = (await app.inject(`/api/v1/prefixes?${query}`)).json()
    const page = prefixListSchema.parse(list)
    expect(page.items.map(({ name }) => name)).toEqual(names)
    expect(page.matched).toBe(names.length)
    expect(page.counts).toEqual({
      None: 0,
      Pending: 1,
      Verified: 1,
      Warning: 0,
      Failed: 1,
      Invalid: 1,
    })
  })

  test('the list says why', async () => {
    const { app } = testApi({ world: world() })
    const page = prefixListSchema.parse((await app.inject('/api/v1/prefixes')).json())
    expect(page.items.map(({ errorMessage }) => errorMessage)).toEqual([
      'The route on edge-a lacks 8075:8007.',
      '',
      '',
      'The prefix is private.',
    ])
  })

  test('the list says only the weightiest finding when asked', async () => {
    const second = { ...missing, message: 'And on edge-b too.', session: 'edge-b' }
    const findings = [missing, second]
    const verdicts = [fakeVerdict('web', '192.0.2.0/24', 'Failed', { findings })]
    const { app } = testApi({ world: fakeWorld({ verdicts }) })
    const said = async (query: string) =>
      prefixListSchema.parse((await app.inject(`/api/v1/prefixes${query}`)).json()).items[0]
        ?.errorMessage
    expect(await said('?messages=first')).toBe('The route on edge-a lacks 8075:8007.')
    expect(await said('')).toBe('The route on edge-a lacks 8075:8007. And on edge-b too.')
  })

  test('a filter over very many prefixes looks at a bounded number a page', async () => {
    const verdicts = Array.from({ length: 45_000 }, (_, i) =>
      fakeVerdict(`p${i}`, `10.${(i >> 8) & 255}.${i & 255}.0/24`),
    )
    const { app } = testApi({ world: fakeWorld({ verdicts }) })
    let cursor: string | null = null
    const sizes: number[] = []
    do {
      const after: string = cursor === null ? '' : `&cursor=${cursor}`
      const response = await app.inject(`/api/v1/prefixes?search=p44999${after}`)
      const page = prefixListSchema.parse(response.json())
      sizes.push(page.items.length)
      cursor = page.cursor
    } while (cursor !== null)
    expect(sizes).toEqual([0, 0, 1])
  })

  test('policy', async () => {
    const { app } = testApi()
    expect((await app.inject('/api/v1/policy')).json()).toEqual({
      requiredCommunities: ['8075:8007'],
      communityMatch: 'all',
      maxAsPathLength: 3,
      allowPrepending: false,
      bogonAsn: 'warning',
      convergenceSeconds: 60,
    })
  })
})

describe('validate writes, so it needs a token', () => {
  const validate = async (tokens: string[], authorization?: string) => {
    const world = fakeWorld({ verdicts: [fakeVerdict('web', '192.0.2.0/24')] })
    const { app } = testApi({ world, tokens })
    const response = await app.inject({
      method: 'POST',
      url: '/api/v1/prefixes/web/validate',
      headers: authorization === undefined ? {} : { authorization },
    })
    return { response, validated: world.validated }
  }

  test('with no token configured the API is read-only and says so', async () => {
    const { response, validated } = await validate([], 'Bearer anything')
    expect(response.statusCode).toBe(403)
    expect(response.json()).toMatchObject({
      type: 'urn:bgpwarden:problem:read-only',
      detail: 'This daemon has no API token configured, so its API only reads.',
    })
    expect(validated).toEqual([])
  })

  test.for<[string, string | undefined]>([
    ['none', undefined],
    ['a wrong one', 'Bearer guess'],
    ['a longer one', 'Bearer secret1x'],
    ['another scheme', 'Basic secret1'],
    ['an empty one', 'Bearer '],
  ])('401 with %s', async ([, authorization]) => {
    const { response, validated } = await validate(['secret1', 'secret2'], authorization)
    expect(response.statusCode).toBe(401)
    expect(response.headers['www-authenticate']).toBe('Bearer realm="bgpwarden"')
    expect(response.body).not.toContain('secret1')
    expect(validated).toEqual([])
  })

  test.for(['secret1', 'secret2'])('a known token: %s', async (token) => {
    const { response, validated } = await validate(['secret1', 'secret2'], `Bearer ${token}`)
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({ name: 'web', state: 'Verified' })
    expect(validated).toEqual(['web'])
  })
})

describe('explain', () => {
  const explain = async (payload: object) => {
    const world = fakeWorld()
    const { app } = testApi({ world })
    const response = await app.inject({ method: 'POST', url: '/api/v1/explain', payload })
    return { response, asked: world.explained[0] }
  }

  test.for<[string, unknown, unknown]>([
    ['text', '64501 64502', [64501, 64502]],
    ['text with an AS_SET', '64501 {64502,64503} 1.10', [64501, [64502, 64503], 65546]],
    ['numbers', [64501, [64502, 64503]], [64501, [64502, 64503]]],
    ['nothing', undefined, []],
  ])('the path as %s', async ([, asPath, expected]) => {
    const { response, asked } = await explain({
      prefix: '198.51.100.0/24',
      asPath,
      communities: ['8075:8007', '64500:1:2'],
    })
    expect(response.statusCode).toBe(200)
    expect(explanationSchema.parse(response.json())).toMatchObject({ prefix: '198.51.100.0/24' })
    expect(asked).toEqual({
      prefix: parsePrefix('198.51.100.0/24'),
      asPath: expected,
      communities: ['8075:8007', '64500:1:2'],
    })
    expect(asked?.prefix.family).toBe(Family.ipv4)
  })

  test('a registered prefix by its name', async () => {
    const verdicts = [fakeVerdict('contoso-ams/web', '198.51.100.0/24', 'Verified')]
    const world = fakeWorld({ verdicts })
    const { app } = testApi({ world })
    const payload = { prefix: 'contoso-ams/web', asPath: '64501' }
    const response = await app.inject({ method: 'POST', url: '/api/v1/explain', payload })
    expect(response.statusCode).toBe(200)
    const prefix = parsePrefix('198.51.100.0/24')
    expect(world.explained).toEqual([
      { prefix, name: 'contoso-ams/web', asPath: [64501], communities: [] },
    ])
  })

  test.for<[object, string, RegExp]>([
    [{ prefix: '198.51.100.1/24' }, 'prefix', /did you mean 198\.51\.100\.0\/24/],
    [{ prefix: 'web' }, 'prefix', /neither a prefix .* nor the name of a registered prefix/],
    [{}, 'prefix', /expected string/],
    [{ prefix: '192.0.2.0/24', asPath: '64501 x' }, 'asPath', /"x" is not an AS number/],
    [{ prefix: '192.0.2.0/24', asPath: '(64501) 64502' }, 'asPath', /confederation/],
    [{ prefix: '192.0.2.0/24', asPath: [-1] }, 'asPath.0', />=0/],
    [{ prefix: '192.0.2.0/24', communities: ['8075:8007', '1:70000'] }, 'communities.1', /70000/],
    [{ prefix: '192.0.2.0/24', comunities: [] }, 'body', /comunities/],
  ])('%j is refused at %s', async ([payload, path, message]) => {
    const { response } = await explain(payload)
    expect(response.statusCode).toBe(400)
    const { errors } = response.json<{ errors: { path: string; message: string }[] }>()
    expect(errors).toHaveLength(1)
    expect(errors[0]?.path).toBe(path)
    expect(errors[0]?.message).toMatch(message)
  })
})

describe('events as a list', () => {
  const prepared = () => {
    const { app, eventLog } = testApi()
    for (let i = 0; i < 5; i++) {
      eventLog.append({
        kind: 'session',
        time: NINE + i * 1000,
        session: `s${i}`,
        from: 'OpenConfirm',
        to: 'Established',
        detail: 'Established',
      })
    }
    eventLog.append({
      kind: 'prefix',
      time: NINE + 5000,
      name: 'web',
      prefix: '192.0.2.0/24',
      from: 'Failed',
      to: 'Verified',
      duration: 90_500,
      opened: [],
      closed: [{ ...missing, duration: 90_500 }],
    })
    const page = async (query: string) =>
      eventListSchema.parse((await app.inject(`/api/v1/events?${query}`)).json())
    const ids = async (query: string) => (await page(query)).items.map(({ id }) => id - NINE * 1000)
    return { page, ids }
  }

  test('the newest, or those after an id or a time, in pages', async () => {
    const { page, ids } = prepared()
    expect(await ids('')).toEqual([1, 2, 3, 4, 5, 6])
    expect(await ids('limit=2')).toEqual([5, 6])
    expect(await ids(`since=${NINE * 1000 + 4}`)).toEqual([5, 6])
    expect(await ids('since=2026-11-21T09:00:03Z')).toEqual([4, 5, 6])
    expect(await ids('since=2026-11-21T10:00:03%2B01:00')).toEqual([4, 5, 6])
    const first = await page('since=0&limit=4')
    expect(first.items).toHaveLength(4)
    expect(first.lastId).toBe(NINE * 1000 + 6)
    expect(await ids(`since=0&limit=4&cursor=${first.cursor}`)).toEqual([5, 6])
    expect((await page(`since=0&limit=6`)).cursor).toBeNull()
  })

  test('filters, and durations in seconds', async () => {
    const { page, ids } = prepared()
    expect(await ids('kind=prefix')).toEqual([6])
    expect(await ids('session=s2')).toEqual([3])
    expect(await ids('follow=0&session=edge-a')).toEqual([6])
    expect((await page('prefix=web')).items).toEqual([
      {
        id: NINE * 1000 + 6,
        kind: 'prefix',
        time: '2026-11-21T09:00:05.000Z',
        name: 'web',
        prefix: '192.0.2.0/24',
        from: 'Failed',
        to: 'Verified',
        durationSeconds: 90.5,
        opened: [],
        closed: [
          {
            reason: 'missing-community',
            severity: 'error',
            session: 'edge-a',
            message: 'The route on edge-a lacks 8075:8007.',
            durationSeconds: 90.5,
          },
        ],
      },
    ])
  })
})

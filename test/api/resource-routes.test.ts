/** Resources over HTTP: paths from the table, conditions, repeats, refusals. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { ApiToken } from '../../src/api/auth.ts'
import { fakeRegistry } from '../support/fake-registry.ts'
import { testApi } from '../support/test-api.ts'

const ADMIN = 'admin-token-00000'
const tokens: ApiToken[] = [
  { name: 'boss', role: 'admin', owner: null, token: ADMIN },
  { name: 'noc', role: 'operator', owner: null, token: 'operator-token-00' },
  { name: 'contoso', role: 'provider', owner: 'contoso', token: 'provider-token-00' },
]

interface Asked {
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly token?: string | null
}

function prepare() {
  const registry = fakeRegistry()
  const { app } = testApi({ tokens, ...registry, anonymousRead: true })
  const ask = async (line: string, { body, headers = {}, token = ADMIN }: Asked = {}) => {
    const [method = '', path = ''] = line.split(' ')
    const response = await app.inject({
      method: method as 'GET',
      url: `/api/v1/${path}`,
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { payload: body as object }),
    })
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      json: () => response.json<Record<string, unknown>>(),
    }
  }
  return { ...registry, app, ask }
}

const rotterdam = { name: 'rotterdam', properties: { country: 'NL' } }

describe('a resource', () => {
  let lab: ReturnType<typeof prepare>
  beforeEach(async () => {
    lab = prepare()
    expect((await lab.ask('POST harbours', { body: rotterdam })).status).toBe(201)
  })

  test('is created, with its place and its ETag', async () => {
    const body = { name: 'kiel', properties: { country: 'DE', berths: 3 } }
    const made = await lab.ask('POST harbours', { body })
    expect(made.status).toBe(201)
    expect(made.headers).toMatchObject({ etag: '"v1"', location: '/api/v1/harbours/kiel' })
    expect(made.json()).toMatchObject({
      name: 'kiel',
      id: 'kiel',
      etag: 'v1',
      owner: null,
      properties: { country: 'DE', berths: 3, state: 'Planned' },
    })
    expect((await lab.ask('GET harbours/kiel')).json()).toEqual(made.json())
  })

  test('stands under its parent', async () => {
    const body = { name: 'ada', properties: { length: 80 } }
    const made = await lab.ask('POST harbours/rotterdam/ships', { body })
    expect(made.headers['location']).toBe('/api/v1/harbours/rotterdam/ships/ada')
    expect(made.json()).toMatchObject({ id: 'rotterdam/ada', properties: { length: 80 } })
    const ids = async (path: string) =>
      ((await lab.ask(`GET ${path}`)).json()['items'] as { id: string }[]).map(({ id }) => id)
    expect(await ids('harbours/rotterdam/ships')).toEqual(['rotterdam/ada'])
    expect(await ids('harbours/kiel/ships')).toEqual([])
    expect(await ids('ships')).toEqual(['rotterdam/ada'])
  })

  test('is not sent to who has it', async () => {
    const headers = { 'if-none-match': '"v0", "v1"' }
    const known = await lab.ask('GET harbours/rotterdam', { headers })
    expect([known.status, known.text, known.headers['etag']]).toEqual([304, '', '"v1"'])
    expect(
      (await lab.ask('GET harbours/rotterdam', { headers: { 'if-none-match': '"v2"' } })).status,
    ).toBe(200)
  })

  test('is replaced only by who says what it replaces', async () => {
    const body = { properties: { country: 'NL', berths: 20 } }
    const blind = await lab.ask('PUT harbours/rotterdam', { body })
    expect(blind.status).toBe(428)
    expect(blind.json()).toMatchObject({ type: 'urn:bgpwarden:problem:precondition-required' })
    const late = await lab.ask('PUT harbours/rotterdam', { body, headers: { 'if-match': '"v7"' } })
    expect(late.status).toBe(412)
    const done = await lab.ask('PUT harbours/rotterdam', { body, headers: { 'if-match': '"v1"' } })
    expect([done.status, done.headers['etag']]).toEqual([200, '"v2"'])
    const any = await lab.ask('PUT harbours/rotterdam', { body, headers: { 'if-match': '*' } })
    expect([any.status, any.headers['etag']]).toEqual([200, '"v3"'])
  })

  test('is created by PUT only where there is none', async () => {
    const put = (name: string) =>
      lab.ask(`PUT harbours/${name}`, {
        body: { properties: { country: 'NL' } },
        headers: { 'if-none-match': '*' },
      })
    expect((await put('rotterdam')).status).toBe(412)
    expect((await put('vlissingen')).status).toBe(201)
  })

  test('keeps what a PATCH does not name', async () => {
    const body = { properties: { berths: 4 } }
    const done = await lab.ask('PATCH harbours/rotterdam', { body })
    expect(done.status).toBe(200)
    expect(done.json()).toMatchObject({ properties: { country: 'NL', berths: 4 } })
  })

  test('is deleted at once, or when what it ran has ended', async () => {
    expect((await lab.ask('DELETE harbours/rotterdam')).status).toBe(428)
    await lab.ask('POST harbours/rotterdam/open')
    const later = await lab.ask('DELETE harbours/rotterdam', { headers: { 'if-match': '"v2"' } })
    expect([later.status, later.json()]).toMatchObject([202, { properties: { state: 'Closing' } }])
    const gone = await lab.ask('DELETE harbours/rotterdam', { headers: { 'if-match': '*' } })
    expect([gone.status, gone.text]).toEqual([204, ''])
    expect((await lab.ask('GET harbours/rotterdam')).status).toBe(404)
  })

  test('is operated on, with a body or without', async () => {
    const body = { reason: 'spring' }
    const opened = await lab.ask('POST harbours/rotterdam/open', {
      body,
      token: 'operator-token-00',
    })
    expect(opened.json()).toMatchObject({ properties: { state: 'Open' } })
    expect(lab.audit.at(-1)).toMatchObject({ who: 'noc', operation: 'open', after: body })
    const again = await lab.ask('POST harbours/rotterdam/open')
    expect([again.status, again.json()['type']]).toEqual([
      409,
      'urn:bgpwarden:problem:not-possible',
    ])
  })
})

describe('a refusal', () => {
  test('says what stands in the way', async () => {
    const { ask } = prepare()
    await ask('POST harbours', { body: rotterdam })
    const again = await ask('POST harbours', { body: rotterdam })
    expect(again.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(again.json()).toEqual({
      type: 'urn:bgpwarden:problem:conflict',
      title: 'It does not go with what there is',
      status: 409,
      detail: 'The name rotterdam is taken.',
      instance: '/api/v1/harbours',
      reason: 'duplicate-prefix',
      place: 'name',
      conflictsWith: 'rotterdam',
      errors: [{ path: 'name', message: 'The name rotterdam is taken.' }],
    })
  })

  test.for<[string, unknown, string]>([
    ['POST harbours', [], 'body'],
    ['POST harbours', { properties: {} }, 'name'],
    ['POST harbours', { name: 'a/b', properties: {} }, 'name'],
    ['POST harbours', { name: 'a' }, 'properties'],
    ['POST harbours', { name: 'a', properties: {}, more: 1 }, 'more'],
    ['POST harbours', { name: 'a', properties: { berths: 'x' } }, 'country'],
    ['PUT harbours/a', { name: 'b', properties: {} }, 'name'],
    ['GET harbours?berth=3', undefined, 'querystring'],
    ['GET harbours?sort=;', undefined, 'sort'],
    ['GET harbours/a%2Fb', undefined, 'name'],
  ])('400 of %s %j names the place', async ([line, body, path]) => {
    const { ask } = prepare()
    const refused = await ask(line, { body, headers: { 'if-match': '*' } })
    expect(refused.status).toBe(400)
    expect(refused.json()['errors']).toMatchObject([{ path }])
  })

  test.for<[string, RegExp]>([
    ['GET harbours?berth=3', /no property berth to filter by, .* name, owner, country/],
    ['GET harbours?sort=-berth', /^sort: expected one of id, createdAt, updatedAt, name/],
  ])('400 of %s says it in its sentence', async ([line, sentence]) => {
    const { ask } = prepare()
    expect((await ask(line)).json()['detail']).toMatch(sentence)
  })

  test('conditions that are none', async () => {
    const { ask } = prepare()
    const body = { properties: {} }
    for (const headers of [{ 'if-match': 'v1' }, { 'if-none-match': '"v1"' }]) {
      expect((await ask('PUT harbours/a', { body, headers })).status).toBe(400)
    }
  })

  test.for<[string, string | null, number]>([
    ['POST harbours', null, 401],
    ['POST harbours', 'operator-token-00', 403],
    ['POST harbours/a/open', 'provider-token-00', 403],
    ['DELETE harbours/a', 'operator-token-00', 403],
    ['GET audit', 'provider-token-00', 403],
  ])('%s with %s', async ([line, token, status]) => {
    const { ask } = prepare()
    expect(
      (await ask(line, { body: line.startsWith('GET') ? undefined : rotterdam, token })).status,
    ).toBe(status)
  })

  test('without a registry the routes are there and say why not', async () => {
    const { app } = testApi({ kinds: fakeRegistry().kinds })
    for (const path of ['harbours', 'registry/export', 'audit']) {
      const answer = await app.inject(`/api/v1/${path}`)
      expect([answer.statusCode, answer.json<{ type: string }>().type]).toEqual([
        503,
        'urn:bgpwarden:problem:no-registry',
      ])
    }
  })
})

describe('lists', () => {
  test('filter, sort and page', async () => {
    const { ask } = prepare()
    for (const [name, country] of [
      ['antwerp', 'BE'],
      ['ghent', 'BE'],
      ['kiel', 'DE'],
    ]) {
      await ask('POST harbours', { body: { name, properties: { country } } })
    }
    const page = async (query: string) => {
      const { items, cursor, total } = (await ask(`GET harbours?${query}`)).json()
      return [(items as { name: string }[]).map(({ name }) => name), cursor, total]
    }
    expect(await page('country=BE')).toEqual([['antwerp', 'ghent'], null, 2])
    expect(await page('sort=-name&limit=2')).toEqual([['kiel', 'ghent'], '2', 3])
    expect(await page('sort=-name&limit=2&cursor=2')).toEqual([['antwerp'], null, 3])
  })

  test('a tenant sees its own', async () => {
    const { ask } = prepare()
    await ask('POST harbours', { body: rotterdam })
    await ask('POST harbours', {
      body: { name: 'kiel', properties: { country: 'DE', owner: 'contoso' } },
    })
    const token = 'provider-token-00'
    expect((await ask('GET harbours', { token })).json()).toMatchObject({ total: 1 })
    expect((await ask('GET harbours/rotterdam', { token })).status).toBe(404)
  })
})

describe('Idempotency-Key', () => {
  const headers = { 'idempotency-key': '"6f1c2a5e"' }

  test('the same request again has the same answer, and is done once', async () => {
    const { ask, audit } = prepare()
    const first = await ask('POST harbours', { body: rotterdam, headers })
    const second = await ask('POST harbours', { body: rotterdam, headers })
    expect([second.status, second.text]).toEqual([201, first.text])
    expect(second.headers).toMatchObject({
      etag: '"v1"',
      location: '/api/v1/harbours/rotterdam',
      'idempotency-replayed': 'true',
    })
    expect(audit).toHaveLength(1)
  })

  test('another request with the key is refused', async () => {
    const { ask } = prepare()
    await ask('POST harbours', { body: rotterdam, headers })
    const other = await ask('POST harbours', { body: { ...rotterdam, name: 'kiel' }, headers })
    expect([other.status, other.json()['type']]).toEqual([422, 'urn:bgpwarden:problem:key-reused'])
  })

  test('two at once: one is told to wait', async () => {
    const { ask, audit, store } = prepare()
    let release = () => {}
    const slow = new Promise<void>((resolve) => {
      release = resolve
    })
    const { answer } = store
    store.answer = async (...of) => {
      await slow
      return answer(...of)
    }
    setImmediate(() => setImmediate(release))
    const both = await Promise.all([
      ask('POST harbours', { body: rotterdam, headers }),
      ask('POST harbours', { body: rotterdam, headers }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
    expect(audit).toHaveLength(1)
  })

  test('keys are those of a token, and a refusal is not kept', async () => {
    const { ask } = prepare()
    const bad = { name: 'kiel', properties: {} }
    expect((await ask('POST harbours', { body: bad, headers })).status).toBe(400)
    expect((await ask('POST harbours', { body: rotterdam, headers })).status).toBe(201)
    const body = { name: 'kiel', properties: { country: 'DE', owner: 'contoso' } }
    expect((await ask('POST harbours', { body, headers, token: 'provider-token-00' })).status).toBe(
      201,
    )
    const empty = await ask('POST harbours', { body, headers: { 'idempotency-key': ' ' } })
    expect(empty.status).toBe(400)
  })
})

describe('documents', () => {
  const yaml = { 'content-type': 'application/yaml' }
  const document = 'harbours:\n  kiel: { country: DE }\n'

  test('plan and apply take YAML and JSON', async () => {
    const { ask } = prepare()
    const planned = await ask('POST registry/plan', { body: document, headers: yaml })
    expect(planned.json()).toEqual({
      changes: [
        {
          action: 'create',
          kind: 'harbour',
          id: 'kiel',
          differences: [{ key: 'country', before: '', after: 'DE' }],
        },
      ],
    })
    const applied = await ask('POST registry/apply', { body: document, headers: yaml })
    expect(applied.json()).toEqual(planned.json())
    const again = await ask('POST registry/apply', {
      body: { harbours: { kiel: { country: 'DE' } } },
    })
    expect(again.json()).toEqual({ changes: [] })
    const pruned = await ask('POST registry/plan?prune=true', { body: { harbours: {} } })
    expect(pruned.json()).toMatchObject({ changes: [{ action: 'delete', id: 'kiel' }] })
  })

  test('a long document is read as a short one', async () => {
    const { ask } = prepare()
    const names = Array.from({ length: 3000 }, (_, i) => `harbour-${i}`)
    const body = `harbours:\n${names.map((name) => `  ${name}: { country: DE }\n`).join('')}`
    expect(body.length).toBeGreaterThan(65_536)
    const { changes } = (await ask('POST registry/plan', { body, headers: yaml })).json()
    expect(changes).toHaveLength(3000)
  })

  test.for([
    ['a: [', /^The body is not YAML: .* at line 1, column 5/],
    ['- a', /^body: expected a mapping of kinds/],
    [
      `${'a: 1\n'.repeat(30_000)}`,
      /^The body is not YAML: Map keys must be unique at line 2, column 1\.$/,
    ],
  ] as const)('a document with a mistake', async ([body, detail]) => {
    const { ask } = prepare()
    const refused = await ask('POST registry/apply', { body, headers: yaml })
    expect(refused.status).toBe(400)
    expect(refused.json()['detail']).toMatch(detail)
  })

  test('only here a body may be large', async () => {
    const { ask } = prepare()
    const country = 'x'.repeat(70_000)
    expect(
      (await ask('POST registry/plan', { body: { harbours: { a: { country } } } })).status,
    ).toBe(200)
    const body = { name: 'a', properties: { country } }
    expect((await ask('POST harbours', { body })).status).toBe(413)
    const headers = { 'content-type': 'application/yaml' }
    expect((await ask('POST harbours', { body: 'a: 1', headers })).status).toBe(415)
  })

  test('export gives what apply takes', async () => {
    const { ask } = prepare()
    await ask('POST registry/apply', { body: document, headers: yaml })
    const asJson = await ask('GET registry/export')
    const asYaml = await ask('GET registry/export', { headers: { accept: 'application/yaml' } })
    expect(asJson.json()).toMatchObject({ harbours: { kiel: { country: 'DE' } } })
    expect(asYaml.headers['content-type']).toBe('application/yaml; charset=utf-8')
    for (const [body, headers] of [
      [asJson.text, { 'content-type': 'application/json' }],
      [asYaml.text, yaml],
    ] as const) {
      expect((await ask('POST registry/plan?prune', { body, headers })).status).toBe(200)
    }
  })
})

test('the audit log, newest first', async () => {
  const { ask } = prepare()
  await ask('POST harbours', { body: rotterdam })
  await ask('POST harbours/rotterdam/open', { token: 'operator-token-00' })
  expect((await ask('GET audit')).json()).toMatchObject({
    items: [
      { id: 2, who: 'noc', role: 'operator', operation: 'open', resource: 'rotterdam' },
      { id: 1, who: 'boss', role: 'admin', operation: 'create', kind: 'harbour' },
    ],
    cursor: null,
  })
  expect((await ask('GET audit?who=noc')).json()).toMatchObject({ items: [{ id: 2 }] })
  expect((await ask('GET audit?from=yesterday')).status).toBe(400)
})

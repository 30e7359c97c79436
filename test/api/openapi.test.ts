import { expect, test } from 'vitest'
import { fakeKinds } from '../support/fake-registry.ts'
import { testApi } from '../support/test-api.ts'

interface Operation {
  readonly tags?: string[]
  readonly summary?: string
  readonly security?: unknown
  readonly parameters?: { name: string; in: string; required?: boolean; schema: object }[]
  readonly requestBody?: { content: Record<string, { schema: object }> }
  readonly responses: Record<string, { description: string; content?: Record<string, object> }>
}

interface Document {
  readonly openapi: string
  readonly info: { title: string; version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { schemas: Record<string, object>; securitySchemes: object }
}

async function document(): Promise<Document> {
  const { app } = testApi({ kinds: fakeKinds })
  return (await app.inject('/openapi.json')).json<Document>()
}

test('every route is in the document, and no other', async () => {
  const { openapi, info, paths } = await document()
  expect([openapi, info.title, info.version]).toEqual(['3.1.0', 'bgpwarden', '0.1.0'])
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((method) => method !== 'head')
      .map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(routes.sort()).toEqual([
    'DELETE /api/v1/harbours/{harbour}/ships/{name}',
    'DELETE /api/v1/harbours/{name}',
    'GET /api/v1/audit',
    'GET /api/v1/events',
    'GET /api/v1/harbours',
    'GET /api/v1/harbours/{harbour}/ships',
    'GET /api/v1/harbours/{harbour}/ships/{name}',
    'GET /api/v1/harbours/{name}',
    'GET /api/v1/overview',
    'GET /api/v1/policy',
    'GET /api/v1/prefixes',
    'GET /api/v1/prefixes/{name}',
    'GET /api/v1/prefixes/{name}/history',
    'GET /api/v1/registry/export',
    'GET /api/v1/sessions',
    'GET /api/v1/sessions/{name}',
    'GET /api/v1/sessions/{name}/routes',
    'GET /api/v1/ships',
    'GET /api/v1/webhooks',
    'GET /api/v1/webhooks/{name}/dead-letters',
    'GET /healthz',
    'GET /metrics',
    'GET /openapi.json',
    'GET /readyz',
    'PATCH /api/v1/harbours/{harbour}/ships/{name}',
    'PATCH /api/v1/harbours/{name}',
    'POST /api/v1/explain',
    'POST /api/v1/harbours',
    'POST /api/v1/harbours/{harbour}/ships',
    'POST /api/v1/harbours/{name}/open',
    'POST /api/v1/prefixes/{name}/validate',
    'POST /api/v1/registry/apply',
    'POST /api/v1/registry/plan',
    'POST /api/v1/sessions/{name}/clear',
    'POST /api/v1/sessions/{name}/shutdown',
    'POST /api/v1/sessions/{name}/start',
    'POST /api/v1/webhooks/{name}/resend',
    'POST /api/v1/webhooks/{name}/test',
    'PUT /api/v1/harbours/{harbour}/ships/{name}',
    'PUT /api/v1/harbours/{name}',
  ])
})

test('every operation says what it does, takes its path parameters and describes its answers', async () => {
  const { paths } = await document()
  for (const [path, operations] of Object.entries(paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    for (const operation of Object.values(operations)) {
      expect(operation.summary, path).toBeTruthy()
      expect(operation.tags, path).toHaveLength(1)
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      expect(inPath.map(({ name, required }) => [name, required])).toEqual(
        named.map((name) => [name, true]),
      )
      expect(Object.keys(operation.responses).join(' '), path).toMatch(/20[014]/)
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description, `${path} ${status}`).toBeTypeOf('string')
        const expected =
          Number(status) < 400 || path === '/readyz' ? undefined : 'application/problem+json'
        if (expected) expect(Object.keys(response.content ?? {})).toEqual([expected])
      }
    }
  }
  expect(paths['/api/v1/prefixes/{name}/validate']?.['post']?.security).toEqual([{ bearer: [] }])
  expect(Object.keys(paths['/api/v1/explain']?.['post']?.requestBody?.content ?? {})).toEqual([
    'application/json',
  ])
})

test('a kind has the schemas of its row, with its example and a filter for each property', async () => {
  const { components, paths } = await document()
  expect(components.schemas['HarbourSpecInput'] ?? components.schemas['HarbourSpec']).toMatchObject(
    {
      required: ['country'],
      additionalProperties: false,
      examples: [{ country: 'NL', berths: 12 }],
    },
  )
  const list = paths['/api/v1/harbours']?.['get']
  expect(list?.parameters?.map(({ name }) => name)).toEqual([
    ...['name', 'owner', 'country', 'berths', 'state', 'errorMessage', 'limit', 'cursor', 'sort'],
  ])
  expect(list?.tags).toEqual(['harbours'])
  const open = paths['/api/v1/harbours/{name}/open']?.['post']
  expect(open?.summary).toBe('Opens a harbour')
  expect(open?.security).toEqual([{ bearer: [] }])
  const apply = paths['/api/v1/registry/apply']?.['post']
  expect(Object.keys(apply?.requestBody?.content ?? {})).toEqual([
    'application/json',
    'application/yaml',
  ])
})

test('every reference leads to a schema, and every schema is used', async () => {
  const whole = await document()
  const text = JSON.stringify(whole)
  const references = new Set(
    [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name),
  )
  expect([...references].sort()).toEqual(Object.keys(whole.components.schemas).sort())
  expect(Object.keys(whole.components.schemas)).toEqual(
    expect.arrayContaining(['Session', 'Prefix', 'Finding', 'Route', 'Problem']),
  )
})

import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { problemSchema } from '../../src/api/schemas.ts'
import { ApiListenError, listenApi } from '../../src/api/server.ts'
import { readinessSchema } from '../../src/api/status-schemas.ts'
import { fakeStatus, fakeVerdict, fakeWorld } from '../support/fake-views.ts'
import { testApi } from '../support/test-api.ts'
import { parseExposition, seriesOf } from '../telemetry/exposition.ts'

describe('status', () => {
  test('alive', async () => {
    const { app } = testApi()
    const response = await app.inject('/healthz')
    expect([response.statusCode, response.json()]).toEqual([
      200,
      { status: 'ok', version: '0.1.0' },
    ])
  })

  test.for([true, false])('ready: %s', async (ok) => {
    const checks = [
      { name: 'bgp', ok: true, detail: 'BGP listens on 127.0.0.1 port 1790.' },
      { name: 'storage', ok, detail: 'The storage can be written.' },
    ]
    const { app } = testApi({ ready: () => ({ ok, checks }) })
    const response = await app.inject('/readyz')
    expect(response.statusCode).toBe(ok ? 200 : 503)
    expect(readinessSchema.parse(response.json())).toEqual({
      status: ok ? 'ready' : 'not ready',
      checks,
    })
  })

  test('metrics', async () => {
    const world = fakeWorld({ statuses: [fakeStatus('Established')] })
    const { app } = testApi({ world })
    const response = await app.inject('/metrics')
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(seriesOf(parseExposition(response.body), 'bgpwarden_session_state')).toEqual([
      'session=edge-a 6',
    ])
  })
})

test('no text of a peer becomes markup on the page', async () => {
  const web = new URL('../../src/web/', import.meta.url)
  const files = (await readdir(web, { recursive: true })).filter((name) => /\.tsx?$/.test(name))
  expect(files.length).toBeGreaterThan(20)
  for (const name of files) {
    const text = await readFile(new URL(name, web), 'utf8')
    expect(/dangerouslySetInnerHTML|innerHTML|insertAdjacent|eval\(/.exec(text), name).toBeNull()
  }
})

describe('the page', () => {
  test.for([
    ['/', 'text/html; charset=utf-8'],
    ['/page.css', 'text/css; charset=utf-8'],
    ['/page.js', 'text/javascript; charset=utf-8'],
    ['/theme.js', 'text/javascript; charset=utf-8'],
    ['/docs/', 'text/html; charset=utf-8'],
    ['/docs/findings/not-received', 'text/html; charset=utf-8'],
  ] as const)('%s', async ([url, type]) => {
    const { app } = testApi()
    const response = await app.inject(url)
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, type])
    expect(response.headers['content-security-policy']).toContain("default-src 'none'")
    // Nothing from elsewhere (names of XML are no addresses), no script in the markup.
    const body = response.body.replaceAll(/http:\/\/www\.w3\.org\/[\w/]+/g, '')
    expect(
      /(src|href)="https?:|url\(|@import|import\(|<script>|<style|onclick=/.exec(body),
    ).toBeNull()
    if (type.startsWith('text/html')) return
    expect(/https?:\/\//.exec(body)).toBeNull()
  })

  test('a file that did not change is not sent again', async () => {
    const { app } = testApi()
    const url = '/page.js'
    const response = await app.inject(url)
    const { etag } = response.headers
    const again = await app.inject({ url, headers: { 'if-none-match': String(etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
  })
})

test('every answer carries the security headers and no banner', async () => {
  const { app } = testApi()
  for (const url of ['/healthz', '/metrics', '/', '/nope', '/api/v1/sessions', '/api/v1/%zz']) {
    const { headers } = await app.inject(url)
    expect([url, headers['x-content-type-options']]).toEqual([url, 'nosniff'])
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['referrer-policy']).toBe('no-referrer')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers).not.toHaveProperty('server')
    expect(headers).not.toHaveProperty('x-powered-by')
  }
})

describe('problems', () => {
  const world = () => fakeWorld({ verdicts: [fakeVerdict('web', '192.0.2.0/24')] })
  const json = { 'content-type': 'application/json' }
  const explain = { method: 'POST', url: '/api/v1/explain' } as const

  test.for<[string, object, number, string, RegExp]>([
    ['an unknown path', { url: '/api/v2' }, 404, 'not-found', /\/api\/v2 is no path/],
    [
      'an unknown session',
      { url: '/api/v1/sessions/x' },
      404,
      'not-found',
      /No session has the name "x"/,
    ],
    ['routes of an unknown session', { url: '/api/v1/sessions/x/routes' }, 404, 'not-found', /"x"/],
    [
      'an unknown prefix',
      { url: '/api/v1/prefixes/x' },
      404,
      'not-found',
      /No registered prefix has the name "x"/,
    ],
    [
      'a wrong method',
      { method: 'DELETE', url: '/api/v1/prefixes/web' },
      405,
      'method-not-allowed',
      /only GET, HEAD/,
    ],
    ['an unknown parameter', { url: '/api/v1/prefixes?limt=3' }, 400, 'invalid-request', /limt/],
    ['a limit of 0', { url: '/api/v1/prefixes?limit=0' }, 400, 'invalid-request', /limit: /],
    ['a limit of 1001', { url: '/api/v1/prefixes?limit=1001' }, 400, 'invalid-request', /limit: /],
    [
      'a state that is none',
      { url: '/api/v1/prefixes?state=Bad' },
      400,
      'invalid-request',
      /state: .*Verified/,
    ],
    [
      'a forged cursor',
      { url: '/api/v1/prefixes?cursor=abc' },
      400,
      'invalid-request',
      /cursor: is not a cursor/,
    ],
    [
      'a cursor of another list',
      { url: '/api/v1/sessions?cursor=WyJyb3V0ZXMiLCIxIl0' },
      400,
      'invalid-request',
      /cursor/,
    ],
    [
      'a time that is none',
      { url: '/api/v1/events?since=noon' },
      400,
      'invalid-request',
      /since: "noon"/,
    ],
    [
      'a day that is none',
      { url: '/api/v1/events?since=2026-13-41' },
      400,
      'invalid-request',
      /since/,
    ],
    ['a broken escape', { url: '/api/v1/%zz' }, 400, 'invalid-request', /not a valid url/],
    [
      'broken JSON',
      { ...explain, headers: json, payload: '{"prefix":' },
      400,
      'invalid-request',
      /JSON/,
    ],
    ['an empty body', { ...explain, headers: json, payload: '' }, 400, 'invalid-request', /empty/],
    ['no body', explain, 400, 'invalid-request', /body: /],
    [
      'text',
      { ...explain, headers: { 'content-type': 'text/plain' }, payload: 'x' },
      415,
      'unsupported-media-type',
      /application\/json/,
    ],
    [
      'a large body',
      { ...explain, headers: json, payload: `"${'x'.repeat(65_536)}"` },
      413,
      'body-too-large',
      /65536 octets/,
    ],
    [
      'a prototype in JSON',
      { ...explain, headers: json, payload: '{"__proto__":{"a":1},"prefix":"192.0.2.0/24"}' },
      400,
      'invalid-request',
      /./,
    ],
  ])('%s', async ([, request, status, kind, detail]) => {
    const { app, log } = testApi({ world: world() })
    const response = await app.inject(request)
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toContain('application/problem+json')
    const problem = problemSchema.parse(response.json())
    expect(problem).toMatchObject({ status, type: `urn:bgpwarden:problem:${kind}` })
    expect(problem.detail).toMatch(detail)
    expect(problem.instance).not.toContain('?')
    expect(log.messages()).toEqual([])
  })

  test('405 names what is possible', async () => {
    const { app } = testApi()
    const response = await app.inject({ method: 'PUT', url: '/api/v1/explain' })
    expect(response.headers['allow']).toBe('POST')
  })

  test('every mistake of a request is listed', async () => {
    const { app } = testApi()
    const response = await app.inject('/api/v1/prefixes?limit=-1&state=Bad')
    const { errors } = problemSchema.parse(response.json())
    expect(errors?.map(({ path }) => path)).toEqual(['limit', 'state'])
  })

  test('a bug is logged, and the client learns nothing of it', async () => {
    const engine = {
      prefix() {
        throw new Error('secret detail')
      },
    }
    const { app, log } = testApi({ engine })
    const response = await app.inject('/api/v1/prefixes/web')
    expect(response.statusCode).toBe(500)
    expect(problemSchema.parse(response.json()).type).toBe('urn:bgpwarden:problem:internal')
    expect(response.body).not.toMatch(/secret|at .*\.ts/)
    expect(log.messages('error')).toEqual(['GET /api/v1/prefixes/web failed'])
    expect(log.lines[0]?.fields).toMatchObject({ err: { message: 'secret detail' } })
  })
})

describe('listening', () => {
  test('a port in use is a typed error that names it', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { app } = testApi()
    const failure = listenApi(app, { address: '127.0.0.1', port })
    await expect(failure).rejects.toBeInstanceOf(ApiListenError)
    await expect(failure).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `the HTTP API cannot listen on 127.0.0.1 port ${port}: another program uses this port`,
    })
    await app.close()
    other.close()
  })

  test('an address of nobody is one too', async () => {
    const { app } = testApi()
    await expect(listenApi(app, { address: '192.0.2.200', port: 0 })).rejects.toMatchObject({
      name: 'ApiListenError',
      code: 'EADDRNOTAVAIL',
    })
  })

  test('octets that are not HTTP get a problem too', async () => {
    const { app } = testApi()
    const port = await listenApi(app, { address: '127.0.0.1', port: 0 })
    const socket = connect(port, '127.0.0.1')
    // The beginning of a BGP OPEN.
    socket.write(Buffer.concat([Buffer.alloc(16, 0xff), Buffer.from([0, 29, 1, 4])]))
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toContain('application/problem+json')
    expect(answer).toContain('The request is not HTTP/1.1.')
    await app.close()
  })
})

/** HTTP requests of every shape: the API answers each, and never with a 5xx. */
import type { Random } from '../../bench/random.ts'
import { createEngineLab } from '../support/engine-lab.ts'
import { fakeStatus, fakeTallies, fakeWorld } from '../support/fake-views.ts'
import { testApi } from '../support/test-api.ts'
import { mutateText, pick } from './mutate.ts'
import { demand, target } from './target.ts'

interface ApiInput {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const lab = createEngineLab()
lab.session('edge-a', 64501)
lab.up('edge-a', 64501, { addPathIpv4: true })
lab.register('web', '198.51.100.0/24', { originAsns: [64501], owner: 'contoso' })
lab.register('six', '2001:db8::/32')
for (const pathId of [1, 2, 3]) lab.announce('edge-a', '198.51.100.0/24', { pathId })
for (let i = 0; i < 40; i++) lab.announce('edge-a', `203.0.${i}.0/24`)
lab.announce('edge-a', '2001:db8::/33')
lab.end('edge-a')

const world = fakeWorld({
  statuses: [fakeStatus('Established')],
  tallies: { 'edge-a': fakeTallies() },
})
const { app } = testApi({ world, tokens: ['secret'], engine: lab.engine.view })
await app.ready()

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const words = [
  ...[
    '198.51.100.0/24',
    '198.51.100.0%2F24',
    '2001:db8::/32',
    'edge-a',
    'web',
    'exact',
    'covering',
  ],
  ...['covered', 'Failed', 'Established', 'missing-community', '0', '-1', '1', '500', '501', '1e9'],
  ...[
    'NaN',
    '99999999999999999999',
    '%',
    '%2',
    '%00',
    '%ff',
    '%F0%9F',
    '..',
    '/',
    '//',
    '?',
    '&',
    '=',
  ],
  ...['#', '[]', '{}', '"', "'", '\\', ' ', '+', '2026-11-21T09:00:00Z', '2026-99-99', '1', 'true'],
  ...[encoded(['routes', '1.5']), encoded(['routes', '2.1e9']), encoded(['routes', 'x'])],
  ...[
    encoded([0, 'web']),
    encoded([1e300, 'web']),
    encoded(['events', '-5']),
    encoded(['events', 'x']),
  ],
  ...['__proto__', 'constructor', 'limit=1&', 'cursor=', 'limit=', 'prefix=', 'match=', 'search='],
]
const urls = [
  ...['/', '/metrics', '/healthz', '/readyz', '/openapi.json', '/api/v1/policy', '/api/v1/explain'],
  ...['/api/v1/sessions', '/api/v1/sessions/edge-a', '/api/v1/sessions?state=Established&search=e'],
  ...[
    '/api/v1/sessions/edge-a/routes?limit=3',
    '/api/v1/sessions/edge-a/routes?prefix=198.51.100.0/24&match=covered',
  ],
  ...[`/api/v1/sessions/edge-a/routes?cursor=${encoded(['routes', '1.500'])}`, '/api/v1/prefixes'],
  ...['/api/v1/prefixes?state=Failed&reason=not-received&search=w&limit=2', '/api/v1/prefixes/web'],
  ...[
    '/api/v1/prefixes/web/validate',
    '/api/v1/events?since=0&limit=5',
    '/api/v1/events?kind=prefix',
  ],
  ...[
    `/api/v1/prefixes?cursor=${encoded([0, 'web'])}`,
    `/api/v1/events?cursor=${encoded(['events', '1'])}`,
  ],
]
const bodies = [
  '{"prefix":"198.51.100.0/24","asPath":"64501 64502","communities":["8075:8007"]}',
  '{"prefix":"2001:db8::/32","asPath":[64501,[64502,64503]],"communities":[]}',
  '{"prefix":"198.51.100.0/25","asPath":"{1 2}","communities":["64500:1:2"]}',
]
const bodyWords = [
  ...words,
  ...[
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    'null',
    '4294967296',
    '1.5',
    '[[]]',
    '"asPath":',
    '(1)',
    '\u0000',
  ],
  ...['[64501,', '"8075:8007",', '\ud800'],
]

function headers(random: Random): Record<string, string> {
  const type = pick(random, ['application/json', 'application/json', 'text/plain', 'a/b; c="', ''])
  const chosen: Record<string, string> = type === '' ? {} : { 'content-type': type }
  if (random.chance(0.3)) {
    chosen['authorization'] = pick(random, ['Bearer secret', 'Bearer', 'Basic x', 'Bearer  a b'])
  }
  if (random.chance(0.1)) chosen['accept'] = pick(random, ['*/*', 'text/html', ';;,', 'a'])
  if (random.chance(0.1)) chosen['last-event-id'] = pick(random, ['1', 'x', '99999999999999999'])
  return chosen
}

/** A stream of events has no end to wait for. */
function isStream({ url, headers: given }: ApiInput): boolean {
  return /follow/i.test(decodeLoosely(url)) || /event-stream/.test(given['accept'] ?? '')
}

function decodeLoosely(url: string): string {
  return url.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

export const apiTarget = target<ApiInput>({
  name: 'api',
  generate(random) {
    const body = random.chance(0.4)
    const url = body && random.chance(0.8) ? '/api/v1/explain' : pick(random, urls)
    // Node's client and any proxy refuse a request line with blanks or controls.
    const changed = random.chance(0.7) ? mutateText(url, random, words, urls) : url
    return {
      method: body ? 'POST' : pick(random, ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'OPTIONS']),
      url: `/${changed.replace(/[^\x21-\x7e]/g, '').replace(/^\/+/, '')}`.slice(0, 8000),
      headers: headers(random),
      ...(body && { body: mutateText(pick(random, bodies), random, bodyWords, bodies) }),
    }
  },
  async check(input) {
    if (isStream(input)) return
    const { method, url, headers: given, body } = input
    const answer = await app.inject({
      method,
      url: { pathname: url.split('?', 1)[0] ?? '/', query: url.slice(url.indexOf('?') + 1) },
      headers: given,
      ...(body !== undefined && { payload: body }),
    })
    demand(answer.statusCode < 500, `${answer.statusCode}: ${answer.body.slice(0, 300)}`)
    if (answer.statusCode < 400 || method === 'HEAD') return
    const type = answer.headers['content-type'] ?? ''
    demand(String(type).startsWith('application/problem+json'), `an error as ${type}`)
    demand(JSON.parse(answer.body).status === answer.statusCode, 'a problem of another status')
  },
})

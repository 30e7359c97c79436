/** Answers of the API as a terminal sees them, and a server that gives them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { EventJson } from '../../src/api/event-schemas.ts'
import type { PolicyJson, PrefixJson } from '../../src/api/prefix-schemas.ts'
import type { RouteJson } from '../../src/api/route-schemas.ts'
import type { SessionJson } from '../../src/api/session-schemas.ts'

/** The moment at which every fixture is looked at. */
export const NOW = Date.parse('2026-11-21T09:12:04Z')

const before = (milliseconds: number) => new Date(NOW - milliseconds).toISOString()
const MINUTE = 60_000
const HOUR = 60 * MINUTE

export const policy: PolicyJson = {
  requiredCommunities: ['8075:8007'],
  communityMatch: 'all',
  maxAsPathLength: 3,
  allowPrepending: false,
  bogonAsn: 'warning',
  convergenceSeconds: 60,
}

export const route: RouteJson = {
  prefix: '198.51.100.0/24',
  class: 'failed',
  reasons: ['missing-community', 'private-asn'],
  origin: 'IGP',
  asPath: '64501 64502 64503 65001',
  nextHop: '192.0.2.1',
  med: null,
  localPref: null,
  communities: ['64501:100', '64501:200'],
  largeCommunities: ['64501:1:2'],
  extendedCommunities: [],
  atomicAggregate: false,
  aggregator: null,
  unknownAttributes: [],
  notes: ['next-hop-not-peer'],
  receivedAt: before(12 * MINUTE),
  stale: false,
}

export const failedPrefix: PrefixJson = {
  name: 'web',
  prefix: '198.51.100.0/24',
  family: 'ipv4',
  owner: 'contoso',
  state: 'Failed',
  since: before(4 * HOUR + 12 * MINUTE),
  reasons: ['missing-community', 'private-asn', 'session-down'],
  errorMessage: 'The route carries no community 8075:8007.',
  originAsns: [64501, 64503],
  policy,
  findings: [
    {
      reason: 'missing-community',
      severity: 'error',
      link: '/docs/findings/missing-community',
      session: 'edge-a',
      message:
        'The route that edge-a announced carries the communities 64501:100 and 64501:200, and not the required 8075:8007.',
      action:
        'The peer AS64501 must add the community 8075:8007 to its announcement of 198.51.100.0/24.',
      evidence: {
        asPath: '64501 64502 64503 65001',
        communities: ['64501:100', '64501:200'],
        nextHop: '192.0.2.1',
      },
      since: before(12 * MINUTE),
    },
    {
      reason: 'private-asn',
      severity: 'error',
      link: '/docs/findings/private-asn',
      session: 'edge-a',
      message: 'The private AS number 65001 stands at position 4 of the AS path.',
      action: 'AS64503 must remove private AS numbers towards AS64502.',
      evidence: { asPath: '64501 64502 64503 65001', asn: 65001, position: 4 },
      since: before(4 * HOUR + 12 * MINUTE),
    },
    {
      reason: 'session-down',
      severity: 'warning',
      link: '/docs/findings/session-down',
      session: 'edge-b',
      message: 'The session edge-b is not Established.',
      action: 'Look at the session: bgpwarden session show edge-b.',
      evidence: {},
      since: before(59_000),
    },
  ],
  sessions: [
    { session: 'edge-a', status: 'received', route },
    { session: 'edge-b', status: 'down', route: null },
  ],
}

export const verifiedPrefix: PrefixJson = {
  ...failedPrefix,
  name: 'web-v6',
  prefix: '2001:db8:100::/48',
  family: 'ipv6',
  owner: null,
  state: 'Verified',
  since: before(3 * 24 * HOUR),
  reasons: [],
  errorMessage: '',
  originAsns: [],
  findings: [],
  sessions: [
    {
      session: 'edge-a',
      status: 'received',
      route: {
        ...route,
        prefix: '2001:db8:100::/48',
        class: 'verified',
        asPath: '64501',
        communities: ['8075:8007'],
        largeCommunities: [],
        nextHop: '2001:db8::1',
      },
    },
  ],
}

const counts = { open: 1, update: 120, notification: 0, keepalive: 300, routeRefresh: 0 }

export const upSession: SessionJson = {
  name: 'edge-a',
  description: 'first router, rack 4',
  state: 'Established',
  stateNumber: 6,
  up: true,
  since: before(4 * HOUR + 12 * MINUTE),
  shutdown: false,
  remoteAddress: '127.0.0.2',
  remotePort: 179,
  remoteAsn: 64501,
  remoteRouterId: '192.0.2.1',
  localAddress: '127.0.0.1',
  localAsn: 64500,
  routerId: '192.0.2.100',
  passive: true,
  families: ['ipv4', 'ipv6'],
  negotiatedFamilies: ['ipv4', 'ipv6'],
  role: 'provider',
  addPathFamilies: ['ipv4', 'ipv6'],
  extendedNextHop: true,
  gracefulNotification: true,
  configuredHoldTime: 90,
  holdTime: 90,
  keepaliveTime: 30,
  maxMessageLength: 4096,
  capabilities: [
    'multiprotocol ipv4 unicast',
    'multiprotocol ipv6 unicast',
    'route refresh',
    '4-octet AS',
  ],
  connectionPort: 41812,
  establishedAt: before(4 * HOUR + 12 * MINUTE),
  lastMessageAt: before(4_000),
  flaps: 1,
  maxPrefixes: 2000,
  messages: { received: counts, sent: { ...counts, update: 0 } },
  notifications: [],
  lastNotification: null,
  lastError: null,
  nextTryAt: null,
  prefixes: { ipv4: 118, ipv6: 4 },
  routes: { announced: { ipv4: 120, ipv6: 4 }, withdrawn: { ipv4: 2, ipv6: 0 } },
  verdicts: { verified: 100, failed: 3, overlap: 1, unregistered: 20 },
  notes: {
    'as-set': 2,
    'confederation-segment': 0,
    'as-trans': 0,
    'own-as': 0,
    'first-as-not-peer': 0,
    'next-hop-not-peer': 11,
    'martian-next-hop': 0,
    'route-leak': 0,
  },
  updateErrors: { 'attribute-discard': 0, 'treat-as-withdraw': 1, 'session-reset': 0 },
  findings: [],
}

export const downSession: SessionJson = {
  ...upSession,
  name: 'edge-b',
  description: '',
  state: 'Active',
  stateNumber: 3,
  up: false,
  since: before(59_000),
  remoteAddress: '2001:db8:ffff:ffff:ffff:ffff:ffff:fffe',
  remoteAsn: 4200000001,
  remoteRouterId: null,
  localAddress: null,
  passive: false,
  families: ['ipv4'],
  negotiatedFamilies: null,
  role: null,
  addPathFamilies: null,
  extendedNextHop: null,
  gracefulNotification: null,
  holdTime: null,
  keepaliveTime: null,
  maxMessageLength: null,
  capabilities: null,
  connectionPort: null,
  establishedAt: null,
  flaps: 3,
  maxPrefixes: null,
  prefixes: { ipv4: 0, ipv6: 0 },
  lastError: 'the peer sent Cease / Administrative Shutdown: "back at five"',
  lastNotification: {
    direction: 'received',
    code: 6,
    subcode: 2,
    text: 'Cease / Administrative Shutdown',
    communication: 'back at \u001b[31mfive\u001b[0m\u0007',
    data: '',
    time: before(59_000),
  },
  nextTryAt: new Date(NOW + 21_000).toISOString(),
}

export const events: EventJson[] = [
  {
    id: 1,
    kind: 'session',
    time: before(5 * MINUTE),
    session: 'edge-a',
    from: 'OpenConfirm',
    to: 'Established',
    detail: 'AS 64501, router ID 192.0.2.1, hold time 90 s, ipv4 and ipv6',
  },
  {
    id: 2,
    kind: 'prefix',
    time: before(4 * MINUTE),
    name: 'web',
    prefix: '198.51.100.0/24',
    from: 'Pending',
    to: 'Failed',
    durationSeconds: 60,
    opened: [
      {
        reason: 'missing-community',
        severity: 'error',
        session: 'edge-a',
        message: 'The route carries no community 8075:8007.',
      },
    ],
    closed: [],
  },
  {
    id: 3,
    kind: 'prefix',
    time: before(2 * MINUTE),
    name: 'web',
    prefix: '198.51.100.0/24',
    from: 'Failed',
    to: 'Verified',
    durationSeconds: 120,
    opened: [],
    closed: [
      {
        reason: 'missing-community',
        severity: 'error',
        session: 'edge-a',
        message: 'The route carries no community 8075:8007.',
        durationSeconds: 120,
      },
    ],
  },
  {
    id: 4,
    kind: 'session',
    time: before(MINUTE),
    session: 'edge-b',
    from: 'Established',
    to: 'Idle',
    detail: 'the peer sent Cease / Administrative Shutdown: "back at \u001b[31mfive"',
  },
]

export interface StubServer {
  readonly url: string
  /** Method and path with query of each request, in order. */
  readonly requests: string[]
  close(): Promise<void>
}

/** Starts an HTTP server on a free port of 127.0.0.1. */
export async function startStub(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<StubServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json'
  response.writeHead(status, { 'content-type': type })
  response.end(JSON.stringify(value))
}

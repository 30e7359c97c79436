import { expect, test } from 'vitest'
import type { FindingJson, PrefixJson } from '../../src/api/prefix-schemas.ts'
import type { RouteJson } from '../../src/api/route-schemas.ts'
import { checks, matrixOf, sortFindings } from '../../src/web/logic/matrix.ts'

const route: RouteJson = {
  prefix: '198.51.100.0/24',
  class: 'verified',
  reasons: [],
  origin: 'IGP',
  asPath: '64501',
  nextHop: '192.0.2.9',
  med: null,
  localPref: null,
  communities: [],
  largeCommunities: [],
  extendedCommunities: [],
  atomicAggregate: false,
  aggregator: null,
  unknownAttributes: [],
  notes: [],
  receivedAt: '2026-11-21T09:00:00.000Z',
  stale: false,
}

function finding(given: Partial<FindingJson>): FindingJson {
  return {
    reason: 'missing-community',
    severity: 'error',
    session: 'edge-a',
    message: 'It lacks 8075:8007.',
    action: 'Add it.',
    link: '/docs/findings/missing-community',
    evidence: {},
    since: '2026-11-21T09:00:00.000Z',
    ...given,
  }
}

function prefix(given: Partial<PrefixJson>): PrefixJson {
  return {
    name: 'web',
    prefix: '198.51.100.0/24',
    family: 'ipv4',
    owner: null,
    state: 'Failed',
    since: '2026-11-21T09:00:00.000Z',
    reasons: [],
    errorMessage: '',
    originAsns: [64501],
    policy: {
      requiredCommunities: ['8075:8007'],
      communityMatch: 'all',
      maxAsPathLength: 3,
      allowPrepending: false,
      bogonAsn: 'warning',
      convergenceSeconds: 60,
    },
    findings: [],
    sessions: [],
    ...given,
  }
}

/** One letter a check: passed, error, warning, off, nothing to check. */
const letters = { ok: '+', error: 'E', warning: 'W', off: '/', unknown: '-' } as const

function drawn(given: PrefixJson): string[] {
  return matrixOf(given).map(
    ({ session, cells }) => `${session} ${cells.map(({ state }) => letters[state]).join('')}`,
  )
}

test('each session says of each check what is known', () => {
  const sessions: PrefixJson['sessions'] = [
    { session: 'fine', status: 'received', route },
    { session: 'bare', status: 'received', route },
    { session: 'lost', status: 'missing', route: null },
    { session: 'slow', status: 'pending', route: null },
    { session: 'gone', status: 'down', route: null },
  ]
  const findings = [
    finding({ session: 'bare' }),
    finding({ session: 'bare', reason: 'bogon-asn', severity: 'warning' }),
    finding({ session: 'lost', reason: 'not-received' }),
    finding({ session: 'gone', reason: 'session-down', severity: 'warning' }),
  ]
  expect(checks.map(({ title }) => title[0]).join('')).toBe('UWRCPPBPOM')
  expect(drawn(prefix({ sessions, findings }))).toEqual([
    'bare +++E++W+++',
    'lost ++E------+',
    'gone W---------',
    'fine ++++++++++',
    'slow ----------',
  ])
})

test('a cell knows its finding', () => {
  const sessions: PrefixJson['sessions'] = [{ session: 'edge-a', status: 'received', route }]
  const findings = [finding({ session: null, reason: 'overlapping-prefix' }), finding({})]
  const [row] = matrixOf(prefix({ sessions, findings }))
  expect(row?.cells.map((cell) => cell.finding)).toEqual([-1, -1, -1, 1, -1, -1, -1, -1, -1, -1])
})

test('what the policy does not ask for is not checked', () => {
  const { policy } = prefix({})
  const lenient = prefix({
    originAsns: [],
    policy: { ...policy, requiredCommunities: [], allowPrepending: true, bogonAsn: 'off' },
    sessions: [{ session: 'edge-a', status: 'received', route }],
  })
  expect(drawn(lenient)).toEqual(['edge-a +++/++///+'])
})

test('errors stand before warnings, the registration before sessions, the latest first', () => {
  const at = (minute: number) => `2026-11-21T09:0${minute}:00.000Z`
  const sorted = sortFindings([
    finding({ session: 'a', severity: 'warning', since: at(9) }),
    finding({ session: 'b', since: at(1) }),
    finding({ session: 'c', since: at(2) }),
    finding({ session: null, since: at(0) }),
  ])
  expect(sorted.map(({ session }) => session)).toEqual([null, 'c', 'b', 'a'])
})

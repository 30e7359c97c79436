import { describe, expect, test } from 'vitest'
import { recentChanges, worstPrefixes } from '../../src/api/overview.ts'
import { overviewSchema } from '../../src/api/status-schemas.ts'
import type { Finding, PrefixEvent, PrefixStateName } from '../../src/engine/types.ts'
import type { SessionEvent } from '../../src/telemetry/event-log.ts'
import { fakeStatus, fakeVerdict, fakeWorld, NINE } from '../support/fake-views.ts'
import { testApi } from '../support/test-api.ts'

const MINUTE = 60_000

const finding: Finding = {
  reason: 'missing-community',
  severity: 'error',
  session: 'edge-a',
  message: 'The route on edge-a lacks 8075:8007.',
  action: 'AS64501 must add it.',
  evidence: { communities: [] },
  since: NINE,
}

function prefixEvent(
  minute: number,
  name: string,
  from: PrefixStateName | null,
  to: PrefixStateName | null,
): PrefixEvent {
  return {
    kind: 'prefix',
    time: NINE + minute * MINUTE,
    name,
    prefix: '198.51.100.0/24',
    from,
    to,
    duration: 1000,
    opened: [],
    closed: [],
  }
}

function sessionEvent(
  minute: number,
  from: SessionEvent['from'],
  to: SessionEvent['to'],
): SessionEvent {
  const detail = `${from} to ${to}`
  return { kind: 'session', time: NINE + minute * MINUTE, session: 'edge-a', from, to, detail }
}

describe('the last hour', () => {
  const now = NINE + 60 * MINUTE
  const recent = recentChanges(
    [
      prefixEvent(-1, 'old', 'Verified', 'Failed'),
      prefixEvent(0, 'web', 'Verified', 'Failed'),
      sessionEvent(4, 'Established', 'Idle'),
      prefixEvent(4, 'mail', null, 'Pending'),
      prefixEvent(6, 'web', 'Failed', 'Failed'),
      prefixEvent(9, 'web', 'Failed', 'Verified'),
      sessionEvent(9, 'OpenConfirm', 'Established'),
      prefixEvent(60, 'mail', 'Pending', 'Warning'),
    ],
    now,
  )

  test('counts in intervals of five minutes', () => {
    expect(recent.intervals).toHaveLength(12)
    expect(recent.intervals[0]).toEqual({
      time: '2026-11-21T09:00:00.000Z',
      worse: 1,
      better: 0,
      down: 1,
    })
    expect(recent.intervals[1]).toMatchObject({ worse: 0, better: 1, down: 0 })
    expect(recent.intervals[11]).toMatchObject({ worse: 1, better: 0, down: 0 })
  })

  test('tells the net change of each prefix and session, the latest first', () => {
    expect(recent.prefixes).toEqual([
      {
        name: 'mail',
        prefix: '198.51.100.0/24',
        from: null,
        to: 'Warning',
        changes: 2,
        time: '2026-11-21T10:00:00.000Z',
      },
      {
        name: 'web',
        prefix: '198.51.100.0/24',
        from: 'Verified',
        to: 'Verified',
        changes: 2,
        time: '2026-11-21T09:09:00.000Z',
      },
    ])
    expect(recent.sessions).toEqual([
      {
        session: 'edge-a',
        to: 'Established',
        downs: 1,
        time: '2026-11-21T09:09:00.000Z',
        detail: 'OpenConfirm to Established',
      },
    ])
  })

  test('begins with the oldest event held, when that is later', () => {
    expect(recent.since).toBe('2026-11-21T09:00:00.000Z')
    const short = recentChanges([prefixEvent(50, 'web', 'Verified', 'Failed')], now)
    expect(short.since).toBe('2026-11-21T09:50:00.000Z')
    expect(recentChanges([], now).since).toBe('2026-11-21T09:00:00.000Z')
  })
})

test('what asks for attention: errors before warnings, the latest first, at most 20', () => {
  const states: PrefixStateName[] = ['Warning', 'Failed', 'Verified', 'Failed', 'Pending']
  const some = states.map((state, i) =>
    fakeVerdict(`p${i}`, '192.0.2.0/24', state, { since: NINE + i }),
  )
  expect(worstPrefixes(some).map(({ name }) => name)).toEqual(['p3', 'p1', 'p0'])
  const many = Array.from({ length: 100 }, (_, i) =>
    fakeVerdict(`p${i}`, '192.0.2.0/24', 'Failed', { since: NINE + ((i * 37) % 100) }),
  )
  const since = worstPrefixes(many).map((prefix) => prefix.since - NINE)
  expect(since).toEqual(Array.from({ length: 20 }, (_, i) => 99 - i))
})

test('GET /api/v1/overview', async () => {
  const world = fakeWorld({
    statuses: [
      fakeStatus('Established'),
      fakeStatus('Idle', { name: 'edge-b' }, { shutdown: true }),
    ],
    verdicts: [
      fakeVerdict('web', '198.51.100.0/24', 'Failed', { findings: [finding, finding] }),
      fakeVerdict('mail', '203.0.113.0/24'),
      fakeVerdict('odd', '192.0.2.0/24', 'Invalid', {
        errorMessage: 'No session carries IPv4.',
        since: NINE - 1,
      }),
    ],
  })
  const { app, eventLog } = testApi({ world })
  eventLog.append(prefixEvent(-5, 'web', 'Verified', 'Failed'))
  const overview = overviewSchema.parse((await app.inject('/api/v1/overview')).json())
  expect(overview.prefixes).toEqual({
    total: 3,
    byState: { None: 0, Pending: 0, Verified: 1, Warning: 0, Failed: 1, Invalid: 1 },
    byReason: [{ reason: 'missing-community', prefixes: 1 }],
  })
  expect(overview.sessions).toEqual({
    total: 2,
    up: 1,
    shutdown: 1,
    byState: [
      { state: 'Idle', sessions: 1 },
      { state: 'Established', sessions: 1 },
    ],
  })
  expect(
    overview.failing.map(({ name, others, errorMessage }) => [name, others, errorMessage]),
  ).toEqual([
    ['web', 1, 'The route on edge-a lacks 8075:8007.'],
    ['odd', 0, 'No session carries IPv4.'],
  ])
  expect(overview.failing[0]?.finding).toMatchObject({ action: 'AS64501 must add it.' })
  expect(overview.recent.prefixes.map(({ name }) => name)).toEqual(['web'])
})

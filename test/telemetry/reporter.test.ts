import { describe, expect, test } from 'vitest'
import type { PrefixEvent } from '../../src/engine/types.ts'
import { type DownReason, SessionState } from '../../src/session/types.ts'
import { formatDuration } from '../../src/telemetry/duration.ts'
import { createEventLog } from '../../src/telemetry/event-log.ts'
import { createReporter } from '../../src/telemetry/reporter.ts'
import {
  fakeClock,
  fakeLog,
  fakeNegotiated,
  fakeNotification,
  NINE,
} from '../support/fake-views.ts'

const { Idle, Connect, OpenSent, OpenConfirm, Established } = SessionState
const MINUTE = 60_000
const HOUR = 60 * MINUTE

function setUp(options: { verdictBudget?: number } = {}) {
  const log = fakeLog()
  const clock = fakeClock()
  const eventLog = createEventLog({ startedAt: NINE })
  const reporter = createReporter({ log, clock, eventLog, ...options })
  const events = () => eventLog.newest(100)
  /** Ends the turn of the session's socket. */
  const endTurn = () => Promise.resolve()
  return { log, clock, eventLog, reporter, events, endTurn }
}

const shutdown: DownReason = { kind: 'notification', notification: fakeNotification() }

describe('sessions', () => {
  test('what is found in what one announces is told as it opens and as it closes', async () => {
    const { log, reporter, events } = setUp()
    const change = {
      reason: 'outside-address-space',
      severity: 'error',
      message: 'The session of hub announces 10.77.0.0/16.',
    } as const
    reporter.judged('vnet/hub', [change], [])
    reporter.judged('vnet/hub', [], [{ ...change, duration: 4 * MINUTE }])
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn session vnet/hub: The session of hub announces 10.77.0.0/16.',
      'info session vnet/hub: outside-address-space ended after 4 min.',
    ])
    const at = { kind: 'session', time: NINE, session: 'vnet/hub', from: 'Idle', to: 'Idle' }
    expect(events()).toMatchObject([
      { ...at, detail: change.message, opened: [change], closed: [] },
      { ...at, opened: [], closed: [{ ...change, duration: 4 * MINUTE }] },
    ])
  })

  test('a command is told at once, with who asked, before what comes of it', async () => {
    const { log, reporter, events, endTurn } = setUp()
    reporter.stateChanged('edge-a', OpenConfirm, Established)
    reporter.established('edge-a', fakeNegotiated())
    reporter.commanded('edge-a', 'Hard clear asked for by the API (127.0.0.1)')
    reporter.stateChanged('edge-a', Established, Idle)
    reporter.down('edge-a', { kind: 'closed', message: 'administratively reset' })
    await endTurn()
    expect(log.lines.map((line) => line.message)).toContain(
      'session edge-a: Hard clear asked for by the API (127.0.0.1)',
    )
    expect(events().map((event) => event.kind === 'session' && event.detail)).toEqual([
      expect.stringMatching(/^Established with /),
      'Hard clear asked for by the API (127.0.0.1)',
      expect.stringMatching(/^Left Established/),
    ])
  })

  test('coming up and going down are one line and one event each', async () => {
    const { log, clock, reporter, events, endTurn } = setUp()
    reporter.stateChanged('edge-a', OpenConfirm, Established)
    reporter.established('edge-a', fakeNegotiated())
    await endTurn()
    clock.advance(4 * HOUR + 12 * MINUTE + 3000)
    reporter.notification('edge-a', fakeNotification())
    reporter.stateChanged('edge-a', Established, Idle)
    reporter.down('edge-a', shutdown)
    await endTurn()
    expect(log.messages()).toEqual([
      'session edge-a is Established with AS 64501, router ID 192.0.2.9, hold time 90 s, ipv4 and ipv6',
      'session edge-a left Established after 4 h 12 min: the peer sent Cease / Administrative Shutdown: "maintenance"',
    ])
    expect(events()).toMatchObject([
      { kind: 'session', session: 'edge-a', to: 'Established', time: NINE },
      {
        from: 'Established',
        to: 'Idle',
        detail:
          'Left Established after 4 h 12 min: the peer sent Cease / Administrative Shutdown: "maintenance"',
        notification: { code: 6, subcode: 2 },
      },
    ])
  })

  test('the order of the calls of a turn does not matter, nor a next attempt within it', async () => {
    const { log, reporter, events, endTurn } = setUp()
    reporter.established('edge-a', fakeNegotiated({ holdTime: 0, families: ['ipv4'] }))
    reporter.stateChanged('edge-a', OpenConfirm, Established)
    await endTurn()
    reporter.down('edge-a', { kind: 'closed', message: 'The peer closed the connection.' })
    reporter.stateChanged('edge-a', Established, Idle)
    reporter.stateChanged('edge-a', Idle, Connect)
    await endTurn()
    expect(log.messages()).toEqual([
      'session edge-a is Established with AS 64501, router ID 192.0.2.9, no hold timer, ipv4',
      'session edge-a left Established after less than 1 s: The peer closed the connection',
    ])
    expect(events().at(-1)).toMatchObject({ from: 'Established', to: 'Idle' })
  })

  test('the same failure again and again is told once, and counted when it ends', async () => {
    const { log, reporter, events, endTurn } = setUp()
    const badPeer = fakeNotification({
      direction: 'sent',
      code: 2,
      subcode: 2,
      text: 'OPEN Message / Bad Peer AS',
    })
    const { communication: _, ...quiet } = badPeer
    for (let i = 0; i < 5; i++) {
      reporter.stateChanged('edge-a', Connect, OpenSent)
      await endTurn()
      reporter.notification('edge-a', quiet)
      reporter.stateChanged('edge-a', OpenSent, Idle)
      reporter.down('edge-a', { kind: 'notification', notification: quiet })
      await endTurn()
    }
    reporter.stateChanged('edge-a', OpenConfirm, Established)
    reporter.established('edge-a', fakeNegotiated())
    await endTurn()
    expect(log.messages()).toEqual([
      'session edge-a did not come up: we sent OPEN Message / Bad Peer AS',
      'session edge-a is Established with AS 64501, router ID 192.0.2.9, hold time 90 s, ' +
        'ipv4 and ipv6 (after 5 failed attempts)',
    ])
    expect(events()).toMatchObject([
      {
        from: 'OpenSent',
        to: 'Idle',
        detail: 'Did not come up: we sent OPEN Message / Bad Peer AS',
      },
      { to: 'Established' },
    ])
  })

  test('plain state changes are for debugging only', async () => {
    const { log, reporter, events, endTurn } = setUp()
    reporter.stateChanged('edge-a', Idle, Connect)
    await endTurn()
    expect(log.messages()).toEqual([])
    expect(log.messages('debug')).toEqual(['session edge-a: Idle to Connect'])
    expect(events()).toEqual([])
  })

  test('a NOTIFICATION on a connection that lost a collision changes nothing, but is told', async () => {
    const { log, reporter, events, endTurn } = setUp()
    reporter.stateChanged('edge-a', OpenConfirm, Established)
    reporter.established('edge-a', fakeNegotiated())
    await endTurn()
    const collision = fakeNotification({
      direction: 'sent',
      subcode: 7,
      text: 'Cease / Connection Collision Resolution',
      communication: '',
    })
    reporter.notification('edge-a', collision)
    await endTurn()
    expect(log.messages().at(-1)).toBe(
      'session edge-a: we sent Cease / Connection Collision Resolution',
    )
    expect(events().at(-1)).toMatchObject({ from: 'Established', to: 'Established' })
  })
})

function verdict(given: Partial<PrefixEvent>): PrefixEvent {
  return {
    kind: 'prefix',
    time: NINE,
    name: 'web',
    prefix: '198.51.100.0/24',
    from: 'Verified',
    to: 'Failed',
    duration: 4 * HOUR + 12 * MINUTE,
    opened: [],
    closed: [],
    ...given,
  }
}

const missing = {
  reason: 'missing-community',
  severity: 'error',
  session: 'edge-a',
  message: 'The route on edge-a lacks the community 8075:8007.',
} as const

describe('verdicts', () => {
  test.for<[string, Partial<PrefixEvent>, string, string]>([
    [
      'failing',
      { opened: [missing] },
      'warn',
      'prefix web (198.51.100.0/24) is Failed, was Verified for 4 h 12 min: ' +
        'The route on edge-a lacks the community 8075:8007',
    ],
    [
      'recovering',
      { from: 'Failed', to: 'Verified', closed: [{ ...missing, duration: 90_000 }] },
      'info',
      'prefix web (198.51.100.0/24) is Verified, was Failed for 4 h 12 min ' +
        '(closed: missing-community on edge-a after 1 min 30 s)',
    ],
    [
      'still failing, otherwise',
      { from: 'Failed', opened: [missing] },
      'warn',
      'prefix web (198.51.100.0/24) is still Failed after 4 h 12 min: ' +
        'The route on edge-a lacks the community 8075:8007',
    ],
    [
      'registered',
      { from: null, to: 'Pending', duration: 0 },
      'info',
      'prefix web (198.51.100.0/24) is registered: Pending',
    ],
    [
      'removed',
      { to: null },
      'info',
      'prefix web (198.51.100.0/24) is no longer registered, was Verified for 4 h 12 min',
    ],
    [
      'many findings',
      { opened: Array.from({ length: 7 }, (_, i) => ({ ...missing, message: `M${i}.` })) },
      'warn',
      'prefix web (198.51.100.0/24) is Failed, was Verified for 4 h 12 min: M0; M1; M2; M3; M4; and 2 more',
    ],
  ])('%s', ([, given, level, line]) => {
    const { log, reporter, events } = setUp()
    reporter.prefixChanged(verdict(given))
    expect(log.lines.map(({ level, message }) => [level, message])).toEqual([[level, line]])
    expect(events()).toMatchObject([{ kind: 'prefix', name: 'web', id: NINE * 1000 + 1 }])
    expect(reporter.counts().prefixEvents).toBe(1)
  })

  test('a storm is summed up in the log, and whole in the event log', () => {
    const { log, clock, reporter, events } = setUp({ verdictBudget: 2 })
    for (let i = 0; i < 6; i++) reporter.prefixChanged(verdict({ name: `p${i}` }))
    clock.advance(10_000)
    expect(log.messages()).toHaveLength(3)
    expect(log.messages()[2]).toBe('4 more verdict changes: 4 to Failed')
    expect(events()).toHaveLength(6)
  })
})

describe('refused connections', () => {
  test('the first is a line, the rest a summary every 10 s, until it is quiet', () => {
    const { log, clock, reporter } = setUp()
    for (let i = 0; i < 413; i++) {
      reporter.refused(`203.0.113.${i % 3}`, 50_000 + i, 'no session has this address')
    }
    expect(log.messages()).toEqual([
      'refused a connection from 203.0.113.0 port 50000: no session has this address',
    ])
    clock.advance(9_999)
    expect(log.messages()).toHaveLength(1)
    clock.advance(1)
    expect(log.messages()[1]).toBe(
      '412 more refused connections from 3 addresses, the last from 203.0.113.1: no session has this address',
    )
    reporter.refused('203.0.113.9', 1, 'AS 64502 is none of those accepted')
    clock.advance(10_000)
    expect(log.messages()[2]).toBe(
      '1 more refused connections from 1 address, the last from 203.0.113.9: AS 64502 is none of those accepted',
    )
    clock.advance(10_000)
    expect(clock.pending()).toBe(0)
    reporter.refused('203.0.113.9', 2, 'no session has this address')
    expect(log.messages()[3]).toBe(
      'refused a connection from 203.0.113.9 port 2: no session has this address',
    )
    expect(reporter.counts().refusedConnections).toBe(415)
  })

  test('a flood from many addresses is remembered in bounded memory', () => {
    const { log, reporter } = setUp()
    for (let i = 0; i < 5001; i++) reporter.refused(`10.0.${i >> 8}.${i & 255}`, 1, 'unknown')
    reporter.close()
    expect(log.messages()[1]).toBe(
      '5000 more refused connections from more than 1000 addresses, the last from 10.0.19.136: unknown',
    )
  })
})

test('malformed UPDATEs are sampled likewise', () => {
  const { log, reporter } = setUp()
  reporter.malformedUpdate('edge-a', 'treat-as-withdraw', 'ORIGIN has the value 7')
  reporter.malformedUpdate('edge-a', 'treat-as-withdraw', 'ORIGIN has the value 7')
  reporter.malformedUpdate('edge-b', 'attribute-discard', 'AGGREGATOR has 5 octets')
  reporter.close()
  expect(log.messages()).toEqual([
    'session edge-a sent a malformed UPDATE (treat-as-withdraw): ORIGIN has the value 7',
    '2 more malformed UPDATEs on 2 sessions',
  ])
  expect(reporter.counts().malformedUpdates).toBe(3)
})

test.for([
  [-5, 'less than 1 s'],
  [999, 'less than 1 s'],
  [1000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [3_601_000, '1 h'],
  [15_120_000, '4 h 12 min'],
  [86_400_000 * 3 + 7_200_000, '3 d 2 h'],
] as const)('%i ms is %s', ([milliseconds, words]) => {
  expect(formatDuration(milliseconds)).toBe(words)
})

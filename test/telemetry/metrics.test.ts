import { describe, expect, test } from 'vitest'
import { type Finding, findingReasons, routeNotes } from '../../src/engine/types.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { escapeLabel } from '../../src/telemetry/prefix-exposition.ts'
import {
  type FakeWorld,
  fakeEngine,
  fakeLog,
  fakeSessions,
  fakeStatus,
  fakeTallies,
  fakeVerdict,
  fakeWorld,
  NINE,
  zeros,
} from '../support/fake-views.ts'
import { parseExposition, seriesOf, textOf } from './exposition.ts'

const outside = {
  reason: 'outside-address-space',
  severity: 'error',
  session: 'vnet/hub',
  message: 'The session of hub announces 10.77.0.0/16.',
  action: 'Stop.',
  prefixes: ['10.77.0.0/16'],
  count: 1,
  since: NINE,
} as const

function metricsOf(world: FakeWorld, perPrefixLimit = 1000, stored?: boolean) {
  const log = fakeLog()
  const metrics = createMetrics({
    engine: fakeEngine(world),
    sessions: fakeSessions(world),
    perPrefixLimit,
    version: '0.1.0',
    log,
    counts: () => ({ refusedConnections: 4, malformedUpdates: 0, prefixEvents: 9 }),
    peeringOf: (session) => (session === 'edge-b' ? 'contoso-ams' : undefined),
    judgedSessions: () => [
      { session: 'vnet/hub', reasons: ['outside-address-space'], findings: [outside] },
      { session: 'vnet/lab', reasons: ['outside-address-space'], findings: [] },
    ],
    ...(stored !== undefined && { storageUp: () => stored }),
  })
  const scrape = async () => parseExposition(await textOf(metrics.exposition()))
  return { metrics, log, scrape }
}

const missing: Finding = {
  reason: 'missing-community',
  severity: 'error',
  session: 'edge-a',
  message: 'The community 8075:8007 is missing.',
  action: 'Add it.',
  evidence: {},
  since: NINE,
}

function twoSessions(): FakeWorld {
  return fakeWorld({
    statuses: [
      fakeStatus(
        'Established',
        { description: 'rack "7"\nÅrhus \\ north' },
        {
          flaps: 2,
          received: { open: 1, update: 40, notification: 0, keepalive: 9, routeRefresh: 0 },
          sent: { open: 1, update: 0, notification: 2, keepalive: 10, routeRefresh: 1 },
          notifications: [{ direction: 'sent', code: 4, subcode: 0, count: 2 }],
        },
      ),
      fakeStatus('Active', {
        name: 'edge-b',
        asn: 64502,
        address: '2001:db8::b',
        families: ['ipv6'],
      }),
    ],
    tallies: {
      'edge-a': fakeTallies({
        prefixes: { ipv4: 12, ipv6: 1 },
        announced: { ipv4: 30, ipv6: 2 },
        withdrawn: { ipv4: 18, ipv6: 1 },
        classes: { verified: 5, failed: 6, overlap: 7, unregistered: 8 },
        findings: { ...zeros(findingReasons), 'private-asn': 3 },
        notes: { ...zeros(routeNotes), 'own-as': 4 },
        updateErrors: { 'attribute-discard': 1, 'treat-as-withdraw': 2, 'session-reset': 0 },
      }),
    },
    verdicts: [
      fakeVerdict('web', '198.51.100.0/24', 'Failed', {
        findings: [missing],
        sessions: [
          { session: 'edge-a', status: 'received' },
          { session: 'edge-b', status: 'down' },
        ],
      }),
      fakeVerdict('six', '2001:db8::/32', 'Verified', {
        sessions: [{ session: 'edge-a', status: 'received' }],
      }),
    ],
  })
}

describe('metrics of sessions', () => {
  test('names, labels, types and values', async () => {
    const { scrape } = metricsOf(twoSessions())
    const exposition = await scrape()
    const series = (name: string) => seriesOf(exposition, name)
    expect(series('bgpwarden_build_info')).toEqual(['version=0.1.0 1'])
    expect(series('bgpwarden_session_info')).toEqual([
      'session=edge-a,peering=,remote_address=192.0.2.9,remote_as=64501,local_as=64500,' +
        'router_id=192.0.2.9,description=rack "7"\nÅrhus \\ north 1',
      'session=edge-b,peering=contoso-ams,remote_address=2001:db8::b,remote_as=64502,local_as=64500,' +
        'router_id=,description= 1',
    ])
    expect(series('bgpwarden_session_state')).toEqual(['session=edge-a 6', 'session=edge-b 3'])
    expect(series('bgpwarden_session_up')).toEqual(['session=edge-a 1', 'session=edge-b 0'])
    expect(series('bgpwarden_session_established_timestamp_seconds')).toEqual([
      `session=edge-a ${NINE / 1000}`,
      'session=edge-b 0',
    ])
    expect(series('bgpwarden_session_last_message_timestamp_seconds')).toEqual([
      `session=edge-a ${NINE / 1000 + 1.5}`,
      'session=edge-b 0',
    ])
    expect(series('bgpwarden_session_flaps_total')).toEqual([
      'session=edge-a 2',
      'session=edge-b 0',
    ])
    const types = Object.fromEntries(exposition.types)
    expect(types).toMatchObject({
      bgpwarden_session_info: 'gauge',
      bgpwarden_session_state: 'gauge',
      bgpwarden_session_flaps_total: 'counter',
      bgpwarden_session_messages_total: 'counter',
      bgpwarden_session_notifications_total: 'counter',
      bgpwarden_session_prefixes: 'gauge',
      bgpwarden_session_routes_total: 'counter',
      bgpwarden_session_update_errors_total: 'counter',
      bgpwarden_verdicts_total: 'counter',
      bgpwarden_findings_total: 'counter',
      bgpwarden_session_route_notes_total: 'counter',
      bgpwarden_verdict_latency_seconds: 'histogram',
    })
  })

  test('a gauge never ends in _total, a counter always does', async () => {
    const { types } = await metricsOf(twoSessions()).scrape()
    for (const [name, type] of types) {
      if (!name.startsWith('bgpwarden_')) continue
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    }
  })

  test('messages and notifications', async () => {
    const exposition = await metricsOf(twoSessions()).scrape()
    expect(seriesOf(exposition, 'bgpwarden_session_messages_total').slice(0, 10)).toEqual([
      'session=edge-a,direction=received,type=OPEN 1',
      'session=edge-a,direction=received,type=UPDATE 40',
      'session=edge-a,direction=received,type=NOTIFICATION 0',
      'session=edge-a,direction=received,type=KEEPALIVE 9',
      'session=edge-a,direction=received,type=ROUTE-REFRESH 0',
      'session=edge-a,direction=sent,type=OPEN 1',
      'session=edge-a,direction=sent,type=UPDATE 0',
      'session=edge-a,direction=sent,type=NOTIFICATION 2',
      'session=edge-a,direction=sent,type=KEEPALIVE 10',
      'session=edge-a,direction=sent,type=ROUTE-REFRESH 1',
    ])
    expect(seriesOf(exposition, 'bgpwarden_session_notifications_total')).toEqual([
      'session=edge-a,direction=sent,code=4,subcode=0 2',
    ])
  })

  test('tables: their limit, whether they are complete and how that is known', async () => {
    const world = twoSessions()
    const limited = fakeStatus('Established', { maxPrefixes: { limit: 50, warnAt: 80 } })
    world.statuses[0] = limited
    world.tallies['edge-a'] = fakeTallies({
      complete: { ipv4: true, ipv6: true },
      endOfRib: { ipv4: true, ipv6: false },
    })
    const exposition = await metricsOf(world).scrape()
    expect(seriesOf(exposition, 'bgpwarden_session_finding')).toEqual([
      'session=vnet/hub,reason=outside-address-space 1',
      'session=vnet/lab,reason=outside-address-space 0',
    ])
    expect(seriesOf(exposition, 'bgpwarden_session_prefix_limit')).toEqual([
      'session=edge-a,family=ipv4 50',
      'session=edge-a,family=ipv6 50',
    ])
    expect(seriesOf(exposition, 'bgpwarden_session_table_complete')).toEqual([
      'session=edge-a,family=ipv4 1',
      'session=edge-a,family=ipv6 1',
      'session=edge-b,family=ipv6 0',
    ])
    expect(seriesOf(exposition, 'bgpwarden_session_end_of_rib')).toEqual([
      'session=edge-a,family=ipv4 1',
      'session=edge-a,family=ipv6 0',
      'session=edge-b,family=ipv6 0',
    ])
  })

  test('a session that was shut down says so', async () => {
    const world = twoSessions()
    world.statuses[1] = fakeStatus('Idle', { name: 'edge-b' }, { shutdown: true })
    expect(seriesOf(await metricsOf(world).scrape(), 'bgpwarden_session_shutdown')).toEqual([
      'session=edge-a 0',
      'session=edge-b 1',
    ])
  })

  test.for([
    [undefined, []],
    [true, [' 1']],
    [false, [' 0']],
  ] as const)('storage that can be written: %s', async ([stored, expected]) => {
    const { scrape } = metricsOf(twoSessions(), 1000, stored)
    const series = seriesOf(await scrape(), 'bgpwarden_storage_up')
    expect(series.map((line) => ` ${line.trim()}`)).toEqual(expected)
  })

  test('routes by configured family; a session that is down keeps its series at 0', async () => {
    const exposition = await metricsOf(twoSessions()).scrape()
    expect(seriesOf(exposition, 'bgpwarden_session_prefixes')).toEqual([
      'session=edge-a,family=ipv4 12',
      'session=edge-a,family=ipv6 1',
      'session=edge-b,family=ipv6 0',
    ])
    expect(seriesOf(exposition, 'bgpwarden_session_routes_total')).toEqual([
      'session=edge-a,family=ipv4,action=announce 30',
      'session=edge-a,family=ipv4,action=withdraw 18',
      'session=edge-a,family=ipv6,action=announce 2',
      'session=edge-a,family=ipv6,action=withdraw 1',
      'session=edge-b,family=ipv6,action=announce 0',
      'session=edge-b,family=ipv6,action=withdraw 0',
    ])
    expect(seriesOf(exposition, 'bgpwarden_session_update_errors_total')).toEqual([
      'session=edge-a,treatment=attribute-discard 1',
      'session=edge-a,treatment=treat-as-withdraw 2',
      'session=edge-a,treatment=session-reset 0',
      'session=edge-b,treatment=attribute-discard 0',
      'session=edge-b,treatment=treat-as-withdraw 0',
      'session=edge-b,treatment=session-reset 0',
    ])
    expect(seriesOf(exposition, 'bgpwarden_verdicts_total').slice(0, 5)).toEqual([
      'session=edge-a,verdict=verified 5',
      'session=edge-a,verdict=failed 6',
      'session=edge-a,verdict=overlap 7',
      'session=edge-a,verdict=unregistered 8',
      'session=edge-b,verdict=verified 0',
    ])
    const notes = seriesOf(exposition, 'bgpwarden_session_route_notes_total')
    expect(notes).toHaveLength(2 * routeNotes.length)
    expect(notes).toContain('session=edge-a,note=own-as 4')
    const findings = seriesOf(exposition, 'bgpwarden_findings_total')
    expect(findings).toHaveLength(2 * findingReasons.length)
    expect(findings).toContain('session=edge-a,reason=private-asn 3')
    expect(findings).toContain('session=edge-a,reason=not-received 0')
  })

  test('a flap keeps the identity of the info series; a removed session vanishes', async () => {
    const world = twoSessions()
    const { scrape } = metricsOf(world)
    const before = seriesOf(await scrape(), 'bgpwarden_session_info')
    const [up, down] = world.statuses
    if (up === undefined || down === undefined) throw new Error('two sessions expected')
    world.statuses = [{ ...up, state: 1, stateName: 'Idle', negotiated: null }, down]
    expect(seriesOf(await scrape(), 'bgpwarden_session_info')).toEqual(before)
    world.statuses = [down]
    const after = await scrape()
    expect(after.samples.filter((sample) => sample.labels['session'] === 'edge-a')).toHaveLength(2)
    expect(seriesOf(after, 'bgpwarden_session_state')).toEqual(['session=edge-b 3'])
    // What is left are the registered prefixes, which still expect the session.
    expect(
      after.samples
        .filter((sample) => sample.labels['session'] === 'edge-a')
        .map((sample) => sample.name),
    ).toEqual(['bgpwarden_prefix_received', 'bgpwarden_prefix_received'])
  })
})

describe('metrics of prefixes', () => {
  test('state, every reason, and what each expected session carries', async () => {
    const exposition = await metricsOf(twoSessions()).scrape()
    expect(seriesOf(exposition, 'bgpwarden_prefix_state')).toEqual([
      'prefix=198.51.100.0/24,name=web 4',
      'prefix=2001:db8::/32,name=six 2',
    ])
    expect(seriesOf(exposition, 'bgpwarden_prefix_finding')).toEqual(
      [
        ['198.51.100.0/24', 'web'],
        ['2001:db8::/32', 'six'],
      ].flatMap(([prefix, name]) =>
        findingReasons.map((reason) => {
          const open = name === 'web' && reason === 'missing-community'
          return `prefix=${prefix},name=${name},reason=${reason} ${open ? 1 : 0}`
        }),
      ),
    )
    expect(seriesOf(exposition, 'bgpwarden_prefix_received')).toEqual([
      'prefix=198.51.100.0/24,name=web,session=edge-a 1',
      'prefix=198.51.100.0/24,name=web,session=edge-b 0',
      'prefix=2001:db8::/32,name=six,session=edge-a 1',
    ])
  })

  test('aggregates', async () => {
    const exposition = await metricsOf(twoSessions()).scrape()
    expect(seriesOf(exposition, 'bgpwarden_prefixes')).toEqual([
      'state=None 0',
      'state=Pending 0',
      'state=Verified 1',
      'state=Warning 0',
      'state=Failed 1',
      'state=Invalid 0',
    ])
    expect(seriesOf(exposition, 'bgpwarden_prefixes_failing')).toEqual(
      findingReasons.map((reason) => `reason=${reason} ${reason === 'missing-community' ? 1 : 0}`),
    )
    expect(seriesOf(exposition, 'bgpwarden_rib_routes')).toEqual(['family=ipv4 7', 'family=ipv6 3'])
    expect(seriesOf(exposition, 'bgpwarden_rib_attribute_sets')).toEqual(['5'])
    expect(seriesOf(exposition, 'bgpwarden_refused_connections_total')).toEqual(['4'])
    expect(seriesOf(exposition, 'nodejs_eventloop_lag_seconds')).toHaveLength(1)
  })

  test('a name with quotes, line feed, backslash and other letters survives', async () => {
    const name = 'a "b"\n\\c é 漢'
    const world = fakeWorld({ verdicts: [fakeVerdict(name, '192.0.2.0/24')] })
    const { samples } = await metricsOf(world).scrape()
    const state = samples.find((sample) => sample.name === 'bgpwarden_prefix_state')
    expect(state?.labels['name']).toBe(name)
    // The three escapes of the text format: \\ \n \"
    expect(escapeLabel('\\ \n "')).toBe('\\\\ \\n \\"')
  })

  test('above the limit only the aggregates are exported, and one line says so', async () => {
    const world = twoSessions()
    const { scrape, log } = metricsOf(world, 1)
    for (let i = 0; i < 3; i++) {
      const exposition = await scrape()
      expect(exposition.samples.filter(({ labels }) => 'prefix' in labels)).toEqual([])
      expect(exposition.types.has('bgpwarden_prefix_state')).toBe(false)
      expect(seriesOf(exposition, 'bgpwarden_prefixes')).toContain('state=Failed 1')
    }
    expect(log.messages()).toEqual([
      '2 prefixes are registered, more than metrics.perPrefixLimit 1: ' +
        'metrics with a prefix label are not exported, the aggregates are',
    ])
  })
})

describe('verdict latency', () => {
  test('is a histogram from 10 us to 1 s', async () => {
    const { metrics, scrape } = metricsOf(fakeWorld())
    metrics.observeLatency(0.000_02)
    metrics.observeLatency(0.4)
    metrics.observeLatency(3)
    const exposition = await scrape()
    const buckets = seriesOf(exposition, 'bgpwarden_verdict_latency_seconds_bucket')
    expect(buckets[0]).toBe('le=0.00001 0')
    expect(buckets).toContain('le=0.000025 1')
    expect(buckets).toContain('le=0.25 1')
    expect(buckets).toContain('le=0.5 2')
    expect(buckets.slice(-2)).toEqual(['le=1 2', 'le=+Inf 3'])
    expect(seriesOf(exposition, 'bgpwarden_verdict_latency_seconds_count')).toEqual(['3'])
  })
})

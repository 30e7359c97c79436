/** Limits on routes per family, between sessions and engine. */
import { describe, expect, test, vi } from 'vitest'
import { createBridge } from '../src/bridge.ts'
import type { Config } from '../src/config/config.ts'
import { parseConfig } from '../src/config/load.ts'
import { createEngine } from '../src/engine/engine.ts'
import { defaultPolicy } from '../src/engine/types.ts'
import { Family } from '../src/prefix/prefix.ts'
import { parsePrefix } from '../src/prefix/text.ts'
import type { SessionManager } from '../src/session/sessions.ts'
import type { DownReason } from '../src/session/types.ts'
import { createEventLog } from '../src/telemetry/event-log.ts'
import { createReporter } from '../src/telemetry/reporter.ts'
import { pathAttribute } from '../src/wire/attribute-values.ts'
import { encodeUpdates, encodeWithdrawals } from '../src/wire/update-values.ts'
import { settings } from './support/engine-lab.ts'
import { fakeClock, fakeLog, fakeNegotiated, fakeNotification, NINE } from './support/fake-views.ts'
import { sessionConfig } from './support/session-config.ts'
import { hexOf, viewOf } from './support/vectors.ts'

const notified: DownReason = { kind: 'notification', notification: fakeNotification() }

/** Session edge-a with a limit, Established; prefixes are announced by their third octet. */
function lab(maxPrefixes: string, restartTime = 120) {
  const config: Config = parseConfig(
    `local: { asn: 64500, routerId: 192.0.2.1 }
sessions: [{ name: edge-a, address: 192.0.2.9, asn: 64501, maxPrefixes: ${maxPrefixes} }]`,
    'test.yaml',
  )
  const clock = fakeClock()
  const engine = createEngine({ policy: defaultPolicy, now: clock.now })
  engine.addSession(
    { name: 'edge-a', families: ['ipv4', 'ipv6'], asn: 64501, localAsn: 64500 },
    NINE,
  )
  const eventLog = createEventLog({ startedAt: NINE })
  const reporter = createReporter({ log: fakeLog(), clock, eventLog })
  const ceased: unknown[] = []
  const sent: string[] = []
  const sessions = {
    send: (_name: string, octets: Uint8Array) => sent.push(hexOf(octets)) > 0,
    cease: (...given: unknown[]) => ceased.push(given) > 0,
  } as unknown as SessionManager
  const bridge = createBridge({
    engine,
    clock,
    reporter,
    sessions: () => sessions,
    sessionConfig: (name) => config.sessions.find((session) => session.name === name),
    observeLatency() {},
    wake() {},
  })
  const routes = (octets: number[]) =>
    octets.map((o) => ({ prefix: parsePrefix(`10.0.${o}.0/24`) }))
  const send = (messages: readonly Uint8Array[]) => {
    for (const message of messages)
      bridge.update('edge-a', viewOf(message), 0, message.length, clock.now())
    bridge.chunkDone('edge-a', performance.now())
  }
  const negotiated = fakeNegotiated()
  const gracefulRestart = {
    restartState: false,
    notification: false,
    restartTime,
    families: [],
  }
  bridge.established('edge-a', {
    ...negotiated,
    remoteCapabilities: { ...negotiated.remoteCapabilities, gracefulRestart },
  })
  return {
    engine,
    bridge,
    ceased,
    sent,
    announce: (...octets: number[]) =>
      send(
        encodeUpdates(
          routes(octets),
          [
            pathAttribute({ kind: 'origin', origin: 0 }),
            pathAttribute({ kind: 'asPath', segments: [{ type: 2, asns: [64501] }] }),
            pathAttribute({ kind: 'nextHop', address: 0xc0000209 }),
          ],
          settings,
        ),
      ),
    withdraw: (...octets: number[]) => send(encodeWithdrawals(routes(octets), settings)),
    warnings: () =>
      eventLog
        .newest(100)
        .flatMap((event) => (event.kind === 'session' ? [event.detail] : []))
        .filter((detail) => detail.includes('maxPrefixes')),
  }
}

test('a warning at the threshold, once, and again only after falling below', () => {
  const { announce, withdraw, warnings, ceased } = lab('{ limit: 4, warnAt: 75 }')
  announce(1, 2)
  expect(warnings()).toEqual([])
  announce(3)
  announce(4)
  const warning = 'It holds 3 ipv4 prefixes of at most 4 (maxPrefixes warns at 75 %)'
  expect(warnings()).toEqual([warning])
  withdraw(4)
  announce(4)
  expect(warnings()).toEqual([warning])
  withdraw(3, 4)
  announce(3)
  expect(warnings()).toEqual([warning, warning])
  expect(ceased).toEqual([])
})

test('a number alone warns at 80 percent and rests for no fixed time', () => {
  const { announce, warnings, ceased } = lab('5')
  announce(1, 2, 3)
  expect(warnings()).toEqual([])
  announce(4, 5, 6)
  expect(warnings()).toEqual(['It holds 6 ipv4 prefixes of at most 5 (maxPrefixes warns at 80 %)'])
  // RFC 4486 §4: AFI 1, SAFI 1, the limit.
  const data = Uint8Array.of(0, Family.ipv4, 1, 0, 0, 0, 5)
  const reason = 'more than 5 ipv4 prefixes (maxPrefixes)'
  expect(ceased).toEqual([['edge-a', 1, data, reason, undefined]])
})

test('restartMinutes goes with the Cease and into its reason', () => {
  const { announce, ceased } = lab('{ limit: 1, restartMinutes: 30 }')
  announce(1, 2)
  const reason = 'more than 1 ipv4 prefixes (maxPrefixes), down for 30 min'
  expect(ceased).toEqual([['edge-a', 1, expect.any(Uint8Array), reason, 30]])
})

test('a peer that knows graceful restart is told End-of-RIB of each family (RFC 4724 §2)', () => {
  expect(lab('10').sent).toEqual([
    // An UPDATE with nothing in it; one with an empty MP_UNREACH_NLRI of IPv6 unicast.
    `${'ff'.repeat(16)}00170200000000`,
    `${'ff'.repeat(16)}001d0200000006800f03000201`,
  ])
})

test.for([
  ['a connection that failed', 120, { kind: 'closed', message: 'gone', graceful: true }, 1],
  ['a connection of a peer that cannot restart', 120, { kind: 'closed', message: 'gone' }, 0],
  ['a NOTIFICATION over which routes are kept', 120, { ...notified, graceful: true }, 1],
  ['any other NOTIFICATION', 120, notified, 0],
  ['a restart time of 0', 0, { ...notified, graceful: true }, 0],
] as [string, number, DownReason, number][])(
  'routes after %s (RFC 4724 §4.2, RFC 8538 §4)',
  ([, restartTime, reason, left]) => {
    const { announce, bridge, engine } = lab('10', restartTime)
    announce(1)
    bridge.down('edge-a', reason)
    expect(engine.view.ribRoutes().ipv4).toBe(left)
    engine.tick(NINE + 120_000)
    expect(engine.view.ribRoutes().ipv4).toBe(0)
  },
)

describe('the session of a peer of a range', () => {
  const guest = { ...sessionConfig({ name: 'lab-127.0.0.7' }) }

  function registered() {
    const { engine, bridge } = lab('100')
    const prefix = { name: 'web', prefix: parsePrefix('10.0.1.0/24'), originAsns: [] }
    engine.register(prefix, NINE)
    return { engine, bridge }
  }

  test('has no say in verdicts, and is forgotten when it goes', () => {
    const { engine, bridge } = registered()
    bridge.joined?.(guest, false)
    expect(engine.view.expectedSessions('web')).toEqual(['edge-a'])
    expect(engine.view.tallies(guest.name)).toBeDefined()
    bridge.left?.(guest.name)
    expect(engine.view.tallies(guest.name)).toBeUndefined()
  })

  test('is expected where its range says so', () => {
    const { engine, bridge } = registered()
    bridge.joined?.(guest, true)
    expect(engine.view.expectedSessions('web')).toEqual(['edge-a', guest.name])
    bridge.left?.(guest.name)
    expect(engine.view.expectedSessions('web')).toEqual(['edge-a'])
  })
})

test('a session whose routes there is no memory for is closed (RFC 4486 §4)', () => {
  const { announce, ceased, engine } = lab('1000')
  announce(1)
  expect(ceased).toEqual([])
  const exhausted = vi.spyOn(engine, 'exhausted').mockReturnValue(true)
  announce(2)
  expect(exhausted).toHaveBeenCalledWith('edge-a')
  expect(ceased).toEqual([['edge-a', 8, new Uint8Array(), 'there is no memory for more routes']])
})

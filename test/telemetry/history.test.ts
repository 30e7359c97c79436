import { expect, test } from 'vitest'
import type { PrefixEvent, RouteEvent } from '../../src/engine/types.ts'
import type { NewHistoryEvent } from '../../src/store/types.ts'
import { routeHistory, sessionHistory, verdictHistory } from '../../src/telemetry/history.ts'
import { createEngineLab } from '../support/engine-lab.ts'

const PREFIX = '198.51.100.0/24'

/** `type level summary` */
function lines(events: readonly NewHistoryEvent[]): string[] {
  return events.map(({ type, level, summary }) => `${type} ${level} ${summary}`)
}

function serviceLab() {
  const lab = createEngineLab()
  for (const name of ['ams-1', 'ams-2', 'fra-1']) lab.session(name, 3356)
  lab.register('web', PREFIX, {
    originAsns: [15169],
    requires: {
      primary: { location: 'Amsterdam', sessions: ['ams-1', 'ams-2'] },
      backup: { location: 'Frankfurt', sessions: ['fra-1'] },
    },
  })
  for (const name of ['ams-1', 'ams-2', 'fra-1']) {
    lab.up(name, 3356)
    lab.announce(name, PREFIX, { path: '3356 15169' })
    lab.end(name)
  }
  return lab
}

const told = (routes: RouteEvent[]) => lines(routes.splice(0).flatMap(routeHistory))

test('what becomes of routes has the types and levels of Azure', () => {
  const lab = serviceLab()
  expect(told(lab.routes)).toEqual([
    'PrefixAnnouncementEvent Information Route announced on ams-1',
    'PrefixAnnouncementEvent Information Route announced on ams-2',
    'PrefixBackupRouteAnnouncementEvent Information Backup route announced on fra-1',
  ])
  lab.announce('ams-1', PREFIX, { path: '3356 1299 15169' })
  lab.announce('fra-1', PREFIX, { path: '3356 1299 15169' })
  expect(told(lab.routes)).toEqual([
    'PrefixActivePath Information Route on ams-1 has another AS path: 3356 1299 15169',
    'PrefixBackupPath Information Backup route on fra-1 has another AS path: 3356 1299 15169',
  ])
  lab.announce('ams-1', PREFIX, { path: '3356 174' })
  lab.announce('fra-1', PREFIX, { path: '3356 174' })
  expect(told(lab.routes)).toEqual([
    'PrefixOriginAsChangeEvent Critical Route on ams-1 has the origin AS174, it was AS15169',
    'PrefixBackupRouteOriginAsChangeEvent Error Backup route on fra-1 has the origin AS174, it was AS15169',
  ])
  lab.withdraw('ams-1', PREFIX)
  lab.down('ams-2')
  lab.withdraw('fra-1', PREFIX)
  expect(told(lab.routes)).toEqual([
    'PrefixWithdrawalEvent Warning Route gone on ams-1: the peer withdrew it',
    'PrefixWithdrawalEvent Warning Route gone on ams-2: the session is down',
    'PrefixActivePath Information Active path is now that of the backup location, it was the primary one',
    'PrefixBackupRouteWithdrawalEvent Warning Backup route gone on fra-1: the peer withdrew it',
  ])
})

test('changes of the same kind at once are one event', () => {
  const lab = serviceLab()
  const changes = ['ams-1', 'ams-2'].map(
    (session) =>
      ({
        change: 'announced',
        session,
        location: 'primary',
        originAsn: 15169,
        asPath: '3356 15169',
      }) as const,
  )
  const event: RouteEvent = {
    kind: 'route',
    time: lab.now,
    name: 'web',
    prefix: PREFIX,
    changes,
    active: 'primary',
    wasActive: null,
  }
  const [only, ...more] = routeHistory(event)
  expect(more).toEqual([])
  expect(only).toMatchObject({
    prefix: 'web',
    session: null,
    time: lab.now,
    description: `${PREFIX}: Route announced on ams-1, ams-2. It has the AS path 3356 15169 and the origin AS15169.`,
    detail: { sessions: ['ams-1', 'ams-2'], location: 'primary', asPath: '3356 15169' },
  })
})

test('a verdict says how long the one before it lasted, and why', () => {
  const lab = serviceLab()
  lab.events.splice(0)
  lab.announce('ams-1', PREFIX, { path: '3356 15169', communities: [] })
  lab.wait(15_120)
  lab.announce('ams-1', PREFIX, { path: '3356 15169' })
  const history = lab.events.map(verdictHistory)
  expect(lines(history)).toEqual([
    'VerdictChangeEvent Error Failed: missing community on ams-1; Verified for less than 1 s',
    'VerdictChangeEvent Information Verified; Failed for 4 h 12 min: missing community on ams-1',
  ])
  expect(history[1]?.description).toBe(
    `${PREFIX}: Verified; Failed for 4 h 12 min: missing community on ams-1. Ended after 4 h 12 min: ${PREFIX} arrives on ams-1 without the required community 8075:8007 (it carries none).`,
  )
  expect(history[1]?.detail).toMatchObject({
    from: 'Failed',
    to: 'Verified',
    durationSeconds: 15_120,
  })
})

test('a prefix that comes or goes says so', () => {
  const event: PrefixEvent = {
    kind: 'prefix',
    time: 0,
    name: 'web',
    prefix: PREFIX,
    from: null,
    to: 'Pending',
    duration: 0,
    opened: [],
    closed: [],
  }
  expect(verdictHistory(event).summary).toBe('Registered: Pending')
  const gone = verdictHistory({ ...event, from: 'Verified', to: null, duration: 60_000 })
  expect(gone).toMatchObject({
    level: 'Information',
    summary: 'No longer registered; Verified for 1 min',
  })
})

test('a session has its own events', () => {
  const event = sessionHistory({
    kind: 'session',
    time: 5,
    session: 'edge-a',
    from: 'Established',
    to: 'Idle',
    detail: 'Hold timer expired.',
  })
  expect(event).toMatchObject({
    type: 'SessionChangeEvent',
    level: 'Warning',
    prefix: null,
    session: 'edge-a',
    summary: 'Idle, was Established: Hold timer expired.',
  })
})

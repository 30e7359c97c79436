import { describe, expect, test } from 'vitest'
import type { Registration } from '../../src/engine/types.ts'
import { createEngineLab } from '../support/engine-lab.ts'

const PREFIX = '198.51.100.0/24'

/** A service prefix with two primary sessions and a backup one. */
const service: Partial<Registration> = {
  sessions: ['ams-1', 'ams-2', 'fra-1'],
  requires: {
    primary: { location: 'Amsterdam', sessions: ['ams-1', 'ams-2'] },
    backup: { location: 'Frankfurt', sessions: ['fra-1'] },
  },
}

function serviceLab(secondRouter = '192.0.2.12') {
  const lab = createEngineLab()
  for (const name of ['ams-1', 'ams-2', 'fra-1']) lab.session(name, 64501)
  lab.register('web', PREFIX, service)
  const bring = (name: string, routerId: string) => {
    lab.up(name, 64501, {}, { routerId })
    lab.announce(name, PREFIX, { path: '3356' })
    lab.end(name)
  }
  return { ...lab, lab, bring, second: () => bring('ams-2', secondRouter) }
}

describe('locations', () => {
  test('with two routers at the primary and one session at the backup are enough', () => {
    const { lab, bring, second } = serviceLab()
    bring('ams-1', '192.0.2.11')
    second()
    expect(lab.state('web')).toBe('Pending')
    bring('fra-1', '192.0.2.13')
    expect(lab.state('web')).toBe('Verified')
  })

  test('get the time to come up, then are missed', () => {
    const { lab, bring } = serviceLab()
    bring('ams-1', '192.0.2.11')
    lab.wait(59)
    expect(lab.reasons('web')).toEqual([])
    lab.wait(1)
    expect(lab.state('web')).toBe('Failed')
    expect(lab.reasons('web')).toEqual([
      'insufficient-primary-sessions@-',
      'no-backup-session@-',
      'session-down@ams-2',
      'session-down@fra-1',
    ])
    const [primary, backup] = lab.verdict('web').findings
    expect(primary).toMatchObject({
      severity: 'error',
      message: `The primary location Amsterdam of ${PREFIX} has only ams-1 up; not Established: ams-2; two sessions with different routers must be.`,
      action: 'The provider must bring up another session, with another router, at Amsterdam.',
    })
    expect(backup).toMatchObject({
      message: `The backup location Frankfurt of ${PREFIX} has no session up; not Established: fra-1; one session must be.`,
      action: 'The provider must bring up one session at Frankfurt.',
    })
  })

  test('that nobody ever reached fail, and do not stay Pending', () => {
    const { lab } = serviceLab()
    lab.wait(60)
    expect(lab.state('web')).toBe('Failed')
  })

  test('with two sessions of one router have too few', () => {
    const { lab, bring, second } = serviceLab('192.0.2.11')
    bring('ams-1', '192.0.2.11')
    second()
    bring('fra-1', '192.0.2.13')
    expect(lab.reasons('web')).toEqual(['insufficient-primary-sessions@-'])
    expect(lab.verdict('web').errorMessage).toContain(
      'has only ams-1, ams-2 up, all with one router; two sessions',
    )
  })

  test('are lost and restored with their sessions, but not by a graceful restart', () => {
    const { lab, bring, second } = serviceLab()
    bring('ams-1', '192.0.2.11')
    second()
    bring('fra-1', '192.0.2.13')
    lab.down('ams-2', lab.now + 30_000)
    expect(lab.reasons('web')).not.toContain('insufficient-primary-sessions@-')
    lab.wait(31)
    expect(lab.reasons('web')).toContain('insufficient-primary-sessions@-')
    second()
    expect(lab.state('web')).toBe('Verified')
    lab.down('fra-1')
    expect(lab.reasons('web')).toEqual(['no-backup-session@-', 'session-down@fra-1'])
  })

  test('without any session fail', () => {
    const lab = createEngineLab()
    lab.register('web', PREFIX, {
      sessions: [],
      requires: { primary: { location: 'Amsterdam', sessions: [] } },
    })
    expect(lab.state('web')).toBe('Failed')
    expect(lab.verdict('web').errorMessage).toBe(
      `The primary location Amsterdam of ${PREFIX} has no session up; two sessions with different routers must be.`,
    )
  })
})

describe('a session that does not count', () => {
  test('has its routes shown, and is expected by nothing, until it counts', () => {
    const lab = createEngineLab()
    lab.engine.addSession(
      { name: 'new', families: ['ipv4'], asn: 64501, localAsn: 8075, counts: false },
      lab.now,
    )
    lab.register('web', PREFIX)
    lab.up('new', 64501)
    lab.announce('new', PREFIX, { path: '3356', communities: [] })
    lab.end('new')
    expect(lab.state('web')).toBe('Invalid')
    expect(lab.engine.view.routes('new', { limit: 10 })?.items).toHaveLength(1)

    lab.engine.setCounts('new', true, lab.now)
    expect(lab.state('web')).toBe('Failed')
    expect(lab.reasons('web')).toEqual(['missing-community@new'])

    lab.engine.setCounts('new', false, lab.now)
    expect(lab.state('web')).toBe('Invalid')
    expect(lab.engine.view.expectedSessions('web')).toEqual([])
  })

  test('leaves the verdicts of others alone', () => {
    const lab = createEngineLab()
    lab.session('old', 64501)
    lab.register('web', PREFIX)
    lab.up('old', 64501)
    lab.announce('old', PREFIX)
    lab.end('old')
    lab.session('new', 64502)
    lab.engine.setCounts('new', false, lab.now)
    lab.up('new', 64502)
    lab.end('new')
    expect(lab.state('web')).toBe('Verified')
    lab.engine.setCounts('new', true, lab.now)
    expect(lab.reasons('web')).toEqual(['not-received@new'])
  })
})

import { describe, expect, test } from 'vitest'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { createEngineLab } from '../support/engine-lab.ts'

/** One session, one prefix that only the named deviation keeps from being Verified. */
function labWith(path: string, communities = ['8075:8007'], originAsns: number[] = []) {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('web', '198.51.100.0/24', { originAsns })
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '198.51.100.0/24', { path, communities })
  lab.end('edge-a')
  return lab
}

test('a prefix that arrives as it must is Verified', () => {
  const lab = labWith('3356 1299 15169', ['8075:8007', '3356:1'], [15169])
  expect(lab.verdict('web')).toMatchObject({
    state: 'Verified',
    prefix: '198.51.100.0/24',
    findings: [],
    errorMessage: '',
    sessions: [
      {
        session: 'edge-a',
        status: 'received',
        route: {
          asPath: '3356 1299 15169',
          communities: ['8075:8007', '3356:1'],
          class: 'verified',
        },
      },
    ],
  })
})

test.for([
  [
    'missing-community',
    '3356',
    [],
    [],
    'without the required community 8075:8007 (it carries none)',
  ],
  ['missing-community', '3356', ['8075:1', '64500:1:2'], [], '(it carries 8075:1 64500:1:2)'],
  [
    'as-path-too-long',
    '3356 1299 174 15169',
    ['8075:8007'],
    [],
    'AS path of length 4, at most 3 is allowed: 3356 1299 174 15169',
  ],
  [
    'private-asn',
    '3356 64512',
    ['8075:8007'],
    [],
    'the private AS 64512 at position 2 of its AS path',
  ],
  ['private-asn', '3356 4200000000', ['8075:8007'], [], 'the private AS 4200000000 at position 2'],
  [
    'as-path-prepended',
    '3356 3356',
    ['8075:8007'],
    [],
    'AS3356 prepended in its AS path: 3356 3356',
  ],
  [
    'origin-mismatch',
    '3356 1299',
    ['8075:8007'],
    [15169],
    'originated on edge-a by AS1299, it is registered with AS15169',
  ],
  ['origin-mismatch', '3356 {1299 174}', ['8075:8007'], [1299], 'by an AS_SET'],
] as const)('%s: %s %s', ([reason, path, communities, originAsns, sentence]) => {
  const lab = labWith(path, [...communities], [...originAsns])
  const verdict = lab.verdict('web')
  expect(verdict.state).toBe('Failed')
  expect(lab.reasons('web')).toEqual([`${reason}@edge-a`])
  expect(verdict.findings[0]).toMatchObject({ severity: 'error', session: 'edge-a' })
  expect(verdict.findings[0]?.message).toContain(sentence)
  expect(verdict.errorMessage).toBe(verdict.findings[0]?.message)
})

test('a reserved AS number is a warning', () => {
  const lab = labWith('3356 64496')
  expect(lab.state('web')).toBe('Warning')
  expect(lab.reasons('web')).toEqual(['bogon-asn@edge-a'])
})

test('all findings stand at once, never only the first', () => {
  const lab = labWith('3356 3356 64512 174 174', [], [15169])
  expect(lab.reasons('web')).toEqual([
    'missing-community@edge-a',
    'as-path-too-long@edge-a',
    'private-asn@edge-a',
    'as-path-prepended@edge-a',
    'origin-mismatch@edge-a',
  ])
})

test('the headline is the first error, not the warning before it; a finding concerns its session', () => {
  const lab = createEngineLab({ convergenceSeconds: 1 })
  lab.session('edge-a', 3356)
  lab.session('edge-b', 1299)
  lab.session('edge-c', 174)
  lab.register('web', '198.51.100.0/24', { sessions: ['edge-a', 'edge-b'] })
  expect(lab.engine.view.headline('web')).toBeUndefined()
  lab.up('edge-b', 1299)
  lab.announce('edge-b', '198.51.100.0/24', { path: '1299', communities: [] })
  lab.end('edge-b')
  lab.wait(2)
  const { headline, concerns } = lab.engine.view
  expect(lab.verdict('web').findings.map(({ reason }) => reason)).toEqual([
    'session-down',
    'missing-community',
  ])
  expect(headline('web')).toMatchObject({
    finding: { reason: 'missing-community', severity: 'error', session: 'edge-b' },
    others: 1,
  })
  const sessions = ['edge-a', 'edge-b', 'edge-c', 'nobody']
  expect(sessions.map((name) => concerns('web', name))).toEqual([true, true, false, false])
  expect(sessions.map((name) => concerns('web', name, 'session-down'))).toEqual([
    true,
    false,
    false,
    false,
  ])
  expect(headline('nobody')).toBeUndefined()
})

test('an AS_SET counts 1, confederation segments 0 (RFC 4271 §9.1.2.2, RFC 5065 §5.3)', () => {
  expect(labWith('3356 1299 {174 15169}').state('web')).toBe('Verified')
  expect(labWith('(64600 64601) 3356 1299 174').reasons('web')).toEqual(['private-asn@edge-a'])
})

test('policy: any of several communities, large ones, longer paths, prepending, bogons off', () => {
  const lab = createEngineLab({
    requiredCommunities: ['8075:8007', '64500:1:2'],
    communityMatch: 'any',
    maxAsPathLength: 5,
    allowPrepending: true,
    bogonAsn: 'off',
  })
  lab.session('edge-a', 3356)
  lab.register('web', '198.51.100.0/24')
  lab.register('strict', '203.0.113.0/24', {
    policy: {
      communityMatch: 'all',
      maxAsPathLength: 2,
      allowPrepending: false,
      bogonAsn: 'error',
    },
  })
  lab.up('edge-a', 3356)
  const route = { path: '3356 3356 64496', communities: ['64500:1:2'] }
  lab.announce('edge-a', '198.51.100.0/24', route)
  lab.announce('edge-a', '203.0.113.0/24', route)
  lab.end('edge-a')
  expect(lab.state('web')).toBe('Verified')
  expect(lab.reasons('strict')).toEqual([
    'missing-community@edge-a',
    'as-path-too-long@edge-a',
    'bogon-asn@edge-a',
    'as-path-prepended@edge-a',
  ])
  expect(lab.verdict('strict').findings[0]?.message).toContain('required community 8075:8007 (')
})

test('not-received names a covering route', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.session('edge-b', 1299)
  lab.register('web', '198.51.100.0/24')
  for (const [name, asn] of [
    ['edge-a', 3356],
    ['edge-b', 1299],
  ] as const) {
    lab.up(name, asn)
    lab.end(name)
  }
  lab.announce('edge-a', '198.51.100.0/24')
  lab.announce('edge-b', '198.51.0.0/16', { path: '1299' })
  expect(lab.state('web')).toBe('Failed')
  const [finding] = lab.verdict('web').findings
  expect(finding).toMatchObject({
    reason: 'not-received',
    session: 'edge-b',
    message: '198.51.100.0/24 is not received on edge-b; the covering route 198.51.0.0/16 is.',
    evidence: { routes: ['198.51.0.0/16'] },
  })
})

test('until an initial table is complete a session contributes Pending, not not-received', () => {
  const lab = createEngineLab({ convergenceSeconds: 60 })
  lab.session('edge-a', 3356)
  lab.session('edge-b', 1299)
  lab.register('web', '198.51.100.0/24')
  expect(lab.state('web')).toBe('Pending')
  lab.up('edge-a', 3356)
  lab.up('edge-b', 1299)
  lab.announce('edge-a', '198.51.100.0/24')
  expect(lab.state('web')).toBe('Pending')
  lab.end('edge-a')
  expect(lab.state('web')).toBe('Pending')
  // No End-of-RIB ever comes from edge-b: the time for it ends.
  lab.wait(59)
  expect(lab.state('web')).toBe('Pending')
  lab.wait(1)
  expect(lab.state('web')).toBe('Failed')
  expect(lab.reasons('web')).toEqual(['not-received@edge-b'])
})

test('how a table became complete is known: by End-of-RIB, or because the time was over', () => {
  const lab = createEngineLab({ convergenceSeconds: 60 })
  lab.session('edge-a', 3356)
  const table = () => {
    const { complete, endOfRib } = lab.engine.view.tallies('edge-a') ?? {}
    return { complete, endOfRib }
  }
  const neither = { ipv4: false, ipv6: false }
  const ipv4 = { ipv4: true, ipv6: false }
  const both = { ipv4: true, ipv6: true }
  expect(table()).toEqual({ complete: neither, endOfRib: neither })
  lab.up('edge-a', 3356)
  lab.end('edge-a', 'ipv4')
  expect(table()).toEqual({ complete: ipv4, endOfRib: ipv4 })
  lab.wait(60)
  expect(table()).toEqual({ complete: both, endOfRib: ipv4 })
  // It came late, and came.
  lab.end('edge-a', 'ipv6')
  expect(table()).toEqual({ complete: both, endOfRib: both })
  lab.down('edge-a')
  expect(table()).toEqual({ complete: neither, endOfRib: neither })
})

test('a session that never comes up is a warning, once it had the time to', () => {
  const lab = createEngineLab({ convergenceSeconds: 60 })
  lab.session('edge-a', 3356)
  lab.session('edge-b', 1299)
  lab.register('web', '198.51.100.0/24')
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '198.51.100.0/24')
  lab.end('edge-a')
  lab.wait(59)
  expect(lab.state('web')).toBe('Pending')
  lab.wait(1)
  expect(lab.state('web')).toBe('Warning')
  expect(lab.reasons('web')).toEqual(['session-down@edge-b'])
})

test('a session that goes down is a warning, its return no false failure', () => {
  const lab = labWith('3356')
  lab.session('edge-b', 1299)
  lab.up('edge-b', 1299)
  lab.announce('edge-b', '198.51.100.0/24', { path: '1299' })
  lab.end('edge-b')
  const from = lab.events.length
  lab.wait(10)
  lab.down('edge-b')
  lab.wait(100)
  lab.up('edge-b', 1299)
  lab.announce('edge-b', '198.51.100.0/24', { path: '1299' })
  lab.end('edge-b')
  const states = lab.events.slice(from).map((event) => [event.from, event.to, event.duration])
  expect(states).toEqual([
    ['Verified', 'Warning', 10_000],
    ['Warning', 'Pending', 100_000],
    ['Pending', 'Verified', 0],
  ])
})

test('a graceful restart keeps the routes: stale until they come again (RFC 4724 §4.2)', () => {
  const lab = labWith('3356')
  lab.announce('edge-a', '203.0.113.0/24')
  lab.wait(5)
  lab.down('edge-a', lab.now + 120_000)
  expect(lab.reasons('web')).toEqual(['session-down@edge-a'])
  expect(lab.engine.view.ribRoutes().ipv4).toBe(2)
  lab.wait(20)
  lab.up('edge-a', 3356)
  expect(lab.verdict('web').sessions[0]?.route?.stale).toBe(true)
  lab.announce('edge-a', '198.51.100.0/24')
  expect(lab.verdict('web').sessions[0]?.route?.stale).toBe(false)
  lab.end('edge-a')
  expect(lab.state('web')).toBe('Verified')
  // 203.0.113.0/24 did not come again.
  expect(lab.engine.view.ribRoutes().ipv4).toBe(1)
  expect(lab.events.some((event) => event.to === 'Failed')).toBe(false)
})

test('a second restart before End-of-RIB keeps no routes from before the first (RFC 4724 §4.2)', () => {
  const lab = labWith('3356')
  lab.announce('edge-a', '203.0.113.0/24')
  lab.wait(5)
  lab.down('edge-a', lab.now + 120_000)
  lab.wait(5)
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '203.0.113.0/24')
  lab.wait(5)
  lab.down('edge-a', lab.now + 120_000)
  // 198.51.100.0/24 has not come since the first one.
  expect(lab.engine.view.ribRoutes().ipv4).toBe(1)
  expect(lab.reasons('web')).toEqual(['session-down@edge-a'])
  lab.wait(5)
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '198.51.100.0/24')
  lab.end('edge-a')
  expect(lab.state('web')).toBe('Verified')
  expect(lab.engine.view.ribRoutes().ipv4).toBe(1)
  expect(lab.events.some((event) => event.to === 'Failed')).toBe(false)
})

test('a peer that does not come back in time loses its routes', () => {
  const lab = labWith('3356')
  lab.down('edge-a', lab.now + 30_000)
  lab.wait(29)
  expect(lab.engine.view.ribRoutes().ipv4).toBe(1)
  lab.wait(1)
  expect(lab.engine.view.ribRoutes().ipv4).toBe(0)
  expect(lab.engine.view.ribAttributeSets()).toBe(0)
})

test('an enhanced route refresh sweeps what was not sent again (RFC 7313 §4)', () => {
  const lab = labWith('3356')
  lab.announce('edge-a', '203.0.113.0/24')
  lab.engine.refreshBoundary('edge-a', 'ipv4', 'begin', lab.now)
  lab.announce('edge-a', '198.51.100.0/24')
  lab.engine.refreshBoundary('edge-a', 'ipv4', 'end', lab.now)
  expect(lab.engine.view.ribRoutes().ipv4).toBe(1)
  expect(lab.state('web')).toBe('Verified')
})

test('a finding opens and closes in events, with how long it lasted', () => {
  const lab = labWith('3356')
  const from = lab.events.length
  lab.wait(60)
  lab.announce('edge-a', '198.51.100.0/24', { communities: [] })
  lab.wait(90)
  lab.announce('edge-a', '198.51.100.0/24', { communities: ['8075:8007', '3356:7'] })
  expect(lab.events.slice(from)).toMatchObject([
    {
      from: 'Verified',
      to: 'Failed',
      duration: 60_000,
      opened: [{ reason: 'missing-community', session: 'edge-a', severity: 'error' }],
      closed: [],
    },
    {
      from: 'Failed',
      to: 'Verified',
      duration: 90_000,
      opened: [],
      closed: [{ reason: 'missing-community', session: 'edge-a', duration: 90_000 }],
    },
  ])
})

test('malformed-update: treated as withdrawn, until a good UPDATE comes', () => {
  const lab = labWith('3356')
  // ORIGIN 3 in an otherwise good announcement of 198.51.100.0/24 (RFC 7606 §7.1)
  const message = Uint8Array.from(
    Buffer.from(
      `${'ff'.repeat(16)}002f02${'0000'}${'0014'}40010103${'40020602010000' + '0d1c'}400304c0000201${'18c63364'}`,
      'hex',
    ),
  )
  lab.receive('edge-a', message)
  expect(lab.reasons('web')).toEqual(['not-received@edge-a', 'malformed-update@edge-a'])
  expect(lab.verdict('web').findings[1]?.message).toBe(
    'The last UPDATE for 198.51.100.0/24 on edge-a was malformed and counts as a withdrawal: ORIGIN is malformed (value 3, expected 0 to 2).',
  )
  expect(lab.engine.view.tallies('edge-a')?.updateErrors['treat-as-withdraw']).toBe(1)
  lab.announce('edge-a', '198.51.100.0/24')
  expect(lab.state('web')).toBe('Verified')
})

test('overlapping-prefix: registered to someone else, named on both sides, gone when one goes', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('wide', '198.51.0.0/16', { owner: 'contoso' })
  lab.register('web', '198.51.100.0/24', { owner: 'fabrikam' })
  lab.register('same', '198.51.100.0/24', { owner: 'fabrikam' })
  lab.register('mine', '198.51.200.0/24', { owner: 'contoso' })
  lab.up('edge-a', 3356)
  for (const prefix of ['198.51.0.0/16', '198.51.100.0/24', '198.51.200.0/24']) {
    lab.announce('edge-a', prefix)
  }
  lab.end('edge-a')
  expect(lab.reasons('web')).toEqual(['overlapping-prefix@-'])
  expect(lab.verdict('web').findings[0]?.message).toBe(
    '198.51.100.0/24 overlaps 198.51.0.0/16 (wide, owner contoso), registered to someone else.',
  )
  expect(lab.verdict('wide').findings[0]?.message).toMatch(
    /^198.51.0.0\/16 overlaps 198.51.100.0\/24 \(web, .* 198.51.100.0\/24 \(same, /,
  )
  expect(lab.state('mine')).toBe('Verified')
  lab.engine.unregister('wide', lab.now)
  expect(lab.state('web')).toBe('Verified')
  expect(lab.state('same')).toBe('Verified')
  lab.engine.unregister('web', lab.now)
  expect(lab.state('same')).toBe('Verified')
  expect(lab.events.at(-1)).toMatchObject({ name: 'web', from: 'Verified', to: null })
})

test('overlapping-announcement: an unregistered more-specific; an error if its origin differs', () => {
  const lab = labWith('3356 15169')
  lab.announce('edge-a', '198.51.100.128/25', { path: '3356 15169' })
  expect(lab.state('web')).toBe('Warning')
  expect(lab.verdict('web').findings[0]?.message).toBe(
    'edge-a also carries 1 more-specific route of 198.51.100.0/24 that is not registered.',
  )
  lab.announce('edge-a', '198.51.100.0/25', { path: '3356 174' })
  expect(lab.state('web')).toBe('Failed')
  expect(lab.verdict('web').findings[0]?.message).toBe(
    'edge-a also carries 2 more-specific routes of 198.51.100.0/24 that are not registered, from AS174.',
  )
  lab.withdraw('edge-a', '198.51.100.0/25')
  expect(lab.state('web')).toBe('Warning')
  lab.register('half', '198.51.100.128/25', { owner: 'x' })
  expect(lab.reasons('web')).toEqual(['overlapping-prefix@-'])
  lab.engine.unregister('half', lab.now)
  expect(lab.reasons('web')).toEqual(['overlapping-announcement@edge-a'])
})

test('registering gives the verdict at once, from the routes already held', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '198.51.100.0/24')
  lab.announce('edge-a', '198.51.100.64/26', { path: '3356 174' })
  lab.end('edge-a')
  lab.register('web', '198.51.100.0/24', { originAsns: [3356] })
  expect(lab.state('web')).toBe('Verified')
  expect(lab.events.at(-1)).toMatchObject({ name: 'web', from: null, to: 'Verified' })
  // More-specifics are looked for in slices.
  while (lab.engine.background(lab.now));
  expect(lab.reasons('web')).toEqual(['overlapping-announcement@edge-a'])
})

test('a changed policy judges everything again', () => {
  const lab = labWith('3356 1299 174')
  expect(lab.state('web')).toBe('Verified')
  lab.engine.setPolicy({ ...lab.engine.view.policy, maxAsPathLength: 2 }, lab.now)
  expect(lab.reasons('web')).toEqual(['as-path-too-long@edge-a'])
})

test('a disabled registration is None, one that nobody can carry is Invalid', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356, ['ipv4'])
  lab.register('off', '198.51.100.0/24', { enabled: false })
  lab.register('six', '2001:db8::/32')
  expect(lab.verdict('off')).toMatchObject({ state: 'None', findings: [], errorMessage: '' })
  expect(lab.verdict('six')).toMatchObject({
    state: 'Invalid',
    errorMessage: 'No session carries ipv6, so nothing can be expected of this prefix.',
  })
})

test('a removed session is expected no more', () => {
  const lab = labWith('3356')
  lab.session('edge-b', 1299)
  lab.up('edge-b', 1299)
  lab.end('edge-b')
  expect(lab.reasons('web')).toEqual(['not-received@edge-b'])
  lab.engine.removeSession('edge-b', lab.now)
  expect(lab.state('web')).toBe('Verified')
  expect(lab.events.at(-1)?.closed).toMatchObject([{ reason: 'not-received', session: 'edge-b' }])
  expect(lab.engine.view.sessionNames()).toEqual(['edge-a'])
})

test('with path identifiers every path is judged (RFC 7911)', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('web', '198.51.100.0/24')
  lab.up('edge-a', 3356, { addPathIpv4: true })
  lab.announce('edge-a', '198.51.100.0/24', { pathId: 1 })
  lab.announce('edge-a', '198.51.100.0/24', { pathId: 2, communities: [] })
  lab.end('edge-a')
  expect(lab.reasons('web')).toEqual(['missing-community@edge-a'])
  lab.withdraw('edge-a', '198.51.100.0/24', 2)
  expect(lab.state('web')).toBe('Verified')
  lab.withdraw('edge-a', '198.51.100.0/24', 1)
  expect(lab.reasons('web')).toEqual(['not-received@edge-a'])
})

test('a peer that comes back with path identifiers starts with an empty table', () => {
  const lab = labWith('3356')
  lab.announce('edge-a', '198.51.100.128/25')
  expect(lab.reasons('web')).toEqual(['overlapping-announcement@edge-a'])
  lab.down('edge-a', lab.now + 60_000)
  lab.up('edge-a', 3356, { addPathIpv4: true })
  expect(lab.engine.view.ribRoutes().ipv4).toBe(0)
  expect(lab.engine.view.ribAttributeSets()).toBe(0)
  lab.announce('edge-a', '198.51.100.0/24', { pathId: 1 })
  lab.announce('edge-a', '198.51.100.0/24', { pathId: 2 })
  expect(lab.engine.view.ribRoutes().ipv4).toBe(2)
  // The more-specific did not come again.
  lab.end('edge-a')
  expect(lab.reasons('web')).toEqual([])
})

test('IPv6 is judged the same way', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('six', '2001:db8::/32')
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '2001:db8::/32', { communities: [] })
  lab.end('edge-a')
  expect(lab.reasons('six')).toEqual(['missing-community@edge-a'])
  expect(lab.verdict('six').findings[0]?.evidence.nextHop).toBe('2001:db8::1')
  lab.announce('edge-a', '2001:db8::/32')
  expect(lab.state('six')).toBe('Verified')
})

test('every announcement has a class (SPEC 1.4)', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('web', '198.51.100.0/24')
  lab.up('edge-a', 3356)
  lab.announce('edge-a', '198.51.100.0/24')
  lab.announce('edge-a', '198.51.100.0/24', { communities: [] })
  lab.announce('edge-a', '198.51.100.0/25')
  lab.announce('edge-a', '0.0.0.0/0')
  lab.announce('edge-a', '203.0.113.0/24')
  lab.withdraw('edge-a', '203.0.113.0/24')
  expect(lab.engine.view.tallies('edge-a')).toMatchObject({
    classes: { verified: 1, failed: 1, overlap: 2, unregistered: 1 },
    announced: { ipv4: 5, ipv6: 0 },
    withdrawn: { ipv4: 1, ipv6: 0 },
    prefixes: { ipv4: 3, ipv6: 0 },
    findings: { 'missing-community': 1 },
  })
})

test('what-if judges the registration that is named, of several of one prefix', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('web', '198.51.100.0/24', { originAsns: [15169], owner: 'contoso' })
  lab.register('any', '198.51.100.0/24', { owner: 'contoso' })
  const prefix = { family: 1 as const, length: 24, w0: 0xc6336400 | 0, w1: 0, w2: 0, w3: 0 }
  const ask = (name: string) =>
    lab.engine.view.explain({ prefix, name, asPath: [3356, 174], communities: ['8075:8007'] })
  expect(ask('web')).toMatchObject({ registration: { name: 'web' }, state: 'Failed' })
  expect(ask('any')).toMatchObject({ registration: { name: 'any' }, state: 'Verified' })
})

test('what-if answers by the same rules', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.register('web', '198.51.100.0/24', { originAsns: [15169] })
  const view = lab.engine.view
  const ask = (
    prefix: Parameters<typeof view.explain>[0]['prefix'],
    asPath: number[],
    communities: string[],
  ) => view.explain({ prefix, asPath, communities })
  const web = { family: 1 as const, length: 24, w0: 0xc6336400 | 0, w1: 0, w2: 0, w3: 0 }
  expect(ask(web, [3356, 15169], ['8075:8007'])).toMatchObject({
    class: 'verified',
    state: 'Verified',
    findings: [],
  })
  const bad = ask(web, [3356, 64512, 174, 174], [])
  expect(bad).toMatchObject({ class: 'failed', state: 'Failed', registration: { name: 'web' } })
  expect(bad.findings.map((f) => f.reason)).toEqual([
    'missing-community',
    'as-path-too-long',
    'private-asn',
    'as-path-prepended',
    'origin-mismatch',
  ])
  expect(ask({ ...web, length: 25 }, [3356, 174], ['8075:8007'])).toMatchObject({
    class: 'overlap',
    state: 'Failed',
    findings: [{ reason: 'overlapping-announcement', severity: 'error' }],
  })
  expect(ask({ ...web, w0: 0xcb007100 | 0 }, [3356], ['8075:8007'])).toMatchObject({
    class: 'unregistered',
    state: 'None',
    registration: null,
  })
})

test('looking-glass look-ups: exact, covering, covered, and pages', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.up('edge-a', 3356)
  for (const prefix of [
    '0.0.0.0/0',
    '198.51.0.0/16',
    '198.51.100.0/24',
    '198.51.100.128/25',
    '2001:db8::/32',
  ]) {
    lab.announce('edge-a', prefix)
  }
  const { view } = lab.engine
  const web = { family: 1 as const, length: 24, w0: 0xc6336400 | 0, w1: 0, w2: 0, w3: 0 }
  const ask = (match: 'exact' | 'covering' | 'covered') =>
    view.routes('edge-a', { prefix: web, match, limit: 10 })?.items.map((r) => r.prefix)
  expect(ask('exact')).toEqual(['198.51.100.0/24'])
  expect(ask('covering')).toEqual(['198.51.100.0/24', '198.51.0.0/16', '0.0.0.0/0'])
  expect(ask('covered')?.sort()).toEqual(['198.51.100.0/24', '198.51.100.128/25'])
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = view.routes('edge-a', { limit: 2, ...(cursor !== undefined && { cursor }) })
    seen.push(...(page?.items.map((r) => r.prefix) ?? []))
    cursor = page?.cursor ?? undefined
  } while (cursor !== undefined)
  expect(seen.sort()).toEqual([
    '0.0.0.0/0',
    '198.51.0.0/16',
    '198.51.100.0/24',
    '198.51.100.128/25',
    '2001:db8::/32',
  ])
  expect(view.routes('nobody', { limit: 1 })).toBeUndefined()
})

describe('the check of the first AS (RFC 4271 §6.3)', () => {
  const started = (firstAs: number, more: Partial<DecodeSettings> = {}) => {
    const lab = createEngineLab()
    lab.session('edge-a', firstAs)
    lab.register('web', '198.51.100.0/24')
    lab.up('edge-a', firstAs, { firstAs, ...more })
    lab.announce('edge-a', '198.51.100.0/24', { path: `${firstAs} 3320` })
    lab.end('edge-a')
    return lab
  }
  const held = (lab: ReturnType<typeof started>) => lab.engine.view.tallies('edge-a')?.prefixes.ipv4

  test('a path that begins with another AS takes the route away, as malformed', () => {
    const lab = started(3356)
    expect([lab.state('web'), held(lab)]).toEqual(['Verified', 1])
    lab.announce('edge-a', '198.51.100.0/24', { path: '3320 3356' })
    expect(lab.reasons('web')).toContain('malformed-update@edge-a')
    expect(held(lab)).toBe(0)
    expect(lab.engine.problem()).toBe(
      "AS_PATH begins with AS 3320, expected the peer's AS 3356 (firstAsCheck)",
    )
    lab.announce('edge-a', '198.51.100.0/24', { path: '3356 3320' })
    expect(lab.state('web')).toBe('Verified')
  })

  test('so does an empty one, and one of IPv6', () => {
    const lab = started(3356)
    lab.announce('edge-a', '198.51.100.0/24', { path: '' })
    expect(lab.engine.problem()).toContain('AS_PATH names no AS first')
    lab.announce('edge-a', '2001:db8::/32', { path: '3320' })
    expect(lab.engine.view.tallies('edge-a')?.prefixes).toEqual({ ipv4: 0, ipv6: 0 })
  })

  test('an AS above 2^31 is compared as what it is, and AS4_PATH is read', () => {
    expect(held(started(4_200_000_001))).toBe(1)
    expect(held(started(4_200_000_001, { as4: false }))).toBe(1)
  })
})

test('a peer with more paths of a prefix than are held loses its session (RFC 7911)', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.up('edge-a', 3356, { addPathIpv4: true })
  for (let pathId = 0; pathId < 1024; pathId++) {
    lab.announce('edge-a', '198.51.100.0/24', { pathId })
  }
  const one = () => lab.announce('edge-a', '198.51.100.0/24', { pathId: 1024, path: '3356 1299' })
  expect(one).toThrow(expect.objectContaining({ code: 6, subcode: 8 }))
  expect(one).toThrow('more than 1024 paths of 198.51.100.0/24 are announced')
  expect(lab.engine.view.ribRoutes().ipv4).toBe(1024)
  lab.down('edge-a')
  expect(lab.engine.view.ribAttributeSets()).toBe(0)
})

/** Routes near registered prefixes that the kernel counts by number: the sums, and the order of what is said. */
import { expect, test } from 'vitest'
import { defaultPolicy, type Registration } from '../../src/engine/types.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { addressOctets, bgp, u16, u32 } from '../support/capture-builder.ts'
import { createLanding } from '../support/twin-octets.ts'
import { createTwins, type TwinPeer } from '../support/twins.ts'

const land = createLanding()
const remoteAsn = 64501
const endOfRib = bgp(2, [0, 0], [0, 0])

function lab(external = true) {
  // The AS numbers of examples are bogons.
  const twins = createTwins(land, { ...defaultPolicy, bogonAsn: 'off' })
  const peer: TwinPeer = {
    decode: { as4: true, external, addPathIpv4: false, addPathIpv6: false, extendedNextHop: false },
    remoteAsn,
    limit: 4096,
    room: true,
  }
  twins.add('a')
  twins.up('a', peer)
  return twins
}

/** The required community of the default policy, 8075:8007. */
const required = [0xc0, 8, 4, 0x1f, 0x8b, 0x1f, 0x47]

/** One UPDATE. @param nlri length and address of each prefix */
function announce(
  path: readonly number[],
  nlri: readonly number[],
  more: readonly number[] = required,
): Uint8Array {
  const value = path.length === 0 ? [] : [2, path.length, ...path.flatMap((asn) => u32(asn))]
  const nextHop = [0x40, 3, 4, ...addressOctets('192.0.2.1')]
  const attributes = [0x40, 1, 1, 0, 0x40, 2, value.length, ...value, ...nextHop, ...more]
  return bgp(2, [0, 0], u16(attributes.length), attributes, nlri)
}

const withdraw = (nlri: readonly number[]) => bgp(2, u16(nlri.length), nlri, [0, 0])
const join = (...messages: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(messages))
const host = (last: number) => [32, 198, 51, 100, last]
const named = (prefix: string, more: Partial<Registration> = {}): Registration => ({
  name: prefix,
  prefix: parsePrefix(prefix),
  originAsns: [remoteAsn],
  ...more,
})

test('exact routes are classed, and their findings counted', () => {
  const twins = lab()
  twins.register(named('198.51.100.0/24'))
  twins.register(named('203.0.113.0/24', { originAsns: [] }))
  twins.register(named('192.0.2.0/24', { originAsns: [1, 2] }))
  const all = [...[24, 198, 51, 100], ...[24, 203, 0, 113], ...[24, 192, 0, 2]]
  const tallies = () => twins.lane.view.tallies('a')
  // Each of the three: well; then without the community; then from an AS that only two of them mind.
  twins.receive('a', announce([remoteAsn], all))
  expect(tallies()?.classes).toEqual({ verified: 2, failed: 1, overlap: 0, unregistered: 0 })
  twins.receive('a', announce([remoteAsn], all, []))
  expect(tallies()?.classes).toEqual({ verified: 2, failed: 4, overlap: 0, unregistered: 0 })
  twins.receive('a', announce([remoteAsn, 2], all))
  expect(tallies()?.classes).toEqual({ verified: 4, failed: 5, overlap: 0, unregistered: 0 })
  expect(tallies()?.findings).toMatchObject({ 'missing-community': 3, 'origin-mismatch': 3 })
  expect(tallies()?.announced).toEqual({ ipv4: 9, ipv6: 0 })
  expect(twins.taken).toBe(3)
  twins.receive('a', endOfRib)
  twins.compare(true)
})

test('an empty path comes from the AS of the peer', () => {
  const twins = lab(false)
  twins.register(named('198.51.100.0/24'))
  twins.register(named('203.0.113.0/24', { originAsns: [3356] }))
  const localPref = [0x40, 5, 4, 0, 0, 0, 100]
  const nlri = [...[24, 198, 51, 100], ...[24, 203, 0, 113]]
  twins.receive('a', announce([], nlri, [...localPref, ...required]))
  expect(twins.taken).toBe(1)
  const { classes, findings } = twins.lane.view.tallies('a') ?? {}
  expect(classes).toEqual({ verified: 1, failed: 1, overlap: 0, unregistered: 0 })
  expect(findings).toMatchObject({ 'origin-mismatch': 1 })
  twins.compare(true)
})

test('what a registration declares, or a twin of it, or a malformed route, is known at once', () => {
  const twins = lab()
  const message = announce([remoteAsn, 3356], [24, 198, 51, 100])
  const mismatches = () => {
    twins.receive('a', message)
    twins.compare(true)
    return twins.lane.view.tallies('a')?.findings['origin-mismatch']
  }
  twins.register(named('198.51.100.0/24'))
  expect(mismatches()).toBe(1)
  const again = named('198.51.100.0/24', { originAsns: [3356] })
  twins.both((engine) => engine.reregister(again, twins.now))
  expect(mismatches()).toBe(1)
  twins.register(named('198.51.100.0/24', { name: 'other' }))
  expect(mismatches()).toBe(2)
  twins.both((engine) => engine.unregister('198.51.100.0/24', twins.now))
  expect(mismatches()).toBe(3)
  twins.both((engine) =>
    engine.reregister(
      named('198.51.100.0/24', { name: 'other', policy: { maxAsPathLength: 1 } }),
      twins.now,
    ),
  )
  expect(mismatches()).toBe(4)
  expect(twins.lane.view.tallies('a')?.findings['as-path-too-long']).toBe(1)
  twins.both((engine) =>
    engine.reregister(named('198.51.100.0/24', { name: 'other', originAsns: [] }), twins.now),
  )
  // ORIGIN has no value 9 (RFC 7606 §7.1): the route is gone, and the prefix knows why.
  const odd = message.slice()
  odd[23 + 3] = 9
  twins.receive('a', odd)
  expect(mismatches()).toBe(4)
  twins.receive('a', endOfRib)
  twins.compare(true)
  expect(twins.lane.view.prefix('other')?.findings).toEqual([])
})

test('more prefixes than there was room for', () => {
  const twins = lab()
  const count = 1500
  const nlri = Array.from({ length: count }, (_, i) => [24, 10, i >> 8, i & 255])
  nlri.forEach(([, , high, low], i) => {
    twins.register(
      named(`10.${high}.${low}.0/24`, { originAsns: [i % 3 === 0 ? 3356 : remoteAsn] }),
    )
  })
  for (let i = 0; i < count; i += 500) {
    twins.receive('a', announce([remoteAsn], nlri.slice(i, i + 500).flat()))
  }
  expect(twins.lane.view.tallies('a')?.classes).toMatchObject({ verified: 1000, failed: 500 })
  twins.compare(false)
})

test('more-specifics are said in the order in which their origins came', () => {
  const twins = lab()
  twins.register(named('198.51.0.0/16'))
  twins.register(named('198.51.100.0/24'))
  const from = (origin: number, ...hosts: number[]) =>
    announce([remoteAsn, origin], hosts.flatMap(host))
  twins.receive('a', from(3, 1, 2, 3))
  twins.receive('a', join(from(2, 4), from(1, 5, 6)))
  // In one chunk: the only route of AS 2 turns to AS 4, and others come before and after.
  twins.receive('a', join(from(5, 7), from(4, 4), from(2, 8), from(3, 9)))
  expect(twins.taken).toBe(7)
  const said = (name: string) =>
    `a also carries 9 more-specific routes of ${name} that are not registered, from AS3, AS1, AS5, AS4, AS2.`
  const messages = (name: string) =>
    twins.lane.view
      .prefix(name)
      ?.findings.filter(({ reason }) => reason === 'overlapping-announcement')
      .map(({ message }) => message)
  expect(messages('198.51.100.0/24')).toEqual([said('198.51.100.0/24')])
  expect(twins.lane.view.tallies('a')?.classes.overlap).toBe(10)
  twins.receive('a', join(from(6, 10), withdraw(host(10))))
  twins.receive('a', endOfRib)
  for (const name of ['198.51.0.0/16', '198.51.100.0/24']) {
    expect(messages(name)).toEqual([said(name)])
  }
  twins.compare(true)
  twins.receive('a', withdraw([1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap(host)))
  expect(messages('198.51.0.0/16')).toEqual([])
  twins.compare(true)
})

test('a registration among more-specifics that wait', () => {
  const twins = lab()
  twins.register(named('198.51.100.0/24'))
  twins.receive('a', announce([remoteAsn, 7], [1, 2, 3].flatMap(host)))
  twins.register(named('198.51.100.2/32', { originAsns: [7] }))
  twins.receive('a', announce([remoteAsn, 8], host(4)))
  while (twins.lane.background(twins.now)) twins.plain.background(twins.now)
  twins.plain.background(twins.now)
  twins.receive('a', announce([remoteAsn, 9], host(5)))
  twins.receive('a', endOfRib)
  twins.compare(true)
  expect(twins.lane.view.prefix('198.51.100.0/24')?.errorMessage).toContain(
    'a also carries 4 more-specific routes of 198.51.100.0/24 that are not registered, from AS7, AS8, AS9.',
  )
})

test('more origins of more-specifics than are kept apart', () => {
  const twins = lab()
  twins.register(named('198.51.0.0/16'))
  twins.register(named('198.48.0.0/13'))
  const count = 9000
  const messages = Array.from({ length: count }, (_, i) =>
    announce([remoteAsn, 100_000 + i], [32, 198, 51, i >> 8, i & 255], []),
  )
  for (let i = 0; i < count; i += 3000) twins.receive('a', join(...messages.slice(i, i + 3000)))
  expect(twins.taken).toBe(count)
  expect(twins.lane.view.tallies('a')?.classes.overlap).toBe(count)
  twins.receive('a', endOfRib)
  for (const name of ['198.51.0.0/16', '198.48.0.0/13']) {
    expect(twins.lane.view.prefix(name)?.errorMessage).toContain(
      `a also carries 9000 more-specific routes of ${name} that are not registered, from AS100000, AS100001, AS100002, AS100003, AS100004.`,
    )
  }
  twins.compare(false)
})

test('sessions that wait side by side, one of which goes', () => {
  const twins = lab()
  twins.register(named('198.51.100.0/24'))
  for (const name of ['b', 'c']) {
    twins.add(name)
    twins.up(name, twins.peer('a') as TwinPeer)
  }
  for (const [i, name] of ['a', 'b', 'c', 'b', 'a'].entries()) {
    twins.receive(name, announce([remoteAsn, i + 1], [host(i), host(i + 10)].flat()))
  }
  twins.remove('b')
  twins.add('d')
  twins.up('d', twins.peer('a') as TwinPeer)
  twins.receive('d', announce([remoteAsn, 6], host(1)))
  for (const name of ['a', 'c', 'd']) twins.receive(name, endOfRib)
  twins.compare(true)
  const findings = twins.lane.view.prefix('198.51.100.0/24')?.findings
  const counts = findings?.filter(({ reason }) => reason === 'overlapping-announcement')
  expect(counts?.map(({ session, evidence }) => [session, evidence.count])).toEqual([
    ['a', 4],
    ['d', 1],
    ['c', 2],
  ])
})

import { describe, expect, test } from 'vitest'
import type { EngineSessionUp } from '../../src/engine/types.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { parseAsPath } from '../../src/wire/as-path.ts'
import { pathAttribute } from '../../src/wire/attribute-values.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { encodeUpdates } from '../../src/wire/update-values.ts'
import { type Announcement, createEngineLab, settings } from '../support/engine-lab.ts'

const web = '198.51.100.0/24'
const voice = '2001:db8:100::/48'
/** AS 3356 at the addresses from which `announce` gives its next hops unless told otherwise. */
const peer4 = { peerAddress: '192.0.2.1' }
const peer6 = { peerAddress: '2001:db8::1' }

interface Session {
  readonly decode?: Partial<DecodeSettings>
  readonly towards?: Pick<EngineSessionUp, 'peerAddress' | 'role'>
}

/** @returns the notes that the route shows, which are those that its announcement was counted under */
function notesOf(prefix: string, announcement: Announcement, session: Session = {}): string[] {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.up('edge-a', 3356, session.decode, session.towards)
  lab.announce('edge-a', prefix, announcement)
  const notes = [...(lab.engine.view.routes('edge-a', { limit: 1 })?.items[0]?.notes ?? [])]
  const counted = Object.entries(lab.engine.view.tallies('edge-a')?.notes ?? {})
  expect(counted.flatMap(([note, count]) => (count === 1 ? [note] : []))).toEqual(notes)
  return notes
}

describe('paths', () => {
  // We are AS 8075.
  const cases = [
    ['3356 1299', []],
    ['', []],
    ['3356 {1299 174}', ['as-set']],
    ['3356 23456', ['as-trans']],
    ['3356 8075', ['own-as']],
    ['3356 {1299 8075}', ['as-set', 'own-as']],
    ['1299 3356', ['first-as-not-peer']],
    ['(64600) 3356 1299', ['confederation-segment', 'first-as-not-peer']],
  ] as const
  test.for(cases)('"%s": %j', ([path, notes]) => {
    expect(notesOf(web, { path })).toEqual(notes)
  })

  test.for(cases)('with 2-octet AS numbers: "%s": %j', ([path, notes]) => {
    expect(notesOf(web, { path }, { decode: { as4: false } })).toEqual(notes)
  })

  test('an own AS number of four octets, hidden in AS4_PATH', () => {
    const lab = createEngineLab()
    lab.engine.addSession(
      { name: 'edge-a', families: ['ipv4'], asn: 3356, localAsn: 4_200_000_001 },
      lab.now,
    )
    const decode = { ...settings, as4: false }
    lab.up('edge-a', 3356, decode)
    const attributes = [
      pathAttribute({ kind: 'origin', origin: 0 }),
      pathAttribute({ kind: 'asPath', segments: parseAsPath('3356 23456') }),
      pathAttribute({ kind: 'nextHop', address: 0xc0000201 }),
      pathAttribute({ kind: 'as4Path', segments: parseAsPath('3356 4200000001') }),
    ]
    const [message] = encodeUpdates([{ prefix: parsePrefix(web) }], attributes, decode)
    lab.receive('edge-a', message as Uint8Array)
    expect(lab.engine.view.routes('edge-a', { limit: 1 })?.items[0]?.notes).toEqual(['own-as'])
  })

  test('inside an AS its segments and its first AS are its own matter', () => {
    expect(
      notesOf(web, { path: '(64600) 1299' }, { decode: { external: false }, towards: peer4 }),
    ).toEqual([])
  })
})

describe('next hops (RFC 4271 §5.1.3)', () => {
  const both = ['next-hop-not-peer', 'martian-next-hop']
  test.for([
    // The peer's own address, whatever it is: nothing to say.
    [web, ['192.0.2.1'], peer4, []],
    [web, ['127.0.0.2'], { peerAddress: '127.0.0.2' }, []],
    [voice, ['2001:db8::1'], peer6, []],
    [voice, ['2001:db8::2', 'fe80::1'], { peerAddress: 'fe80::1' }, []],
    // Another host of a shared medium, or a mistake.
    [web, ['192.0.2.7'], peer4, ['next-hop-not-peer']],
    [web, ['169.254.0.7'], peer4, ['next-hop-not-peer']],
    [voice, ['2001:db8::7'], peer6, ['next-hop-not-peer']],
    [voice, ['2001:db8::7', 'fe80::7'], peer6, ['next-hop-not-peer']],
    // Of another family than the session, so there is nothing to compare it with.
    [voice, ['2001:db8::7'], peer4, []],
    [web, ['192.0.2.7'], peer6, []],
    [web, ['192.0.2.7'], {}, []],
    // No address of a host (RFC 4271 §6.3).
    [web, ['0.0.0.0'], peer4, both],
    [web, ['0.1.2.3'], peer4, both],
    [web, ['127.0.0.1'], peer4, both],
    [web, ['224.0.0.5'], peer4, both],
    [web, ['240.0.0.1'], peer4, both],
    [web, ['255.255.255.255'], peer4, both],
    [web, ['223.255.255.255'], peer4, ['next-hop-not-peer']],
    [voice, ['::'], peer6, both],
    [voice, ['::1'], peer6, both],
    [voice, ['::ffff:192.0.2.1'], peer6, both],
    [voice, ['ff02::5'], peer6, both],
    // What OpenBGPD sends over IPv4.
    [voice, ['::1'], peer4, ['martian-next-hop']],
  ] as const)('of %s: %j towards %o: %j', ([prefix, nextHops, towards, notes]) => {
    expect(notesOf(prefix, { nextHops: [...nextHops] }, { towards })).toEqual(notes)
  })

  test('of IPv4 routes may be IPv6 (RFC 8950)', () => {
    const decode = { extendedNextHop: true }
    const session = { decode, towards: peer6 }
    expect(notesOf(web, { nextHops: ['2001:db8::1'] }, session)).toEqual([])
    expect(notesOf(web, { nextHops: ['2001:db8::1', 'fe80::1'] }, session)).toEqual([])
    expect(notesOf(web, { nextHops: ['2001:db8::7'] }, session)).toEqual(['next-hop-not-peer'])
    expect(notesOf(web, { nextHops: ['::1'] }, session)).toEqual(both)
  })

  test('inside an AS point to whoever sent the route to it', () => {
    const decode = { external: false }
    expect(notesOf(web, { nextHops: ['192.0.2.7'] }, { decode, towards: peer4 })).toEqual([])
    expect(notesOf(web, { nextHops: ['0.0.0.0'] }, { decode, towards: peer4 })).toEqual([
      'martian-next-hop',
    ])
  })
})

describe('OTC (RFC 9234 §5, ingress): a leaked route', () => {
  const leak = ['route-leak']
  test.for([
    // From a customer, or a client of our route server: if it is there at all.
    ['provider', 3356, leak],
    ['provider', 1299, leak],
    ['rs-server', 3356, leak],
    // From a peer: if it is not the peer's own AS number.
    ['peer', 3356, []],
    ['peer', 1299, leak],
    // From a provider or a route server it is what one expects.
    ['customer', 1299, []],
    ['rs-client', 1299, []],
    // Without a role nothing is said.
    [undefined, 1299, []],
    // Without OTC nothing is known.
    ['provider', undefined, []],
    ['peer', undefined, []],
  ] as const)('our role %s, OTC %s: %j', ([role, otc, notes]) => {
    const announcement = otc === undefined ? {} : { otc }
    const towards = role === undefined ? {} : { role }
    expect(notesOf(web, announcement, { towards })).toEqual(notes)
    expect(notesOf(web, announcement, { towards, decode: { as4: false } })).toEqual(notes)
    expect(notesOf(voice, announcement, { towards })).toEqual(notes)
  })

  test('is no finding: the route stays, and is judged', () => {
    const lab = createEngineLab()
    lab.session('edge-a', 3356)
    lab.up('edge-a', 3356, {}, { role: 'provider' })
    lab.register('web', web)
    lab.announce('edge-a', web, { otc: 1299 })
    lab.end('edge-a')
    expect(lab.state('web')).toBe('Verified')
    expect(lab.verdict('web').sessions[0]?.route?.notes).toEqual(['route-leak'])
  })
})

test('notes are counted a route, over many UPDATEs, and stay when the routes go', () => {
  const lab = createEngineLab()
  lab.session('edge-a', 3356)
  lab.up('edge-a', 3356, {}, peer4)
  const notes = () => lab.engine.view.tallies('edge-a')?.notes
  for (let i = 0; i < 300; i++) lab.announce('edge-a', `10.${i >> 8}.${i & 255}.0/24`)
  expect(notes()).toMatchObject({ 'own-as': 0, 'next-hop-not-peer': 0 })
  for (let i = 0; i < 300; i++) {
    const path = i % 3 === 0 ? '3356 8075' : '3356'
    lab.announce('edge-a', `10.${i >> 8}.${i & 255}.0/24`, { path, nextHops: ['192.0.2.9'] })
  }
  expect(notes()).toMatchObject({ 'own-as': 100, 'next-hop-not-peer': 300, 'as-set': 0 })
  lab.withdraw('edge-a', '10.0.0.0/24')
  lab.announce('edge-a', '10.0.0.0/24')
  expect(notes()).toMatchObject({ 'own-as': 100, 'next-hop-not-peer': 300 })
})

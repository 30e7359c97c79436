import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asPathLength, originAs } from '../../src/wire/as-path.ts'
import { PathFact } from '../../src/wire/as-path-facts.ts'
import { decodeAttributes, findValue } from '../../src/wire/attribute-values.ts'
import { ProtocolError } from '../../src/wire/errors.ts'
import { handlingName } from '../../src/wire/handling.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { UpdateDecoder } from '../../src/wire/update.ts'
import { createRouteLog, externalSession } from '../support/route-log.ts'
import {
  bytesOf,
  type MessageRecord,
  messageRecords,
  sharedVectors,
  viewOf,
} from '../support/vectors.ts'

const MARKER = 'ff'.repeat(16)

/** An UPDATE from the hex of its three fields. */
function update(fields: { withdrawn?: string; attributes?: string; nlri?: string }): Uint8Array {
  const hex = (length: number) => length.toString(16).padStart(4, '0')
  const [withdrawn, attributes, nlri] = [fields.withdrawn, fields.attributes, fields.nlri].map(
    (f) => (f ?? '').replace(/\s+/g, ''),
  ) as [string, string, string]
  const body =
    hex(withdrawn.length / 2) + withdrawn + hex(attributes.length / 2) + attributes + nlri
  return bytesOf(`${MARKER + hex(19 + body.length / 2)}02${body}`)
}

function decode(bytes: Uint8Array, settings: Partial<DecodeSettings> = {}, withPaths = false) {
  const log = createRouteLog(withPaths)
  const decoder = new UpdateDecoder()
  const all = { ...externalSession, ...settings }
  const handling = decoder.decode(viewOf(bytes), 0, bytes.length, all, log)
  return {
    ...log,
    handling: handlingName[handling],
    problem: decoder.walk.problem?.message ?? null,
  }
}

function errorOf(bytes: Uint8Array, settings: Partial<DecodeSettings> = {}) {
  try {
    decode(bytes, settings)
  } catch (error) {
    if (error instanceof ProtocolError) return [error.code, error.subcode, error.message]
    throw error
  }
  return undefined
}

const ORIGIN = '40 01 01 00'
const PATH = '40 02 0a 02 02 0000fbf5 00000d1c' // 64501 3356
const NEXT_HOP = '40 03 04 c0000201'
const good = `${ORIGIN} ${PATH} ${NEXT_HOP}`

describe('what an UPDATE says', () => {
  test('withdrawals, then announcements, host bits cleared (RFC 4271 §4.3)', () => {
    const told = decode(
      update({
        withdrawn: '10 c0a8',
        attributes: good,
        nlri: '18 c63364 17 cb0071 00 20 c0000201',
      }),
    )
    expect(told.withdrawn).toEqual(['192.168.0.0/16'])
    // 203.0.113.0/23 has a host bit set.
    expect(told.announced).toEqual([
      '198.51.100.0/24',
      '203.0.112.0/23',
      '0.0.0.0/0',
      '192.0.2.1/32',
    ])
    expect(told.handling).toBe('accept')
    expect(told.paths).toEqual([
      {
        bits: PathFact.bogonAsn,
        length: 2,
        firstAs: 64501,
        originAs: 3356,
        sought: 0,
        found: false,
      },
    ])
    expect(told.stored).toEqual([good.replace(/\s+/g, '')])
  })

  test('IPv6 in MP attributes; the stored set has the next hop but no NLRI (RFC 4760)', () => {
    const reach =
      '80 0e 26 0002 01 10 20010db8000000000000000000000001 00 20 20010db8 30 20010db80001 00 '
    const told = decode(
      update({
        attributes: `${reach.replace('26', '22')} ${ORIGIN} ${PATH} 80 0f 08 0002 01 20 20010db9`,
      }),
    )
    expect(told.announced).toEqual(['2001:db8::/32', '2001:db8:1::/48', '::/0'])
    expect(told.withdrawn).toEqual(['2001:db9::/32'])
    expect(told.stored).toEqual([
      `800e15${'0002 01 10 20010db8000000000000000000000001 00'.replace(/ /g, '')}${`${ORIGIN}${PATH}`.replace(/ /g, '')}`,
    ])
  })

  test('path identifiers where negotiated (RFC 7911)', () => {
    const told = decode(
      update({
        withdrawn: '00000007 08 0a',
        attributes: good,
        nlri: '00000001 18 c63364 00000002 18 c63364',
      }),
      { addPathIpv4: true },
      true,
    )
    expect(told.withdrawn).toEqual(['10.0.0.0/8#7'])
    expect(told.announced).toEqual(['198.51.100.0/24#1', '198.51.100.0/24#2'])
  })

  const global = '20010db8000000000000000000000001'
  const linkLocal = 'fe800000000000000000000000000001'
  /** MP_REACH_NLRI of 198.51.100.0/24 with an IPv6 next hop. */
  const over6 = [
    `80 0e 19 0001 01 10 ${global} 00 18 c63364`,
    `80 0e 29 0001 01 20 ${global} ${linkLocal} 00 18 c63364`,
  ]

  test.for(over6)('IPv4 with IPv6 next hops, where agreed (RFC 8950 §3): %s', (reach) => {
    const told = decode(update({ attributes: `${reach} ${ORIGIN} ${PATH}` }))
    // NEXT_HOP is not asked for (RFC 4760 §3).
    expect(told.handling).toBe('accept')
    expect(told.announced).toEqual(['198.51.100.0/24'])
  })

  test.for(over6)('and where not, the session ends (RFC 7606 §7.11): %s', (reach) => {
    const message = update({ attributes: `${reach} ${ORIGIN} ${PATH}` })
    expect(() => decode(message, { extendedNextHop: false })).toThrow(
      expect.objectContaining({ code: 3, subcode: 9 }),
    )
  })

  test('IPv4 with IPv6 next hops and path identifiers (RFC 8950, RFC 7911)', () => {
    const reach = `80 0e 25 0001 01 10 ${global} 00 00000001 18 c63364 00000002 18 c63364`
    const unreach = '80 0f 0b 0001 01 00000003 18 c63364'
    const told = decode(
      update({ attributes: `${reach} ${ORIGIN} ${PATH} ${unreach}` }),
      { addPathIpv4: true },
      true,
    )
    expect(told.announced).toEqual(['198.51.100.0/24#1', '198.51.100.0/24#2'])
    expect(told.withdrawn).toEqual(['198.51.100.0/24#3'])
  })

  test.for([
    [64501, true],
    [3356, true],
    [64502, false],
    [0, false],
  ] as const)('an AS number that is looked for: %i: %s', ([localAs, found]) => {
    const [path] = decode(update({ attributes: good, nlri: '18 c63364' }), { localAs }).paths
    expect(path).toMatchObject({ found })
  })

  test('End-of-RIB of both families (RFC 4724 §2)', () => {
    expect(decode(update({})).ends).toEqual(['ipv4'])
    expect(decode(update({ attributes: '80 0f 03 0002 01' })).ends).toEqual(['ipv6'])
    expect(decode(update({ attributes: '80 0f 03 0001 01' })).ends).toEqual(['ipv4'])
    // VPNv4 is none of the families that the daemon judges.
    expect(decode(update({ attributes: '80 0f 03 0001 80' })).ends).toEqual([])
  })

  test('with 2-octet AS numbers AS4_PATH is merged and kept in four octets (RFC 6793 §4.2.3)', () => {
    const told = decode(
      update({
        // 64501 AS_TRANS AS_TRANS, of which the last two are 196608 196609
        attributes: `${ORIGIN} 40 02 08 02 03 fbf5 5ba0 5ba0 ${NEXT_HOP} c0 11 0a 02 02 00030000 00030001`,
        nlri: '18 c63364',
      }),
      { as4: false },
    )
    expect(told.handling).toBe('accept')
    expect(told.paths).toEqual([
      {
        bits: PathFact.bogonAsn,
        length: 3,
        firstAs: 64501,
        originAs: 196609,
        sought: 0,
        found: false,
      },
    ])
    expect(told.stored).toEqual([
      `${ORIGIN} 40 02 10 02 01 0000fbf5 02 02 00030000 00030001 ${NEXT_HOP}`.replace(/ /g, ''),
    ])
  })

  test.for([
    ['64501 3356', '02 02 0000fbf5 00000d1c', PathFact.bogonAsn, 2, 3356],
    ['64512 is private', '02 01 0000fc00', PathFact.privateAsn, 1, 64512],
    ['65534 is private', '02 01 0000fffe', PathFact.privateAsn, 1, 65534],
    ['65535 is reserved', '02 01 0000ffff', PathFact.bogonAsn, 1, 65535],
    ['4199999999 is ordinary', '02 01 fa56e9ff', 0, 1, 4199999999],
    ['4200000000 is private', '02 01 fa56ea00', PathFact.privateAsn, 1, 4200000000],
    ['4294967294 is private', '02 01 fffffffe', PathFact.privateAsn, 1, 4294967294],
    ['4294967295 is reserved', '02 01 ffffffff', PathFact.bogonAsn, 1, 4294967295],
    ['AS_TRANS is left over', '02 01 00005ba0', PathFact.bogonAsn | PathFact.asTrans, 1, 23456],
    ['65551 is documentation', '02 01 0001000f', PathFact.bogonAsn, 1, 65551],
    ['65552 is ordinary', '02 01 00010010', 0, 1, 65552],
    ['prepending', '02 03 00000d1c 00000d1c 00000cf8', PathFact.prepended, 3, 3320],
    ['prepending across segments', '02 01 00000d1c 02 01 00000d1c', PathFact.prepended, 2, 3356],
    [
      'an AS_SET counts one and hides the origin',
      '02 01 00000d1c 01 02 00000001 00000002',
      PathFact.asSet,
      2,
      0,
    ],
    [
      'confederation segments count nothing',
      '03 02 0000fc00 0000fc01 02 01 00000d1c',
      PathFact.confederation | PathFact.privateAsn,
      1,
      3356,
    ],
  ] as const)('path facts: %s', ([, path, bits, length, origin]) => {
    const value = path.replace(/ /g, '')
    const octets = (value.length / 2).toString(16).padStart(2, '0')
    const told = decode(
      update({ attributes: `${ORIGIN} 40 02 ${octets} ${value} ${NEXT_HOP}`, nlri: '18 c63364' }),
    )
    expect(told.paths[0]).toMatchObject({ bits, length, originAs: origin })
  })
})

describe('errors (RFC 7606)', () => {
  const prefix = '18 c63364'
  test.for([
    ['§7.1 ORIGIN length', '40 01 02 0000', 'ORIGIN is malformed (length 2, expected 1)'],
    ['§7.1 ORIGIN value', '40 01 01 03', 'ORIGIN is malformed (value 3, expected 0 to 2)'],
    ['§3 c ORIGIN flags', 'c0 01 01 00', 'ORIGIN has flags 0xc0, expected 0x40'],
    [
      '§7.4 MULTI_EXIT_DISC length',
      `${ORIGIN} 80 04 03 000000`,
      'MULTI_EXIT_DISC is malformed (length 3, expected 4)',
    ],
    [
      '§7.8 COMMUNITIES length',
      `${ORIGIN} c0 08 05 1f8b1f4700`,
      'COMMUNITIES is malformed (length 5, expected a multiple of 4)',
    ],
    [
      '§7.8 COMMUNITIES empty',
      `${ORIGIN} c0 08 00`,
      'COMMUNITIES is malformed (length 0, expected a multiple of 4)',
    ],
    [
      '§7.14 EXTENDED_COMMUNITIES length',
      `${ORIGIN} c0 10 07 00020000000000`,
      'EXTENDED_COMMUNITIES is malformed (length 7, expected a multiple of 8)',
    ],
    [
      'RFC 8092 §6',
      `${ORIGIN} c0 20 0b 0000000000000000000000`,
      'LARGE_COMMUNITIES is malformed (length 11, expected a multiple of 12)',
    ],
    ['§3 d ORIGIN missing', '', 'ORIGIN is missing'],
    ['§4 overrun', `${ORIGIN} 80 04 40 00`, 'MULTI_EXIT_DISC has length 64, 1 octets are left'],
    ['§4 stray octets', `${ORIGIN} 80 04`, '2 stray octets end the path attributes'],
  ] as const)('treat-as-withdraw: %s', ([, attributes, problem]) => {
    const told = decode(update({ attributes: `${PATH} ${NEXT_HOP} ${attributes}`, nlri: prefix }))
    expect(told).toMatchObject({
      handling: 'treat-as-withdraw',
      problem,
      announced: [],
      malformedRoutes: ['198.51.100.0/24'],
    })
  })

  test.for([
    ['§7.2 segment of length 0', '40 02 02 02 00'],
    ['§7.2 unknown segment type', '40 02 06 05 01 00000d1c'],
    ['§7.2 overrun', '40 02 06 02 02 00000d1c'],
    ['§7.2 underrun', '40 02 07 02 01 00000d1c 02'],
    ['RFC 7607 AS 0', '40 02 06 02 01 00000000'],
  ] as const)('treat-as-withdraw: AS_PATH %s', ([, path]) => {
    const told = decode(update({ attributes: `${ORIGIN} ${path} ${NEXT_HOP}`, nlri: prefix }))
    expect(told).toMatchObject({
      handling: 'treat-as-withdraw',
      malformedRoutes: ['198.51.100.0/24'],
    })
  })

  test('treat-as-withdraw: AS 0 in a path of 2-octet AS numbers (RFC 7607 §2)', () => {
    const told = decode(
      update({ attributes: `${ORIGIN} 40 02 06 02 02 0d1c 0000 ${NEXT_HOP}`, nlri: prefix }),
      { as4: false },
    )
    expect(told).toMatchObject({
      handling: 'treat-as-withdraw',
      malformedRoutes: ['198.51.100.0/24'],
    })
  })

  test.for([
    ['§7.6 ATOMIC_AGGREGATE length', '40 06 01 00'],
    ['§7.7 AGGREGATOR length', 'c0 07 06 0d1c c0000201'],
    ['§7.5 LOCAL_PREF from outside', '40 05 04 00000064'],
    ['§7.9 ORIGINATOR_ID from outside', '80 09 04 c0000201'],
    ['§7.10 CLUSTER_LIST from outside', '80 0a 04 c0000201'],
    ['§3 g repeated', ORIGIN],
  ] as const)('attribute-discard: %s', ([, attribute]) => {
    const told = decode(update({ attributes: `${good} ${attribute}`, nlri: prefix }))
    expect(told).toMatchObject({ handling: 'attribute-discard', announced: ['198.51.100.0/24'] })
    expect(told.stored).toEqual([good.replace(/\s+/g, '')])
  })

  test('attributes that count only inside an AS are kept there', () => {
    const inside = `${good} 40 05 04 00000064 80 09 04 c0000201 80 0a 04 c0000201`
    const told = decode(update({ attributes: inside, nlri: prefix }), { external: false })
    expect(told.handling).toBe('accept')
    expect(told.stored).toEqual([inside.replace(/\s+/g, '')])
  })

  test('of several errors the strongest wins (§3 h)', () => {
    const told = decode(update({ attributes: `${good} 40 06 01 00 c0 08 03 000000`, nlri: prefix }))
    expect(told).toMatchObject({
      handling: 'treat-as-withdraw',
      malformedRoutes: ['198.51.100.0/24'],
    })
    expect(told.problem).toMatch(/^COMMUNITIES/)
  })

  const v6 = '80 0e 1a 0002 01 10 20010db8000000000000000000000001 00 20 20010db8'
  test.for([
    ['§3 g MP_REACH_NLRI twice', { attributes: `${v6} ${v6} ${ORIGIN} ${PATH}` }, 3, 1],
    ['§3 i withdrawn length', { withdrawn: '18 c633' }, 3, 10],
    ['§5.3 NLRI cut off', { attributes: good, nlri: '18 c633' }, 3, 10],
    ['§5.3 NLRI too long', { attributes: good, nlri: '21 c633640000' }, 3, 10],
    [
      '§7.11 next hop length',
      { attributes: `${ORIGIN} ${PATH} 80 0e 0e 0002 01 04 c0000201 00 20 20010db8` },
      3,
      9,
    ],
    ['§7.11 truncated', { attributes: `${ORIGIN} ${PATH} 80 0e 04 0002 01 10` }, 3, 9],
    ['§7.12 NLRI too long', { attributes: '80 0f 04 0002 01 81' }, 3, 9],
    [
      'RFC 4271 §6.3 unknown and well-known',
      { attributes: `${good} 40 63 01 00`, nlri: prefix },
      3,
      2,
    ],
    ['§5.2 nothing to withdraw', { attributes: '40 01 01 07' }, 3, 6],
  ] as const)('session reset: %s', ([, fields, code, subcode]) => {
    expect(errorOf(update(fields))?.slice(0, 2)).toEqual([code, subcode])
  })

  test('lengths that disagree with the message', () => {
    // Withdrawn Routes Length 4, one octet there.
    expect(errorOf(bytesOf(`${MARKER} 0017 02 0004 0000`))?.slice(0, 2)).toEqual([3, 1])
    expect(errorOf(bytesOf(`${MARKER} 0017 02 0000 0004`))?.slice(0, 2)).toEqual([3, 1])
  })

  test('any octets lead to routes or to a ProtocolError, whatever was negotiated', () => {
    const settings = fc.record({
      as4: fc.boolean(),
      external: fc.boolean(),
      addPathIpv4: fc.boolean(),
      addPathIpv6: fc.boolean(),
      extendedNextHop: fc.boolean(),
    })
    const seeds = [good, `${v6} ${ORIGIN} ${PATH}`, `${good} c0 11 0a 02 02 00030000 00030001`]
    const flipped = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      )
      .map(([attributes, flips]) => {
        const bytes = update({ withdrawn: '10 c0a8', attributes, nlri: '18 c63364' })
        for (const [at, value] of flips) if (at > 18) bytes[at % bytes.length] = value
        return bytes
      })
    fc.assert(
      fc.property(flipped, settings, (bytes, negotiated) => {
        try {
          decode(bytes, negotiated)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 5000 },
    )
  })
})

interface Expected {
  withdrawn: (string | { prefix: string })[]
  nlri: (string | { prefix: string })[]
  mpReach?: { afi: number; safi: number; nlri?: (string | { prefix: string })[] }
  mpUnreach?: { afi: number; safi: number; nlri?: (string | { prefix: string })[] }
  asPath?: unknown
}
type UpdateRecord = MessageRecord & {
  as4?: boolean
  addPath?: [number, number][]
  session?: string
  withdraws?: string[]
  appliesIf?: string
}

function settingsOf(record: UpdateRecord): DecodeSettings {
  const paths = (afi: number) => record.addPath?.some(([a, s]) => a === afi && s === 1) ?? false
  return {
    as4: record.as4 ?? true,
    external: record.session === 'ebgp',
    addPathIpv4: paths(1),
    addPathIpv6: paths(2),
    extendedNextHop: true,
  }
}

/** Prefixes of families that the daemon judges, both fields together. */
function judgedPrefixes(plain: Expected['nlri'], mp: Expected['mpReach']): string[] {
  const judged = mp !== undefined && mp.safi === 1 && (mp.afi === 1 || mp.afi === 2)
  const all = [...plain, ...((judged && mp.nlri) || [])]
  return all.map((route) => (typeof route === 'string' ? route : route.prefix))
}

describe.runIf(sharedVectors)('shared vectors', () => {
  const updates: UpdateRecord[] = messageRecords('messages', 'UPDATE')
  // These need an RFC decision; the ones that differ from "accept" are pinned below.
  const decided = /missing-mandatory|attribute-flags|unrecognized-well-known|mp-next-hop-length/

  test('every well-formed UPDATE tells exactly its routes', () => {
    let compared = 0
    for (const record of updates) {
      if (record.rfcConcerns?.some((concern) => decided.test(concern))) continue
      const expected = record.expect as unknown as Expected
      const told = decode(bytesOf(record.hex), settingsOf(record))
      const sorted = (list: string[]) => [...list].sort()
      expect(sorted(told.announced), record.id).toEqual(
        sorted(judgedPrefixes(expected.nlri, expected.mpReach)),
      )
      expect(sorted(told.withdrawn), record.id).toEqual(
        sorted(judgedPrefixes(expected.withdrawn, expected.mpUnreach)),
      )
      compared++
    }
    expect(compared).toBe(1142)
  })

  test('path facts agree with the path read as values', () => {
    for (const record of updates) {
      if (record.rfcConcerns?.some((concern) => decided.test(concern))) continue
      const told = decode(bytesOf(record.hex), settingsOf(record))
      for (const [i, stored] of told.stored.entries()) {
        const bytes = bytesOf(stored)
        const attributes = decodeAttributes(viewOf(bytes), 0, bytes.length, true)
        const segments = findValue(attributes, 'asPath')?.segments ?? []
        expect(told.paths[i], record.id).toMatchObject({
          length: asPathLength(segments),
          originAs: originAs(segments) ?? 0,
        })
      }
    }
  })

  test.for(updates.filter((r) => r.rfcConcerns?.some((concern) => decided.test(concern))))(
    'a concern is decided: $id $rfcConcerns',
    (record) => {
      const concerns = record.rfcConcerns?.join(' ') ?? ''
      const settings = settingsOf(record)
      if (concerns.includes('unrecognized-well-known')) {
        expect(errorOf(bytesOf(record.hex), settings)?.slice(0, 2)).toEqual([3, 2])
        return
      }
      const error = errorOf(bytesOf(record.hex), settings)
      if (error !== undefined) expect(error[0]).toBe(3)
      else expect(decode(bytesOf(record.hex), settings).handling).toMatch(/accept|discard|withdraw/)
    },
  )

  const treated: UpdateRecord[] = messageRecords('malformed', 'UPDATE').filter(
    (record) => record.treatment !== undefined,
  )
  /** Attributes that the daemon does not know are carried through, as `appliesIf` allows. */
  const unknownAttributes = /attribute type (?!17|18|32|35)\d+ is implemented/
  const treatmentHere: Record<string, string> = {
    'accept-first-occurrence': 'attribute-discard',
    'accept-and-drop-unknown-non-transitive': 'accept',
    'accept-and-propagate-with-partial-bit': 'accept',
  }
  /** RFC 4271 §6.3 lets a route with a semantically wrong NEXT_HOP be ignored; here it is kept. */
  const keptNextHop = /nexthop-(zero|multicast)/

  test.for(treated)('$id: $treatment', (record) => {
    const treatment = record.treatment ?? ''
    const settings = settingsOf(record)
    const bytes = bytesOf(record.hex)
    if (treatment === 'session-reset') {
      const length = bytes.length < 23
      if (length) return
      expect(errorOf(bytes, settings)?.[0]).toBe(3)
      return
    }
    const told = decode(bytes, settings)
    const kept = unknownAttributes.test(record.appliesIf ?? '') || keptNextHop.test(record.id)
    if (kept || treatment.startsWith('accept (') || treatment.startsWith('implementation')) {
      expect(told.handling).toBe('accept')
      return
    }
    if (record.session === 'ebgp-oad') {
      expect(told.problem).toMatch(/LOCAL_PREF/)
      return
    }
    expect(told.handling).toBe(treatmentHere[treatment] ?? treatment)
    if (record.withdraws) expect(told.malformedRoutes).toEqual(record.withdraws)
  })
})

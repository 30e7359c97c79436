import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Family, maskPrefix } from '../../src/prefix/prefix.ts'
import { parseAddress, parsePrefix } from '../../src/prefix/text.ts'
import {
  type AttributeValue,
  as4Attributes,
  decodeAttributes,
  encodeAttributes,
  findValue,
  type PathAttribute,
  pathAttribute,
} from '../../src/wire/attribute-values.ts'
import { AttributeFlag, SegmentType } from '../../src/wire/codes.ts'
import { DecodeError, EncodeError } from '../../src/wire/errors.ts'
import { noAddPath } from '../../src/wire/nlri.ts'
import { bytesOf, hexOf, readJsonLines, sharedVectors, viewOf } from '../support/vectors.ts'

function decode(hex: string, as4 = true): PathAttribute[] {
  const octets = bytesOf(hex)
  return decodeAttributes(viewOf(octets), 0, octets.length, as4)
}

type KnownValue = Parameters<typeof pathAttribute>[0]

/** Hex of an attribute block, what it stands for, and whether AS numbers have four octets. */
const cases: readonly (readonly [hex: string, value: KnownValue, as4?: boolean])[] = [
  ['40 01 01 02', { kind: 'origin', origin: 2 }],
  ['40 02 00', { kind: 'asPath', segments: [] }],
  [
    '40 02 06 02 01 0000fbf5', // AS_SEQUENCE of one
    { kind: 'asPath', segments: [{ type: SegmentType.asSequence, asns: [64501] }] },
  ],
  [
    '40 02 04 02 01 fbf5',
    { kind: 'asPath', segments: [{ type: SegmentType.asSequence, asns: [64501] }] },
    false,
  ],
  ['40 03 04 c0000201', { kind: 'nextHop', address: 0xc0000201 }],
  ['80 04 04 ffffffff', { kind: 'multiExitDisc', metric: 4294967295 }],
  ['40 05 04 00000064', { kind: 'localPref', metric: 100 }],
  ['40 06 00', { kind: 'atomicAggregate' }],
  ['c0 07 08 0000fbf5 c0000201', { kind: 'aggregator', asn: 64501, address: 0xc0000201 }],
  ['c0 07 06 fbf5 c0000201', { kind: 'aggregator', asn: 64501, address: 0xc0000201 }, false],
  ['c0 08 08 1f8b1f47 ffffff01', { kind: 'communities', communities: [0x1f8b1f47, 0xffffff01] }],
  ['80 09 04 c0000202', { kind: 'originatorId', identifier: 0xc0000202 }],
  ['80 0a 08 c0000203 c0000204', { kind: 'clusterList', identifiers: [0xc0000203, 0xc0000204] }],
  [
    '80 0e 09 0001 01 04 c0000201 00', // NLRI cut off, as in a stored set
    {
      kind: 'mpReachNlri',
      family: Family.ipv4,
      nextHops: [parseAddress('192.0.2.1')],
      reserved: 0,
      routes: [],
    },
  ],
  ['80 0f 03 0002 01', { kind: 'mpUnreachNlri', family: Family.ipv6, routes: [] }],
  ['c0 10 08 0002fbf4 00000001', { kind: 'extendedCommunities', communities: [[0x0002fbf4, 1]] }],
  [
    'c0 11 06 01 01 0001000a', // AS_SET; four octets on a session of two
    { kind: 'as4Path', segments: [{ type: SegmentType.asSet, asns: [65546] }] },
    false,
  ],
  ['c0 12 08 0001000a c0000201', { kind: 'as4Aggregator', asn: 65546, address: 0xc0000201 }, false],
  [
    'c0 20 0c 0000fbf4 00000001 00000002',
    { kind: 'largeCommunities', communities: [[64500, 1, 2]] },
  ],
  ['c0 23 04 0000fbf5', { kind: 'onlyToCustomer', asn: 64501 }],
]

describe('one attribute', () => {
  test.for(cases)('%s', ([hex, value, as4 = true]) => {
    expect(decode(hex, as4)).toEqual([pathAttribute(value)])
    expect(hexOf(encodeAttributes([pathAttribute(value)], as4))).toBe(hexOf(bytesOf(hex)))
  })

  test('that nobody knows is carried as octets', () => {
    const hex = 'e0 80 03 010203'
    const octets = bytesOf('010203')
    const attribute = { flags: 0xe0, code: 128, value: { kind: 'unknown', octets } } as const
    expect(decode(hex)).toEqual([attribute])
    expect(hexOf(encodeAttributes([attribute], true))).toBe(hexOf(bytesOf(hex)))
  })

  test('keeps its flags, also an Extended Length that it does not need', () => {
    const hex = '5f 01 0001 00'
    expect(decode(hex)).toEqual([{ flags: 0x5f, code: 1, value: { kind: 'origin', origin: 0 } }])
    expect(hexOf(encodeAttributes(decode(hex), true))).toBe('5f01000100')
  })

  test('of more than 255 octets is given Extended Length', () => {
    const communities = Array.from({ length: 64 }, (_, i) => i)
    const octets = encodeAttributes([pathAttribute({ kind: 'communities', communities })], true)
    expect(hexOf(octets.subarray(0, 8))).toBe('d008010000000000')
    expect(decode(hexOf(octets))[0]).toEqual({
      flags: 0xd0,
      code: 8,
      value: { kind: 'communities', communities },
    })
  })

  test('of more than 65535 octets does not fit', () => {
    const communities = Array.from({ length: 16384 }, () => 0)
    expect(() =>
      encodeAttributes([pathAttribute({ kind: 'communities', communities })], true),
    ).toThrow(new EncodeError('length of COMMUNITIES', 65536, 65535))
  })

  test.for([
    ['40 01 00', 'ORIGIN: its length, 0 octets, does not fit what it holds'],
    ['40 01 02 0000', 'ORIGIN: its length, 2 octets, does not fit what it holds'],
    ['40 02 02 02 00', 'AS_PATH: AS path segment has the length 0'],
    ['40 02 04 02 01 fbf5', 'AS_PATH: its length, 4 octets, does not fit what it holds'],
    ['40 02 03 07 01 00', 'AS_PATH: AS path segment type is 7, expected 1 to 4'],
    ['40 03 05 c000020100', 'NEXT_HOP: its length, 5 octets, does not fit what it holds'],
    ['40 06 01 00', 'ATOMIC_AGGREGATE: its length, 1 octets, does not fit what it holds'],
    ['c0 07 06 fbf5c0000201', 'AGGREGATOR: its length, 6 octets, does not fit what it holds'],
    ['c0 08 05 0000000000', 'COMMUNITIES: its length, 5 octets, does not fit what it holds'],
    ['80 0e 05 0002 01 01 00', 'MP_REACH_NLRI: next hop has 1 octets, expected 16 or 32'],
    ['80 0e 03 0002 01', 'MP_REACH_NLRI: its length, 3 octets, does not fit what it holds'],
    ['80 0f 04 0002 01 81', 'MP_UNREACH_NLRI: prefix length is 129, at most 128 is possible'],
    ['c0 20 08 0000fbf4 00000001', 'LARGE_COMMUNITIES: its length, 8 octets, does not fit'],
    ['40 01 05 00', 'path attributes end inside an attribute: 5 octets wanted, 1 left'],
    ['40', 'path attributes end inside an attribute: 1 octets wanted, 0 left'],
    ['50 01 00', 'path attributes end inside an attribute: 2 octets wanted, 1 left'],
  ] as const)('that is damaged is named: %s', ([hex, message]) => {
    expect(() => decode(hex)).toThrow(DecodeError)
    expect(() => decode(hex)).toThrow(message)
  })
})

describe('a block of attributes', () => {
  const block = '40010100 40020602010000fbf5 400304c0000201'

  test('is read where it lies', () => {
    const octets = bytesOf(`ffff ${block} ffff`)
    const attributes = decodeAttributes(viewOf(octets), 2, octets.length - 2, true)
    expect(attributes.map(({ code }) => code)).toEqual([1, 2, 3])
    expect(hexOf(encodeAttributes(attributes, true))).toBe(hexOf(bytesOf(block)))
  })

  test('keeps repeated attributes, of which the first counts (RFC 7606 §3 g)', () => {
    const attributes = decode('80040400000001 80040400000002')
    expect(attributes).toHaveLength(2)
    expect(findValue(attributes, 'multiExitDisc')?.metric).toBe(1)
    expect(findValue(attributes, 'localPref')).toBeUndefined()
  })

  test('owns its octets', () => {
    const octets = bytesOf('c0800101')
    const [attribute] = decodeAttributes(viewOf(octets), 0, 4, true)
    octets.fill(0)
    expect(attribute?.value).toEqual({ kind: 'unknown', octets: Uint8Array.of(1) })
  })

  test('reads path identifiers in MP attributes where they are negotiated', () => {
    const octets = bytesOf('800f0a 0002 01 00000007 10 2001')
    const addPath = { ...noAddPath, addPathIpv6: true }
    const attributes = decodeAttributes(viewOf(octets), 0, octets.length, true, addPath)
    expect(findValue(attributes, 'mpUnreachNlri')?.routes).toEqual([
      { prefix: parsePrefix('2001::/16'), pathId: 7 },
    ])
    expect(hexOf(encodeAttributes(attributes, true, addPath))).toBe(hexOf(octets))
  })
})

describe('what goes along on a 2-octet session (RFC 6793 §4.2.2)', () => {
  const pathOf = (...asns: number[]) =>
    pathAttribute({
      kind: 'asPath',
      segments: [
        { type: SegmentType.confedSequence, asns: [65001] },
        { type: SegmentType.asSequence, asns },
      ],
    })

  test('is nothing while all AS numbers fit', () => {
    const aggregator = pathAttribute({ kind: 'aggregator', asn: 65535, address: 1 })
    expect(as4Attributes([pathOf(1, 65535), aggregator])).toEqual([])
    expect(as4Attributes([])).toEqual([])
  })

  test('is the path without its confederation segments, and the aggregator', () => {
    const aggregator = pathAttribute({ kind: 'aggregator', asn: 65546, address: 0xc0000201 })
    const attributes = [pathOf(64501, 65546), aggregator]
    const added = as4Attributes(attributes)
    expect(hexOf(encodeAttributes([...attributes, ...added], false))).toBe(
      hexOf(
        bytesOf(
          '40 02 0a 0301fde9 0202fbf55ba0' + // AS_PATH (65001) 64501 23456
            'c0 07 06 5ba0 c0000201' + // AGGREGATOR 23456
            'c0 11 0a 0202 0000fbf5 0001000a' + // AS4_PATH 64501 65546
            'c0 12 08 0001000a c0000201', // AS4_AGGREGATOR 65546
        ),
      ),
    )
  })
})

describe('properties', () => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  const words = fc.array(word, { maxLength: 90 })
  const segments = fc.array(
    fc.record({
      type: fc.constantFrom(...Object.values(SegmentType)),
      asns: fc.array(word, { minLength: 1, maxLength: 20 }),
    }),
    { maxLength: 4 },
  )
  const octets = fc.uint8Array({ maxLength: 300 })
  const route = fc.tuple(word, fc.nat(32)).map(([w, length]) => ({
    prefix: maskPrefix({ family: Family.ipv4, length, w0: w | 0, w1: 0, w2: 0, w3: 0 }),
  }))
  const values: fc.Arbitrary<AttributeValue> = fc.oneof(
    fc.record({ kind: fc.constant('origin' as const), origin: fc.nat(255) }),
    fc.record({ kind: fc.constantFrom('asPath' as const, 'as4Path' as const), segments }),
    fc.record({ kind: fc.constant('nextHop' as const), address: word }),
    fc.record({
      kind: fc.constantFrom('multiExitDisc' as const, 'localPref' as const),
      metric: word,
    }),
    fc.record({
      kind: fc.constantFrom('aggregator' as const, 'as4Aggregator' as const),
      asn: word,
      address: word,
    }),
    fc.record({ kind: fc.constant('communities' as const), communities: words }),
    fc.record({ kind: fc.constant('clusterList' as const), identifiers: words }),
    fc.record({
      kind: fc.constant('extendedCommunities' as const),
      communities: fc.array(fc.tuple(word, word)),
    }),
    fc.record({
      kind: fc.constant('largeCommunities' as const),
      communities: fc.array(fc.tuple(word, word, word)),
    }),
    fc.record({
      kind: fc.constant('mpUnreachNlri' as const),
      family: fc.constant(Family.ipv4),
      routes: fc.array(route),
    }),
    fc.record({
      kind: fc.constant('mpReachOther' as const),
      afi: fc.nat(65535),
      safi: fc.integer({ min: 2, max: 255 }),
      nextHop: fc.uint8Array({ maxLength: 48 }),
      reserved: fc.nat(255),
      nlri: octets,
    }),
    fc.record({ kind: fc.constant('unknown' as const), octets }),
  )
  const attributes = values.map(
    (value): PathAttribute =>
      value.kind === 'unknown' ? { flags: 0xc0, code: 99, value } : pathAttribute(value),
  )

  test('attributes survive the wire', () => {
    fc.assert(
      fc.property(fc.array(attributes, { maxLength: 8 }), (list) => {
        const back = decode(hexOf(encodeAttributes(list, true)))
        const flagless = (all: readonly PathAttribute[]) =>
          all.map(({ flags, ...rest }) => ({
            ...rest,
            flags: flags & ~AttributeFlag.extendedLength,
          }))
        expect(flagless(back)).toEqual(flagless(list))
      }),
    )
  })

  test('what is read is written again octet by octet, and else only DecodeError escapes', () => {
    // Attribute by attribute, so that a good part of the blocks is well-formed.
    const triple = fc.tuple(
      fc.nat(255).map((flags) => flags & ~AttributeFlag.extendedLength),
      fc.nat(40),
      fc.uint8Array({ maxLength: 24 }),
    )
    fc.assert(
      fc.property(fc.array(triple, { maxLength: 4 }), fc.boolean(), (triples, as4) => {
        const block = triples.flatMap(([flags, code, value]) => [
          flags,
          code,
          value.length,
          ...value,
        ])
        const view = viewOf(Uint8Array.from(block))
        let list: PathAttribute[]
        try {
          list = decodeAttributes(view, 0, block.length, as4)
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError)
          return
        }
        const again = encodeAttributes(list, as4)
        expect(again.length).toBe(block.length)
        expect(decodeAttributes(viewOf(again), 0, again.length, as4)).toEqual(list)
      }),
      { numRuns: 500 },
    )
  })
})

interface AttributeFragment {
  readonly id: string
  readonly kind: string
  readonly hex: string
  readonly decodesInRefDecoder: { readonly as4: boolean; readonly as2: boolean }
}

describe.runIf(sharedVectors)('attributes of the NetGauze suite', () => {
  const fragments = readJsonLines<AttributeFragment>('fragments/netgauze.jsonl').filter(
    ({ kind }) => kind === 'path-attribute',
  )

  /** ORIGIN 3, which RFC 7606 judges; a multicast prefix of 48 bits, whose NLRI is not read here. */
  const notJudged = ['origin/bad_extended_wire', 'ipv4_multicast/invalid_wire']

  test('are read where an independent decoder reads them, and written again', () => {
    expect(fragments).toHaveLength(27)
    for (const { id, hex, decodesInRefDecoder } of fragments) {
      if (notJudged.some((name) => id.endsWith(name))) continue
      for (const as4 of [true, false]) {
        const run = () => hexOf(encodeAttributes(decode(hex, as4), as4))
        if (as4 ? decodesInRefDecoder.as4 : decodesInRefDecoder.as2) {
          expect(run(), `${id} as4 ${as4}`).toBe(hex)
        } else {
          expect(run, `${id} as4 ${as4}`).toThrow(DecodeError)
        }
      }
    }
  })
})

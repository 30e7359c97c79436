import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Family, maskPrefix, type Prefix } from '../../src/prefix/prefix.ts'
import { formatPrefix, parseAddress, parsePrefix } from '../../src/prefix/text.ts'
import { Cursor, OverrunError } from '../../src/wire/cursor.ts'
import { DecodeError, EncodeError } from '../../src/wire/errors.ts'
import {
  type AddPath,
  encodeMpReach,
  encodeMpUnreach,
  encodePrefix,
  encodeRoute,
  encodeRoutes,
  noAddPath,
  readMpReach,
  readMpUnreach,
  readPrefixInto,
  readRoutes,
} from '../../src/wire/nlri.ts'
import { bytesOf, hexOf, readJsonLines, sharedVectors, viewOf } from '../support/vectors.ts'

const bothAddPath: AddPath = { addPathIpv4: true, addPathIpv6: true }

function cursorOn(hex: string): Cursor {
  return new Cursor(viewOf(bytesOf(hex)))
}

function readOne(hex: string, family: Family): string {
  const prefix: Prefix = { family: Family.ipv4, length: 9, w0: 1, w1: 2, w2: 3, w3: 4 }
  const cursor = cursorOn(hex)
  readPrefixInto(prefix, cursor, family)
  expect(cursor.remaining).toBe(0)
  return formatPrefix(prefix)
}

function hexOfList(octets: readonly number[]): string {
  return hexOf(Uint8Array.from(octets))
}

describe('a prefix', () => {
  test.for([
    ['00', Family.ipv4, '0.0.0.0/0'],
    ['01 80', Family.ipv4, '128.0.0.0/1'],
    ['08 0a', Family.ipv4, '10.0.0.0/8'],
    ['09 0a80', Family.ipv4, '10.128.0.0/9'],
    ['18 c63364', Family.ipv4, '198.51.100.0/24'],
    ['20 c0000201', Family.ipv4, '192.0.2.1/32'],
    ['00', Family.ipv6, '::/0'],
    ['20 20010db8', Family.ipv6, '2001:db8::/32'],
    ['24 20010db810', Family.ipv6, '2001:db8:1000::/36'],
    ['30 20010db80001', Family.ipv6, '2001:db8:1::/48'],
    ['80 20010db8000000000000000000000001', Family.ipv6, '2001:db8::1/128'],
  ] as const)('%s of family %i is %s', ([hex, family, text]) => {
    expect(readOne(hex, family)).toBe(text)
    expect(hexOfList(encodePrefix(parsePrefix(text)))).toBe(hexOf(bytesOf(hex)))
  })

  test.for([
    // The example of a RouteViews record: 11.11.0.0/13 is 11.8.0.0/13.
    ['0d 0b0d', Family.ipv4, '11.8.0.0/13'],
    ['19 c63364ff', Family.ipv4, '198.51.100.128/25'],
    ['01 ff', Family.ipv4, '128.0.0.0/1'],
    ['21 20010db8ff', Family.ipv6, '2001:db8:8000::/33'],
  ] as const)(
    '%s has bits beyond its length, which do not count (RFC 4271 §4.3)',
    ([hex, family, text]) => {
      expect(readOne(hex, family)).toBe(text)
    },
  )

  test.for([
    ['21 c000020100', Family.ipv4, new DecodeError('prefix length is 33, at most 32 is possible')],
    ['81 00', Family.ipv6, new DecodeError('prefix length is 129, at most 128 is possible')],
    ['ff', Family.ipv6, new DecodeError('prefix length is 255, at most 128 is possible')],
    ['18 c633', Family.ipv4, OverrunError],
    ['40 20010db8', Family.ipv6, OverrunError],
    ['', Family.ipv4, OverrunError],
  ] as const)('%s of family %i is refused', ([hex, family, error]) => {
    expect(() => readOne(hex, family)).toThrow(error)
  })
})

describe('routes', () => {
  test('stand one after the other', () => {
    const routes = readRoutes(cursorOn('18 c63364 00 10 0a01'), Family.ipv4, noAddPath)
    expect(routes.map(({ prefix }) => formatPrefix(prefix))).toEqual([
      '198.51.100.0/24',
      '0.0.0.0/0',
      '10.1.0.0/16',
    ])
    expect(routes[0]).not.toHaveProperty('pathId')
  })

  test('carry a path identifier where their family does (RFC 7911 §3)', () => {
    const hex = 'ffffffff 08 0a'
    const addPath = { addPathIpv4: true, addPathIpv6: false }
    const routes = readRoutes(cursorOn(hex), Family.ipv4, addPath)
    expect(routes).toEqual([{ prefix: parsePrefix('10.0.0.0/8'), pathId: 4294967295 }])
    expect(hexOfList(encodeRoutes(routes, addPath))).toBe(hexOf(bytesOf(hex)))
    expect(hexOfList(encodeRoutes(routes, noAddPath))).toBe('080a')
    const ipv6 = { prefix: parsePrefix('2001:db8::/32') }
    expect(hexOfList(encodeRoute(ipv6, addPath))).toBe('2020010db8')
    expect(hexOfList(encodeRoute(ipv6, bothAddPath))).toBe('000000002020010db8')
  })

  test('have path identifiers of 32 bits', () => {
    const route = { prefix: parsePrefix('10.0.0.0/8'), pathId: 2 ** 32 }
    expect(() => encodeRoute(route, bothAddPath)).toThrow(EncodeError)
  })

  test('survive the wire', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    const pathIds = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    const ipv4 = fc
      .tuple(word, fc.nat(32))
      .map(([w0, length]) => maskPrefix({ family: Family.ipv4, length, w0, w1: 0, w2: 0, w3: 0 }))
    const ipv6 = fc
      .tuple(word, word, word, word, fc.nat(128))
      .map(([w0, w1, w2, w3, length]) =>
        maskPrefix({ family: Family.ipv6, length, w0, w1, w2, w3 }),
      )
    const lists = fc.oneof(fc.array(fc.tuple(ipv4, pathIds)), fc.array(fc.tuple(ipv6, pathIds)))
    fc.assert(
      fc.property(lists, fc.boolean(), (entries, withPathId) => {
        const routes = entries.map(([prefix, pathId]) =>
          withPathId ? { prefix, pathId } : { prefix },
        )
        const family = entries[0]?.[0].family ?? Family.ipv4
        const addPath = withPathId ? bothAddPath : noAddPath
        const octets = Uint8Array.from(encodeRoutes(routes, addPath))
        expect(readRoutes(new Cursor(viewOf(octets)), family, addPath)).toEqual(routes)
      }),
    )
  })
})

describe('MP_REACH_NLRI (RFC 4760 §3)', () => {
  const globalHop = '20010db8000000000000000000000001'
  const linkLocalHop = 'fe800000000000000000000000000001'

  test.for([
    ['IPv6', `0002 01 10 ${globalHop} 00 20 20010db8`, ['2001:db8::1'], ['2001:db8::/32']],
    [
      'IPv6 with a link-local next hop (RFC 2545 §3)',
      `0002 01 20 ${globalHop} ${linkLocalHop} 00`,
      ['2001:db8::1', 'fe80::1'],
      [],
    ],
    ['IPv4', '0001 01 04 c0000201 00 08 0a', ['192.0.2.1'], ['10.0.0.0/8']],
    [
      'IPv4 with an IPv6 next hop (RFC 8950)',
      `0001 01 10 ${globalHop} 00 08 0a`,
      ['2001:db8::1'],
      ['10.0.0.0/8'],
    ],
    ['IPv4 without a next hop', '0001 01 00 00 08 0a', [], ['10.0.0.0/8']],
    ['stored without its NLRI', `0002 01 10 ${globalHop} 00`, ['2001:db8::1'], []],
  ] as const)('of %s', ([, hex, nextHops, prefixes]) => {
    const family = hex.startsWith('0002') ? Family.ipv6 : Family.ipv4
    const value = readMpReach(cursorOn(hex), noAddPath)
    expect(value).toEqual({
      kind: 'mpReachNlri',
      family,
      nextHops: nextHops.map(parseAddress),
      reserved: 0,
      routes: prefixes.map((text) => ({ prefix: parsePrefix(text) })),
    })
    expect(hexOfList(encodeMpReach(value, noAddPath))).toBe(hexOf(bytesOf(hex)))
  })

  test('of another family is carried as octets', () => {
    const hex = '0001 80 0c 0000000000000000c0000201 00 0102' // VPN-IPv4 (RFC 4364)
    const value = readMpReach(cursorOn(hex), noAddPath)
    expect(value).toEqual({
      kind: 'mpReachOther',
      afi: 1,
      safi: 128,
      nextHop: bytesOf('0000000000000000c0000201'),
      reserved: 0,
      nlri: bytesOf('0102'),
    })
    expect(hexOfList(encodeMpReach(value, noAddPath))).toBe(hexOf(bytesOf(hex)))
  })

  test('keeps the octet that is reserved', () => {
    const value = readMpReach(cursorOn('0001 01 04 c0000201 07'), noAddPath)
    expect(value.reserved).toBe(7)
    expect(hexOfList(encodeMpReach(value, noAddPath))).toBe('00010104c000020107')
  })

  test('with a next hop of another length is refused', () => {
    expect(() => readMpReach(cursorOn('0002 01 04 c0000201 00'), noAddPath)).toThrow(
      new DecodeError('next hop has 4 octets, expected 16 or 32'),
    )
    expect(() => readMpReach(cursorOn('0001 01 05 c000020100 00'), noAddPath)).toThrow(
      new DecodeError('next hop has 5 octets, expected 4, 16 or 32'),
    )
  })

  test('that ends in its next hop is refused', () => {
    expect(() => readMpReach(cursorOn('0002 01 10 20010db8'), noAddPath)).toThrow(OverrunError)
    expect(() => readMpReach(cursorOn('0001 01 04 c0000201'), noAddPath)).toThrow(OverrunError)
    expect(() => readMpReach(cursorOn('0001 80 0c c0000201'), noAddPath)).toThrow(OverrunError)
  })
})

describe('MP_UNREACH_NLRI (RFC 4760 §4)', () => {
  test.for([
    ['0002 01 20 20010db8', Family.ipv6, ['2001:db8::/32']],
    ['0001 01 08 0a 00', Family.ipv4, ['10.0.0.0/8', '0.0.0.0/0']],
    ['0002 01', Family.ipv6, []],
  ] as const)('%s', ([hex, family, prefixes]) => {
    const value = readMpUnreach(cursorOn(hex), noAddPath)
    const routes = prefixes.map((text) => ({ prefix: parsePrefix(text) }))
    expect(value).toEqual({ kind: 'mpUnreachNlri', family, routes })
    expect(hexOfList(encodeMpUnreach(value, noAddPath))).toBe(hexOf(bytesOf(hex)))
  })

  test('of another family is carried as octets', () => {
    const value = readMpUnreach(cursorOn('0019 46 0102'), noAddPath) // L2VPN EVPN
    expect(value).toEqual({ kind: 'mpUnreachOther', afi: 25, safi: 70, nlri: bytesOf('0102') })
    expect(hexOfList(encodeMpUnreach(value, noAddPath))).toBe('0019460102')
  })
})

interface ValueFragment {
  readonly id: string
  readonly kind: string
  readonly attributeType: number
  readonly hex: string
  readonly upstream: { readonly valid: boolean }
}

describe.runIf(sharedVectors)('MP attributes of the FRR suite', () => {
  const fragments = readJsonLines<ValueFragment>('fragments/frr.jsonl').filter(
    ({ kind, attributeType, hex }) =>
      kind === 'path-attribute-value' &&
      (attributeType === 14 || attributeType === 15) &&
      // VPN-IPv4 is not read here.
      hex.slice(4, 6) === '01',
  )

  test('are read, or refused', () => {
    expect(fragments).toHaveLength(10)
    for (const { id, attributeType, hex, upstream } of fragments) {
      const read = () =>
        attributeType === 14
          ? hexOfList(encodeMpReach(readMpReach(cursorOn(hex), noAddPath), noAddPath))
          : hexOfList(encodeMpUnreach(readMpUnreach(cursorOn(hex), noAddPath), noAddPath))
      // One record has 10.2.3.0 with a length of 17: bits beyond the length are not kept.
      const masked = hex.replace('110a0203', '110a0200')
      if (upstream.valid) expect(read(), id).toBe(masked)
      else expect(read, id).toThrow()
    }
  })
})

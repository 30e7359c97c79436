import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Family, maskPrefix } from '../../src/prefix/prefix.ts'
import { formatPrefix, parseAddress, parsePrefix } from '../../src/prefix/text.ts'
import { pathAttribute } from '../../src/wire/attribute-values.ts'
import { DecodeError, EncodeError, ProtocolError } from '../../src/wire/errors.ts'
import { noAddPath, type Route } from '../../src/wire/nlri.ts'
import {
  decodeUpdateValues,
  encodeEndOfRib,
  encodeUpdate,
  encodeUpdates,
  encodeWithdrawals,
  type UpdateSettings,
  type UpdateValues,
} from '../../src/wire/update-values.ts'
import { bytesOf, hexOf, viewOf } from '../support/vectors.ts'

const plain: UpdateSettings = { as4: true, ...noAddPath }

function decode(octets: Uint8Array, settings: UpdateSettings = plain): UpdateValues {
  return decodeUpdateValues(viewOf(octets), 0, octets.length, settings)
}

/** An UPDATE around a body given as hex. */
function message(...body: string[]): Uint8Array {
  const octets = bytesOf(body.join(''))
  const length = (19 + octets.length).toString(16).padStart(4, '0')
  return Uint8Array.from([...bytesOf(`${'ff'.repeat(16)} ${length} 02`), ...octets])
}

function route(prefix: string, pathId?: number): Route {
  const parsed = parsePrefix(prefix)
  return pathId === undefined ? { prefix: parsed } : { prefix: parsed, pathId }
}

const origin = pathAttribute({ kind: 'origin', origin: 0 })
const asPath = pathAttribute({ kind: 'asPath', segments: [{ type: 2, asns: [64501, 64502] }] })
const nextHop = pathAttribute({ kind: 'nextHop', address: 0xc0000201 })
const reach6 = pathAttribute({
  kind: 'mpReachNlri',
  family: Family.ipv6,
  nextHops: [parseAddress('2001:db8::1')],
  reserved: 0,
  routes: [],
})

const ipv4Update = message(
  '0004', // withdrawn routes: 4 octets
  '18 c63364', // 198.51.100.0/24
  '0018', // path attributes: 24 octets
  '40 01 01 00', // ORIGIN IGP
  '40 02 0a 02 02 0000fbf5 0000fbf6', // AS_PATH: AS_SEQUENCE 64501 64502
  '40 03 04 c0000201', // NEXT_HOP 192.0.2.1
  '18 cb0071', // 203.0.113.0/24
  '10 0a01', // 10.1.0.0/16
)

describe('one UPDATE', () => {
  const values: UpdateValues = {
    withdrawn: [route('198.51.100.0/24')],
    attributes: [origin, asPath, nextHop],
    nlri: [route('203.0.113.0/24'), route('10.1.0.0/16')],
  }

  test('is read from its octets, wherever they lie', () => {
    expect(decode(ipv4Update)).toEqual(values)
    const padded = Uint8Array.from([1, 2, 3, ...ipv4Update, 4])
    expect(decodeUpdateValues(viewOf(padded), 3, padded.length - 1, plain)).toEqual(values)
  })

  test('is written as the same octets', () => {
    expect(hexOf(encodeUpdate(values, plain))).toBe(hexOf(ipv4Update))
  })

  test('carries path identifiers where ADD-PATH was negotiated (RFC 7911 §3)', () => {
    const settings: UpdateSettings = { as4: true, addPathIpv4: true, addPathIpv6: false }
    const octets = message(
      '0008 00000001 18 c63364', // withdrawn: identifier 1, 198.51.100.0/24
      '0000', // no attributes
      '00000002 08 0a', // identifier 2, 10.0.0.0/8
    )
    const update: UpdateValues = {
      withdrawn: [route('198.51.100.0/24', 1)],
      attributes: [],
      nlri: [route('10.0.0.0/8', 2)],
    }
    expect(decode(octets, settings)).toEqual(update)
    expect(hexOf(encodeUpdate(update, settings))).toBe(hexOf(octets))
  })

  test.for([
    ['0005 18 c63364', 'withdrawn routes length is 5, 4 octets are left'],
    ['0004 18 c63364', 'the UPDATE ends before its path attributes length'],
    ['0000 0005 40 01 01 00', 'path attributes length is 5, 4 octets are left'],
    ['0000 0003 40 01 01', 'path attributes end inside an attribute: 1 octets wanted, 0 left'],
    ['0000 0000 21 c0000201 00', 'NLRI: prefix length is 33, at most 32 is possible'],
    ['0000 0000 18 c000', 'NLRI: 1 octets wanted, 0 left'],
    ['0003 18 c000 0000', 'withdrawn routes: 1 octets wanted, 0 left'],
  ])('that ends too early is refused: %s', ([body, error]) => {
    expect(() => decode(message(body ?? ''))).toThrow(new DecodeError(error))
  })

  test('with a header that lies about the length is a broken session', () => {
    expect(() => decode(ipv4Update.slice(0, -1))).toThrow(ProtocolError)
  })

  test('is not another type of message', () => {
    const keepalive = bytesOf(`${'ff'.repeat(16)} 0013 04`)
    expect(() => decode(keepalive)).toThrow(TypeError)
  })

  test('beyond the longest message is not written', () => {
    const nlri = Array.from({ length: 1400 }, () => route('10.1.0.0/16'))
    const update = { withdrawn: [], attributes: [], nlri }
    expect(() => encodeUpdate(update, plain)).toThrow(
      new EncodeError('UPDATE length', 19 + 4 + 1400 * 3, 4096),
    )
    expect(encodeUpdate(update, { ...plain, maxMessageLength: 65535 })).toHaveLength(4223)
  })

  test('keeps IPv6 out of the IPv4 fields', () => {
    const update = { withdrawn: [], attributes: [], nlri: [route('2001:db8::/32')] }
    expect(() => encodeUpdate(update, plain)).toThrow(TypeError)
  })
})

describe('many routes', () => {
  test('of IPv4 go into the NLRI field, attributes ordered by code', () => {
    const [only, ...more] = encodeUpdates(
      [route('203.0.113.0/24'), route('10.1.0.0/16')],
      [nextHop, asPath, origin, reach6],
      plain,
    )
    expect(more).toEqual([])
    expect(hexOf(only ?? new Uint8Array())).toBe(
      hexOf(
        message(
          '0000 0018 40010100 40020a02020000fbf50000fbf6 400304c0000201', //
          '18cb0071 100a01',
        ),
      ),
    )
  })

  test('of IPv6 go into MP_REACH_NLRI, which stands first (RFC 7606 §5.1)', () => {
    const [only, ...more] = encodeUpdates(
      [route('2001:db8:1::/48'), route('2001:db8:2::/48')],
      [origin, asPath, nextHop, reach6],
      plain,
    )
    expect(more).toEqual([])
    expect(hexOf(only ?? new Uint8Array())).toBe(
      hexOf(
        message(
          '0000', // nothing withdrawn
          '0038', // path attributes: 56 octets
          '90 0e 0023', // MP_REACH_NLRI, 35 octets, Extended Length
          '0002 01 10 20010db8000000000000000000000001 00', // IPv6 unicast, next hop, reserved
          '30 20010db80001 30 20010db80002', // 2001:db8:1::/48, 2001:db8:2::/48
          '40 01 01 00', // ORIGIN IGP
          '40 02 0a 02 02 0000fbf5 0000fbf6', // AS_PATH; no NEXT_HOP (RFC 4760 §3)
        ),
      ),
    )
  })

  test('of IPv4 go into MP_REACH_NLRI when it gives their next hop (RFC 8950)', () => {
    const reach4 = pathAttribute({
      kind: 'mpReachNlri',
      family: Family.ipv4,
      nextHops: [parseAddress('2001:db8::1')],
      reserved: 0,
      routes: [],
    })
    const [only] = encodeUpdates([route('10.0.0.0/8')], [origin, asPath, reach4], plain)
    const update = decode(only ?? new Uint8Array())
    expect(update.nlri).toEqual([])
    expect(update.attributes[0]?.value).toEqual({
      ...reach4.value,
      routes: [route('10.0.0.0/8')],
    })
  })

  test('fill messages to the last octet and keep their order', () => {
    // 4096 - 23 - 24 octets of attributes = 4049 for routes of 4 octets: 1012 a message.
    const routes = Array.from({ length: 2500 }, (_, i) => ({
      prefix: { family: Family.ipv4, length: 24, w0: (i << 8) | 0, w1: 0, w2: 0, w3: 0 },
    }))
    const messages = encodeUpdates(routes, [origin, asPath, nextHop], plain)
    const decoded = messages.map((octets) => decode(octets))
    expect(decoded.map((update) => update.nlri.length)).toEqual([1012, 1012, 476])
    expect(messages.map((octets) => octets.length)).toEqual([4095, 4095, 1951])
    expect(decoded.flatMap((update) => update.nlri)).toEqual(routes)
  })

  test('of both families become messages of each', () => {
    const routes = [route('2001:db8::/32'), route('10.0.0.0/8'), route('2001:db8:1::/48')]
    const messages = encodeUpdates(routes, [origin, asPath, nextHop, reach6], plain)
    expect(messages.map((octets) => announced(decode(octets)))).toEqual([
      ['10.0.0.0/8'],
      ['2001:db8::/32', '2001:db8:1::/48'],
    ])
  })

  test('none need no message', () => {
    expect(encodeUpdates([], [origin], plain)).toEqual([])
    expect(encodeWithdrawals([], plain)).toEqual([])
  })

  test('of IPv6 need a next hop', () => {
    expect(() => encodeUpdates([route('2001:db8::/32')], [origin, nextHop], plain)).toThrow(
      TypeError,
    )
  })

  test('do not fit beside attributes that fill the message', () => {
    const asns = Array.from({ length: 255 }, () => 64501)
    const long = pathAttribute({
      kind: 'asPath',
      segments: Array.from({ length: 3 }, () => ({ type: 2 as const, asns })),
    })
    const communities = pathAttribute({
      kind: 'communities',
      communities: Array.from({ length: 249 }, () => 1),
    })
    // 23 octets of header and lengths, AS_PATH 4 + 3 * (2 + 1020), communities 4 + 996: 4093.
    const attributes = [long, communities]
    expect(encodeUpdates([route('10.0.0.0/8')], attributes, plain)[0]).toHaveLength(4095)
    expect(() => encodeUpdates([route('10.0.1.0/24')], attributes, plain)).toThrow(
      new EncodeError('UPDATE length', 4097, 4096),
    )
  })

  test('are withdrawn in the field, or in MP_UNREACH_NLRI', () => {
    const messages = encodeWithdrawals([route('2001:db8::/32'), route('10.0.0.0/8')], plain)
    expect(messages.map(hexOf)).toEqual([
      hexOf(message('0002 080a 0000')),
      hexOf(message('0000 000c 90 0f 0008 0002 01 20 20010db8')),
    ])
  })
})

test('End-of-RIB is an empty UPDATE, or an empty MP_UNREACH_NLRI (RFC 4724 §2)', () => {
  expect(hexOf(encodeEndOfRib(Family.ipv4))).toBe(`${'ff'.repeat(16)}00170200000000`)
  expect(hexOf(encodeEndOfRib(Family.ipv6))).toBe(`${'ff'.repeat(16)}001d0200000006800f03000201`)
})

/** Announced prefixes of an UPDATE, as text. */
function announced(update: UpdateValues): string[] {
  const inAttributes = update.attributes.flatMap(({ value }) =>
    value.kind === 'mpReachNlri' ? value.routes : [],
  )
  return [...update.nlri, ...inAttributes].map(({ prefix }) => formatPrefix(prefix))
}

describe('properties', () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const asNumber = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  const prefixes = fc
    .tuple(fc.constantFrom(Family.ipv4, Family.ipv6), word, word, word, word, fc.nat(128))
    .map(([family, w0, w1, w2, w3, length]) =>
      family === Family.ipv4
        ? maskPrefix({ family, length: length % 33, w0, w1: 0, w2: 0, w3: 0 })
        : maskPrefix({ family, length, w0, w1, w2, w3 }),
    )
  const switches = fc.record({
    as4: fc.constant(true),
    addPathIpv4: fc.boolean(),
    addPathIpv6: fc.boolean(),
  })
  const paths = fc.array(asNumber, { minLength: 1, maxLength: 200 })

  test('what is packed comes out again, in order, within the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(prefixes, asNumber), { maxLength: 60 }),
        switches,
        paths,
        (entries, settings, asns) => {
          const routes = entries.map(([prefix, pathId]): Route => {
            const carried =
              prefix.family === Family.ipv4 ? settings.addPathIpv4 : settings.addPathIpv6
            return carried ? { prefix, pathId } : { prefix }
          })
          const attributes = [
            origin,
            pathAttribute({ kind: 'asPath', segments: [{ type: 2, asns }] }),
            nextHop,
            reach6,
          ]
          const limited = { ...settings, maxMessageLength: 1200 }
          const messages = encodeUpdates(routes, attributes, limited)
          expect(messages.every((octets) => octets.length <= 1200)).toBe(true)
          const back = messages.flatMap((octets) => {
            const update = decode(octets, settings)
            const reach = update.attributes.flatMap(({ value }) =>
              value.kind === 'mpReachNlri' ? value.routes : [],
            )
            return [...update.nlri, ...reach]
          })
          const ordered = [Family.ipv4, Family.ipv6].flatMap((family) =>
            routes.filter(({ prefix }) => prefix.family === family),
          )
          expect(back).toEqual(ordered)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('only DecodeError and ProtocolError escape from damaged octets', () => {
    fc.assert(
      fc.property(
        fc.nat(ipv4Update.length - 20),
        fc.nat(255),
        switches,
        fc.boolean(),
        (at, octet, settings, as4) => {
          const damaged = ipv4Update.slice()
          damaged[19 + at] = octet
          try {
            decode(damaged, { ...settings, as4 })
          } catch (error) {
            expect(error instanceof DecodeError || error instanceof ProtocolError).toBe(true)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

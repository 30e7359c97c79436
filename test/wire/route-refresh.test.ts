import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EncodeError, ProtocolError } from '../../src/wire/errors.ts'
import { decodeMessage } from '../../src/wire/message.ts'
import type { RouteRefreshMessage } from '../../src/wire/messages.ts'
import { decodeRouteRefresh, encodeRouteRefresh } from '../../src/wire/route-refresh.ts'
import { bytesOf, hexOf, messageRecords, sharedVectors, viewOf } from '../support/vectors.ts'

const MARKER = 'ff'.repeat(16)

function decode(octets: Uint8Array): RouteRefreshMessage {
  return decodeRouteRefresh(viewOf(octets), 0, octets.length)
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('ROUTE-REFRESH', () => {
  test.for([
    ['a request, RFC 2918 §3', '0017 05 0002 00 01', { afi: 2, subtype: 0, safi: 1 }],
    ['BoRR, RFC 7313 §3.2', '0017 05 0001 01 01', { afi: 1, subtype: 1, safi: 1 }],
    ['EoRR, RFC 7313 §3.2', '0017 05 0001 02 01', { afi: 1, subtype: 2, safi: 1 }],
    ['a subtype nobody knows', '0017 05 0001 ff 01', { afi: 1, subtype: 255, safi: 1 }],
  ] as const)('%s', ([, hex, values]) => {
    const octets = bytesOf(MARKER + hex)
    expect(decode(octets)).toEqual({ type: 5, ...values, rest: new Uint8Array(0) })
    expect(encodeRouteRefresh(values)).toEqual(octets)
  })

  test('is a request unless told otherwise', () => {
    expect(hexOf(encodeRouteRefresh({ afi: 1, safi: 1 }))).toBe(`${MARKER}00170500010001`)
  })

  test('keeps ORF entries, and owns them', () => {
    const octets = bytesOf(`${MARKER} 001c 05 0001 00 01 02400001c0`)
    const { rest } = decode(octets)
    octets.fill(0)
    expect(hexOf(rest)).toBe('02400001c0')
  })

  test.for([1, 2])('of subtype %i with a longer body is 7/1 with the whole message', (subtype) => {
    // RFC 7313 §5.
    const hex = `${MARKER}0019050001${`0${subtype}`}01aabb`
    const octets = Uint8Array.from([0xee, ...bytesOf(hex), 0xee])
    const error = thrownBy(() => decodeRouteRefresh(viewOf(octets), 1, octets.length - 1))
    expect(error).toMatchObject({ code: 7, subcode: 1, data: bytesOf(hex) })
  })

  test('of less than 4 octets is 1/2', () => {
    const error = thrownBy(() => decode(bytesOf(`${MARKER} 0016 05 0001 01`)))
    expect(error).toMatchObject({ code: 1, subcode: 2, data: bytesOf('0016') })
  })

  test('with an AFI beyond two octets is refused', () => {
    expect(() => encodeRouteRefresh({ afi: 65536, safi: 1 })).toThrow(EncodeError)
  })

  const values = fc.record({
    afi: fc.nat(0xffff),
    safi: fc.nat(255),
    subtype: fc.nat(255).filter((s) => s !== 1 && s !== 2),
    rest: fc.uint8Array({ maxLength: 100 }),
  })

  test('decode undoes encode', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encodeRouteRefresh(value))).toEqual({ type: 5, ...value })
      }),
    )
  })

  test('cut anywhere fails only with ProtocolError', () => {
    fc.assert(
      fc.property(values, (value) => {
        const octets = encodeRouteRefresh(value)
        for (let end = 0; end < octets.length; end++) {
          expect(thrownBy(() => decode(octets.slice(0, end)))).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe.runIf(sharedVectors)('shared vectors', () => {
  const wellFormed = [
    ...messageRecords('messages', 'ROUTE-REFRESH'),
    ...messageRecords('malformed', 'ROUTE-REFRESH').filter((record) => record.expect),
  ]

  test.for(wellFormed)('$file $id', ({ hex, expect: values }) => {
    const octets = bytesOf(hex)
    const message = decodeMessage(viewOf(octets), 0, octets.length) as RouteRefreshMessage
    const { afi, subtype, safi, rest } = message
    const orf = rest.length > 0 ? { orfHex: hexOf(rest) } : {}
    expect({ afi, subtype, safi, ...orf }).toEqual(values)
    expect(hexOf(encodeRouteRefresh(message))).toBe(hex)
  })

  const malformed = messageRecords('malformed', 'ROUTE-REFRESH').filter((record) => !record.expect)

  test.for(malformed)('malformed: $file $id', ({ hex }) => {
    // All are headers that promise more octets than there are.
    const octets = bytesOf(hex)
    const error = thrownBy(() => decodeMessage(viewOf(octets), 0, octets.length))
    expect(error).toMatchObject({ code: 1, subcode: 2 })
  })
})

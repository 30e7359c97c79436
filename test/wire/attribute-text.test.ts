import { describe, expect, test } from 'vitest'
import { describeAttributes } from '../../src/wire/attribute-text.ts'
import { decodeAttributes } from '../../src/wire/attribute-values.ts'
import { bytesOf, viewOf } from '../support/vectors.ts'

function describeHex(hex: string) {
  const octets = bytesOf(hex)
  return describeAttributes(decodeAttributes(viewOf(octets), 0, octets.length, true))
}

const nothing = {
  origin: '',
  asPath: '',
  nextHop: '',
  med: null,
  localPref: null,
  communities: [],
  largeCommunities: [],
  extendedCommunities: [],
  atomicAggregate: false,
  aggregator: null,
  unknownAttributes: [],
}

describe('the attributes of a route as text', () => {
  test('are empty where there are none', () => {
    expect(describeHex('')).toEqual(nothing)
  })

  test('say everything that stands there', () => {
    expect(
      describeHex(
        [
          '40 01 01 00', // ORIGIN IGP
          '40 02 10 02 02 0000fbf5 0000fbf6 01 01 0000fbf7', // AS_PATH 64501 64502 {64503}
          '40 03 04 c0000201', // NEXT_HOP
          '80 04 04 00000000', // MULTI_EXIT_DISC 0, which is not "none"
          '40 05 04 00000064', // LOCAL_PREF
          '40 06 00', // ATOMIC_AGGREGATE
          'c0 07 08 0000fbf5 c0000201', // AGGREGATOR
          'c0 08 08 1f8b1f47 ffffff01', // COMMUNITIES
          'c0 10 10 0002fbf400000001 030c000000000008', // EXTENDED_COMMUNITIES
          'c0 20 0c 0000fbf40000000100000002', // LARGE_COMMUNITIES
          'e0 80 02 0aff', // unknown, partial
        ].join(''),
      ),
    ).toEqual({
      origin: 'IGP',
      asPath: '64501 64502 {64503}',
      nextHop: '192.0.2.1',
      med: 0,
      localPref: 100,
      communities: ['8075:8007', '65535:65281'],
      largeCommunities: ['64500:1:2'],
      extendedCommunities: ['rt:64500:1', '0x030c000000000008'],
      atomicAggregate: true,
      aggregator: '64501 192.0.2.1',
      unknownAttributes: [{ code: 128, flags: 0xe0, value: '0aff' }],
    })
  })

  test('give the next hops of MP_REACH_NLRI', () => {
    const hex =
      '80 0e 25 0002 01 20 20010db8000000000000000000000001 fe800000000000000000000000000001 00'
    expect(describeHex(hex)).toEqual({ ...nothing, nextHop: '2001:db8::1 fe80::1' })
  })

  test('give an ORIGIN without a name as its number', () => {
    expect(describeHex('40 01 01 02').origin).toBe('INCOMPLETE')
    expect(describeHex('40 01 01 07').origin).toBe('7')
  })
})

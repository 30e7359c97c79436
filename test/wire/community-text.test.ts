import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  CommunityError,
  formatCommunity,
  formatExtendedCommunity,
  formatLargeCommunity,
  parseCommunity,
  parseExtendedCommunity,
} from '../../src/wire/community-text.ts'
import { readJsonLines, sharedVectors } from '../support/vectors.ts'

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })

describe('standard communities (RFC 1997)', () => {
  test.for([
    ['8075:8007', 0x1f8b1f47],
    ['0:0', 0],
    ['65535:65535', 0xffffffff],
    ['no-export', 0xffffff01],
    ['no-advertise', 0xffffff02],
    ['no-export-subconfed', 0xffffff03],
    ['graceful-shutdown', 0xffff0000],
    ['blackhole', 0xffff029a],
    ['NO-EXPORT', 0xffffff01],
  ] as const)('%s is read', ([text, value]) => {
    expect(parseCommunity(text)).toEqual({ kind: 'standard', value })
  })

  test('are written as numbers, well-known ones too', () => {
    expect(formatCommunity(0x1f8b1f47)).toBe('8075:8007')
    expect(formatCommunity(0xffffff01)).toBe('65535:65281')
    expect(formatCommunity(0xffff029a)).toBe('65535:666')
  })

  test('survive their text', () => {
    fc.assert(
      fc.property(word, (value) => {
        expect(parseCommunity(formatCommunity(value))).toEqual({ kind: 'standard', value })
      }),
    )
  })
})

describe('large communities (RFC 8092)', () => {
  test('are read and written', () => {
    expect(parseCommunity('64500:1:4294967295')).toEqual({
      kind: 'large',
      words: [64500, 1, 4294967295],
    })
    expect(formatLargeCommunity([64500, 1, 2])).toBe('64500:1:2')
  })

  test('survive their text', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        const community = { kind: 'large', words: [a, b, c] }
        expect(parseCommunity(formatLargeCommunity([a, b, c]))).toEqual(community)
      }),
    )
  })
})

describe('what is no community', () => {
  test.for([
    ['8075', '"8075" is not a community, expected such as 8075:8007'],
    ['', '"" is not a community, expected such as 8075:8007'],
    ['no-exprot', 'or one of graceful-shutdown, blackhole, no-export'],
    ['1:2:3:4', '"1:2:3:4" is not a community, expected such as'],
    ['70000:1', '"70000:1" is not a community: "70000" is no number from 0 to 65535'],
    ['8075:', '"8075:" is not a community: "" is no number from 0 to 65535'],
    ['8075: 8007', '" 8007" is no number from 0 to 65535'],
    ['8075:-1', '"-1" is no number from 0 to 65535'],
    ['8075:0x10', '"0x10" is no number from 0 to 65535'],
    ['1:2:4294967296', '"4294967296" is no number from 0 to 4294967295'],
  ] as const)('"%s": %s', ([text, message]) => {
    expect(() => parseCommunity(text)).toThrow(CommunityError)
    expect(() => parseCommunity(text)).toThrow(message)
  })
})

describe('extended communities', () => {
  test.for([
    // RFC 4360 §3.1, §4: type 0x00, subtype 0x02, AS 64500, number 1
    ['rt:64500:1', 0x0002fbf4, 1],
    ['rt:64500:4294967295', 0x0002fbf4, 0xffffffff],
    // §5: subtype 0x03
    ['ro:64500:1', 0x0003fbf4, 1],
    // §3.2: type 0x01, 192.0.2.1, number 257
    ['rt:192.0.2.1:257', 0x0102c000, 0x02010101],
    // RFC 5668 §2: type 0x02, AS 65546, number 1
    ['rt:65546:1', 0x02020001, 0x000a0001],
    ['ro:4294967294:65535', 0x0203ffff, 0xfffeffff],
    // the 4-octet form of a number that would fit the 2-octet one
    ['rt:0.64500:1', 0x02020000, 0xfbf40001],
    // non-transitive, and other types
    ['0x4004fbf400000001', 0x4004fbf4, 1],
    ['0x4002fbf400000001', 0x4002fbf4, 1],
    ['0x8006000000000000', 0x80060000, 0],
    ['0x030c000000000008', 0x030c0000, 8],
  ] as const)('%s is read and written', ([text, high, low]) => {
    expect(formatExtendedCommunity([high, low])).toBe(text)
    expect(parseExtendedCommunity(text)).toEqual([high, low])
  })

  test.for([
    ['rt:64500', 'expected such as rt:64500:1'],
    ['xx:64500:1', 'expected such as rt:64500:1'],
    ['0x0002', 'or 16 hex digits after 0x'],
    ['rt:65546:65536', '"65536" is no number from 0 to 65535'],
    ['rt:64500:4294967296', '"4294967296" is no number from 0 to 4294967295'],
    ['rt:4294967296:1', '"4294967296" is no number from 0 to 4294967295'],
    ['rt:192.0.2.256:1', '"rt:192.0.2.256:1" is not an extended community'],
    ['rt:192.0.2:1', '"rt:192.0.2:1" is not an extended community'],
    ['rt:1.65536:1', '"65536" is no number from 0 to 65535'],
  ] as const)('"%s" is refused: %s', ([text, message]) => {
    expect(() => parseExtendedCommunity(text)).toThrow(CommunityError)
    expect(() => parseExtendedCommunity(text)).toThrow(message)
  })

  test('survive their text', () => {
    const first = fc
      .tuple(fc.constantFrom(0, 1, 2, 0x40, 0x80), fc.constantFrom(2, 3, 4), fc.nat(0xffff))
      .map(([type, subtype, rest]) => type * 0x1000000 + subtype * 0x10000 + rest)
    fc.assert(
      fc.property(fc.oneof(first, word), word, (high, low) => {
        expect(parseExtendedCommunity(formatExtendedCommunity([high, low]))).toEqual([high, low])
      }),
    )
  })

  test.runIf(sharedVectors)('are named as in the FRR suite', () => {
    const fragments = readJsonLines<{
      kind: string
      hex: string
      upstream: { string: string }
    }>('fragments/frr.jsonl').filter(({ kind }) => kind === 'extended-community')
    expect(fragments).toHaveLength(2)
    for (const { hex, upstream } of fragments) {
      const text = upstream.string.replace('soo', 'ro').replace(' ', ':')
      expect(parseExtendedCommunity(`0x${hex}`)).toEqual(parseExtendedCommunity(text))
      expect(formatExtendedCommunity(parseExtendedCommunity(`0x${hex}`))).toBe(text)
    }
  })
})

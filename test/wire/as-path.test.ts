import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AsPathError,
  type AsPathSegment,
  asPathLength,
  encodeAsPath,
  formatAsPath,
  mergeAs4Path,
  originAs,
  parseAsNumber,
  parseAsPath,
  readAsPath,
} from '../../src/wire/as-path.ts'
import { SegmentType } from '../../src/wire/codes.ts'
import { Cursor, OverrunError } from '../../src/wire/cursor.ts'
import { DecodeError, EncodeError } from '../../src/wire/errors.ts'
import { bytesOf, hexOf, readJsonLines, sharedVectors, viewOf } from '../support/vectors.ts'

function read(hex: string, as4: boolean): AsPathSegment[] {
  return readAsPath(new Cursor(viewOf(bytesOf(hex))), as4)
}

const sequence = (...asns: number[]): AsPathSegment => ({ type: SegmentType.asSequence, asns })
const set = (...asns: number[]): AsPathSegment => ({ type: SegmentType.asSet, asns })
const confedSequence = (...asns: number[]): AsPathSegment => ({
  type: SegmentType.confedSequence,
  asns,
})
const confedSet = (...asns: number[]): AsPathSegment => ({ type: SegmentType.confedSet, asns })

describe('an AS_PATH on the wire', () => {
  const path = [sequence(64501, 64502), set(64503, 64504)]
  const two = '02 02 fbf5 fbf6' /* AS_SEQUENCE */ + '01 02 fbf7 fbf8' /* AS_SET */
  const four = '02 02 0000fbf5 0000fbf6' + '01 02 0000fbf7 0000fbf8'

  test('has AS numbers of 2 or 4 octets', () => {
    expect(read(two, false)).toEqual(path)
    expect(read(four, true)).toEqual(path)
    expect(hexOf(encodeAsPath(path, false))).toBe(hexOf(bytesOf(two)))
    expect(hexOf(encodeAsPath(path, true))).toBe(hexOf(bytesOf(four)))
  })

  test('may be empty', () => {
    expect(read('', true)).toEqual([])
    expect(encodeAsPath([], true)).toHaveLength(0)
  })

  test.for([
    ['0200', new DecodeError('AS path segment has the length 0')],
    ['0001 fbf5', new DecodeError('AS path segment type is 0, expected 1 to 4')],
    ['0501 fbf5', new DecodeError('AS path segment type is 5, expected 1 to 4')],
    ['0202 fbf5', new OverrunError('2 octets wanted, 0 left')],
    ['02', new OverrunError('1 octets wanted, 0 left')],
    ['0201 fbf5 01', new OverrunError('1 octets wanted, 0 left')],
  ] as const)('is malformed (RFC 7606 §7.2): %s', ([hex, error]) => {
    expect(() => read(hex, false)).toThrow(error)
  })

  test('puts AS_TRANS where a number does not fit 2 octets (RFC 6793 §4.2.2)', () => {
    expect(hexOf(encodeAsPath([sequence(65535, 65536)], false))).toBe('0202ffff5ba0')
  })

  test('parts a sequence of more than 255 AS numbers', () => {
    const asns = Array.from({ length: 600 }, (_, i) => i + 1)
    const segments = read(hexOf(encodeAsPath([sequence(...asns)], true)), true)
    expect(segments.map((segment) => segment.asns.length)).toEqual([255, 255, 90])
    expect(segments.flatMap((segment) => segment.asns)).toEqual(asns)
  })

  test('cannot hold a larger set, nor AS numbers beyond 32 bits', () => {
    const asns = Array.from({ length: 256 }, (_, i) => i + 1)
    expect(() => encodeAsPath([set(...asns)], true)).toThrow(
      new EncodeError('number of AS numbers in a set', 256, 255),
    )
    for (const as4 of [true, false]) {
      expect(() => encodeAsPath([sequence(2 ** 32)], as4)).toThrow(EncodeError)
    }
  })

  test('leaves out a segment without AS numbers, which would be malformed', () => {
    expect(hexOf(encodeAsPath([sequence(), set(1)], false))).toBe('01010001')
  })
})

describe('the length of a path (RFC 4271 §9.1.2.2, RFC 5065 §5.3)', () => {
  test.for([
    ['', 0, undefined],
    ['64501', 1, 64501],
    ['64501 64501 64502', 3, 64502],
    ['64501 {64502 64503}', 2, undefined],
    ['{64502} 64501', 2, 64501],
    ['(65001 65002) [65003 65004] 64501', 1, 64501],
    ['(65001 65002)', 0, undefined],
    ['64501 (65001)', 1, undefined],
  ] as const)('of "%s" is %i, its origin AS %s', ([text, length, origin]) => {
    expect(asPathLength(parseAsPath(text))).toBe(length)
    expect(originAs(parseAsPath(text))).toBe(origin)
  })
})

describe('AS_PATH and AS4_PATH together (RFC 6793 §4.2.3)', () => {
  test.for([
    // The mapped path of the same length gives way entirely.
    ['23456 23456', '65536 65537', '65536 65537'],
    // OLD speakers put themselves in front.
    ['64501 64502 23456 64503', '65536 64503', '64501 64502 65536 64503'],
    // Part of a sequence is taken.
    ['64501 23456 64503', '64502 64503', '64501 64502 64503'],
    // An AS_SET counts 1 on both sides.
    ['64501 {64502 23456} 64503', '{64502 65536} 64503', '64501 {64502 65536} 64503'],
    ['{1 2 3} 64501 23456', '65536', '{1 2 3} 64501 65536'],
    // AS_PATH was shortened: AS4_PATH is ignored.
    ['23456', '65536 65537', '23456'],
    ['{1 2 23456}', '1 2 65536', '{1 2 23456}'],
    // A confederation segment is kept where it leads, or is adjacent to what is taken.
    ['(65001 65002) 64501 23456', '65536', '(65001 65002) 64501 65536'],
    ['(65001) 23456', '65536', '(65001) 65536'],
    ['64501 (65001) 23456', '65536', '64501 (65001) 65536'],
    ['(65001) [65002] 23456', '65536', '(65001) [65002] 65536'],
    ['64501 23456 (65001) 64502', '65536 64502', '64501 65536 64502'],
    // Confederation segments of AS4_PATH are discarded (RFC 6793 §6), and do not count.
    ['64501 23456', '(65001) 65536', '64501 65536'],
    ['64501 23456', '', '64501 23456'],
    ['', '', ''],
  ] as const)('"%s" with "%s" is "%s"', ([asPath, as4Path, merged]) => {
    expect(formatAsPath(mergeAs4Path(parseAsPath(asPath), parseAsPath(as4Path)))).toBe(merged)
  })

  test('has as many hops as AS_PATH, or is AS_PATH', () => {
    fc.assert(
      fc.property(paths, paths, (asPath, as4Path) => {
        const merged = mergeAs4Path(asPath, as4Path)
        expect(asPathLength(merged)).toBe(asPathLength(asPath))
        if (asPathLength(asPath) < asPathLength(as4Path)) expect(merged).toEqual(asPath)
      }),
    )
  })
})

describe('a path as text', () => {
  const path = [
    confedSequence(65001, 65002),
    confedSet(65003, 65004),
    sequence(64501, 64502),
    set(64503, 64504),
  ]
  const text = '(65001 65002) [65003 65004] 64501 64502 {64503 64504}'

  test('is written and read', () => {
    expect(formatAsPath(path)).toBe(text)
    expect(parseAsPath(text)).toEqual(path)
    expect(parseAsPath(' 64501   1.10 {1,2,\t3}')).toEqual([sequence(64501, 65546), set(1, 2, 3)])
    expect(parseAsPath('64501{1}64502')).toEqual([sequence(64501), set(1), sequence(64502)])
  })

  test.for([
    ['64501 abc', '"abc" is not an AS number'],
    ['64501 4294967296', '"4294967296" is not an AS number'],
    ['64501 -1', '"-1" is not an AS number'],
    ['64501 1.65536', '"1.65536" is not an AS number'],
    ['64501 65536.1', '"65536.1" is not an AS number'],
    ['64501 1.2.3', '"1.2.3" is not an AS number'],
    ['64501 AS64502', '"AS64502" is not an AS number'],
    ['64501 {64502', '"{" has no "}" in "64501 {64502"'],
    ['64501 64502}', '"}" is out of place in "64501 64502}"'],
    ['{1 {2}}', '"{" is out of place in "{1 {2}}"'],
    ['(1 2]', '"]" is out of place in "(1 2]"'],
    ['64501 {}', '"{}" is empty in "64501 {}"'],
  ] as const)('"%s" is refused: %s', ([given, message]) => {
    expect(() => parseAsPath(given)).toThrow(AsPathError)
    expect(() => parseAsPath(given)).toThrow(message)
  })

  test('has AS numbers plain or asdot (RFC 5396)', () => {
    expect(parseAsNumber('0')).toBe(0)
    expect(parseAsNumber('4294967295')).toBe(4294967295)
    expect(parseAsNumber('65535.65535')).toBe(4294967295)
    expect(parseAsNumber('1.10')).toBe(65546)
    expect(() => parseAsNumber('')).toThrow(AsPathError)
  })
})

const asNumbers = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const paths = fc.array(
  fc.record({
    type: fc.constantFrom(...Object.values(SegmentType)),
    asns: fc.array(asNumbers, { minLength: 1, maxLength: 12 }),
  }),
  { maxLength: 5 },
)

describe('properties', () => {
  test('a path survives the wire', () => {
    fc.assert(
      fc.property(paths, (path) => {
        expect(read(hexOf(encodeAsPath(path, true)), true)).toEqual(path)
      }),
    )
  })

  test('a path survives its text', () => {
    fc.assert(
      fc.property(paths, (path) => {
        const text = formatAsPath(path)
        // Sequences side by side become one.
        expect(formatAsPath(parseAsPath(text))).toBe(text)
        expect(asPathLength(parseAsPath(text))).toBe(asPathLength(path))
        expect(originAs(parseAsPath(text))).toBe(originAs(path))
      }),
    )
  })
})

interface PathFragment {
  readonly id: string
  readonly kind: string
  readonly hex: string
  readonly asPathHex: string
  readonly as4PathHexAs2Encoded: string
  readonly upstream: {
    readonly valid?: boolean
    readonly asPathString: string | null
    readonly merged: string
    readonly hops: number
  }
}

/** FRR writes a set sorted, without repetitions, with commas. */
function asFrrWrites(segments: readonly AsPathSegment[]): string {
  const sorted = segments.map((segment) =>
    segment.type === SegmentType.asSet || segment.type === SegmentType.confedSet
      ? { ...segment, asns: [...new Set(segment.asns)].sort((a, b) => a - b) }
      : segment,
  )
  return formatAsPath(sorted).replace(/[{[][^}\]]*/g, (part) => part.replaceAll(' ', ','))
}

describe.runIf(sharedVectors)('AS paths of the FRR suite', () => {
  const fragments = readJsonLines<PathFragment>('fragments/frr.jsonl')
  const values = fragments.filter(({ kind }) => kind === 'as-path-value')
  const merges = fragments.filter(({ kind }) => kind === 'as4-path-reconcile')

  test('decode to the same text and number of hops', () => {
    expect(values).toHaveLength(17)
    for (const { id, hex, upstream } of values) {
      if (upstream.valid === false) {
        expect(() => read(hex, false), id).toThrow(DecodeError)
        continue
      }
      const path = read(hex, false)
      // Two records give the same path in asdot.
      const text = formatAsPath(parseAsPath(upstream.asPathString ?? ''))
      const shown = asFrrWrites(path)
      expect(formatAsPath(parseAsPath(shown)), id).toBe(text)
      expect(asPathLength(path), id).toBe(upstream.hops)
      expect(hexOf(encodeAsPath(path, false)), id).toBe(hex)
    }
  })

  test('merge with AS4_PATH to the same path', () => {
    expect(merges).toHaveLength(3)
    for (const { id, asPathHex, as4PathHexAs2Encoded, upstream } of merges) {
      const merged = mergeAs4Path(read(asPathHex, false), read(as4PathHexAs2Encoded, false))
      expect(asFrrWrites(merged), id).toBe(upstream.merged)
      expect(asPathLength(merged), id).toBe(upstream.hops)
    }
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRpslReader, type RpslObject } from '../../src/irr/rpsl.ts'

/** Forms of RFC 2622 §2: continuation by blank, tab and plus; comments; mixed case; CRLF; a banner. */
const text = [
  '% This is a dump.',
  '# Another kind of remark',
  '',
  'route:        198.51.100.0/24   # the web',
  'descr:        Contoso',
  '              web farm',
  '+',
  '+             in two places',
  '\tand one more line',
  'Origin:       AS64501',
  'mnt-by:       CONTOSO-MNT',
  'source:       RIPE # Filtered',
  '',
  'person:       Nobody',
  'address:      route: 203.0.113.0/24',
  'source:       RIPE',
  '',
  '',
  'route6:       2001:db8::/32',
  'origin:       AS1.10',
  'source:       RADB',
].join('\r\n')

function read(pieces: readonly string[], wanted = ['route', 'route6']): RpslObject[] {
  const objects: RpslObject[] = []
  const reader = createRpslReader(new Set(wanted), (object) => {
    objects.push(object.map(([name, value]) => [name, value] as const))
  })
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return objects
}

const expected = [
  [
    ['route', '198.51.100.0/24'],
    ['descr', 'Contoso web farm in two places and one more line'],
    ['origin', 'AS64501'],
    ['mnt-by', 'CONTOSO-MNT'],
    ['source', 'RIPE'],
  ],
  [
    ['route6', '2001:db8::/32'],
    ['origin', 'AS1.10'],
    ['source', 'RADB'],
  ],
]

describe('RPSL', () => {
  test('objects of the wanted classes, whole', () => {
    expect(read([text])).toEqual(expected)
  })

  test('wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length]
        const pieces = at.slice(1).map((end, i) => text.slice(at[i], end))
        expect(read(pieces)).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  test('any text at all, in bounded memory', () => {
    fc.assert(fc.property(fc.array(fc.string()), (pieces) => Array.isArray(read(pieces))))
    expect(read([`route: 198.51.100.0/24\n${'descr: x\n'.repeat(200_000)}\n`, text])).toEqual(
      expected,
    )
    expect(read(['x'.repeat(2 << 20), '\n\n', text])).toEqual(expected)
  })
})

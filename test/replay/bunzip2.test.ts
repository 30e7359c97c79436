/** Expected values come from bzip2 1.0.8, which compressed the texts named beside the data. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bzip2Error, bunzip2 } from '../../src/replay/bunzip2.ts'

function octets(base64: string): Uint8Array {
  return Uint8Array.from(Buffer.from(base64, 'base64'))
}

function text(...chunks: readonly Uint8Array[]): string {
  return Buffer.concat([...bunzip2(chunks)]).toString('latin1')
}

function textOrRefusal(data: Uint8Array): string {
  try {
    return text(data)
  } catch (error) {
    if (error instanceof Bzip2Error) return 'refused'
    throw error
  }
}

const foxes = octets(
  'QlpoOTFBWSZTWdFM6eAAAPCbgEABf+AEAD////AwAPpAaUf6pTeqf6qMQaAMgAMGmjTTCYmTAQNMClUmoaAAGE0NqbJMBNgmgn0JoJ8CZCYCZEoXNJQtN919yhUKypQgCIQAgAAAAAAQGGqlKWa9m3DO6m2225brbbbdjmZnXr+xO4TgJgJwCZiahOInITeJmJ0CfgmAmoTQTiJiJsEyE5CYibxP4TMTETQTQTyFXMTmJ/i7kinChIaKZ08A',
)
const foxText = Array.from(
  { length: 40 },
  (_, i) => `The quick brown fox jumps over the lazy dog. ${i + 1}`,
).join('')
const abc = octets('QlpoMTFBWSZTWWSMu3MAAAABADgAIAAhmBmEYXckU4UJBkjLtzA=')

describe('bunzip2', () => {
  test.for([
    ['nothing', 'QlpoORdyRThQkAAAAAA=', ''],
    ['one octet', 'QlpoOTFBWSZTWRmTm2sAAAABACAAIAAhGEaC7kinChIDMnNtYA==', 'a'],
    [
      'runs of four to seven',
      'QlpoOTFBWSZTWbxnV2oAACPBAHgAPAAgAFCGBAUqhtNTkZHY2PqWxylkZS7HaWx+LuSKcKEheM6u1A==',
      'aaaabbbbbccccccddddddd'.repeat(9),
    ],
  ] as const)('%s', ([, base64, expected]) => {
    expect(text(octets(base64))).toBe(expected)
  })

  test('two million zeros, in chunks of bounded size', () => {
    const zeros = octets('QlpoOTFBWSZTWYK4WkIAD1HgAMAAAACACCAAMMwJqmmKkhtVKSHi7kinChIQVwtIQA==')
    const chunks = [...bunzip2([zeros])]
    expect(chunks.reduce((sum, chunk) => sum + chunk.length, 0)).toBe(2_000_000)
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBe(65_536)
    expect(chunks.every((chunk) => chunk.every((octet) => octet === 0))).toBe(true)
  })

  test('streams one after the other, as parallel compressors write them', () => {
    expect(text(foxes, abc, foxes)).toBe(`${foxText}abc${foxText}`)
  })

  test('split anywhere, it is the same', () => {
    for (let at = 0; at <= foxes.length; at++) {
      expect(text(foxes.subarray(0, at), foxes.subarray(at))).toBe(foxText)
    }
  })

  test('cut off anywhere, it says so', () => {
    for (let length = 0; length < foxes.length; length++) {
      expect(() => text(foxes.subarray(0, length))).toThrow(
        new Bzip2Error('the bzip2 data is cut off'),
      )
    }
  })

  test('damaged anywhere, it never passes for data', () => {
    for (let bit = 32; bit < 8 * (foxes.length - 1); bit++) {
      const damaged = foxes.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
      // Some bits say nothing: those of Huffman tables and codes that no symbol uses.
      expect([foxText, 'refused']).toContain(textOrRefusal(damaged))
    }
  })

  test('any octets after a header end in a Bzip2Error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (tail) => {
        const header = foxes.subarray(0, 10)
        expect(() => text(header, tail)).toThrow(Bzip2Error)
      }),
    )
  })
})

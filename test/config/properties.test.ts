import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineCounter, stringify } from 'yaml'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigError, type ConfigProblem, formatProblems } from '../../src/config/problem.ts'

/** @returns the problems, after checking what holds for any of them */
function judge(text: string): readonly ConfigProblem[] {
  try {
    parseConfig(text, 'test.yaml')
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const lines = new LineCounter()
    lines.addNewLine(0)
    for (let i = 0; i < text.length; i++) if (text[i] === '\n') lines.addNewLine(i + 1)
    expect(error.problems.length).toBeGreaterThan(0)
    for (const { line, column, length } of error.problems) {
      expect(line).toBeGreaterThanOrEqual(1)
      expect(line).toBeLessThanOrEqual(lines.lineStarts.length)
      expect(column).toBeGreaterThanOrEqual(1)
      expect(length).toBeGreaterThanOrEqual(1)
    }
    expect(formatProblems(error.problems, text, false)).not.toBe('')
    return error.problems
  }
}

const keys = [
  ...['local', 'listen', 'storage', 'policy', 'metrics', 'log', 'events', 'sessions', 'prefixes'],
  ...['bgp', 'http', 'address', 'port', 'asn', 'routerId', 'name', 'prefix', 'families', 'policy'],
  ...['requiredCommunities', 'originAsns', 'holdTime', 'passive', '__proto__', 'constructor', '<<'],
]
const words = ['ipv4', '8075:8007', '198.51.100.0/24', '192.0.2.1', '2001:db8::1', 'any', '1.10']

/** Any value, with a taste for the keys and words that mean something. */
const anyValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, 0, -1, 64501, 23456, 4294967296, 1.5, '', ...words),
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('value'), { maxKeys: 6 }),
  ),
})).value

describe('whatever the file says, it is a Config or a ConfigError', () => {
  test('values', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        judge(stringify(value))
        judge(JSON.stringify(value))
      }),
      { numRuns: 500 },
    )
  })

  test('a config with one part replaced', () => {
    const part = fc.constantFrom('local', 'listen', 'policy', 'log', 'sessions', 'prefixes')
    fc.assert(
      fc.property(part, anyValue, anyValue, (key, value, entry) => {
        const local = { asn: 64500, routerId: '192.0.2.1' }
        const session = { name: 'a', address: '192.0.2.2', asn: 64501, families: entry }
        judge(JSON.stringify({ local, sessions: [session, entry], [key]: value }))
      }),
      { numRuns: 500 },
    )
  })

  test('text', () => {
    const punctuation = fc.constantFrom(
      ...'[]{}:,-?&*!|>%@`"\'#~ \n\t\r'.split(''),
      'a',
      '1',
      '<<: ',
    )
    fc.assert(
      fc.property(fc.array(punctuation, { maxLength: 60 }), (parts) => {
        judge(parts.join(''))
      }),
      { numRuns: 2000 },
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void judge(text)))
  })
})

describe('places', () => {
  const spelt = fc.stringMatching(/^[a-z]{3,12}$/)

  test('an unknown key and a wrong value stand where they were written', () => {
    fc.assert(
      fc.property(spelt, fc.nat(20), fc.nat(5), (key, blankLines, indent) => {
        fc.pre(!['level', 'format'].includes(key))
        const pad = ' '.repeat(indent + 1)
        const text = `local: { asn: 64500, routerId: 192.0.2.1 }\n${'\n'.repeat(blankLines)}log:\n${pad}"${key}":  1\n${pad}level:   ${key}x\n`
        const line = blankLines + 3
        expect(judge(text)).toMatchObject([
          { line, column: indent + 2, length: key.length + 2, key: `log.${key}` },
          { line: line + 1, column: indent + 11, length: key.length + 1, key: 'log.level' },
        ])
      }),
    )
  })
})

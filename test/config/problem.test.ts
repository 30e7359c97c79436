import { describe, expect, test } from 'vitest'
import { ConfigError, type ConfigProblem, formatProblems } from '../../src/config/problem.ts'

const problem: ConfigProblem = {
  file: 'a.yaml',
  line: 2,
  column: 12,
  length: 3,
  key: 'log.level',
  message: 'found "bad", expected one of info, debug',
}

describe('formatProblems', () => {
  test('place and sentence, then the line with carets', () => {
    expect(formatProblems([problem], 'log:\n  level:   bad # why\n', false)).toBe(
      [
        'a.yaml:2:12: log.level: found "bad", expected one of info, debug',
        '    2 |   level:   bad # why',
        '      |            ^^^',
        '',
      ].join('\n'),
    )
  })

  test('colour marks place and carets', () => {
    expect(formatProblems([problem], 'log:\n  level:   bad\n', true)).toBe(
      [
        '\u001b[1ma.yaml:2:12:\u001b[0m log.level: found "bad", expected one of info, debug',
        '    2 |   level:   bad',
        '      |            \u001b[31m^^^\u001b[0m',
        '',
      ].join('\n'),
    )
  })

  test('without the text, or for the file as a whole, there is no line to show', () => {
    const whole = { ...problem, line: 0, column: 0, key: '', message: 'cannot be read' }
    expect(formatProblems([whole], undefined, false)).toBe('a.yaml: cannot be read\n')
    expect(formatProblems([whole], 'x', false)).toBe('a.yaml: cannot be read\n')
  })

  test('of a long line only the part around the mistake is shown, and the caret still fits', () => {
    const line = `${'a'.repeat(500)}BAD${'b'.repeat(500)}`
    const shown = formatProblems([{ ...problem, line: 1, column: 501 }], line, false).split('\n')
    expect(shown[1]).toBe(`    1 | …${'a'.repeat(30)}BAD${'b'.repeat(59)}…`)
    expect(shown[2]).toBe(`      | ${' '.repeat(31)}^^^`)
  })

  test('what could write to the terminal becomes blanks', () => {
    const text = 'x: "\u001b[31m\u202e"\t1'
    const message = 'found "\u0007"'
    expect(formatProblems([{ ...problem, line: 1, column: 1, message }], text, false)).toBe(
      'a.yaml:1:1: log.level: found " "\n    1 | x: " [31m " 1\n      | ^^^\n',
    )
  })

  test.for([
    ['listen.http.tokens[0]', 'tokens: ["my token"] # x', 10, 10, 'tokens: ************ # x'],
    ['listen.http.tokens[0]', '  - my token', 5, 8, '  - ********'],
    ['listen.http.tokens[0].token', '    token: my token', 12, 8, '    token: ********'],
    [
      'listen.http.tokens[0].role',
      '  - { role: x, token: abc }',
      13,
      1,
      '  - { role: x, token: *** }',
    ],
    [
      'sessions[0].password',
      '{ asn: 1, password: abc, x: 2 }',
      21,
      3,
      '{ asn: 1, password: ***, x: 2 }',
    ],
    ['sessions[0].asn', "{ asn: x, password: 'a b' }", 8, 1, '{ asn: x, password: ***** }'],
    ['sessions[0].password', '  password: abc', 3, 8, '  password: ***'],
  ] as const)('secrets are painted over: %s in %s', ([key, line, column, length, shown]) => {
    const text = formatProblems([{ ...problem, line: 1, key, column, length }], line, false)
    expect(text.split('\n')[1]).toBe(`    1 | ${shown}`)
  })

  test('a hundred are shown, the rest counted', () => {
    const many = Array.from({ length: 103 }, () => problem)
    const lines = formatProblems(many, undefined, false).trimEnd().split('\n')
    expect(lines).toHaveLength(101)
    expect(lines[100]).toBe('... and 3 more (--json lists them all)')
  })
})

test('the message of a ConfigError has a line for each problem', () => {
  const line = 'a.yaml:2:12: log.level: found "bad", expected one of info, debug'
  expect(new ConfigError([problem, problem]).message).toBe(`${line}\n${line}`)
})

import { describe, expect, test } from 'vitest'
import { shortenList } from '../../src/cli/table.ts'
import { processTerminal } from '../../src/cli/terminal.ts'
import { cleanText, count, displayWidth, paragraph, truncate, wrap } from '../../src/cli/text.ts'

describe('cleanText', () => {
  test.for([
    ['plain text stays', 'plain text stays'],
    ['a\nb\r\nc\td', 'a b c d'],
    ['\u001b[31mred\u001b[0m', 'red'],
    // OSC 52 writes to the clipboard of some terminals, OSC 0 sets the title.
    ['\u001b]52;c;ZXZpbA==\u0007x', 'x'],
    ['\u001b]0;title\u001b\\x', 'x'],
    ['bell\u0007 back\u0008 delete\u007f', 'bell back delete'],
    ['C1 \u009b31m', 'C1 31m'],
    ['right to left \u202eoverride', 'right to left override'],
    ['zero\u200bwidth', 'zerowidth'],
    ['naïve 漢字 ok', 'naïve 漢字 ok'],
    ['a lone escape\u001b', 'a lone escape'],
  ])('%j', ([text, expected]) => {
    expect(cleanText(text as string)).toBe(expected)
  })
})

describe('widths', () => {
  test.for([
    ['abc', 3],
    ['漢字', 4],
    ['e\u0301', 1],
    ['\u001b[31mabc\u001b[39m', 3],
    ['', 0],
  ] as const)('%j takes %d columns', ([text, width]) => {
    expect(displayWidth(text)).toBe(width)
  })

  test('truncate cuts to the width and marks the cut', () => {
    expect(truncate('abcdef', 6)).toBe('abcdef')
    expect(truncate('abcdef', 5)).toBe('abcd…')
    expect(truncate('ab cdef', 4)).toBe('ab…')
    expect(truncate('漢字漢字', 4)).toBe('漢…')
  })

  test('wrap breaks at blanks, and cuts a word that is longer than a line', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('a abcdefghij b', 4)).toEqual(['a', 'abcd', 'efgh', 'ij b'])
    expect(wrap('', 10)).toEqual([''])
  })

  test('paragraph hangs under its label', () => {
    expect(paragraph('  do ', 'AS64501 must add the community', 26)).toBe(
      '  do AS64501 must add the\n     community\n',
    )
  })

  test('shortenList counts what it leaves out', () => {
    const reasons = ['missing-community', 'private-asn', 'session-down']
    expect(shortenList(reasons, ', ', 80)).toBe('missing-community, private-asn, session-down')
    expect(shortenList(reasons, ', ', 34)).toBe('missing-community, private-asn +1')
    expect(shortenList(reasons, ', ', 24)).toBe('missing-community +2')
    expect(shortenList([], ', ', 24)).toBe('')
  })

  test('count', () => {
    expect(count(1, 'prefix', 'prefixes')).toBe('1 prefix')
    expect(count(0, 'prefix', 'prefixes')).toBe('0 prefixes')
    expect(count(2, 'session')).toBe('2 sessions')
  })
})

describe('processTerminal', () => {
  const stream = (fields: object) =>
    ({ write: () => true, ...fields }) as unknown as NodeJS.WriteStream
  const terminal = (fields: object, env: NodeJS.ProcessEnv = {}) =>
    processTerminal(stream(fields), stream({}), env)

  test('a pipe gets 80 columns and no colour', () => {
    expect(terminal({})).toMatchObject({ columns: 80, color: false, interactive: false })
    expect(terminal({}, { COLUMNS: '120' }).columns).toBe(120)
  })

  test('a terminal gets its own width and colour', () => {
    expect(terminal({ isTTY: true, columns: 132 })).toMatchObject({ columns: 132, color: true })
  })

  test.for([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('no colour with %j', (env) => {
    expect(terminal({ isTTY: true, columns: 132 }, env).color).toBe(false)
  })

  test('an empty NO_COLOR is none', () => {
    expect(terminal({ isTTY: true }, { NO_COLOR: '' }).color).toBe(true)
  })
})

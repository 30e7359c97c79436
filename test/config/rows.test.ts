import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readDocument } from '../../src/config/document.ts'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { readRowsDocument } from '../../src/config/rows.ts'

const usual = `# ours
local: { asn: 64500, routerId: 192.0.2.1 }
prefixes:
  # by hand
  - { name: web, prefix: 198.51.100.0/24, originAsns: [64501, "1.10"], owner: "Contoso, Ltd." }

  - name: www
    prefix: 2001:db8::/32
    enabled: false
    sessions: []
  - {name: x, prefix: 192.0.2.0/24}
log: { level: debug }
`

describe('rows in their usual spelling', () => {
  test('are read', () => {
    expect(readRowsDocument(usual, 0)?.value).toEqual({
      local: { asn: 64500, routerId: '192.0.2.1' },
      log: { level: 'debug' },
      prefixes: [
        {
          name: 'web',
          prefix: '198.51.100.0/24',
          originAsns: [64501, '1.10'],
          owner: 'Contoso, Ltd.',
        },
        { name: 'www', prefix: '2001:db8::/32', enabled: false, sessions: [] },
        { name: 'x', prefix: '192.0.2.0/24' },
      ],
    })
    expect(readRowsDocument(usual, 0)?.value).toEqual(readDocument(usual).value)
    expect(readRowsDocument(usual)).toBeUndefined()
  })

  test.for([
    ['a flow mapping around them', '{ a: 1,\nprefixes:\n  - { name: x }\n}\n'],
    ['text that looks like them', 'a: "\nprefixes:\n  - { name: x }\nb: "\n'],
    ['block text', 'a: |\n prefixes:\n  - { name: x }\n'],
    ['a second document', 'prefixes:\n  - { name: x }\n---\na: 1\n'],
    ['the key twice', 'prefixes:\n  - { name: x }\nprefixes:\n  - { name: y }\n'],
    ['a key of the row twice', 'prefixes:\n  - { name: x, name: y }\n'],
    ['a fraction', 'prefixes:\n  - { name: 1.10 }\n'],
    ['an octal', 'prefixes:\n  - { name: 010 }\n'],
    ['a null', 'prefixes:\n  - { name: Null }\n'],
    ['an anchor', 'prefixes:\n  - &a { name: x }\n'],
    ['a merge', 'prefixes:\n  - { <<: *a, name: x }\n'],
    ['a nested mapping', 'prefixes:\n  - { name: x, policy: { maxAsPathLength: 2 } }\n'],
    ['another indent', 'prefixes:\n  - { name: x }\n    - { name: y }\n'],
    ['a field that is too deep', 'prefixes:\n  - name: x\n     owner: y\n'],
    ['a field after a whole row', 'prefixes:\n  - { name: x }\n    owner: y\n'],
    ['a tab', 'prefixes:\n  -\t{ name: x }\n'],
    ['an escape', 'prefixes:\n  - { name: "\\x41" }\n'],
    ['no row', 'prefixes:\n'],
    ['a line that is too long', `prefixes:\n  - { name: ${'x'.repeat(10_000)} }\n`],
  ] as const)('%s is left to YAML', ([, text]) => {
    expect(readRowsDocument(text, 0)).toBeUndefined()
  })

  test('a line separator of Unicode ends no line', () => {
    const text = 'prefixes:\n  - { name: x }\n# \u2028log: { level: debug }\n'
    expect(readRowsDocument(text, 0)).toBeUndefined()
  })
})

const RUNS = 5000

/** Lines that are rows, nearly rows, and what may stand around them. */
const word = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_./:-]{0,8}$/) },
  fc.stringMatching(/^"[ -~]{0,6}"$/),
  fc.stringMatching(/^[0-9.eExo+-]{1,6}$/),
  fc.constantFrom('true', 'False', 'null', '~', '0x1F', '0o17', '1e3', '64501', '007', '-1', '*a'),
  fc.constantFrom('2001:db8::', '2001:db8::/32', 'a:b', 'a#b', 'a #b', '"a" "b"', "'a'", ''),
)
const list = fc.array(word, { maxLength: 3 }).map((words) => `[${words.join(', ')}]`)
const field = fc
  .tuple(fc.constantFrom('name', 'prefix', 'owner', 'sessions', 'policy'), fc.oneof(word, list))
  .map(([key, value]) => `${key}: ${value}`)
const flow = fc.array(field, { maxLength: 3 }).map((all) => `- { ${all.join(', ')} }`)
const line = fc.oneof(
  { weight: 20, arbitrary: flow.map((row) => `  ${row}`) },
  { weight: 8, arbitrary: field.map((text) => `  - ${text}`) },
  { weight: 8, arbitrary: field.map((text) => `    ${text}`) },
  fc.constantFrom(
    '',
    '# note',
    '      # note',
    '---',
    '...',
    'log: 1',
    '"',
    '  |',
    '- a: 1',
    '{',
    '}',
  ),
)
const rest = (odd: string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom([], ['a: 1'], ['# x', 'a: b']) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...odd), { minLength: 1, maxLength: 2 }) },
  )
const text = fc
  .tuple(
    rest(['a: |', 'a: "', '{', '---', '- a', '%YAML 1.1']),
    fc.array(line, { minLength: 1, maxLength: 5 }),
    rest(['"', '}', '...', '  b', 'prefixes:', '---', '- a']),
  )
  .map(([before, lines, after]) =>
    [...before, 'prefixes:', ...lines, ...after].map((each) => `${each}\n`).join(''),
  )

test('whatever is read as rows, YAML reads the same', () => {
  let quick = 0
  fc.assert(
    fc.property(text, (given) => {
      const rows = readRowsDocument(given, 0)
      if (rows === undefined) return
      quick++
      const whole = readDocument(given)
      expect(whole.problems).toEqual([])
      expect(rows.value).toEqual(whole.value)
    }),
    { numRuns: RUNS },
  )
  expect(quick).toBeGreaterThan(RUNS / 50)
})

test('a mistake among thousands of rows has its place', () => {
  const rows = Array.from({ length: 5000 }, (_, i) => {
    const octets = [i >> 16, (i >> 8) & 255, i & 255].join('.')
    return `  - { name: p${i}, prefix: 10.${octets}/32, originAsns: [64501], owner: contoso }\n`
  })
  const head = 'local: { asn: 64500, routerId: 192.0.2.1 }\nprefixes:\n'
  const good = head + rows.join('')
  expect(readRowsDocument(good)).toBeDefined()
  expect(parseConfig(good, 'test.yaml').prefixes).toHaveLength(5000)
  rows[4000] = rows[4000]?.replace('owner', 'ownr') ?? ''
  try {
    parseConfig(head + rows.join(''), 'test.yaml')
    expect.unreachable()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.problems).toMatchObject([{ line: 4003, key: 'prefixes[4000].ownr' }])
  }
})

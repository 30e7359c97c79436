import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { readTokens, SecretError } from '../../src/config/secrets.ts'

const TOKEN = 'abcdefghijklmnop'

function parse(http: string) {
  const text = `local: { asn: 64500, routerId: 192.0.2.1 }\nlisten:\n  http:\n${http}`
  return parseConfig(text, 'a.yaml').listen.http
}

function mistakes(tokens: string): string[] {
  try {
    parse(`    tokens: ${tokens}\n`)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((p) => `${p.key}: ${p.message}`)
    throw error
  }
  return []
}

describe('tokens of the configuration', () => {
  test('text alone may do everything and is called by its place', () => {
    expect(parse(`    tokens: [${TOKEN}, ${TOKEN}2]\n`)).toMatchObject({
      tokens: [
        { name: 'token-1', role: 'admin', owner: null, secret: { token: TOKEN } },
        { name: 'token-2', role: 'admin', owner: null, secret: { token: `${TOKEN}2` } },
      ],
      anonymousRead: true,
    })
  })

  test('with a tenant, reading takes a token unless the file says otherwise', () => {
    const tokens = `    tokens: [{ name: contoso, role: provider, owner: contoso, tokenFile: a }]\n`
    expect(parse(tokens)).toMatchObject({
      tokens: [{ name: 'contoso', role: 'provider', owner: 'contoso', secret: { file: 'a' } }],
      anonymousRead: false,
    })
    expect(parse(`${tokens}    anonymousRead: true\n`).anonymousRead).toBe(true)
    expect(parse('    anonymousRead: false\n').anonymousRead).toBe(false)
  })

  test.for<[string, string[]]>([
    [
      '[{ name: a, role: boss, token: abcdefghijklmnop }]',
      [
        'listen.http.tokens[0].role: found "boss", expected one of reader, operator, admin, provider, customer',
      ],
    ],
    [
      '[{ name: a, role: provider, token: abcdefghijklmnop }]',
      [
        'listen.http.tokens[0]: has no owner, expected one: a provider sees what belongs to an owner',
      ],
    ],
    [
      '[{ name: a, role: admin, owner: x, token: abcdefghijklmnop }]',
      ['listen.http.tokens[0].owner: found an owner, expected none: the role admin has no limits'],
    ],
    [
      '[{ name: a, role: admin }]',
      ['listen.http.tokens[0]: has neither token nor tokenFile, expected one of them'],
    ],
    [
      '[{ name: a, role: admin, token: abcdefghijklmnop, tokenFile: b }]',
      ['listen.http.tokens[0].tokenFile: found token and tokenFile, expected one of them'],
    ],
    [
      '[{ name: daemon, role: admin, tokenFile: b }]',
      ['listen.http.tokens[0].name: the name "daemon" is taken by bgpwarden, expected another'],
    ],
    [
      '[{ name: token-2, role: admin, tokenFile: b }, abcdefghijklmnop]',
      [
        'listen.http.tokens[1]: the name "token-2" is that of listen.http.tokens[0], expected a name of its own',
      ],
    ],
    [
      '[abcdefghijklmnop, { name: b, role: reader, token: abcdefghijklmnop }]',
      ['listen.http.tokens[1]: the token is that of listen.http.tokens[0], expected another'],
    ],
    [
      '[{ name: a, role: admin, token: short }]',
      [
        'listen.http.tokens[0].token: found a secret, expected 16 to 256 letters, digits or the characters - . _ ~ + /',
      ],
    ],
  ])('%s', ([tokens, expected]) => {
    expect(mistakes(tokens)).toEqual(expected)
  })
})

describe('tokens in files', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bgpwarden-secrets-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const entry = (name: string, text: string) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return { name, role: 'reader', owner: null, secret: { file } } as const
  }

  test('are read without the line break at their end', async () => {
    expect(await readTokens([entry('a', `${TOKEN}\n`)])).toEqual([
      { name: 'a', role: 'reader', owner: null, token: TOKEN },
    ])
  })

  test("what is no token, or somebody else's, is refused without being repeated", async () => {
    const short = readTokens([entry('b', 'hush hush')])
    await expect(short).rejects.toThrow(SecretError)
    await expect(short).rejects.toThrow(
      /^listen\.http\.tokens\[0\]\.tokenFile: .*\/b holds no token/,
    )
    await expect(short).rejects.not.toThrow(/hush/)
    const twice = readTokens([entry('c', TOKEN), entry('d', TOKEN)])
    await expect(twice).rejects.toThrow('tokens[1].tokenFile: the token is that of c')
    const absent = { ...entry('e', ''), secret: { file: join(folder, 'nowhere') } }
    await expect(readTokens([absent])).rejects.toThrow('cannot be read (ENOENT')
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig, MAX_CONFIG_BYTES, parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'
import { Family } from '../../src/prefix/prefix.ts'

const local = 'local: { asn: 64500, routerId: 192.0.2.1 }\n'

function errorOf(text: string): ConfigError {
  try {
    parseConfig(text, 'test.yaml')
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('no mistake found')
}

describe('parseConfig', () => {
  test('fills in every default', () => {
    expect(parseConfig(local, 'test.yaml')).toEqual({
      local: { asn: 64500, routerId: 0xc0000201 },
      listen: {
        bgp: [{ address: '0.0.0.0', port: 179 }],
        dynamic: [],
        http: { address: '127.0.0.1', port: 9179, tokens: [], anonymousRead: true },
      },
      storage: { path: null, auditDays: 730, maxMegabytes: 1024 },
      webhooks: [],
      policy: {
        requiredCommunities: ['8075:8007'],
        communityMatch: 'all',
        maxAsPathLength: 3,
        allowPrepending: false,
        bogonAsn: 'warning',
        convergenceSeconds: 60,
      },
      metrics: { perPrefixLimit: 1000 },
      log: { level: 'info', format: 'auto' },
      events: { keep: 10_000, retentionDays: 30 },
      registry: {
        stableSeconds: 30,
        provisioningSeconds: 3600,
        allowSpecialPurpose: [],
        serviceFamilies: ['ipv4', 'ipv6'],
      },
      irr: { files: [], servers: [] },
      sessions: [],
      prefixes: [],
    })
  })

  test('fills in the defaults of a session and of a prefix, and leaves out what is absent', () => {
    const config = parseConfig(
      `${local}sessions: [{ name: a, address: "2001:DB8:0::1", asn: "1.10" }]
prefixes: [{ name: web, prefix: 198.51.100.0/24 }]`,
      'test.yaml',
    )
    expect(config.sessions).toStrictEqual([
      {
        name: 'a',
        address: '2001:db8::1',
        port: 179,
        // RFC 5396 §2: asdot 1.10 is 1 * 65536 + 10.
        asn: 65546,
        localAsn: 64500,
        routerId: 0xc0000201,
        families: ['ipv4', 'ipv6'],
        passive: false,
        holdTime: 90,
        connectRetrySeconds: 30,
        delayOpenSeconds: 0,
        description: '',
      },
    ])
    const w0 = 0xc6336400 | 0
    expect(config.prefixes).toStrictEqual([
      {
        name: 'web',
        prefix: { family: Family.ipv4, length: 24, w0, w1: 0, w2: 0, w3: 0 },
        originAsns: [],
        enabled: true,
      },
    ])
  })

  test('reads the example of the documentation, merge keys and all', async () => {
    const file = fileURLToPath(new URL('../../examples/bgpwarden.yaml', import.meta.url))
    const { sessions, prefixes } = await loadConfig(file)
    expect(
      sessions.map(({ name, asn, holdTime, families }) => [name, asn, holdTime, families]),
    ).toEqual([
      ['edge-a', 64501, 90, ['ipv4', 'ipv6']],
      ['edge-b', 64502, 30, ['ipv4']],
      ['edge-c', 65546, 30, ['ipv4']],
    ])
    expect(prefixes.map(({ name, owner, enabled }) => [name, owner, enabled])).toEqual([
      ['web', 'contoso', true],
      ['web-anycast', 'contoso', true],
      ['documentation', undefined, true],
      ['parked', undefined, false],
    ])
    expect(prefixes[1]?.policy).toStrictEqual({
      requiredCommunities: ['8075:8007', '64500:1:2', 'no-export'],
      communityMatch: 'any',
      maxAsPathLength: 2,
      allowPrepending: true,
      bogonAsn: 'error',
    })
  })

  test('knows neither bombs of aliases nor depth', () => {
    const levels = Array.from({ length: 12 }, (_, i) => {
      const item = i === 0 ? '1' : `*a${i - 1}`
      return `x${i}: &a${i} [${Array(12).fill(item).join(', ')}]`
    })
    expect(errorOf(levels.join('\n')).message).toMatch(/found more than 5000000 values$/)
    for (const deep of ['['.repeat(20_000) + ']'.repeat(20_000), '- '.repeat(20_000)]) {
      expect(errorOf(deep).message).toMatch(/found more than 64 levels of nesting$/)
    }
  })

  test('an anchor inside itself is none yet', () => {
    expect(errorOf('a: &a [*a]').message).toBe(
      'test.yaml:1:8: found *a, expected an anchor &a before it',
    )
  })

  test('carriage returns and a byte order mark do not move a place', () => {
    const [problem] = errorOf(`\ufeff${local.replace('\n', '\r\n')}log: { level: x }\r\n`).problems
    expect(problem).toMatchObject({ line: 2, column: 15, length: 1, key: 'log.level' })
  })

  test('ten thousand mistakes are all told', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => `  - { name: p${i}, prefix: x${i} }`)
    const { problems, message } = errorOf(`${local}prefixes:\n${rows.join('\n')}`)
    expect(problems).toHaveLength(10_000)
    expect(problems[9_999]).toMatchObject({ line: 10_002, key: 'prefixes[9999].prefix' })
    expect(message.split('\n')).toHaveLength(101)
    expect(message).toMatch(/\n\.\.\. and 9900 more \(--json lists them all\)$/)
  })
})

describe('loadConfig', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bgpwarden-config-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  async function loadError(name: string, content?: string | Uint8Array): Promise<ConfigError> {
    const file = join(directory, name)
    if (content !== undefined) writeFileSync(file, content)
    return loadConfig(file).then(
      () => {
        throw new Error('no mistake found')
      },
      (error: unknown) => {
        if (error instanceof ConfigError) return error
        throw error
      },
    )
  }

  test('a file that is not there', async () => {
    const error = await loadError('none.yaml')
    expect(error.unreadable).toBe(true)
    expect(error.message).toBe(
      `${join(directory, 'none.yaml')}: the configuration cannot be read: there is no such file`,
    )
  })

  test('a directory', async () => {
    const error = await loadError('.')
    expect(error.unreadable).toBe(true)
    expect(error.message).toMatch(/it is a directory, expected a file$/)
  })

  test('a file that is too large', async () => {
    const error = await loadError('large.yaml', new Uint8Array(MAX_CONFIG_BYTES + 1).fill(32))
    expect(error.unreadable).toBe(true)
    expect(error.message).toMatch(/it has more than 16777216 octets$/)
  })

  test('octets that are not UTF-8', async () => {
    const text = Buffer.concat([Buffer.from(`${local}log: { x: "é`), Uint8Array.of(0xe9, 0x22)])
    const error = await loadError('latin.yaml', text)
    expect(error.unreadable).toBe(false)
    expect(error.problems).toMatchObject([{ line: 2, column: 13 }])
    expect(error.message).toMatch(/found an octet that is not UTF-8, expected UTF-8 text$/)
  })
})

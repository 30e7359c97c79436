import { expect, test } from 'vitest'
import { parseBytes } from '../../src/config/load.ts'
import { parseApart } from '../../src/config/parse-apart.ts'
import { ConfigError } from '../../src/config/problem.ts'

/** Node runs TypeScript by itself, in threads too, from here on; elsewhere only the compiled daemon has them. */
const threaded = Reflect.get(process.features, 'typescript') === 'strip'

function manyPrefixes(change: (lines: string[]) => void = () => {}): Uint8Array {
  const lines = [
    'local: { asn: 64500, routerId: 192.0.2.1 }',
    'sessions: [{ name: edge-a, address: 192.0.2.9, asn: 64501 }]',
    'prefixes:',
  ]
  for (let i = 0; i < 500; i++) {
    lines.push(`  - { name: p${i}, prefix: 10.${i >> 8}.${i & 255}.0/24, originAsns: [64501] }`)
  }
  change(lines)
  return Buffer.from(lines.join('\n'))
}

test('a thread finds what the caller would', async () => {
  const bytes = manyPrefixes()
  const config = await parseApart({ bytes, file: 'big.yaml' })
  expect(config).toEqual(threaded ? parseBytes(bytes, 'big.yaml') : undefined)
})

test('mistakes come back with their places and the text', async () => {
  const bytes = manyPrefixes((lines) => lines.splice(7, 1, '  - { name: p4, prefix: 10.0.4.1/24 }'))
  const thrown = (attempt: () => unknown) =>
    Promise.resolve()
      .then(attempt)
      .then(
        () => undefined,
        (error: unknown) => error as ConfigError,
      )
  const here = await thrown(() => parseBytes(bytes, 'big.yaml'))
  const there = await thrown(() => parseApart({ bytes, file: 'big.yaml' }))
  expect(here).toBeInstanceOf(ConfigError)
  expect(there?.problems).toEqual(threaded ? here?.problems : undefined)
  expect(there?.text).toBe(threaded ? here?.text : undefined)
})

/** docs/rfc.md: every RFC that is promised stands there, with files and tests that are there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { routeNotes } from '../../src/engine/types.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const page = read('docs/rfc.md')

/** The tables of a part, cell by cell, without their heads. */
function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter(
      ([first = '', second = '']) => !/^-|^section$|^RFC$|^where an RFC/.test(first || second),
    )
}

const implemented = rowsOf(page.slice(0, page.indexOf('## Departures')))
const departures = rowsOf(page.slice(page.indexOf('## Departures')))

/** What must be there, then what should be (RFC 4271 and RFC 7606 have sections of their own). */
const promised = [
  4760, 5492, 6793, 2918, 4724, 4486, 9003, 6608, 7607, 6286, 1997, 4360, 8092, 6996, 7300,
].concat([7313, 7911, 8654, 8950, 9072, 9234, 9687, 2385, 5082])

test.for(promised)('RFC %i has a row', (rfc) => {
  expect(implemented.some(([first = '']) => first.split(' ')[0] === `${rfc}`)).toBe(true)
})

test('RFC 4271 and RFC 7606 have a section each', () => {
  expect(page).toContain('\n### RFC 4271: ')
  expect(page).toContain('\n### RFC 7606: ')
})

test('every row says what is done, and what shows it', () => {
  expect(implemented.length).toBeGreaterThan(60)
  for (const row of implemented)
    for (const cell of row.slice(2)) expect(cell, row.join(' | ')).not.toBe('')
  expect(departures.length).toBeGreaterThan(25)
  for (const row of departures) expect(row.length, row.join(' | ')).toBe(3)
})

test('every file that it names is there', () => {
  const files = implemented.flatMap((row) => (row.length < 4 ? [] : [row.at(-2) ?? '']))
  for (const cell of files) {
    for (const [, name = ''] of cell.matchAll(/`([\w/-]+)`/g)) {
      expect(existsSync(new URL(`src/${name}.ts`, root)), name).toBe(true)
    }
  }
})

const interop = readdirSync(new URL('test/interop/', root), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(`test/interop/${name}`))
  .join('\n')

/** The source of a test by its name; interop tests may be named alone. */
function sourceOf(name: string): string | undefined {
  for (const path of [`test/${name}.test.ts`, `test/interop/${name}.test.ts`]) {
    if (existsSync(new URL(path, root))) return read(path)
  }
  return undefined
}

test('every test that it names is there', () => {
  for (const row of implemented) {
    for (const part of (row.at(-1) ?? '').split(';')) {
      const names = [...part.matchAll(/`([\w/-]+)`/g)].map(([, name = '']) => name)
      const sources = names.map((name) => {
        const source = sourceOf(name)
        expect(source, `${name} in ${row.join(' | ')}`).toBeDefined()
        return source ?? ''
      })
      const text = part.trim().startsWith('interop') ? interop : sources.join('\n')
      for (const [, title = ''] of part.matchAll(/"([^"]+)"/g)) {
        expect(text.includes(title), `"${title}" in ${row.join(' | ')}`).toBe(true)
      }
    }
  }
})

test('every note is explained', () => {
  const findings = read('docs/findings.md')
  for (const note of routeNotes) expect(findings).toContain(`\n| \`${note}\` |`)
})

/** One YAML file a rule, with its expected problems beside it: `line:column key: message`, sorted. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load.ts'
import { ConfigError } from '../../src/config/problem.ts'

const directory = new URL('../golden/config/', import.meta.url)
const names = readdirSync(directory)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => name.replace(/\.yaml$/, ''))

function read(name: string): string {
  return readFileSync(new URL(name, directory), 'utf8')
}

function problemsOf(text: string): string {
  try {
    parseConfig(text, 'test.yaml')
    return ''
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems
      .map((p) => `${p.line}:${p.column} ${p.key === '' ? '' : `${p.key}: `}${p.message}\n`)
      .join('')
  }
}

test('there are cases', () => {
  expect(names.length).toBeGreaterThan(30)
})

test.for(names)('%s', (name) => {
  expect(problemsOf(read(`${name}.yaml`))).toBe(read(`${name}.txt`))
})

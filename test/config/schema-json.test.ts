import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { unsupportedKeys } from '../../src/config/schema.ts'
import {
  configJsonSchema,
  configJsonSchemaText,
  type JsonSchema,
} from '../../src/config/schema-json.ts'

function root(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')
}

/** Every key path, with `[]` for an entry of a list. */
function keyPaths(schema: JsonSchema, at: string): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const path = at === '' ? key : `${at}.${key}`
    return [path, ...keyPaths(field, path)]
  })
  return schema.items === undefined ? own : [...own, ...keyPaths(schema.items, `${at}[]`)]
}

test('the published schema is up to date: npx tsx src/config/schema-json.ts', () => {
  expect(root('bgpwarden.schema.json')).toBe(configJsonSchemaText())
})

test('every key is explained in the documentation, and those refused are named there', () => {
  const page = root('docs/configuration.md')
  for (const path of [...keyPaths(configJsonSchema(), ''), ...unsupportedKeys.keys()]) {
    expect(page, path).toContain(`\`${path.split('.').at(-1)?.replace('[]', '')}\``)
  }
})

test('no key is both known and refused', () => {
  const known = new Set(keyPaths(configJsonSchema(), ''))
  expect([...unsupportedKeys.keys()].filter((path) => known.has(path))).toEqual([])
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createLookup, type Lookup } from '../../src/irr/lookup.ts'
import type { RegistryName } from '../../src/irr/registry-names.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { createFakeClock } from '../support/fake-clock.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bgpwarden-lookup-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

function dump(name: string, prefix: string): string {
  const file = join(directory, name)
  writeFileSync(file, `route: ${prefix}\norigin: AS64501\nsource: RIPE\n`)
  return file
}

/** Asks until there is an answer. */
function answer(lookup: Lookup, prefix: string, registry?: RegistryName) {
  return vi.waitFor(() => {
    const found = lookup.ownership(parsePrefix(prefix), 64501, registry)
    if (found === null) throw new Error('not yet')
    return found
  })
}

test('answers are not there at once, and then stay', async () => {
  const settings = { files: [dump('one.db', '198.51.100.0/24')], servers: [] }
  const clock = createFakeClock()
  const lookup = createLookup({ settings, clock })
  expect(lookup.ownership(parsePrefix('198.51.100.0/24'), 64501)).toBeNull()
  const found = await answer(lookup, '198.51.100.0/24')
  expect(found).toEqual({ kind: 'recorded', source: 'RIPE' })
  expect(lookup.ownership(parsePrefix('198.51.100.0/24'), 64501)).toBe(found)
  // Somebody wants to know anew.
  const later = clock.now() + 1000
  clock.advance(1000)
  expect(lookup.ownership(parsePrefix('198.51.100.0/24'), 64501, undefined, later)).toBeNull()
  expect(await answer(lookup, '203.0.113.0/24', 'RIPENCC')).toEqual({ kind: 'not-recorded' })
  expect(await answer(lookup, '198.51.100.0/24', 'RADB')).toEqual({
    kind: 'unknown',
    why: 'no data of RADB is configured (irr.files, irr.servers)',
  })
  lookup.close()
})

test('other settings, or a dump that changed, change the answer', async () => {
  const file = dump('two.db', '198.51.100.0/24')
  const lookup = createLookup({
    settings: { files: [], servers: [] },
    clock: createFakeClock(),
  })
  expect(await answer(lookup, '198.51.100.0/24')).toEqual({
    kind: 'unknown',
    why: 'no registry data is configured (irr.files, irr.servers)',
  })
  lookup.configure({ files: [file], servers: [] })
  expect((await answer(lookup, '198.51.100.0/24')).kind).toBe('recorded')
  dump('two.db', '203.0.113.0/24')
  lookup.configure({ files: [file], servers: [] })
  await vi.waitFor(async () => {
    expect((await answer(lookup, '198.51.100.0/24')).kind).toBe('not-recorded')
  })
  lookup.close()
})

test('a dump that cannot be read is told', async () => {
  const told: string[] = []
  const settings = { files: [join(directory, 'none.db')], servers: [] }
  const clock = createFakeClock()
  const lookup = createLookup({ settings, clock, onProblem: (why) => told.push(why) })
  expect((await answer(lookup, '198.51.100.0/24')).kind).toBe('unknown')
  expect(told).toEqual([expect.stringContaining('none.db')])
  lookup.close()
})

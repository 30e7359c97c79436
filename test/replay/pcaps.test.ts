/** Every capture in pcaps/ leads to the verdicts that were written down for it by hand. */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { replayFiles } from '../../src/replay/replay.ts'
import { historyOf, parseExpected } from '../support/expected-verdicts.ts'

const folder = fileURLToPath(new URL('../../pcaps/', import.meta.url))
const files = readdirSync(folder)
const names = files.filter((file) => file.endsWith('.pcap')).map((file) => file.slice(0, -5))

/** Replays one capture as `bgpwarden replay NAME.pcap -c NAME.yaml` does. */
async function replay(name: string) {
  const { policy, sessions, prefixes } = await loadConfig(join(folder, `${name}.yaml`))
  const options = { policy, sessions, registrations: prefixes }
  return replayFiles([join(folder, `${name}.pcap`)], options)
}

describe('captures of real routers', () => {
  test('there are at least nine, and each has its configuration, verdicts and account', async () => {
    expect(names.length).toBeGreaterThanOrEqual(9)
    const readme = await readFile(join(folder, 'README.md'), 'utf8')
    for (const name of names) {
      expect(files).toContain(`${name}.yaml`)
      expect(files).toContain(`${name}.expected`)
      expect(readme).toContain(`\`${name}\``)
    }
  })

  test.for(names)('%s', async (name) => {
    const expected = parseExpected(await readFile(join(folder, `${name}.expected`), 'utf8'))
    const { engine, events, reports, sessions } = await replay(name)
    expect(reports.map(({ damage }) => damage)).toEqual([null])
    expect(sessions.filter(({ found }) => found !== null).map((each) => each.name)).toEqual([
      'edge',
    ])
    const verdicts = engine.view.prefixes().map(({ name, prefix, state, reasons }) => ({
      name,
      prefix,
      state,
      reasons: reasons.toSorted(),
    }))
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
    expect(verdicts.toSorted(byName)).toEqual(expected.verdicts.toSorted(byName))
    for (const [prefix, states] of Object.entries(expected.histories))
      expect(historyOf(events, prefix), prefix).toEqual(states)
  })
})

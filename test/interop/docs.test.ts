/** The configurations that docs/peering.md shows, under the programs that they are for. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { node, repository } from './support/daemon.ts'
import { run } from './support/process.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

/** @returns the first block of code of each section, by its heading; '' is what stands before the first one */
async function firstBlocks(): Promise<Map<string, string>> {
  const text = await readFile(join(repository, 'docs/peering.md'), 'utf8')
  const sections = text.split(/^## /m)
  return new Map(
    sections.flatMap((section, index) => {
      const block = /```\w*\n(.*?)```/s.exec(section)?.[1]
      const heading = index === 0 ? '' : (section.split('\n')[0] ?? '')
      return block === undefined ? [] : [[heading, block] as const]
    }),
  )
}

const checks: readonly (readonly [string, (file: string) => readonly string[]])[] = [
  ['', (file) => [...node, 'src/main.ts', 'check', '-c', file]],
  ['FRR', (file) => ['vtysh', '-C', '-f', file]],
  ['BIRD 2', (file) => ['bird', '-p', '-c', file]],
  ['GoBGP', (file) => ['gobgpd', '--dry-run', '-f', file]],
  ['OpenBGPD', (file) => ['/usr/sbin/bgpd', '-n', '-f', file]],
  ['ExaBGP', (file) => ['exabgp', '--validate', file]],
]

describe('docs/peering.md', () => {
  let workspace: Workspace
  let directory: string
  beforeAll(async () => {
    workspace = await makeWorkspace()
    directory = await workspace.folder('docs')
  })
  afterAll(() => workspace?.remove())

  test.for(checks)('%s', async ([heading, command]) => {
    const block = (await firstBlocks()).get(heading)
    expect(block).toBeDefined()
    const file = join(directory, `${heading.replace(' ', '')}.conf`)
    await writeFile(file, block ?? '', { mode: 0o600 })
    await run(command(file), { cwd: repository })
  })
})

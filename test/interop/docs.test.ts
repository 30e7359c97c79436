/** The configurations that the documentation shows, under the programs that they are for. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
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

/** @returns the blocks of code of a kind in the page */
async function blocksOf(page: string, kind: string): Promise<string[]> {
  const text = await readFile(join(repository, 'docs/findings', page), 'utf8')
  const fence = new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, 'gs')
  return [...text.matchAll(fence)].map(([, block = '']) => block)
}

/** What a page leaves out of BIRD's configuration, as it is the same everywhere. */
function wholeBirdConfig(block: string): string {
  const begin = 'router id 192.0.2.11;\nprotocol device {}\n'
  const neighbor = `protocol bgp bgpwarden {
  local 192.0.2.11 as 64501;
  neighbor 192.0.2.10 as 64500;
  ipv4 { import none; export filter to_bgpwarden; };
}
`
  const needed = /filter to_bgpwarden/.test(block) && !/protocol bgp bgpwarden/.test(block)
  return begin + block + (needed ? neighbor : '')
}

describe('docs/findings', async () => {
  const pages = await readdir(join(repository, 'docs/findings'))
  let workspace: Workspace
  let directory: string
  beforeAll(async () => {
    workspace = await makeWorkspace()
    directory = await workspace.folder('findings')
  })
  afterAll(() => workspace?.remove())

  test.for(pages)('FRR and BIRD accept what %s tells to configure', async (page) => {
    for (const [index, block] of (await blocksOf(page, 'frr')).entries()) {
      const file = join(directory, `${page}.${index}.frr`)
      await writeFile(file, block)
      await run(['vtysh', '-C', '-f', file])
    }
    for (const [index, block] of (await blocksOf(page, 'bird')).entries()) {
      const file = join(directory, `${page}.${index}.bird`)
      await writeFile(file, wholeBirdConfig(block))
      await run(['bird', '-p', '-c', file])
    }
  })

  test('there is something to accept', async () => {
    const counts = await Promise.all(
      pages.map(
        async (page) =>
          (await blocksOf(page, 'frr')).length + (await blocksOf(page, 'bird')).length,
      ),
    )
    expect(counts.filter((count) => count >= 2).length).toBeGreaterThanOrEqual(12)
  })
})

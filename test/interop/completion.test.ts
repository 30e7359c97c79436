/** The scripts of `bgpwarden completion` in the shells themselves, as somebody types. */
import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeRegistry } from '../support/fake-registry.ts'
import { fakeStatus, fakeWorld } from '../support/fake-views.ts'
import { sessionConfig } from '../support/session-config.ts'
import { testApi } from '../support/test-api.ts'
import { node, repository } from './support/daemon.ts'
import { startProgram } from './support/process.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const MESH = 'ix/lan/192.0.2.31@192.0.2.10'
let workspace: Workspace
let folder = ''
let env: Record<string, string> = {}
let close = async () => {}

beforeAll(async () => {
  workspace = await makeWorkspace()
  folder = await workspace.folder('bin')
  const launcher = join(folder, 'bgpwarden')
  const command = [...node, join(repository, 'src/main.ts')].map((word) => `'${word}'`).join(' ')
  await writeFile(launcher, `#!/bin/sh\nexec ${command} "$@"\n`)
  await chmod(launcher, 0o755)
  const config = sessionConfig({ name: MESH })
  const world = fakeWorld({ statuses: [fakeStatus('Established', config)] })
  const { app } = testApi({ world, ...fakeRegistry() })
  await app.listen({ port: 0, host: '127.0.0.1' })
  close = () => app.close()
  env = {
    PATH: `${folder}:${process.env['PATH']}`,
    HOME: folder,
    TERM: 'dumb',
    BGPWARDEN_API: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
  }
})

afterAll(async () => {
  await close()
  await workspace?.remove()
})

/** Says what it was called with, but asks for words itself. */
const spoken =
  'bgpwarden() { if [ "$1" = __words ]; then command bgpwarden "$@"; else printf "<%s>" "$@"; echo; fi; }'
/** How each shell begins, before somebody types. */
const begins: Readonly<Record<string, { start: string; lines: readonly string[] }>> = {
  bash: {
    start: 'bash --norc --noprofile -i',
    lines: ['source <(bgpwarden completion bash)', spoken],
  },
  zsh: {
    start: 'zsh -f -i',
    lines: ['autoload -Uz compinit; compinit -u -D', 'source <(bgpwarden completion zsh)', spoken],
  },
}

const typed = [
  ['bgpwarden ses\tsho\t ix\t', `<session><show><${MESH}>`],
  ['bgpwarden session show ix/lan/192.0.2.31@\t', `<session><show><${MESH}>`],
  ['bgpwarden prefix his\tweb --win\t6h', '<prefix><history><web><--window><6h>'],
] as const

test.for(Object.keys(begins))('%s completes as one types', async (shell) => {
  const { start, lines } = begins[shell] ?? { start: '', lines: [] }
  const input = [...lines, ...typed.map(([line]) => line), 'echo o""ver', 'exit', ''].join('\n')
  const file = join(folder, `${shell}.input`)
  await writeFile(file, input)
  // The shell reads from a terminal that `script` makes, line after line as if they were typed ahead.
  const program = startProgram(
    shell,
    ['sh', '-c', `script -qec '${start}' /dev/null < '${file}'`],
    { env },
  )
  await waitFor(`${shell} to be done`, () => program.exited() || /\nover/.test(program.output()), {
    state: () => program.output(),
  })
  await program.stop()
  for (const [, expected] of typed) expect(program.output()).toContain(expected)
})

test('fish asks for words', async () => {
  const words = async (line: string) => {
    const script = `bgpwarden completion fish | source; complete -C "${line}"`
    const { stdout } = await promisify(execFile)('fish', ['--no-config', '-c', script], { env })
    return stdout.split('\n')
  }
  expect(await words('bgpwarden sess')).toContain('session')
  expect(await words('bgpwarden session show ix')).toContain(MESH)
})

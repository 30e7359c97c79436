/** Exit codes and the words that come with them, in this process and in one of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reportFailure } from '../../src/cli/failure.ts'
import { runProgram } from '../../src/cli/program.ts'
import { version } from '../../src/version.ts'
import { startChild } from '../support/child.ts'
import { createScreen } from '../support/screen.ts'

async function run(...args: string[]) {
  const screen = createScreen()
  const code = await runProgram(args, screen, {})
  return { code, output: screen.output(), errors: screen.errors() }
}

const commands = [
  ['run'],
  ['check'],
  ['replay'],
  ['speak'],
  ['lab'],
  ['explain'],
  ['session', 'list'],
  ['session', 'show'],
  ['session', 'shutdown'],
  ['session', 'start'],
  ['session', 'clear'],
  ['prefix', 'list'],
  ['prefix', 'show'],
  ['prefix', 'validate'],
  ['route', 'list'],
  ['event', 'list'],
  ['top'],
  ['apply'],
  ['export'],
  ['audit'],
  ['completion'],
]

describe('help', () => {
  test.for(commands.map((c) => [c] as const))(
    '%j explains itself, with an example, in 80 columns',
    async ([command]) => {
      const { code, output, errors } = await run(...command, '--help')
      expect({ code, errors }).toEqual({ code: 0, errors: '' })
      expect(output).toContain(`Usage: bgpwarden ${command.join(' ')}`)
      expect(output).toMatch(/\nExample:\n {2}bgpwarden /)
      expect(output.split('\n').filter((line) => line.length > 80)).toEqual([])
    },
  )

  test('"event" alone means "event list"', async () => {
    const { code, errors } = await run('event', '--follow', '--since', 'soon')
    expect({ code, errors }).toEqual({
      code: 2,
      errors:
        'error: --since soon: expected an age (15m, 2h, 3d), a time (2026-11-21T09:00:00Z) or an event id\n',
    })
  })

  test('the program lists its commands', async () => {
    const { code, output } = await run('--help')
    expect(code).toBe(0)
    for (const [name] of commands) expect(output).toMatch(new RegExp(`^ {2}${name} `, 'm'))
  })

  test('--version is that of the package', async () => {
    expect(await run('--version')).toEqual({ code: 0, output: `${version}\n`, errors: '' })
  })
})

describe('a command line that is wrong exits 2 and says what to do', () => {
  test.for<[args: string[], error: string]>([
    [
      ['prefx'],
      "error: unknown command 'prefx'\n(Did you mean prefix?)\n(--help lists the commands)\n",
    ],
    [
      ['session', 'lst'],
      "error: unknown command 'lst'\n(Did you mean list?)\n(--help lists the commands)\n",
    ],
    [
      ['session', 'list', '--jsn'],
      "error: unknown option '--jsn'\n(Did you mean --json?)\n(--help explains the command)\n",
    ],
    [
      ['run'],
      "error: required option '-c, --config <file>' not specified\n(--help explains the command)\n",
    ],
    [
      ['prefix', 'show'],
      "error: missing required argument 'name'\n(--help explains the command)\n",
    ],
    [
      ['lab', '--bgp-port', '70000'],
      "error: option '--bgp-port <port>' argument '70000' is invalid. Expected a port, 0 to 65535.\n(--help explains the command)\n",
    ],
    [['speak'], 'error: speak needs a scenario file, or --capture FILE\n'],
    [
      ['speak', '--capture', 'x.mrt'],
      'error: without a scenario, speak needs --to ADDRESS:PORT, --local-asn and --remote-asn\n',
    ],
    [
      ['explain', '198.51.100.1/24', '--as-path', '64501'],
      'error: "198.51.100.1/24" has host bits set, did you mean 198.51.100.0/24?\n',
    ],
    [
      ['explain', '198.51.100.0/24', '--as-path', '64501 x'],
      'error: "x" is not an AS number, expected 0 to 4294967295, or asdot such as 1.10\n',
    ],
  ])('%j', async ([args, errors]) => {
    expect(await run(...args)).toEqual({ code: 2, output: '', errors })
  })

  test('no command at all prints the help', async () => {
    const { code, errors } = await run()
    expect(code).toBe(2)
    expect(errors).toContain('Usage: bgpwarden')
  })
})

describe('failures', () => {
  test('a bug shows its stack and says that it is one', () => {
    const screen = createScreen()
    expect(reportFailure(new TypeError('x is not a function'), screen)).toBe(70)
    expect(screen.errors()).toContain('TypeError: x is not a function\n    at ')
    expect(screen.errors()).toContain('This is a bug in bgpwarden.')
  })

  test('a file that is not there is no bug', async () => {
    const { code, errors } = await run('speak', '/nowhere/at/all.yaml')
    expect(code).toBe(2)
    expect(errors).toBe('error: /nowhere/at/all.yaml: there is no such file\n')
  })
})

describe('files', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bgpwarden-cli-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const file = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  test('a scenario with mistakes: each with its line and a caret', async () => {
    const path = file(
      'bad.yaml',
      'local: { asn: 64501, routerId: 192.0.2.1 }\nremote: { address: 127.0.0.1, asn: 64500 }\nstep: []\n',
    )
    const { code, errors } = await run('speak', path)
    expect(code).toBe(2)
    expect(errors).toBe(
      `${path}:3:1: step: unknown key "step", did you mean "steps"?\n    3 | step: []\n      | ^^^^\n`,
    )
  })

  test('run with a configuration that is wrong exits 2 and shows where', async () => {
    const path = file('bad-config.yaml', 'local: { asn: 64500 }\n')
    const { code, errors } = await run('run', '-c', path)
    expect(code).toBe(2)
    expect(errors).toContain(`${path}:1:8: local.routerId: is missing`)
    expect(errors).not.toContain('    at ')
  })

  test('explain by a configuration, without a daemon', async () => {
    const path = file(
      'config.yaml',
      `local: { asn: 64500, routerId: 192.0.2.1 }
policy: { bogonAsn: off }
sessions:
  - { name: edge-a, address: 127.0.0.2, asn: 64501 }
prefixes:
  - { name: web, prefix: 198.51.100.0/24, originAsns: [64510] }
`,
    )
    const explain = (...more: string[]) => run('explain', '198.51.100.0/24', '-c', path, ...more)
    const good = await explain('--as-path', '64501 64510', '--community', '8075:8007')
    expect(good).toEqual({
      code: 0,
      errors: '',
      output: `198.51.100.0/24  would be Verified
registered  web 198.51.100.0/24
policy      community 8075:8007; at most 3 AS numbers; no prepending; bogon AS
            numbers allowed

Nothing is wrong with it.
`,
    })
    const named = await run('explain', 'web', '-c', path, '--as-path', '64501', '--json')
    expect(JSON.parse(named.output)).toMatchObject({ prefix: '198.51.100.0/24', state: 'Failed' })
    const bad = await explain('--as-path', '64501 65001 {64511}', '--json')
    expect(bad.code).toBe(1)
    const { state, findings } = JSON.parse(bad.output)
    expect(state).toBe('Failed')
    expect(findings.map(({ reason }: { reason: string }) => reason).sort()).toEqual([
      'missing-community',
      'origin-mismatch',
      'private-asn',
    ])
  })
})

describe('the executable', () => {
  test('starts, answers and passes the exit code on', async () => {
    const [good, bad] = [startChild('--version'), startChild('prefx')]
    expect([await good.ended, await bad.ended]).toEqual([0, 2])
    expect(good.output()).toBe(`${version}\n`)
  })

  test('a reader that leaves early is no mistake', async () => {
    const child = startChild('--help')
    child.process.stdout?.destroy()
    expect(await child.ended).toBe(0)
  })
}, 20_000)

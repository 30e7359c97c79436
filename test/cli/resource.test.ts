/** Commands made from the table of kinds, against the API itself over a registry of two kinds. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { fakeRegistry } from '../support/fake-registry.ts'
import { fakeStatus, fakeWorld } from '../support/fake-views.ts'
import { createScreen } from '../support/screen.ts'
import { testApi } from '../support/test-api.ts'

const ADMIN = 'admin-token-00000'

let close = async () => {}
let url = ''
let folder = ''
let registry = fakeRegistry()

beforeEach(async () => {
  registry = fakeRegistry()
  const world = fakeWorld({ statuses: [fakeStatus('Established')] })
  const { app } = testApi({ world, tokens: [ADMIN], ...registry })
  await app.listen({ port: 0, host: '127.0.0.1' })
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  folder = mkdtempSync(join(tmpdir(), 'bgpwarden-resource-'))
  writeFileSync(join(folder, 'token'), `${ADMIN}\n`)
  close = () => app.close()
})
afterEach(async () => {
  await close()
  rmSync(folder, { recursive: true })
})

/** Runs a command line, with the token unless `--no-token` is its first word. */
async function run(line: string, answer?: string) {
  const questions: string[] = []
  const ask = async (question: string) => {
    questions.push(question)
    return answer ?? ''
  }
  const screen = createScreen({ columns: 100, ...(answer !== undefined && { ask }) })
  const words = line.match(/'[^']*'|\S+/g)?.map((word) => word.replace(/^'|'$/g, '')) ?? []
  const without = words[0] === '--no-token'
  const rest = words.slice(without ? 1 : 0)
  const args =
    without || rest[0]?.startsWith('__') ? rest : [...rest, '--token-file', join(folder, 'token')]
  const code = await runProgram(args, screen, { BGPWARDEN_API: url }, { kinds: registry.kinds })
  return { code, output: screen.output(), errors: screen.errors(), questions }
}

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('a resource', () => {
  test('is created, listed, shown, changed and operated on', async () => {
    const made = await run(
      "harbour create rotterdam --country NL --berths 12 --languages nl,en --pilot '{ channel: 3 }'",
    )
    expect(made).toMatchObject({ code: 0, errors: '' })
    expect(made.output).toBe(
      [
        'rotterdam  harbour',
        'owner      -',
        'country    NL',
        'berths     12',
        'open       true',
        'languages  nl, en',
        'state      Planned',
        'created    2026-11-21 09:00:00Z',
        'changed    2026-11-21 09:00:00Z',
        'pilot',
        '  channel: 3',
        '',
      ].join('\n'),
    )
    await run('harbour create kiel --country DE')
    expect((await run('harbour list')).output).toBe(
      'NAME       COUNTRY  STATE\nrotterdam  NL       Planned\nkiel       DE       Planned\n',
    )
    const only = await run('harbour list --filter country=DE --json')
    expect(JSON.parse(only.output)).toMatchObject([{ name: 'kiel' }])
    const changed = await run('harbour update rotterdam --berths 4 --open no --json')
    expect(JSON.parse(changed.output)).toMatchObject({
      etag: 'v2',
      properties: { country: 'NL', berths: 4, open: false, pilot: { channel: 3 } },
    })
    const opened = await run('harbour open rotterdam --reason spring --json')
    expect(JSON.parse(opened.output)).toMatchObject({ properties: { state: 'Open' } })
    expect(registry.audit.at(-1)).toMatchObject({ operation: 'open', after: { reason: 'spring' } })
  })

  test('stands under its parent, which is named apart or before a slash', async () => {
    await run('harbour create rotterdam --country NL')
    await run('ship create ada --harbour rotterdam --length 80')
    await run('ship create rotterdam/bea --length 90')
    expect((await run('ship list')).output).toBe(
      'NAME           LENGTH\nrotterdam/ada  80\nrotterdam/bea  90\n',
    )
    expect((await run('ship list --harbour rotterdam')).output).toMatch(/^NAME +LENGTH\nada /)
    expect((await run('ship show rotterdam/ada --json')).output).toContain('"length": 80')
    expect(await run('ship show ada')).toMatchObject({
      code: 2,
      errors:
        'error: a ship stands under a harbour: name it with --harbour NAME, or write NAME/SHIP\n',
    })
  })

  test('comes from a file, over which options go', async () => {
    const path = file('kiel.yaml', 'country: DE\nberths: 3\n')
    const made = await run(`harbour create kiel -f ${path} --berths 5 --json`)
    expect(JSON.parse(made.output)).toMatchObject({ properties: { country: 'DE', berths: 5 } })
  })

  test('is deleted by who types yes', async () => {
    await run('harbour create kiel --country DE')
    const nobody = await run('harbour delete kiel')
    expect(nobody.code).toBe(2)
    expect(nobody.errors).toBe(
      'error: The harbour kiel will be deleted with its ships. Nobody is at a terminal to say yes: add --yes if you mean it.\n',
    )
    const no = await run('harbour delete kiel', 'y')
    expect(no).toMatchObject({ code: 1, output: '', errors: 'Nothing was changed.\n' })
    expect(no.questions).toEqual([
      'The harbour kiel will be deleted with its ships. Type "yes" to go on: ',
    ])
    const yes = await run('harbour delete kiel', 'yes')
    expect(yes).toMatchObject({ code: 0, output: 'Deleted the harbour kiel.\n' })
    expect(await run('harbour delete kiel --yes')).toMatchObject({
      code: 2,
      errors: 'error: No harbour has the id "kiel".\n',
    })
  })

  test('what the registry refuses exits 1, what cannot be asked exits 2', async () => {
    await run('harbour create kiel --country DE')
    expect(await run('harbour create kiel --country DE')).toMatchObject({
      code: 1,
      errors: 'error: The name kiel is taken.\n',
    })
    expect(await run('--no-token harbour create ghent --country BE')).toMatchObject({
      code: 2,
      errors:
        'error: Send "Authorization: Bearer TOKEN" with a token of the daemon\'s configuration.\n' +
        '  Give a token with --token-file FILE or in BGPWARDEN_TOKEN.\n',
    })
    expect((await run('harbour create ghent --country BE --berths many')).code).toBe(2)
    expect((await run('harbour update kiel')).errors).toBe(
      'error: nothing to change: name a property as an option, or give -f FILE\n',
    )
  })

  test.for([
    ['harbour create', /--country <text> +where it lies \(needed\)/],
    ['harbour create', /--open \[yes\|no\] +whether ships may come \(default: true\)/],
    ['harbour create', /bgpwarden harbour create rotterdam --country NL --berths 12\n/],
    ['harbour update', /bgpwarden harbour update rotterdam --berths 12\n/],
    ['harbour open', /opens a harbour/],
    ['ship create', /bgpwarden ship create ada --harbour rotterdam --length 80\n/],
  ] as const)('%s explains itself', async ([command, expected]) => {
    const { code, output } = await run(`--no-token ${command} --help`)
    expect(code).toBe(0)
    expect(output).toMatch(expected)
  })

  test('what is fixed is not offered for an update, and goes to the registry, which says why', async () => {
    expect((await run('--no-token harbour update --help')).output).not.toContain('--country')
    const made = await run('harbour create kiel --country DE --json')
    const changed = await run('harbour update kiel --country DE --json')
    expect(changed.code).toBe(0)
    expect(JSON.parse(changed.output).properties).toEqual(JSON.parse(made.output).properties)
  })
})

describe('apply', () => {
  const text = 'harbours:\n  kiel: { country: DE, berths: 3 }\n'

  test('shows the difference, asks, and then there is none', async () => {
    const path = file('registry.yaml', text)
    const no = await run(`apply -f ${path}`, 'no')
    expect(no).toMatchObject({
      code: 1,
      output: '+ harbour kiel\n    country: DE\n    berths: 3\n',
      errors: 'Nothing was changed.\n',
      questions: ['1 to create. Type "yes" to go on: '],
    })
    expect(await run(`apply -f ${path} --yes`)).toMatchObject({ code: 0, errors: '1 created.\n' })
    expect(await run(`apply -f ${path}`)).toMatchObject({
      code: 0,
      output: '',
      errors: 'Nothing to change.\n',
    })
    const other = file('other.yaml', 'harbours:\n  kiel: { berths: 7 }\n')
    expect(await run(`apply -f ${other} --dry-run`)).toMatchObject({
      code: 0,
      output: '~ harbour kiel\n    berths: 3 -> 7\n',
      errors: '1 to update; nothing was changed.\n',
    })
    const none = file('none.yaml', 'harbours: {}\n')
    expect((await run(`apply -f ${none} --prune --dry-run`)).output).toBe('- harbour kiel\n')
    expect(await run(`apply -f ${none} --prune --yes`)).toMatchObject({ errors: '1 deleted.\n' })
  })

  test('a mistake has its line, whoever finds it', async () => {
    const yaml = file('bad.yaml', 'harbours:\n  kiel: { country: DE\n')
    const unread = await run(`apply -f ${yaml} --yes`)
    expect(unread.code).toBe(2)
    expect(unread.errors).toMatch(/bad\.yaml:\d+:\d+: /)
    const { code, errors } = await run('apply -f /nowhere.yaml')
    expect([code, errors]).toEqual([2, 'error: /nowhere.yaml: there is no such file\n'])
  })

  test('export gives the document, for the eyes of its owner', async () => {
    await run(`apply -f ${file('registry.yaml', text)} --yes`)
    const printed = await run('export')
    expect(printed.output).toContain('harbours:\n  kiel:\n    country: DE\n')
    const path = join(folder, 'out.yaml')
    expect((await run(`export -o ${path}`)).code).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(printed.output)
  })

  test('audit lists who wrote what', async () => {
    await run('harbour create kiel --country DE')
    await run('harbour open kiel')
    expect((await run('audit')).output).toBe(
      [
        'TIME                  WHO      ROLE   DID     KIND     RESOURCE  CHANGED',
        '2026-11-21 09:00:00Z  token-1  admin  open    harbour  kiel',
        '2026-11-21 09:00:00Z  token-1  admin  create  harbour  kiel',
        '',
      ].join('\n'),
    )
  })
})

describe('completion', () => {
  test.for<[string, string[]]>([
    ['harb', ['harbour']],
    ['harbour sh', ['show']],
    ['harbour open --re', ['--reason']],
    ['harbour show r', ['rotterdam']],
    ['ship list --harbour r', ['rotterdam']],
    ['ship show --harbour rotterdam a', ['ada']],
    ['completion f', ['fish']],
    ['session show e', ['edge-a']],
    ['run -c x', []],
  ])('%s', async ([line, expected]) => {
    await run('harbour create rotterdam --country NL')
    await run('ship create ada --harbour rotterdam --length 80')
    const { output, code } = await run(`__words -- ${line}`)
    expect([code, output.split('\n').slice(0, -1)]).toEqual([0, expected])
  })

  test.for(['bash', 'zsh', 'fish'])('a script for %s', async (shell) => {
    const { code, output } = await run(`--no-token completion ${shell}`)
    expect(code).toBe(0)
    expect(output).toContain('bgpwarden __words -- ')
  })
})

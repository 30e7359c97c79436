import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { check } from '../../src/cli/check.ts'

const directory = mkdtempSync(join(tmpdir(), 'bgpwarden-check-'))
afterAll(() => rmSync(directory, { recursive: true }))

async function run(content: string | undefined, json: boolean) {
  const file = join(directory, content === undefined ? 'none.yaml' : 'test.yaml')
  if (content !== undefined) writeFileSync(file, content)
  let text = ''
  const write = (part: string) => {
    text += part
  }
  const code = await check(file, { json }, { write })
  return { code, text: text.replaceAll(directory, 'dir') }
}

const good = `local: { asn: 64500, routerId: 192.0.2.1 }
sessions: [{ name: a, address: 192.0.2.2, asn: 64501 }]
`
const bad = `local: { asn: 64500, routerId: 192.0.2.1 }
log: { levle: info }
`

test('all well', async () => {
  expect(await run(good, false)).toEqual({
    code: 0,
    text: 'dir/test.yaml: all well: 1 session, 0 prefixes\n',
  })
  const { code, text } = await run(good, true)
  expect([code, JSON.parse(text)]).toEqual([
    0,
    { file: 'dir/test.yaml', ok: true, problems: [], sessions: 1, prefixes: 0 },
  ])
})

test('mistakes', async () => {
  expect(await run(bad, false)).toEqual({
    code: 1,
    text: `dir/test.yaml:2:8: log.levle: unknown key "levle", did you mean "level"?
    2 | log: { levle: info }
      |        ^^^^^
1 mistake
`,
  })
  const { code, text } = await run(bad, true)
  expect([code, JSON.parse(text)]).toEqual([
    1,
    {
      file: 'dir/test.yaml',
      ok: false,
      problems: [
        {
          file: 'dir/test.yaml',
          line: 2,
          column: 8,
          length: 5,
          key: 'log.levle',
          message: 'unknown key "levle", did you mean "level"?',
        },
      ],
    },
  ])
})

test('a file that is not there', async () => {
  expect(await run(undefined, false)).toEqual({
    code: 2,
    text: 'dir/none.yaml: the configuration cannot be read: there is no such file\n',
  })
  expect((await run(undefined, true)).code).toBe(2)
})

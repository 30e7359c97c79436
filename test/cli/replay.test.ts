import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replay } from '../../src/cli/replay.ts'
import {
  attributes,
  bgp4mpHead,
  joinOctets,
  keepalive,
  mrt,
  type Piece,
  update,
} from '../support/capture-builder.ts'
import { createScreen } from '../support/screen.ts'

const community = 8075 * 65536 + 8007
const T0 = 1_700_000_000

let folder = ''
let config = ''
let capture = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgpwarden-'))
  config = join(folder, 'bgpwarden.yaml')
  capture = join(folder, 'edge.mrt')
  writeFileSync(
    config,
    `local: { asn: 64500, routerId: 192.0.2.2 }
policy: { bogonAsn: off }
sessions:
  - { name: edge-a, address: 192.0.2.1, asn: 64501, families: [ipv4] }
prefixes:
  - { name: web, prefix: 198.51.100.0/24, originAsns: [64501] }
  - { name: mail, prefix: 203.0.113.0/24, originAsns: [64501] }
`,
  )
  writeFileSync(
    capture,
    records(
      keepalive,
      update(['198.51.100.0/24'], attributes([64501], { communities: [community] })),
      update(['203.0.113.0/24'], attributes([64501])),
    ),
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

function records(...messages: readonly Piece[]): Uint8Array {
  const head = bgp4mpHead(64501, 64500, '192.0.2.1', '192.0.2.2')
  return joinOctets(...messages.map((message, i) => mrt(16, 4, joinOctets(head, message), T0 + i)))
}

describe('bgpwarden replay', () => {
  test('with a configuration: files, sessions, verdicts, and why', async () => {
    const screen = createScreen()
    expect(await replay([capture], { config }, screen)).toBe(1)
    const lines = screen.output().replaceAll(`${folder}/`, '').split('\n')
    expect(lines.slice(0, 6)).toEqual([
      'edge.mrt  mrt: 3 records',
      'from 2023-11-14 22:13:20Z to 2023-11-14 22:13:22Z',
      '',
      'SESSION  END  MESSAGES  UPDATES  ANNOUNCED  WITHDRAWN  PREFIXES',
      'edge-a   up          3        2          2          0         2',
      '  edge-a: up before the capture began, so what had been announced before is not',
    ])
    // Line 6 is the rest of that sentence.
    expect(lines.slice(7, 11).map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      '',
      expect.stringMatching(/^NAME {2}PREFIX {2}STATE /),
      expect.stringMatching(/^web {2}198\.51\.100\.0\/24 {2}Verified /),
      expect.stringMatching(/^mail {2}203\.0\.113\.0\/24 {2}Failed .* missing-community$/),
    ])
    expect(screen.output()).toMatch(/error missing-community on edge-a/)
    expect(lines.every((line) => line.length <= 80)).toBe(true)
    expect(screen.errors()).toBe('')
  })

  test('without one: what was found', async () => {
    const screen = createScreen()
    expect(await replay([capture], {}, screen)).toBe(0)
    expect(screen.output()).toContain(
      'SESSION            END  MESSAGES  UPDATES  ANNOUNCED  WITHDRAWN  PREFIXES\n' +
        '192.0.2.1 AS64501  up          3        2          2          0         2\n',
    )
    expect(screen.output()).toMatch(
      /\nNo prefix is registered: -c FILE names the configuration that registers them\.\n$/,
    )
  })

  test('--json', async () => {
    const screen = createScreen()
    expect(await replay([capture], { config, json: true }, screen)).toBe(1)
    expect(JSON.parse(screen.output())).toMatchObject({
      from: '2023-11-14T22:13:20.000Z',
      to: '2023-11-14T22:13:22.000Z',
      files: [{ file: capture, format: 'mrt', compression: null, error: null }],
      sessions: [
        {
          name: 'edge-a',
          judged: true,
          established: true,
          found: { address: '192.0.2.1', asn: 64501, families: ['ipv4'] },
          prefixes: { ipv4: 2, ipv6: 0 },
        },
      ],
      prefixes: [
        { name: 'web', state: 'Verified' },
        { name: 'mail', state: 'Failed', reasons: ['missing-community'] },
      ],
    })
  })

  test('a damaged file: its verdicts, then the error, and exit code 2', async () => {
    const whole = records(keepalive, update(['198.51.100.0/24'], attributes([64501])))
    const cut = join(folder, 'cut.mrt')
    writeFileSync(cut, joinOctets(whole, [1, 2, 3]))
    const screen = createScreen()
    expect(await replay([cut], {}, screen)).toBe(2)
    expect(screen.output()).toContain('192.0.2.1 AS64501  up ')
    expect(screen.errors()).toBe(
      `error: ${cut}: octet ${whole.length}: the file is cut off: a record header of 12 octets begins here, 3 are left\n`,
    )
  })

  test('a file that is not there', async () => {
    const screen = createScreen()
    const file = join(folder, 'none.pcap')
    expect(await replay([file], {}, screen)).toBe(2)
    expect(screen.output()).toBe(
      `${file}\n\nNo BGP session that sends UPDATEs was found.\n\n` +
        'No prefix is registered: -c FILE names the configuration that registers them.\n',
    )
    expect(screen.errors()).toBe(`error: ${file}: octet 0: there is no such file\n`)
  })
})

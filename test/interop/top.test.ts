/** `bgpwarden top` in a real terminal, against a daemon and a test speaker in processes of their own. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Child, startChild } from '../support/child.ts'
import { repository } from './support/daemon.ts'
import { startTmux, type Tmux } from './support/tmux.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const launcher = join(repository, 'bin', 'bgpwarden.js')

describe('top', () => {
  let workspace: Workspace
  let folder: string
  let terminal: Tmux
  let daemon: Child
  let speaker: Child
  let ports = { bgp: 0, http: 0 }

  async function startDaemon(): Promise<void> {
    const file = join(folder, 'bgpwarden.yaml')
    await writeFile(
      file,
      `local: { asn: 64500, routerId: 192.0.2.1 }
listen:
  bgp: [{ address: 127.0.0.1, port: ${ports.bgp} }]
  http: { address: 127.0.0.1, port: ${ports.http} }
policy: { bogonAsn: "off" }
sessions:
  - { name: edge-a, address: 127.0.0.1, asn: 64501, passive: true }
  - { name: edge-z, address: 127.0.0.9, asn: 64509, passive: true }
prefixes:
  - { name: web, prefix: 198.51.100.0/24, sessions: [edge-a] }
  - { name: mail, prefix: 203.0.113.0/24, sessions: [edge-a] }
`,
    )
    daemon = startChild('run', '-c', file)
    const line = JSON.parse(await daemon.until('"event":"started"'))
    ports = { bgp: line.bgp[0].port, http: Number(new URL(line.http).port) }
  }

  /** A router that announces both prefixes; web with these communities. */
  async function startSpeaker(communities: string): Promise<void> {
    const file = join(folder, 'edge-a.yaml')
    await writeFile(
      file,
      `local: { asn: 64501, routerId: 192.0.2.10, address: 127.0.0.1 }
remote: { address: 127.0.0.1, port: ${ports.bgp}, asn: 64500 }
families: [ipv4]
steps:
  - announce:
      - { prefix: 198.51.100.0/24, asPath: 64501, communities: [${communities}] }
      - { prefix: 203.0.113.0/24, asPath: 64501, communities: ["8075:8007"] }
  - endOfRib: [ipv4]
`,
    )
    speaker = startChild('speak', file)
  }

  async function end(child: Child | undefined, signal: NodeJS.Signals): Promise<void> {
    child?.process.kill(signal)
    await child?.ended
  }

  /** Has the shell run a line. */
  async function command(line: string): Promise<void> {
    await terminal.type(line)
    await terminal.press('Enter')
  }

  /** The screen says how it ended, `pid` has its number. */
  async function startTop(): Promise<void> {
    const top = `${process.execPath} ${launcher} top --api http://127.0.0.1:${ports.http}`
    await command(`sh -c 'echo $$ > pid; exec ${top}'; echo ended=$?`)
  }

  beforeAll(async () => {
    workspace = await makeWorkspace()
    folder = await workspace.folder('top')
    await startDaemon()
    await startSpeaker('"64501:1"')
    // The environment of a test pipeline changes nothing.
    terminal = await startTmux(`bgpwarden-${process.pid}`, { CI: 'true', NO_COLOR: '1' })
    await command(`cd ${folder}; stty -g > before`)
    await command('clear; echo what was here')
    await terminal.shows(/^what was here/m)
  })
  afterAll(async () => {
    await terminal?.end()
    await end(speaker, 'SIGKILL')
    await end(daemon, 'SIGKILL')
    await workspace?.remove()
  })

  test('shows what is, what changes, and pages by key', async () => {
    await startTop()
    // The router may come while it looks.
    for (const shown of [
      / live$(.|\n)*^ +web +198/m,
      /^2 sessions: 1 Established, 1 (Active|Idle|Connect)$/m,
      /^2 prefixes: 1 Failed, 1 Verified$/m,
      /^> {2}edge-z {3}127\.0\.0\.9 {2}64509 {2}/m,
      /^ {3}edge-a {3}127\.0\.0\.1 {2}64501 {2}Established .* 2 {2}-$/m,
      /^ {3}web {3}198\.51\.100\.0\/24 {2}Failed {2}edge-a {2}.* {2}missing-community$/m,
      /^ {2}web: .*\n.*\(it carries 64501:1\)/m,
      /^ {3}\d\d:\d\d:\d\d {2}web +Pending > Failed {2}/m,
    ]) {
      await terminal.shows(shown)
    }
    expect(await terminal.screen()).not.toContain('what was here')

    await terminal.press('Tab', 'Enter')
    await terminal.shows(/^ {2}fix: .*AS64501 must add(.|\n)*^Esc back/m)
    await terminal.press('Escape')
    await terminal.shows(/^Tab table/m)
    await terminal.press('BTab', 'Down', 'Enter')
    await terminal.shows(/^hold time +\d+ s, keepalive(.|\n)*^Esc back/m)
    await terminal.press('Escape')
    // With what follows at once, Escape would be the Alt of a key.
    await terminal.shows(/^Tab table/m)
    await terminal.type('/edge-a')
    await terminal.shows(/SESSIONS 1 of 2, trouble first, with "edge-a"/)
    await terminal.press('Escape')
    await terminal.shows(/> SESSIONS 2, trouble first/)
    await terminal.type('s')
    await terminal.shows(/> SESSIONS 2, by name/)
    await terminal.type('?')
    await terminal.shows(/^Keys$/m)
    await terminal.type('x')

    // The router goes, and comes back with its community mended.
    await end(speaker, 'SIGINT')
    await terminal.shows(/^2 prefixes: 2 Warning$(.|\n)* session-down$/m)
    await startSpeaker('"8075:8007"')
    await terminal.shows(/^2 prefixes: 2 Verified$(.|\n)*Nothing is wrong with any prefix\./m)
    await terminal.shows(/web +Pending > Verified/)
  })

  test('fits the window as it changes', async () => {
    await terminal.resize(60, 16)
    const small = await terminal.shows(/SESSIONS(.|\n)*^Tab table.*…$/m)
    expect(small.split('\n').findIndex((line) => line.startsWith('Tab table'))).toBe(14)
    await terminal.resize(120, 40)
    const large = await terminal.shows(/LAST ERROR(.|\n)*q end$/m)
    expect(large.split('\n').findIndex((line) => line.startsWith('Tab table'))).toBe(38)
  })

  test('draws anew after it was stopped and a shell wrote over it', async () => {
    const pid = Number(await readFile(join(folder, 'pid'), 'utf8'))
    process.kill(pid, 'SIGSTOP')
    await terminal.shows(/Stopped/)
    // This shell leaves the terminal raw, where Enter is no line feed.
    await terminal.type('fg')
    await terminal.press('C-j')
    const screen = await terminal.shows(/^bgpwarden (.|\n)* live\n(.|\n)*q end$/m)
    expect(screen).not.toMatch(/Stopped|fg/)
    await terminal.type('?')
    await terminal.shows(/^Keys$/m)
    await terminal.type('q')
    await terminal.shows(/^what was here\n/)
    await command('clear; echo what was here')
    await terminal.shows(/^what was here$/m)
    await startTop()
    await terminal.shows(/ live$/m)
  })

  test('says that the daemon is gone, and finds it again', async () => {
    await end(daemon, 'SIGTERM')
    await terminal.shows(
      / NO ANSWER$(.|\n)*^no daemon answers \(connection refused\), asked again/m,
    )
    await startDaemon()
    const again = await terminal.shows(/, up .* live$(.|\n)*^2 prefixes: 2 Verified$/m, 40)
    expect(again).not.toContain('no daemon answers')
  })

  test.each([
    ['q', () => terminal.press('q')],
    ['Ctrl-C', () => terminal.press('C-c')],
    [
      'SIGTERM',
      async () => void process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGTERM'),
    ],
  ])('%s gives the terminal back as it was', async (_name, leave) => {
    if (!(await terminal.screen()).includes('Tab table')) await startTop()
    await terminal.shows(/ live$/m)
    // Nothing stops it in the middle, which would leave the terminal as it is.
    await terminal.press('C-z')
    await leave()
    const screen = await terminal.shows(/^ended=0$/m)
    expect(screen).toMatch(/^what was here\n/)
    expect(screen).not.toContain('SESSIONS')
    await command('clear; stty -g | cmp - before && echo as before')
    await terminal.shows(/^as before$/m)
    await command('clear; echo what was here')
    await terminal.shows(/^what was here$/m)
  })

  test('without a daemon it is told as by any other command', async () => {
    await end(daemon, 'SIGTERM')
    await startTop()
    const screen = await terminal.shows(/^ended=2$/m)
    expect(screen).toMatch(/^error: no daemon answers at/m)
    expect(screen).toMatch(/^what was here\n/)
  })
})

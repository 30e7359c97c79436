/** A daemon in a process of its own, a peer that behaves well, and what both must still say afterwards. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { PrefixJson } from '../../../src/api/prefix-schemas.ts'
import type { SessionJson } from '../../../src/api/session-schemas.ts'
import { systemClock } from '../../../src/session/clock.ts'
import { parseScenario } from '../../../src/speaker/scenario.ts'
import { type Speaker, startSpeaker } from '../../../src/speaker/speaker.ts'
import { metric, parseMetrics } from '../../interop/support/metrics.ts'
import { startChild } from '../../support/child.ts'

/** The well-behaved peer's hold time, seconds: two keepalives lost in a row would end it. */
const GOOD_HOLD_TIME = 9
const WAIT_MS = 30_000
const POLL_MS = 50

export const MIB = 1 << 20

/** The session that must not suffer, and its registered prefix. */
const GOOD = { session: 'good', address: '127.0.0.2', asn: 64501 }
/** The session that does. */
export const HOSTILE = { session: 'hostile', address: '127.0.0.3', asn: 64502 }

export interface Target {
  readonly bgpPort: number
  readonly httpPort: number
  readonly url: string
  /** The daemon's resident memory, octets. */
  rss(): number
  /** Open file descriptors of the daemon. */
  descriptors(): number
  /** The body of an answer. @throws Error for another status than 200 */
  text(path: string): Promise<string>
  session(name: string): Promise<SessionJson>
  prefix(name: string): Promise<PrefixJson>
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  /** What the daemon wrote so far. */
  log(): string
  /** Asks again and again until the answer is true. @throws Error after half a minute */
  until(what: string, ask: () => boolean | Promise<boolean>): Promise<void>
  /** Fails unless the good session never left Established, and its prefix never left Verified. */
  expectUnharmed(): Promise<void>
  /** Ends all. @returns the daemon's exit code */
  close(): Promise<number | null>
}

/** More of the configuration, in YAML; each text is a list entry or a mapping as it stands. */
export interface TargetOptions {
  readonly sessions?: readonly string[]
  readonly prefixes?: readonly string[]
  readonly http?: string
  readonly more?: string
  /** Extra keys of the hostile session, such as `, description: "x"`. */
  readonly hostile?: string
}

function configText({ sessions, prefixes, http, more, hostile }: TargetOptions): string {
  return `local: { asn: 64500, routerId: 192.0.2.1 }
listen:
  bgp: [{ address: 127.0.0.1, port: 0 }]
  http: { address: 127.0.0.1, port: 0${http ?? ''} }
policy: { bogonAsn: off, convergenceSeconds: 2 }
log: { level: info, format: json }
${more ?? ''}
sessions:
  - { name: good, address: ${GOOD.address}, asn: ${GOOD.asn}, passive: true, families: [ipv4] }
  - { name: hostile, address: ${HOSTILE.address}, asn: ${HOSTILE.asn}, passive: true, families: [ipv4]${hostile ?? ''} }
${(sessions ?? []).map((each) => `  - ${each}\n`).join('')}
prefixes:
  - { name: web, prefix: 198.51.100.0/24, originAsns: [7018], sessions: [good] }
${(prefixes ?? []).map((each) => `  - ${each}\n`).join('')}`
}

const goodScenario = (port: number) => `
local: { asn: ${GOOD.asn}, routerId: 192.0.2.2, address: ${GOOD.address} }
remote: { address: 127.0.0.1, port: ${port}, asn: 64500 }
families: [ipv4]
holdTime: ${GOOD_HOLD_TIME}
steps:
  - announce: [{ prefix: 198.51.100.0/24, asPath: ${GOOD.asn} 7018, communities: ["8075:8007"] }]
  - endOfRib: [ipv4]
`

/** Starts the daemon and the good peer, and waits until its prefix is Verified. */
export async function startTarget(options: TargetOptions = {}): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'bgpwarden-abuse-'))
  const file = join(folder, 'bgpwarden.yaml')
  writeFileSync(file, configText(options))
  const child = startChild('run', '-c', file)
  const line = JSON.parse(await child.until('"event":"started"')) as {
    bgp: { port: number }[]
    http: string
  }
  const { pid } = child.process
  const bgpPort = line.bgp[0]?.port ?? 0
  let speaker: Speaker | undefined

  async function text(path: string): Promise<string> {
    const answer = await fetch(`${line.http}${path}`)
    const body = await answer.text()
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${body}`)
    return body
  }

  async function until(what: string, ask: () => boolean | Promise<boolean>): Promise<void> {
    const giveUp = Date.now() + WAIT_MS
    while (!(await ask())) {
      if (Date.now() > giveUp) throw new Error(`${what}: not within ${WAIT_MS / 1000} s`)
      await pause(POLL_MS)
    }
  }

  const session = async (name: string) =>
    JSON.parse(await text(`/api/v1/sessions/${name}`)) as SessionJson
  const prefix = async (name: string) =>
    JSON.parse(await text(`/api/v1/prefixes/${name}`)) as PrefixJson

  async function close(): Promise<number | null> {
    await speaker?.close()
    child.process.kill('SIGTERM')
    const code = await child.ended
    rmSync(folder, { recursive: true })
    return code
  }

  try {
    speaker = await startSpeaker(parseScenario(goodScenario(bgpPort), 'good'), {
      clock: systemClock,
    })
    await speaker.established
    await until('web to be Verified', async () => (await prefix('web')).state === 'Verified')
  } catch (error) {
    await close()
    throw error
  }
  const before = await prefix('web')

  return {
    bgpPort,
    httpPort: Number(new URL(line.http).port),
    url: line.http,
    rss() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024
    },
    descriptors: () => readdirSync(`/proc/${pid}/fd`).length,
    text,
    session,
    prefix,
    async metric(name, labels) {
      const value = metric(parseMetrics(await text('/metrics')), name, labels)
      if (value === undefined) throw new Error(`there is no single sample of ${name}`)
      return value
    },
    log: child.output,
    until,
    async expectUnharmed() {
      const { state, flaps } = await session('good')
      const web = await prefix('web')
      expect({ state, flaps, web: web.state, since: web.since }).toEqual({
        state: 'Established',
        flaps: 0,
        web: 'Verified',
        since: before.since,
      })
    },
    close,
  }
}

/** Lets real time pass: the daemon is another process, and has no clock of ours. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** A line of figures for `docs/reliability.md`. */
export function figures(test: string, values: Readonly<Record<string, number | string>>): void {
  const words = Object.entries(values).map(([name, value]) => `${name} ${value}`)
  process.stdout.write(`[abuse] ${test}: ${words.join(', ')}\n`)
}

/** @returns mebibytes with one digit */
export function mebibytes(octets: number): string {
  return `${(octets / MIB).toFixed(1)} MiB`
}

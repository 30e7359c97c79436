/** One run: a daemon starts, peers connect, tables arrive, and all of it is counted. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FamilyName } from '../src/prefix/prefix.ts'
import type { Contestant, Running, Setup } from './contestant.ts'
import { poll, sleep } from './limits.ts'
import type { Peer } from './sender.ts'
import { type SenderProcess, startSender } from './sender-process.ts'
import type { TableFile } from './table-file.ts'
import { loadBeside, memory, settledMemory, untilQuiet } from './usage.ts'

/** Tables, one a peer, and what is registered. */
export interface Load {
  readonly family: FamilyName
  readonly tables: readonly TableFile[]
  readonly registered: readonly string[]
  /** As in `Setup`. */
  readonly expectedFrom?: readonly number[]
  readonly checks: boolean
}

/** What a run cost. */
export interface Cost {
  readonly cpuSeconds: number
  /** From the first octet sent until the daemon counts every route, to within a poll. */
  readonly wallSeconds: number
  /** MB: before the tables, after them, and the most in between. */
  readonly residentBefore: number
  readonly residentAfter: number
  readonly peak: number
  /** Share of the machine that was busy meanwhile, this run included. */
  readonly load: number
}

export const FIRST_ASN = 60_001
export const LOCAL_ASN = 64_500
/** Seconds after which a run is given up. */
const LIMIT = 900
const POLL_MS = 200

/** Where daemons listen in a run. */
export interface Place {
  readonly address: string
  readonly port: number
}

/** Peers at 127.0.0.11 and up; on systems that have one loopback address alone, at that. */
export function benchPeers(count: number): Peer[] {
  return Array.from({ length: count }, (_, i) => ({
    address: process.platform === 'linux' ? `127.0.0.${11 + i}` : '127.0.0.1',
    asn: FIRST_ASN + i,
  }))
}

/** A daemon with all sessions up. */
export interface Bench<R extends Running = Running> {
  readonly running: R
  readonly sender: SenderProcess
  readonly setup: Setup
}

export interface BenchOptions<R extends Running = Running> {
  readonly contestant: { start(setup: Setup): Promise<R> }
  readonly place: Place
  readonly family: FamilyName
  readonly peers: number
  readonly registered: readonly string[]
  readonly expectedFrom?: readonly number[]
  readonly checks: boolean
  readonly holdTime?: number
}

/**
 * Starts a daemon and a sender, has all sessions Established, runs `body`, and ends both.
 * @throws Error when something takes too long or a session is lost
 */
export async function withBench<T, R extends Running>(
  options: BenchOptions<R>,
  body: (bench: Bench<R>) => Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'bgpwarden-run-'))
  const setup: Setup = {
    directory,
    ...options.place,
    localAsn: LOCAL_ASN,
    peers: benchPeers(options.peers),
    family: options.family,
    registered: options.registered,
    ...(options.expectedFrom && { expectedFrom: options.expectedFrom }),
    checks: options.checks,
  }
  const sender = startSender()
  try {
    const running = await options.contestant.start(setup)
    try {
      sender.tell({
        do: 'connect',
        peers: setup.peers,
        remote: options.place,
        holdTime: options.holdTime ?? 180,
        families: ['ipv4', 'ipv6'],
      })
      await sender.until('established', setup.peers.length, 60)
      return await body({ running, sender, setup })
    } finally {
      await running.stop()
    }
  } finally {
    await sender.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * Sends the tables, one a peer, and waits until the daemon counts every route and has come to rest.
 * @param from the first peer that sends, and how many routes are held already
 */
export async function takeIn(
  bench: Bench,
  tables: readonly TableFile[],
  from = { peer: 0, routes: 0 },
): Promise<Cost> {
  const { running, sender } = bench
  const { pids } = running
  for (const { path } of tables) await sender.load(path)
  const cpuBefore = await untilQuiet(pids, 60)
  const { resident: residentBefore } = memory(pids)
  const load = loadBeside()
  const began = performance.now()
  tables.forEach(({ path }, index) => {
    sender.tell({ do: 'send', peer: from.peer + index, paths: [path] })
  })
  await sender.until('sent', tables.length, LIMIT)
  const expected = tables.reduce((sum, { truth }) => sum + truth.routes, from.routes)
  // The daemon is not asked before everything has left: it could not be done earlier.
  await poll(LIMIT, `${expected} routes`, POLL_MS, async () => {
    return (await running.routes()) >= expected
  })
  const wallSeconds = (performance.now() - began) / 1000
  const share = load()
  const cpuAfter = await untilQuiet(pids, LIMIT)
  const { resident, peak } = await settledMemory(pids)
  return {
    cpuSeconds: cpuAfter - cpuBefore,
    wallSeconds,
    residentBefore,
    residentAfter: resident,
    peak,
    load: share,
  }
}

/**
 * Measures one contestant on one load.
 * @param compare whether to compare its findings with the truth
 * @throws Error when its findings are wrong
 */
export async function measureIntake(
  contestant: Contestant,
  place: Place,
  load: Load,
  compare: boolean,
): Promise<Cost> {
  const options = { contestant, place, ...load, peers: load.tables.length }
  return withBench(options, async (bench) => {
    await sleep(300)
    const cost = await takeIn(bench, load.tables)
    if (compare) {
      const truths = load.tables.map(({ truth }) => truth)
      const wrong = (await bench.running.differences?.(truths)) ?? []
      if (wrong.length > 0) {
        throw new Error(`${contestant.name} got it wrong:\n  ${wrong.slice(0, 10).join('\n  ')}`)
      }
    }
    return cost
  })
}

/** Captures through the engine: offline, at capture time. */
import { createEngine, type Engine } from '../engine/engine.ts'
import type {
  EngineSessionConfig,
  Policy,
  PrefixEvent,
  Registration,
  SessionTallies,
} from '../engine/types.ts'
import type { FamilyName } from '../prefix/prefix.ts'
import { MessageType } from '../wire/codes.ts'
import { type CaptureReport, readCapture } from './capture.ts'
import { type Census, createCensus, type FoundSession } from './census.ts'
import { type Conductor, conductSession, type ReplayTally } from './conductor.ts'
import type { CaptureItem } from './items.ts'

/** A session that is expected, as a configuration declares it. */
export interface ExpectedSession {
  readonly name: string
  readonly address: string
  readonly asn: number
  readonly localAsn: number
  readonly families: readonly FamilyName[]
}

export interface ReplayOptions {
  readonly policy: Policy
  /** Empty: every session that is found is judged. */
  readonly sessions: readonly ExpectedSession[]
  readonly registrations: readonly Registration[]
  /** @param part how much is done, 0 to 1 */
  readonly progress?: (part: number) => void
}

/** One session as replayed. */
export interface ReplayedSession {
  readonly name: string
  /** null: the configuration has it, the captures do not. */
  readonly found: FoundSession | null
  /** Whether prefixes are expected on it. */
  readonly judged: boolean
  readonly established: boolean
  readonly tally: ReplayTally | null
  readonly counts: SessionTallies
}

export interface ReplayResult {
  /** In the order of replay. */
  readonly reports: readonly CaptureReport[]
  readonly sessions: readonly ReplayedSession[]
  /** Holds the verdicts, as they stand at `lastTime`. */
  readonly engine: Engine
  /** Verdict changes in order; the last `keptEvents`. */
  readonly events: readonly PrefixEvent[]
  /** Verdict changes in all. */
  readonly eventCount: number
  /** Milliseconds since the epoch; null when the captures hold nothing. */
  readonly firstTime: number | null
  readonly lastTime: number | null
}

/** Verdict changes that are kept. */
export const keptEvents = 10_000

/** The configured session that a found one is; `taken` ones are not looked at. */
function matchExpected(
  found: FoundSession,
  expected: readonly ExpectedSession[],
): ExpectedSession | undefined {
  const here = expected.filter(({ address }) => address === found.address)
  if (found.asn === null) return here.length === 1 ? here[0] : undefined
  return here.find(({ asn }) => asn === found.asn)
}

function sendsRoutes(found: FoundSession): boolean {
  return (found.messages['UPDATE'] ?? 0) > 0 || found.ribEntries > 0
}

interface Cast {
  readonly conductors: ReadonlyMap<FoundSession, Conductor>
  /** Engine and name of each session, in the order in which they are listed. */
  readonly roles: readonly {
    readonly engine: Engine
    readonly name: string
    readonly found: FoundSession | null
  }[]
}

/**
 * Gives each found session its engine: the judging one, or, when the configuration knows sessions but
 * not this one, another that only counts.
 */
function cast(judge: Engine, bystanders: Engine, census: Census, options: ReplayOptions): Cast {
  const conductors = new Map<FoundSession, Conductor>()
  const roles: Cast['roles'][number][] = []
  const declared = new Map(options.sessions.map((each) => [each, null as FoundSession | null]))
  const add = (engine: Engine, config: EngineSessionConfig, found: FoundSession | null) => {
    // A session that no capture shows will not come up any more.
    engine.addSession(config, found === null ? 0 : (census.firstTime ?? 0))
    roles.push({ engine, name: config.name, found })
    if (found === null) return
    const { ribPaths, address } = found
    const { name, families, asn } = config
    conductors.set(found, conductSession(engine, { name, families, asn, address, ribPaths }))
  }
  const others: FoundSession[] = []
  for (const found of census.sessions) {
    const match = matchExpected(found, options.sessions)
    if (match && declared.get(match) === null) declared.set(match, found)
    else if (sendsRoutes(found)) others.push(found)
  }
  for (const [expected, found] of declared) add(judge, expected, found)
  const names = new Set(options.sessions.map(({ name }) => name))
  for (const found of others) {
    const engine = options.sessions.length === 0 ? judge : bystanders
    const asn = found.asn ?? 0
    let { name } = found
    for (let n = 2; names.has(name); n++) name = `${found.name} #${n}`
    names.add(name)
    const families = [...found.families].sort()
    add(engine, { name, families, asn, localAsn: found.localAsn ?? 0 }, found)
  }
  return { conductors, roles }
}

/** Tells the engines of time that went by without messages: tables become complete when they would have. */
function timekeeper(engines: readonly Engine[], convergence: number) {
  let now = 0
  let lastTick = 0
  const due: number[] = []
  const tick = (time: number) => {
    for (const engine of engines) engine.tick(time)
  }
  return {
    get now(): number {
      return now
    },
    /** Captures overlap and clocks step back; the engine's time does not. */
    advance(time: number): number {
      now = Math.max(now, time)
      while (due.length > 0 && (due[0] as number) <= now) tick(due.shift() as number)
      if (now - lastTick >= 1000) {
        tick(now)
        lastTick = now
      }
      return now
    },
    /** A session came up now. */
    remember(): void {
      if (due.at(-1) !== now + convergence) due.push(now + convergence)
    },
  }
}

function perform(
  item: CaptureItem,
  now: number,
  conductor: Conductor | undefined,
  reverse: () => Conductor | undefined,
): void {
  switch (item.kind) {
    case 'message':
      conductor?.message(item, now)
      if (item.type === MessageType.notification) reverse()?.closedByPeer(item.session, now)
      break
    case 'rib':
      conductor?.rib(item, now)
      break
    case 'state':
      conductor?.state(item, now)
      break
    case 'close':
      conductor?.close(item.session, now)
      break
    case 'gap':
      break
  }
}

/** Reads all files once, to find their sessions and their order in time. */
async function takeCensus(files: readonly string[], progress: (part: number) => void) {
  const census = createCensus()
  const order: { file: string; time: number }[] = []
  for (const [i, file] of files.entries()) {
    let time: number | undefined
    await readCapture(
      file,
      (item) => {
        time ??= item.time
        census.count(item)
      },
      { progress: (read, total) => progress((i + read / Math.max(total, read)) / files.length) },
    )
    order.push({ file, time: time ?? 0 })
  }
  order.sort((a, b) => a.time - b.time)
  return { census, ordered: order.map(({ file }) => file) }
}

/**
 * Runs captures through an engine. The files are read twice: first to find their sessions, then, in the
 * order of their beginnings, to replay them. The end of the captures stands for the end of every
 * initial table that is still open.
 * @param files pcap, pcapng or MRT; several that belong together
 * @returns verdicts, sessions and what reading came to; damage in a file is in its report
 */
export async function replayFiles(
  files: readonly string[],
  options: ReplayOptions,
): Promise<ReplayResult> {
  const progress = options.progress ?? (() => {})
  const { census, ordered } = await takeCensus(files, (part) => progress(part / 2))
  const events: PrefixEvent[] = []
  let eventCount = 0
  const now = () => clock.now
  const judge = createEngine({
    policy: options.policy,
    now,
    onEvent: (event) => {
      eventCount++
      events.push(event)
      if (events.length > 2 * keptEvents) events.splice(0, keptEvents)
    },
  })
  const bystanders = createEngine({ policy: options.policy, now })
  const clock = timekeeper([judge, bystanders], options.policy.convergenceSeconds * 1000)
  const { conductors, roles } = cast(judge, bystanders, census, options)
  const { firstTime } = census
  clock.advance(firstTime ?? 0)
  for (const registration of options.registrations) judge.register(registration, clock.now)

  /** Sessions of a RIB dump that is being read. */
  const dumped = new Set<Conductor>()
  const endDumps = () => {
    for (const conductor of dumped) conductor.endOfDump(clock.now)
    dumped.clear()
  }
  const play = (item: CaptureItem) => {
    const found = census.find(item.session)
    const conductor = found && conductors.get(found)
    const reverse = () => {
      const other = census.findReverse(item.session)
      return other && conductors.get(other)
    }
    if (item.kind !== 'rib') endDumps()
    else if (conductor) dumped.add(conductor)
    const wasUp = conductor?.established
    perform(item, clock.advance(item.time), conductor, reverse)
    if (!wasUp && conductor?.established) clock.remember()
  }
  const reports: CaptureReport[] = []
  for (const [i, file] of ordered.entries()) {
    reports.push(
      await readCapture(file, play, {
        progress: (read, total) =>
          progress(0.5 + (i + read / Math.max(total, read)) / files.length / 2),
      }),
    )
    endDumps()
  }
  for (const conductor of conductors.values()) conductor.endOfCapture(clock.now)
  while (judge.background(clock.now)) {
    // Until all of it is done.
  }

  return {
    reports,
    engine: judge,
    events: events.slice(-keptEvents),
    eventCount,
    firstTime: firstTime ?? null,
    lastTime: firstTime === undefined ? null : clock.now,
    sessions: roles.map(({ engine, name, found }) => {
      const conductor = found === null ? undefined : conductors.get(found)
      return {
        name,
        found,
        judged: engine === judge,
        established: conductor?.established ?? false,
        tally: conductor?.tally ?? null,
        counts: engine.view.tallies(name) as SessionTallies,
      }
    }),
  }
}

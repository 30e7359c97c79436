/**
 * The fast lane: UPDATEs that are well-formed and usual are taken by the kernel, many at once. Whatever else
 * comes is left to wire/update.ts and intake.ts, which do the same, one by one, for every UPDATE there may be.
 */
import { OutOfTableMemoryError } from '../kernel/arena.ts'
import {
  ANNOUNCED,
  CLASSES,
  CONTROL_WORDS,
  COUNTED,
  COUNTED_CLASSES,
  COUNTED_FINDINGS,
  DONE,
  EXTERNAL,
  FILTER,
  FILTER_WIDE,
  FINDINGS,
  FIRST_AS_REQUIRED,
  LARGE,
  LARGE_COUNT,
  LAST_SET,
  LOCAL_AS,
  MATCH_ALL,
  MAX_LENGTH,
  MAX_PATH_LENGTH,
  MOST_SPECIFICS,
  NEAR,
  NEAR_BEFORE,
  NEAR_CAPACITY,
  NEAR_COUNT,
  NEAR_COVERING,
  NEAR_EXACT,
  NEAR_FAMILY,
  NEAR_LENGTH,
  NEAR_SET,
  NEAR_WORD0,
  NEAR_WORDS,
  NODES,
  NOTED,
  PEER_FAMILY,
  PEER_WORDS,
  PLACE_BITS,
  PLAIN,
  QUEUE,
  QUEUE_ROUTES,
  QUIET,
  REMOTE_AS,
  ROOT,
  ROUTES_FULL,
  ROUTES_WANTED,
  ROUTES_WANTED_FAMILY,
  RULES,
  SCRATCH,
  SESSION,
  SETS_FULL,
  SLOTS,
  SPECIFIC_WORDS,
  SPECIFICS,
  SPECIFICS_COUNT,
  SPECIFICS_PLACES,
  SPECIFICS_WAIT,
  SPREAD as SPREAD_WORD,
  STAMP_NOW,
  STANDARD,
  STANDARD_COUNT,
  STATUS,
  TABLE_WORDS,
  TABLES,
  TAKEN,
  UNUSED,
  UNUSED_CAPACITY,
  UNUSED_COUNT,
  UPDATES,
} from '../kernel/assembly/fields.ts'
import { type Kernel, loadKernel } from '../kernel/kernel.ts'
import { addressOf, isKernelView } from '../kernel/memory.ts'
import { Family, type Prefix } from '../prefix/prefix.ts'
import type { RadixTrie } from '../prefix/trie.ts'
import { attributeTable } from '../wire/attribute-table.ts'
import {
  AttributeCode,
  HEADER_LENGTH,
  MAX_EXTENDED_MESSAGE_LENGTH,
  MessageType,
} from '../wire/codes.ts'
import type { Taken } from '../wire/frame-reader.ts'
import { messageLengthAt, messageTypeAt, SHORTEST_UPDATE } from '../wire/header.ts'
import { type Intake, stampOf, UNREGISTERED } from './intake.ts'
import type { CompiledPolicy } from './policy.ts'
import { SPREAD } from './route-slots.ts'
import type { EngineSession, EngineState } from './state.ts'
import { TableArrays } from './table-arrays.ts'
import { routeNotes } from './types.ts'

export interface Lane {
  /**
   * Takes UPDATEs of a session.
   * @param view shows octets in which messages begin at `start`
   * @param end exclusive; the last message may not be whole
   * @param limit octets of the longest message that is accepted
   * @param now milliseconds since the epoch
   * @returns valid until the next call
   */
  take(
    session: EngineSession,
    view: DataView,
    start: number,
    end: number,
    limit: number,
    now: number,
  ): Readonly<Taken>
}

/** Codes that the kernel can read; all other ones are left to wire/attribute-walk.ts. */
const readable: readonly AttributeCode[] = [
  AttributeCode.origin,
  AttributeCode.asPath,
  AttributeCode.nextHop,
  AttributeCode.multiExitDisc,
  AttributeCode.localPref,
  AttributeCode.atomicAggregate,
  AttributeCode.aggregator,
  AttributeCode.communities,
  AttributeCode.originatorId,
  AttributeCode.clusterList,
  AttributeCode.mpReachNlri,
  AttributeCode.extendedCommunities,
  AttributeCode.largeCommunities,
]

/** What the kernel may take, as it reads it: from an external peer, or from an internal one. */
function createRules(external: boolean): Int32Array {
  const rules = new Int32Array(64)
  for (const code of readable) {
    const row = attributeTable[code]
    if (row === undefined || (external && row.internalOnly === true)) continue
    // AGGREGATOR has 8 octets with AS numbers of 4 (RFC 6793 §3), which the kernel's sessions have.
    const length = code === AttributeCode.aggregator ? 8 : (row.length ?? 255)
    rules[code] = TAKEN | (row.flags << 8) | (length << 16) | ((row.entry ?? 0) << 24)
  }
  return rules
}

const externalRules = createRules(true)
const internalRules = createRules(false)

/** Routes and sets that are noted at most, before they are dealt with. */
const MOST_NEAR = QUEUE_ROUTES
const MOST_UNUSED = 2 * QUEUE_ROUTES

/** What works for an engine once there is a kernel. */
interface Driver extends Lane {
  /** Tells the kernel of a session. @throws OutOfTableMemoryError */
  prepare(session: EngineSession): void
}

/**
 * Whether a message may be for the kernel. A look at a few octets: where it is not, routes that wait to be
 * stored together need not be stored for it before their time.
 */
function suits(session: EngineSession, view: DataView, start: number, end: number): boolean {
  if (!session.settings.as4 || end - start < SHORTEST_UPDATE || !isKernelView(view)) return false
  if (messageTypeAt(view, start) !== MessageType.update) return false
  // Nothing is withdrawn, and there are attributes (RFC 4271 §4.3).
  const body = start + HEADER_LENGTH
  const attributes = view.getUint16(body + 2)
  if (view.getUint16(body) !== 0 || attributes === 0) return false
  const hasNlri = SHORTEST_UPDATE + attributes < messageLengthAt(view, start)
  const table = session.tables[hasNlri ? 0 : 1]
  return table !== null && !table.rib.paths
}

/** @returns a lane that takes nothing where there is no kernel, or no memory for what it needs */
export function createLane(state: EngineState, intake: Intake): Lane {
  const taken: Taken = { end: 0, messages: 0 }
  const arrays = new TableArrays(taken)
  let driver: Driver | null = null
  return {
    take(session, view, start, end, limit, now) {
      taken.end = start
      taken.messages = 0
      if (!suits(session, view, start, end)) return taken
      const kernel = loadKernel()
      if (kernel === null) return taken
      try {
        driver ??= createDriver(kernel, state, intake, taken, arrays)
        driver.prepare(session)
      } catch (error) {
        if (!(error instanceof OutOfTableMemoryError)) throw error
        if (driver === null) arrays.freeAll()
        return taken
      }
      intake.settle()
      intake.begin(session, now)
      return driver.take(session, view, start, end, limit, now)
    },
  }
}

function createDriver(
  kernel: Kernel,
  state: EngineState,
  intake: Intake,
  taken: Taken,
  arrays: TableArrays,
): Driver {
  const { sets, tries } = state
  const control = arrays.words(CONTROL_WORDS)
  const near = arrays.words(MOST_NEAR * NEAR_WORDS)
  const unused = arrays.words(MOST_UNUSED)
  const prefixes: readonly Prefix[] = [Family.ipv4, Family.ipv6].map((family) => ({
    family,
    length: 0,
    w0: 0,
    w1: 0,
    w2: 0,
    w3: 0,
  }))
  let policyOctets = arrays.words(1)
  // What the control block describes.
  let settings: EngineSession['settings'] | null = null
  let notes: EngineSession['notes'] | null = null
  let policy: CompiledPolicy | null = null

  control[NEAR] = addressOf(near)
  control[NEAR_CAPACITY] = MOST_NEAR
  control[UNUSED] = addressOf(unused)
  control[UNUSED_CAPACITY] = MOST_UNUSED
  control[SCRATCH] = addressOf(arrays.words(MAX_EXTENDED_MESSAGE_LENGTH / 4 + 16))
  control[QUEUE] = addressOf(arrays.words(QUEUE_ROUTES * 6 + 16))
  control[SPREAD_WORD] = SPREAD
  intake.specifics.words = arrays.words(MOST_SPECIFICS * SPECIFIC_WORDS)
  control[SPECIFICS] = addressOf(intake.specifics.words)
  control[SPECIFICS_PLACES] = addressOf(arrays.words(2 ** PLACE_BITS))

  function describeSession(session: EngineSession): void {
    if (session.settings === settings && session.notes === notes) return
    settings = session.settings
    notes = session.notes
    control[EXTERNAL] = settings.external ? 1 : 0
    control[LOCAL_AS] = settings.localAs ?? 0
    control[FIRST_AS_REQUIRED] = settings.firstAs ?? 0
    control[REMOTE_AS] = notes.remoteAsn
    control[PEER_FAMILY] = notes.family
    control.set([notes.w0, notes.w1, notes.w2, notes.w3], PEER_WORDS)
    control.set(settings.external ? externalRules : internalRules, RULES)
  }

  function describePolicy(): void {
    if (policy === state.policy) return
    const { standard, large } = state.policy
    const octets = arrays.words(standard.length + large.length + 1)
    arrays.free(policyOctets)
    policyOctets = octets
    policy = state.policy
    policyOctets.set(standard)
    policyOctets.set(large, standard.length)
    control[MAX_PATH_LENGTH] = policy.policy.maxAsPathLength
    control[COUNTED] = policy.counted
    control[MATCH_ALL] = policy.policy.communityMatch === 'all' ? 1 : 0
    control[STANDARD] = addressOf(policyOctets)
    control[STANDARD_COUNT] = standard.length
    control[LARGE] = addressOf(policyOctets) + standard.byteLength
    control[LARGE_COUNT] = large.length / 3
  }

  function lend(session: EngineSession): void {
    sets.lend(control)
    control[PLAIN] = addressOf(state.plain.words)
    control[SPECIFICS_COUNT] = intake.specifics.count
    for (let family = 0; family < 2; family++) {
      const at = TABLES + family * TABLE_WORDS
      const table = session.tables[family]
      if (table === null || table === undefined) {
        control[at + SLOTS] = 0
        continue
      }
      table.rib.lend(control, at)
      const { nodes, root, filter } = tries[family] as RadixTrie
      control[at + NODES] = addressOf(nodes)
      control[at + ROOT] = root
      control[at + FILTER] = addressOf(filter.bits)
      control[at + FILTER_WIDE] = filter.wide ? 1 : 0
      control[at + QUIET] = intake.isQuiet(family) ? 1 : 0
    }
  }

  function takeBack(session: EngineSession): void {
    sets.takeBack(control)
    session.tables.forEach((table, family) => {
      if (table === null) return
      const at = TABLES + family * TABLE_WORDS
      table.rib.takeBack(control, at)
      const announced = control[at + ANNOUNCED] as number
      control[at + ANNOUNCED] = 0
      add(session.tally.announced, family, announced)
      add(session.tally.classes, UNREGISTERED, announced)
    })
    for (let note = 0; note < routeNotes.length; note++) {
      add(session.tally.notes, note, control[NOTED + note] as number)
      control[NOTED + note] = 0
    }
    intake.specifics.count = control[SPECIFICS_COUNT] as number
    addCounted(session)
    tellNear(session)
    sets.removeUnused(unused, control[UNUSED_COUNT] as number)
    control[UNUSED_COUNT] = 0
  }

  /** Routes near registered prefixes that the kernel counted. */
  function addCounted({ tally }: EngineSession): void {
    let counted = 0
    for (let i = 0; i < COUNTED_CLASSES; i++) {
      const routes = control[CLASSES + i] as number
      add(tally.classes, i, routes)
      counted += routes
    }
    if (counted === 0) return
    add(tally.classes, UNREGISTERED, -counted)
    for (let i = 0; i < COUNTED_FINDINGS; i++) {
      add(tally.findings, i, control[FINDINGS + i] as number)
    }
    control.fill(0, CLASSES, FINDINGS + COUNTED_FINDINGS)
  }

  /** What is to be done for routes near registered prefixes. */
  function tellNear(session: EngineSession): void {
    const count = control[NEAR_COUNT] as number
    control[NEAR_COUNT] = 0
    control[SPECIFICS_WAIT] = 0
    add(session.tally.classes, UNREGISTERED, -count)
    for (let i = 0; i < count; i++) {
      const at = i * NEAR_WORDS
      const prefix = prefixes[(near[at + NEAR_FAMILY] as number) - 1] as Prefix
      prefix.w0 = near[at + NEAR_WORD0] as number
      prefix.w1 = near[at + NEAR_WORD0 + 1] as number
      prefix.w2 = near[at + NEAR_WORD0 + 2] as number
      prefix.w3 = near[at + NEAR_WORD0 + 3] as number
      prefix.length = near[at + NEAR_LENGTH] as number
      intake.stored(
        prefix,
        near[at + NEAR_EXACT] as number,
        near[at + NEAR_COVERING] as number,
        near[at + NEAR_SET] as number,
        near[at + NEAR_BEFORE] as number,
      )
    }
  }

  /** Does what the kernel waits for. @returns false: the next message is not for it */
  function makeRoom(session: EngineSession, status: number): boolean {
    if (status === SETS_FULL) {
      try {
        sets.makeRoom()
      } catch (error) {
        if (!(error instanceof OutOfTableMemoryError)) throw error
        return false
      }
    } else if (status === ROUTES_FULL) {
      const table = session.tables[control[ROUTES_WANTED_FAMILY] as number]
      return table?.rib.reserve(control[ROUTES_WANTED] as number) === true
    }
    return true
  }

  return {
    prepare(session) {
      describePolicy()
      describeSession(session)
    },

    take(session, view, start, end, limit, now) {
      control[MAX_LENGTH] = limit
      control[SESSION] = session.index
      control[STAMP_NOW] = stampOf(session, now)
      control[UPDATES] = 0
      // Its number may be that of another set by now, or what has these octets came by another session.
      control[LAST_SET] = -1
      const base = addressOf(view)
      let at = base + start
      let stuck: number = DONE
      for (;;) {
        lend(session)
        const next = kernel.run(addressOf(control), at, base + end)
        takeBack(session)
        const status = control[STATUS] as number
        // What was not enough once is not enough.
        if (status === DONE || (next === at && status === stuck)) {
          at = next
          break
        }
        stuck = status
        at = next
        if (!makeRoom(session, status)) break
      }
      taken.end = at - base
      taken.messages = control[UPDATES] as number
      if (taken.messages > 0) intake.forgetSet()
      return taken
    },
  }
}

function add(counters: Float64Array, index: number, more: number): void {
  counters[index] = (counters[index] as number) + more
}

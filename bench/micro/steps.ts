/** The steps of the hot path one by one, on the octets of a full table in memory. */
import { readFileSync } from 'node:fs'
import { AdjRibIn } from '../../src/engine/adj-rib-in.ts'
import { AttributeSets } from '../../src/engine/attribute-sets.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { defaultPolicy } from '../../src/engine/types.ts'
import { allocateOctets } from '../../src/kernel/memory.ts'
import { Family, type Prefix } from '../../src/prefix/prefix.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { MAX_MESSAGE_LENGTH } from '../../src/wire/codes.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import type { StoredWindow } from '../../src/wire/stored-attributes.ts'
import { type RouteSink, UpdateDecoder } from '../../src/wire/update.ts'
import type { Figure } from '../figures.ts'
import { FIRST_ASN } from '../intake.ts'
import { fullTables, ipv4World } from '../scenario.ts'
import { timePasses } from './timing.ts'

export const settings: DecodeSettings = {
  as4: true,
  external: true,
  addPathIpv4: false,
  addPathIpv6: false,
  extendedNextHop: false,
}

/** Octets of a table, with where each message ends. */
export interface Octets {
  readonly view: DataView
  readonly ends: Uint32Array
}

/** Reads a table into memory. */
export function readTable(path: string): Octets {
  const file = readFileSync(path)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const ends: number[] = []
  for (let at = 0; at < file.length; ) {
    at += view.getUint16(at + 16)
    ends.push(at)
  }
  return { view, ends: Uint32Array.from(ends) }
}

/** Decodes every message of a table. */
function decodeAll(table: Octets, sink: RouteSink): void {
  const decoder = new UpdateDecoder()
  let at = 0
  for (const end of table.ends) {
    decoder.decode(table.view, at, end, settings, sink)
    at = end
  }
}

const deaf: RouteSink = {
  attributes() {},
  announce() {},
  withdraw() {},
  malformed() {},
  endOfRib() {},
}

interface Copied {
  readonly window: StoredWindow
  readonly originAs: number
}

/** The routes and the attribute sets of a table, taken out of it beforehand. */
function takeApart(table: Octets): { prefixes: Int32Array; sets: Copied[] } {
  const prefixes: number[] = []
  const sets: Copied[] = []
  decodeAll(table, {
    ...deaf,
    attributes(_, walk, { view, start, end }) {
      sets.push({ window: { view, start, end }, originAs: walk.path.originAs })
    },
    announce({ w0, length }) {
      prefixes.push(w0, length)
    },
  })
  return { prefixes: Int32Array.from(prefixes), sets }
}

/** A session with everything up, ready for UPDATEs. */
export function engineWith(sessions: number, registered: readonly string[]) {
  const engine = createEngine({ policy: defaultPolicy, now: Date.now })
  for (let i = 0; i < sessions; i++) {
    const session = {
      name: `peer-${i}`,
      families: ['ipv4', 'ipv6'] as const,
      asn: FIRST_ASN + i,
      localAsn: 64_500,
    }
    engine.addSession(session, Date.now())
  }
  for (const [i, text] of registered.entries()) {
    const registration = {
      name: `p${i}`,
      prefix: parsePrefix(text),
      originAsns: [],
      owner: 'bench',
    }
    engine.register(registration, Date.now())
  }
  for (let i = 0; i < sessions; i++) {
    const up = { families: ['ipv4', 'ipv6'], remoteAsn: FIRST_ASN + i, decode: settings } as const
    engine.sessionUp(`peer-${i}`, up, Date.now())
  }
  return engine
}

/** Messages between two flushes: as many as a chunk of 64 KiB holds. */
const CHUNK = 600

/** Feeds a whole table to an engine. */
export function feed(engine: ReturnType<typeof engineWith>, peer: number, table: Octets): void {
  const now = Date.now()
  let at = 0
  for (const [i, end] of table.ends.entries()) {
    engine.receiveUpdate(`peer-${peer}`, table.view, at, end, now)
    if (i % CHUNK === 0) engine.flush(now)
    at = end
  }
  engine.flush(now)
}

/** The octets of a table where the kernel can read them. */
function readable({ view }: Octets): DataView {
  const copy = allocateOctets(view.byteLength)
  new Uint8Array(copy.buffer, copy.byteOffset, copy.byteLength).set(
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
  )
  return copy
}

/** Octets that a socket gives at once. */
const READ = 65_536

/** Feeds a whole table to an engine as sessions do: by the kernel where that takes it. */
function feedMany(engine: ReturnType<typeof engineWith>, view: DataView): void {
  const now = Date.now()
  let at = 0
  while (at < view.byteLength) {
    const end = Math.min(at + READ, view.byteLength)
    const from = at
    at = engine.receiveUpdates('peer-0', view, at, end, MAX_MESSAGE_LENGTH, now).end
    if (at === from) {
      at += view.getUint16(at + 16)
      engine.receiveUpdate('peer-0', view, from, at, now)
    }
    engine.flush(now)
  }
}

/** Decoding, interning, storing; then all of it together. Nanoseconds. */
export function stepFigures(quick: boolean): Figure[] {
  const passes = quick ? 2 : 5
  const [file] = fullTables(ipv4World(), 1)
  if (file === undefined) return []
  const table = readTable(file.path)
  const { routes, updates } = file.truth
  const { prefixes, sets } = takeApart(table)

  const intern = (into: AttributeSets) => {
    for (const { window, originAs } of sets) into.retain(into.intern(window, 0, originAs, 4))
  }
  const each = (work: (prefix: Prefix) => void) => {
    const prefix: Prefix = { family: Family.ipv4, length: 0, w0: 0, w1: 0, w2: 0, w3: 0 }
    for (let i = 0; i < prefixes.length; i += 2) {
      prefix.w0 = prefixes[i] as number
      prefix.length = prefixes[i + 1] as number
      work(prefix)
    }
  }
  const filled = () => {
    const rib = new AdjRibIn(Family.ipv4, false)
    each((prefix) => rib.put(prefix, 0, 1, 1))
    return rib
  }
  return [
    timePasses('step / decode an UPDATE, RFC 7606 checks included', updates, passes, () => () => {
      decodeAll(table, deaf)
    }),
    timePasses('step / intern an attribute set, new', sets.length, passes, () => {
      const into = new AttributeSets()
      return () => intern(into)
    }),
    timePasses('step / intern an attribute set, known', sets.length, passes, () => {
      const into = new AttributeSets()
      intern(into)
      return () => intern(into)
    }),
    timePasses('step / store a route, new', routes, passes, () => () => {
      filled()
    }),
    timePasses('step / store a route, replaced', routes, passes, () => {
      const rib = filled()
      return () => each((prefix) => rib.put(prefix, 0, 2, 2))
    }),
    timePasses('step / get a route', routes, passes, () => {
      const rib = filled()
      return () => each((prefix) => rib.get(prefix, 0))
    }),
    timePasses('step / engine, a route, everything but the socket', routes, passes, () => {
      const engine = engineWith(1, ipv4World().registered)
      return () => feed(engine, 0, table)
    }),
    timePasses('step / engine, the same by the kernel', routes, passes, () => {
      const engine = engineWith(1, ipv4World().registered)
      const view = readable(table)
      return () => feedMany(engine, view)
    }),
  ]
}

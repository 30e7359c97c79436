/** Whole sessions into the engine, in any interleaving, against an oracle of Maps. */
import fc from 'fast-check'
import { createRandom, type Random } from '../../bench/random.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { defaultPolicy } from '../../src/engine/types.ts'
import { Family, familyName, familyNames } from '../../src/prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../../src/prefix/text.ts'
import { ProtocolError } from '../../src/wire/errors.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { type RouteSink, UpdateDecoder } from '../../src/wire/update.ts'
import { encodeEndOfRib } from '../../src/wire/update-values.ts'
import { hexOf, viewOf } from '../support/vectors.ts'
import { buildUpdate, mendLength } from './build.ts'
import { mutate, smallerLists } from './mutate.ts'
import { updates } from './seeds.ts'
import { randomSettings } from './settings.ts'
import { demand, demandEqual, target } from './target.ts'

type Operation =
  | { readonly kind: 'up' | 'update' | 'remove'; readonly session: number; readonly seed: number }
  | { readonly kind: 'down'; readonly session: number; readonly keepSeconds: number }
  | { readonly kind: 'end'; readonly session: number; readonly family: Family }
  | {
      readonly kind: 'refresh'
      readonly session: number
      readonly family: Family
      readonly end: boolean
    }
  | {
      readonly kind: 'register' | 'reregister' | 'unregister'
      readonly prefix: number
      readonly variant: number
    }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'flush' | 'background' | 'policy' | 'add' }

const names = ['edge-a', 'edge-b', 'edge-c']
const prefixTexts = [
  ...['198.51.100.0/22', '198.51.100.0/24', '198.51.100.0/25', '198.51.100.64/26', '0.0.0.0/0'],
  ...['2001:db8::/32', '2001:d00::/24', '2001:d80::/25', '198.51.100.0/24'],
]

const session = fc.nat({ max: names.length - 1 })
const seed = fc.nat({ max: 0xffffff })
const family = fc.constantFrom<Family>(Family.ipv4, Family.ipv6)
const on = <K extends 'up' | 'update' | 'remove'>(kind: K) =>
  fc.record({ kind: fc.constant(kind), session, seed })
const about = <K extends 'register' | 'reregister' | 'unregister'>(kind: K) =>
  fc.record({
    kind: fc.constant(kind),
    prefix: fc.nat({ max: prefixTexts.length - 1 }),
    variant: fc.nat({ max: 7 }),
  })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 30, arbitrary: on('update') },
  { weight: 6, arbitrary: on('up') },
  { weight: 1, arbitrary: on('remove') },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('down' as const),
      session,
      keepSeconds: fc.constantFrom(0, 0, 5, 120),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), session, family }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('refresh' as const),
      session,
      family,
      end: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: about('register') },
  { weight: 1, arbitrary: about('reregister') },
  { weight: 2, arbitrary: about('unregister') },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.constantFrom(0, 1, 4, 61),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('flush' as const, 'background' as const, 'add' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('policy' as const) }) },
)
const operations = fc.array(operation, { minLength: 5, maxLength: 80, size: 'max' })

interface Held {
  /** Stored octets of its attributes, hex. */
  readonly set: string
  /** Restarts and refreshes that had begun when it came. */
  readonly age: number
}

/** One family of one session, as the oracle knows it. */
interface Table {
  readonly routes: Map<string, Held>
  staleBefore: number
}

interface Peer {
  readonly tables: Record<Family, Table>
  settings: DecodeSettings
  up: boolean
  age: number
  keepUntil: number
  establishedAt: number
  complete: Record<Family, boolean>
}

const newTable = (): Table => ({ routes: new Map(), staleBefore: 0 })
const newPeer = (settings: DecodeSettings): Peer => ({
  tables: { 1: newTable(), 2: newTable() },
  settings,
  up: false,
  age: 1,
  keepUntil: 0,
  establishedAt: 0,
  complete: { 1: false, 2: false },
})

function sweep(table: Table): void {
  for (const [key, { age }] of table.routes) if (age < table.staleBefore) table.routes.delete(key)
  table.staleBefore = 0
}

function finish(peer: Peer, family: Family): void {
  if (peer.complete[family]) return
  sweep(peer.tables[family])
  peer.complete[family] = true
}

/** Whether paths of one prefix are told apart: as negotiated, and where the engine must from before. */
const key = (prefix: Parameters<typeof formatPrefix>[0], pathId: number) =>
  `${formatPrefix(prefix)} ${pathId}`

/** The oracle's ear: the same decoder, another judge. */
function listener(peer: Peer): RouteSink {
  let set = ''
  const drop: RouteSink['withdraw'] = (prefix, pathId) => {
    peer.tables[prefix.family].routes.delete(key(prefix, pathId))
  }
  return {
    attributes(_family, _walk, { view, start, end }) {
      set = hexOf(new Uint8Array(view.buffer, view.byteOffset + start, end - start))
    },
    announce(prefix, pathId) {
      peer.tables[prefix.family].routes.set(key(prefix, pathId), { set, age: peer.age })
    },
    withdraw: drop,
    malformed: drop,
    endOfRib: (family) => finish(peer, family),
  }
}

/** An engine and its oracle, told the same things. */
function createDuel() {
  const decoder = new UpdateDecoder()
  let now = 1_767_225_600_000
  const engine: Engine = createEngine({ policy: defaultPolicy, now: () => now })
  const peers = new Map<string, Peer>()
  const registered = new Map<string, number>()

  function add(): void {
    for (const [i, name] of names.entries()) {
      if (peers.has(name)) continue
      engine.addSession({ name, families: [...familyNames], asn: 64501 + i, localAsn: 8075 }, now)
      peers.set(name, newPeer(randomSettings(createRandom(i))))
    }
  }

  function down(name: string, peer: Peer, keepSeconds: number): void {
    const keepUntil = keepSeconds === 0 ? 0 : now + keepSeconds * 1000
    engine.sessionDown(name, now, keepUntil)
    peer.up = false
    if (keepUntil > now) {
      peer.keepUntil = keepUntil
      // RFC 4724 §4.2: what was stale before this restart is not kept once more.
      for (const family of [Family.ipv4, Family.ipv6]) {
        if (!peer.complete[family]) sweep(peer.tables[family])
      }
    } else clear(peer)
    peer.complete = { 1: false, 2: false }
  }

  function clear(peer: Peer): void {
    peer.tables[1].routes.clear()
    peer.tables[2].routes.clear()
    peer.tables[1].staleBefore = 0
    peer.tables[2].staleBefore = 0
    peer.keepUntil = 0
  }

  function up(name: string, peer: Peer, random: Random): void {
    const settings = randomSettings(random)
    // A peer whose routes are kept restarts with the settings it had.
    if (peer.keepUntil === 0) peer.settings = settings
    const decode = peer.settings
    engine.sessionUp(name, { families: [...familyNames], remoteAsn: 64501, decode }, now)
    peer.up = true
    peer.establishedAt = now
    peer.complete = { 1: false, 2: false }
    if (peer.keepUntil > 0) {
      peer.age++
      peer.tables[1].staleBefore = peer.age
      peer.tables[2].staleBefore = peer.age
    }
    peer.keepUntil = 0
  }

  function receive(name: string, peer: Peer, message: Uint8Array): void {
    const end = message.length
    try {
      engine.receiveUpdate(name, viewOf(message), 0, end, now)
      decoder.decode(viewOf(message), 0, end, peer.settings, listener(peer))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      down(name, peer, 0)
    }
  }

  function update(name: string, peer: Peer, random: Random): void {
    const built = random.chance(0.9)
    const whole = built
      ? buildUpdate(random, peer.settings)
      : mutate(updates[0] as Uint8Array, random, updates)
    const message = built ? whole : mendLength(whole)
    if (message.length >= 23) {
      message[18] = 2
      receive(name, peer, message)
    }
  }

  function refresh(name: string, peer: Peer, family: Family, end: boolean): void {
    engine.refreshBoundary(name, familyName(family), end ? 'end' : 'begin', now)
    if (end) sweep(peer.tables[family])
    else peer.tables[family].staleBefore = ++peer.age
  }

  function register(number: number, variant: number, again: boolean): void {
    const name = `p${number}`
    if (registered.has(name) !== again) return
    const registration = {
      name,
      prefix: parsePrefix(prefixTexts[number] as string),
      originAsns: variant & 1 ? [3356] : [],
      ...(variant & 2 && { owner: 'contoso' }),
      ...(variant & 4 && { policy: { maxAsPathLength: 1 } }),
    }
    if (again) engine.reregister(registration, now)
    else engine.register(registration, now)
    registered.set(name, variant)
  }

  function wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      now += 1000
      engine.tick(now)
      for (const peer of peers.values()) {
        if (peer.keepUntil > 0 && now >= peer.keepUntil) clear(peer)
        if (!peer.up || now - peer.establishedAt < 60_000) continue
        for (const family of [Family.ipv4, Family.ipv6]) finish(peer, family)
      }
    }
  }

  function perform(step: Operation): void {
    const name = 'session' in step ? (names[step.session] as string) : ''
    const peer = peers.get(name)
    switch (step.kind) {
      case 'add':
        add()
        break
      case 'up':
        if (peer && !peer.up) up(name, peer, createRandom(step.seed))
        break
      case 'update':
        if (peer?.up) update(name, peer, createRandom(step.seed))
        break
      case 'down':
        if (peer?.up) down(name, peer, step.keepSeconds)
        break
      case 'remove':
        if (peer === undefined || step.seed % 4 !== 0) break
        engine.removeSession(name, now)
        peers.delete(name)
        break
      case 'end':
        if (peer?.up) receive(name, peer, encodeEndOfRib(step.family))
        break
      case 'refresh':
        if (peer?.up) refresh(name, peer, step.family, step.end)
        break
      case 'register':
        register(step.prefix, step.variant, false)
        break
      case 'reregister':
        register(step.prefix, step.variant, true)
        break
      case 'unregister': {
        const known = registered.delete(`p${step.prefix}`)
        demand(engine.unregister(`p${step.prefix}`, now) === known, 'unregister said otherwise')
        break
      }
      case 'wait':
        wait(step.seconds)
        break
      case 'flush':
        engine.flush(now)
        break
      case 'background':
        engine.background(now)
        break
      case 'policy':
        engine.setPolicy({ ...defaultPolicy, maxAsPathLength: 1 + (registered.size % 3) }, now)
    }
  }

  function checkCounts(): void {
    engine.flush(now)
    const sets = new Set<string>()
    const counts = { ipv4: 0, ipv6: 0 }
    for (const [name, { tables }] of peers) {
      const own = { ipv4: tables[1].routes.size, ipv6: tables[2].routes.size }
      demandEqual(engine.view.tallies(name)?.prefixes, own, 'a session holds other routes')
      counts.ipv4 += own.ipv4
      counts.ipv6 += own.ipv6
      for (const table of [tables[1], tables[2]]) {
        for (const { set } of table.routes.values()) sets.add(set)
      }
    }
    demandEqual(engine.view.ribRoutes(), counts, 'the RIB holds other routes')
    demandEqual(engine.view.ribAttributeSets(), sets.size, 'another number of attribute sets')
  }

  /** What was counted step by step is what is counted anew. */
  function checkVerdicts(): void {
    const settle = () => {
      while (engine.background(now)) {
        // Until all of it is done.
      }
      engine.flush(now)
    }
    settle()
    const said = (name: string) => {
      const verdict = engine.view.prefix(name)
      demand(verdict !== undefined, 'a registered prefix is not there')
      return {
        state: verdict.state,
        findings: verdict.findings
          .map(({ reason, session: at, severity, message }) => {
            // Lists inside a sentence are samples, in the order in which things came.
            const count = /carries (\d+) more-specific/.exec(message)?.[1] ?? ''
            return [reason, at, severity, count].join(' ')
          })
          .sort(),
      }
    }
    for (const [name, variant] of [...registered]) {
      const before = said(name)
      if (before.findings.some((text) => text.startsWith('malformed-update'))) continue
      engine.unregister(name, now)
      registered.delete(name)
      register(Number(name.slice(1)), variant, false)
      settle()
      demandEqual(before, said(name), 'a verdict differs from the same one judged anew')
    }
  }

  function checkEnd(): void {
    for (const [name, peer] of peers) if (peer.up) down(name, peer, 0)
    for (const name of [...peers.keys()]) engine.removeSession(name, now)
    for (const name of registered.keys()) engine.unregister(name, now)
    peers.clear()
    while (engine.background(now)) {
      // Until all of it is done.
    }
    const empty = createEngine({ policy: defaultPolicy, now: () => now }).view
    demandEqual(engine.view.ribRoutes(), { ipv4: 0, ipv6: 0 }, 'routes are left')
    demandEqual(engine.view.ribAttributeSets(), 0, 'attribute sets are left')
    const { rib, attributes } = engine.view.memory()
    demandEqual(rib, empty.memory().rib, 'memory of routes is left')
    demandEqual(attributes, empty.memory().attributes, 'memory of attributes is left')
    demandEqual(engine.view.stateCounts(), empty.stateCounts(), 'states are left')
    demandEqual(engine.view.reasonCounts(), empty.reasonCounts(), 'reasons are left')
  }

  return { add, perform, checkCounts, checkVerdicts, checkEnd }
}

export const engineTarget = target<readonly Operation[]>({
  name: 'engine',
  generate: (random) =>
    fc.sample(operations, { seed: random.next() | 0, numRuns: 1 })[0] as readonly Operation[],
  check(list) {
    const duel = createDuel()
    duel.add()
    for (const [i, step] of list.entries()) {
      duel.perform(step)
      if (i % 8 === 7) duel.checkCounts()
    }
    duel.checkCounts()
    duel.checkVerdicts()
    duel.checkCounts()
    duel.checkEnd()
  },
  smaller: smallerLists,
})

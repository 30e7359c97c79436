/** What may happen to twins, in any order. */
import fc from 'fast-check'
import { createRandom, type Random } from '../../bench/random.ts'
import { defaultPolicy, type Policy } from '../../src/engine/types.ts'
import { familyNames } from '../../src/prefix/prefix.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { mendLength } from '../fuzz/build.ts'
import { mutate, pick } from '../fuzz/mutate.ts'
import { keepalive } from './capture-builder.ts'
import { flood, type Sender, someMessage } from './twin-octets.ts'
import type { TwinPeer, Twins } from './twins.ts'

const names = ['edge-a', 'edge-b', 'edge-c'] as const

export const prefixTexts = [
  ...['198.51.100.0/22', '198.51.100.0/24', '198.51.100.0/25', '198.51.100.64/26', '0.0.0.0/0'],
  ...['10.51.0.0/16', '198.51.101.85/32', '198.51.100.0/24', '196.0.0.0/6'],
  ...[
    '2001:db8::/32',
    '2001:d00::/24',
    '2001:d80::/25',
    '2001:db8:55::/48',
    '::/0',
    '2001:db8::/36',
  ],
]

const kinds = [
  ...['add', 'remove', 'flush', 'background', 'counts', 'policy', 'withdraw all'],
  ...['up', 'down', 'keep', 'begin', 'end', 'register', 'reregister', 'unregister', 'wait'],
  ...['stream', 'flood'],
] as const

/** Data alone, so that it can be written down. Everything random in it follows from the seed. */
export interface Step {
  readonly kind: (typeof kinds)[number]
  readonly session: number
  readonly seed: number
}

const stepOf = (kind: Step['kind']) =>
  fc.record({
    kind: fc.constant(kind),
    session: fc.nat({ max: names.length - 1 }),
    seed: fc.nat({ max: 0xffffff }),
  })

const weights: Partial<Record<Step['kind'], number>> = { stream: 50, up: 8, register: 5, flood: 2 }

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(...kinds.map((kind) => ({ weight: weights[kind] ?? 1, arbitrary: stepOf(kind) }))),
  { minLength: 5, maxLength: 40, size: 'max' },
)

const policies: readonly Partial<Policy>[] = [
  {},
  { requiredCommunities: [], allowPrepending: true },
  { requiredCommunities: ['8075:8007', '64500:1:1'], bogonAsn: 'off' },
  { requiredCommunities: ['8075:8008', '64500:1:0'], communityMatch: 'any', bogonAsn: 'error' },
  { requiredCommunities: ['65535:65281'], maxAsPathLength: 1 },
  { requiredCommunities: ['64500:0:1', '64500:1:1'], maxAsPathLength: 200 },
]

function somePeer(random: Random): TwinPeer {
  const remoteAsn = random.chance(0.9) ? 64501 : 4_200_000_001
  const addresses = ['192.0.2.1', '2001:db8::1', undefined]
  const roles = [undefined, undefined, 'provider', 'peer', 'customer'] as const
  const peerAddress = pick(random, addresses)
  const role = pick(random, roles)
  return {
    decode: {
      as4: random.chance(0.9),
      external: random.chance(0.75),
      addPathIpv4: random.chance(0.08),
      addPathIpv6: random.chance(0.08),
      extendedNextHop: random.chance(0.2),
      ...(random.chance(0.3) && { firstAs: remoteAsn }),
    },
    remoteAsn,
    limit: random.chance(0.7) ? 4096 : 65_535,
    room: random.chance(0.6),
    ...(peerAddress && { peerAddress }),
    ...(role && { role }),
  }
}

/** @param captured whole UPDATEs, of which damaged copies are sent now and then */
function createPerformer(twins: Twins, captured: readonly Uint8Array[]) {
  const senders = new Map<string, Sender>()
  /** Octets that were sent and have not come yet. */
  const waiting = new Map<string, Uint8Array>()
  const registered = new Set<string>()
  const known = new Set<string>()

  function up(name: string, random: Random): void {
    if (twins.peer(name)) return
    const peer = somePeer(random)
    twins.up(name, peer)
    const { decode: settings, remoteAsn, limit } = peer
    senders.set(name, { settings, remoteAsn, limit, blocks: { v4: [], v6: [] } })
    waiting.delete(name)
  }

  /** What waits comes in a few chunks, cut anywhere, but for the end of it. */
  function deliver(name: string, random: Random, octets: Uint8Array): void {
    const all = new Uint8Array(Buffer.concat([waiting.get(name) ?? new Uint8Array(), octets]))
    const last = all.length - Math.min(all.length, random.chance(0.5) ? random.below(60) : 0)
    const most = pick(random, [last, last, 4000, 40])
    waiting.set(name, all.slice(last))
    for (let at = 0; at < last; ) {
      const end = Math.min(last, at + random.between(1, Math.max(1, most)))
      if (!twins.receive(name, all.slice(at, end))) return
      at = end
    }
  }

  function stream(name: string, random: Random): void {
    if (random.chance(0.7)) up(name, random)
    const sender = senders.get(name)
    if (sender === undefined || !twins.peer(name)) return
    const count = random.chance(0.9) ? random.between(1, 12) : random.below(150)
    const message = () => {
      if (captured.length === 0 || random.chance(0.8)) return someMessage(random, sender)
      const damaged = mendLength(mutate(pick(random, captured), random, captured))
      return damaged.length < 23 || damaged.length > sender.limit ? keepalive : damaged
    }
    const messages = Array.from({ length: count }, message)
    deliver(name, random, new Uint8Array(Buffer.concat(messages)))
  }

  function floodOf(name: string, random: Random): void {
    const sender = senders.get(name)
    const peer = twins.peer(name)
    if (sender === undefined || !peer?.decode.as4) return
    if (peer.decode.addPathIpv4 || peer.decode.addPathIpv6) return
    const few = random.chance(0.5)
    const octets = flood(
      random.chance(0.4),
      random.below(3) * 500,
      random.below(few ? 1000 : 400),
      {
        perMessage: few ? random.between(1, 500) : 1,
        sets: pick(random, [1, 7, 100_000]),
        remoteAsn: sender.remoteAsn,
      },
    )
    deliver(name, random, octets)
  }

  function register(random: Random, again: boolean): void {
    const number = random.below(prefixTexts.length)
    const name = `p${number}`
    if (registered.has(name) !== again) return
    registered.add(name)
    const registration = {
      name,
      prefix: parsePrefix(prefixTexts[number] as string),
      originAsns: random.chance(0.5) ? [3356] : [],
      ...(random.chance(0.5) && { owner: 'contoso' }),
      ...(random.chance(0.3) && { policy: { maxAsPathLength: 1 } }),
      ...(random.chance(0.2) && { stripPrivateAsns: true }),
      ...(random.chance(0.2) && { sessions: ['edge-a', 'edge-b'] }),
    }
    if (again) twins.both((engine) => engine.reregister(registration, twins.now))
    else twins.register(registration)
  }

  function unregister(random: Random): void {
    const name = `p${random.below(prefixTexts.length)}`
    if (registered.delete(name)) twins.both((engine) => engine.unregister(name, twins.now))
  }

  function policy(random: Random): void {
    const chosen = { ...defaultPolicy, ...pick(random, policies) }
    twins.both((engine) => engine.setPolicy(chosen, twins.now))
  }

  function ofSession(kind: Step['kind'], name: string, random: Random): void {
    const isUp = twins.peer(name) !== undefined
    const family = pick(random, familyNames)
    if (kind === 'up') up(name, random)
    else if (kind === 'stream') stream(name, random)
    else if (kind === 'flood') floodOf(name, random)
    else if (kind === 'down' && isUp) twins.down(name)
    else if (kind === 'keep' && isUp) twins.down(name, random.between(1, 90))
    else if ((kind === 'begin' || kind === 'end') && isUp) {
      twins.both((engine) => engine.refreshBoundary(name, family, kind, twins.now))
    } else if (kind === 'counts') {
      const counts = pick(random, [true, false, 'named'] as const)
      twins.both((engine) => engine.setCounts(name, counts, twins.now))
    } else if (kind === 'remove') {
      twins.remove(name)
      known.delete(name)
    }
  }

  return (step: Step): void => {
    const random = createRandom(step.seed)
    const name = names[step.session] as string
    if (step.kind === 'add' || step.kind === 'up') {
      if (!known.has(name)) twins.add(name)
      known.add(name)
    }
    if (step.kind === 'wait') twins.wait(pick(random, [0, 1, 1, 3, 61]))
    else if (step.kind === 'register') register(random, random.chance(0.2))
    else if (step.kind === 'reregister') register(random, true)
    else if (step.kind === 'unregister') unregister(random)
    else if (step.kind === 'policy') policy(random)
    else if (step.kind === 'flush') twins.both((engine) => engine.flush(twins.now))
    else if (step.kind === 'background') twins.both((engine) => engine.background(twins.now))
    else if (step.kind === 'withdraw all') twins.withdrawAll()
    else if (known.has(name)) ofSession(step.kind, name, random)
  }
}

/** Does steps, and looks at the twins after each; in the end everything is withdrawn. */
export function performAll(
  twins: Twins,
  list: readonly Step[],
  captured: readonly Uint8Array[] = [],
): void {
  const perform = createPerformer(twins, captured)
  perform({ kind: 'up', session: 0, seed: list.length })
  for (const [i, step] of list.entries()) {
    perform(step)
    twins.compare(i % 8 === 7 && twins.held < 400)
  }
  twins.compare(true)
  twins.withdrawAll()
  twins.compare(true)
  for (const name of names) if (twins.peer(name)) twins.down(name)
  twins.wait(100)
  twins.compare(true)
  twins.checkEmpty()
}

/**
 * Two engines that are told the same: one by `receiveUpdates`, by way of the kernel, the other message by
 * message. Whatever can be seen of them must be equal.
 */
import { deepStrictEqual } from 'node:assert'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import {
  defaultPolicy,
  type FindingChange,
  type Policy,
  type PrefixEvent,
  type Registration,
  type RouteEvent,
} from '../../src/engine/types.ts'
import { type FamilyName, familyNames } from '../../src/prefix/prefix.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import { MessageType } from '../../src/wire/codes.ts'
import { ProtocolError } from '../../src/wire/errors.ts'
import { createFrameReader, type FrameReader } from '../../src/wire/frame-reader.ts'
import { Handling } from '../../src/wire/handling.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { encodeWithdrawals } from '../../src/wire/update-values.ts'

/** How a twin's session reads. */
export interface TwinPeer {
  readonly decode: DecodeSettings
  readonly remoteAsn: number
  readonly limit: number
  /** Octets of a message that has not come whole are put in front of the next chunk. */
  readonly room: boolean
  readonly peerAddress?: string
  readonly role?: 'provider' | 'peer' | 'customer' | 'rs-server' | 'rs-client'
}

interface Side {
  readonly engine: Engine
  /** What was told, and what became of messages, in order. */
  readonly said: unknown[]
  readonly readers: Map<string, FrameReader>
}

const ended = (error: unknown) => {
  if (!(error instanceof ProtocolError)) throw error
  const { code, subcode, message, data } = error
  return { code, subcode, message, data: Buffer.from(data).toString('hex') }
}

/** What an event tells, said now: it is told bit by bit, to those who ask. */
function plainOf(event: PrefixEvent | RouteEvent): unknown {
  if (event.kind === 'route') {
    const changes = event.changes.map((change) => ({ ...change, route: null, path: change.asPath }))
    return { ...event, changes }
  }
  const said = (change: FindingChange) => {
    const { reason, severity, session, message, duration } = change
    return { reason, severity, session, message, duration }
  }
  return { ...event, opened: event.opened.map(said), closed: event.closed.map(said) }
}

/** @param land puts a chunk where the kernel can read it */
export function createTwins(
  land: (chunk: Uint8Array) => Uint8Array,
  policy: Policy = defaultPolicy,
) {
  let now = 1_767_225_600_000
  /** Messages that the kernel took. */
  let taken = 0
  const side = (): Side => {
    const said: unknown[] = []
    const engine = createEngine({
      policy,
      now: () => now,
      onEvent: (event) => said.push(plainOf(event)),
      onRoutes: (event) => said.push(plainOf(event)),
    })
    return { engine, said, readers: new Map() }
  }
  const lane = side()
  const plain = side()
  const peers = new Map<string, TwinPeer | null>()

  const both = (act: (engine: Engine) => void) => {
    act(lane.engine)
    act(plain.engine)
  }

  function frameOf({ engine, said }: Side, name: string) {
    return (type: number, view: DataView, start: number, end: number) => {
      if (type !== MessageType.update) return
      const handling = engine.receiveUpdate(name, view, start, end, now)
      said.push([handling, handling === Handling.accept ? null : engine.problem()])
    }
  }

  function connect(name: string, limit: number): void {
    const ofLane = createFrameReader({
      frame: frameOf(lane, name),
      batch(view, start, end, most) {
        const { end: next, messages } = lane.engine.receiveUpdates(
          name,
          view,
          start,
          end,
          most,
          now,
        )
        for (let i = 0; i < messages; i++) lane.said.push([Handling.accept, null])
        taken += messages
        return next
      },
    })
    const ofPlain = createFrameReader({ frame: frameOf(plain, name) })
    ofLane.maxLength = limit
    ofPlain.maxLength = limit
    lane.readers.set(name, ofLane)
    plain.readers.set(name, ofPlain)
  }

  function push(each: Side, name: string, chunk: Uint8Array, room: number): boolean {
    try {
      each.readers.get(name)?.push(chunk, room)
      return true
    } catch (error) {
      each.said.push(ended(error))
      return false
    }
  }

  /** Routes of a session, in the order of their text: that of the table may be another one. */
  function routesOf({ engine }: Side, name: string) {
    const items = []
    let cursor: string | undefined
    do {
      const page = engine.view.routes(name, { limit: 1000, ...(cursor && { cursor }) })
      items.push(...(page?.items ?? []))
      cursor = page?.cursor ?? undefined
    } while (cursor !== undefined)
    return items
      .map((route) => ({ ...route, key: `${route.prefix} ${route.pathId ?? ''}` }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  const seen = ({ engine: { view }, said }: Side, deep: boolean) => ({
    said: said.splice(0),
    tallies: [...peers.keys()].map((name) => view.tallies(name)),
    prefixes: view.prefixes(),
    rib: view.ribRoutes(),
    sets: view.ribAttributeSets(),
    states: view.stateCounts(),
    reasons: view.reasonCounts(),
    failing: [...peers.keys()].map((name) => view.failing(name)),
    verdicts: deep ? view.prefixes().map(({ name }) => view.prefix(name)) : [],
    routes: [] as unknown[],
  })

  const twins = {
    lane: lane.engine,
    plain: plain.engine,
    both,
    get now() {
      return now
    },
    get taken() {
      return taken
    },
    /** Routes held. */
    get held() {
      const { ipv4, ipv6 } = plain.engine.view.ribRoutes()
      return ipv4 + ipv6
    },
    peer: (name: string) => peers.get(name) ?? undefined,

    add(name: string, families: readonly FamilyName[] = familyNames): void {
      both((engine) => engine.addSession({ name, families, asn: 64501, localAsn: 8075 }, now))
      peers.set(name, null)
    },

    up(name: string, peer: TwinPeer): void {
      const { decode, remoteAsn, peerAddress, role } = peer
      const more = { ...(peerAddress && { peerAddress }), ...(role && { role }) }
      both((engine) =>
        engine.sessionUp(name, { families: familyNames, remoteAsn, decode, ...more }, now),
      )
      peers.set(name, peer)
      connect(name, peer.limit)
    },

    down(name: string, keepSeconds = 0): void {
      const keepUntil = keepSeconds === 0 ? 0 : now + keepSeconds * 1000
      both((engine) => engine.sessionDown(name, now, keepUntil))
      if (peers.has(name)) peers.set(name, null)
      lane.readers.delete(name)
      plain.readers.delete(name)
    },

    remove(name: string): void {
      both((engine) => engine.removeSession(name, now))
      peers.delete(name)
    },

    /** One chunk of a session's stream. @returns false: it ended the session */
    receive(name: string, chunk: Uint8Array): boolean {
      const peer = peers.get(name)
      if (!peer) return false
      const landed = land(chunk)
      const well = push(lane, name, landed, peer.room ? 65_536 : 0)
      const same = push(plain, name, chunk.slice(), 0)
      deepStrictEqual(well, same)
      both((engine) => engine.flush(now))
      if (!well) twins.down(name)
      return well
    },

    register(registration: Registration): void {
      both((engine) => engine.register(registration, now))
    },

    wait(seconds: number): void {
      for (let i = 0; i < seconds; i++) {
        now += 1000
        both((engine) => engine.tick(now))
      }
    },

    /** @param deep verdicts and routes too. @throws AssertionError when the twins differ */
    compare(deep: boolean): void {
      const [a, b] = [seen(lane, deep), seen(plain, deep)]
      if (deep) {
        for (const name of peers.keys()) {
          a.routes.push(routesOf(lane, name))
          b.routes.push(routesOf(plain, name))
        }
      }
      deepStrictEqual(a, b)
    },

    /** Withdraws every route of every session, one by one: nothing may be left. */
    withdrawAll(): void {
      for (const [name, peer] of peers) {
        if (peer === null) continue
        const held = routesOf(plain, name)
        const routes = held.map(({ prefix, pathId }) => ({
          prefix: parsePrefix(prefix),
          ...(pathId !== undefined && { pathId }),
        }))
        if (routes.length === 0) continue
        for (const message of encodeWithdrawals(routes, peer.decode)) {
          const view = new DataView(message.buffer, message.byteOffset, message.length)
          both((engine) => engine.receiveUpdate(name, view, 0, message.length, now))
        }
        deepStrictEqual(lane.engine.view.tallies(name)?.prefixes, { ipv4: 0, ipv6: 0 })
      }
      both((engine) => engine.flush(now))
    },

    /** Nothing is left of routes and attribute sets. */
    checkEmpty(): void {
      const empty = createEngine({ policy, now: () => now })
      for (const name of peers.keys()) {
        empty.addSession({ name, families: familyNames, asn: 1, localAsn: 2 }, now)
      }
      const memory = ({ view }: Engine) => ({
        rib: view.ribRoutes(),
        sets: view.ribAttributeSets(),
        octets: view.memory().attributes,
      })
      deepStrictEqual(memory(lane.engine), memory(empty))
      deepStrictEqual(memory(plain.engine), memory(empty))
    },
  }
  return twins
}

export type Twins = ReturnType<typeof createTwins>

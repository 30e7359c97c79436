/** UPDATEs by way of the kernel where there is no memory for what they bring. */
import { beforeEach, expect, test, vi } from 'vitest'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { defaultPolicy } from '../../src/engine/types.ts'
import { familyNames } from '../../src/prefix/prefix.ts'
import { createFrameReader } from '../../src/wire/frame-reader.ts'
import { START, settings } from '../support/engine-lab.ts'
import { limits } from '../support/limited-memory.ts'
import { createLanding, flood } from '../support/twin-octets.ts'

vi.mock('../../src/kernel/memory.ts', async (original) => {
  const { limitMemory } = await import('../support/limited-memory.ts')
  return limitMemory(original)
})

beforeEach(() => {
  limits.octets = Number.POSITIVE_INFINITY
})

const land = createLanding()
const remoteAsn = 3356

function lab() {
  const engine = createEngine({ policy: defaultPolicy, now: () => START })
  for (const name of ['a', 'b']) {
    engine.addSession({ name, families: [...familyNames], asn: remoteAsn, localAsn: 8075 }, START)
    up(engine, name)
  }
  let taken = 0
  const receive = (name: string, octets: Uint8Array) => {
    const reader = createFrameReader({
      frame: (_type, view, start, end) => engine.receiveUpdate(name, view, start, end, START),
      batch(view, start, end, limit) {
        const { end: next, messages } = engine.receiveUpdates(name, view, start, end, limit, START)
        taken += messages
        return next
      },
    })
    reader.push(land(octets), 65_536)
    engine.flush(START)
  }
  return { engine, receive, taken: () => taken }
}

function up(engine: Engine, name: string): void {
  engine.sessionUp(name, { families: familyNames, remoteAsn, decode: settings }, START)
}

/** Ends a session: nothing is left of it, and it can take routes again. */
function restart({ engine, receive, taken }: ReturnType<typeof lab>, routes: number): void {
  limits.octets = Number.POSITIVE_INFINITY
  engine.sessionDown('a', START)
  expect(engine.exhausted('a')).toBe(false)
  expect(engine.view.ribAttributeSets()).toBe(1)
  up(engine, 'a')
  const before = taken()
  receive('a', flood(false, 0, routes, { perMessage: 10, sets: 1, remoteAsn }))
  expect(engine.view.tallies('a')?.prefixes.ipv4).toBe(routes)
  expect(taken() - before).toBe(Math.ceil(routes / 10))
  expect(engine.view.tallies('b')?.prefixes).toEqual({ ipv4: 3, ipv6: 0 })
}

const few = flood(false, 0, 3, { perMessage: 3, sets: 1, remoteAsn })

test.each([false, true])('a table that cannot grow ends its session alone (IPv6: %s)', (v6) => {
  const all = lab()
  const { engine, receive } = all
  receive('b', few)
  limits.octets = 60_000
  receive('a', flood(v6, 0, 4000, { perMessage: 7, sets: 1, remoteAsn }))
  expect([engine.exhausted('a'), engine.exhausted('b')]).toEqual([true, false])
  const { ipv4 = 0, ipv6 = 0 } = engine.view.tallies('a')?.prefixes ?? {}
  expect(ipv4 + ipv6).toBeGreaterThan(1500)
  expect(ipv4 + ipv6).toBeLessThan(2048)
  // What it holds can be told anew.
  receive('a', flood(v6, 0, 700, { perMessage: 7, sets: 1, remoteAsn }))
  restart(all, 4000)
})

test('attribute sets for which there is no memory end their session', () => {
  const all = lab()
  const { engine, receive } = all
  receive('b', few)
  limits.octets = 48_000
  const octets = flood(false, 0, 3000, { perMessage: 1, sets: 100_000, remoteAsn })
  expect(() => receive('a', octets)).toThrow(
    expect.objectContaining({ name: 'ProtocolError', code: 6, subcode: 8 }),
  )
  expect(engine.view.tallies('a')?.prefixes.ipv4).toBeGreaterThan(900)
  restart(all, 2000)
})

test('where there is no memory for what the kernel needs, it takes nothing until there is', () => {
  const all = lab()
  limits.octets = 100_000
  all.receive('b', few)
  expect(all.taken()).toBe(0)
  limits.octets = Number.POSITIVE_INFINITY
  all.receive('b', few)
  expect(all.taken()).toBe(1)
  // A policy for which there is none.
  const requiredCommunities = Array.from({ length: 100 }, (_, i) => `64500:${i}`)
  all.engine.setPolicy({ ...defaultPolicy, requiredCommunities }, START)
  limits.octets = 100
  all.receive('b', few)
  expect(all.taken()).toBe(1)
  restart(all, 100)
})

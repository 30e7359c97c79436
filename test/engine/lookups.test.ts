/** What the kernel says of all registered prefixes at once, against the tables' own look-ups. */
import { expect, test } from 'vitest'
import { createRandom, type Random } from '../../bench/random.ts'
import { AdjRibIn } from '../../src/engine/adj-rib-in.ts'
import { originOf } from '../../src/engine/judge.ts'
import { coverLength, forgetLooked, looked, lookUpTogether } from '../../src/engine/lookups.ts'
import { compilePolicy } from '../../src/engine/policy.ts'
import { register, unregister } from '../../src/engine/registry.ts'
import { addSession } from '../../src/engine/sessions.ts'
import { createState, type EngineState, type Registered } from '../../src/engine/state.ts'
import { defaultPolicy } from '../../src/engine/types.ts'
import {
  LOOKED_BITS,
  LOOKED_ORIGIN,
  LOOKED_SET,
  LOOKED_WORDS,
  NOT_LOOKED,
} from '../../src/kernel/assembly/fields.ts'
import { Family, maskPrefix, type Prefix } from '../../src/prefix/prefix.ts'
import { createEngineLab } from '../support/engine-lab.ts'
import { viewOf } from '../support/vectors.ts'

const watcher = { busy: false, changed: () => false }

function somePrefix(random: Random, family: Family): Prefix {
  const most = family === Family.ipv4 ? 32 : 128
  const word = () => (family === Family.ipv4 ? 0 : (random.below(3) << random.below(31)) | 0)
  const w0 = (0x0a000000 ^ (random.below(64) << random.below(26))) | 0
  const length = random.between(8, most)
  return maskPrefix({ family, length, w0, w1: word(), w2: word(), w3: word() })
}

/** Sets whose octets, finding bits, origins and lengths of path differ; the origin of some is not known. */
function someSets(state: EngineState): number[] {
  return Array.from({ length: 20 }, (_, i) => {
    const octets = viewOf(Uint8Array.of(i, i, i))
    const stored = { view: octets, start: 0, end: 3 }
    const set = state.sets.intern(stored, (7 << 16) | (i * 3), i % 4 === 0 ? 0 : -i, i % 3)
    state.sets.retain(set)
    return set
  })
}

function world(random: Random, family: Family) {
  const state = createState(compilePolicy(defaultPolicy), () => {})
  const config = { name: 'edge', families: ['ipv4', 'ipv6'] as const, asn: 64501, localAsn: 64500 }
  const session = addSession(state, config, 0)
  const table = session.tables[family - 1]
  if (table === null || table === undefined) throw new Error('the session carries both families')
  const sets = someSets(state)
  for (let i = 0; i < 400; i++) {
    const prefix = somePrefix(random, family)
    table.rib.put(prefix, 0, sets[random.below(sets.length)] as number, 1)
    if (random.chance(0.5)) add(state, i, prefix)
    if (random.chance(0.1)) add(state, i + 1000, prefix)
  }
  // Nothing covers these.
  for (let i = 600; i < 610; i++) {
    add(state, i, { family, length: 24, w0: (i << 16) | 0, w1: 0, w2: 0, w3: 0 })
  }
  for (let i = 400; i < 600; i++) add(state, i, somePrefix(random, family))
  // Of what is gone the trie keeps nodes without a value.
  for (let i = 400; i < 600; i += 5) unregister(state, `p${i}`, watcher)
  return { state, session, table }
}

function add(state: EngineState, i: number, prefix: Prefix): void {
  register(state, { name: `p${i}`, prefix, originAsns: [] }, watcher, 0)
}

function dirtyOn(state: EngineState, session: Registered['changed']): Registered[] {
  const all = state.registered.filter((each) => each !== undefined)
  for (const each of all) each.changed = session
  return all
}

test.each([
  [Family.ipv4, 1],
  [Family.ipv4, 2],
  [Family.ipv6, 3],
  [Family.ipv6, 4],
])('the same as one by one, for hundreds of prefixes (AFI %i)', (family, seed) => {
  const { state, session, table } = world(createRandom(seed), family)
  const dirty = dirtyOn(state, session)
  table.complete = true
  lookUpTogether(state, dirty)
  try {
    expect(looked.session).toBe(session)
    expect(looked.complete).toBe(true)
    const counts = { received: 0, covered: 0, lone: 0, twins: 0 }
    for (const registered of dirty) {
      const { prefix } = registered
      const at = registered.number * LOOKED_WORDS
      const set = looked.rows[at + LOOKED_SET] as number
      if (state.tries[family - 1]?.find(prefix) !== registered.number) {
        expect(set).toBe(NOT_LOOKED)
        counts.twins++
        continue
      }
      expect(set).toBe(table.rib.get(prefix, 0))
      if (set >= 0) {
        expect(looked.rows[at + LOOKED_BITS]).toBe(state.sets.findings(set))
        expect(looked.rows[at + LOOKED_ORIGIN]).toBe(originOf(state, session, set))
        counts.received++
      } else {
        const length = table.rib.longestCovering(prefix)?.length ?? null
        expect(coverLength(registered, session)).toBe(length)
        counts[length === null ? 'lone' : 'covered']++
      }
    }
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(2)
  } finally {
    forgetLooked()
  }
  expect(looked.session).toBeNull()
})

test('few prefixes, those that any session may have changed, and path identifiers are left alone', () => {
  const { state, session, table } = world(createRandom(5), Family.ipv4)
  const dirty = dirtyOn(state, session)
  lookUpTogether(state, dirty.slice(0, 63))
  expect(looked.session).toBeNull()
  lookUpTogether(state, dirtyOn(state, null))
  expect(looked.session).toBeNull()
  table.rib = new AdjRibIn(Family.ipv4, true)
  lookUpTogether(state, dirtyOn(state, session))
  expect(looked.session).toBeNull()
  forgetLooked()
})

test('hundreds of prefixes that one End-of-RIB judges have the findings that are theirs', () => {
  const lab = createEngineLab({ requiredCommunities: ['8075:8007'] })
  lab.session('edge', 3356)
  for (let i = 0; i < 200; i++)
    lab.register(`p${i}`, `10.0.${i}.0/24`, { originAsns: [3356], owner: 'contoso' })
  lab.register('again', '10.0.0.0/24', { originAsns: [64496], owner: 'contoso' })
  lab.up('edge', 3356)
  lab.announce('edge', '10.0.192.0/18')
  for (let i = 0; i < 180; i++) {
    if (i % 3 === 0) lab.announce('edge', `10.0.${i}.0/24`)
    if (i % 3 === 1) lab.announce('edge', `10.0.${i}.0/24`, { path: '3356 174', communities: [] })
  }
  lab.end('edge')
  const said = (name: string) => lab.verdict(name).findings.map(({ message }) => message)
  expect(said('p0')).toEqual([])
  expect(said('again')).toEqual([
    '10.0.0.0/24 is originated on edge by AS3356, it is registered with AS64496.',
  ])
  expect(said('p1')).toEqual([
    '10.0.1.0/24 arrives on edge without the required community 8075:8007 (it carries none).',
    '10.0.1.0/24 is originated on edge by AS174, it is registered with AS3356.',
  ])
  expect(said('p2')).toEqual(['10.0.2.0/24 is not received on edge.'])
  expect(said('p199')).toEqual([
    '10.0.199.0/24 is not received on edge; the covering route 10.0.192.0/18 is.',
  ])
  const ended = lab.events.filter(({ to }) => to === 'Failed').length
  expect(ended).toBe(141)
})

/** The generated tables: the same everywhere, and as the ground truth beside them says. */
import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { markAttributes } from '../../bench/attributes.ts'
import { createRandom } from '../../bench/random.ts'
import {
  generateChurn,
  generateTable,
  generateWithdrawals,
  type TableSpec,
} from '../../bench/table.ts'
import { createUniverse, prefixText, type Universe } from '../../bench/universe.ts'
import type { FamilyName } from '../../src/prefix/prefix.ts'
import { coversPrefix, equalPrefix } from '../../src/prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../../src/prefix/text.ts'
import { findValue } from '../../src/wire/attribute-values.ts'
import { SegmentType } from '../../src/wire/codes.ts'
import { decodeUpdateValues } from '../../src/wire/update-values.ts'
import { viewOf } from '../support/vectors.ts'

const settings = {
  as4: true,
  external: true,
  addPathIpv4: false,
  addPathIpv6: false,
  extendedNextHop: false,
}

interface Announced {
  readonly prefix: string
  /** AS numbers of the sequences, then those of the sets. */
  readonly path: readonly number[]
  readonly pathLength: number
  readonly required: boolean
}

/** Reads an UPDATE with the decoder of values, which shares no code with the generator. */
function read(message: Uint8Array) {
  const { attributes, nlri, withdrawn } = decodeUpdateValues(
    viewOf(message),
    0,
    message.length,
    settings,
  )
  const path = findValue(attributes, 'asPath')?.segments ?? []
  const asns = (type: number) => path.flatMap((s) => (s.type === type ? s.asns : []))
  return {
    path: [...asns(SegmentType.asSequence), ...asns(SegmentType.asSet)],
    pathLength: asns(SegmentType.asSequence).length + asns(SegmentType.asSet).slice(0, 1).length,
    required:
      findValue(attributes, 'communities')?.communities.includes(8075 * 65536 + 8007) === true,
    announced: [...nlri, ...(findValue(attributes, 'mpReachNlri')?.routes ?? [])],
    withdrawn: [...withdrawn, ...(findValue(attributes, 'mpUnreachNlri')?.routes ?? [])],
  }
}

function decode(message: Uint8Array): Announced[] {
  const { announced, path, pathLength, required } = read(message)
  return announced.map(({ prefix }) => ({
    prefix: formatPrefix(prefix),
    path,
    pathLength,
    required,
  }))
}

function collect(fill: (write: (octets: Uint8Array) => void) => unknown): Buffer {
  const pieces: Buffer[] = []
  fill((octets) => pieces.push(Buffer.from(octets)))
  return Buffer.concat(pieces)
}

function messages(octets: Buffer): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < octets.length; at += octets.readUInt16BE(at + 16)) {
    found.push(octets.subarray(at, at + octets.readUInt16BE(at + 16)))
  }
  return found
}

/** Of the octets of the tables below: the generator must not change by accident. */
const digests = {
  ipv4: '60114d0ec994d85540cce2603675b9a6a1f2fd64',
  ipv6: '273e252f7812e568b9b3fea72ae94ba56e275888',
}

const full: TableSpec = { peer: 0, firstAs: 60_001, packing: 'full' }

describe.each<{ family: FamilyName; routes: number }>([
  { family: 'ipv4', routes: 20_000 },
  { family: 'ipv6', routes: 8_000 },
])('a table of $routes $family routes', ({ family, routes }) => {
  let universe: Universe
  const registered = 300

  beforeAll(() => {
    universe = createUniverse({ family, routes, registered, seed: 7 })
  })

  const table = (spec: Partial<TableSpec> = {}) => {
    let truth: ReturnType<typeof generateTable> | undefined
    const octets = collect((write) => {
      truth = generateTable(universe, { ...full, ...spec }, write)
    })
    return { octets, truth: truth as ReturnType<typeof generateTable> }
  }

  const texts = () =>
    Array.from(universe.length, (length, i) =>
      prefixText(family, {
        high: universe.high[i] as number,
        low: universe.low[i] as number,
        length,
      }),
    )

  test('announces every prefix once, and ends with End-of-RIB', () => {
    const { octets, truth } = table()
    const updates = messages(octets).map((message) => decode(message))
    const announced = updates.flat().map(({ prefix }) => prefix)
    expect(announced.length).toBe(routes)
    expect(new Set(announced)).toEqual(new Set(texts()))
    expect(updates.at(-1)).toEqual([])
    expect(updates.length).toBe(truth.updates)
    expect(octets.length).toBe(truth.octets)
    expect(truth.routes).toBe(routes)
  })

  test('marks and classes are what a slow look at the octets finds', () => {
    const { octets, truth } = table()
    const prefixes = universe.registeredPrefixes.map((p) => parsePrefix(prefixText(family, p)))
    const marks = { community: 0, longPath: 0, privateAsn: 0, prepended: 0, registered: 0 }
    const classes = { verified: 0, failed: 0, overlap: 0, unregistered: 0 }
    const announced: number[] = []
    for (const route of messages(octets).flatMap((message) => decode(message))) {
      const p = parsePrefix(route.prefix)
      const found = {
        community: route.required,
        longPath: route.pathLength > 3,
        privateAsn: route.path.some((asn) => (asn >= 64512 && asn < 65535) || asn >= 4_200_000_000),
        prepended: route.path.some((asn, i) => asn === route.path[i - 1]),
      }
      const number = prefixes.findIndex((each) => equalPrefix(each, p))
      const exact = number >= 0
      if (exact) announced.push(number)
      const inside = prefixes.some((each) => coversPrefix(each, p))
      const covers = prefixes.some((each) => coversPrefix(p, each))
      const right = found.community && !found.longPath && !found.privateAsn && !found.prepended
      for (const [name, yes] of Object.entries(found)) {
        if (yes) marks[name as keyof typeof found]++
      }
      if (inside) marks.registered++
      if (exact) classes[right ? 'verified' : 'failed']++
      else classes[inside || covers ? 'overlap' : 'unregistered']++
    }
    expect(truth.marks).toEqual(marks)
    expect(truth.classes).toEqual(classes)
    expect(truth.announced).toEqual(announced.sort((a, b) => a - b))
    expect(truth.verdicts.length).toBe(registered)
    expect(truth.classes.verified + truth.classes.failed).toBe(Math.floor(registered * 0.95))
  })

  test('single packing is the same routes with one in each UPDATE', () => {
    const single = table({ packing: 'single' })
    expect(single.truth.updates).toBe(routes + 1)
    expect(single.truth).toEqual({
      ...table().truth,
      updates: single.truth.updates,
      octets: single.octets.length,
    })
  })

  test('slices together are the whole table', () => {
    const of = 3
    const slices = Array.from({ length: of }, (_, index) => table({ slice: { index, of } }))
    const all = slices.flatMap(({ octets }) => messages(octets).flatMap((m) => decode(m)))
    expect(new Set(all.map(({ prefix }) => prefix))).toEqual(new Set(texts()))
    expect(slices.reduce((sum, { truth }) => sum + truth.routes, 0)).toBe(routes)
  })

  test('a limit ends the table there', () => {
    const { octets, truth } = table({ limit: 1001 })
    expect(truth.routes).toBe(1001)
    expect(messages(octets).flatMap((m) => decode(m)).length).toBe(1001)
  })

  test('another peer announces the same prefixes otherwise', () => {
    const other = table({ peer: 1, firstAs: 60_002 })
    expect(other.octets.equals(table().octets)).toBe(false)
    const announced = messages(other.octets).flatMap((m) => decode(m))
    expect(new Set(announced.map(({ prefix }) => prefix))).toEqual(new Set(texts()))
    expect(new Set(announced.map(({ path }) => path[0]))).toEqual(new Set([60_002]))
  })

  test('withdrawals name every prefix once', () => {
    const octets = collect((write) => generateWithdrawals(universe, { peer: 0 }, write))
    const withdrawn = messages(octets).flatMap((message) =>
      read(message).withdrawn.map(({ prefix }) => formatPrefix(prefix)),
    )
    expect(withdrawn.length).toBe(routes)
    expect(new Set(withdrawn)).toEqual(new Set(texts()))
  })

  test('churn is UPDATEs of one known route', () => {
    const octets = collect((write) => generateChurn(universe, 60_001, 500, write))
    const known = new Set(texts())
    const updates = messages(octets).map((message) => decode(message))
    expect(updates.length).toBe(500)
    expect(
      updates.every(([only, ...more]) => known.has(only?.prefix ?? '') && more.length === 0),
    ).toBe(true)
  })

  test('the octets are the same on every machine', () => {
    const digest = (octets: Buffer) => createHash('sha1').update(octets).digest('hex')
    const again = createUniverse({ family, routes, registered, seed: 7 })
    const second = collect((write) => generateTable(again, full, write))
    expect(digest(second)).toBe(digest(table().octets))
    expect(digest(second)).toBe(digests[family])
  })
})

test('attributes are judged from their numbers', () => {
  const none = {
    path: [60_001, 65_000],
    set: [],
    communities: [],
    largeCommunities: [],
    extended: [],
    originCode: 0,
    med: null,
    atomicAggregate: false,
    aggregator: false,
    nextHop: 10,
  }
  expect(markAttributes(none)).toEqual({
    community: false,
    longPath: false,
    privateAsn: true,
    prepended: false,
  })
  expect(
    markAttributes({ ...none, path: [1, 2, 2], set: [3], communities: [8075 * 65536 + 8007] }),
  ).toEqual({ community: true, longPath: true, privateAsn: false, prepended: true })
})

test('random numbers are the same everywhere', () => {
  const random = createRandom(1, 2, 3)
  expect([random.next(), random.next(), random.below(100), random.rank(1000)]).toEqual([
    4136694224, 2974116990, 13, 19,
  ])
})

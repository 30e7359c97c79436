/** What is written twice: rules of attributes, facts of paths, notes and findings, in wire/ and engine/ and in the kernel. */
import { expect, test } from 'vitest'
import { defaultPolicy } from '../../src/engine/types.ts'
import { addressOctets, bgp, u16, u32 } from '../support/capture-builder.ts'
import { createLanding } from '../support/twin-octets.ts'
import { createTwins, type TwinPeer } from '../support/twins.ts'

const land = createLanding()
const decode = {
  as4: true,
  external: true,
  addPathIpv4: false,
  addPathIpv6: false,
  extendedNextHop: false,
}
const peer: TwinPeer = { decode, remoteAsn: 64501, limit: 65_535, room: true }

const path = (...asns: number[]) =>
  asns.length === 0 ? [] : [2, asns.length, ...asns.flatMap(u32)]
const attribute = (flags: number, code: number, value: readonly number[]) => [
  flags,
  code,
  ...((flags & 0x10) === 0 ? [value.length] : u16(value.length)),
  ...value,
]
const origin = attribute(0x40, 1, [0])
const asPath = attribute(0x40, 2, path(64501, 3356))
const nextHop = attribute(0x40, 3, [192, 0, 2, 1])
const nlri4 = [24, 198, 51, 100]
const nlri6 = [48, 0x20, 1, 0x0d, 0xb8, 0, 1]
const reach = (hop: readonly number[], nlri: readonly number[] = nlri6, family = [0, 2, 1]) => [
  ...family,
  hop.length,
  ...hop,
  0,
  ...nlri,
]
const hop6 = addressOctets('2001:db8::1')

function update(attributes: readonly number[], nlri: readonly number[]): Uint8Array {
  return bgp(2, [0, 0], u16(attributes.length), attributes, nlri)
}

/** Both ways, each message on a session of its own. @returns which of them the kernel took */
function taken(messages: readonly Uint8Array[], more: Partial<TwinPeer> = {}): boolean[] {
  const twins = createTwins(land)
  twins.add('a')
  return messages.map((message, i) => {
    const before = twins.taken
    twins.up('a', { ...peer, ...more })
    if (twins.receive('a', message)) twins.down('a')
    if (i % 50 === 49 || i === messages.length - 1) twins.compare(false)
    return twins.taken > before
  })
}

/** By code: flags, and lengths up to 13 octets of values that the kernel takes, on any session, and on internal ones. */
const known: Readonly<Record<number, readonly [flags: number, lengths: readonly number[]]>> = {
  4: [0x80, [4]],
  6: [0x40, [0]],
  7: [0xc0, [8]],
  8: [0xc0, [4, 8, 12]],
  16: [0xc0, [8]],
  32: [0xc0, [12]],
}
const internal: typeof known = { 5: [0x40, [4]], 9: [0x80, [4]], 10: [0x80, [4, 8, 12]] }

test.each([
  ['external', true],
  ['internal', false],
] as const)('attributes of every code, with any flags and lengths: %s', (_name, external) => {
  const rules = external ? known : { ...known, ...internal }
  const codes = Array.from({ length: 256 }, (_, code) => code).filter((code) => code > 3)
  const cases = codes
    .filter((code) => code < 70 || code % 32 > 30 || code === 128)
    .flatMap((code) =>
      [0x00, 0x40, 0x80, 0xc0, 0xe0, 0x50, 0x90, 0xd0, 0xcf].flatMap((flags) =>
        Array.from({ length: 14 }, (_, length) => ({ code, flags, length })),
      ),
    )
  const messages = cases.map(({ code, flags, length }) => {
    const value = Array.from({ length }, (_, i) => i + 1)
    return update([...origin, ...asPath, ...nextHop, ...attribute(flags, code, value)], nlri4)
  })
  const wanted = cases.map(({ code, flags, length }) => {
    const rule = rules[code]
    return rule !== undefined && (flags & 0xc0) === rule[0] && rule[1].includes(length)
  })
  const was = taken(messages, { decode: { ...decode, external } })
  const wrong = cases.filter((_, i) => was[i] !== wanted[i])
  expect(wrong).toEqual([])
})

test('ORIGIN, AS_PATH and NEXT_HOP that are missing, doubled or malformed', () => {
  const cases: readonly (readonly [boolean, readonly number[]])[] = [
    [true, [...origin, ...asPath, ...nextHop]],
    [true, [...nextHop, ...asPath, ...origin]],
    [false, [...origin, ...asPath]],
    [false, [...origin, ...nextHop]],
    [false, [...asPath, ...nextHop]],
    [false, [...origin, ...origin, ...asPath, ...nextHop]],
    [true, [...attribute(0x40, 1, [2]), ...asPath, ...nextHop]],
    [false, [...attribute(0x40, 1, [3]), ...asPath, ...nextHop]],
    [false, [...attribute(0x40, 1, []), ...asPath, ...nextHop]],
    [false, [...attribute(0x40, 1, [0, 0]), ...asPath, ...nextHop]],
    [false, [...origin, ...asPath, ...attribute(0x40, 3, [192, 0, 2])]],
    [false, [...origin, ...asPath, ...nextHop, 0x40]],
    [false, [...origin, ...asPath, ...nextHop, 0x40, 6]],
    [false, [...origin, ...asPath, ...nextHop, 0x50, 6, 0]],
    [true, [...origin, ...asPath, ...nextHop, 0x50, 6, 0, 0]],
    [false, [...origin, ...asPath, ...nextHop, 0xc0, 8, 4, 0, 0, 0]],
    [false, [...origin, ...asPath, ...nextHop, ...attribute(0xc0, 7, [0, 0, 0, 0, 192, 0, 2, 1])]],
    [false, [...origin, ...asPath, ...nextHop, ...attribute(0x80, 14, reach(hop6))]],
    [false, [...origin, ...asPath, ...nextHop, ...attribute(0x80, 15, [0, 2, 1])]],
    [false, []],
  ]
  const was = taken(cases.map(([, attributes]) => update(attributes, nlri4)))
  expect(was).toEqual(cases.map(([wanted]) => wanted))
})

test('MP_REACH_NLRI with all kinds of families, next hops and prefixes', () => {
  const local = addressOctets('fe80::1')
  const long = Array.from({ length: 60 }, (_, i) => [64, 0x20, 1, 0x0d, 0xb8, 0, i, 0, 0]).flat()
  const cases: readonly (readonly [boolean, readonly number[]])[] = [
    [true, reach(hop6)],
    [true, reach([...hop6, ...local])],
    [false, reach(hop6.slice(1))],
    [false, reach([])],
    [false, reach([192, 0, 2, 1])],
    [false, reach([...hop6, ...local.slice(1)])],
    [false, reach(hop6, [])],
    [false, reach(hop6, nlri4, [0, 1, 1])],
    [false, reach(hop6, nlri6, [0, 2, 2])],
    [false, reach(hop6, nlri6, [0, 25, 65])],
    [true, reach(hop6, [...nlri6, 0, 1, 128, 128, ...hop6])],
    [false, reach(hop6, [129, ...hop6, 0])],
    [false, reach(hop6, nlri6.slice(0, -1))],
    [false, reach(hop6, [255])],
    [true, reach(hop6, long)],
    [false, [0, 2, 1, 16]],
    [false, [0, 2, 1, 16, ...hop6]],
    [false, []],
  ]
  for (const [flags, extended] of [
    [0x80, false],
    [0x90, true],
  ] as const) {
    const block = (value: readonly number[]) =>
      attribute(extended || value.length > 255 ? 0x90 : flags, 14, value)
    for (const place of [0, 1, 2]) {
      const others = [origin, asPath, attribute(0xc0, 8, u32(1))]
      const messages = cases.map(([, value]) => {
        const list: (readonly number[])[] = [...others]
        list.splice(place, 0, block(value))
        return update(list.flat(), [])
      })
      expect(taken(messages)).toEqual(cases.map(([wanted]) => wanted))
    }
    // With a NEXT_HOP, which is not kept, and before routes of the NLRI field.
    const both = [...origin, ...asPath, ...nextHop, ...block(reach(hop6))]
    expect(taken([update(both, []), update(both, nlri4)])).toEqual([false, false])
  }
})

/** AS numbers at the edges of all ranges that mean something. */
const edges = [
  ...[1, 23455, 23456, 23457, 64495, 64496, 64511, 64512, 65534, 65535, 65536, 65551, 65552],
  ...[0x7fffffff, 0x80000000, 4199999999, 4200000000, 4294967294, 4294967295, 64501, 8075],
]
const segment = (type: number, asns: readonly number[]) => [type, asns.length, ...asns.flatMap(u32)]

test('facts of paths: every kind of AS number, in every kind of segment', () => {
  const paths = [
    [],
    ...edges.map((asn) => path(64501, asn)),
    ...edges.map((asn) => path(asn)),
    ...edges.map((asn) => [...path(64501), ...segment(1, [asn, 1299])]),
    ...edges.map((asn) => [...segment(3, [asn]), ...path(64501)]),
    path(64501, 64501),
    path(3356, 64501, 64501),
    [...path(64501), ...path(64501)],
    [...path(64501), ...segment(1, [64501]), ...path(64501)],
    [...segment(1, [5, 5]), ...path(5)],
    [...path(5), ...segment(1, [5])],
    [...segment(4, [7, 8]), ...segment(4, [8])],
    segment(
      2,
      Array.from({ length: 255 }, (_, i) => i + 1),
    ),
    [
      ...segment(
        2,
        Array.from({ length: 255 }, (_, i) => i + 1),
      ),
      ...path(255),
    ],
  ]
  const bad = [
    path(0),
    path(64501, 0),
    [...path(64501), ...segment(1, [0])],
    [2, 0],
    [...path(64501), 2],
    [...path(64501), 2, 1, 0, 0, 0],
    [5, 1, ...u32(1)],
    [0, 1, ...u32(1)],
  ]
  const messages = (list: readonly (readonly number[])[]) =>
    list.map((value) =>
      update([...origin, ...attribute(0x50, 2, value), ...nextHop], [...nlri4, 8, 10, 8, 11]),
    )
  for (const external of [true, false]) {
    const more = { decode: { ...decode, external } }
    expect(taken(messages(paths), more)).toEqual(paths.map(() => true))
    expect(taken(messages(bad), more)).toEqual(bad.map(() => false))
  }
  // A path must begin with the AS of the peer, which is 64501.
  const strict = taken(messages(paths), { decode: { ...decode, firstAs: 64501 } })
  const begins = (value: readonly number[]) =>
    JSON.stringify(value.slice(2, 6)) === JSON.stringify(u32(64501))
  expect(strict).toEqual(paths.map(begins))
})

test('notes about next hops, from peers with either kind of address or an unknown one', () => {
  const hops4 = [
    ...['192.0.2.1', '192.0.2.2', '0.0.0.0', '0.255.0.1', '1.0.0.0', '126.1.1.1', '127.0.0.1'],
    ...['128.0.0.1', '223.255.255.255', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ]
  const hops6 = [
    ...['2001:db8::1', '2001:db8::2', '::', '::1', '::192.0.2.1', '::ffff:192.0.2.1', '::1:0:0'],
    ...['::fffe:192.0.2.1', 'ff02::1', 'fe80::1', '0:0:0:1::', '0:1::', '::1:ffff:0:1'],
  ]
  const list = [
    ...hops4.map((hop) =>
      update([...origin, ...asPath, ...attribute(0x40, 3, addressOctets(hop))], nlri4),
    ),
    ...hops6.flatMap((hop) =>
      [[], addressOctets('fe80::9'), addressOctets('2001:db8::1')].map((second) => {
        const value = reach([...addressOctets(hop), ...second])
        return update([...origin, ...asPath, ...attribute(0x80, 14, value)], [])
      }),
    ),
  ]
  for (const external of [true, false]) {
    for (const peerAddress of ['192.0.2.1', '2001:db8::1', undefined]) {
      const more = { decode: { ...decode, external }, ...(peerAddress && { peerAddress }) }
      expect(taken(list, more)).toEqual(list.map(() => true))
    }
  }
})

test('a next hop behind which the octets look like the address of the peer', () => {
  const peerAddress = '2008:a08:a08:a08:a08:a08:a08:a08'
  const nlri = Array.from({ length: 8 }, () => [8, 10]).flat()
  const value = [0, 2, 1, 16, ...hop6, 0x20, ...nlri]
  const message = update([...origin, ...asPath, ...attribute(0x80, 14, value)], [])
  const twins = createTwins(land)
  twins.add('a')
  twins.up('a', { ...peer, peerAddress })
  twins.receive('a', message)
  twins.compare(true)
  expect(twins.taken).toBe(1)
  expect(twins.lane.view.tallies('a')?.notes['next-hop-not-peer']).toBe(8)
})

const standard = (...list: number[]) =>
  list.length === 0 ? [] : attribute(0xc0, 8, list.flatMap(u32))
const large = (...list: number[][]) =>
  list.length === 0
    ? []
    : attribute(
        0xc0,
        32,
        list.flatMap((words) => words.flatMap(u32)),
      )

test.each(['all', 'any'] as const)('required communities of both kinds: %s', (communityMatch) => {
  const [a, b] = [8075 * 65536 + 8007, 0xffffff01]
  const [x, y] = [
    [64500, 1, 2],
    [4294967295, 0, 4294967295],
  ] as const
  const carried = [[], [a], [b], [b, a], [1, 2, a], [1, 2]].flatMap((some) =>
    [[], [[...x]], [[...y], [...x]], [[64500, 2, 1]]].map((more) => [
      ...standard(...some),
      ...large(...more),
    ]),
  )
  const required = [[], ['8075:8007'], ['8075:8007', '65535:65281'], ['64500:1:2']]
  required.push(['64500:1:2', '4294967295:0:4294967295'], ['8075:8007', '64500:1:2'])
  for (const requiredCommunities of required) {
    const policy = { ...defaultPolicy, requiredCommunities, communityMatch }
    const twins = createTwins(land, policy)
    twins.add('a')
    twins.up('a', peer)
    twins.register({
      name: 'web',
      prefix: { family: 1, length: 24, w0: 0xc6336400 | 0, w1: 0, w2: 0, w3: 0 },
      originAsns: [],
    })
    twins.receive('a', bgp(2, [0, 0, 0, 0]))
    for (const more of carried) {
      twins.receive('a', update([...origin, ...asPath, ...nextHop, ...more], nlri4))
      twins.compare(true)
    }
    expect(twins.taken).toBe(carried.length)
  }
})

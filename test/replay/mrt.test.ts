import { describe, expect, test } from 'vitest'
import { formatPrefix } from '../../src/prefix/text.ts'
import { readCaptureOctets } from '../../src/replay/capture.ts'
import type { CaptureItem } from '../../src/replay/items.ts'
import { ribUpdate } from '../../src/replay/rib-update.ts'
import {
  attributes,
  bgp,
  bgp4mpHead,
  joinOctets,
  keepalive,
  mrt,
  nlri,
  peerIndexTable,
  ribRecord,
  u16,
  u32,
  update,
} from '../support/capture-builder.ts'
import { bytesOf, hexOf } from '../support/vectors.ts'

const peer = '192.0.2.1'
const local = '192.0.2.2'
const T0 = 1_700_000_000_000

function tell(item: CaptureItem): string {
  const { source, destination, settings } = item.session
  const ends = `${source.address} AS${source.asn} > ${destination.address} AS${destination.asn}`
  const how = `as4=${settings.as4} paths=${settings.addPathIpv4},${settings.addPathIpv6}`
  if (item.kind === 'state') return `${ends}: ${item.from} to ${item.to}`
  if (item.kind === 'rib') {
    const id = item.pathId === null ? '' : ` path ${item.pathId}`
    return `${ends}: ${formatPrefix(item.prefix)}${id} since ${item.originated - T0}`
  }
  return item.kind === 'message' ? `${ends}: type ${item.type} ${how}` : item.kind
}

async function read(octets: Uint8Array) {
  const items: string[] = []
  const updates: string[] = []
  const times: number[] = []
  const report = await readCaptureOctets('rib.mrt', octets, (item) => {
    items.push(tell(item))
    times.push(item.time)
    if (item.kind !== 'rib') return
    const message = ribUpdate(item)
    updates.push(message === undefined ? 'none' : hexOf(message.subarray(19)))
  })
  return { items, updates, times, report }
}

describe('BGP4MP', () => {
  const head = bgp4mpHead(64501, 64500, peer, local)
  const shortHead = bgp4mpHead(64501, 64500, peer, local, false)
  const route = update(['198.51.100.0/24'])

  test.for([
    [1, shortHead, '192.0.2.1 AS64501 > 192.0.2.2 AS64500: type 2 as4=false paths=false,false'],
    [4, head, '192.0.2.1 AS64501 > 192.0.2.2 AS64500: type 2 as4=true paths=false,false'],
    [6, shortHead, '192.0.2.2 AS64500 > 192.0.2.1 AS64501: type 2 as4=false paths=false,false'],
    [7, head, '192.0.2.2 AS64500 > 192.0.2.1 AS64501: type 2 as4=true paths=false,false'],
    [8, shortHead, '192.0.2.1 AS64501 > 192.0.2.2 AS64500: type 2 as4=false paths=true,false'],
    [9, head, '192.0.2.1 AS64501 > 192.0.2.2 AS64500: type 2 as4=true paths=true,false'],
    [10, shortHead, '192.0.2.2 AS64500 > 192.0.2.1 AS64501: type 2 as4=false paths=true,false'],
    [11, head, '192.0.2.2 AS64500 > 192.0.2.1 AS64501: type 2 as4=true paths=true,false'],
  ] as const)('message, subtype %i', async ([subtype, start, expected]) => {
    const { items } = await read(mrt(16, subtype, joinOctets(start, route)))
    expect(items).toEqual([expected])
  })

  test('path identifiers of one family and none of the other, record by record', async () => {
    const unreach6 = bgp(2, [0, 0], [0, 6], [0x80, 15, 3, 0, 2, 1])
    const { items } = await read(
      joinOctets(
        mrt(16, 9, joinOctets(head, route)),
        mrt(16, 4, joinOctets(head, unreach6)),
        mrt(16, 4, joinOctets(head, keepalive)),
      ),
    )
    expect(items.map((item) => item.replace(/.*type/, 'type'))).toEqual([
      'type 2 as4=true paths=true,false',
      'type 2 as4=true paths=true,false',
      'type 4 as4=true paths=true,false',
    ])
  })

  test('state changes, IPv6, microseconds of BGP4MP_ET', async () => {
    const ends = bgp4mpHead(4_200_000_001, 64500, '2001:db8::1', '2001:db8::2')
    const state = joinOctets(ends, u16(5), u16(6))
    const { items, times } = await read(
      joinOctets(mrt(16, 5, state), mrt(17, 5, joinOctets(u32(250_500), state))),
    )
    const expected = '2001:db8::1 AS4200000001 > 2001:db8::2 AS64500: 5 to 6'
    expect(items).toEqual([expected, expected])
    expect(times).toEqual([T0, T0 + 250.5])
  })

  test('zeros for an own address mean that it is not known', async () => {
    const body = joinOctets(bgp4mpHead(64501, 64500, peer, '0.0.0.0'), keepalive)
    const { items } = await read(mrt(16, 4, body))
    expect(items).toEqual(['192.0.2.1 AS64501 > null AS64500: type 4 as4=true paths=false,false'])
  })

  test.for([
    ['a message without marker', joinOctets(head, new Uint8Array(19)), 'no BGP marker'],
    [
      'a message that is longer than it says',
      joinOctets(head, keepalive, [0]),
      'the BGP message says 19 octets, the record holds 20',
    ],
    ['no room for a message', joinOctets(head, [255]), 'a BGP message of 1 octets'],
    [
      'another address family',
      joinOctets(head.subarray(0, 10), [0, 3], new Uint8Array(40)),
      'address family 3, expected 1 or 2',
    ],
    ['an end inside the addresses', head.subarray(0, 14), '4 octets wanted, 2 left'],
  ] as const)('%s: counted, and the next record read', async ([, body, problem]) => {
    const good = mrt(16, 4, joinOctets(head, keepalive))
    const { items, report } = await read(joinOctets(mrt(16, 4, body), good))
    expect(items).toHaveLength(1)
    expect(report.damage).toBeNull()
    expect(report.records).toMatchObject({
      records: 2,
      malformed: 1,
      firstMalformed: `rib.mrt: octet 0: a BGP4MP record of subtype 4 is malformed: ${problem}`,
    })
  })

  test('records of other types are counted', async () => {
    const { report } = await read(
      joinOctets(mrt(11, 0, [1]), mrt(16, 2, [1, 2]), mrt(99, 7, []), mrt(11, 0, [])),
    )
    expect(report.damage).toBeNull()
    expect([...report.records.skipped]).toEqual([
      ['OSPFv2/0', 2],
      ['BGP4MP/2', 1],
      ['type 99/7', 1],
    ])
  })
})

describe('TABLE_DUMP_V2', () => {
  const peers = peerIndexTable([
    [peer, 64501],
    ['2001:db8::1', 4_200_000_001],
  ])
  const v4 = attributes([64501, 64510])
  const origin = bytesOf('40010100')
  const path = bytesOf('400206 0201 0000fbf5')
  const nextHop6 = bytesOf('20010db8000000000000000000000001')

  test('IPv4: the attributes as they are, then the prefix', async () => {
    const { items, updates } = await read(
      joinOctets(
        peers,
        ribRecord(2, '198.51.100.0/24', [
          [0, v4],
          [1, v4],
        ]),
      ),
    )
    expect(items).toEqual([
      '192.0.2.1 AS64501 > null ASnull: 198.51.100.0/24 since -60000',
      '2001:db8::1 AS4200000001 > null ASnull: 198.51.100.0/24 since -60000',
    ])
    const message = `0000${hexOf(Uint8Array.from(u16(v4.length)))}${hexOf(v4)}18c63364`
    expect(updates).toEqual([message, message])
  })

  test('path identifiers (RFC 8050 §4)', async () => {
    const { items, updates } = await read(
      joinOctets(
        peers,
        ribRecord(8, '198.51.100.0/24', [
          [0, v4, 7],
          [0, v4, 8],
        ]),
      ),
    )
    expect(items.map((item) => item.replace(/.*: /, ''))).toEqual([
      '198.51.100.0/24 path 7 since -60000',
      '198.51.100.0/24 path 8 since -60000',
    ])
    expect(updates.map((octets) => octets.slice(-16))).toEqual([
      '0000000718c63364',
      '0000000818c63364',
    ])
  })

  test.for([
    ['the next hop alone (RFC 6396 §4.3.4)', joinOctets([0x80, 14, 17, 16], nextHop6)],
    [
      'the whole attribute, as some collectors write it',
      joinOctets([0x80, 14, 26, 0, 2, 1, 16], nextHop6, [0], nlri('2001:db8::/32')),
    ],
  ] as const)('IPv6, MP_REACH_NLRI with %s', async ([, reach]) => {
    const record = ribRecord(4, '2001:db8::/32', [[1, joinOctets(origin, path, reach)]])
    const { updates } = await read(joinOctets(peers, record))
    const whole = `900e001a00020110${hexOf(nextHop6)}002020010db8`
    expect(updates).toEqual([`0000002b${whole}${hexOf(origin)}${hexOf(path)}`])
  })

  test('IPv4 over an IPv6 next hop (RFC 8950)', async () => {
    const reach = joinOctets([0x80, 14, 17, 16], nextHop6)
    const record = ribRecord(2, '198.51.100.0/24', [[1, joinOctets(origin, path, reach)]])
    const { updates } = await read(joinOctets(peers, record))
    const whole = `900e001900010110${hexOf(nextHop6)}0018c63364`
    expect(updates).toEqual([`0000002a${whole}${hexOf(origin)}${hexOf(path)}`])
  })

  test('IPv6 without a next hop, and attributes that cannot be read, make no UPDATE', async () => {
    const record = ribRecord(4, '2001:db8::/32', [
      [0, joinOctets(origin, path)],
      [0, [0x40, 1, 9]],
    ])
    expect((await read(joinOctets(peers, record))).updates).toEqual(['none', 'none'])
  })

  test('a peer that the index does not have', async () => {
    const { report } = await read(joinOctets(peers, ribRecord(2, '198.51.100.0/24', [[2, v4]])))
    expect(report.records.firstMalformed).toMatch(/peer 2, but the peer index table has 2$/)
  })

  test('the old TABLE_DUMP, with 2-octet AS numbers', async () => {
    const old = attributes([64501], { as4: false })
    const body = joinOctets(
      u32(0),
      [198, 51, 100, 0, 24, 1],
      u32(T0 / 1000 - 5),
      [192, 0, 2, 1],
      u16(64501),
      u16(old.length),
      old,
    )
    const { items, updates } = await read(mrt(12, 1, body))
    expect(items).toEqual(['192.0.2.1 AS64501 > null ASnull: 198.51.100.0/24 since -5000'])
    expect(updates).toEqual([`0000${hexOf(Uint8Array.from(u16(old.length)))}${hexOf(old)}18c63364`])
  })
})

import { describe, expect, test } from 'vitest'
import { readCaptureOctets } from '../../src/replay/capture.ts'
import type { CaptureItem } from '../../src/replay/items.ts'
import {
  addPathIpv4,
  attributes,
  bgp,
  type Frame,
  fourOctetAs,
  joinOctets,
  keepalive,
  open,
  type Piece,
  pcapFile,
  tcpPacket,
  update,
} from '../support/capture-builder.ts'

const a = '192.0.2.1'
const b = '192.0.2.2'
const T0 = 1_700_000_000

/** Both sides of a connection; each call makes one packet. */
function connection(port = 40_000, serverPort = 179, start = 1000) {
  const next = { a: start, b: 2 * start }
  const packet = (side: 'a' | 'b', flags: string, data: Piece = [], time = T0): Frame => {
    const forth = side === 'a'
    const octets = tcpPacket({
      from: forth ? a : b,
      to: forth ? b : a,
      fromPort: forth ? port : serverPort,
      toPort: forth ? serverPort : port,
      seq: next[side],
      ack: flags.includes('A') ? next[forth ? 'b' : 'a'] : 0,
      flags,
      data,
    })
    next[side] += data.length + (/[SF]/.test(flags) ? 1 : 0)
    return { time, octets }
  }
  return {
    handshake: () => [packet('a', 'S'), packet('b', 'SA'), packet('a', 'A')],
    packet,
    /** Octets that were sent and not captured. */
    lose: (side: 'a' | 'b', octets: number) => {
      next[side] += octets
    },
    a: (data: Piece, time?: number) => packet('a', 'A', data, time),
    b: (data: Piece, time?: number) => packet('b', 'A', data, time),
  }
}

function tell(item: CaptureItem): string {
  const { source } = item.session
  const who = `${source.address}:${source.port} AS${source.asn ?? '?'}`
  if (item.kind === 'gap') return `${who} lost ${item.lost} unparsed ${item.unparsed}`
  if (item.kind === 'close') return `${who} ${item.reason}`
  if (item.kind !== 'message') return item.kind
  if (item.type !== 2) return `${who} type ${item.type}`
  const { as4, external, addPathIpv4: paths } = item.session.settings
  return `${who} UPDATE as4=${as4} (${item.session.as4From}) external=${external} paths=${paths}`
}

async function read(frames: readonly Frame[]) {
  const items: string[] = []
  const octets = pcapFile(frames, { linkType: 101 })
  const report = await readCaptureOctets('test.pcap', octets, (item) => items.push(tell(item)))
  return { items, packets: report.packets }
}

const route = update(['198.51.100.0/24'])
const route2 = update(['198.51.100.0/24'], attributes([64501], { as4: false }))

describe('what a session negotiated', () => {
  test.for([
    [
      'four-octet AS numbers and path identifiers, announced by both',
      open(64501, a, fourOctetAs(64501), addPathIpv4),
      open(4_200_000_001, b, fourOctetAs(4_200_000_001), addPathIpv4),
      'AS64501 UPDATE as4=true (open) external=true paths=true',
      'AS4200000001 UPDATE as4=true (open) external=true paths=true',
    ],
    [
      'only announced by one',
      open(64501, a, fourOctetAs(64501), addPathIpv4),
      open(64502, b),
      'AS64501 UPDATE as4=false (open) external=true paths=false',
      'AS64502 UPDATE as4=false (open) external=true paths=false',
    ],
    [
      'path identifiers that go one way (RFC 7911 §4: 1 receive, 2 send)',
      open(64501, a, fourOctetAs(64501), [69, 0, 1, 1, 2]),
      open(64501, b, fourOctetAs(64501), [69, 0, 1, 1, 1]),
      'AS64501 UPDATE as4=true (open) external=false paths=true',
      'AS64501 UPDATE as4=true (open) external=false paths=false',
    ],
  ] as const)('%s', async ([, openA, openB, updateA, updateB]) => {
    const c = connection()
    const { items } = await read([
      ...c.handshake(),
      c.a(openA),
      c.b(joinOctets(openB, keepalive)),
      c.a(keepalive),
      c.a(route),
      c.b(route),
    ])
    expect(items.filter((item) => item.includes('UPDATE'))).toEqual([
      `${a}:40000 ${updateA}`,
      `${b}:179 ${updateB}`,
    ])
  })

  test('without OPENs it is inferred, each direction by itself', async () => {
    const c = connection()
    const empty = update([], [], [])
    const { items } = await read([c.a(empty), c.a(route2), c.b(route), c.a(route2)])
    expect(items).toEqual([
      `${a}:40000 AS? UPDATE as4=true (assumed) external=true paths=false`,
      `${a}:40000 AS? UPDATE as4=false (inferred) external=true paths=false`,
      `${b}:179 AS? UPDATE as4=true (inferred) external=true paths=false`,
      `${a}:40000 AS? UPDATE as4=false (inferred) external=true paths=false`,
    ])
  })

  test('one OPEN without the capability is enough; with it, UPDATEs still tell', async () => {
    const without = connection()
    const first = await read([...without.handshake(), without.a(open(64501, a)), without.b(route2)])
    expect(first.items.at(-1)).toBe(
      `${b}:179 AS? UPDATE as4=false (open) external=true paths=false`,
    )
    const having = connection()
    const second = await read([
      ...having.handshake(),
      having.a(open(64501, a, fourOctetAs(64501))),
      having.b(route2),
    ])
    expect(second.items.at(-1)).toBe(
      `${b}:179 AS? UPDATE as4=false (inferred) external=true paths=false`,
    )
  })
})

describe('connections', () => {
  test('FIN from both sides', async () => {
    const c = connection()
    const { items, packets } = await read([
      ...c.handshake(),
      c.a(keepalive),
      c.packet('a', 'FA'),
      c.b(keepalive),
      c.packet('b', 'FA'),
      c.packet('a', 'A'),
    ])
    expect(items).toEqual([
      `${a}:40000 AS? type 4`,
      `${b}:179 AS? type 4`,
      `${a}:40000 AS? fin`,
      `${b}:179 AS? fin`,
    ])
    expect(packets).toMatchObject({ connections: 1, bgpConnections: 1 })
  })

  test('RST', async () => {
    const c = connection()
    const { items } = await read([...c.handshake(), c.a(keepalive), c.packet('b', 'R')])
    expect(items).toEqual([`${a}:40000 AS? type 4`, `${a}:40000 AS? reset`])
  })

  test('the same ports again: another connection, with other OPENs', async () => {
    const one = connection()
    const two = connection(40_000, 179, 77_000)
    const { items, packets } = await read([
      ...one.handshake(),
      one.a(open(64501, a)),
      ...two.handshake(),
      two.a(open(64509, a)),
    ])
    expect(items).toEqual([
      `${a}:40000 AS64501 type 1`,
      `${a}:40000 AS64501 replaced`,
      `${a}:40000 AS64509 type 1`,
    ])
    expect(packets).toMatchObject({ connections: 2, bgpConnections: 2 })
  })

  test('a repeated SYN is the same connection', async () => {
    const c = connection()
    const frames = c.handshake()
    const { packets } = await read([...frames, ...frames.slice(0, 2), c.a(keepalive)])
    expect(packets.connections).toBe(1)
  })

  test('segments that come late after the end are not heard twice', async () => {
    const c = connection()
    const late = c.a(keepalive)
    const { items } = await read([late, c.packet('a', 'R'), late])
    expect(items).toEqual([`${a}:40000 AS? type 4`, `${a}:40000 AS? reset`])
  })

  test('any port: the content says that it is BGP', async () => {
    const c = connection(50_001, 50_002)
    const { items } = await read([...c.handshake(), c.a(open(64501, a)), c.b(keepalive)])
    expect(items).toEqual([`${a}:50001 AS64501 type 1`, `${b}:50002 AS? type 4`])
  })

  test('other protocols are left after a while', async () => {
    const c = connection(50_001, 443)
    const chunk = new Uint8Array(10_000).fill(0x41)
    const frames = c.handshake()
    for (let i = 0; i < 20; i++) frames.push(c.a(chunk))
    const { items, packets } = await read([...frames, c.a(keepalive)])
    expect(items).toEqual([])
    expect(packets).toMatchObject({ connections: 1, bgpConnections: 0 })
  })

  test('lost packets: the rest of the message is passed over, the next one is found', async () => {
    const c = connection()
    const frames = [...c.handshake(), c.a(joinOctets(keepalive, route.subarray(0, 30)))]
    c.lose('a', 10)
    frames.push(c.a(joinOctets(route.subarray(40), keepalive)))
    // The receiver has it all, so the capture will not get it any more.
    frames.push(c.packet('b', 'A', [], T0 + 2), c.a(keepalive, T0 + 2))
    const { items } = await read(frames)
    expect(items).toEqual([
      `${a}:40000 AS? type 4`,
      `${a}:40000 AS? lost 0 unparsed 30`,
      `${a}:40000 AS? lost 10 unparsed 0`,
      `${a}:40000 AS? lost 0 unparsed ${route.length - 40}`,
      `${a}:40000 AS? type 4`,
      `${a}:40000 AS? type 4`,
    ])
  })

  test('a capture that begins inside a message', async () => {
    const c = connection()
    const { items } = await read([c.a(joinOctets(route.subarray(20), keepalive, bgp(3, [6, 4])))])
    expect(items).toEqual([
      `${a}:40000 AS? lost 0 unparsed ${route.length - 20}`,
      `${a}:40000 AS? type 4`,
      `${a}:40000 AS? type 3`,
    ])
  })

  test('more connections than are followed: the silent one is left', async () => {
    const many = Array.from({ length: 2049 }, (_, i) => connection(10_000 + i))
    const { items, packets } = await read(many.map((c) => c.a(keepalive)))
    expect(packets).toMatchObject({ connections: 2049, forgotten: 1 })
    expect(items.filter((item) => item.includes('forgotten'))).toEqual([`${a}:10000 AS? forgotten`])
  })
})

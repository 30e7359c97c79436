import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCapture, readCaptureOctets } from '../../src/replay/capture.ts'
import { CaptureError } from '../../src/replay/capture-error.ts'
import type { CaptureItem } from '../../src/replay/items.ts'
import {
  attributes,
  bgp4mpHead,
  ethernet,
  type Frame,
  ip,
  joinOctets,
  keepalive,
  mrt,
  open,
  type Piece,
  pcapFile,
  pcapng,
  peerIndexTable,
  ribRecord,
  tcp,
  tcpPacket,
  u16,
  u32,
  update,
} from '../support/capture-builder.ts'
import { bytesOf } from '../support/vectors.ts'

/** Items as short text: what a test wants to see of them. */
function tell(item: CaptureItem): string {
  const ends = ({ session }: CaptureItem) =>
    `${session.source.address}>${session.destination.address}`
  if (item.kind === 'message') return `${ends(item)} ${item.type} ${item.end - item.start}`
  if (item.kind === 'gap') return `${ends(item)} gap ${item.lost} ${item.unparsed}`
  if (item.kind === 'close') return `${ends(item)} ${item.reason}`
  return `${ends(item)} ${item.kind}`
}

async function read(octets: Uint8Array) {
  const items: string[] = []
  const times: number[] = []
  const report = await readCaptureOctets('test.cap', octets, (item) => {
    items.push(tell(item))
    times.push(item.time)
  })
  return { items, times, report }
}

const from = '192.0.2.1'
const to = '192.0.2.2'
const packet = tcpPacket({ from, to, seq: 1, data: keepalive })
const packet6 = tcpPacket({ from: '2001:db8::1', to: '2001:db8::2', seq: 1, data: keepalive })
const told = ['192.0.2.1>192.0.2.2 4 19']
const told6 = ['2001:db8::1>2001:db8::2 4 19']

describe('pcap', () => {
  const frames = [{ time: 1_700_000_000.25, octets: ethernet(packet) }]

  test.for([
    [true, false],
    [false, false],
    [true, true],
    [false, true],
  ] as const)('little-endian %s, nanoseconds %s', async ([little, nanoseconds]) => {
    const { items, times, report } = await read(pcapFile(frames, { little, nanoseconds }))
    expect(report).toMatchObject({ format: 'pcap', compression: null, damage: null })
    expect(items).toEqual(told)
    expect(times).toEqual([1_700_000_000_250])
  })

  const llc = (payload: Uint8Array) =>
    joinOctets(
      new Array(12).fill(2),
      u16(payload.length + 8),
      bytesOf('aaaa03000000'),
      u16(0x0800),
      payload,
    )
  const encapsulations: readonly (readonly [string, number, Piece])[] = [
    ['Ethernet', 1, ethernet(packet)],
    ['VLAN', 1, ethernet(packet, [[0x8100, 7]])],
    [
      'QinQ',
      1,
      ethernet(packet, [
        [0x88a8, 7],
        [0x8100, 8],
      ]),
    ],
    ['SNAP', 1, llc(packet)],
    [
      'MPLS, two labels',
      1,
      joinOctets(new Array(12).fill(2), bytesOf('8847 00010040 00020140'), packet),
    ],
    ['PPPoE', 1, joinOctets(new Array(12).fill(2), bytesOf('8864 11000001 004d 0021'), packet)],
    ['raw IP (12)', 12, packet],
    ['raw IP (14)', 14, packet],
    ['raw IP (101)', 101, packet],
    ['raw IPv4 (228)', 228, packet],
    ['PPP', 9, joinOctets([0, 0x21], packet)],
    ['PPP, protocol of one octet', 9, joinOctets([0xff, 3, 0x21], packet)],
    ['PPP in HDLC', 50, joinOctets([0xff, 3, 0, 0x21], packet)],
    ['Cisco HDLC as PPP', 50, joinOctets([0x0f, 0, 8, 0], packet)],
    ['Cisco HDLC', 104, joinOctets([0x0f, 0, 8, 0], packet)],
    ['BSD loopback', 0, joinOctets([2, 0, 0, 0], packet)],
    ['OpenBSD loopback', 108, joinOctets([0, 0, 0, 2], packet)],
    ['Linux cooked', 113, joinOctets(new Array(14).fill(0), [8, 0], packet)],
    ['Linux cooked v2', 276, joinOctets([8, 0], new Array(18).fill(0), packet)],
    ['Juniper Ethernet', 178, joinOctets(bytesOf('4d4743 80 0002 ffff'), ethernet(packet))],
    ['Juniper Ethernet without layer 2', 178, joinOctets(bytesOf('4d4743 02 02000000'), packet)],
  ]

  test.for(encapsulations)('%s', async ([, linkType, octets]) => {
    const { items, report } = await read(pcapFile([{ octets }], { linkType }))
    expect(report.damage).toBeNull()
    expect(items).toEqual(told)
  })

  test('a frame that ends anywhere is no reason to fail', async () => {
    for (const [, linkType, octets] of encapsulations) {
      const cut = Array.from({ length: octets.length }, (_, length): Frame => {
        return { octets: joinOctets(octets).subarray(0, length), length: octets.length }
      })
      const { items, report } = await read(pcapFile(cut, { linkType }))
      expect(report.damage).toBeNull()
      expect(items.filter((item) => item.endsWith(' 4 19'))).toEqual([])
    }
  })

  test('IPv6, with extension headers', async () => {
    const segment = tcp({ from: '', to: '', seq: 1, data: keepalive })
    const hops = joinOctets(
      [60, 0, 1, 4, 0, 0, 0, 0],
      [6, 1, 1, 12],
      new Array(12).fill(0),
      segment,
    )
    const extended = ip('2001:db8::1', '2001:db8::2', hops, { next: 0 })
    for (const octets of [packet6, extended]) {
      expect((await read(pcapFile([{ octets }], { linkType: 229 }))).items).toEqual(told6)
    }
  })

  test('TCP options', async () => {
    const octets = tcpPacket({
      from,
      to,
      seq: 1,
      data: keepalive,
      options: [1, 1, 8, 10, ...u32(1), ...u32(2)],
    })
    expect((await read(pcapFile([{ octets }], { linkType: 101 }))).items).toEqual(told)
  })

  test('padding behind the IP packet is not looked at', async () => {
    const octets = joinOctets(ethernet(packet), [9, 9, 9, 9])
    expect((await read(pcapFile([{ octets }]))).items).toEqual(told)
  })

  test('IPv4 fragments in any order', async () => {
    const segment = tcp({ from, to, seq: 1, data: update(['198.51.100.0/24']) })
    const parts = [0, 24, 48].map((at) => {
      const more = at < 48 ? 0x2000 : 0
      return ip(from, to, segment.subarray(at, at < 48 ? at + 24 : undefined), {
        id: 9,
        fragment: more | (at / 8),
      })
    })
    const frames = [2, 0, 1].map((i) => ({ octets: parts[i] ?? [] }))
    const { items, report } = await read(pcapFile(frames, { linkType: 101 }))
    expect(items).toEqual([`192.0.2.1>192.0.2.2 2 ${segment.length - 20}`])
    expect(report.packets).toMatchObject({ fragments: 3, incompleteDatagrams: 0 })
  })

  test('of a datagram that lacks fragments, its beginning counts', async () => {
    const segment = tcp({ from, to, seq: 1, data: joinOctets(keepalive, keepalive) })
    const first = ip(from, to, segment.subarray(0, 40), { id: 9, fragment: 0x2000 })
    const { items, report } = await read(pcapFile([{ octets: first }], { linkType: 101 }))
    expect(items).toEqual([...told, '192.0.2.1>192.0.2.2 gap 0 1'])
    expect(report.packets).toMatchObject({ fragments: 1, incompleteDatagrams: 1 })
  })

  test('IPv6 fragments', async () => {
    const segment = tcp({ from: '', to: '', seq: 1, data: keepalive })
    const fragment = (at: number, end: number) =>
      joinOctets(
        [6, 0],
        u16(at | (end < segment.length ? 1 : 0)),
        u32(77),
        segment.subarray(at, end),
      )
    const frames = [fragment(0, 24), fragment(24, segment.length)].map((body) => ({
      octets: ip('2001:db8::1', '2001:db8::2', body, { next: 44 }),
    }))
    expect((await read(pcapFile(frames, { linkType: 229 }))).items).toEqual(told6)
  })

  test('packets that the snap length cut off are counted, and what is left of them used', async () => {
    const long = tcpPacket({ from, to, seq: 1, data: joinOctets(keepalive, keepalive) })
    const next = tcpPacket({ from, to, seq: 39, data: keepalive })
    const frames = [{ octets: long.subarray(0, 70), length: long.length }, { octets: next }]
    const { items, report } = await read(pcapFile(frames, { linkType: 101 }))
    expect(items).toEqual([
      ...told,
      '192.0.2.1>192.0.2.2 gap 0 11',
      '192.0.2.1>192.0.2.2 gap 8 0',
      ...told,
    ])
    expect(report.packets.truncated).toBe(1)
  })

  test('a link type that nobody here understands', async () => {
    const { report } = await read(pcapFile([{ octets: packet }], { linkType: 147 }))
    expect(report.damage?.message).toMatch(
      /^test\.cap: octet 20: link type 147 is not supported, expected one of BSD loopback \(0\), Ethernet \(1\), /,
    )
  })

  test('a packet longer than any', async () => {
    const octets = joinOctets(pcapFile(frames), u32(0), u32(0), u32(0x01000400).reverse(), u32(0))
    const { items, report } = await read(octets)
    expect(items).toEqual(told)
    expect(report.damage).toBeInstanceOf(CaptureError)
    expect(report.damage?.message).toBe(
      `test.cap: octet ${octets.length - 16 + 8}: a packet of 16778240 octets, expected at most 262144`,
    )
  })
})

describe('pcapng', () => {
  test.for([true, false])('little-endian %s, all kinds of packet blocks', async (little) => {
    const w = pcapng(little)
    const file = joinOctets(
      w.section(),
      w.block(10, [1, 2, 3]),
      w.interface(1, 9),
      w.interface(101),
      w.packet(0, 1_700_000_000_250_000_000n, ethernet(packet)),
      w.packet(1, 1_700_000_001_500_000n, tcpPacket({ from, to, seq: 20, data: keepalive })),
      w.obsoletePacket(
        1,
        1_700_000_002_000_000n,
        tcpPacket({ from, to, seq: 39, data: keepalive }),
      ),
      w.simplePacket(ethernet(tcpPacket({ from, to, seq: 58, data: keepalive }))),
    )
    const { items, times, report } = await read(file)
    expect(report).toMatchObject({ format: 'pcapng', damage: null })
    expect(items).toEqual([...told, ...told, ...told, ...told])
    expect(times).toEqual([
      1_700_000_000_250, 1_700_000_001_500, 1_700_000_002_000, 1_700_000_002_000,
    ])
  })

  test('resolution as a power of two', async () => {
    const w = pcapng()
    const file = joinOctets(
      w.section(),
      w.interface(101, 0x8a),
      w.packet(0, 1024n * 1_700_000_000n + 512n, packet),
    )
    expect((await read(file)).times).toEqual([1_700_000_000_500])
  })

  test('sections of different octet order', async () => {
    const sections = [true, false].map((little) => {
      const w = pcapng(little)
      return joinOctets(
        w.section(),
        w.interface(101),
        w.packet(0, 1_700_000_000_000_000n, little ? packet : packet6),
      )
    })
    expect((await read(joinOctets(...sections))).items).toEqual([...told, ...told6])
  })

  test.for([
    [
      'an interface that was not described',
      (w: ReturnType<typeof pcapng>) => w.packet(3, 0n, packet),
      /octet 56: a packet of interface 3, but the section has 1$/,
    ],
    [
      'a block length that is no multiple of 4',
      () => joinOctets([5, 0, 0, 0], [13, 0, 0, 0], [0, 0, 0, 0]),
      /octet 52: a block of 13 octets, expected at least 12 and a multiple of 4$/,
    ],
    [
      'a trailing length that differs',
      () => joinOctets([6, 0, 0, 0], [12, 0, 0, 0], [16, 0, 0, 0]),
      /octet 56: a block of 12 octets ends with the length 16$/,
    ],
    [
      'a section without byte-order magic',
      () => joinOctets(u32(0x0a0d0d0a), u32(28), u32(1)),
      /octet 56: a section header without the byte-order magic 1a2b3c4d$/,
    ],
  ] as const)('%s', async ([, block, message]) => {
    const w = pcapng()
    const { report } = await read(joinOctets(w.section(), w.interface(101), block(w)))
    expect(report.damage?.message).toMatch(message)
  })
})

describe('files', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bgpwarden-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const capture = pcapFile([{ octets: packet }], { linkType: 101 })

  test('gzip is recognised by content, and progress is told of what lies on the disk', async () => {
    const file = join(folder, 'plain.pcap')
    const packed = gzipSync(capture)
    writeFileSync(file, packed)
    const progress: [number, number][] = []
    const items: string[] = []
    const report = await readCapture(file, (item) => items.push(tell(item)), {
      progress: (read, total) => progress.push([read, total]),
    })
    expect(report).toMatchObject({ file, format: 'pcap', compression: 'gzip', damage: null })
    expect(items).toEqual(told)
    expect(progress).toEqual([[packed.length, packed.length]])
  })

  test('gzip members one after the other', async () => {
    const half = 30
    const octets = joinOctets(gzipSync(capture.subarray(0, half)), gzipSync(capture.subarray(half)))
    expect((await read(octets)).items).toEqual(told)
  })

  test('bzip2 of a KEEPALIVE in BGP4MP_MESSAGE', async () => {
    // Made with bzip2 1.0.8 from mrt(16, 1, ...) below.
    const plain = mrt(16, 1, joinOctets(bgp4mpHead(64501, 64500, from, to, false), keepalive))
    const packed = Buffer.from(bzip2Keepalive, 'base64')
    expect((await read(plain)).items).toEqual(told)
    const { items, report } = await read(packed)
    expect(report).toMatchObject({ format: 'mrt', compression: 'bzip2', damage: null })
    expect(items).toEqual(told)
  })

  test('damage inside compressed data says so, after what came before it', async () => {
    const frames = Array.from({ length: 3000 }, (_, i) => ({
      octets: tcpPacket({ from, to, seq: 1 + 19 * i, data: keepalive }),
    }))
    const packed = gzipSync(pcapFile(frames, { linkType: 101 }), { level: 0 })
    const { items, report } = await read(packed.subarray(0, packed.length - 5000))
    expect(items.length).toBeGreaterThan(2000)
    expect(report.damage?.message).toMatch(
      /^test\.cap: decompressed octet \d+: cannot be decompressed: unexpected end of file$/,
    )
  })

  test('what cannot be opened', async () => {
    const missing = join(folder, 'missing.pcap')
    const problem = async (file: string) => (await readCapture(file, () => {})).damage?.message
    expect(await problem(missing)).toBe(`${missing}: octet 0: there is no such file`)
    expect(await problem(folder)).toBe(
      `${folder}: octet 0: it is a directory, expected a capture file`,
    )
  })

  test('what is no capture', async () => {
    const expected = 'expected pcap, pcapng or MRT, plain or compressed with gzip or bzip2'
    const problem = async (octets: Uint8Array) => (await read(octets)).report.damage?.message
    expect(await problem(new Uint8Array(0))).toBe(
      `test.cap: octet 0: the file is empty, ${expected}`,
    )
    const text = new TextEncoder().encode('router bgp 64500\n')
    expect(await problem(text)).toBe(`test.cap: octet 0: unknown file format, ${expected}`)
  })

  test('a name helps to say what is wrong with a damaged MRT file', async () => {
    const octets = joinOctets(u32(0), u16(16), u16(4), u32(0x7fffffff))
    const report = await readCaptureOctets('rrc00/updates.20160811.1600', octets, () => {})
    expect(report.damage?.message).toBe(
      'rrc00/updates.20160811.1600: octet 8: a record of 2147483647 octets, expected at most 16777216',
    )
  })
})

const bzip2Keepalive =
  'QlpoOTFBWSZTWbrNpW0AAAxzBPQESAAIAAgAAgBAACYIoAAxTAATQaaQZNMmkqsljILlGIPLwldgVYu3SPi7kinChIXWbSto'

const w = pcapng()
const conversation = [
  tcpPacket({ from, to, seq: 0, flags: 'S' }),
  tcpPacket({ from: to, to: from, fromPort: 179, toPort: 40_000, seq: 500, ack: 1, flags: 'SA' }),
  tcpPacket({ from, to, seq: 1, data: joinOctets(open(64501, from), keepalive) }),
  tcpPacket({ from, to, seq: 49, data: update(['198.51.100.0/24']) }),
  tcpPacket({ from, to, seq: 49, flags: 'FA' }),
]
const samples: readonly (readonly [string, Uint8Array])[] = [
  ['pcap', pcapFile(conversation.map((octets) => ({ octets: ethernet(octets) })))],
  [
    'pcapng',
    joinOctets(
      w.section(),
      w.interface(101),
      ...conversation.map((octets) => w.packet(0, 1n, octets)),
    ),
  ],
  [
    'mrt',
    joinOctets(
      mrt(16, 4, joinOctets(bgp4mpHead(64501, 64500, from, to), update(['198.51.100.0/24']))),
      mrt(16, 5, joinOctets(bgp4mpHead(64501, 64500, from, to), u16(6), u16(1))),
      peerIndexTable([[from, 64501]]),
      ribRecord(2, '198.51.100.0/24', [[0, attributes([64501])]]),
      mrt(
        12,
        1,
        joinOctets(u32(0), [198, 51, 100, 0, 24, 1], u32(0), [192, 0, 2, 1], u16(64501), u16(0)),
      ),
    ),
  ],
]

describe.for(samples)('damage in %s', ([, whole]) => {
  test('cut off after any octet: what was whole counts, the rest is told', async () => {
    const { items } = await read(whole)
    for (let length = 1; length < whole.length; length++) {
      const cut = await read(whole.subarray(0, length))
      // At the end of the capture, a held or unfinished message shows as a gap.
      const found = cut.items.filter((item) => !item.includes('gap'))
      expect(items.slice(0, found.length)).toEqual(found)
      if (cut.report.damage) expect(cut.report.damage.offset).toBeLessThanOrEqual(length)
    }
  })

  test('any octets changed, removed or repeated: only a CaptureError', async () => {
    const change = fc.record({
      at: fc.nat(whole.length - 1),
      remove: fc.nat(4),
      insert: fc.uint8Array({ maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), async (changes) => {
        let octets = whole
        for (const { at, remove, insert } of changes) {
          octets = joinOctets(octets.subarray(0, at), insert, octets.subarray(at + remove))
        }
        const { report } = await read(octets)
        if (report.damage) expect(report.damage).toBeInstanceOf(CaptureError)
      }),
      { numRuns: 500 },
    )
  })
})

/** Captures made octet by octet, for tests of replay/: frames, packets, pcap, pcapng and MRT files. */
import { parseAddress } from '../../src/prefix/text.ts'

/** Numbers in network order, octet strings as they are. */
export type Piece = Uint8Array | readonly number[]

export function joinOctets(...pieces: readonly Piece[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap((piece) => [...piece]))
}

export const u16 = (n: number): number[] => [(n >>> 8) & 255, n & 255]
export const u32 = (n: number): number[] => [...u16(n >>> 16), ...u16(n & 0xffff)]

/** 4 or 16 octets of an address. */
export function addressOctets(text: string): number[] {
  const { family, w0, w1, w2, w3 } = parseAddress(text)
  return family === 1 ? u32(w0) : [w0, w1, w2, w3].flatMap((word) => u32(word >>> 0))
}

// ---------------------------------------------------------------- BGP

/** A BGP message: marker, length, type, body. */
export function bgp(type: number, ...body: readonly Piece[]): Uint8Array {
  const content = joinOctets(...body)
  return joinOctets(new Array(16).fill(255), u16(19 + content.length), [type], content)
}

export const keepalive = bgp(4)

/** OPEN with capabilities given as [code, ...value]. */
export function open(asn: number, identifier: string, ...capabilities: readonly number[][]) {
  const list = capabilities.flatMap(([code = 0, ...value]) => [code, value.length, ...value])
  const parameters = list.length === 0 ? [] : [2, list.length, ...list]
  const myAs = asn > 65535 ? 23456 : asn
  return bgp(
    1,
    [4, ...u16(myAs), 0, 180, ...addressOctets(identifier), parameters.length],
    parameters,
  )
}

/** Capability 65 (RFC 6793). */
export const fourOctetAs = (asn: number): number[] => [65, ...u32(asn)]
/** Capability 69 (RFC 7911) for IPv4 unicast, both directions. */
export const addPathIpv4: number[] = [69, 0, 1, 1, 3]

/** `198.51.100.0/24` as it stands in NLRI. */
export function nlri(text: string): number[] {
  const [address = '', length = '0'] = text.split('/')
  return [Number(length), ...addressOctets(address).slice(0, Math.ceil(Number(length) / 8))]
}

/** Attributes of an announcement: ORIGIN IGP, AS_PATH, NEXT_HOP, COMMUNITIES. */
export function attributes(
  path: readonly number[],
  options: { as4?: boolean; nextHop?: string; communities?: readonly number[] } = {},
): Uint8Array {
  const { as4 = true, nextHop = '192.0.2.1', communities = [] } = options
  const asns = path.flatMap((asn) => (as4 ? u32(asn) : u16(asn)))
  const segment = path.length === 0 ? [] : [2, path.length, ...asns]
  const list = communities.flatMap(u32)
  return joinOctets(
    [0x40, 1, 1, 0],
    [0x40, 2, segment.length, ...segment],
    [0x40, 3, 4, ...addressOctets(nextHop)],
    list.length === 0 ? [] : [0xc0, 8, list.length, ...list],
  )
}

/** UPDATE of IPv4 routes. */
export function update(
  announced: readonly string[],
  attributeOctets: Piece = announced.length === 0 ? [] : attributes([64501]),
  withdrawn: readonly string[] = [],
): Uint8Array {
  const gone = withdrawn.flatMap(nlri)
  return bgp(
    2,
    u16(gone.length),
    gone,
    u16(attributeOctets.length),
    attributeOctets,
    announced.flatMap(nlri),
  )
}

// ---------------------------------------------------------------- TCP/IP

export interface TcpFields {
  readonly from: string
  readonly to: string
  readonly fromPort?: number
  readonly toPort?: number
  readonly seq: number
  readonly ack?: number
  /** Letters of SYN, FIN, RST, ACK, PSH: `SA`, `F`, ...; `A` if absent. */
  readonly flags?: string
  readonly data?: Piece
  /** TCP options, a multiple of four octets. */
  readonly options?: readonly number[]
}

const flagBits: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, A: 16 }

/** A TCP segment without its IP header. */
export function tcp(fields: TcpFields): Uint8Array {
  const { fromPort = 40_000, toPort = 179, seq, ack = 0, flags = 'A', data = [] } = fields
  const options = fields.options ?? []
  const bits = [...flags].reduce((sum, letter) => sum | (flagBits[letter] ?? 0), 0)
  return joinOctets(
    u16(fromPort),
    u16(toPort),
    u32(seq >>> 0),
    u32(ack >>> 0),
    [(5 + options.length / 4) << 4, bits],
    u16(65_535),
    u16(0),
    u16(0),
    options,
    data,
  )
}

/** An IPv4 or IPv6 packet around a payload; checksums are 0. */
export function ip(
  from: string,
  to: string,
  payload: Piece,
  options: { id?: number; fragment?: number; next?: number; total?: number } = {},
): Uint8Array {
  const { id = 1, fragment = 0, next = 6, total } = options
  const ends = [...addressOctets(from), ...addressOctets(to)]
  if (from.includes(':')) {
    return joinOctets(u32(0x60000000), u16(total ?? payload.length), [next, 64], ends, payload)
  }
  return joinOctets(
    [0x45, 0],
    u16(total ?? 20 + payload.length),
    u16(id),
    u16(fragment),
    [64, next],
    u16(0),
    ends,
    payload,
  )
}

export function tcpPacket(fields: TcpFields): Uint8Array {
  return ip(fields.from, fields.to, tcp(fields))
}

/** Ethernet frame; `tags` are VLAN tags, outermost first, as [EtherType, id]. */
export function ethernet(packet: Piece, tags: readonly (readonly [number, number])[] = []) {
  const etherType = (packet[0] ?? 0) >>> 4 === 6 ? 0x86dd : 0x0800
  const middle = tags.flatMap(([type, id]) => [...u16(type), ...u16(id)])
  return joinOctets(new Array(12).fill(2), middle, u16(etherType), packet)
}

// ---------------------------------------------------------------- files

export interface Frame {
  /** Seconds. */
  readonly time?: number
  readonly octets: Piece
  /** Octets on the wire, if more than were captured. */
  readonly length?: number
}

export interface PcapOptions {
  readonly linkType?: number
  readonly little?: boolean
  readonly nanoseconds?: boolean
}

const T0 = 1_700_000_000

export function pcapFile(frames: readonly Frame[], options: PcapOptions = {}): Uint8Array {
  const { linkType = 1, little = true, nanoseconds = false } = options
  const word = (n: number) => (little ? u32(n).reverse() : u32(n))
  const half = (n: number) => (little ? u16(n).reverse() : u16(n))
  const units = nanoseconds ? 1e9 : 1e6
  const head = [
    ...word(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4),
    ...half(2),
    ...half(4),
    ...word(0),
    ...word(0),
    ...word(262_144),
    ...word(linkType),
  ]
  return joinOctets(
    head,
    ...frames.flatMap(({ time = T0, octets, length = octets.length }) => [
      [
        ...word(Math.floor(time)),
        ...word(Math.round((time % 1) * units)),
        ...word(octets.length),
        ...word(length),
      ],
      octets,
    ]),
  )
}

function padded(octets: Piece): Uint8Array {
  return joinOctets(octets, new Array((4 - (octets.length % 4)) % 4).fill(0))
}

export interface PcapngWriter {
  section(): Uint8Array
  block(type: number, body: Piece): Uint8Array
  /** @param resolution if_tsresol, absent: microseconds */
  interface(linkType: number, resolution?: number, snapLength?: number): Uint8Array
  /** Enhanced Packet Block; `time` in units of the interface. */
  packet(id: number, time: bigint, octets: Piece, length?: number): Uint8Array
  simplePacket(octets: Piece, length?: number): Uint8Array
  obsoletePacket(id: number, time: bigint, octets: Piece): Uint8Array
}

export function pcapng(little = true): PcapngWriter {
  const word = (n: number) => (little ? u32(n >>> 0).reverse() : u32(n >>> 0))
  const half = (n: number) => (little ? u16(n).reverse() : u16(n))
  const block = (type: number, body: Piece) => {
    const content = padded(body)
    const total = word(12 + content.length)
    return joinOctets(word(type), total, content, total)
  }
  const stamp = (time: bigint) => [
    ...word(Number(time >> 32n)),
    ...word(Number(time & 0xffffffffn)),
  ]
  const sizes = (octets: Piece, length: number) => [...word(octets.length), ...word(length)]
  return {
    block,
    section: () =>
      block(0x0a0d0d0a, [...word(0x1a2b3c4d), ...half(1), ...half(0), ...u32(-1), ...u32(-1)]),
    interface: (linkType, resolution, snapLength = 0) =>
      block(1, [
        ...half(linkType),
        ...half(0),
        ...word(snapLength),
        ...(resolution === undefined
          ? []
          : [...half(9), ...half(1), resolution, 0, 0, 0, ...half(0), ...half(0)]),
      ]),
    packet: (id, time, octets, length = octets.length) =>
      block(6, joinOctets(word(id), stamp(time), sizes(octets, length), octets)),
    simplePacket: (octets, length = octets.length) => block(3, joinOctets(word(length), octets)),
    obsoletePacket: (id, time, octets) =>
      block(2, joinOctets(half(id), half(0), stamp(time), sizes(octets, octets.length), octets)),
  }
}

/** An MRT record. @param time seconds */
export function mrt(type: number, subtype: number, body: Piece, time = T0): Uint8Array {
  return joinOctets(u32(time), u16(type), u16(subtype), u32(body.length), body)
}

/** The head of a BGP4MP record's body: AS numbers, interface, addresses. */
export function bgp4mpHead(
  peerAs: number,
  localAs: number,
  peer: string,
  local: string,
  as4 = true,
): Uint8Array {
  const asn = as4 ? u32 : u16
  const afi = peer.includes(':') ? 2 : 1
  return joinOctets(
    asn(peerAs),
    asn(localAs),
    u16(0),
    u16(afi),
    addressOctets(peer),
    addressOctets(local),
  )
}

/** PEER_INDEX_TABLE of TABLE_DUMP_V2. */
export function peerIndexTable(peers: readonly (readonly [address: string, asn: number])[]) {
  const entries = peers.flatMap(([address, asn]) => [
    address.includes(':') ? 3 : 2,
    ...u32(0x0a000001),
    ...addressOctets(address),
    ...u32(asn),
  ])
  return mrt(
    13,
    1,
    joinOctets(u32(0x0a000002), u16(4), [118, 105, 101, 119], u16(peers.length), entries),
  )
}

/** A RIB record of TABLE_DUMP_V2: subtype 2 or 4, or 8 or 10 with path identifiers. */
export function ribRecord(
  subtype: number,
  prefix: string,
  entries: readonly (readonly [peer: number, attributes: Piece, pathId?: number])[],
): Uint8Array {
  const withPaths = subtype >= 8
  const body = entries.flatMap(([peer, octets, pathId = 0]) => [
    ...u16(peer),
    ...u32(T0 - 60),
    ...(withPaths ? u32(pathId) : []),
    ...u16(octets.length),
    ...octets,
  ])
  return mrt(13, subtype, joinOctets(u32(7), nlri(prefix), u16(entries.length), body))
}

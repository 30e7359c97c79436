/** IP packet to TCP segment: IPv4 and IPv6 headers, fragments put together (RFC 791, RFC 8200, RFC 9293). */
import { formatAddress } from '../prefix/text.ts'

/** TCP flags (RFC 9293 §3.1). */
export const TcpFlag = { fin: 1, syn: 2, rst: 4, ack: 16 } as const

/** A captured TCP segment; reused for each packet. */
export interface Segment {
  /** `address port` of each end, a key. */
  source: string
  destination: string
  sequence: number
  acknowledgment: number
  flags: number
  /** The payload at `start` to `end` of `view`. */
  view: DataView
  start: number
  end: number
  /** Octets of the payload after `end` that were not captured (snap length). */
  missing: number
}

/** Packets that were not used, by why. */
export interface PacketCounts {
  packets: number
  /** Captured only in part (snap length). */
  truncated: number
  /** No IP, or no TCP in it. */
  otherProtocol: number
  /** IP or TCP headers that contradict themselves. */
  malformed: number
  fragments: number
  /** Datagrams of which fragments were missing. */
  incompleteDatagrams: number
}

/** Fragments of one datagram. */
interface Datagram {
  readonly source: string
  readonly destination: string
  readonly octets: Uint8Array
  /** Octets that have come, as [start, end) ranges in order. */
  readonly ranges: [number, number][]
  /** Known once the last fragment has come. */
  length: number | undefined
}

const MAX_DATAGRAMS = 64
const MAX_DATAGRAM = 65535
const PROTOCOL_TCP = 6

/** Text of an IPv4 address at `at`. */
function ipv4Text(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`
}

/** Text of an IPv6 address at `at` (RFC 5952). */
function ipv6Text(view: DataView, at: number): string {
  return formatAddress({
    family: 2,
    length: 128,
    w0: view.getInt32(at),
    w1: view.getInt32(at + 4),
    w2: view.getInt32(at + 8),
    w3: view.getInt32(at + 12),
  })
}

/**
 * Turns IP packets into TCP segments.
 * @param deliver gets each segment; the object and its view are valid only during the call
 * @returns `packet`, to be called for each IP packet at `start` to `end` (what was captured), and
 *   `flush`, which gives out what there is of datagrams that never became complete
 */
export function segmentReader(counts: PacketCounts, deliver: (segment: Segment) => void) {
  const datagrams = new Map<string, Datagram>()
  const addresses = new Map<string, string>()
  const segment: Segment = {
    source: '',
    destination: '',
    sequence: 0,
    acknowledgment: 0,
    flags: 0,
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    end: 0,
    missing: 0,
  }

  /** RFC 5952 text costs more than all else here, and addresses repeat. */
  function ipv6Address(view: DataView, at: number): string {
    const key = String.fromCharCode(
      ...Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i)),
    )
    let text = addresses.get(key)
    if (text === undefined) {
      if (addresses.size >= 4096) addresses.clear()
      text = ipv6Text(view, at)
      addresses.set(key, text)
    }
    return text
  }

  /** @param missing octets of the segment after `end` that were not captured */
  function tcp(
    source: string,
    destination: string,
    view: DataView,
    start: number,
    end: number,
    missing: number,
  ): void {
    if (end - start < 20) {
      counts.malformed++
      return
    }
    const header = (view.getUint8(start + 12) >>> 4) * 4
    if (header < 20 || header > end - start + missing) {
      counts.malformed++
      return
    }
    segment.source = `${source} ${view.getUint16(start)}`
    segment.destination = `${destination} ${view.getUint16(start + 2)}`
    segment.sequence = view.getUint32(start + 4)
    segment.acknowledgment = view.getUint32(start + 8)
    segment.flags = view.getUint8(start + 13)
    segment.view = view
    segment.start = Math.min(start + header, end)
    segment.end = end
    segment.missing = Math.max(0, missing - Math.max(0, start + header - end))
    deliver(segment)
  }

  function finish(datagram: Datagram, whole: number): void {
    const [first] = datagram.ranges
    if (first === undefined || first[0] !== 0) return
    const view = new DataView(datagram.octets.buffer)
    tcp(datagram.source, datagram.destination, view, 0, first[1], Math.max(0, whole - first[1]))
  }

  function abandon(key: string, datagram: Datagram): void {
    datagrams.delete(key)
    counts.incompleteDatagrams++
    finish(datagram, datagram.length ?? datagram.ranges[0]?.[1] ?? 0)
  }

  function fragment(
    key: string,
    source: string,
    destination: string,
    view: DataView,
    start: number,
    end: number,
    offset: number,
    more: boolean,
    missing: number,
  ): void {
    counts.fragments++
    if (offset + end - start > MAX_DATAGRAM || end <= start) {
      counts.malformed++
      return
    }
    let datagram = datagrams.get(key)
    if (datagram === undefined) {
      for (const [oldest, old] of datagrams) {
        if (datagrams.size < MAX_DATAGRAMS) break
        abandon(oldest, old)
      }
      datagram = {
        source,
        destination,
        octets: new Uint8Array(MAX_DATAGRAM),
        ranges: [],
        length: undefined,
      }
      datagrams.set(key, datagram)
    }
    const octets = new Uint8Array(view.buffer, view.byteOffset + start, end - start)
    datagram.octets.set(octets, offset)
    addRange(datagram.ranges, offset, offset + octets.length)
    if (!more) datagram.length = offset + octets.length + missing
    const [first] = datagram.ranges
    if (datagram.length !== undefined && first?.[0] === 0 && first[1] >= datagram.length) {
      datagrams.delete(key)
      finish(datagram, datagram.length)
    }
  }

  function ipv4(view: DataView, start: number, end: number): void {
    const header = (view.getUint8(start) & 15) * 4
    if (end - start < 20 || header < 20 || start + header > end) {
      counts.malformed++
      return
    }
    if (view.getUint8(start + 9) !== PROTOCOL_TCP) {
      counts.otherProtocol++
      return
    }
    // A length of 0 is what a network card shows that segments by itself.
    const total = view.getUint16(start + 2) || end - start
    if (total < header) {
      counts.malformed++
      return
    }
    const stop = Math.min(end, start + total)
    const missing = Math.max(0, start + total - end)
    if (missing > 0) counts.truncated++
    const source = ipv4Text(view, start + 12)
    const destination = ipv4Text(view, start + 16)
    const position = view.getUint16(start + 6)
    const more = (position & 0x2000) !== 0
    const offset = (position & 0x1fff) * 8
    if (!more && offset === 0) {
      tcp(source, destination, view, start + header, stop, missing)
      return
    }
    const key = `${source} ${destination} ${view.getUint16(start + 4)}`
    fragment(key, source, destination, view, start + header, stop, offset, more, missing)
  }

  function ipv6(view: DataView, start: number, end: number): void {
    if (end - start < 40) {
      counts.malformed++
      return
    }
    const length = view.getUint16(start + 4) || end - start - 40
    const stop = Math.min(end, start + 40 + length)
    const missing = Math.max(0, start + 40 + length - end)
    if (missing > 0) counts.truncated++
    let next = view.getUint8(start + 6)
    let at = start + 40
    let piece: { offset: number; more: boolean; id: number } | undefined
    while (next !== PROTOCOL_TCP) {
      if (stop - at < 8 || !isExtension(next)) {
        counts.otherProtocol++
        return
      }
      const octets = extensionLength(next, view.getUint8(at + 1))
      if (next === FRAGMENT) {
        const position = view.getUint16(at + 2)
        piece = {
          offset: position & 0xfff8,
          more: (position & 1) === 1,
          id: view.getUint32(at + 4),
        }
      }
      next = view.getUint8(at)
      at += octets
      if (piece && (piece.offset > 0 || piece.more)) break
    }
    const source = ipv6Address(view, start + 8)
    const destination = ipv6Address(view, start + 24)
    if (piece === undefined || (piece.offset === 0 && !piece.more)) {
      tcp(source, destination, view, at, stop, missing)
      return
    }
    if (next !== PROTOCOL_TCP) {
      counts.otherProtocol++
      return
    }
    const key = `${source} ${destination} ${piece.id}`
    fragment(key, source, destination, view, at, stop, piece.offset, piece.more, missing)
  }

  return {
    packet(view: DataView, start: number, end: number): void {
      if (view.getUint8(start) >>> 4 === 4) ipv4(view, start, end)
      else ipv6(view, start, end)
    },
    flush(): void {
      for (const [key, datagram] of datagrams) abandon(key, datagram)
    },
  }
}

const FRAGMENT = 44
const AUTHENTICATION = 51

/** RFC 8200 §4 and the registry of IPv6 extension headers; those that hide what follows are left out. */
function isExtension(next: number): boolean {
  return [0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140].includes(next)
}

function extensionLength(next: number, field: number): number {
  if (next === FRAGMENT) return 8
  return next === AUTHENTICATION ? (field + 2) * 4 : (field + 1) * 8
}

/** Adds [start, end) to ranges that are in order and apart; keeps them so. */
function addRange(ranges: [number, number][], start: number, end: number): void {
  const kept = ranges.filter(([a, b]) => b < start || a > end)
  const touched = ranges.filter(([a, b]) => b >= start && a <= end)
  kept.push([
    Math.min(start, ...touched.map(([a]) => a)),
    Math.max(end, ...touched.map(([, b]) => b)),
  ])
  kept.sort((a, b) => a[0] - b[0])
  ranges.splice(0, ranges.length, ...kept)
}

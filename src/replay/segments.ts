/** IP packet to TCP segment: the headers of IPv4 (RFC 791), IPv6 (RFC 8200) and TCP (RFC 9293). */
import { formatAddress } from '../prefix/text.ts'
import { type FragmentCounts, fragmentTable, type IpPayload } from './ip-fragments.ts'

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
export interface PacketCounts extends FragmentCounts {
  packets: number
  /** Captured only in part (snap length). */
  truncated: number
  /** No IP, or no TCP in it. */
  otherProtocol: number
  /** IP or TCP headers that contradict themselves. */
  malformed: number
}

const PROTOCOL_TCP = 6
/** IPv6 extension headers (RFC 8200 §4.5, RFC 4302). */
const FRAGMENT = 44
const AUTHENTICATION = 51
const MAX_ADDRESSES = 4096

/** Those of the registry behind which TCP can be found; what is encrypted cannot. */
const extensions: readonly number[] = [0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140]

function extensionLength(type: number, field: number): number {
  if (type === FRAGMENT) return 8
  return type === AUTHENTICATION ? (field + 2) * 4 : (field + 1) * 8
}

/** Text of an IPv4 address at `at`. */
function ipv4Text(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`
}

/** @returns text of IPv6 addresses (RFC 5952); making it costs more than all else here, and they repeat */
function ipv6Texts(): (view: DataView, at: number) => string {
  const known = new Map<string, string>()
  return (view, at) => {
    const [w0, w1, w2, w3] = [0, 4, 8, 12].map((i) => view.getInt32(at + i)) as [
      number,
      number,
      number,
      number,
    ]
    const key = `${w0} ${w1} ${w2} ${w3}`
    let text = known.get(key)
    if (text === undefined) {
      if (known.size >= MAX_ADDRESSES) known.clear()
      text = formatAddress({ family: 2, length: 128, w0, w1, w2, w3 })
      known.set(key, text)
    }
    return text
  }
}

/** Where an IPv6 packet's extension headers lead. */
interface Chain {
  /** The protocol that follows. */
  readonly next: number
  /** Where it begins. */
  readonly at: number
  /** Of a fragment header. */
  readonly piece?: { readonly id: number; readonly offset: number; readonly more: boolean }
}

/** Follows extension headers up to TCP, a fragment or something else. */
function followExtensions(view: DataView, start: number, end: number): Chain {
  let next = view.getUint8(start + 6)
  let at = start + 40
  while (next !== PROTOCOL_TCP && extensions.includes(next) && end - at >= 8) {
    const type = next
    next = view.getUint8(at)
    const position = view.getUint16(at + 2)
    const id = view.getUint32(at + 4)
    at += extensionLength(type, view.getUint8(at + 1))
    const piece = { id, offset: position & 0xfff8, more: (position & 1) === 1 }
    // RFC 8200 §4.5: offset 0 and no more is a whole datagram all the same.
    if (type === FRAGMENT && (piece.offset > 0 || piece.more)) return { next, at, piece }
  }
  return { next, at }
}

/**
 * Turns IP packets into TCP segments.
 * @param deliver gets each segment; the object and its view are valid only during the call
 * @returns `packet`, to be called for each IP packet at `start` to `end` (what was captured), and
 *   `flush`, which gives out what there is of datagrams that never became complete
 */
export function segmentReader(counts: PacketCounts, deliver: (segment: Segment) => void) {
  const fragments = fragmentTable(counts, tcp)
  const ipv6Text = ipv6Texts()
  const nothing = new DataView(new ArrayBuffer(0))
  const payload: IpPayload = {
    source: '',
    destination: '',
    view: nothing,
    start: 0,
    end: 0,
    missing: 0,
  }
  const segment: Segment = {
    ...payload,
    sequence: 0,
    acknowledgment: 0,
    flags: 0,
  }

  function tcp({ source, destination, view, start, end, missing }: IpPayload): void {
    const header = end - start < 20 ? 0 : (view.getUint8(start + 12) >>> 4) * 4
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

  /** Sets what the packet carries: from `at` up to its length, as far as that was captured. */
  function carry(view: DataView, at: number, whole: number, end: number): void {
    payload.view = view
    payload.start = at
    payload.end = Math.min(end, whole)
    payload.missing = Math.max(0, whole - end)
    if (payload.missing > 0) counts.truncated++
  }

  function ipv4(view: DataView, start: number, end: number): void {
    const header = (view.getUint8(start) & 15) * 4
    // A length of 0 is what a network card shows that segments by itself.
    const total = end - start < 20 ? 0 : view.getUint16(start + 2) || end - start
    if (header < 20 || total < header || start + header > end) {
      counts.malformed++
      return
    }
    if (view.getUint8(start + 9) !== PROTOCOL_TCP) {
      counts.otherProtocol++
      return
    }
    carry(view, start + header, start + total, end)
    payload.source = ipv4Text(view, start + 12)
    payload.destination = ipv4Text(view, start + 16)
    const position = view.getUint16(start + 6)
    const more = (position & 0x2000) !== 0
    const offset = (position & 0x1fff) * 8
    if (!more && offset === 0) tcp(payload)
    else if (!fragments.add(payload, view.getUint16(start + 4), offset, more)) counts.malformed++
  }

  function ipv6(view: DataView, start: number, end: number): void {
    if (end - start < 40) {
      counts.malformed++
      return
    }
    const whole = start + 40 + (view.getUint16(start + 4) || end - start - 40)
    const { next, at, piece } = followExtensions(view, start, Math.min(end, whole))
    if (next !== PROTOCOL_TCP) {
      counts.otherProtocol++
      return
    }
    carry(view, at, whole, end)
    payload.source = ipv6Text(view, start + 8)
    payload.destination = ipv6Text(view, start + 24)
    if (piece === undefined) tcp(payload)
    else if (!fragments.add(payload, piece.id, piece.offset, piece.more)) counts.malformed++
  }

  return {
    packet(view: DataView, start: number, end: number): void {
      if (view.getUint8(start) >>> 4 === 4) ipv4(view, start, end)
      else ipv6(view, start, end)
    },
    flush(): void {
      fragments.flush()
    },
  }
}

/** UPDATE messages (RFC 4271 §4.3, RFC 4760) into a stream of octets. */
import type { FamilyName } from '../src/prefix/prefix.ts'
import { type Attributes, encodeAttributes, encodeReachHead } from './attributes.ts'
import type { BenchPrefix } from './universe.ts'

const HEADER = 19
const MAX_MESSAGE = 4096
const UPDATE = 2
const MP_REACH = 14
const MP_UNREACH = 15
const PIECE = 1 << 20

export interface UpdateWriter {
  readonly count: number
  readonly octets: number
  /** Announces routes that share their attributes. @returns the octets that tell sets apart */
  announce(attributes: Attributes, prefixes: readonly BenchPrefix[]): Uint8Array
  /** Withdraws a route, together with those before and after it. */
  withdraw(prefix: BenchPrefix): void
  endOfRib(): void
  /** Hands over what has not been written yet. */
  flush(): void
}

function nlriLength(prefix: BenchPrefix): number {
  return 1 + ((prefix.length + 7) >> 3)
}

/** Writes a prefix. @returns where it ends */
function putPrefix(into: DataView, at: number, { high, low, length }: BenchPrefix): number {
  into.setUint8(at, length)
  const octets = (length + 7) >> 3
  for (let i = 0; i < octets; i++) {
    const word = i < 4 ? high : low
    into.setUint8(at + 1 + i, word >>> (24 - 8 * (i & 3)))
  }
  return at + 1 + octets
}

/** Makes a writer that hands pieces of about a megabyte, valid only during the call, to `write`. */
export function createUpdateWriter(
  family: FamilyName,
  packing: 'full' | 'single',
  write: (octets: Uint8Array) => void,
): UpdateWriter {
  const piece = new Uint8Array(PIECE + MAX_MESSAGE)
  const view = new DataView(piece.buffer)
  let used = 0
  let count = 0
  let octets = 0
  let withdrawn: BenchPrefix[] = []
  let withdrawnLength = 0

  const hand = () => {
    if (used > 0) write(piece.subarray(0, used))
    used = 0
  }

  /** Completes the message that lies at `used` and ends at `end`. */
  const finish = (end: number) => {
    piece.fill(0xff, used, used + 16)
    view.setUint16(used + 16, end - used)
    view.setUint8(used + 18, UPDATE)
    octets += end - used
    count++
    used = end
    if (used >= PIECE) hand()
  }

  const put = (at: number, bytes: Uint8Array): number => {
    piece.set(bytes, at)
    return at + bytes.length
  }

  const putPrefixes = (at: number, prefixes: readonly BenchPrefix[]): number =>
    prefixes.reduce((offset, prefix) => putPrefix(view, offset, prefix), at)

  /** An UPDATE with the routes in its NLRI field. */
  const announce4 = (attributes: Uint8Array, prefixes: readonly BenchPrefix[]) => {
    view.setUint16(used + HEADER, 0)
    view.setUint16(used + HEADER + 2, attributes.length)
    finish(putPrefixes(put(used + HEADER + 4, attributes), prefixes))
  }

  /** An attribute of extended length that ends in NLRI. @returns where it ends */
  const putMultiprotocol = (
    at: number,
    code: number,
    head: Uint8Array,
    prefixes: readonly BenchPrefix[],
  ): number => {
    view.setUint8(at, 0x90)
    view.setUint8(at + 1, code)
    const end = putPrefixes(put(at + 4, head), prefixes)
    view.setUint16(at + 2, end - at - 4)
    return end
  }

  /** MP_REACH_NLRI stands first (RFC 7606 §5.1). */
  const announce6 = (head: Uint8Array, rest: Uint8Array, prefixes: readonly BenchPrefix[]) => {
    const start = used + HEADER + 4
    const end = put(putMultiprotocol(start, MP_REACH, head, prefixes), rest)
    view.setUint16(used + HEADER, 0)
    view.setUint16(used + HEADER + 2, end - start)
    finish(end)
  }

  const sendWithdrawn = () => {
    if (withdrawn.length === 0) return
    const start = used + HEADER + 2
    if (family === 'ipv4') {
      const end = putPrefixes(start, withdrawn)
      view.setUint16(used + HEADER, end - start)
      view.setUint16(end, 0)
      finish(end + 2)
    } else {
      const end = putMultiprotocol(start + 2, MP_UNREACH, Uint8Array.from([0, 2, 1]), withdrawn)
      view.setUint16(used + HEADER, 0)
      view.setUint16(start, end - start - 2)
      finish(end)
    }
    withdrawn = []
    withdrawnLength = 0
  }

  return {
    get count() {
      return count
    },
    get octets() {
      return octets
    },
    announce(attributes, prefixes) {
      const ipv4 = family === 'ipv4'
      const encoded = encodeAttributes(attributes, ipv4)
      const head = ipv4 ? new Uint8Array() : encodeReachHead(attributes)
      const room = MAX_MESSAGE - HEADER - 4 - encoded.length - (ipv4 ? 0 : head.length + 4)
      for (let at = 0; at < prefixes.length; ) {
        let end = at
        let length = 0
        while (end < prefixes.length && (end === at || packing === 'full')) {
          const next = length + nlriLength(prefixes[end] as BenchPrefix)
          if (next > room) break
          length = next
          end++
        }
        if (end === at) throw new Error(`attributes of ${encoded.length} octets leave no room`)
        if (ipv4) announce4(encoded, prefixes.slice(at, end))
        else announce6(head, encoded, prefixes.slice(at, end))
        at = end
      }
      const both = new Uint8Array(head.length + encoded.length)
      both.set(head)
      both.set(encoded, head.length)
      return both
    },
    withdraw(prefix) {
      const length = nlriLength(prefix)
      if (withdrawnLength + length > MAX_MESSAGE - HEADER - 16) sendWithdrawn()
      withdrawn.push(prefix)
      withdrawnLength += length
    },
    endOfRib() {
      const none = new Uint8Array()
      if (family === 'ipv4') announce4(none, [])
      else finish(endOfRib6(view, used))
    },
    flush() {
      sendWithdrawn()
      hand()
    },
  }
}

/** RFC 4724 §2: an empty MP_UNREACH_NLRI. @returns where the message ends */
function endOfRib6(view: DataView, at: number): number {
  const start = at + HEADER
  view.setUint16(start, 0)
  view.setUint16(start + 2, 6)
  for (const [i, octet] of [0x80, MP_UNREACH, 3, 0, 2, 1].entries()) {
    view.setUint8(start + 4 + i, octet)
  }
  return start + 10
}

/** Carves BGP messages out of a direction's octets and finds the way back after damage (RFC 4271 §4.1). */
import { HEADER_LENGTH, MAX_EXTENDED_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH } from '../wire/codes.ts'

const MARKER_LENGTH = 16

/** RFC 4271 §4.1 to §4.5 and RFC 2918 §3: the shortest message of each type, by type. */
const shortest = [0, 29, 23, 21, 19, 23]

export interface FramerSink {
  /** A whole message, header included; valid only during the call. */
  message(time: number, type: number, view: DataView, start: number, end: number): void
  /** `octets` octets in a row were no message; told when the run is over. */
  unparsed(time: number, octets: number): void
  /** The largest message that may come: 4096, or 65535 (RFC 8654). */
  maxLength(): number
}

/** Where the next 0xff octet stands, `end` if there is none. */
function findMarkerOctet(view: DataView, from: number, end: number): number {
  let at = from
  while (at < end && view.getUint8(at) !== 0xff) at++
  return at
}

/** How many of the first 16 octets at `at` are marker octets. */
function markerOctets(view: DataView, at: number, end: number): number {
  const stop = Math.min(at + MARKER_LENGTH, end)
  let i = at
  while (i < stop && view.getUint8(i) === 0xff) i++
  return i - at
}

/**
 * @param strict until the first message is found, headers must be plausible in every way: nothing but
 *   the content says that this is BGP at all
 */
export function messageFramer(sink: FramerSink, strict: boolean) {
  let partial = new Uint8Array(0)
  let partialLength = 0
  let skipped = 0
  let skippedAtAll = 0
  let recognised = false

  /** @returns the length of a message whose 19-octet header is at `at`, 0 when that is no header */
  function messageLength(view: DataView, at: number): number {
    const length = view.getUint16(at + MARKER_LENGTH)
    const type = view.getUint8(at + MARKER_LENGTH + 2)
    const least = recognised || !strict ? HEADER_LENGTH : (shortest[type] ?? 0)
    if (type < 1 || type > 5 || length < least || length > sink.maxLength()) return 0
    return strict && !recognised && type === 4 && length !== HEADER_LENGTH ? 0 : length
  }

  function skip(octets: number): void {
    skipped += octets
    skippedAtAll += octets
  }

  function endOfRun(time: number): void {
    if (skipped === 0) return
    if (recognised) sink.unparsed(time, skipped)
    skipped = 0
  }

  /** @returns where the unfinished rest begins */
  function carve(time: number, view: DataView, start: number, end: number): number {
    let at = start
    while (at < end) {
      const marker = markerOctets(view, at, end)
      if (at + marker === end) return at
      if (marker < MARKER_LENGTH) {
        const to = findMarkerOctet(view, at + marker, end)
        skip(to - at)
        at = to
        continue
      }
      if (end - at < HEADER_LENGTH) return at
      const length = messageLength(view, at)
      if (length === 0) {
        skip(1)
        at++
        continue
      }
      if (end - at < length) return at
      recognised = true
      endOfRun(time)
      sink.message(time, view.getUint8(at + MARKER_LENGTH + 2), view, at, at + length)
      at += length
    }
    return at
  }

  function keep(view: DataView, start: number, end: number): void {
    const octets = end - start
    if (partial.length < partialLength + octets) {
      const grown = new Uint8Array(Math.max(4096, 2 * (partialLength + octets)))
      grown.set(partial.subarray(0, partialLength))
      partial = grown
    }
    partial.set(new Uint8Array(view.buffer, view.byteOffset + start, octets), partialLength)
    partialLength += octets
  }

  return {
    /** Whether a message was found. */
    get recognised(): boolean {
      return recognised
    },
    /** Octets that were no message, in all. */
    get skipped(): number {
      return skippedAtAll
    },
    /** The next octets of the direction. */
    push(time: number, view: DataView, start: number, end: number): void {
      if (partialLength === 0) {
        const rest = carve(time, view, start, end)
        if (rest < end) keep(view, rest, end)
        return
      }
      keep(view, start, end)
      const whole = new DataView(partial.buffer, 0, partialLength)
      const rest = carve(time, whole, 0, partialLength)
      partial.copyWithin(0, rest, partialLength)
      partialLength -= rest
      if (partialLength === 0 && partial.length > MAX_MESSAGE_LENGTH) partial = new Uint8Array(0)
    },
    /** Octets are missing here, or no more come: a message that has begun will not be whole. */
    interrupt(time: number): void {
      // A damaged length may have swallowed whole messages: look behind the header that began here.
      const whole = new DataView(partial.buffer, 0, partialLength)
      for (let at = 0; at < partialLength; ) {
        skip(1)
        at = carve(time, whole, at + 1, partialLength)
      }
      partialLength = 0
      endOfRun(time)
    },
  }
}

export type MessageFramer = ReturnType<typeof messageFramer>

/** Octets without any message after which a connection on other ports than BGP's is taken for something else. */
export const GIVE_UP_AFTER = 2 * MAX_EXTENDED_MESSAGE_LENGTH

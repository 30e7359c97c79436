/**
 * From a TCP stream to messages. A message inside a chunk is handed out where it lies; only one that
 * straddles chunks is copied, into a buffer that is kept for the purpose, and in front of the next chunk.
 */
import { HEADER_LENGTH, MAX_EXTENDED_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH } from './codes.ts'
import { checkHeader, messageTypeAt } from './header.ts'

/** Whoever takes the messages. */
export interface FrameSink {
  /**
   * A whole message, header included and checked.
   * @param view valid only during the call
   * @param end exclusive
   */
  frame(type: number, view: DataView, start: number, end: number): void
  /**
   * Asked first, wherever a message begins: may take several at once, headers and all.
   * @param end of the octets that have come; the last message may not be whole
   * @param limit the longest message that is accepted
   * @returns behind the last message that it took: `start`, if it takes none
   */
  batch?(view: DataView, start: number, end: number, limit: number): number
}

/** Messages that were taken at once. */
export interface Taken {
  /** Behind the last of them. */
  end: number
  /** How many. */
  messages: number
}

export interface FrameReader {
  /**
   * The longest message that is accepted: 4096, or 65535 once both sides announced it (RFC 8654).
   * May be set from within `frame`; holds from the next message on.
   */
  maxLength: number
  /** Octets held of a message that has not come whole. */
  readonly pending: number
  readonly stopped: boolean
  /**
   * Takes the next octets of the stream and hands out each message that they complete.
   * Not to be called from within `frame`. After an exception, the sink's own included, the reader
   * is stopped.
   * @param room octets in front of the chunk, in its buffer, that may be written over: what was held of a
   *   message is put there, if it fits, so that the message lies in one piece
   * @throws ProtocolError 1/1, 1/2 or 1/3 for a header that is wrong (RFC 4271 §6.1)
   */
  push(chunk: Uint8Array, room?: number): void
  /** Nothing more is handed out, not even from the chunk at hand; further octets are dropped. */
  stop(): void
}

/** Makes a reader for one connection. */
export function createFrameReader(sink: FrameSink): FrameReader {
  let maxLength = MAX_MESSAGE_LENGTH
  let stopped = false
  let held = new Uint8Array(MAX_MESSAGE_LENGTH)
  let heldView = new DataView(held.buffer)
  let heldLength = 0

  /** Copies from `chunk` until `wanted` octets are held; returns where it stopped. */
  function fill(chunk: Uint8Array, from: number, wanted: number): number {
    const to = Math.min(chunk.length, from + wanted - heldLength)
    held.set(chunk.subarray(from, to), heldLength)
    heldLength += to - from
    return to
  }

  function growTo(length: number): void {
    if (length <= held.length) return
    const larger = new Uint8Array(MAX_EXTENDED_MESSAGE_LENGTH)
    larger.set(held.subarray(0, heldLength))
    held = larger
    heldView = new DataView(larger.buffer)
  }

  /** Completes the held message from `chunk`, as far as that goes; returns where it stopped. */
  function resume(chunk: Uint8Array, from: number): number {
    let at = fill(chunk, from, Math.max(HEADER_LENGTH, heldLength))
    if (heldLength < HEADER_LENGTH) return at
    const length = checkHeader(heldView, 0, maxLength)
    growTo(length)
    at = fill(chunk, at, length)
    if (heldLength < length) return at
    heldLength = 0
    sink.frame(messageTypeAt(heldView, 0), heldView, 0, length)
    return at
  }

  /** Hands out the messages that lie whole in `chunk`; returns where the first other begins. */
  function pass(chunk: Uint8Array, from: number): number {
    const end = chunk.length
    let at = from
    if (stopped || end - at < HEADER_LENGTH) return at
    const view = new DataView(chunk.buffer, chunk.byteOffset, end)
    while (!stopped && end - at >= HEADER_LENGTH) {
      const taken = sink.batch?.(view, at, end, maxLength) ?? at
      if (taken > at) {
        at = taken
        continue
      }
      if (stopped) break
      const next = at + checkHeader(view, at, maxLength)
      if (next > end) break
      sink.frame(messageTypeAt(view, at), view, at, next)
      at = next
    }
    return at
  }

  /** The octets held and those of a chunk, in one piece. */
  function join(chunk: Uint8Array): Uint8Array {
    const { buffer, byteOffset, length } = chunk
    const whole = new Uint8Array(buffer, byteOffset - heldLength, heldLength + length)
    whole.set(held.subarray(0, heldLength))
    heldLength = 0
    return whole
  }

  function push(chunk: Uint8Array, room = 0): void {
    if (stopped) return
    let whole = false
    try {
      const octets = heldLength > 0 && heldLength <= room ? join(chunk) : chunk
      let at = heldLength > 0 ? resume(octets, 0) : 0
      at = pass(octets, at)
      if (!stopped && at < octets.length) resume(octets, at)
      whole = true
    } finally {
      if (!whole) stopped = true
    }
  }

  return {
    get maxLength() {
      return maxLength
    },
    set maxLength(octets: number) {
      maxLength = octets
    },
    get pending() {
      return heldLength
    },
    get stopped() {
      return stopped
    },
    push,
    stop() {
      stopped = true
    },
  }
}

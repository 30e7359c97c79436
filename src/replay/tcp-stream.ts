/** Puts the segments of one TCP direction in order (RFC 9293 §3.10.7.4), as far as a capture allows. */

/** Who takes the octets of a direction. */
export interface StreamSink {
  /** The next octets in order, at `start` to `end` of `view`; valid only during the call. */
  data(time: number, view: DataView, start: number, end: number): void
  /** The capture lacks `octets` octets here; 0 when nobody can say how many. */
  lost(time: number, octets: number): void
}

/** A segment that came before the octets that precede it. */
interface HeldSegment {
  readonly sequence: number
  readonly octets: Uint8Array
  readonly missing: number
}

/** Limits of what is held out of order, a direction. */
const MAX_HELD_SEGMENTS = 512
const MAX_HELD_OCTETS = 1 << 20
/** Milliseconds of capture time after which a hole that the receiver acknowledged will not be filled any more. */
const ACKNOWLEDGED_WAIT = 1000
/** The same for a hole of which the other direction says nothing. */
const SILENT_WAIT = 60_000
/** A jump beyond this is another connection whose beginning was not captured. */
const MAX_JUMP = 1 << 24

/** Distance from `b` to `a` on the circle of sequence numbers (RFC 9293 §3.4). */
function distance(a: number, b: number): number {
  return (a - b) | 0
}

/** @returns the reassembly of one direction */
export function tcpStream(sink: StreamSink) {
  let next: number | undefined
  let initial: number | undefined
  /** Octets came with the SYN, and nothing after them yet. */
  let dataWithSyn = false
  let held: HeldSegment[] = []
  let heldOctets = 0
  let heldSince = 0
  let acknowledged: number | undefined
  let finAt: number | undefined

  function deliver(
    time: number,
    from: number,
    view: DataView,
    start: number,
    end: number,
    missing: number,
  ): void {
    if (end > start) sink.data(time, view, start, end)
    if (missing > 0) sink.lost(time, missing)
    next = (from + (end - start) + missing) >>> 0
  }

  /** Delivers what is held as far as it connects. */
  function drain(time: number): void {
    while (next !== undefined) {
      const [first] = held
      if (first === undefined || distance(first.sequence, next) > 0) return
      held.shift()
      heldOctets -= first.octets.length
      heldSince = time
      const old = -distance(first.sequence, next)
      if (old >= first.octets.length + first.missing) continue
      const view = new DataView(first.octets.buffer, first.octets.byteOffset, first.octets.length)
      const start = Math.min(old, view.byteLength)
      const missing = first.missing - Math.max(0, old - view.byteLength)
      deliver(time, next, view, start, view.byteLength, missing)
    }
  }

  function passHole(time: number): void {
    const [first] = held
    if (first === undefined || next === undefined) return
    sink.lost(time, distance(first.sequence, next))
    next = first.sequence
    drain(time)
  }

  function checkHole(time: number): void {
    while (held.length > 0 && next !== undefined) {
      const [first] = held
      const wait =
        acknowledged !== undefined && first && distance(acknowledged, first.sequence) >= 0
          ? ACKNOWLEDGED_WAIT
          : SILENT_WAIT
      const full = held.length > MAX_HELD_SEGMENTS || heldOctets > MAX_HELD_OCTETS
      if (!full && time - heldSince < wait) return
      passHole(time)
    }
  }

  function hold(
    time: number,
    sequence: number,
    view: DataView,
    start: number,
    end: number,
    missing: number,
  ) {
    if (held.length === 0) heldSince = time
    let at = held.length
    while (at > 0 && distance(sequence, held[at - 1]?.sequence ?? 0) < 0) at--
    const octets = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice()
    held.splice(at, 0, { sequence, octets, missing })
    heldOctets += octets.length
  }

  return {
    /** Sequence number of the SYN, once one was seen. */
    get initialSequence(): number | undefined {
      return initial
    },
    /** Whether anything of this direction was seen. */
    get started(): boolean {
      return next !== undefined
    },
    /** Whether all octets up to the FIN came. */
    get ended(): boolean {
      return finAt !== undefined && next !== undefined && distance(next, finAt) >= 0
    },
    /** A SYN: octets begin after it. */
    begin(sequence: number): void {
      initial = sequence
      next = (sequence + 1) >>> 0
    },
    /** The other direction acknowledged everything before `sequence`. */
    acknowledge(time: number, sequence: number): void {
      acknowledged = sequence
      if (held.length > 0) checkHole(time)
    },
    /**
     * A segment's payload, and `missing` octets after it that the capture cut off. The first one seen
     * sets where the stream begins.
     */
    receive(
      time: number,
      sequence: number,
      view: DataView,
      start: number,
      end: number,
      missing: number,
      withSyn: boolean,
    ): void {
      const octets = end - start + missing
      if (octets === 0) return
      next ??= sequence
      let ahead = distance(sequence, next)
      // Captures made by programs forget that the SYN itself takes a number when it carries data.
      if (dataWithSyn && ahead === -1 && octets > 1) {
        next = sequence
        ahead = 0
      }
      dataWithSyn = withSyn
      if (Math.abs(ahead) > MAX_JUMP) {
        this.flush(time)
        sink.lost(time, 0)
        next = sequence
        finAt = undefined
        ahead = 0
      }
      if (ahead > 0) {
        hold(time, sequence, view, start, end, missing)
        checkHole(time)
        return
      }
      const old = -ahead
      if (old >= octets) return
      const from = start + Math.min(old, end - start)
      deliver(time, next, view, from, end, missing - Math.max(0, old - (end - start)))
      if (held.length > 0) {
        drain(time)
        checkHole(time)
      }
    },
    /** The sender is done after the octet before `sequence`. */
    finish(sequence: number): void {
      next ??= sequence
      finAt = sequence
    },
    /** No more will come: holes stay holes. */
    flush(time: number): void {
      while (held.length > 0) passHole(time)
      held = []
      heldOctets = 0
    },
  }
}

export type TcpStream = ReturnType<typeof tcpStream>

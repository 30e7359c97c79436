/** Where a connection waits that came while its session is held back in Idle. One a session. */
import { MessageType } from '../wire/codes.ts'
import { ProtocolError } from '../wire/errors.ts'
import { decodeOpen } from '../wire/open.ts'
import type { Connection } from './connection.ts'

export interface Parked {
  readonly connection: Connection
  /** The peer's OPEN, if it came. */
  readonly open: Uint8Array | undefined
}

export interface Parking {
  /** Keeps a connection; one that waits already is given up, as the peer has given it up. */
  park(connection: Connection, open?: Uint8Array): void
  /** @returns the connection that waits, if its peer still does */
  take(): Parked | undefined
}

/** @returns an owned copy of a message */
export function copyMessage(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice()
}

/** RFC 4271 §4.2: a hold time is 0 or at least 3 seconds, so a third of it is at least this. */
const LEAST_PATIENCE_MS = 1000

/**
 * How long a peer may be left waiting. Some count their hold time, not the four minutes of RFC 4271
 * §8.2.2, from their OPEN on, and then come back only after minutes.
 * @param open its OPEN, whole
 * @returns milliseconds: a third of the hold time that it proposes; undefined: as long as we like
 */
export function patienceOf(open: Uint8Array): number | undefined {
  const view = new DataView(open.buffer, open.byteOffset, open.byteLength)
  try {
    const { holdTime } = decodeOpen(view, 0, open.length)
    return holdTime === 0 ? undefined : Math.max(LEAST_PATIENCE_MS, (holdTime * 1000) / 3)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

/**
 * Makes an empty place.
 * @param opened called with the OPEN of a peer that waits
 */
export function createParking(opened: (open: Uint8Array) => void): Parking {
  let parked: Parked | undefined
  /** The one before, perhaps not gone yet. */
  let givenUp: Connection | undefined

  function keep(connection: Connection, open: Uint8Array | undefined): void {
    parked = { connection, open }
    if (open !== undefined) opened(open)
  }

  return {
    park(connection, open) {
      // One at a time may take leave, or a peer could make us hold any number.
      if (parked !== undefined) {
        givenUp?.destroy()
        givenUp = parked.connection
        givenUp.close()
      }
      keep(connection, open)
      const leave = () => {
        connection.close()
        parked = undefined
      }
      connection.handlers = {
        frame(type, view, start, end) {
          // Nothing but an OPEN can come before ours; NOTIFICATION means that the peer goes.
          if (type !== MessageType.open || parked?.open !== undefined) leave()
          else keep(connection, copyMessage(view, start, end))
        },
        chunkDone() {},
        broken: leave,
        closed: leave,
      }
    },
    take() {
      const taken = parked
      parked = undefined
      return taken
    },
  }
}

/** Where a connection waits that came while its session is held back in Idle. One a session. */
import { MessageType } from '../wire/codes.ts'
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

/** Makes an empty place. */
export function createParking(): Parking {
  let parked: Parked | undefined
  /** The one before, perhaps not gone yet. */
  let givenUp: Connection | undefined

  return {
    park(connection, open) {
      // One at a time may take leave, or a peer could make us hold any number.
      if (parked !== undefined) {
        givenUp?.destroy()
        givenUp = parked.connection
        givenUp.close()
      }
      parked = { connection, open }
      const leave = () => {
        connection.close()
        parked = undefined
      }
      connection.handlers = {
        frame(type, view, start, end) {
          // Nothing but an OPEN can come before ours; NOTIFICATION means that the peer goes.
          if (type !== MessageType.open || parked?.open !== undefined) leave()
          else parked = { connection, open: copyMessage(view, start, end) }
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

/**
 * Sockets that all read into one buffer, where Node makes one of 64 KiB for each chunk. The octets of a
 * `data` event are therefore valid only during the event, like everything that a decoder shows.
 */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { allocateOctets } from '../kernel/memory.ts'

/** As much as Node reads at once. */
const CHUNK = 65_536
/** In front of it, for the longest message of which the end has not come yet (RFC 8654). */
const ROOM = 65_536
/** Behind it: the kernel reads octets in groups of 16. */
const SLACK = 64

/** Where the kernel can read it, which so takes UPDATEs as they came; null: there was no socket yet. */
let whole: DataView | null = null

function readBuffer(): Uint8Array {
  whole ??= allocateOctets(ROOM + CHUNK + SLACK)
  return new Uint8Array(whole.buffer, whole.byteOffset + ROOM, CHUNK)
}

/** @returns how many octets in front of a chunk nobody needs */
export function roomBefore(chunk: Uint8Array): number {
  return whole !== null && chunk.buffer === whole.buffer ? chunk.byteOffset - whole.byteOffset : 0
}

/** Makes a socket that reads into the buffer. @param options as those of `new Socket` */
export function createSocket(options: SocketConstructorOpts = {}): Socket {
  const reading: SocketConstructorOpts & ConnectOpts = {
    ...options,
    onread: {
      buffer: readBuffer(),
      callback(length, octets) {
        socket.emit('data', octets.subarray(0, length))
        return true
      },
    },
  }
  const socket = new Socket(reading)
  return socket
}

/**
 * Has an accepted socket read into the buffer, which a server has no option for: another object takes its
 * connection over, as happens when connections go to another process.
 * @param accepted by a server with `pauseOnConnect`; without further use afterwards
 * @returns the socket to use; `accepted` itself where it cannot be done
 */
export function adoptSocket(accepted: Socket): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle')
  if (typeof handle !== 'object' || handle === null) {
    accepted.resume()
    return accepted
  }
  Reflect.set(accepted, '_handle', null)
  return createSocket({ handle } as SocketConstructorOpts)
}

/**
 * Large arrays outside V8's heap, given back at once. Otherwise they stay resident until the collector
 * comes round, and it comes late to a daemon whose routes went: nothing is allocated then.
 *
 * The first array that is given back costs all compiled code that reads typed arrays: V8 takes for granted
 * that none is ever detached, until one is. On the way to a full table that is 200 ms of compiling again, so
 * a table that grows leaves what it outgrew to the collector, which comes soon enough while routes arrive.
 */
/** Octets from which on an array is worth the call. */
const LARGE = 1 << 16
/** Octets from which on it is even while a table grows: one of two million routes and more. */
const HUGE = 1 << 25

/** What is sent to a port that is closed is freed there and then. */
const { port1: nowhere, port2: closed } = new MessageChannel()
closed.close()

/** Frees an array that nobody reads any more, as routes went; it has no length afterwards. */
export function giveBack({ buffer }: Int32Array | DataView): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LARGE) {
    nowhere.postMessage(null, [buffer])
  }
}

/** Like `giveBack`, of an array whose place a larger one took. */
export function giveBackOutgrown(array: Int32Array): void {
  if (array.byteLength >= HUGE) giveBack(array)
}

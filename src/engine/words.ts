/**
 * Large arrays outside V8's heap, given back at once. Otherwise they stay resident until the collector
 * comes round, and it comes late to a daemon whose routes went: nothing is allocated then.
 */
/** Octets from which on an array is worth the call. */
const LARGE = 1 << 16

/** What is sent to a port that is closed is freed there and then. */
const { port1: nowhere, port2: closed } = new MessageChannel()
closed.close()

/** Frees an array that nobody reads any more; it has no length afterwards. */
export function giveBack({ buffer }: Int32Array | DataView): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= LARGE) {
    nowhere.postMessage(null, [buffer])
  }
}

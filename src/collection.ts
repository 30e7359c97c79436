/**
 * Collects garbage where V8 would wait. It comes round when objects are made, and a daemon whose routes
 * went, or whose tables are complete, makes none: what tables outgrew would stay resident for hours.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadKoffi } from './session/system-calls.ts'

/** Octets of change after which it is worth some tens of milliseconds. */
const WORTH = 16 * 2 ** 20

/** Milliseconds in which a thread of V8's frees what was collected. */
const FREED_AFTER = 1000

/**
 * glibc keeps what is freed in its own lists, tens of megabytes after a full table.
 * @returns a function that has it give whole pages back (malloc_trim(3)); with another C library, or
 *   without koffi, one that does nothing
 */
function pageRelease(): () => void {
  try {
    const trim = loadKoffi().load(null).func('int malloc_trim(size_t keep)')
    return () => trim(0)
  } catch {
    return () => {}
  }
}

/** @returns V8's own full collection, which scripts cannot reach otherwise; pages go back a second later */
export function fullCollection(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let release: (() => void) | undefined
  return () => {
    collect()
    release ??= pageRelease()
    setTimeout(release, FREED_AFTER).unref()
  }
}

/**
 * Makes a function to be called now and then, which collects once tables have grown or shrunk by 16 MiB
 * and then stayed as they were between two calls.
 * @param octets how much the tables take now
 */
export function createCollection(octets: () => number, collect: () => void): () => void {
  let collectedAt = octets()
  let before = collectedAt
  return () => {
    const now = octets()
    if (now === before && Math.abs(now - collectedAt) >= WORTH) {
      collect()
      collectedAt = now
    }
    before = now
  }
}

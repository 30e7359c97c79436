/**
 * Collects garbage where V8 would wait. It comes round when objects are made, and a daemon whose routes
 * went, or whose tables are complete, makes none: what tables outgrew would stay resident for hours. V8 does
 * not even count it (engine/words.ts).
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadKoffi } from './native.ts'

/** Octets that were dropped, from which on it is worth some tens of milliseconds. */
const WORTH = 8 * 2 ** 20
/** From so many on there is no waiting for a calm moment. */
const TOO_MUCH = 256 * 2 ** 20

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

/** What tables take outside V8's heap. */
export interface TableOctets {
  readonly held: number
  /** Those ever made. */
  readonly allocated: number
}

/**
 * Makes a function to be called now and then, which collects once tables have dropped 8 MiB of what they
 * held and then stayed as they were between two calls; and in any case once they have dropped 256 MiB.
 */
export function createCollection(octets: () => TableOctets, collect: () => void): () => void {
  const droppedUntil = ({ held, allocated }: TableOctets) => allocated - held
  let before = octets()
  let collected = droppedUntil(before)
  return () => {
    const now = octets()
    const dropped = droppedUntil(now) - collected
    const calm = now.allocated === before.allocated && now.held === before.held
    if (dropped >= (calm ? WORTH : TOO_MUCH)) {
      collect()
      collected += dropped
    }
    before = now
  }
}

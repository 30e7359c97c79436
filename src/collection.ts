/**
 * When the heap is collected, where V8 would choose a bad moment or none: once before the first table, and where
 * memory is to be given back. Tables free what they outgrow (kernel/memory.ts), but its pages stay resident; and V8
 * collects when objects are made, while a daemon whose routes went, or whose tables are complete, makes none: what its
 * heap kept of the routes would stay for hours.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { giveBackPages } from './kernel/memory.ts'
import { type Koffi, loadKoffi } from './native.ts'

/** Octets that were dropped, from which on it is worth some tens of milliseconds. */
const WORTH = 8 * 2 ** 20
/** From so many on there is no waiting for a calm moment. */
const TOO_MUCH = 256 * 2 ** 20

/** Milliseconds in which a thread of V8's frees what was collected. */
const FREED_AFTER = 1000

/** MADV_DONTNEED of madvise(2): pages are taken back, and are zero when they are looked at again. */
const DO_NOT_NEED = 4

/**
 * glibc keeps what is freed in its own lists, tens of megabytes after a full table.
 * @returns a function that has it give whole pages back (malloc_trim(3)); with another C library, or
 *   without koffi, one that does nothing
 */
function heapRelease(): () => void {
  try {
    const trim = cLibrary().func('int malloc_trim(size_t keep)')
    return () => trim(0)
  } catch {
    return () => {}
  }
}

/**
 * @returns a function that gives back the pages of what tables have freed, and returns their octets; on another
 *   system than Linux, or without koffi, one that does nothing: the next tables use them
 */
export function tableRelease(platform: string = process.platform): () => number {
  // Elsewhere the call is a hint, and pages keep what they held.
  if (platform !== 'linux') return () => 0
  try {
    const madvise = cLibrary().func('int madvise(void *address, size_t octets, int advice)')
    return () => giveBackPages((octets) => madvise(octets, octets.length, DO_NOT_NEED) === 0)
  } catch {
    return () => 0
  }
}

function cLibrary(): ReturnType<Koffi['load']> {
  return loadKoffi().load(null)
}

/** @returns V8's own full collection, which scripts cannot reach otherwise */
function heapCollection(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}

/** @returns a full collection, with which the pages of tables go back, and other pages a second later */
export function fullCollection(): () => void {
  const collect = heapCollection()
  let releaseTables: (() => number) | undefined
  let releaseHeap: (() => void) | undefined
  return () => {
    collect()
    releaseTables ??= tableRelease()
    releaseTables()
    releaseHeap ??= heapRelease()
    setTimeout(releaseHeap, FREED_AFTER).unref()
  }
}

/** How much the heap may grow then before V8 collects it again, in percent. */
const GROWTH = 50

/**
 * Collects what the start left, and lets the heap grow by half before V8 collects it again. V8 lowers that limit
 * with each collection of young objects while a process starts: that of Node 24 would collect in the middle of
 * the first table.
 * @param version of V8; that of Node 20 is left alone
 */
export function settleHeap(version: string): void {
  if (!version.startsWith('13.')) return
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`)
  heapCollection()()
  // From the next collection on V8 decides for itself again.
  setFlagsFromString('--heap-growing-percent=0')
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

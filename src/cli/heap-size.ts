/** How large V8's heap gets: the routes lie outside it, and need none of it. */
import { setFlagsFromString } from 'node:v8'
import { heapCollection } from '../collection.ts'

/**
 * Keeps the part where objects are young as small as it is. V8 lets it grow while modules are loaded and the
 * configuration is read, to 32 MB on Node 20 and to 128 MB on Node 24, and it stays so.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
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

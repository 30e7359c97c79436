/**
 * What one session carries of all registered prefixes of a family, looked up together in the kernel. At the
 * end of a table thousands of prefixes are judged in one go: one look-up after the other, each waits for
 * memory that no cache has.
 */
import { OutOfTableMemoryError } from '../kernel/arena.ts'
import {
  CONTROL_WORDS,
  LOOKED_COVER,
  LOOKED_SCRATCH,
  LOOKED_SET,
  LOOKED_WORDS,
  NOT_COVERED,
  NOT_LOOKED,
  REMOTE_AS,
  SLOTS,
  SPREAD as SPREAD_WORD,
  TABLE_WORDS,
  TABLES,
} from '../kernel/assembly/fields.ts'
import { loadKernel } from '../kernel/kernel.ts'
import { addressOf } from '../kernel/memory.ts'
import { type RadixTrie, STRIDE } from '../prefix/trie.ts'
import { NO_SET } from './adj-rib-in.ts'
import { SPREAD } from './route-slots.ts'
import { type EngineSession, type EngineState, type Registered, tableOf } from './state.ts'
import { TableArrays } from './table-arrays.ts'

/** What was looked up. Nothing may change routes, sets or the registry while there is a session in it. */
export interface Looked {
  /** null: nothing was looked up. */
  session: EngineSession | null
  /** Its table is there: what is missing will not come. */
  complete: boolean
  /** LOOKED_WORDS for each registered number; of the other family, and of twins, NOT_LOOKED. */
  rows: Int32Array
}

const none = new Int32Array(0)

export const looked: Looked = { session: null, complete: false, rows: none }

/** Fewer prefixes than this are looked up one by one. */
const MANY = 64
/** Nor is all looked up for less than this share of what is registered. */
const SHARE = 4

/** Everything that is taken is given back at once: arrays that outlive a failure go with this. */
const arrays = new TableArrays(looked)

/**
 * Looks up all registered prefixes, if many are to be judged because one session changed; `forgetLooked` must
 * follow. Where there is no kernel, no memory, or the session sends path identifiers, nothing is looked up.
 * @param dirty what is to be judged
 */
export function lookUpTogether(state: EngineState, dirty: readonly Registered[]): void {
  if (dirty.length < MANY || dirty.length * SHARE < state.byName.size) return
  const { changed, prefix } = dirty[0] as Registered
  const table = changed?.tables[prefix.family - 1]
  const kernel = loadKernel()
  if (changed === null || table === null || table === undefined || kernel === null) return
  try {
    const control = arrays.words(CONTROL_WORDS)
    const at = TABLES + (prefix.family - 1) * TABLE_WORDS
    table.rib.lend(control, at)
    if (control[at + SLOTS] !== 0) {
      control[SPREAD_WORD] = SPREAD
      control[REMOTE_AS] = changed.remoteAsn
      state.sets.lend(control)
      const trie = state.tries[prefix.family - 1] as RadixTrie
      const nodes = addressOf(trie.nodes)
      const rows = arrays.words(state.registered.length * LOOKED_WORDS).fill(NOT_LOOKED)
      kernel.lookUpAll(
        addressOf(control),
        prefix.family - 1,
        nodes + STRIDE * 4,
        nodes + trie.used * 4,
        addressOf(rows),
        addressOf(arrays.words(LOOKED_SCRATCH)),
      )
      looked.rows = rows
      looked.complete = table.complete
      looked.session = changed
    }
  } catch (error) {
    if (!(error instanceof OutOfTableMemoryError)) throw error
  }
}

/** @returns the length of the longest route that covers a prefix which is not there; null: none does */
export function coverLength(registered: Registered, session: EngineSession): number | null {
  if (looked.session === session) {
    const at = registered.number * LOOKED_WORDS
    if (looked.rows[at + LOOKED_SET] === NO_SET) {
      const length = looked.rows[at + LOOKED_COVER] as number
      return length === NOT_COVERED ? null : length
    }
  }
  const { prefix } = registered
  return tableOf(session, prefix.family)?.rib.longestCovering(prefix)?.length ?? null
}

/** What was looked up holds no longer. */
export function forgetLooked(): void {
  looked.session = null
  looked.rows = none
  arrays.freeAll()
}

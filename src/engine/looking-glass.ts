/** Look-ups in an Adj-RIB-In: exact, covering, covered, or page by page. */
import { copyPrefix, coversPrefix, Family, maskPrefix, type Prefix } from '../prefix/prefix.ts'
import { NONE, type RadixTrie } from '../prefix/trie.ts'
import { judgeSet } from './judge.ts'
import { viewRoute } from './route-facts.ts'
import { type EngineSession, type EngineState, type SessionTable, tableOf } from './state.ts'
import type { Page, RouteClass, RouteMatch, RouteView } from './types.ts'

/** Slots that one call looks at, so that a listing of a full table never holds BGP up. */
const SLOTS_PER_CALL = 65536

export interface RouteQuery {
  readonly prefix?: Prefix
  readonly match?: RouteMatch
  readonly limit: number
  /** `family.slot`, from the page before. */
  readonly cursor?: string
}

/** Class and findings that a route has (SPEC 1.4). */
export function classifyRoute(
  state: EngineState,
  session: EngineSession,
  prefix: Readonly<Prefix>,
  set: number,
): { class: RouteClass; bits: number } {
  const trie = state.tries[prefix.family - 1] as RadixTrie
  const exact = trie.find(prefix)
  if (exact === NONE) {
    const near = trie.covering !== NONE || trie.inside
    return { class: near ? 'overlap' : 'unregistered', bits: state.sets.findings(set) }
  }
  let bits = 0
  for (let r = state.registered[exact] ?? null; r !== null; r = r.twin) {
    bits |= judgeSet(state, r, session, set)
  }
  return { class: bits === 0 ? 'verified' : 'failed', bits }
}

function view(
  state: EngineState,
  session: EngineSession,
  table: SessionTable,
  prefix: Readonly<Prefix>,
  set: number,
  pathId: number,
  stamp: number,
): RouteView {
  const verdict = classifyRoute(state, session, prefix, set)
  return viewRoute(state, session, table, { prefix, set, pathId, stamp }, verdict)
}

/** All paths of exactly one prefix. */
export function exactRoutes(
  state: EngineState,
  session: EngineSession,
  prefix: Readonly<Prefix>,
): RouteView[] {
  const table = tableOf(session, prefix.family)
  const routes: RouteView[] = []
  table?.rib.eachPath(prefix, (set, pathId, stamp) => {
    routes.push(view(state, session, table, prefix, set, pathId, stamp))
  })
  return routes
}

/** The routes that cover or equal a prefix, longest first. */
function coveringRoutes(state: EngineState, session: EngineSession, prefix: Prefix): RouteView[] {
  const routes: RouteView[] = []
  const candidate = copyPrefix(prefix)
  for (let length = prefix.length; length >= 0; length--) {
    candidate.length = length
    routes.push(...exactRoutes(state, session, maskPrefix(candidate)))
  }
  return routes
}

/** Where a listing goes on. */
function readCursor(cursor: string | undefined): { family: Family; slot: number } | undefined {
  const [family, slot] = (cursor ?? '').split('.').map(Number)
  if (slot === undefined || !Number.isInteger(slot) || slot < 0) return undefined
  if (family !== Family.ipv4 && family !== Family.ipv6) return undefined
  return { family, slot }
}

/** One page of a walk over the slots of both tables, or of one when `prefix` names the family. */
function listRoutes(
  state: EngineState,
  session: EngineSession,
  query: RouteQuery,
): Page<RouteView> {
  const { prefix, limit } = query
  const from = readCursor(query.cursor)
  const items: RouteView[] = []
  let budget = SLOTS_PER_CALL
  const first = from?.family ?? prefix?.family ?? Family.ipv4
  const families = prefix ? [prefix.family] : [Family.ipv4, Family.ipv6].filter((f) => f >= first)
  for (const family of families) {
    const table = tableOf(session, family)
    if (table === null) continue
    const { rib } = table
    const start = family === from?.family ? Math.min(from.slot, rib.slotCount) : rib.slotCount
    for (let slot = start; slot > 0; ) {
      if (items.length >= limit || budget <= 0) return { items, cursor: `${family}.${slot}` }
      const to = Math.max(0, slot - Math.max(1, limit - items.length))
      rib.visitSlots(slot, to, (p, set, pathId, stamp) => {
        if (prefix && !coversPrefix(prefix, p)) return
        items.push(view(state, session, table, p, set, pathId, stamp))
      })
      budget -= slot - to
      slot = to
    }
  }
  return { items, cursor: null }
}

/** @returns the page of routes that a query asks for */
export function findRoutes(
  state: EngineState,
  session: EngineSession,
  query: RouteQuery,
): Page<RouteView> {
  const { prefix, match = 'exact' } = query
  if (prefix === undefined || match === 'covered') return listRoutes(state, session, query)
  const all =
    match === 'exact' ? exactRoutes(state, session, prefix) : coveringRoutes(state, session, prefix)
  return { items: all.slice(0, query.limit), cursor: null }
}

/** Slots that are looked at before it is asked whether there are enough. */
const SLOTS_AT_ONCE = 4096

/** @returns prefixes of both tables of a session, one for each of its paths, `most` of them */
export function announcedPrefixes(session: EngineSession, most: number): Prefix[] {
  const found: Prefix[] = []
  for (const family of [Family.ipv4, Family.ipv6]) {
    const rib = tableOf(session, family)?.rib
    if (rib === undefined) continue
    for (let slot = rib.slotCount; slot > 0 && found.length < most; slot -= SLOTS_AT_ONCE) {
      rib.visitSlots(slot, Math.max(0, slot - SLOTS_AT_ONCE), (prefix) => {
        if (found.length < most) found.push(copyPrefix(prefix))
      })
    }
  }
  return found
}

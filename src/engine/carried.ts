/**
 * What becomes of registered prefixes' routes: told when a prefix is evaluated, from what each session
 * carries then and what it carried before. Nothing is done for it when a route arrives.
 */
import { AttributeCode } from '../wire/codes.ts'
import { findAttribute } from '../wire/stored-attributes.ts'
import { NO_SET } from './adj-rib-in.ts'
import { holdsRoutes } from './finding-codes.ts'
import { createWindow, originOf } from './judge.ts'
import { type RouteFacts, readRoute } from './route-facts.ts'
import {
  type CarriedRoute,
  type EngineSession,
  type EngineState,
  type Registered,
  tableOf,
} from './state.ts'
import type { Location, RouteChange } from './types.ts'

const window = createWindow()

/** FNV-1a over the octets of a set's AS_PATH, 32 bits. */
function hashPath(state: EngineState, set: number): number {
  state.sets.locate(set, window)
  const found = findAttribute(window, AttributeCode.asPath)
  let hash = 0x811c9dc5 | 0
  if (found === undefined) return hash
  for (let at = found.value; at < found.end; at++) {
    hash = Math.imul(hash ^ window.view.getUint8(at), 0x01000193)
  }
  return hash
}

/** What `look` found last. */
const seen = { set: NO_SET, origin: 0, path: 0 }

/** Looks what the session carries of the prefix, into `seen`. @returns whether there is a route */
function look(state: EngineState, registered: Registered, session: EngineSession): boolean {
  const table = holdsRoutes(session) ? tableOf(session, registered.prefix.family) : null
  if (table === null) return false
  const { rib } = table
  seen.set = NO_SET
  seen.path = 0
  if (rib.paths) {
    // Paths stand in no order, so their hashes are added.
    rib.eachPath(registered.prefix, (set) => {
      if (seen.set === NO_SET) seen.set = set
      seen.path = (seen.path + hashPath(state, set)) | 0
    })
  } else {
    seen.set = rib.get(registered.prefix, 0)
  }
  if (seen.set === NO_SET) return false
  if (!rib.paths) seen.path = hashPath(state, seen.set)
  seen.origin = originOf(state, session, seen.set)
  return true
}

/** A change with a route behind it; its path is said when it is asked for. */
class PathChange implements RouteChange {
  readonly change: RouteChange['change']
  readonly session: string
  readonly location: Location
  readonly originAsn: number
  readonly previousOriginAsn?: number
  private readonly route: RouteFacts

  constructor(
    change: RouteChange['change'],
    session: string,
    location: Location,
    route: RouteFacts,
    origin: number,
    previous: number | undefined,
  ) {
    this.change = change
    this.session = session
    this.location = location
    this.route = route
    this.originAsn = origin >>> 0
    if (previous !== undefined) this.previousOriginAsn = previous >>> 0
  }

  get asPath(): string {
    return this.route.asPath
  }
}

function holdsAny(session: EngineSession, { prefix }: Registered): boolean {
  return (tableOf(session, prefix.family)?.rib.count ?? 0) > 0
}

function locationOf({ backup }: Registered, session: EngineSession): Location {
  return backup?.has(session.name) === true ? 'backup' : 'primary'
}

/** Where the prefix was received when it was last looked at. */
function activeOf(registered: Registered): Location | null {
  const { carried, backup } = registered
  if (carried === null || carried.size === 0) return null
  if (backup === null) return 'primary'
  for (const session of carried.keys()) if (!backup.has(session.name)) return 'primary'
  return 'backup'
}

/** @returns undefined when the session carries what it carried before */
function compare(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
): RouteChange | undefined {
  const before = registered.carried?.get(session)
  const expected = registered.expected.members.has(session)
  if (!expected || !look(state, registered, session)) {
    if (before === undefined) return undefined
    registered.carried?.delete(session)
    return {
      change: 'withdrawn',
      session: session.name,
      location: locationOf(registered, session),
      originAsn: before.origin >>> 0,
      asPath: '',
      because: !expected ? 'not-expected' : holdsRoutes(session) ? 'withdrawn' : 'session-down',
    }
  }
  const { set, origin, path } = seen
  if (before?.origin === origin && before.path === path) return undefined
  const now: CarriedRoute = { origin, path }
  registered.carried ??= new Map()
  registered.carried.set(session, now)
  const sameOrigin = before === undefined || before.origin === origin
  const change = before === undefined ? 'announced' : sameOrigin ? 'path-changed' : 'origin-changed'
  return new PathChange(
    change,
    session.name,
    locationOf(registered, session),
    readRoute(state, session, set),
    origin,
    sameOrigin ? undefined : before?.origin,
  )
}

/**
 * Tells what became of a prefix's routes since it was last looked at.
 * Called before its verdict is renewed, while it is known which session changed.
 * @param now milliseconds since the epoch
 */
export function noteRoutes(state: EngineState, registered: Registered, now: number): void {
  if (state.emitRoutes === null) return
  const { changed, routesCounted } = registered
  const wasActive = activeOf(registered)
  const changes: RouteChange[] = []
  const add = (session: EngineSession) => {
    const change = compare(state, registered, session)
    if (change !== undefined) changes.push(change)
  }
  if (changed !== null && routesCounted) {
    add(changed)
  } else {
    for (const session of registered.expected.sessions) {
      // Before any table is complete this is asked for every prefix as each session comes up.
      if (registered.carried !== null || holdsAny(session, registered)) add(session)
    }
    if (registered.carried !== null) {
      for (const session of registered.carried.keys()) {
        if (!registered.expected.members.has(session)) add(session)
      }
    }
  }
  if (changes.length === 0) return
  state.emitRoutes({
    kind: 'route',
    time: now,
    name: registered.registration.name,
    prefix: registered.text,
    changes,
    active: activeOf(registered),
    wasActive,
  })
}

/** Findings in words: what is wrong, with the offending value, and who changes what. */
import { isBogonAsn, isPrivateAsn } from '../wire/as-path-facts.ts'
import { type MissingRoute, missingRoute, sessionDown } from './absence.ts'
import { NO_SET } from './adj-rib-in.ts'
import { found, holdsRoutes, sessionsAt } from './finding-codes.ts'
import { foreignOrigins, judgeSet } from './judge.ts'
import { coverLength } from './lookups.ts'
import type { Sayable } from './open-finding.ts'
import { reasonBit } from './policy.ts'
import { copyRoute, type RouteCopy, type RouteFacts, readCopy, readRoute } from './route-facts.ts'
import { type EngineSession, type EngineState, type Registered, tableOf } from './state.ts'
import type { Evidence, FindingReason, Location, Policy } from './types.ts'

/** What a finding says. */
export interface Sentences {
  readonly message: string
  readonly action: string
  readonly evidence: Evidence
}

/** About whom a finding in a route's attributes speaks. */
export interface RouteContext {
  readonly prefix: string
  /** Stands behind the verb: ` on edge-a`, or empty. */
  readonly where: string
  /** Who announces: `AS64501`, or "The announcing network". */
  readonly who: string
  readonly policy: Policy
  readonly originAsns: readonly number[]
}

/** How one reason is said; each part is made only when it is asked for. */
interface RouteRule {
  message(route: RouteFacts, context: Omit<RouteContext, 'who'>): string
  action(route: RouteFacts, context: RouteContext): string
  evidence(route: RouteFacts): Evidence
}

/** AS numbers as an operator reads them: `AS64501`, `AS64501 or AS64502`. */
function asList(asns: readonly number[]): string {
  return asns.map((asn) => `AS${asn}`).join(' or ')
}

/** The first AS number of the path that matches, and its place counted from 1. */
function placeOf(route: RouteFacts, matches: (asn: number, index: number) => boolean) {
  const { asns } = route
  const index = asns.findIndex(matches)
  return { asn: asns[index] ?? 0, position: index + 1 }
}

/** A peer may send thousands of numbers; a sentence needs enough of them to be recognised by. */
const SHOWN_CHARACTERS = 400

/** @returns the text, or its beginning and three dots */
function shown(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text
  // Joined anew: a slice would keep the whole text alive.
  return `${[...text.slice(0, text.lastIndexOf(' ', SHOWN_CHARACTERS))].join('')} ...`
}

/** No community is shorter than `0:0` and a blank. */
function shownCommunities(communities: readonly string[]): string {
  return communities.length === 0
    ? 'none'
    : shown(communities.slice(0, SHOWN_CHARACTERS / 4 + 1).join(' '))
}

const privatePlace = (route: RouteFacts) => placeOf(route, isPrivateAsn)
const bogonPlace = (route: RouteFacts) => placeOf(route, isBogonAsn)
const prependedPlace = (route: RouteFacts) =>
  placeOf(route, (asn, index) => index > 0 && asn === route.asns[index - 1])

/** The required communities that are not there, as one phrase. */
function missingCommunities(route: RouteFacts, policy: Policy): string {
  const missing = policy.requiredCommunities.filter((text) => !route.communities.includes(text))
  return missing.join(policy.communityMatch === 'all' ? ' and ' : ' or ')
}

const routeRules: Partial<Record<FindingReason, RouteRule>> = {
  'missing-community': {
    message(route, { prefix, where, policy }) {
      return `${prefix} arrives${where} without the required community ${missingCommunities(route, policy)} (it carries ${shownCommunities(route.communities)}).`
    },
    action: (route, { who, policy }) =>
      `${who} must add the community ${missingCommunities(route, policy)} when it exports the route.`,
    evidence: ({ communities }) => ({ communities }),
  },
  'as-path-too-long': {
    message: (route, { prefix, where, policy }) =>
      `${prefix} arrives${where} with an AS path of length ${route.pathLength}, at most ${policy.maxAsPathLength} is allowed: ${shown(route.asPath)}.`,
    action: (_, { who }) => `${who} must announce it over a shorter path, or stop prepending.`,
    evidence: ({ pathLength }) => ({ pathLength }),
  },
  'private-asn': {
    message(route, { prefix, where }) {
      const { asn, position } = privatePlace(route)
      return `${prefix} arrives${where} with the private AS ${asn} at position ${position} of its AS path: ${shown(route.asPath)}.`
    },
    action: (_, { who }) => `${who} must remove private AS numbers when it exports the route.`,
    evidence: privatePlace,
  },
  'bogon-asn': {
    message(route, { prefix, where }) {
      const { asn, position } = bogonPlace(route)
      return `${prefix} arrives${where} with the reserved AS ${asn} at position ${position} of its AS path: ${shown(route.asPath)}.`
    },
    action: (_, { who }) =>
      `${who} must not pass on routes with reserved or documentation AS numbers.`,
    evidence: bogonPlace,
  },
  'as-path-prepended': {
    message: (route, { prefix, where }) =>
      `${prefix} arrives${where} with AS${prependedPlace(route).asn} prepended in its AS path: ${shown(route.asPath)}.`,
    action: (route) =>
      `AS${prependedPlace(route).asn} must stop prepending on the way to this session.`,
    evidence: prependedPlace,
  },
  'origin-mismatch': {
    message(route, { prefix, where, originAsns }) {
      const origin = route.originAsn === 0 ? 'an AS_SET' : `AS${route.originAsn}`
      return `${prefix} is originated${where} by ${origin}, it is registered with ${asList(originAsns)}.`
    },
    action: () => 'Its owner must find out who announces it: a wrong registration, or a hijack.',
    evidence: ({ originAsn }) => ({ originAsn }),
  },
}

/** Says a finding that lies in a route's attributes. */
export function describeRouteFinding(
  reason: FindingReason,
  route: RouteFacts,
  context: RouteContext,
): Sentences {
  const rule = routeRules[reason]
  const { asPath, nextHop } = route
  return {
    message: rule?.message(route, context) ?? '',
    action: rule?.action(route, context) ?? '',
    evidence: { asPath, nextHop, ...rule?.evidence(route) },
  }
}

/** The first route of the prefix on the session that has the finding, which is known to be there. */
function offendingSet(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  reason: FindingReason,
): number {
  const rib = tableOf(session, registered.prefix.family)?.rib
  if (rib === undefined) return NO_SET
  if (!rib.paths) return rib.get(registered.prefix, 0)
  const bit = reasonBit(reason)
  let found = NO_SET
  rib.eachPath(registered.prefix, (set) => {
    const offends = (judgeSet(state, registered, session, set) & bit) !== 0
    if (offends && found === NO_SET) found = set
  })
  return found
}

/** What is known of a route that is not there. */
function lookForMissing(registered: Registered, session: EngineSession): MissingRoute {
  const { malformed } = registered
  return missingRoute(coverLength(registered, session), malformed?.has(session) === true)
}

function describeMissing(registered: Registered, session: EngineSession): Sentences {
  const prefix = registered.text
  const missing = lookForMissing(registered, session)
  const cover = missing.covering(prefix)
  return {
    message: missing.say('not-received', prefix, session.name),
    action: `AS${session.remoteAsn >>> 0} must announce ${prefix} itself on this session: check its origination and export policy.`,
    evidence: { routes: cover === undefined ? [] : [cover] },
  }
}

/** Unregistered more-specifics as they were when they were looked at. */
class SeenSpecifics implements Sayable {
  declare readonly shared: boolean
  declare readonly count: number
  /** Origins that are not the prefix's own, the first few; signed 32 bits. */
  declare readonly foreign: readonly number[]

  constructor(count: number, foreign: readonly number[]) {
    this.shared = false
    this.count = count
    this.foreign = foreign
  }

  say(_reason: FindingReason, prefix: string, session: string): string {
    const { count, foreign } = this
    const from = foreign.map((origin) => (origin === 0 ? 'an unknown AS' : `AS${origin >>> 0}`))
    const whose = from.length === 0 ? '' : `, from ${from.join(', ')}`
    const routes = count === 1 ? '1 more-specific route' : `${count} more-specific routes`
    return `${session} also carries ${routes} of ${prefix} that ${count === 1 ? 'is' : 'are'} not registered${whose}.`
  }
}

/** @param foreign their `foreignOrigins` */
function seeSpecifics(
  registered: Registered,
  session: EngineSession,
  foreign: readonly number[],
): SeenSpecifics {
  return new SeenSpecifics(registered.moreSpecifics?.get(session)?.count ?? 0, foreign)
}

function describeMoreSpecifics(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
): Sentences {
  const foreign = foreignOrigins(state, registered, session, NO_SET)
  const specifics = seeSpecifics(registered, session, foreign)
  const { count } = specifics
  return {
    message: specifics.say('overlapping-announcement', registered.text, session.name),
    action: `Register the more-specific prefixes, or have AS${session.remoteAsn >>> 0} stop announcing them.`,
    evidence: { count, ...(foreign[0] === undefined ? {} : { originAsn: foreign[0] >>> 0 }) },
  }
}

/** Says with whom a registration overlaps. */
export function describeOverlap(registered: Registered): Sentences {
  const prefix = registered.text
  const others = registered.overlaps.map((other) => {
    const { name, owner } = other.registration
    return `${other.text} (${name}${owner === undefined ? '' : `, owner ${owner}`})`
  })
  const first = registered.overlaps[0]
  const more = others.length > 3 ? ` and ${others.length - 3} more` : ''
  return {
    message: `${prefix} overlaps ${others.slice(0, 3).join(', ')}${more}, registered to someone else.`,
    action: 'One of the two owners must give up or narrow its registration.',
    evidence: {
      count: others.length,
      ...(first && {
        otherPrefix: first.text,
        otherName: first.registration.name,
      }),
    },
  }
}

/** Says which sessions of a location are up, and that they are too few. */
function describeLocation(registered: Registered, which: Location): Sentences {
  const required = registered.registration.requires?.[which]
  if (required === undefined) return { message: '', action: '', evidence: {} }
  const { location } = required
  const sessions = sessionsAt(registered, required)
  const up = sessions.filter(holdsRoutes)
  const routers = new Set(up.map(({ router }) => router)).size
  const names = (list: readonly EngineSession[]) => shown(list.map(({ name }) => name).join(', '))
  const down = sessions.filter((session) => !holdsRoutes(session))
  const downWords = down.length === 0 ? '' : `; not Established: ${names(down)}`
  const upWords = up.length === 0 ? 'no session up' : `only ${names(up)} up`
  const one = up.length > routers && routers === 1 ? ', all with one router' : ''
  const wanted = which === 'primary' ? 'two sessions with different routers' : 'one session'
  const what =
    which === 'primary' && routers === 1 ? 'another session, with another router,' : wanted
  return {
    message: `The ${which} location ${location} of ${registered.text} has ${upWords}${one}${downWords}; ${wanted} must be.`,
    action: `The provider must bring up ${what} at ${location}.`,
    evidence: { count: routers },
  }
}

/**
 * Says one open finding of a registered prefix.
 * @param session null: the finding is about the registration as such
 */
export function describeFinding(
  state: EngineState,
  registered: Registered,
  session: EngineSession | null,
  reason: FindingReason,
): Sentences {
  if (session === null) {
    if (reason === 'insufficient-primary-sessions') return describeLocation(registered, 'primary')
    if (reason === 'no-backup-session') return describeLocation(registered, 'backup')
    return describeOverlap(registered)
  }
  const prefix = registered.text
  const who = `AS${session.remoteAsn >>> 0}`
  switch (reason) {
    case 'session-down':
      return {
        message: sessionDown.say(reason, prefix, session.name),
        action: `Bring the session with ${who} up: see the session's last error.`,
        evidence: {},
      }
    case 'not-received':
      return describeMissing(registered, session)
    case 'malformed-update': {
      const detail = registered.malformed?.get(session) ?? ''
      return {
        message: `The last UPDATE for ${prefix} on ${session.name} was malformed and counts as a withdrawal: ${detail}.`,
        action: `${who} must find out which router builds the malformed attribute; its vendor will want the UPDATE.`,
        evidence: { detail },
      }
    }
    case 'overlapping-announcement':
      return describeMoreSpecifics(state, registered, session)
    default: {
      const set = offendingSet(state, registered, session, reason)
      if (set === NO_SET) return { message: '', action: '', evidence: {} }
      const route = readRoute(state, session, set)
      return describeRouteFinding(reason, route, contextOf(registered, session))
    }
  }
}

function placeOn(session: string): string {
  return ` on ${session}`
}

function contextOf(registered: Registered, session: EngineSession): RouteContext {
  return {
    prefix: registered.text,
    where: placeOn(session.name),
    who: `AS${session.remoteAsn >>> 0}`,
    policy: registered.policy.policy,
    originAsns: registered.registration.originAsns,
  }
}

/** A route as findings saw it, of which only what it takes to read it is kept. */
class SeenRoute implements Sayable {
  declare readonly shared: boolean
  declare readonly session: EngineSession
  declare readonly set: number
  declare private readonly route: RouteCopy
  // As they are now: both may be others when the sentence is made.
  declare private readonly policy: Policy
  declare private readonly originAsns: readonly number[]

  constructor(registered: Registered, session: EngineSession, set: number, route: RouteCopy) {
    this.shared = false
    this.session = session
    this.set = set
    this.route = route
    this.policy = registered.policy.policy
    this.originAsns = registered.registration.originAsns
  }

  say(reason: FindingReason, prefix: string, session: string): string {
    const { policy, originAsns } = this
    const context = { prefix, policy, originAsns, where: placeOn(session) }
    return routeRules[reason]?.message(readCopy(this.route), context) ?? ''
  }
}

/**
 * The sentence of a finding that opens, right after `findCodes` found it. Ten thousand may open at once, so
 * most are said when they are asked for, from what was seen now. A route with very many attributes is not
 * kept for that: what is found in it is said at once.
 * @param last what the call before returned in the same evaluation: of one route there is one copy
 */
export function findingSentence(
  state: EngineState,
  registered: Registered,
  session: EngineSession | null,
  reason: FindingReason,
  last: string | Sayable | undefined,
): string | Sayable {
  if (session !== null) {
    if (reason === 'overlapping-announcement') {
      const known = found.session === session
      const foreign = known ? found.foreign : foreignOrigins(state, registered, session, NO_SET)
      return seeSpecifics(registered, session, foreign)
    }
    if (reason === 'not-received') return lookForMissing(registered, session)
    if (reason === 'session-down') return sessionDown
    if (reason !== 'malformed-update') {
      return routeSentence(state, registered, session, reason, last)
    }
  }
  return describeFinding(state, registered, session, reason).message
}

/** The sentence of a finding that lies in a route's attributes. */
function routeSentence(
  state: EngineState,
  registered: Registered,
  session: EngineSession,
  reason: FindingReason,
  last: string | Sayable | undefined,
): string | Sayable {
  const known = found.session === session && found.set !== NO_SET
  const set = known ? found.set : offendingSet(state, registered, session, reason)
  if (set === NO_SET) return ''
  if (last instanceof SeenRoute && last.session === session && last.set === set) return last
  const copy = copyRoute(state, session, set)
  if (copy !== null) return new SeenRoute(registered, session, set, copy)
  const context = contextOf(registered, session)
  return routeRules[reason]?.message(readRoute(state, session, set), context) ?? ''
}

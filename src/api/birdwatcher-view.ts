/**
 * Sessions and routes in the JSON of birdwatcher, which the Alice looking glass reads: states in BIRD's
 * words, counts by channel, and why a route is filtered as a large community.
 */
import type { FindingReason, RouteView, SessionTallies } from '../engine/types.ts'
import { type FamilyName, familyNames } from '../prefix/prefix.ts'
import { shownTime } from '../session/clock.ts'
import type { SessionStatus } from '../session/types.ts'
import { shownIsoTime } from './session-view.ts'

/** Euro-IX, list of large communities: RS:1101:n says why a route is filtered. */
const FILTERED = 1101
/** The list leaves functions from 1900 on to each exchange: our reasons that it has no number for. */
const FILTERED_BY_US = 1999

/** Function and parameter of the large community that says a reason. */
export const reasonCommunities = {
  'bogon-asn': [FILTERED, 4],
  'private-asn': [FILTERED, 4],
  'as-path-too-long': [FILTERED, 5],
  'origin-mismatch': [FILTERED, 11],
  'missing-community': [FILTERED_BY_US, 1],
  'as-path-prepended': [FILTERED_BY_US, 2],
} as const satisfies Partial<Record<FindingReason, readonly [number, number]>>

/** A time as BIRD's `iso long` prints it, in UTC: `2026-01-31 12:00:00`. */
export function birdTime(milliseconds: number): string {
  return new Date(shownTime(milliseconds)).toISOString().slice(0, 19).replace('T', ' ')
}

/** What stands before every answer. */
export function envelope(version: string, now: number) {
  return {
    api: {
      Version: version,
      result_from_cache: false,
      cache_status: { cached_at: { date: shownIsoTime(now), timezone: 'UTC' } },
    },
    ttl: shownIsoTime(now),
  }
}

type Counts = SessionTallies['prefixes']

function channel(held: number, filtered: number) {
  return { imported: held - filtered, filtered, exported: 0, preferred: held - filtered }
}

const channelNames: Record<FamilyName, string> = { ipv4: 'ipv4', ipv6: 'ipv6' }

/**
 * A session as a BGP protocol of BIRD.
 * @param held routes of its Adj-RIB-In; `filtered`: those of them with errors
 */
export function protocolView(status: SessionStatus, held: Counts, filtered: Counts) {
  const { config } = status
  const up = status.stateName === 'Established'
  const all = channel(held.ipv4 + held.ipv6, filtered.ipv4 + filtered.ipv6)
  const channels = config.families.map((family) => {
    const routes = channel(held[family], filtered[family])
    return [channelNames[family], { state: up ? 'UP' : 'DOWN', routes, routes_count: routes }]
  })
  return {
    protocol: status.name,
    bird_protocol: 'BGP',
    table: 'adj-rib-in',
    state: up ? 'up' : status.shutdown ? 'down' : 'start',
    state_changed: birdTime(status.since),
    connection: status.stateName,
    bgp_state: status.stateName,
    description: config.description || status.name,
    neighbor_address: config.address,
    neighbor_as: config.asn,
    neighbor_id: status.negotiated?.remoteRouterId ?? '',
    local_as: config.localAsn,
    last_error: up ? '' : (status.lastError ?? ''),
    hold_timer: status.negotiated?.holdTime ?? config.holdTime,
    import_limit: config.maxPrefixes?.limit ?? null,
    routes: all,
    channels: Object.fromEntries(channels),
  }
}

/** A session in the short list, which is asked for often. */
export function shortProtocolView(status: SessionStatus) {
  return {
    proto: 'BGP',
    table: 'adj-rib-in',
    state: status.stateName === 'Established' ? 'up' : status.shutdown ? 'down' : 'start',
    since: birdTime(status.since),
    info: status.stateName,
  }
}

function numbers(communities: readonly string[]): number[][] {
  return communities.map((community) => community.split(':').map(Number))
}

/** `rt:64500:1` and the like; numbers as text, as birdwatcher has them. */
function extended(communities: readonly string[]): string[][] {
  return communities.map((community) => community.split(':')).filter((parts) => parts.length === 3)
}

/** The large communities that say why a route is filtered, each once. */
function reasons(route: RouteView, localAsn: number): number[][] {
  const said = new Map<string, number[]>()
  for (const reason of route.reasons) {
    const known = reasonCommunities[reason as keyof typeof reasonCommunities]
    if (known !== undefined) said.set(known.join(), [localAsn, ...known])
  }
  return [...said.values()]
}

/**
 * A route of a session's Adj-RIB-In as a route of BIRD.
 * @param filtered it has findings: they are said as large communities of our AS number
 */
export function routeJson(status: SessionStatus, route: RouteView, filtered: boolean) {
  const { config } = status
  const large = numbers(route.largeCommunities)
  return {
    network: route.prefix,
    from_protocol: status.name,
    gateway: config.address,
    learnt_from: config.address,
    interface: '',
    age: birdTime(route.receivedAt),
    metric: 100,
    primary: !filtered,
    type: ['BGP', 'univ'],
    ...(route.pathId !== undefined && { path_id: route.pathId }),
    bgp: {
      origin: route.origin,
      as_path: route.asPath.split(' ').filter(Boolean),
      next_hop: route.nextHop,
      local_pref: `${route.localPref ?? 100}`,
      med: `${route.med ?? 0}`,
      communities: numbers(route.communities),
      large_communities: filtered ? [...large, ...reasons(route, config.localAsn)] : large,
      ext_communities: extended(route.extendedCommunities),
    },
  }
}

/** No routes at all. */
export const noRoutes: Counts = Object.fromEntries(
  familyNames.map((family) => [family, 0]),
) as unknown as Counts

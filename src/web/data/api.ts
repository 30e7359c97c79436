/** The daemon's API, as the page asks it. Every path carries the type of its answer. */
import type { EventListJson } from '../../api/event-schemas.ts'
import type { HistoryEventJson } from '../../api/history-routes.ts'
import type {
  ExplainRequestJson,
  ExplanationJson,
  PrefixJson,
  PrefixListJson,
} from '../../api/prefix-schemas.ts'
import type { RouteListJson } from '../../api/route-schemas.ts'
import type { Problem } from '../../api/schemas.ts'
import type { SessionJson, SessionListJson } from '../../api/session-schemas.ts'
import type { OverviewJson } from '../../api/status-schemas.ts'
import type { CircuitView } from '../../peering/kinds/circuit.ts'
import type { CircuitLinkView } from '../../peering/kinds/circuit-link.ts'
import type { CircuitPeeringView } from '../../peering/kinds/circuit-peering-spec.ts'
import type { ConnectionView } from '../../peering/kinds/connection-spec.ts'
import type { PeeringView } from '../../peering/kinds/peering.ts'
import type { RegisteredPrefixView } from '../../peering/kinds/registered-prefix.ts'
import type { VirtualNetworkView } from '../../peering/kinds/virtual-network-kind.ts'
import type { VirtualNetworkPeeringView } from '../../peering/kinds/virtual-network-peering.ts'
import type { ReachabilityView } from '../../peering/kinds/virtual-network-reachability.ts'
import { tokenHeader, tokenWanted } from './token.ts'

/** A path below `api/v1/` whose answer is a `T`. */
export type Path<T> = string & { readonly answer?: T }

type Query = Readonly<Record<string, string | number | undefined>>

function withQuery<T>(path: string, query: Query): Path<T> {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, String(value)]],
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

export type HistoryWindow = '6h' | '1d' | '7d' | '30d'

/** A resource of the registry. */
export interface ResourceJson<View> {
  readonly name: string
  /** Names from the outermost parent inwards, joined by `/`. */
  readonly id: string
  readonly owner: string | null
  readonly createdAt: string
  readonly properties: View
}
export type PeeringJson = ResourceJson<PeeringView>
export type ConnectionJson = ResourceJson<ConnectionView>
export type RegisteredPrefixJson = ResourceJson<RegisteredPrefixView>

export type CircuitJson = ResourceJson<CircuitView>
export type CircuitPeeringJson = ResourceJson<CircuitPeeringView>
export type CircuitLinkJson = ResourceJson<CircuitLinkView>
export type NetworkJson = ResourceJson<VirtualNetworkView>
export type NetworkPeeringJson = ResourceJson<VirtualNetworkPeeringView>

export interface HistoryListJson {
  readonly items: readonly HistoryEventJson[]
  readonly cursor: string | null
}

interface ListOf<T> {
  readonly items: readonly T[]
  readonly cursor: string | null
  readonly total: number
}

/** Resources of one kind that a view reads. */
const RESOURCES_READ = 1000

/** What can be read, and what comes back. */
export const paths = {
  overview: (): Path<OverviewJson> => 'overview',
  prefixes: (query: Query): Path<PrefixListJson> =>
    withQuery('prefixes', { messages: 'first', ...query }),
  prefix: (name: string): Path<PrefixJson> => `prefixes/${encodeURIComponent(name)}`,
  history: (name: string, window: HistoryWindow): Path<HistoryListJson> =>
    withQuery(`prefixes/${encodeURIComponent(name)}/history`, { window, limit: 500 }),
  sessions: (query: Query = {}): Path<SessionListJson> => withQuery('sessions', query),
  session: (name: string): Path<SessionJson> => `sessions/${encodeURIComponent(name)}`,
  routes: (name: string, query: Query): Path<RouteListJson> =>
    withQuery(`sessions/${encodeURIComponent(name)}/routes`, query),
  peerings: (): Path<ListOf<PeeringJson>> => withQuery('peerings', { limit: RESOURCES_READ }),
  peering: (name: string): Path<PeeringJson> => `peerings/${encodeURIComponent(name)}`,
  /** @param peering absent: those of all */
  connections: (peering?: string): Path<ListOf<ConnectionJson>> =>
    withQuery(
      peering === undefined ? 'connections' : `peerings/${encodeURIComponent(peering)}/connections`,
      { limit: RESOURCES_READ },
    ),
  registeredPrefixes: (peering: string): Path<ListOf<RegisteredPrefixJson>> =>
    withQuery(`peerings/${encodeURIComponent(peering)}/registeredPrefixes`, { limit: 200 }),
  circuits: (): Path<ListOf<CircuitJson>> => withQuery('circuits', { limit: RESOURCES_READ }),
  circuit: (name: string): Path<CircuitJson> => `circuits/${encodeURIComponent(name)}`,
  /** @param circuit absent: those of all */
  circuitPeerings: (circuit?: string): Path<ListOf<CircuitPeeringJson>> =>
    withQuery(
      circuit === undefined
        ? 'circuitPeerings'
        : `circuits/${encodeURIComponent(circuit)}/circuitPeerings`,
      { limit: RESOURCES_READ },
    ),
  circuitLinks: (circuit: string): Path<ListOf<CircuitLinkJson>> =>
    withQuery(`circuits/${encodeURIComponent(circuit)}/circuitLinks`, { limit: RESOURCES_READ }),
  networks: (): Path<ListOf<NetworkJson>> =>
    withQuery('virtualNetworks', { limit: RESOURCES_READ }),
  network: (name: string): Path<NetworkJson> => `virtualNetworks/${encodeURIComponent(name)}`,
  networkPeerings: (network: string): Path<ListOf<NetworkPeeringJson>> =>
    withQuery(`virtualNetworks/${encodeURIComponent(network)}/virtualNetworkPeerings`, {
      limit: RESOURCES_READ,
    }),
  reachability: (from: string, to: string): Path<ReachabilityView> =>
    withQuery(`virtualNetworks/${encodeURIComponent(from)}/reachability`, { to }),
  events: (query: Query): Path<EventListJson> => withQuery('events', query),
}

/** The daemon refused, or did not answer; `message` is for people. */
export class ApiFailure extends Error {
  /** HTTP status; 0: no answer. */
  readonly status: number
  /** Mistakes of the input, by place. */
  readonly fields: ReadonlyMap<string, string>

  constructor(message: string, status: number, fields: ReadonlyMap<string, string> = new Map()) {
    super(message)
    this.status = status
    this.fields = fields
  }
}

async function failureOf(response: Response): Promise<ApiFailure> {
  const problem = (await response.json().catch(() => undefined)) as Problem | undefined
  const fields = new Map(problem?.errors?.map(({ path, message }) => [path, message]))
  const said = problem?.detail ?? `The daemon answered with status ${response.status}.`
  return new ApiFailure(said, response.status, fields)
}

/** @throws ApiFailure */
async function request(path: string, init: RequestInit): Promise<Response> {
  const url = new URL(`api/v1/${path}`, document.baseURI)
  const headers = { ...init.headers, ...tokenHeader() }
  const response = await fetch(url, { ...init, headers }).catch(() => {
    throw new ApiFailure('The daemon does not answer. This page goes on asking.', 0)
  })
  if (response.ok) return response
  if (response.status === 401) tokenWanted.value = true
  throw await failureOf(response)
}

/** @throws ApiFailure */
export async function get<T>(path: Path<T>): Promise<T> {
  const response = await request(path, {})
  return (await response.json()) as T
}

/** What if: the verdict that an announcement would get. @throws ApiFailure */
export async function explain(asked: ExplainRequestJson): Promise<ExplanationJson> {
  const headers = { 'content-type': 'application/json' }
  const response = await request('explain', {
    method: 'POST',
    headers,
    body: JSON.stringify(asked),
  })
  return (await response.json()) as ExplanationJson
}

/**
 * Opens the stream of events.
 * @param after id of the event after which it begins
 * @throws ApiFailure
 */
export async function openEvents(after: number, signal: AbortSignal) {
  const headers = { accept: 'text/event-stream', 'last-event-id': `${after}` }
  const { body } = await request('events', { headers, signal })
  if (body === null) throw new ApiFailure('The daemon sent no event stream.', 0)
  return body
}

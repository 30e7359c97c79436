/**
 * Which virtual networks reach which. Peering is not transitive: two networks reach each other by a peering
 * of their own, through a VPN gateway that both use, or through appliances that forward, where every
 * peering on the way lets forwarded traffic in. A pure function over networks and peerings; whatever it
 * answers holds in both directions, since what is sent has to be answered.
 */

/** What is known of a network. */
export interface NetworkFacts {
  readonly id: string
  readonly addressSpace: readonly string[]
  /** The gateway or route server in it, `None`, `VpnGateway`, ... */
  readonly gateway: string
  /** Whether an appliance in it forwards between networks that are peered with it. */
  readonly forwardsTraffic: boolean
}

/** One side of a peering. */
export interface PeeringFacts {
  readonly id: string
  readonly from: string
  readonly to: string
  readonly allowVirtualNetworkAccess: boolean
  /** Whether traffic comes in to `from` that does not begin in `to`. */
  readonly allowForwardedTraffic: boolean
  readonly allowGatewayTransit: boolean
  readonly useRemoteGateways: boolean
  /** The other side was there and is gone, or this one goes. */
  readonly broken: boolean
  /** The address space of `to`, as of the last sync. */
  readonly remoteAddressSpace: readonly string[]
}

export interface Topology {
  /** @returns undefined when there is no such network */
  network(id: string): NetworkFacts | undefined
  /** Sides that begin in a network, at most one a remote network, in the order of their ids. */
  peeringsFrom(id: string): readonly PeeringFacts[]
}

export const reachedHow = ['itself', 'peering', 'gateway', 'appliance'] as const
export type ReachedHow = (typeof reachedHow)[number]

/** Why a way is closed. */
export interface Obstacle {
  /** Networks that the sentence names. */
  readonly networks: readonly string[]
  readonly message: string
}

export interface Reachability {
  /** null: it is not reached. */
  readonly how: ReachedHow | null
  /** Ids of the networks on the way, both ends included; empty when it is not reached. */
  readonly path: readonly string[]
  /** Prefixes of the other network that are reached. */
  readonly prefixes: readonly string[]
  /** Prefixes that it has besides, and that the side before it does not know since its last sync. */
  readonly notInSync: readonly string[]
  /** Why not, the most direct way first; empty when it is reached. */
  readonly obstacles: readonly Obstacle[]
}

/** Obstacles that are told. */
const MOST_OBSTACLES = 20

/** Both sides of a peering, as far as they are there. */
interface Leg {
  readonly there: PeeringFacts | undefined
  readonly back: PeeringFacts | undefined
}

/** A leg that is connected. */
type Connected = { readonly [K in keyof Leg]: PeeringFacts }

function sideOf(topology: Topology, from: string, to: string): PeeringFacts | undefined {
  return topology.peeringsFrom(from).find((side) => side.to === to)
}

function legOf(topology: Topology, from: string, to: string): Leg {
  return { there: sideOf(topology, from, to), back: sideOf(topology, to, from) }
}

function isConnected(leg: Leg): leg is Connected {
  return leg.there?.broken === false && leg.back?.broken === false
}

/** Whether the two address spaces reach each other: connected, and both sides allow it. */
function isOpen(leg: Leg): leg is Connected {
  return (
    isConnected(leg) && leg.there.allowVirtualNetworkAccess && leg.back.allowVirtualNetworkAccess
  )
}

/** Prefixes that a network has and a side of a peering with it knows. */
function knownBy(topology: Topology, side: PeeringFacts): readonly string[] {
  const space = topology.network(side.to)?.addressSpace ?? []
  return space.filter((prefix) => side.remoteAddressSpace.includes(prefix))
}

/** Whether a network uses the VPN gateway of another over the leg between them. */
function usesVpnGateway(topology: Topology, leg: Leg): leg is Connected {
  return (
    isOpen(leg) &&
    leg.there.useRemoteGateways &&
    leg.back.allowGatewayTransit &&
    topology.network(leg.there.to)?.gateway === 'VpnGateway'
  )
}

/** Whether the first and the last network of a way can be addressed at all. */
function endsAreKnown(topology: Topology, path: readonly string[]): boolean {
  const [first = '', second = ''] = path
  const last = sideOf(topology, path.at(-2) ?? '', path.at(-1) ?? '')
  const back = sideOf(topology, second, first)
  return (
    last !== undefined &&
    back !== undefined &&
    knownBy(topology, last).length > 0 &&
    knownBy(topology, back).length > 0
  )
}

function overGateway(topology: Topology, from: string, to: string): string[] | null {
  for (const { to: hub } of topology.peeringsFrom(from)) {
    if (!usesVpnGateway(topology, legOf(topology, from, hub))) continue
    if (!usesVpnGateway(topology, legOf(topology, to, hub))) continue
    const path = [from, hub, to]
    if (endsAreKnown(topology, path)) return path
  }
  return null
}

/** The way back from an appliance to where the search began. */
function trace(cameFrom: ReadonlyMap<string, string>, hub: string): string[] {
  const path: string[] = []
  for (let at: string | undefined = hub; at !== undefined; at = cameFrom.get(at)) path.unshift(at)
  return path
}

/** The shortest way over networks with an appliance; breadth first, each network once. */
function overAppliances(topology: Topology, from: string, to: string): string[] | null {
  const cameFrom = new Map<string, string>()
  const queue = [from]
  for (const at of queue) {
    for (const { to: next } of topology.peeringsFrom(at)) {
      const leg = legOf(topology, at, next)
      if (!isOpen(leg)) continue
      // What is known of the first network decides with the first leg, or a way that does would hide.
      if (at === from && knownBy(topology, leg.back).length === 0) continue
      // Answers come in to `at` over this leg, and they do not begin in `next`.
      const answers = leg.there.allowForwardedTraffic
      // What goes out over a leg after the first does not begin in `at`.
      const comesIn = at === from || leg.back.allowForwardedTraffic
      if (next === to) {
        if (at === from || !leg.back.allowForwardedTraffic) continue
        if (knownBy(topology, leg.there).length > 0) return [...trace(cameFrom, at), to]
      } else if (
        next !== from &&
        !cameFrom.has(next) &&
        topology.network(next)?.forwardsTraffic === true &&
        answers &&
        comesIn
      ) {
        cameFrom.set(next, at)
        queue.push(next)
      }
    }
  }
  return null
}

function reached(topology: Topology, how: ReachedHow, path: readonly string[]): Reachability {
  const to = path.at(-1) ?? ''
  const space = topology.network(to)?.addressSpace ?? []
  const side = sideOf(topology, path.at(-2) ?? '', to)
  const prefixes = side === undefined ? space : knownBy(topology, side)
  const notInSync = space.filter((prefix) => !prefixes.includes(prefix))
  return { how, path, prefixes, notInSync, obstacles: [] }
}

/**
 * Whether a network reaches another, through what, and if not, why not.
 * @returns about two networks that there are; `how` null when it does not
 */
export function findReachability(topology: Topology, from: string, to: string): Reachability {
  if (from === to) return reached(topology, 'itself', [from])
  if (isOpen(legOf(topology, from, to)) && endsAreKnown(topology, [from, to])) {
    return reached(topology, 'peering', [from, to])
  }
  const gateway = overGateway(topology, from, to)
  if (gateway !== null) return reached(topology, 'gateway', gateway)
  const appliances = overAppliances(topology, from, to)
  if (appliances !== null) return reached(topology, 'appliance', appliances)
  const obstacles = findObstacles(topology, from, to).slice(0, MOST_OBSTACLES)
  return { how: null, path: [], prefixes: [], notInSync: [], obstacles }
}

/** Why a leg is not open; empty when it is. */
function legObstacles(leg: Leg, from: string, to: string): string[] {
  const { there, back } = leg
  if (there === undefined && back === undefined) return [`"${from}" and "${to}" are not peered.`]
  if (there === undefined || back === undefined) {
    const [side, missing] = there === undefined ? [back, from] : [there, to]
    const state = side?.broken ? 'Disconnected' : 'Initiated'
    return [`The peering "${side?.id}" is ${state}: the side of "${missing}" is missing.`]
  }
  if (!isConnected(leg)) {
    const side = there.broken ? there : back
    return [`The peering "${side.id}" is Disconnected.`]
  }
  return [leg.there, leg.back]
    .filter((side) => !side.allowVirtualNetworkAccess)
    .map(({ id }) => `The peering "${id}" does not allow virtual-network access.`)
}

/** Why what an open leg's side knows is of no use. */
function syncObstacles(topology: Topology, side: PeeringFacts | undefined): string[] {
  if (side === undefined || knownBy(topology, side).length > 0) return []
  return [`Since its last sync "${side.id}" knows no prefix that "${side.to}" has now; sync it.`]
}

/** Why nothing in a hub passes traffic on. */
function forwardingObstacle(topology: Topology, hub: string, users: readonly string[]): string {
  const gateway = topology.network(hub)?.gateway ?? 'None'
  const nothing = `Nothing in "${hub}" forwards: it has no appliance (forwardsTraffic)`
  if (gateway === 'None') return `${nothing} and no gateway.`
  if (gateway !== 'VpnGateway') return `${nothing}, and a ${gateway} does not forward by itself.`
  const used = users.length === 0 ? 'is used by neither' : `is used by "${users[0]}" alone`
  return `${nothing}, and its VpnGateway ${used}; both must use it.`
}

/** Why the way over one hub is closed. */
function hubObstacles(topology: Topology, from: string, hub: string, to: string): Obstacle[] {
  const ends = [from, to]
  const legs = ends.map((end) => ({ end, leg: legOf(topology, end, hub) }))
  const closed = legs.flatMap(({ end, leg }) =>
    [...legObstacles(leg, end, hub), ...syncObstacles(topology, leg.back)].map((message) => ({
      networks: [end, hub],
      message,
    })),
  )
  if (closed.length > 0) return closed
  const users = legs.filter(({ leg }) => usesVpnGateway(topology, leg)).map(({ end }) => end)
  if (topology.network(hub)?.forwardsTraffic !== true) {
    return [{ networks: [...ends, hub], message: forwardingObstacle(topology, hub, users) }]
  }
  return legs
    .filter(({ leg }) => leg.there?.allowForwardedTraffic !== true)
    .map(({ end, leg }) => ({
      networks: [end, hub],
      message: `The peering "${leg.there?.id}" does not allow forwarded traffic, so nothing that the appliance in "${hub}" passes on comes in to "${end}".`,
    }))
}

function findObstacles(topology: Topology, from: string, to: string): Obstacle[] {
  const leg = legOf(topology, from, to)
  const direct = legObstacles(leg, from, to)
  if (direct.length === 0) {
    direct.push(...syncObstacles(topology, leg.there), ...syncObstacles(topology, leg.back))
  }
  const found: Obstacle[] = direct.map((message) => ({ networks: [from, to], message }))
  const hubs = topology
    .peeringsFrom(from)
    .map((side) => side.to)
    .filter((hub) => hub !== to && sideOf(topology, to, hub) !== undefined)
  if (hubs.length === 0) {
    const message = `No network is peered with both "${from}" and "${to}", and peering is not transitive.`
    found.push({ networks: [from, to], message })
  }
  for (const hub of hubs) found.push(...hubObstacles(topology, from, hub, to))
  return found
}

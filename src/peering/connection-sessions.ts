/** The sessions that a connection wants, and those that a peering has for its prefixes. */
import type { FamilyName } from '../prefix/prefix.ts'
import type { SessionConfig } from '../session/types.ts'
import { isInService, runsSessions } from './connection-state.ts'
import type { Directory, Resource } from './kind.ts'
import type { Connection } from './kinds/connection-spec.ts'
import { isRouteServer, type PeeringSpec } from './kinds/peering.ts'
import type { Live, WantedSession } from './live.ts'
import { type AddressForm, type AddressPair, addressPairs } from './session-addresses.ts'

/** What of a peering its connections depend on. */
export interface PeeringOfConnection {
  readonly id: string
  readonly spec: PeeringSpec
  readonly asn: number
}

/** @returns the peering that a connection stands under, with its peer's AS number */
export function peeringOf(directory: Directory, id: string): PeeringOfConnection | undefined {
  const found = directory.find('peering', id)
  if (found === undefined) return undefined
  const spec = found.spec as unknown as PeeringSpec
  const asn = directory.find('peerAsn', spec.peerAsn)?.spec['peerAsn']
  return { id, spec, asn: typeof asn === 'number' ? asn : 0 }
}

/** How connections of a peering give their addresses. */
export function formOf(peering: PeeringSpec): AddressForm {
  if (isRouteServer(peering)) return 'mesh'
  return peering.kind === 'Exchange' ? 'address' : 'prefix'
}

/** @returns the addresses of the sessions, each with the session's name */
export function sessionPairs(
  connection: Pick<Connection, 'id' | 'spec'>,
  peering: PeeringSpec,
): readonly (AddressPair & { readonly session: string })[] {
  const pairs = addressPairs(connection.spec, formOf(peering))
  return pairs.map((pair) => ({ ...pair, session: `${connection.id}/${pair.name}` }))
}

/** Percent of the agreed prefixes from which on the operator is warned. */
const WARN_AT = 80

function sessionConfig(
  { session, family, local, peer }: AddressPair & { readonly session: string },
  { id, spec }: Pick<Connection, 'id' | 'spec'>,
  peering: PeeringOfConnection,
  live: Live,
): SessionConfig {
  const limit = family === 'ipv4' ? spec.maxPrefixesAdvertisedV4 : spec.maxPrefixesAdvertisedV6
  return {
    name: session,
    address: peer,
    port: spec.peerPort,
    asn: peering.asn,
    localAsn: live.local.asn,
    routerId: live.local.routerId,
    ...(local !== null && { localAddress: local }),
    families: [family],
    passive: spec.passive,
    holdTime: spec.holdTime,
    connectRetrySeconds: 30,
    delayOpenSeconds: 0,
    description: `connection ${id}`,
    maxPrefixes: { limit, warnAt: WARN_AT },
    // The routes of a route server begin with the AS of whoever sent them to it.
    firstAsCheck: !isRouteServer(peering.spec),
    ...(spec.md5AuthenticationKey !== undefined && { password: spec.md5AuthenticationKey }),
  }
}

/** @returns every session that a connection would run, whatever its state */
export function sessionConfigs(
  connection: Pick<Connection, 'id' | 'spec'>,
  peering: PeeringOfConnection,
  live: Live,
): readonly SessionConfig[] {
  return sessionPairs(connection, peering.spec).map((pair) =>
    sessionConfig(pair, connection, peering, live),
  )
}

/** @returns the sessions that a connection wants to run in its state */
export function wantedSessions(
  connection: Connection,
  directory: Directory,
  live: Live,
): readonly WantedSession[] {
  const { connectionState, admitted } = connection.status
  const peering = connection.parent === null ? undefined : peeringOf(directory, connection.parent)
  if (peering === undefined || !runsSessions(connectionState)) return []
  const serves = isInService(connectionState)
  return sessionConfigs(connection, peering, live).map((config) => ({
    config,
    counts: serves && admitted.includes(config.name),
  }))
}

/** The sessions of a peering that carry a family, and whether the routes of any of them count. */
export interface PeeringSessions {
  readonly names: readonly string[]
  readonly counting: boolean
}

/** @returns the running sessions on which a prefix of the peering is expected */
export function peeringSessions(
  directory: Directory,
  peeringId: string,
  family: FamilyName,
): PeeringSessions {
  const peering = peeringOf(directory, peeringId)
  const names: string[] = []
  let counting = false
  if (peering === undefined) return { names, counting }
  for (const connection of connectionsOf(directory, peeringId)) {
    const { connectionState, admitted } = connection.status
    if (!runsSessions(connectionState)) continue
    for (const pair of sessionPairs(connection, peering.spec)) {
      if (pair.family !== family) continue
      names.push(pair.session)
      counting ||= isInService(connectionState) && admitted.includes(pair.session)
    }
  }
  return { names, counting }
}

/** @returns the connections of a peering */
export function connectionsOf(directory: Directory, peeringId: string): readonly Connection[] {
  return directory.all('connection', peeringId) as readonly Resource[] as unknown as Connection[]
}

/** Whether a peering has a connection that is in service. */
export function hasActive(directory: Directory, peeringId: string): boolean {
  return connectionsOf(directory, peeringId).some(
    ({ status, deleting }) => !deleting && isInService(status.connectionState),
  )
}

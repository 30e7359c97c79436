/** Rules on the sessions of a connection that look beyond it. */

import type { SessionConfig } from '../session/types.ts'
import { otherWords } from './access.ts'
import {
  connectionsOf,
  formOf,
  type PeeringOfConnection,
  peeringOf,
  sessionConfigs,
  sessionPairs,
} from './connection-sessions.ts'
import { RefusedError, type RuleContext } from './kind.ts'
import type { Connection } from './kinds/connection-spec.ts'
import {
  type AddressForm,
  type AddressPair,
  addressPairs,
  demandForm,
  readSessionPrefix,
} from './session-addresses.ts'
import { demandNoOtherKind, demandUndeclaredPeer, peerKey } from './session-claims.ts'

/** Connections of one peering, and of all. */
export const MAX_CONNECTIONS_OF_PEERING = 64
export const MAX_CONNECTIONS = 1000

const forms: readonly AddressForm[] = ['prefix', 'address', 'mesh']

/** @returns the addresses of a connection, whatever its peering */
export function pairsOf(spec: Connection['spec']): readonly AddressPair[] {
  return forms.flatMap((form) => addressPairs(spec, form))
}

/** Where the address of a session stands in the specification. */
function placeOf(config: SessionConfig, form: AddressForm): string {
  const [family] = config.families
  if (form === 'mesh') return 'peerSessionAddresses'
  if (form === 'prefix') return family === 'ipv4' ? 'sessionPrefixV4' : 'sessionPrefixV6'
  return family === 'ipv4' ? 'peerSessionIPv4Address' : 'peerSessionIPv6Address'
}

/** Whether two sessions with one peer could be told apart by our own address. */
function sameLocal(a: string | null | undefined, b: string | null | undefined): boolean {
  return a == null || b == null || a === b
}

function demandAlone(
  config: SessionConfig,
  connection: Pick<Connection, 'id' | 'spec'>,
  form: AddressForm,
  context: RuleContext,
): void {
  const { directory, principal } = context
  const place = placeOf(config, form)
  demandUndeclaredPeer(config, place, context)
  demandNoOtherKind(config, 'connection', place, context)
  for (const found of directory.having('connection', peerKey(config.address))) {
    if (found.id === connection.id) continue
    const other = found as unknown as Connection
    const { words, known } = otherWords(principal, found, 'connection')
    if (other.spec.md5AuthenticationKey !== connection.spec.md5AuthenticationKey) {
      const message = `${words} has the peer ${config.address} with another MD5 key, and there is one key for each address; give both the same.`
      throw new RefusedError('conflict', message, { place: 'md5AuthenticationKey', ...known })
    }
    const peering = other.parent === null ? undefined : peeringOf(directory, other.parent)
    if (peering?.asn !== config.asn || other.spec.peerPort !== config.port) continue
    const same = sessionPairs(other, peering.spec).some(
      ({ peer, local }) => peer === config.address && sameLocal(local, config.localAddress),
    )
    if (!same) continue
    const message = `The peer ${config.address} port ${config.port}, AS${config.asn} has a session already, of ${words}; take another address.`
    throw new RefusedError('conflict', message, { place, ...known })
  }
}

/**
 * Judges the sessions of a new or changed connection.
 * @returns the specification with its prefixes as text in one form
 * @throws RefusedError
 */
export function demandSessions(
  connection: Pick<Connection, 'id' | 'spec'>,
  peering: PeeringOfConnection,
  context: RuleContext,
): Connection['spec'] {
  const form = formOf(peering.spec)
  demandForm(connection.spec, form)
  const { sessionPrefixV4: v4, sessionPrefixV6: v6 } = connection.spec
  const spec = {
    ...connection.spec,
    ...(v4 !== undefined && { sessionPrefixV4: readSessionPrefix(v4, 'ipv4', 'sessionPrefixV4') }),
    ...(v6 !== undefined && { sessionPrefixV6: readSessionPrefix(v6, 'ipv6', 'sessionPrefixV6') }),
  }
  if (spec.useForPeeringService && peering.spec.sku?.startsWith('Premium') !== true) {
    const message = `Peering Service needs a Premium SKU, and the peering "${peering.id}" has ${peering.spec.sku}; change that first.`
    throw new RefusedError('not-possible', message, {
      place: 'useForPeeringService',
      conflictsWith: peering.id,
    })
  }
  for (const config of sessionConfigs({ id: connection.id, spec }, peering, context.live)) {
    demandAlone(config, { id: connection.id, spec }, form, context)
    const why = config.password === undefined ? null : context.live.sessionProblem(config)
    if (why !== null) throw new RefusedError('not-possible', why, { place: 'md5AuthenticationKey' })
  }
  return spec
}

/** @throws RefusedError when there are as many connections as there can be */
export function demandRoom(peeringId: string, { directory }: RuleContext): void {
  if (connectionsOf(directory, peeringId).length >= MAX_CONNECTIONS_OF_PEERING) {
    const message = `The peering "${peeringId}" has ${MAX_CONNECTIONS_OF_PEERING} connections, which is as many as it can have.`
    throw new RefusedError('not-possible', message)
  }
  if (directory.count('connection') >= MAX_CONNECTIONS) {
    const message = `There are ${MAX_CONNECTIONS} connections, which is as many as there can be.`
    throw new RefusedError('not-possible', message)
  }
}

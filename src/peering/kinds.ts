/**
 * The table of kinds, parents before their children, and what others refer to before that. API, OpenAPI and
 * CLI are made from it.
 */
import type { Kind } from './kind.ts'
import { circuitKind } from './kinds/circuit.ts'
import { circuitLinkKind } from './kinds/circuit-link.ts'
import { circuitPeeringKind } from './kinds/circuit-peering.ts'
import { connectionKind } from './kinds/connection.ts'
import { peerAsnKind } from './kinds/peer-asn.ts'
import { peeringKind } from './kinds/peering.ts'
import { peeringServiceKind } from './kinds/peering-service.ts'
import { registeredAsnKind } from './kinds/registered-asn.ts'
import { registeredPrefixKind } from './kinds/registered-prefix.ts'
import { servicePrefixKind } from './kinds/service-prefix.ts'
import { virtualNetworkKind } from './kinds/virtual-network-kind.ts'
import { virtualNetworkPeeringKind } from './kinds/virtual-network-peering.ts'

/** A kind as the registry handles it: it gives each kind only what that kind made. */
function row<Spec extends object, Status extends object>(kind: Kind<Spec, Status>): Kind {
  return kind as unknown as Kind
}

export const kinds: readonly Kind[] = [
  row(peerAsnKind),
  row(peeringKind),
  row(connectionKind),
  row(registeredAsnKind),
  row(registeredPrefixKind),
  row(peeringServiceKind),
  row(servicePrefixKind),
  row(virtualNetworkKind),
  row(virtualNetworkPeeringKind),
  row(circuitKind),
  row(circuitPeeringKind),
  row(circuitLinkKind),
]

/** The sessions of a circuit's peering: one on each link, for each family. */
import { familyNames } from '../prefix/prefix.ts'
import { parsePrefix } from '../prefix/text.ts'
import type { SessionConfig } from '../session/types.ts'
import { subnetKeys } from './circuit-links.ts'
import { links } from './circuit-words.ts'
import type { Directory } from './kind.ts'
import { circuitOf, isUsable } from './kinds/circuit.ts'
import {
  type CircuitPeering,
  type CircuitSession,
  MOST_ADVERTISED,
} from './kinds/circuit-peering-spec.ts'
import type { Live } from './live.ts'
import { usableAddresses } from './session-addresses.ts'

/** Prefixes that a session of private peering takes: of a Premium circuit more. */
const PRIVATE_LIMIT = 4000
const PREMIUM_LIMIT = 10_000
/** Percent of the limit from which on the operator is warned. */
const WARN_AT = 80
/** Minutes that a session stays down after it announced more than its limit. */
const DOWN_FOR = 5

type Peering = Pick<CircuitPeering, 'id' | 'parent' | 'spec'>

/** @returns every session that a peering would run, whatever its state */
export function circuitSessions({ id, spec }: Pick<Peering, 'id' | 'spec'>): CircuitSession[] {
  return familyNames.flatMap((family) =>
    links.flatMap((link) => {
      const subnet = spec[subnetKeys[family][link]]
      if (subnet === undefined) return []
      const [peer, local] = usableAddresses(parsePrefix(subnet))
      return [{ name: `${id}/${link.toLowerCase()}-${family}`, link, family, local, peer }]
    }),
  )
}

/** @returns the prefixes above which a session of the peering is closed */
export function prefixLimit({ parent, spec }: Peering, directory: Directory): number {
  if (spec.peeringType === 'MicrosoftPeering') return MOST_ADVERTISED
  const premium = circuitOf(directory, parent)?.spec.skuTier === 'Premium'
  return premium ? PREMIUM_LIMIT : PRIVATE_LIMIT
}

/** @returns the configuration of a session of a peering */
export function sessionConfig(
  { name, family, local, peer }: CircuitSession,
  peering: Peering,
  directory: Directory,
  live: Live,
): SessionConfig {
  const { id, spec } = peering
  const limit = prefixLimit(peering, directory)
  return {
    name,
    address: peer,
    port: spec.peerPort,
    asn: spec.peerASN,
    localAsn: live.local.asn,
    routerId: live.local.routerId,
    localAddress: local,
    families: [family],
    passive: spec.passive,
    holdTime: spec.holdTime,
    connectRetrySeconds: 30,
    delayOpenSeconds: 0,
    description: `circuit peering ${id}`,
    maxPrefixes: { limit, warnAt: WARN_AT, restartMinutes: DOWN_FOR },
    firstAsCheck: true,
    ...(spec.sharedKey !== undefined && { password: spec.sharedKey }),
  }
}

/** @returns the sessions that run: none of a disabled peering or circuit */
export function runningSessions(peering: Peering, directory: Directory): CircuitSession[] {
  const { parent, spec } = peering
  const circuit = circuitOf(directory, parent)
  if (circuit === undefined || !isUsable(circuit) || spec.state === 'Disabled') return []
  return circuitSessions(peering).filter(
    ({ family }) => family === 'ipv4' || spec.ipv6State === 'Enabled',
  )
}

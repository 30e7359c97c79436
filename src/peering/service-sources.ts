/** What stands behind a prefix of a peering service: whose key it shows, and on which sessions it must arrive. */
import type { LocationRequirement } from '../engine/types.ts'
import type { FamilyName } from '../prefix/prefix.ts'
import { connectionsOf, peeringOf, sessionPairs } from './connection-sessions.ts'
import { runsSessions } from './connection-state.ts'
import type { Directory, Resource } from './kind.ts'
import type { PeeringServiceSpec } from './kinds/peering-service.ts'
import { partyOf } from './kinds/registered-prefix.ts'

/** The registration that a key belongs to. */
export interface KeySource {
  readonly kind: 'registeredPrefix' | 'registeredAsn'
  readonly id: string
  /** As text; only of a registered prefix. */
  readonly prefix: string | null
  /** AS numbers that may originate what is registered with the key; empty: any. */
  readonly originAsns: readonly number[]
  /** Whose prefixes it may overlap; null: those of the service. */
  readonly party: string | null
}

/** @returns the peer ASN of a provider; undefined when there is none that is Approved */
export function providerOf(directory: Directory, provider: string): Resource | undefined {
  const found = directory.find('peerAsn', provider)
  if (found === undefined || found.deleting) return undefined
  return found.status['validationState'] === 'Approved' ? found : undefined
}

/** @returns what a provider registered with a key; undefined when the key is none of its own */
export function keySourceOf(
  directory: Directory,
  provider: string,
  key: string,
): KeySource | undefined {
  for (const kind of ['registeredPrefix', 'registeredAsn'] as const) {
    for (const found of directory.having(kind, `key ${key}`)) {
      const peering = found.parent === null ? undefined : peeringOf(directory, found.parent)
      if (found.deleting || peering?.spec.peerAsn !== provider) continue
      const { id, spec } = found
      return kind === 'registeredAsn'
        ? { kind, id, prefix: null, originAsns: [Number(spec['asn'])], party: null }
        : {
            kind,
            id,
            prefix: String(spec['prefix']),
            originAsns: spec['originAsns'] as readonly number[],
            party: partyOf(found),
          }
    }
  }
  return undefined
}

/** Whether two names of locations mean the same. */
export function sameLocation(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** @returns the locations at which a provider has connections for peering services, each once */
export function locationsOf(directory: Directory, provider: string): readonly string[] {
  const found = new Map<string, string>()
  for (const { id, spec } of directory.having('peering', `peerAsn ${provider}`)) {
    const location = String(spec['peeringLocation'])
    if (connectionsOf(directory, id).some((each) => each.spec.useForPeeringService)) {
      found.set(location.toLowerCase(), location)
    }
  }
  return [...found.values()].sort()
}

/** The sessions of a location that run for peering services. */
function sessionsAt(
  directory: Directory,
  provider: string,
  location: string,
  family: FamilyName,
): LocationRequirement {
  const sessions: string[] = []
  for (const peering of directory.having('peering', `peerAsn ${provider}`)) {
    const known = peeringOf(directory, peering.id)
    if (known === undefined || !sameLocation(known.spec.peeringLocation, location)) continue
    for (const connection of connectionsOf(directory, peering.id)) {
      const { spec, status } = connection
      if (!spec.useForPeeringService || !runsSessions(status.connectionState)) continue
      for (const pair of sessionPairs(connection, known.spec)) {
        if (pair.family === family) sessions.push(pair.session)
      }
    }
  }
  return { location, sessions }
}

/** What a service asks of its locations, for one address family. */
export function requirementsOf(
  directory: Directory,
  spec: PeeringServiceSpec,
  family: FamilyName,
): { readonly primary: LocationRequirement; readonly backup?: LocationRequirement } {
  const { peeringServiceProvider: provider, providerBackupPeeringLocation: backup } = spec
  const at = (place: string) => sessionsAt(directory, provider, place, family)
  return {
    primary: at(spec.providerPrimaryPeeringLocation),
    ...(backup !== undefined && { backup: at(backup) }),
  }
}

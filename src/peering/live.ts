/** What the resources see of the running daemon, and what they make of it. */
import type { Counting, EngineView, Registration } from '../engine/types.ts'
import type { Ownership } from '../irr/ownership.ts'
import type { RegistryName } from '../irr/registry-names.ts'
import type { FamilyName, Prefix } from '../prefix/prefix.ts'
import type { SessionConfig, SessionStatus } from '../session/types.ts'

/** The section `registry` of the configuration. */
export interface RegistrySettings {
  /** Seconds for which a session must be Established and complete before its routes count. */
  readonly stableSeconds: number
  /** Seconds that a connection may take from ProvisioningStarted until its checks pass. */
  readonly provisioningSeconds: number
  /** Special-purpose blocks (RFC 6890) in which prefixes may be registered nevertheless. */
  readonly allowSpecialPurpose: readonly Readonly<Prefix>[]
  /** Families that prefixes of peering services may have. */
  readonly serviceFamilies: readonly FamilyName[]
}

export const defaultRegistrySettings: RegistrySettings = {
  stableSeconds: 30,
  provisioningSeconds: 3600,
  allowSpecialPurpose: [],
  serviceFamilies: ['ipv4', 'ipv6'],
}

/** Live state that rules and views may read. */
export interface Live {
  readonly engine: EngineView
  /** @returns undefined when no session has that name */
  session(name: string): SessionStatus | undefined
  /** Our own AS number and BGP identifier, and names that the configuration takes. */
  readonly local: { readonly asn: number; readonly routerId: number }
  /** Whether the configuration file declares a session, or a registered prefix, of that name. */
  declares(what: 'session' | 'prefix', name: string): boolean
  /** Name of the session in the configuration file that a peer could not be told apart from. */
  declaredSession(address: string, port: number, asn: number): string | undefined
  /** The prefixes that the configuration file registers; the same list until a reload. */
  declaredPrefixes(): readonly Registration[]
  /** Why this machine cannot run a session, such as one with a password, in one sentence; null: it can. */
  sessionProblem(config: SessionConfig): string | null
  /**
   * What routing registries say about a prefix and an AS number; asks at most once at a time.
   * @param notBefore milliseconds since the epoch: an earlier answer does not count
   * @returns null: they are being asked
   */
  ownership(
    prefix: Prefix,
    asn: number,
    registry: RegistryName | undefined,
    notBefore: number,
  ): Ownership | null
  /** What routing-registry data is being read, and how far that is; null: none. */
  reading(): string | null
  readonly settings: RegistrySettings
}

/** A session that a resource wants. */
export interface WantedSession {
  readonly config: SessionConfig
  /** false: deny-all: its routes are received and shown, and count for no verdict. */
  readonly counts: Counting
}

/** What one resource makes the daemon run; names are unique over all of them. */
export interface Wanted {
  readonly sessions: readonly WantedSession[]
  readonly registrations: readonly Registration[]
}

/** The running side: takes what is wanted, and changes only what differs. */
export interface Runtime {
  /** @param wanted of one resource, from `id` of `kind`; empty lists: nothing any more */
  want(kind: string, id: string, wanted: Wanted): void
}

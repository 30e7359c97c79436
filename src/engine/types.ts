/** What the engine takes in and gives out: registrations, findings, verdicts, events, views. */
import type { FamilyName, Prefix } from '../prefix/prefix.ts'
import type { AttributeText } from '../wire/attribute-text.ts'
import type { RoleName } from '../wire/capabilities.ts'
import type { DecodeSettings } from '../wire/messages.ts'

/** Finding reasons that the engine itself can find; the order is the bit number inside the engine. */
export const findingReasons = [
  'not-received',
  'missing-community',
  'as-path-too-long',
  'private-asn',
  'bogon-asn',
  'as-path-prepended',
  'origin-mismatch',
  'overlapping-prefix',
  'overlapping-announcement',
  'malformed-update',
  'session-down',
  'insufficient-primary-sessions',
  'no-backup-session',
] as const
export type FindingReason = (typeof findingReasons)[number]

export const severities = ['error', 'warning'] as const
export type Severity = (typeof severities)[number]

/** Number = value of `bgpwarden_prefix_state`. */
export const PrefixState = {
  None: 0,
  Pending: 1,
  Verified: 2,
  Warning: 3,
  Failed: 4,
  Invalid: 5,
} as const
export type PrefixStateName = keyof typeof PrefixState
export const prefixStateNames = Object.keys(PrefixState) as PrefixStateName[]

/** Class of a received route; the label `verdict` of `bgpwarden_verdicts_total`. */
export const routeClasses = ['verified', 'failed', 'overlap', 'unregistered'] as const
export type RouteClass = (typeof routeClasses)[number]

/** Facts of a route worth an operator's eye that are no finding; the order is the bit number inside the engine. */
export const routeNotes = [
  'as-set',
  'confederation-segment',
  'as-trans',
  'own-as',
  'first-as-not-peer',
  'next-hop-not-peer',
  'martian-next-hop',
  'route-leak',
] as const
export type RouteNote = (typeof routeNotes)[number]

/** A community that must be on a route: `8075:8007` (RFC 1997) or `64500:1:2` (RFC 8092). */
export type CommunityText = string

/** How a prefix must arrive. */
export interface Policy {
  readonly requiredCommunities: readonly CommunityText[]
  /** Whether all of them, or any one of them, must be there. */
  readonly communityMatch: 'all' | 'any'
  readonly maxAsPathLength: number
  readonly allowPrepending: boolean
  /** What `bogon-asn` counts as. */
  readonly bogonAsn: Severity | 'off'
  /** Seconds after Established in which a missing End-of-RIB still means "Pending". */
  readonly convergenceSeconds: number
}

export const defaultPolicy: Policy = {
  requiredCommunities: ['8075:8007'],
  communityMatch: 'all',
  maxAsPathLength: 3,
  allowPrepending: false,
  bogonAsn: 'warning',
  convergenceSeconds: 60,
}

/** A place that a prefix must be reachable at. */
export interface LocationRequirement {
  /** Its name, for sentences. */
  readonly location: string
  /** Names of the sessions there. */
  readonly sessions: readonly string[]
}

/** A registered prefix, as config or registry declares it. */
export interface Registration {
  /** Unique. */
  readonly name: string
  /** Masked. */
  readonly prefix: Prefix
  /** AS numbers that may originate it; empty: any. */
  readonly originAsns: readonly number[]
  /** Two registrations of one owner may overlap; absent: its own owner. */
  readonly owner?: string
  /** Names of the expected sessions; absent: every session that carries the family. */
  readonly sessions?: readonly string[]
  /**
   * Sessions that must be up besides: at the primary location two on different routers, at the backup
   * one. Both are among the expected ones; routes of the backup location are its backup routes.
   */
  readonly requires?: {
    readonly primary: LocationRequirement
    readonly backup?: LocationRequirement
  }
  /** Overrides of the engine's policy. */
  readonly policy?: Partial<Policy>
  /** Private AS numbers (RFC 6996) are no finding, and the origin is the last AS that is not one. */
  readonly stripPrivateAsns?: boolean
  /** false: state None, not judged. */
  readonly enabled?: boolean
  /** Why this registration itself cannot be judged (state Invalid), in one sentence. */
  readonly invalid?: string
}

/** Facts behind a finding, as received. Only what bears on the reason is present. */
export interface Evidence {
  readonly asPath?: string
  readonly communities?: readonly string[]
  readonly nextHop?: string
  /** The offending AS number. */
  readonly asn?: number
  /** Its place in the path, counted from 1 at the peer. */
  readonly position?: number
  readonly pathLength?: number
  readonly originAsn?: number
  /** The other registered prefix, with its name. */
  readonly otherPrefix?: string
  readonly otherName?: string
  /** Routes of the session that bear on the finding (covering or more specific), a sample. */
  readonly routes?: readonly string[]
  readonly count?: number
  /** Why the UPDATE was malformed. */
  readonly detail?: string
}

export interface Finding {
  readonly reason: FindingReason
  readonly severity: Severity
  /** Where it applies; null: to the registration as such. */
  readonly session: string | null
  /** One sentence that names the offending value. */
  readonly message: string
  /** One sentence: what to change and who changes it. */
  readonly action: string
  readonly evidence: Evidence
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** How one expected session bears on a verdict. */
export interface SessionCheck {
  readonly session: string
  /** `pending`: its initial table is not complete, or it had no time to come up; `down`: not Established. */
  readonly status: 'received' | 'missing' | 'pending' | 'down'
  readonly route?: RouteView
}

export interface PrefixSummary {
  readonly name: string
  readonly prefix: string
  readonly family: FamilyName
  readonly owner: string | null
  readonly state: PrefixStateName
  /** Milliseconds since the epoch: when the state began. */
  readonly since: number
  /** Distinct reasons of the open findings. */
  readonly reasons: readonly FindingReason[]
}

export interface PrefixVerdict extends PrefixSummary {
  readonly originAsns: readonly number[]
  readonly policy: Policy
  /** Joined sentences of all findings, for one-line displays; empty when there is none. */
  readonly errorMessage: string
  readonly findings: readonly Finding[]
  readonly sessions: readonly SessionCheck[]
}

/** A route of an Adj-RIB-In, made when somebody asks. */
export interface RouteView extends AttributeText {
  readonly prefix: string
  /** RFC 7911 path identifier, when the session negotiated it. */
  readonly pathId?: number
  readonly class: RouteClass
  /** Attribute findings of the route under the default (or its registration's) policy. */
  readonly reasons: readonly FindingReason[]
  readonly notes: readonly RouteNote[]
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** Kept from before a restart of the peer (RFC 4724). */
  readonly stale: boolean
}

/** One finding in an event: enough to say what opened or closed. */
export interface FindingChange {
  readonly reason: FindingReason
  readonly severity: Severity
  readonly session: string | null
  readonly message: string
  /** How long it was open, milliseconds; only when it closed. */
  readonly duration?: number
}

/** A verdict changed: its state, or the set of its findings. */
export interface PrefixEvent {
  readonly kind: 'prefix'
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly name: string
  readonly prefix: string
  /** null: the prefix has just been registered. */
  readonly from: PrefixStateName | null
  /** null: the prefix is no longer registered. */
  readonly to: PrefixStateName | null
  /** Milliseconds that `from` lasted. */
  readonly duration: number
  readonly opened: readonly FindingChange[]
  readonly closed: readonly FindingChange[]
}

export const locations = ['primary', 'backup'] as const
export type Location = (typeof locations)[number]

/** What became of a registered prefix's routes on one session. */
export interface RouteChange {
  readonly change: 'announced' | 'withdrawn' | 'origin-changed' | 'path-changed'
  readonly session: string
  /** A session that is not of a backup location is of the primary one. */
  readonly location: Location
  /** Of the route as it is now; of a withdrawal, as it was. 0: not known. */
  readonly originAsn: number
  /** Only when the origin changed. */
  readonly previousOriginAsn?: number
  /** As it is now; empty: the route is gone, or the path is. */
  readonly asPath: string
  /** Why a route is gone; only of a withdrawal. */
  readonly because?: 'withdrawn' | 'session-down' | 'not-expected'
}

/** Routes of a registered prefix came, went or changed. */
export interface RouteEvent {
  readonly kind: 'route'
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly name: string
  readonly prefix: string
  readonly changes: readonly RouteChange[]
  /** Where it is received now: at the primary location if anywhere there; null: nowhere. */
  readonly active: Location | null
  /** The same before the changes. */
  readonly wasActive: Location | null
}

/** Which registrations expect a session: any that fits; `named`: those that name it; false: none. */
export type Counting = boolean | 'named'

/** What the engine knows of a session it was told about. */
export interface EngineSessionConfig {
  /** Unique, never changes. */
  readonly name: string
  readonly families: readonly FamilyName[]
  /** The peer's AS number, for sentences while the session is down. */
  readonly asn: number
  readonly localAsn: number
  /** false: deny-all, its routes are kept and shown, but no registration expects it. Absent: true. */
  readonly counts?: Counting
}

/** How the session was negotiated, as far as the engine needs it. */
export interface EngineSessionUp {
  readonly families: readonly FamilyName[]
  readonly remoteAsn: number
  readonly decode: DecodeSettings
  /** BGP identifier of the peer; absent: not known, and each session counts as a router of its own. */
  readonly routerId?: string
  /** IPv4 or IPv6 text; absent: not known, and next hops are not compared with it. */
  readonly peerAddress?: string
  /** Our role towards the peer (RFC 9234 §3); absent: none. */
  readonly role?: RoleName
}

/** How a look-up in an Adj-RIB-In matches. */
export type RouteMatch = 'exact' | 'covering' | 'covered'

/** Counters of one session, read at scrape time. */
export interface SessionTallies {
  readonly prefixes: Readonly<Record<FamilyName, number>>
  /** Whether the initial table is there: End-of-RIB, or the time for it is over. */
  readonly complete: Readonly<Record<FamilyName, boolean>>
  /** Whether End-of-RIB came since the session is Established. */
  readonly endOfRib: Readonly<Record<FamilyName, boolean>>
  readonly announced: Readonly<Record<FamilyName, number>>
  readonly withdrawn: Readonly<Record<FamilyName, number>>
  readonly classes: Readonly<Record<RouteClass, number>>
  /** Registered-prefix announcements that carried the reason. */
  readonly findings: Readonly<Record<FindingReason, number>>
  /** Announced routes that carried the note. */
  readonly notes: Readonly<Record<RouteNote, number>>
  /** UPDATEs by RFC 7606 treatment (`attribute-discard`, `treat-as-withdraw`, `session-reset`). */
  readonly updateErrors: Readonly<
    Record<'attribute-discard' | 'treat-as-withdraw' | 'session-reset', number>
  >
}

/** A page of a list; `cursor` is null on the last one. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly cursor: string | null
}

/** What-if: an announcement that nobody made. */
export interface ExplainRequest {
  readonly prefix: Prefix
  /** Of several registrations of exactly this prefix, the one that is judged; absent: any. */
  readonly name?: string
  /** AS numbers in path order, the neighbour first; a nested list is an AS_SET. */
  readonly asPath: readonly (number | readonly number[])[]
  /** `8075:8007` or `64500:1:2`. */
  readonly communities: readonly CommunityText[]
}

export interface Explanation {
  readonly prefix: string
  readonly class: RouteClass
  /** The registered prefix that was judged: equal to the one asked for, else the nearest covering one. */
  readonly registration: { readonly name: string; readonly prefix: string } | null
  /** The state the prefix would have if every expected session carried this announcement. */
  readonly state: PrefixStateName
  readonly findings: readonly Omit<Finding, 'since' | 'session'>[]
  readonly policy: Policy
}

/** Read-only views of the engine, for API, CLI and metrics. No call costs more than what it returns. */
export interface EngineView {
  readonly policy: Policy
  /** All registered prefixes, in the order of `comparePrefix`. */
  prefixes(): readonly PrefixSummary[]
  /** @returns undefined when no prefix has that name */
  prefix(name: string): PrefixVerdict | undefined
  /**
   * The finding that weighs most: the first error, else the first warning, as of the last evaluation.
   * @returns also how many more findings are open; undefined when none is
   */
  headline(name: string): { readonly finding: Finding; readonly others: number } | undefined
  /** Whether the prefix is expected on the session and, with `reason`, has that finding open there. */
  concerns(name: string, session: string, reason?: FindingReason): boolean
  /** The state alone, which costs nothing; undefined when no prefix has that name. */
  prefixState(name: string): PrefixStateName | undefined
  /** Whether the session has the registered prefix in its Adj-RIB-In. */
  received(name: string, session: string): boolean
  /** Sessions that a registered prefix is expected on; empty when no prefix has that name. */
  expectedSessions(name: string): readonly string[]
  /** Judges now, without waiting for an announcement; returns the fresh verdict. */
  validate(name: string): PrefixVerdict | undefined
  /**
   * Routes of a session's Adj-RIB-In, in table order. Without `prefix` all of them, page by page.
   * A `covered` look-up or a full listing looks at a bounded number of slots per call: a page may hold
   * fewer than `limit` items and still have a cursor.
   * @returns undefined when no session has that name
   */
  routes(
    session: string,
    query: { prefix?: Prefix; match?: RouteMatch; limit: number; cursor?: string },
  ): Page<RouteView> | undefined
  /**
   * The prefixes that a session announces, without the rest of their routes: far cheaper than `routes`.
   * @param most how many at most
   * @returns in no order; undefined when no session has that name
   */
  announced(session: string, most: number): readonly Prefix[] | undefined
  /**
   * Registered prefixes whose route on the session has an error, in the order of `comparePrefix`.
   * @returns undefined when no session has that name
   */
  failing(session: string): readonly Prefix[] | undefined
  /** How many they are, by session and family; a session without any is left out. */
  failingCounts(): ReadonlyMap<string, SessionTallies['prefixes']>
  explain(request: ExplainRequest): Explanation
  /** @returns undefined when no session has that name */
  tallies(session: string): SessionTallies | undefined
  /** Whether the session is up and its initial table of every negotiated family is there. */
  tablesComplete(session: string): boolean
  sessionNames(): readonly string[]
  /** Routes held, by family, over all sessions. */
  ribRoutes(): Readonly<Record<FamilyName, number>>
  ribAttributeSets(): number
  /** Prefixes by state, and by reason of an open finding (each prefix once a reason). */
  stateCounts(): Readonly<Record<PrefixStateName, number>>
  reasonCounts(): Readonly<Record<FindingReason, number>>
  /** Bytes that RIB, attribute sets and trie hold outside V8's heap. */
  memory(): { readonly rib: number; readonly attributes: number; readonly trie: number }
}

/**
 * What a kind of resource is. One row a kind: API paths, OpenAPI, CLI commands, `apply`, rights and audit
 * are all made from the table of kinds, so that a new kind is written once.
 */
import type { z } from 'zod'
import type { Severity } from '../engine/types.ts'
import type { Prefix } from '../prefix/prefix.ts'
import type { JsonObject } from '../store/types.ts'
import type { Live, Wanted } from './live.ts'

/** Who asks: a token of the configuration, or the daemon itself. */
export interface Principal {
  /** The token's name, for the audit log. */
  readonly name: string
  readonly role: Role
  /** The tenant whose resources alone a provider or customer sees and changes. */
  readonly owner: string | null
}

/**
 * reader: sees everything but keys. operator: also runs operations. admin: also writes everything.
 * provider: its own ASNs, peerings and what stands under them. customer: its own services.
 */
export const roles = ['reader', 'operator', 'admin', 'provider', 'customer'] as const
export type Role = (typeof roles)[number]

/** Whether a role is limited to what its owner has. */
export function isTenant(role: Role): boolean {
  return role === 'provider' || role === 'customer'
}

/** A resource in memory. */
export interface Resource<Spec = JsonObject, Status = JsonObject> {
  readonly kind: string
  /** Names from the outermost parent inwards, joined by `/`. */
  readonly id: string
  /** The last of them. */
  readonly name: string
  /** Id of the parent, or null. */
  readonly parent: string | null
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Tenant that it belongs to, inherited from the parent; null: the operator's own. */
  readonly owner: string | null
  /** It goes as soon as nothing stands under it any more; until then it cannot be written. */
  readonly deleting: boolean
  /** What was asked for, defaults filled in. */
  readonly spec: Spec
  /** What was decided and must outlive a restart: states, keys, messages. */
  readonly status: Status
}

/** What rules may look at. */
export interface Directory {
  /** @returns undefined when there is none */
  find(kind: string, id: string): Resource | undefined
  /** Resources of a kind, in the order of their ids; with `parent`, those directly under it. */
  all(kind: string, parent?: string): readonly Resource[]
  /** How many there are, without listing them. */
  count(kind: string, parent?: string): number
  /** Resources of a kind whose `index` has the key; costs nothing that grows with their number. */
  having(kind: string, key: string): readonly Resource[]
  /** Resources of a kind whose `index` has a prefix that equals, covers or lies inside this one. */
  meeting(kind: string, prefix: Readonly<Prefix>): readonly Resource[]
}

/** What a resource is found by besides its id, so that no rule looks at all of a kind. */
export interface Index {
  readonly keys?: readonly string[]
  readonly prefixes?: readonly Readonly<Prefix>[]
}

export interface RuleContext {
  readonly directory: Directory
  readonly live: Live
  readonly principal: Principal
  /** Milliseconds since the epoch. */
  readonly now: number
  /** A fresh GUID (RFC 9562), unguessable. */
  readonly newKey: () => string
  /**
   * An admin declares it in a document (`apply`): what would wait for approval is approved by that, and
   * what would have to wait for a session is taken already.
   */
  readonly declared: boolean
}

/** A write of another resource that an operation brings with it, in the same transaction. */
export interface Consequence {
  readonly kind: string
  readonly id: string
  /** null: it is deleted. Only the parts that change. */
  readonly change: { readonly spec?: object; readonly status?: object } | null
}

/** What becomes of a resource. */
export interface Outcome<Spec, Status> {
  readonly spec: Spec
  readonly status: Status
  readonly consequences?: readonly Consequence[]
}

/** Something that can be done to a resource besides writing it, such as `approve`. */
export interface Operation<Spec, Status> {
  /** One line for OpenAPI and `--help`. */
  readonly summary: string
  /** Roles that may run it; admin always may. */
  readonly roles: readonly Role[]
  /** What the body may hold; absent: no body. */
  readonly body?: z.ZodType
  /** @throws RefusedError */
  run(resource: Resource<Spec, Status>, body: unknown, context: RuleContext): Outcome<Spec, Status>
}

/** What a question may look at. */
export interface AskContext {
  readonly directory: Directory
  readonly live: Live
  readonly principal: Principal
}

/** Something that can be asked about a resource besides showing it; it changes nothing. */
export interface Question<Spec, Status = JsonObject> {
  /** One line for OpenAPI and `--help`. */
  readonly summary: string
  /** Keys of the query, each a text. The CLI takes them as arguments, in their order. */
  readonly query: z.ZodType
  /** What the answer holds; `message` says it in a sentence. */
  readonly answer: z.ZodType
  /** A query, for OpenAPI and `--help`. */
  readonly example: Readonly<Record<string, string>>
  /** Whether the answer is "yes": the exit code of the CLI. */
  isYes(answer: JsonObject): boolean
  /** @throws RefusedError */
  ask(resource: Resource<Spec, Status>, query: unknown, context: AskContext): JsonObject
}

/** Reasons that what a resource's session announces is judged by. */
export const sessionFindingReasons = [
  'outside-address-space',
  'too-many-prefixes',
  'default-route',
  'private-prefix',
  'not-listed',
  'overlapping-network',
  'asymmetric-announcement',
] as const
export type SessionFindingReason = (typeof sessionFindingReasons)[number]

/** What is wrong with what a session announces, whatever registered prefixes there are. */
export interface SessionFinding {
  readonly reason: SessionFindingReason
  readonly severity: Severity
  /** Its name. */
  readonly session: string
  /** One sentence that names the offending value. */
  readonly message: string
  /** One sentence: what to change and who changes it. */
  readonly action: string
  /** Prefixes that it is about, the first of them, and how many they are. */
  readonly prefixes: readonly string[]
  readonly count: number
}

/** A column of the CLI's table of this kind; `value` reads the view. */
export interface Column {
  readonly title: string
  value(view: JsonObject): string
}

export interface Kind<Spec extends object = JsonObject, Status extends object = JsonObject> {
  /** As the audit log and the store name it, such as `registeredPrefix`. */
  readonly name: string
  /** Words in sentences, such as `registered prefix`. */
  readonly title: string
  /** Word of the CLI command, unique, such as `prefix`; that of the parent is the option that names it. */
  readonly command: string
  /** Segment of the API path, such as `registeredPrefixes`. */
  readonly segment: string
  /** Kind that it stands under, or null. */
  readonly parent: string | null
  /**
   * What a client sends (unknown keys are refused) and, as input type, what `apply` and export write. The
   * output is JSON, and reading it again gives the same. A kind without parent has the optional key
   * `owner` (`ownerField` of fields.ts): the tenant; the registry fills it in for a provider or customer,
   * and refuses a change.
   */
  readonly spec: z.ZodType<Spec>
  /** Keys of spec or status that audit, differences and export mask, such as passwords and keys. */
  readonly secret?: readonly string[]
  /** What a client reads besides name, id, version and times: OpenAPI's schema of the answer. */
  readonly view: z.ZodType
  /** Keys of the spec that cannot change once it exists, each with the sentence that says why. */
  readonly fixed: Readonly<Partial<Record<keyof Spec & string, string>>>
  /** Roles that may create, update and delete; admin always may. */
  readonly writers: readonly Role[]
  /**
   * What a provider or customer is told who writes one that is not its own, or under a parent that is not;
   * the same whether there is one or not. Absent: that there is none.
   */
  unseen?(id: string, principal: Principal): RefusedError
  readonly columns: readonly Column[]
  /** One as a client would create it: OpenAPI and `--help` show it. */
  readonly example?: {
    readonly name: string
    /** Name of the parent in the example, where there is one. */
    readonly parent?: string
    readonly spec: JsonObject
  }
  readonly operations: Readonly<Record<string, Operation<Spec, Status>>>
  /** Absent: nothing but `show`. */
  readonly questions?: Readonly<Record<string, Question<Spec, Status>>>
  /** Judges a new resource. @throws RefusedError */
  create(draft: Omit<Resource<Spec, Status>, 'status'>, context: RuleContext): Outcome<Spec, Status>
  /** Judges a changed one; fixed keys were compared before. @throws RefusedError */
  update(before: Resource<Spec, Status>, spec: Spec, context: RuleContext): Outcome<Spec, Status>
  /**
   * Judges a deletion; what stands under it was looked at before (a parent goes only with its children's
   * consent: each child's `remove` is asked first).
   * @returns null: gone at once; an outcome: it is kept in that state until the daemon removes it
   * @throws RefusedError
   */
  remove(resource: Resource<Spec, Status>, context: RuleContext): Outcome<Spec, Status> | null
  /** What a client sees: spec, status and live state. Secrets are left out unless `secrets`. */
  show(resource: Resource<Spec, Status>, context: ShowContext): JsonObject
  /**
   * One property of the view, for filters and orders of long lists, where `show` would cost too much;
   * undefined: take it from spec or `show`.
   */
  peek?(resource: Resource<Spec, Status>, key: string, context: ShowContext): unknown
  /** What it is found by; absent: by its id alone. */
  index?(resource: Resource<Spec, Status>): Index
  /** What it makes the daemon run; absent: nothing. Asked again after each change of it. */
  wanted?(resource: Resource<Spec, Status>, context: WantContext): Wanted
  /**
   * Judges what the sessions of `wanted` announce, each reason once a session; absent: nothing does. Asked
   * again after a change of a route of theirs, or of any resource.
   */
  readonly judges?: {
    /** Those that it can find: each is a metric of every session. */
    readonly reasons: readonly SessionFindingReason[]
    findings(resource: Resource<Spec, Status>, context: WantContext): readonly SessionFinding[]
  }
  /** Kinds whose changes may change `wanted` of this one: those under the same parent, or any. */
  readonly follows?: Readonly<Record<string, 'same-parent' | 'any'>>
  /**
   * Lets a lifecycle go on that waits for time or for a session; asked once a second of every resource.
   * @returns null: nothing changes; `gone`: it is deleted
   */
  advance?(
    resource: Resource<Spec, Status>,
    context: RuleContext,
  ): Outcome<Spec, Status> | 'gone' | null
}

export interface WantContext {
  readonly directory: Directory
  readonly live: Live
}

export interface ShowContext {
  readonly directory: Directory
  readonly live: Live
  readonly now: number
  /** Whether who asks may see prefix keys (never passwords). */
  readonly secrets: boolean
}

/** Why a request is refused. */
export const refusals = [
  'invalid',
  'conflict',
  'not-found',
  'forbidden',
  'not-possible',
  'stale',
] as const
export type Refusal = (typeof refusals)[number]

export interface PlacedProblem {
  readonly place: string | null
  readonly message: string
}

/** A rule says no. The message says what, why, and what to do instead. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  /** `invalid`: 400; `forbidden`: 403; `not-found`: 404; `conflict`, `not-possible`: 409; `stale` (WriteOptions not met): 412. */
  readonly refusal: Refusal
  /** Place in what was sent, such as `connections[0].sessionPrefixV4`; null: the whole. */
  readonly place: string | null
  /** With what it conflicts: id of a resource. */
  readonly conflictsWith: string | null
  /** Reason code of SPEC 1.2 where one fits, such as `duplicate-prefix`. */
  readonly reason: string | null
  /** All that is wrong, the first of it also in place and message; at most 100. */
  readonly problems: readonly PlacedProblem[]

  constructor(
    refusal: Refusal,
    message: string,
    more: {
      place?: string
      conflictsWith?: string
      reason?: string
      problems?: readonly PlacedProblem[]
    } = {},
  ) {
    super(message)
    this.refusal = refusal
    this.place = more.place ?? null
    this.conflictsWith = more.conflictsWith ?? null
    this.reason = more.reason ?? null
    this.problems = more.problems ?? [{ place: this.place, message }]
  }
}

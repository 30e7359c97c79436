/** The registry as API, CLI and daemon see it. */
import type { JsonObject, KeptAnswer } from '../store/types.ts'
import type { Principal } from './kind.ts'
import type { JudgedSession, OpenSessionFinding } from './session-findings.ts'

/** A resource as a client reads it: `name`, `id`, `etag`, times, then what its kind shows. */
export interface ResourceView {
  readonly name: string
  readonly id: string
  /** Strong entity tag without quotes (RFC 9110 §8.8.3). */
  readonly etag: string
  readonly createdAt: string
  readonly updatedAt: string
  readonly owner: string | null
  readonly properties: JsonObject
}

export interface ListQuery {
  /** Id of the parent whose children are meant; absent: all of the kind. */
  readonly parent?: string
  /** Views pass whose property has the value (text compared without case); several must all hold. */
  readonly filter?: Readonly<Record<string, string>>
  /** `name`, `createdAt`, `updatedAt` or a property; `-` before it: descending. */
  readonly sort?: string
  readonly limit: number
  readonly cursor?: string
}

/** How a write is guarded; what does not hold is refused as `stale`. */
export interface WriteOptions {
  /** RFC 9110 §13.1.1 If-Match: the etag that the resource must have; `*`: any, but it must exist. */
  readonly ifMatch?: string
  /** RFC 9110 §13.1.2 If-None-Match `*`: it must not exist. */
  readonly ifNoneMatch?: boolean
  /**
   * Of an update: the spec holds only the keys that change (RFC 7396); null takes a key away. What a
   * client cannot read, such as a password, thus stays.
   */
  readonly merge?: boolean
  /** Kept with the write, in one transaction. */
  readonly answer?: (view: ResourceView | null) => KeptAnswer
}

/** One difference between a document and the registry. */
export interface PlannedChange {
  readonly action: 'create' | 'update' | 'delete'
  readonly kind: string
  readonly id: string
  /** Keys that differ: `key: before -> after`, as text. */
  readonly differences: readonly {
    readonly key: string
    readonly before: string
    readonly after: string
  }[]
}

/** Resources in one YAML file: kinds by their path segment, children inside their parents. */
export type RegistryDocument = JsonObject

/** Every method that is given a principal throws RefusedError where its rights end. */
export interface Registry {
  list(
    principal: Principal,
    kind: string,
    query: ListQuery,
  ): { items: readonly ResourceView[]; cursor: string | null; total: number }
  get(principal: Principal, kind: string, id: string): ResourceView
  /** @throws RefusedError, StoreError */
  create(
    principal: Principal,
    kind: string,
    id: string,
    spec: unknown,
    options?: WriteOptions,
  ): Promise<ResourceView>
  update(
    principal: Principal,
    kind: string,
    id: string,
    spec: unknown,
    options?: WriteOptions,
  ): Promise<ResourceView>
  /** @returns null: it is gone; a view: it goes when its end is reached, such as PendingRemove */
  remove(
    principal: Principal,
    kind: string,
    id: string,
    options?: WriteOptions,
  ): Promise<ResourceView | null>
  operate(
    principal: Principal,
    kind: string,
    id: string,
    operation: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<ResourceView>
  /** Answers a question of the kind about a resource. @throws RefusedError */
  ask(principal: Principal, kind: string, id: string, question: string, query: unknown): JsonObject
  /**
   * What `apply` would do.
   * @param prune also delete what the document does not name
   */
  plan(
    principal: Principal,
    document: RegistryDocument,
    prune: boolean,
  ): Promise<readonly PlannedChange[]>
  /** Does it in one transaction: all or nothing. Idempotent. */
  apply(
    principal: Principal,
    document: RegistryDocument,
    prune: boolean,
  ): Promise<readonly PlannedChange[]>
  /** Everything that the principal sees, in the form that `apply` takes; no generated keys. */
  export(principal: Principal, secrets?: boolean): RegistryDocument
  /**
   * Whose a running session or registered prefix is that a resource made.
   * @returns the tenant, null for the operator's own, undefined when no resource made it
   */
  ownerOf(what: 'session' | 'prefix', name: string): string | null | undefined
  /** What is wrong with what a session of a resource announces, as of the last tick. */
  sessionFindings(session: string): readonly OpenSessionFinding[]
  /** Sessions of resources whose announcements are judged, with what is open. */
  judgedSessions(): readonly JudgedSession[]
  /** Lets lifecycles go on that wait for time or for a session. Call once a second. */
  tick(now: number): void
}

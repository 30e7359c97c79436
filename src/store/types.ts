/** Durable state: what the API acknowledged, what happened, who did what. The seam above the database. */

/** A value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** A resource as it is kept. */
export interface StoredResource {
  /** Kind of the resource, such as `connection`. */
  readonly kind: string
  /** Names from the outermost parent inwards, joined by `/`; unique in its kind. */
  readonly id: string
  /** 1 at creation, one more with every change. */
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly document: JsonObject
}

/** One write of a resource; `document` null: it is deleted. */
export interface ResourceChange {
  readonly kind: string
  readonly id: string
  readonly document: JsonObject | null
  /** Version that the change is based on; 0: there is no such resource yet. */
  readonly basedOn: number
}

/** One line of the audit log: who changed what. Secrets are masked before they come here. */
export interface AuditEntry {
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Name of the token, or `config`, `daemon`. */
  readonly who: string
  readonly role: string
  /** `create`, `update`, `delete` or an operation's name, such as `approve`. */
  readonly operation: string
  readonly kind: string
  readonly id: string
  readonly before: JsonObject | null
  readonly after: JsonObject | null
}

/** A line as it is read: `entry` increases. */
export interface AuditLine extends AuditEntry {
  readonly entry: number
}

/** The answer to a request with an idempotency key, given again when the key comes again. */
export interface KeptAnswer {
  readonly who: string
  readonly key: string
  /** Digest of method, path and body: the same key with another request is a mistake. */
  readonly fingerprint: string
  readonly status: number
  readonly body: Json
  readonly time: number
}

/** Everything that becomes durable together, or not at all. */
export interface Transaction {
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly changes: readonly ResourceChange[]
  readonly audit: readonly AuditEntry[]
  readonly answer?: KeptAnswer
}

/** Azure's four levels. */
export const eventLevels = ['Information', 'Warning', 'Error', 'Critical'] as const
export type EventLevel = (typeof eventLevels)[number]

/** An event of a prefix, as history keeps it. */
export interface HistoryEvent {
  /** Increasing, also over restarts; given by the store. */
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly time: number
  /** `PrefixAnnouncementEvent`, `VerdictChangeEvent`, ... */
  readonly type: string
  readonly level: EventLevel
  /** Name of the registered prefix, or null for an event of a session. */
  readonly prefix: string | null
  readonly session: string | null
  /** One line. */
  readonly summary: string
  /** One or more sentences. */
  readonly description: string
  /** The event itself, for programs. */
  readonly detail: JsonObject
}

export type NewHistoryEvent = Omit<HistoryEvent, 'id'>

export interface HistoryQuery {
  readonly prefix?: string
  readonly session?: string
  /** Milliseconds since the epoch, inclusive; exclusive. */
  readonly from?: number
  readonly to?: number
  readonly levels?: readonly EventLevel[]
  /** Newest first unless `oldest`. */
  readonly order?: 'newest' | 'oldest'
  readonly limit: number
  readonly cursor?: string
}

export interface AuditQuery {
  readonly who?: string
  readonly kind?: string
  /** The resource, and with `below` everything under it. */
  readonly id?: string
  readonly below?: boolean
  readonly from?: number
  readonly to?: number
  readonly limit: number
  readonly cursor?: string
}

/** A message to a webhook that is not delivered: it waits, or it is dead. */
export interface KeptLetter {
  readonly webhook: string
  /** Unique among those of the webhook. */
  readonly id: string
  readonly title: string
  readonly contentType: string
  readonly body: string
  /** Milliseconds since the epoch. */
  readonly madeAt: number
  /** Absent: it waits. */
  readonly dead?: { readonly at: number; readonly tries: number; readonly why: string }
}

/** A letter as it is now, behind all others of its webhook; or that it is no longer kept. */
export type LetterChange =
  | { readonly put: KeptLetter }
  | { readonly forget: Pick<KeptLetter, 'webhook' | 'id'> }

export interface StoredPage<T> {
  readonly items: readonly T[]
  readonly cursor: string | null
}

/** How the store is. */
export interface StoreStatus {
  readonly ok: boolean
  /** One sentence. */
  readonly detail: string
  /** Events that wait to be written, and that were given up because too many waited. */
  readonly waitingEvents: number
  readonly lostEvents: number
  /** Octets of the file and of its write-ahead log. */
  readonly sizeBytes: number
}

/**
 * The store. What it does, it does away from the thread that speaks BGP; every promise is rejected with
 * StoreError when the file cannot be read or written, and with ConflictError when a change was based on
 * another version than the one kept.
 */
export interface Store {
  /** Every resource, in the order of kind and id. Called once, at start. */
  load(): Promise<readonly StoredResource[]>
  /** Durable when it resolves, also over kill -9 and loss of power. */
  commit(transaction: Transaction): Promise<void>
  answer(who: string, key: string): Promise<KeptAnswer | undefined>
  /** Newest first. @throws CursorError */
  audit(query: AuditQuery): Promise<StoredPage<AuditLine>>
  /**
   * Takes an event to be written soon, in batches; never waits, never throws. Its fields are read when it
   * is written, so words can be made that late.
   */
  record(event: NewHistoryEvent): void
  /** @throws CursorError */
  history(query: HistoryQuery): Promise<StoredPage<HistoryEvent>>
  /** Every letter that is kept, in the order in which they were put. */
  letters(): Promise<readonly KeptLetter[]>
  /** Durable when it resolves: all of it, or on a failure nothing. */
  keepLetters(changes: readonly LetterChange[]): Promise<void>
  /** Resolves when all that was recorded so far is durable. */
  flush(): Promise<void>
  status(): StoreStatus
  close(): Promise<void>
}

/** The file cannot be opened, read or written; the message names it and says why. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

/** A change was based on a version that is no longer the kept one. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError'
}

/** A cursor that no list of the store gave. */
export class CursorError extends Error {
  override readonly name = 'CursorError'
}

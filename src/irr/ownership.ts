/** What routing registries say about a prefix. */
import type { RouteRecord } from './route-objects.ts'

/** What the registries say about a prefix and an AS number. */
export type Ownership =
  /** A route object has this prefix and this origin. */
  | { readonly kind: 'recorded'; readonly source: string }
  /** The prefix is recorded, with other origins. */
  | { readonly kind: 'other-origin'; readonly origins: readonly number[] }
  /** Only less specific prefixes are recorded. */
  | { readonly kind: 'covered'; readonly records: readonly RouteRecord[] }
  | { readonly kind: 'not-recorded' }
  /** Nothing could be asked: no data is configured, or none could be read. */
  | { readonly kind: 'unknown'; readonly why: string }

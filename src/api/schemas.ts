/**
 * What the HTTP API takes and gives, as zod objects: the server validates and serialises with them,
 * `/openapi.json` is generated from them, and clients (terminal, page) take their types from here.
 */
import { z } from 'zod'
import {
  findingReasons,
  prefixStateNames,
  type RouteNote,
  routeClasses,
  routeNotes,
  severities,
} from '../engine/types.ts'
import { familyNames } from '../prefix/prefix.ts'
import { SessionState, type SessionStateName } from '../session/types.ts'
import { roleNames } from '../wire/capabilities.ts'

/** Items of a page when the request does not say, and the most that it may ask for. */
export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

const sessionStateNames = Object.keys(SessionState) as SessionStateName[]

export const time = z.string().meta({
  format: 'date-time',
  description: 'UTC, with milliseconds',
  examples: ['2026-11-21T09:04:00.000Z'],
})
const asn = z.int().min(0).max(4_294_967_295)
const count = z.int().min(0)
const familySchema = z.enum(familyNames)
const reasonSchema = z.enum(findingReasons)
const severitySchema = z.enum(severities)
const prefixStateSchema = z.enum(prefixStateNames)
const sessionStateSchema = z.enum(sessionStateNames)
const byFamily = z.object({ ipv4: count, ipv6: count })
const byState = z.object({
  None: count,
  Pending: count,
  Verified: count,
  Warning: count,
  Failed: count,
  Invalid: count,
})

// ---------------------------------------------------------------- errors

export const problemSchema = z
  .object({
    type: z.string().describe('Identifies the kind of problem'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What was wrong with this request, and what was expected'),
    instance: z.string().describe('Path of the request'),
    reason: z
      .string()
      .optional()
      .describe('Code of the rule that says no, such as `duplicate-prefix`'),
    place: z.string().optional().describe('Place in what was sent'),
    conflictsWith: z.string().optional().describe('Id of the resource that stands in the way'),
    errors: z
      .array(z.object({ path: z.string().describe('Place in the request'), message: z.string() }))
      .optional()
      .describe('Every mistake of a bad input'),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' })
export type Problem = z.infer<typeof problemSchema>

// ---------------------------------------------------------------- paging

const cursorDescription = 'Opaque; give it back to read the next page. null: this is the last page'

/** A page of `item`. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    cursor: z.string().nullable().describe(cursorDescription),
  })
}

export const paging = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  cursor: z.string().min(1).max(512).optional().describe('The `cursor` of the page before'),
}

export const nameParams = z.strictObject({ name: z.string().min(1).max(255) })

// ---------------------------------------------------------------- sessions

const messageCounts = z.object({
  open: count,
  update: count,
  notification: count,
  keepalive: count,
  routeRefresh: count,
})

export const notificationSchema = z
  .object({
    direction: z.enum(['sent', 'received']),
    code: count,
    subcode: count,
    text: z
      .string()
      .describe('Code and subcode in words, such as `Cease / Administrative Shutdown`'),
    communication: z.string().nullable().describe('RFC 9003 shutdown communication'),
    data: z.string().describe('The data field in hex; beyond 256 octets, `…`'),
    time,
  })
  .meta({ id: 'Notification' })
export type NotificationJson = z.infer<typeof notificationSchema>

export const sessionSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    state: sessionStateSchema,
    stateNumber: z.int().min(1).max(6).describe('RFC 4273: 1 Idle to 6 Established'),
    up: z.boolean(),
    since: time.describe('When the state began'),
    shutdown: z.boolean().describe('Administratively down'),
    remoteAddress: z.string(),
    remotePort: z.int().describe('Configured port of the peer'),
    remoteAsn: asn,
    remoteRouterId: z.string().nullable(),
    localAddress: z.string().nullable(),
    localAsn: asn,
    routerId: z.string().describe('Our BGP identifier'),
    passive: z.boolean(),
    families: z.array(familySchema).describe('Configured'),
    negotiatedFamilies: z.array(familySchema).nullable(),
    role: z
      .enum(roleNames)
      .nullable()
      .describe('Our role towards the peer (RFC 9234), as configured'),
    addPathFamilies: z
      .array(familySchema)
      .nullable()
      .describe('Where the peer sends all its paths (RFC 7911), negotiated'),
    extendedNextHop: z
      .boolean()
      .nullable()
      .describe('IPv4 routes may have an IPv6 next hop (RFC 8950), negotiated'),
    gracefulNotification: z
      .boolean()
      .nullable()
      .describe('Routes outlive a NOTIFICATION that is no Hard Reset (RFC 8538), negotiated'),
    configuredHoldTime: z.int().describe('Seconds'),
    holdTime: z.int().nullable().describe('Negotiated, seconds; 0: no hold timer'),
    keepaliveTime: z.number().nullable().describe('Seconds'),
    maxMessageLength: z.int().nullable(),
    capabilities: z.array(z.string()).nullable().describe("The peer's capabilities, in words"),
    connectionPort: z
      .int()
      .nullable()
      .describe("The peer's port on the current or last connection"),
    establishedAt: time.nullable(),
    lastMessageAt: time.nullable(),
    flaps: count.describe('Times the session left Established'),
    maxPrefixes: z.int().nullable(),
    messages: z.object({ received: messageCounts, sent: messageCounts }),
    notifications: z.array(
      z.object({
        direction: z.enum(['sent', 'received']),
        code: count,
        subcode: count,
        text: z.string(),
        count,
      }),
    ),
    lastNotification: notificationSchema.nullable(),
    lastError: z
      .string()
      .nullable()
      .describe('Why it last went down or could not come up, in one sentence'),
    nextTryAt: time.nullable().describe('When a connection will be tried next'),
    prefixes: byFamily.describe('Routes in the Adj-RIB-In'),
    routes: z.object({ announced: byFamily, withdrawn: byFamily }),
    verdicts: z.object({
      verified: count,
      failed: count,
      overlap: count,
      unregistered: count,
    }),
    notes: z
      .object(
        Object.fromEntries(routeNotes.map((note) => [note, count])) as Record<
          RouteNote,
          typeof count
        >,
      )
      .describe('Announced routes that carried the note'),
    updateErrors: z
      .object({ 'attribute-discard': count, 'treat-as-withdraw': count, 'session-reset': count })
      .describe('UPDATEs by RFC 7606 treatment'),
  })
  .meta({ id: 'Session' })
export type SessionJson = z.infer<typeof sessionSchema>

export const sessionListQuery = z.strictObject({
  ...paging,
  state: sessionStateSchema.optional(),
  search: z
    .string()
    .max(255)
    .optional()
    .describe('Part of name, description, address or AS number'),
})
export const sessionListSchema = pageOf(sessionSchema).meta({ id: 'SessionList' })
export type SessionListJson = z.infer<typeof sessionListSchema>

const communicationExpected = 'at most 255 octets of printable text'

export const shutdownRequestSchema = z
  .strictObject({
    communication: z
      .string()
      .max(255, communicationExpected)
      .regex(/^\P{Cc}*$/u, communicationExpected)
      .refine((text) => new TextEncoder().encode(text).length <= 255, communicationExpected)
      .default('')
      .describe("For the peer's operator (RFC 9003)"),
  })
  .nullish()
  .meta({ id: 'ShutdownRequest' })

export const clearRequestSchema = z
  .strictObject({
    mode: z
      .enum(['soft', 'hard'])
      .default('soft')
      .describe('soft: ask for the routes again (RFC 2918); hard: end the session, start anew'),
  })
  .nullish()
  .meta({ id: 'ClearRequest' })

export const clearedSchema = z
  .object({
    mode: z.enum(['soft', 'hard']),
    families: z.array(familySchema).describe('What the peer was asked to send again'),
    session: sessionSchema,
  })
  .meta({ id: 'Cleared' })
export type ClearedJson = z.infer<typeof clearedSchema>

// ---------------------------------------------------------------- routes

export const routeSchema = z
  .object({
    prefix: z.string(),
    pathId: count.optional().describe('RFC 7911 path identifier'),
    class: z.enum(routeClasses),
    reasons: z.array(reasonSchema),
    origin: z.string(),
    asPath: z.string(),
    nextHop: z.string(),
    med: count.nullable(),
    localPref: count.nullable(),
    communities: z.array(z.string()),
    largeCommunities: z.array(z.string()),
    extendedCommunities: z.array(z.string()),
    atomicAggregate: z.boolean(),
    aggregator: z.string().nullable(),
    unknownAttributes: z.array(
      z.object({ code: count, flags: count, value: z.string().describe('Hex') }),
    ),
    notes: z.array(z.enum(routeNotes)).describe('Facts worth an eye that are no finding'),
    receivedAt: time,
    stale: z.boolean().describe('Kept from before a restart of the peer (RFC 4724)'),
  })
  .meta({ id: 'Route' })
export type RouteJson = z.infer<typeof routeSchema>

export const routeListQuery = z.strictObject({
  ...paging,
  prefix: z
    .string()
    .max(64)
    .optional()
    .describe('Such as 198.51.100.0/24; absent: the whole table'),
  match: z.enum(['exact', 'covering', 'covered']).default('exact'),
})
export const routeListSchema = pageOf(routeSchema).meta({
  id: 'RouteList',
  description: 'A page may hold fewer routes than `limit`, even none, and still have a cursor',
})
export type RouteListJson = z.infer<typeof routeListSchema>

// ---------------------------------------------------------------- policy and prefixes

export const policySchema = z
  .object({
    requiredCommunities: z.array(z.string()),
    communityMatch: z.enum(['all', 'any']),
    maxAsPathLength: z.int(),
    allowPrepending: z.boolean(),
    bogonAsn: z.enum([...severities, 'off']),
    convergenceSeconds: z.number(),
  })
  .meta({ id: 'Policy' })
export type PolicyJson = z.infer<typeof policySchema>

export const evidenceSchema = z
  .object({
    asPath: z.string().optional(),
    communities: z.array(z.string()).optional(),
    nextHop: z.string().optional(),
    asn: asn.optional().describe('The offending AS number'),
    position: z.int().optional().describe('Its place in the path, counted from 1 at the peer'),
    pathLength: z.int().optional(),
    originAsn: asn.optional(),
    otherPrefix: z.string().optional(),
    otherName: z.string().optional(),
    routes: z.array(z.string()).optional(),
    count: count.optional(),
    detail: z.string().optional(),
  })
  .meta({ id: 'Evidence', description: 'As received; only what bears on the reason is present' })
export type EvidenceJson = z.infer<typeof evidenceSchema>

export const findingSchema = z
  .object({
    reason: reasonSchema,
    severity: severitySchema,
    session: z.string().nullable().describe('null: it applies to the registration as such'),
    message: z.string(),
    action: z.string().describe('What to change and who changes it'),
    evidence: evidenceSchema,
    link: z
      .string()
      .describe('Page of this daemon on the reason: how to see it on a router and how to mend it')
      .meta({ examples: ['/docs/findings/not-received'] }),
    since: time,
  })
  .meta({ id: 'Finding' })
export type FindingJson = z.infer<typeof findingSchema>

const prefixFields = {
  name: z.string(),
  prefix: z.string(),
  family: familySchema,
  owner: z.string().nullable(),
  state: prefixStateSchema,
  since: time.describe('When the state began'),
  reasons: z.array(reasonSchema).describe('Distinct reasons of the open findings'),
  errorMessage: z.string().describe('All findings as sentences; empty when there is none'),
}

export const prefixSummarySchema = z.object(prefixFields).meta({ id: 'PrefixSummary' })
export type PrefixSummaryJson = z.infer<typeof prefixSummarySchema>

export const prefixSchema = z
  .object({
    ...prefixFields,
    originAsns: z.array(asn).describe('Empty: any'),
    policy: policySchema,
    findings: z.array(findingSchema),
    sessions: z
      .array(
        z.object({
          session: z.string(),
          status: z.enum(['received', 'missing', 'pending', 'down']),
          route: routeSchema.nullable(),
        }),
      )
      .describe('The expected sessions'),
  })
  .meta({ id: 'Prefix' })
export type PrefixJson = z.infer<typeof prefixSchema>

export const prefixListQuery = z.strictObject({
  ...paging,
  state: prefixStateSchema.optional(),
  reason: reasonSchema.optional(),
  session: z
    .string()
    .max(255)
    .optional()
    .describe('Name of a session on which it is expected; with `reason`: that has this finding'),
  search: z.string().max(255).optional().describe('Part of name, prefix or owner'),
  messages: z
    .enum(['all', 'first'])
    .default('all')
    .describe('`first`: `errorMessage` has the sentence of the weightiest finding alone'),
})
export const prefixListSchema = pageOf(prefixSummarySchema)
  .extend({
    matched: count
      .nullable()
      .describe('How many match in all; null: there are too many prefixes to count them each time'),
    counts: byState.describe('All registered prefixes by state, whatever the filter'),
  })
  .meta({ id: 'PrefixList' })
export type PrefixListJson = z.infer<typeof prefixListSchema>

// ---------------------------------------------------------------- explain

export const explainRequestSchema = z
  .strictObject({
    prefix: z.string().max(64),
    asPath: z
      .union([z.string().max(4096), z.array(z.union([asn, z.array(asn).min(1).max(255)])).max(255)])
      .default('')
      .describe(
        'The neighbour first: `64501 64502 {64503,64504}`, or numbers, where a list is an AS_SET',
      ),
    communities: z
      .array(z.string().max(32))
      .max(1000)
      .default([])
      .describe('Such as `8075:8007`, or large: `64500:1:2`'),
  })
  .meta({ id: 'ExplainRequest' })
export type ExplainRequestJson = z.input<typeof explainRequestSchema>

export const explanationSchema = z
  .object({
    prefix: z.string(),
    class: z.enum(routeClasses),
    registration: z
      .object({ name: z.string(), prefix: z.string() })
      .nullable()
      .describe('The registered prefix that was judged'),
    state: prefixStateSchema,
    findings: z.array(findingSchema.omit({ since: true, session: true })),
    policy: policySchema,
  })
  .meta({ id: 'Explanation' })
export type ExplanationJson = z.infer<typeof explanationSchema>

// ---------------------------------------------------------------- events

const findingChangeSchema = z.object({
  reason: reasonSchema,
  severity: severitySchema,
  session: z.string().nullable(),
  message: z.string(),
  durationSeconds: z.number().optional().describe('How long it was open; only when it closed'),
})

const eventId = z.int().describe('Increases, also over restarts of the daemon')

export const prefixEventSchema = z
  .object({
    id: eventId,
    kind: z.literal('prefix'),
    time,
    name: z.string(),
    prefix: z.string(),
    from: prefixStateSchema.nullable().describe('null: it has just been registered'),
    to: prefixStateSchema.nullable().describe('null: it is no longer registered'),
    durationSeconds: z.number().describe('How long `from` lasted'),
    opened: z.array(findingChangeSchema),
    closed: z.array(findingChangeSchema),
  })
  .meta({ id: 'PrefixEvent' })
export type PrefixEventJson = z.infer<typeof prefixEventSchema>

export const sessionEventSchema = z
  .object({
    id: eventId,
    kind: z.literal('session'),
    time,
    session: z.string(),
    from: sessionStateSchema,
    to: sessionStateSchema,
    detail: z.string().describe('One sentence'),
    notification: notificationSchema.optional(),
  })
  .meta({ id: 'SessionEvent' })
export type SessionEventJson = z.infer<typeof sessionEventSchema>

export const eventSchema = z.discriminatedUnion('kind', [prefixEventSchema, sessionEventSchema])
export type EventJson = z.infer<typeof eventSchema>

export const eventListQuery = z.strictObject({
  since: z
    .string()
    .max(64)
    .optional()
    .describe(
      'An event id (events after it) or a time such as 2026-11-21T09:00:00Z (events from it on)',
    ),
  follow: z
    .enum(['', '1', 'true', '0', 'false'])
    .optional()
    .describe('Answer with Server-Sent Events and go on with new ones'),
  kind: z.enum(['prefix', 'session']).optional(),
  prefix: z.string().max(255).optional().describe('Name of a registered prefix'),
  session: z.string().max(255).optional().describe('Name of a session'),
  limit: paging.limit,
  cursor: paging.cursor,
})
export const eventListSchema = pageOf(eventSchema)
  .extend({
    lastId: z.int().describe('Id of the newest event; with `since` it follows on from here'),
  })
  .meta({ id: 'EventList', description: 'Oldest first. Without `since` the newest `limit` events' })
export type EventListJson = z.infer<typeof eventListSchema>

// ---------------------------------------------------------------- overview

export const overviewSchema = z
  .object({
    time: time.describe('When this was so'),
    version: z.string(),
    prefixes: z.object({
      total: count,
      byState,
      byReason: z
        .array(z.object({ reason: reasonSchema, prefixes: count }))
        .describe('Open findings, the most frequent first; a prefix counts once a reason'),
    }),
    sessions: z.object({
      total: count,
      up: count,
      shutdown: count.describe('Administratively down'),
      byState: z.array(z.object({ state: sessionStateSchema, sessions: count })),
    }),
    failing: z
      .array(
        z.object({
          name: z.string(),
          prefix: z.string(),
          state: prefixStateSchema,
          since: time,
          finding: findingSchema.nullable().describe('The one that weighs most'),
          others: count.describe('Open findings besides it'),
          errorMessage: z.string().describe('Its sentence, or why the prefix cannot be judged'),
        }),
      )
      .describe('Failed and Invalid prefixes, then Warning; the latest first; at most 20'),
    recent: z
      .object({
        since: time.describe('An hour ago, or the oldest event held'),
        intervals: z
          .array(
            z.object({
              time: time.describe('When it began'),
              worse: count.describe('Prefixes that became Failed, Warning or Invalid'),
              better: count.describe('Prefixes that became Verified'),
              down: count.describe('Sessions that left Established'),
            }),
          )
          .describe('Of five minutes each, oldest first'),
        prefixes: z
          .array(
            z.object({
              name: z.string(),
              prefix: z.string(),
              from: prefixStateSchema.nullable(),
              to: prefixStateSchema.nullable(),
              changes: count.describe('Changes of its state'),
              time: time.describe('Of the last change'),
            }),
          )
          .describe('The net change of each; the latest first; at most 50'),
        sessions: z
          .array(
            z.object({
              session: z.string(),
              to: sessionStateSchema,
              downs: count.describe('Times it left Established'),
              time: time.describe('Of the last event'),
              detail: z.string(),
            }),
          )
          .describe('The latest first; at most 50'),
      })
      .describe('The last hour'),
  })
  .meta({ id: 'Overview' })
export type OverviewJson = z.infer<typeof overviewSchema>

// ---------------------------------------------------------------- health

export const healthSchema = z
  .object({ status: z.literal('ok'), version: z.string() })
  .meta({ id: 'Health' })

export const readinessSchema = z
  .object({
    status: z.enum(['ready', 'not ready']),
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'Readiness' })
export type ReadinessJson = z.infer<typeof readinessSchema>

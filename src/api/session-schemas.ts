/** Sessions as the HTTP API takes and gives them. */

import { z } from 'zod'
import { type RouteNote, routeNotes } from '../engine/types.ts'
import { sessionFindingReasons } from '../peering/kind.ts'
import { roleNames } from '../wire/capabilities.ts'
import { findingSchema } from './prefix-schemas.ts'
import {
  asn,
  byFamily,
  count,
  familySchema,
  pageOf,
  paging,
  sessionStateSchema,
  time,
} from './schemas.ts'

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

export const sessionFindingSchema = findingSchema
  .omit({ session: true })
  .extend({ reason: z.enum(sessionFindingReasons) })
  .meta({ id: 'SessionFinding' })
export type SessionFindingJson = z.infer<typeof sessionFindingSchema>

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
    findings: z
      .array(sessionFindingSchema)
      .describe('What is wrong with what it announces, as the resource that made it judges that'),
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
export const sessionListSchema = pageOf(sessionSchema)
  .extend({
    matched: count.nullable().describe('How many match in all; null: there are too many to count'),
    counts: z
      .record(sessionStateSchema, count)
      .describe('All sessions by state, whatever the filter'),
  })
  .meta({ id: 'SessionList' })
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

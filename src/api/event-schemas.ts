/** Events as the HTTP API gives them. */
import { z } from 'zod'
import { sessionFindingReasons } from '../peering/kind.ts'
import {
  pageOf,
  paging,
  prefixStateSchema,
  reasonSchema,
  sessionStateSchema,
  severitySchema,
  time,
} from './schemas.ts'
import { notificationSchema } from './session-schemas.ts'

const findingChangeSchema = z.object({
  reason: reasonSchema,
  severity: severitySchema,
  session: z.string().nullable(),
  message: z.string(),
  durationSeconds: z.number().optional().describe('How long it was open; only when it closed'),
})

const sessionFindingChangeSchema = findingChangeSchema.omit({ session: true }).extend({
  reason: z.enum(sessionFindingReasons),
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
    opened: z
      .array(sessionFindingChangeSchema)
      .optional()
      .describe('Findings about what the session announces; absent: none opened'),
    closed: z.array(sessionFindingChangeSchema).optional(),
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

/** Routes as the HTTP API gives them. */

import { z } from 'zod'
import { routeClasses, routeNotes } from '../engine/types.ts'
import { count, pageOf, paging, reasonSchema, time } from './schemas.ts'

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

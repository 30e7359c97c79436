/**
 * What the HTTP API takes and gives, as zod objects: the server validates and serialises with them,
 * `/openapi.json` is generated from them, and clients (terminal, page) take their types from here.
 */

import { z } from 'zod'
import { findingReasons, prefixStateNames, severities } from '../engine/types.ts'
import { familyNames } from '../prefix/prefix.ts'
import { SessionState, type SessionStateName } from '../session/types.ts'

/** Items of a page when the request does not say, and the most that it may ask for. */
export const DEFAULT_LIMIT = 100
export const MAX_LIMIT = 1000

const sessionStateNames = Object.keys(SessionState) as SessionStateName[]

export const time = z.string().meta({
  format: 'date-time',
  description: 'UTC, with milliseconds',
  examples: ['2026-11-21T09:04:00.000Z'],
})
export const asn = z.int().min(0).max(4_294_967_295)
export const count = z.int().min(0)
export const familySchema = z.enum(familyNames)
export const reasonSchema = z.enum(findingReasons)
export const severitySchema = z.enum(severities)
export const prefixStateSchema = z.enum(prefixStateNames)
export const sessionStateSchema = z.enum(sessionStateNames)
export const byFamily = z.object({ ipv4: count, ipv6: count })
export const byState = z.object({
  None: count,
  Pending: count,
  Verified: count,
  Warning: count,
  Failed: count,
  Invalid: count,
})

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

/** Registered prefixes, verdicts, policy and `explain` as the HTTP API takes and gives them. */

import { z } from 'zod'
import { routeClasses, severities } from '../engine/types.ts'
import { routeSchema } from './route-schemas.ts'
import {
  asn,
  byState,
  count,
  familySchema,
  pageOf,
  paging,
  prefixStateSchema,
  reasonSchema,
  severitySchema,
  time,
} from './schemas.ts'

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

export const prefixSummarySchema = z
  .object({
    ...prefixFields,
    session: z
      .string()
      .nullable()
      .optional()
      .describe('With `messages=first`: where that finding is; null: no session alone'),
  })
  .meta({ id: 'PrefixSummary' })
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
  peering: z.string().max(63).optional().describe('Name of a peering under which it is registered'),
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

export const explainRequestSchema = z
  .strictObject({
    prefix: z.string().max(255).describe('`198.51.100.0/24`, or the name of a registered prefix'),
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

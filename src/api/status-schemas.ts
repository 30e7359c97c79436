/** The daemon itself as the HTTP API gives it: overview, health and readiness. */
import { z } from 'zod'
import { findingSchema } from './prefix-schemas.ts'
import {
  byState,
  count,
  prefixStateSchema,
  reasonSchema,
  sessionStateSchema,
  time,
} from './schemas.ts'

export const overviewSchema = z
  .object({
    time: time.describe('When this was so'),
    version: z.string(),
    startedAt: time.describe('When the daemon started'),
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

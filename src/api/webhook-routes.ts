/** `/api/v1/webhooks`: receivers of notices, what became of deliveries, and what died on the way. */
import { z } from 'zod'
import { severities } from '../engine/types.ts'
import { webhookFormats } from '../push/formats.ts'
import { operators } from './auth.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { unknownName } from './problems.ts'
import { nameParams } from './schemas.ts'
import { shownIsoTime } from './session-view.ts'

const count = z.int().min(0)

const webhookSchema = z
  .object({
    name: z.string(),
    origin: z.string().describe('Scheme, host and port; the rest of the URL is not shown'),
    format: z.enum(webhookFormats),
    severity: z.enum(severities),
    signed: z.boolean(),
    waiting: count.describe('Notices that are still to be delivered'),
    delivered: count.describe('Since the daemon started'),
    failedTries: count.describe('Since the daemon started'),
    dead: count.describe('Dead letters'),
    lastDeliveredAt: z.string().nullable(),
    lastError: z.string().nullable().describe('Why the last try failed; null when it did not'),
    nextTryAt: z.string().nullable(),
  })
  .meta({ id: 'Webhook' })
export type WebhookJson = z.infer<typeof webhookSchema>

const deadLetterSchema = z
  .object({
    id: z.string(),
    title: z.string(),
    madeAt: z.string(),
    diedAt: z.string(),
    tries: count,
    why: z.string(),
    body: z.string().describe('What was to be posted'),
  })
  .meta({ id: 'DeadLetter' })
export type DeadLetterJson = z.infer<typeof deadLetterSchema>

const webhookListSchema = z.object({ items: z.array(webhookSchema) })
const deadLetterListSchema = z.object({ items: z.array(deadLetterSchema) })
const resentSchema = z.object({ resent: count })
const sentSchema = z.object({ sent: z.literal(true) })
export type WebhookListJson = z.infer<typeof webhookListSchema>
export type DeadLetterListJson = z.infer<typeof deadLetterListSchema>

function shownOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : shownIsoTime(milliseconds)
}

export function addWebhookRoutes(app: Api, { webhooks }: RouteContext): void {
  const tags = ['webhooks']
  const security = [{ bearer: [] }]
  const config = { roles: operators }
  const refusals = problemResponses(401, 403, 404)

  app.get(
    '/webhooks',
    {
      schema: {
        tags,
        summary: 'The webhooks of the configuration, and how deliveries go',
        response: { 200: webhookListSchema },
      },
    },
    () => ({
      items: webhooks.list().map((webhook) => ({
        ...webhook,
        lastDeliveredAt: shownOrNull(webhook.lastDeliveredAt),
        nextTryAt: shownOrNull(webhook.nextTryAt),
      })),
    }),
  )

  app.get(
    '/webhooks/:name/dead-letters',
    {
      config,
      schema: {
        tags,
        security,
        summary: 'Notices that could not be delivered, oldest first; at most 1000 are kept',
        params: nameParams,
        response: { 200: deadLetterListSchema, ...refusals },
      },
    },
    (request) => {
      const { name } = request.params
      const letters = webhooks.deadLetters(name)
      if (letters === undefined) throw unknownName('webhook', name)
      return {
        items: letters.map(({ id, title, madeAt, diedAt, tries, why, body }) => ({
          id,
          title,
          madeAt: shownIsoTime(madeAt),
          diedAt: shownIsoTime(diedAt),
          tries,
          why,
          body: body.text,
        })),
      }
    },
  )

  app.post(
    '/webhooks/:name/resend',
    {
      config,
      schema: {
        tags,
        security,
        summary: 'Sends the dead letters anew',
        params: nameParams,
        response: { 200: resentSchema, ...refusals },
      },
    },
    (request) => {
      const { name } = request.params
      const resent = webhooks.resend(name)
      if (resent === undefined) throw unknownName('webhook', name)
      return { resent }
    },
  )

  app.post(
    '/webhooks/:name/test',
    {
      config,
      schema: {
        tags,
        security,
        summary: 'Sends a notice that says it is a test',
        params: nameParams,
        response: { 200: sentSchema, ...refusals },
      },
    },
    (request) => {
      const { name } = request.params
      if (!webhooks.test(name, request.principal.name)) throw unknownName('webhook', name)
      return { sent: true as const }
    },
  )
}

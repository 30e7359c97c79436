/** What machines ask the daemon about itself: health, readiness, metrics. */
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ApiContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { healthSchema, readinessSchema } from './status-schemas.ts'

/** @param gate lets those through who may read */
export function addStatusRoutes(
  app: Api,
  context: ApiContext,
  gate: (request: FastifyRequest) => Promise<void>,
): void {
  app.get(
    '/healthz',
    {
      schema: {
        tags: ['status'],
        summary: 'The process is alive',
        response: { 200: healthSchema },
      },
    },
    () => ({ status: 'ok' as const, version: context.version }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        tags: ['status'],
        summary: 'The daemon is of use: it listens, and can store',
        response: { 200: readinessSchema, 503: readinessSchema },
      },
    },
    (_request, reply) => {
      const { ok, checks } = context.ready()
      reply.code(ok ? 200 : 503).send({ status: ok ? 'ready' : 'not ready', checks: [...checks] })
    },
  )

  app.get(
    '/metrics',
    {
      exposeHeadRoute: false,
      onRequest: gate,
      schema: {
        tags: ['status'],
        summary: 'Metrics in the text format of Prometheus',
        response: {
          200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
          ...problemResponses(401, 403),
        },
      },
    },
    (_request, reply) => {
      const pieces = Readable.from(context.metrics.exposition(), { objectMode: false })
      // Fastify sends a stream as it is; the schema says what a client reads from it.
      reply.type(context.metrics.contentType).send(pieces as unknown as string)
    },
  )
}

/** How routes are declared: with schemas, and with what `/openapi.json` says of them. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { PROBLEM_TYPE } from './problems.ts'
import { problemSchema } from './schemas.ts'

/** A Fastify instance whose handlers take their types from zod. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

const problems = {
  400: 'The request is not valid',
  401: 'A valid token is needed',
  403: 'The token does not allow it, or the API is read-only because no token is configured',
  404: 'Nothing has that name',
  409: 'The state of the thing does not allow it, or something else stands in the way',
  412: 'It is not as `If-Match` or `If-None-Match` expect it',
  413: 'The body is too large',
  415: 'The body is not of a known type',
  422: 'The Idempotency-Key came with another request before',
  428: '`If-Match` or `If-None-Match` is missing',
  503: 'Too many at a time, or no registry or storage',
} as const

/** Declares the problems that a route can answer with. */
export function problemResponses<S extends keyof typeof problems>(...statuses: readonly S[]) {
  const rows = statuses.map((status) => [
    status,
    {
      description: problems[status],
      content: { [PROBLEM_TYPE]: { schema: problemSchema } },
    },
  ])
  return Object.fromEntries(rows) as Record<
    S,
    { description: string; content: Record<string, { schema: typeof problemSchema }> }
  >
}

/** `/api/v1/events`: what happened, as a list or as a stream. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isTenant, type Principal } from '../peering/kind.ts'
import type { EventFilter, EventStart } from '../telemetry/event-log.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { eventListQuery, eventListSchema } from './event-schemas.ts'
import type { EventStreams } from './event-stream.ts'
import { decodeCursor, encodeCursor } from './paging.ts'
import { eventView } from './prefix-view.ts'
import { HttpProblem, invalidField } from './problems.ts'
import type { Scope } from './scope.ts'

const EVENTS_CURSOR = 'events'

type EventQuery = z.infer<typeof eventListQuery>

/** An ISO 8601 date, with or without a time; RFC 3339 and a little less. */
const isoDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/

function parseTime(text: string): number {
  return isoDate.test(text) ? Date.parse(text) : Number.NaN
}

/**
 * Reads a time of a query.
 * @returns milliseconds since the epoch
 * @throws HttpProblem 400
 */
export function readTime(path: string, text: string): number {
  const time = parseTime(text)
  if (!Number.isNaN(time)) return time
  throw invalidField(path, `"${text}" is no time such as 2026-11-21T09:00:00Z`)
}

/** @throws HttpProblem 400 when the text is neither an id nor a time */
function readSince(since: string): EventStart {
  if (/^\d{1,16}$/.test(since)) return { id: Number(since) }
  const time = parseTime(since)
  if (Number.isNaN(time)) {
    throw invalidField(
      'since',
      `"${since}" is neither an event id nor a time such as 2026-11-21T09:00:00Z`,
    )
  }
  return { time }
}

function filterOf(
  { kind, prefix, session }: EventQuery,
  principal: Principal,
  scope: Scope,
): EventFilter {
  return {
    ...(isTenant(principal.role) && { sees: (event) => scope.event(principal, event) }),
    ...(kind !== undefined && { kind }),
    ...(prefix !== undefined && { prefix }),
    ...(session !== undefined && { session }),
  }
}

function wantsStream(request: FastifyRequest, { follow }: EventQuery): boolean {
  if (follow !== undefined) return follow !== '0' && follow !== 'false'
  return request.headers.accept?.includes('text/event-stream') === true
}

/** Where a stream begins: a browser that reconnects says what it saw last. */
function streamStart(request: FastifyRequest, { since }: EventQuery): EventStart | undefined {
  const last = request.headers['last-event-id']
  if (typeof last === 'string' && /^\d{1,16}$/.test(last)) return { id: Number(last) }
  return since === undefined ? undefined : readSince(since)
}

export function addEventRoutes(app: Api, context: RouteContext, streams: EventStreams): void {
  const { eventLog, scope } = context

  function list(query: EventQuery, principal: Principal) {
    const { limit, cursor, since } = query
    const filter = filterOf(query, principal, scope)
    const lastId = eventLog.lastId()
    const start =
      cursor !== undefined
        ? { id: Number(decodeCursor(EVENTS_CURSOR, cursor)) }
        : since === undefined
          ? undefined
          : readSince(since)
    if (start === undefined) {
      return { items: eventLog.newest(limit, filter).map(eventView), cursor: null, lastId }
    }
    const found = eventLog.since(start, limit + 1, filter)
    const items = found.slice(0, limit)
    const last = items.at(-1)
    const more = found.length > limit && last !== undefined
    return {
      items: items.map(eventView),
      cursor: more ? encodeCursor(EVENTS_CURSOR, `${last.id}`) : null,
      lastId,
    }
  }

  function stream(request: FastifyRequest, reply: FastifyReply, query: EventQuery): void {
    const options = {
      start: streamStart(request, query),
      filter: filterOf(query, request.principal, scope),
    }
    const headers = reply.getHeaders() as Record<string, string>
    if (!streams.open(reply.raw, { ...options, headers })) {
      throw new HttpProblem(
        503,
        'overloaded',
        `${streams.count()} event streams are open, as many as may be.`,
        { headers: { 'retry-after': '5' } },
      )
    }
    reply.hijack()
  }

  app.get(
    '/events',
    {
      // A stream has no end, so there is nothing that HEAD could tell of it.
      exposeHeadRoute: false,
      config: { tenants: true },
      schema: {
        tags: ['events'],
        summary: 'Verdict and session changes: a list, or with `follow` a stream',
        description:
          'With `follow`, or `Accept: text/event-stream`, the answer is a stream of Server-Sent Events: ' +
          '`prefix` and `session` events with their id, resumed with `Last-Event-ID`; `gap` when events ' +
          'asked for are no longer held; `overflow` before a reader that is too slow is cut.',
        querystring: eventListQuery,
        response: {
          200: {
            description: 'Events, oldest first',
            content: {
              'application/json': { schema: eventListSchema },
              'text/event-stream': { schema: z.string() },
            },
          },
          ...problemResponses(400, 503),
        },
      },
    },
    async (request, reply) => {
      if (!wantsStream(request, request.query)) return list(request.query, request.principal)
      stream(request, reply, request.query)
      return reply
    },
  )
}

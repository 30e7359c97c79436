/** `/api/v1/prefixes/{name}/history`: what happened to a prefix, also before the daemon was restarted. */
import { z } from 'zod'
import { eventLevels, type HistoryEvent, type HistoryQuery } from '../store/types.ts'
import { historyTypes } from '../telemetry/history.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { HttpProblem, unknownName } from './problems.ts'
import { nameParams, pageOf, paging, time } from './schemas.ts'

const HOUR_MS = 3_600_000

/** Azure's windows. */
const windows = { '6h': 6, '12h': 12, '1d': 24, '7d': 168, '30d': 720 } as const
const windowNames = Object.keys(windows) as [keyof typeof windows]

const historyQuery = z.strictObject({
  window: z.enum(windowNames).default('1d').describe('How far back'),
  level: z.enum(eventLevels).optional().describe('At least of this level'),
  limit: paging.limit,
  cursor: paging.cursor,
})

const historyEventSchema = z
  .object({
    id: z.int().describe('Increases, also over restarts of the daemon'),
    eventTimestamp: time,
    eventType: z.enum(historyTypes),
    eventLevel: z.enum(eventLevels),
    eventSummary: z.string().describe('One line'),
    eventDescription: z.string().describe('One or more sentences'),
    session: z.string().nullable().describe('Where it happened on one session alone'),
    detail: z.record(z.string(), z.unknown()).describe('The event itself, for programs'),
  })
  .meta({ id: 'HistoryEvent' })
export type HistoryEventJson = z.infer<typeof historyEventSchema>

const historyListSchema = pageOf(historyEventSchema).meta({
  id: 'HistoryEventList',
  description: 'Newest first',
})

function historyView(event: HistoryEvent): HistoryEventJson {
  const { id, time, type, level, summary, description, session, detail } = event
  return {
    id,
    eventTimestamp: new Date(time).toISOString(),
    eventType: type as HistoryEventJson['eventType'],
    eventLevel: level,
    eventSummary: summary,
    eventDescription: description,
    session,
    detail,
  }
}

export function addHistoryRoutes(app: Api, { engine, scope, store, clock }: RouteContext): void {
  app.get(
    '/prefixes/:name/history',
    {
      config: { tenants: true },
      schema: {
        tags: ['prefixes'],
        summary: 'What happened to a prefix: routes, active path, origin, verdicts',
        description:
          'Kept in the storage file for `events.retentionDays`, over restarts. A page is as new as the last fifth of a second.',
        params: nameParams,
        querystring: historyQuery,
        response: { 200: historyListSchema, ...problemResponses(400, 404, 409, 503) },
      },
    },
    async (request) => {
      const { name } = request.params
      const { window, level, limit, cursor } = request.query
      const verdict = engine.prefix(name)
      if (!scope.prefix(request.principal, name, verdict)) {
        throw unknownName('registered prefix', name)
      }
      if (store === undefined) {
        const detail =
          'No history is kept: set storage.path in the configuration, and restart the daemon.'
        throw new HttpProblem(409, 'not-possible', detail)
      }
      const query: HistoryQuery = {
        prefix: name,
        from: clock.now() - windows[window] * HOUR_MS,
        limit,
        ...(level !== undefined && { levels: eventLevels.slice(eventLevels.indexOf(level)) }),
        ...(cursor !== undefined && { cursor }),
      }
      const page = await store.history(query)
      // One that is no longer registered has a history all the same.
      if (verdict === undefined && page.items.length === 0) {
        throw unknownName('registered prefix', name)
      }
      return { items: page.items.map(historyView), cursor: page.cursor }
    },
  )
}

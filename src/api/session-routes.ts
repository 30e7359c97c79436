/** `/api/v1/sessions`: sessions and what each of them announced. */
import { PrefixError, parsePrefix } from '../prefix/text.ts'
import type { SessionStatus } from '../session/types.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { countMatches, decodeCursor, encodeCursor, pageOf } from './paging.ts'
import { routeView } from './prefix-view.ts'
import { invalidField, unknownName } from './problems.ts'
import { routeListQuery, routeListSchema } from './route-schemas.ts'
import { nameParams } from './schemas.ts'
import {
  type SessionListJson,
  sessionListQuery,
  sessionListSchema,
  sessionSchema,
} from './session-schemas.ts'
import { sessionView } from './session-view.ts'

const ROUTES_CURSOR = 'routes'

/**
 * Reads a prefix out of a request.
 * @throws HttpProblem 400 that says what was expected
 */
export function readPrefix(path: string, text: string) {
  try {
    return parsePrefix(text)
  } catch (error) {
    if (error instanceof PrefixError) throw invalidField(path, error.message)
    throw error
  }
}

function matches(status: SessionStatus, search: string): boolean {
  const { name, config } = status
  return [name, config.description, config.address, `${config.asn}`].some((text) =>
    text.toLowerCase().includes(search),
  )
}

/** Sessions by state. */
function countsOf(statuses: readonly SessionStatus[]): SessionListJson['counts'] {
  const counts = {
    Idle: 0,
    Connect: 0,
    Active: 0,
    OpenSent: 0,
    OpenConfirm: 0,
    Established: 0,
  }
  for (const { stateName } of statuses) counts[stateName] += 1
  return counts
}

export function addSessionRoutes(
  app: Api,
  { engine, sessions, scope, registry }: RouteContext,
): void {
  const config = { tenants: true }
  const view = (status: SessionStatus) =>
    sessionView(status, engine.tallies(status.name), registry?.sessionFindings(status.name))

  app.get(
    '/sessions',
    {
      config,
      schema: {
        tags: ['sessions'],
        summary: 'The configured sessions, in the order of the configuration',
        querystring: sessionListQuery,
        response: { 200: sessionListSchema, ...problemResponses(400) },
      },
    },
    (request) => {
      const { state } = request.query
      const search = request.query.search?.toLowerCase()
      const all = sessions.statuses().filter(({ name }) => scope.session(request.principal, name))
      const wanted = (status: SessionStatus) =>
        (state === undefined || status.stateName === state) &&
        (search === undefined || matches(status, search))
      const page = pageOf(all, request.query, wanted)
      const matched = countMatches(all, wanted)
      return { items: page.items.map(view), cursor: page.cursor, matched, counts: countsOf(all) }
    },
  )

  app.get(
    '/sessions/:name',
    {
      config,
      schema: {
        tags: ['sessions'],
        summary: 'One session',
        params: nameParams,
        response: { 200: sessionSchema, ...problemResponses(404) },
      },
    },
    (request) => {
      const { name } = request.params
      const status = sessions.status(name)
      if (status === undefined || !scope.session(request.principal, name)) {
        throw unknownName('session', name)
      }
      return view(status)
    },
  )

  app.get(
    '/sessions/:name/routes',
    {
      config,
      schema: {
        tags: ['sessions'],
        summary: "Routes of the session's Adj-RIB-In",
        description:
          'All of them, or those that equal, cover (`covering`) or lie within (`covered`) a prefix.',
        params: nameParams,
        querystring: routeListQuery,
        response: { 200: routeListSchema, ...problemResponses(400, 404) },
      },
    },
    (request) => {
      const { name } = request.params
      const { prefix, match, limit, cursor } = request.query
      if (!scope.session(request.principal, name)) throw unknownName('session', name)
      const page = engine.routes(name, {
        match,
        limit,
        ...(prefix !== undefined && { prefix: readPrefix('prefix', prefix) }),
        ...(cursor !== undefined && { cursor: decodeCursor(ROUTES_CURSOR, cursor) }),
      })
      if (page === undefined) throw unknownName('session', name)
      return {
        items: page.items.map(routeView),
        cursor: page.cursor === null ? null : encodeCursor(ROUTES_CURSOR, page.cursor),
      }
    },
  )
}

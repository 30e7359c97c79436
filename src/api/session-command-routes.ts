/** `POST /api/v1/sessions/{name}/shutdown | start | clear`: what an operator may do to a session. */
import type { FastifyRequest } from 'fastify'
import { operators } from './auth.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { HttpProblem, unknownName } from './problems.ts'
import { nameParams } from './schemas.ts'
import {
  clearedSchema,
  clearRequestSchema,
  sessionSchema,
  shutdownRequestSchema,
} from './session-schemas.ts'
import { sessionView } from './session-view.ts'

/** Who asked, as events say it. */
function askedBy(request: FastifyRequest): string {
  return `the API (${request.principal.name}, ${request.ip})`
}

export function addSessionCommandRoutes(app: Api, context: RouteContext): void {
  const { engine, sessions, commands } = context
  const config = { roles: operators }

  /** @throws HttpProblem 404 */
  const view = (name: string) => {
    const status = sessions.status(name)
    if (status === undefined) throw unknownName('session', name)
    return sessionView(status, engine.tallies(name))
  }
  const common = { tags: ['sessions'], security: [{ bearer: [] }], params: nameParams }
  const refusals = problemResponses(400, 401, 403, 404, 413, 415)

  app.post(
    '/sessions/:name/shutdown',
    {
      config,
      schema: {
        ...common,
        summary: 'Takes a session down until it is started, or the daemon starts again',
        body: shutdownRequestSchema,
        response: { 200: sessionSchema, ...refusals },
      },
    },
    (request) => {
      const { name } = request.params
      view(name)
      commands.shutdown(name, request.body?.communication ?? '', askedBy(request))
      return view(name)
    },
  )

  app.post(
    '/sessions/:name/start',
    {
      config,
      schema: {
        ...common,
        summary: 'Starts a session that is shut down, or that waits for its next try',
        response: { 200: sessionSchema, ...refusals },
      },
    },
    (request) => {
      const { name } = request.params
      view(name)
      commands.start(name, askedBy(request))
      return view(name)
    },
  )

  app.post(
    '/sessions/:name/clear',
    {
      config,
      schema: {
        ...common,
        summary:
          'Has the peer send its routes again (soft), or ends the session and starts it anew (hard)',
        body: clearRequestSchema,
        response: { 200: clearedSchema, ...refusals, ...problemResponses(409) },
      },
    },
    (request) => {
      const { name } = request.params
      view(name)
      const mode = request.body?.mode ?? 'soft'
      const outcome = commands.clear(name, mode, askedBy(request))
      if ('refused' in outcome) throw new HttpProblem(409, 'conflict', outcome.refused)
      return { mode, families: [...outcome.families], session: view(name) }
    },
  )
}

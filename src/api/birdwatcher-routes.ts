/**
 * `/birdwatcher`: the read API of birdwatcher, so that the Alice looking glass shows this daemon's
 * sessions and routes (source of type `birdwatcher`, `single_table`). Routes with errors are the
 * filtered ones. Nothing is ever exported here, so the lists of what is not exported are empty.
 */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { beginSlice } from '../breathe.ts'
import type { RouteView } from '../engine/types.ts'
import type { FamilyName } from '../prefix/prefix.ts'
import { formatIpv4, formatPrefix } from '../prefix/text.ts'
import type { SessionStatus } from '../session/types.ts'
import {
  birdTime,
  envelope,
  noRoutes,
  protocolView,
  routeJson,
  shortProtocolView,
} from './birdwatcher-view.ts'
import type { ApiContext } from './context.ts'
import type { Api } from './documented.ts'
import { errorHandler, HttpProblem, unknownName } from './problems.ts'
import { readPrefix } from './session-routes.ts'

/** Routes taken from a table at a time. */
const PAGE = 500

/** A route, and the session that it came on. */
type Carried = readonly [status: SessionStatus, route: RouteView]

/** Tables by the names that Alice may ask for, and the family that each is limited to. */
const tables: ReadonlyMap<string, FamilyName | undefined> = new Map([
  ['adj-rib-in', undefined],
  ['master', undefined],
  ['master4', 'ipv4'],
  ['master6', 'ipv6'],
])

const protocolParams = z.object({ protocol: z.string().min(1).max(63) })

/** birdwatcher says what is wrong in one field. */
function sendError(_request: FastifyRequest, reply: FastifyReply, problem: HttpProblem) {
  return reply.code(problem.status).send({ error: problem.message })
}

export function addBirdwatcherRoutes(app: Api, context: ApiContext): void {
  const { engine, sessions, clock, version } = context
  const startedAt = clock.now()
  app.setErrorHandler(errorHandler(context.log, 0, sendError))
  const head = () => envelope(version, clock.now())
  // Another project's API: it has no place in ours.
  const schema = (summary: string) => ({
    hide: true,
    summary,
    response: { 200: z.looseObject({}).describe('As birdwatcher answers') },
  })

  const named = (name: string): SessionStatus => {
    const status = sessions.status(name)
    if (status === undefined) throw unknownName('session', name)
    return status
  }

  /** Networks of a session whose routes have findings. */
  const filteredOf = (name: string) => new Set((engine.failing(name) ?? []).map(formatPrefix))

  async function* received(status: SessionStatus): AsyncGenerator<Carried> {
    const slice = beginSlice()
    const filtered = filteredOf(status.name)
    let cursor: string | null | undefined
    while (cursor !== null) {
      const query = { limit: PAGE, ...(cursor !== undefined && { cursor }) }
      const page = engine.routes(status.name, query)
      // The session was removed meanwhile.
      if (page === undefined) return
      for (const route of page.items) {
        if (route.class !== 'failed' || !filtered.has(route.prefix)) yield [status, route]
      }
      cursor = page.cursor
      if (slice.over()) await slice.breathe()
    }
  }

  async function* failing(status: SessionStatus): AsyncGenerator<Carried> {
    const slice = beginSlice()
    for (const prefix of engine.failing(status.name) ?? []) {
      const page = engine.routes(status.name, { prefix, match: 'exact', limit: PAGE })
      for (const route of page?.items ?? []) if (route.class === 'failed') yield [status, route]
      if (slice.over()) await slice.breathe()
    }
  }

  /** Routes of all sessions. @param family absent: of both families */
  async function* ofAll(
    routesOf: (status: SessionStatus) => AsyncIterable<Carried>,
    family: FamilyName | undefined,
  ): AsyncGenerator<Carried> {
    for (const status of sessions.statuses()) {
      for await (const carried of routesOf(status)) {
        const [, { prefix }] = carried
        if (family === undefined || prefix.includes(':') === (family === 'ipv6')) yield carried
      }
    }
  }

  /** Sends routes as they come: a full table is never in memory as text. */
  const sendRoutes = (reply: FastifyReply, routes: AsyncIterable<Carried>, filtered: boolean) => {
    async function* text() {
      yield `${JSON.stringify(head()).slice(0, -1)},"routes":[`
      let between = ''
      let pending = ''
      for await (const [status, route] of routes) {
        pending += between + JSON.stringify(routeJson(status, route, filtered))
        between = ','
        if (pending.length < 16_384) continue
        yield pending
        pending = ''
      }
      yield `${pending}]}`
    }
    reply.type('application/json').send(Readable.from(text(), { objectMode: false }))
  }

  const protocols = () => {
    const filtered = engine.failingCounts()
    const entries = sessions.statuses().map((status) => {
      const held = engine.tallies(status.name)?.prefixes ?? noRoutes
      return [status.name, protocolView(status, held, filtered.get(status.name) ?? noRoutes)]
    })
    return { ...head(), protocols: Object.fromEntries(entries) }
  }

  app.get('/version', { schema: schema('Version') }, () => ({ version }))

  app.get('/status', { schema: schema('The daemon as a BIRD') }, () => ({
    ...head(),
    status: {
      router_id: formatIpv4(context.routerId),
      version: `bgpwarden ${version}`,
      message: 'Daemon is up and running',
      current_server: birdTime(clock.now()),
      last_reboot: birdTime(startedAt),
      last_reconfig: birdTime(startedAt),
    },
  }))

  for (const path of ['/protocols', '/protocols/bgp']) {
    app.get(path, { schema: schema('Sessions, with counts of routes') }, protocols)
  }

  app.get('/protocols/short', { schema: schema('Sessions and their states') }, () => ({
    ...head(),
    protocols: Object.fromEntries(
      sessions.statuses().map((status) => [status.name, shortProtocolView(status)]),
    ),
  }))

  app.get('/symbols', { schema: schema('Names of sessions and tables') }, () => ({
    ...head(),
    symbols: { protocol: [...engine.sessionNames()], 'routing table': ['adj-rib-in'] },
  }))

  app.get('/symbols/protocols', { schema: schema('Names of sessions') }, () => ({
    ...head(),
    symbols: [...engine.sessionNames()],
  }))

  app.get('/symbols/tables', { schema: schema('Names of tables') }, () => ({
    ...head(),
    symbols: ['adj-rib-in'],
  }))

  const lists = {
    '/routes/protocol/:protocol': ['Routes of a session without errors', received, false],
    '/routes/filtered/:protocol': ['Routes of a session with errors', failing, true],
  } as const
  for (const [path, [summary, routes, filtered]] of Object.entries(lists)) {
    app.get(path, { schema: { ...schema(summary), params: protocolParams } }, (request, reply) => {
      const { protocol } = request.params as z.infer<typeof protocolParams>
      sendRoutes(reply, routes(named(protocol)), filtered)
    })
  }

  // Alice's search over all sessions reads both.
  const whole = {
    '/routes/table/:table': ['Routes of all sessions without errors', received, false],
    '/routes/table/:table/filtered': ['Routes of all sessions with errors', failing, true],
  } as const
  for (const [path, [summary, routes, filtered]] of Object.entries(whole)) {
    const params = z.object({ table: z.string().min(1).max(63) })
    app.get(path, { schema: { ...schema(summary), params } }, (request, reply) => {
      const { table } = request.params as z.infer<typeof params>
      if (!tables.has(table)) {
        const known = [...tables.keys()].join(', ')
        throw new HttpProblem(
          404,
          'not-found',
          `No table has the name "${table}"; there are ${known}.`,
        )
      }
      sendRoutes(reply, ofAll(routes, tables.get(table)), filtered)
    })
  }

  for (const path of ['/routes/export/:protocol', '/routes/noexport/:protocol']) {
    app.get(path, { schema: schema('None: this daemon announces nothing') }, () => ({
      ...head(),
      routes: [],
    }))
  }

  app.get(
    '/routes/count/protocol/:protocol',
    { schema: { ...schema('How many routes a session holds'), params: protocolParams } },
    (request) => {
      const { name } = named(request.params.protocol)
      const held = engine.tallies(name)?.prefixes ?? noRoutes
      return { ...head(), routes: held.ipv4 + held.ipv6 }
    },
  )

  /** Looks a prefix up on every session: that prefix, or for an address what covers it best. */
  const lookUp = (text: string) => {
    const prefix = readPrefix('prefix', text.includes('/') ? text : hostPrefix(text))
    const match = text.includes('/') ? 'exact' : 'covering'
    const routes = sessions.statuses().flatMap((status) => {
      const page = engine.routes(status.name, { prefix, match, limit: PAGE })
      const found = match === 'exact' ? page?.items : page?.items.slice(0, 1)
      return (found ?? []).map((route) => routeJson(status, route, route.class === 'failed'))
    })
    return { ...head(), routes }
  }

  app.get(
    '/routes/prefix',
    {
      schema: {
        ...schema('A prefix on every session'),
        querystring: z.object({ prefix: z.string().max(64) }),
      },
    },
    (request) => lookUp(request.query.prefix),
  )

  app.get(
    '/route/net/:net',
    {
      schema: {
        ...schema('An address on every session'),
        params: z.object({ net: z.string().max(64) }),
      },
    },
    (request) => lookUp(request.params.net),
  )

  app.get(
    '/route/net/:net/mask/:mask',
    {
      schema: {
        ...schema('A prefix on every session'),
        params: z.object({ net: z.string().max(64), mask: z.string().max(3) }),
      },
    },
    (request) => lookUp(`${request.params.net}/${request.params.mask}`),
  )
}

function hostPrefix(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}

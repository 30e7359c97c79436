/** The HTTP server: routes, limits and headers, joined. */
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { createGate } from './auth.ts'
import { addBirdwatcherRoutes } from './birdwatcher-routes.ts'
import { type ApiContext, type ApiLimits, defaultLimits, type RouteContext } from './context.ts'
import type { Api } from './documented.ts'
import { addEventRoutes } from './event-routes.ts'
import { createEventStreams } from './event-stream.ts'
import { addHistoryRoutes } from './history-routes.ts'
import { addOpenapi, addOpenapiRoute } from './openapi.ts'
import { addOverviewRoutes } from './overview-routes.ts'
import { addPage } from './page.ts'
import { addPrefixRoutes } from './prefix-routes.ts'
import { errorHandler, HttpProblem, PROBLEM_TYPE, sendProblem, toProblem } from './problems.ts'
import { addRegistryRoutes } from './registry-routes.ts'
import { addResourceRoutes } from './resource-routes.ts'
import { createScope } from './scope.ts'
import { addSessionCommandRoutes } from './session-command-routes.ts'
import { addSessionRoutes } from './session-routes.ts'
import { addStatusRoutes } from './status-routes.ts'
import { addWebhookRoutes } from './webhook-routes.ts'

/** On every answer; the page has a policy of its own. */
const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}

/** Milliseconds. */
const REQUEST_TIMEOUT = 10_000
const KEEP_ALIVE_TIMEOUT = 65_000
/** In which a client that asked takes nothing of its answer. */
const IDLE_TIMEOUT = 10_000
/** Between two looks at requests that are late. */
const CHECK_INTERVAL = 2_000
/** Requests of one connection that may wait for their answers; Node begins them all at once. */
const MAX_PIPELINED = 4

/** Octets that are not HTTP, or a request that never ends: a problem by hand, for no request exists. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, kind, detail] =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ([408, 'request-timeout', 'The request did not arrive in time.'] as const)
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? ([431, 'invalid-request', 'The header fields are too large.'] as const)
        : ([400, 'invalid-request', 'The request is not HTTP/1.1.'] as const)
  const body = JSON.stringify(toProblem(new HttpProblem(status, kind, detail), ''))
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** Ends connections that ask on and on without reading: each answer begun takes memory. */
function limitPipelining(app: Api): void {
  const unanswered = new WeakMap<Socket, number>()
  app.server.on('request', ({ socket }, response) => {
    const count = (unanswered.get(socket) ?? 0) + 1
    unanswered.set(socket, count)
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
    if (count > MAX_PIPELINED) socket.destroy()
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.raw.socket.destroyed) reply.hijack()
  })
}

/** Answers for paths without a route: 405 when the path has one with another method, else 404. */
function addNotFound(app: Api): void {
  const known: { path: RegExp; methods: Set<string> }[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const path = new RegExp(`^${url.replace(/[.]/g, '\\.').replace(/:\w+/g, '[^/]+')}$`)
    const methods = new Set([method].flat())
    const same = known.find((each) => each.path.source === path.source)
    if (same === undefined) known.push({ path, methods })
    else for (const each of methods) same.methods.add(each)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const found = known.find((each) => each.path.test(path))
    if (found === undefined) {
      const detail = `${path} is no path of this API; /openapi.json lists them.`
      return sendProblem(request, reply, new HttpProblem(404, 'not-found', detail))
    }
    const allow = [...found.methods].sort().join(', ')
    const detail = `${request.method} is not possible on ${path}, only ${allow}.`
    const headers = { allow }
    return sendProblem(
      request,
      reply,
      new HttpProblem(405, 'method-not-allowed', detail, { headers }),
    )
  })
}

function createApp(context: ApiContext, limits: ApiLimits): Api {
  const onError = errorHandler(context.log, limits.bodyBytes)
  const app = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    connectionTimeout: IDLE_TIMEOUT,
    http: { connectionsCheckingInterval: CHECK_INTERVAL },
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1024 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      // No hook has run: the request failed before it had a route.
      onError(error as FastifyError, request, reply.headers(securityHeaders))
    },
  }).withTypeProvider<ZodTypeProvider>()
  app.server.maxConnections = limits.connections
  limitPipelining(app)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(onError)
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(securityHeaders)
  })
  return app
}

/**
 * Makes the server, not yet listening. Event streams end when it closes.
 * @returns a Fastify instance; `inject` works on it without a socket
 */
export function createApi(context: ApiContext): FastifyInstance {
  const limits = { ...defaultLimits, ...context.limits }
  const app = createApp(context, limits)
  const streams = createEventStreams({
    eventLog: context.eventLog,
    clock: context.clock,
    maxReaders: limits.streamReaders,
    maxBacklog: limits.streamBacklog,
  })
  app.addHook('preClose', (done) => {
    streams.close()
    done()
  })
  addNotFound(app)
  const { tokens = [], anonymousRead = true } = context
  const gate = createGate({ tokens, anonymousRead })
  const scope = createScope(context.engine, context.registry)
  const routes: RouteContext = { ...context, scope }
  app.register(async (root: Api) => {
    await addOpenapi(root, context.version, context.kinds ?? [])
    addStatusRoutes(root, context, gate)
    addOpenapiRoute(root)
    await root.register(
      async (lookingGlass: Api) => {
        lookingGlass.addHook('onRequest', gate)
        addBirdwatcherRoutes(lookingGlass, context)
      },
      { prefix: '/birdwatcher' },
    )
    addPage(root)
    await root.register(
      async (v1: Api) => {
        v1.addHook('onRequest', gate)
        addOverviewRoutes(v1, routes)
        addSessionRoutes(v1, routes)
        addSessionCommandRoutes(v1, routes)
        addPrefixRoutes(v1, routes)
        addHistoryRoutes(v1, routes)
        addWebhookRoutes(v1, routes)
        addEventRoutes(v1, routes, streams)
        addResourceRoutes(v1, routes)
        await addRegistryRoutes(v1, routes)
      },
      { prefix: '/api/v1' },
    )
  })
  return app as unknown as FastifyInstance
}

/** The API cannot listen where it should; `message` is a whole sentence. */
export class ApiListenError extends Error {
  override readonly name = 'ApiListenError'
  readonly address: string
  readonly port: number
  /** Node's code, such as `EADDRINUSE`. */
  readonly code: string

  constructor(address: string, port: number, code: string, why: string) {
    super(`the HTTP API cannot listen on ${address} port ${port}: ${why}`)
    this.address = address
    this.port = port
    this.code = code
  }
}

const listenFailures: Record<string, string> = {
  EADDRINUSE: 'another program uses this port',
  EADDRNOTAVAIL: 'no interface has this address',
  EACCES: 'ports below 1024 need a privilege',
  ENOTFOUND: 'the address is not known',
}

/**
 * Listens.
 * @param port 0: any free one
 * @returns the port, also when 0 became one
 * @throws ApiListenError
 */
export async function listenApi(
  app: FastifyInstance,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<number> {
  try {
    await app.listen({ host: address, port })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined || !(error as NodeJS.ErrnoException).syscall) throw error
    throw new ApiListenError(address, port, code, listenFailures[code] ?? code)
  }
  const bound = app.server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : port
}

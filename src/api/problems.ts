/** Errors of the API as RFC 9457 problem details. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { type Refusal, RefusedError } from '../peering/kind.ts'
import { ConflictError, StoreError } from '../store/types.ts'
import type { Log } from '../telemetry/log.ts'
import type { Problem } from './schemas.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** Kinds of problems: the end of `type`, and the title. */
const kinds = {
  'invalid-request': 'The request is not valid',
  'not-found': 'There is no such thing',
  'method-not-allowed': 'This method is not possible here',
  unauthorized: 'A valid token is needed',
  'read-only': 'The API is read-only',
  forbidden: 'The token does not allow this',
  conflict: 'It does not go with what there is',
  'not-possible': 'The state of the thing does not allow this',
  'precondition-failed': 'It is not as the request expects it',
  'precondition-required': 'The request must say what it expects',
  'key-reused': 'The key belongs to another request',
  'no-registry': 'The daemon has no registry',
  storage: 'The storage cannot be used',
  'body-too-large': 'The request body is too large',
  'unsupported-media-type': 'The request body has an unknown format',
  'request-timeout': 'The request took too long to arrive',
  overloaded: 'Too many at a time',
  internal: 'The daemon made a mistake',
} as const
export type ProblemKind = keyof typeof kinds

export interface ProblemOptions {
  readonly errors?: Problem['errors']
  readonly reason?: string | null
  readonly place?: string | null
  readonly conflictsWith?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

/** A request that cannot be answered as asked; `message` is the `detail` that the client reads. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly status: number
  readonly kind: ProblemKind
  readonly options: ProblemOptions

  constructor(status: number, kind: ProblemKind, detail: string, options: ProblemOptions = {}) {
    super(detail)
    this.status = status
    this.kind = kind
    this.options = options
  }
}

/** 400: one field of the request is wrong. */
export function invalidField(path: string, message: string): HttpProblem {
  return new HttpProblem(400, 'invalid-request', `${path}: ${message}`, {
    errors: [{ path, message }],
  })
}

/** 404: nothing has that name. */
export function unknownName(what: string, name: string): HttpProblem {
  return new HttpProblem(
    404,
    'not-found',
    `No ${what} has the name "${name}"; list them to see their names.`,
  )
}

/** 503: there is no registry to ask. */
export function noRegistry(): HttpProblem {
  const detail = 'This daemon keeps no registry: set storage.path in its configuration.'
  return new HttpProblem(503, 'no-registry', detail)
}

/** @param url as requested; its query is not repeated to the client */
export function toProblem(error: HttpProblem, url: string): Problem {
  const { errors, reason, place, conflictsWith } = error.options
  return {
    type: `urn:bgpwarden:problem:${error.kind}`,
    title: kinds[error.kind],
    status: error.status,
    detail: error.message,
    instance: url.split('?', 1)[0] ?? url,
    ...(reason && { reason }),
    ...(place && { place }),
    ...(conflictsWith && { conflictsWith }),
    ...(errors && { errors }),
  }
}

export function sendProblem(request: FastifyRequest, reply: FastifyReply, error: HttpProblem) {
  const { headers = {} } = error.options
  return reply
    .code(error.status)
    .headers(headers)
    .type(PROBLEM_TYPE)
    .send(JSON.stringify(toProblem(error, request.url)))
}

/** Fastify's own errors, by code; the rest of the 4xx say what they say. */
function fromFastify(error: FastifyError, bodyLimit: number): HttpProblem {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new HttpProblem(413, 'body-too-large', `A body has at most ${bodyLimit} octets.`)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpProblem(
        415,
        'unsupported-media-type',
        'The content type of a body must be application/json.',
      )
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new HttpProblem(400, 'invalid-request', 'The content type is JSON, the body is empty.')
    default:
      return new HttpProblem(error.statusCode ?? 400, 'invalid-request', error.message)
  }
}

const refusals: Readonly<Record<Refusal, readonly [status: number, kind: ProblemKind]>> = {
  invalid: [400, 'invalid-request'],
  forbidden: [403, 'forbidden'],
  'not-found': [404, 'not-found'],
  conflict: [409, 'conflict'],
  'not-possible': [409, 'not-possible'],
  stale: [412, 'precondition-failed'],
}

/** Mistakes that one sentence tells; the others are counted. */
const TOLD = 5

/** The sentence of a refusal. What was read wrong has a place, and words that need it. */
function wordsOf({ refusal, message, reason, problems }: RefusedError): string {
  if (refusal !== 'invalid' || reason !== null || problems.length === 0) return message
  const told = problems.slice(0, TOLD).map(({ place, message: words }) => {
    return place === null || /^[A-Z]/.test(words) ? words : `${place}: ${words}`
  })
  const more = problems.length - told.length
  return more > 0 ? `${told.join('; ')}; and ${more} more` : told.join('; ')
}

/** What the registry and the store say no to; undefined: a bug. */
function fromRegistry(error: Error): HttpProblem | undefined {
  if (error.name === 'CursorError') return invalidField('cursor', error.message)
  if (error instanceof RefusedError) {
    const { refusal, place, conflictsWith, reason, problems } = error
    const [status, kind] = refusals[refusal]
    const errors = problems.map((problem) => ({
      path: problem.place ?? 'body',
      message: problem.message,
    }))
    const placed = problems.some((problem) => problem.place !== null)
    return new HttpProblem(status, kind, wordsOf(error), {
      place,
      conflictsWith,
      reason,
      ...(placed && { errors }),
    })
  }
  if (error instanceof ConflictError) {
    return new HttpProblem(412, 'precondition-failed', 'Somebody else changed it; read it again.')
  }
  if (error instanceof StoreError) return new HttpProblem(503, 'storage', error.message)
  return undefined
}

/** Places in a request as clients write them: `limit`, `asPath.2`. */
function fromValidation(error: FastifyError): HttpProblem {
  const where = error.validationContext ?? 'request'
  const errors = (error.validation ?? []).map(({ instancePath, message = 'is not valid' }) => ({
    path: instancePath.slice(1).replaceAll('/', '.') || where,
    message,
  }))
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join('; ')
  return new HttpProblem(400, 'invalid-request', detail, { errors })
}

/**
 * Makes Fastify's error handler. What a client did wrong is told to it; anything else is a bug: it is
 * logged, and the client learns only that it happened.
 * @param send how a problem is said; as problem details unless given
 */
export function errorHandler(log: Log, bodyLimit: number, send = sendProblem) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    if (error instanceof HttpProblem) return send(request, reply, error)
    if (hasZodFastifySchemaValidationErrors(error)) {
      return send(request, reply, fromValidation(error))
    }
    const refused = fromRegistry(error)
    if (refused !== undefined) return send(request, reply, refused)
    const status = error.statusCode ?? 500
    if (status >= 400 && status < 500) {
      return send(request, reply, fromFastify(error, request.routeOptions?.bodyLimit ?? bodyLimit))
    }
    const { method, url } = request
    log.error({ event: 'api-bug', err: error, method, url }, `${method} ${url} failed`)
    const detail = 'Something unexpected happened; the log of the daemon says more.'
    return send(request, reply, new HttpProblem(500, 'internal', detail))
  }
}

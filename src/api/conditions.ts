/** Conditional and repeated requests: ETag, If-Match, If-None-Match (RFC 9110 §13), Idempotency-Key. */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResourceView, WriteOptions } from '../peering/registry-types.ts'
import type { Json, KeptAnswer, Store } from '../store/types.ts'
import { HttpProblem, invalidField } from './problems.ts'

const ETAG = /^(?:\*|"([\x21\x23-\x7e]{1,128})")$/
/** What a client may choose as a key: visible characters, quoted or not. */
const IDEMPOTENCY_KEY = /^"?([\x21\x23-\x7e]{1,255})"?$/

/** Sends a resource with its ETag. */
export function sendResource(reply: FastifyReply, status: number, view: ResourceView) {
  return reply.code(status).header('etag', `"${view.etag}"`).send(view)
}

/** Whether a reader has this version already (RFC 9110 §13.1.2). */
export function isKnown(request: FastifyRequest, view: ResourceView): boolean {
  const given = request.headers['if-none-match']
  return given?.split(',').some((tag) => tag.trim() === `"${view.etag}"`) === true
}

function readIfMatch(text: string): string {
  const [whole, tag] = ETAG.exec(text.trim()) ?? []
  if (whole === undefined) {
    const message = 'expected one ETag as it was given, in quotes, or *'
    throw invalidField('If-Match', message)
  }
  return tag ?? '*'
}

/**
 * Reads the conditions of a write.
 * @throws HttpProblem 400
 */
export function readConditions(
  request: FastifyRequest,
): Pick<WriteOptions, 'ifMatch' | 'ifNoneMatch'> {
  const { 'if-match': match, 'if-none-match': noneMatch } = request.headers
  if (noneMatch !== undefined && noneMatch.trim() !== '*') {
    throw invalidField('If-None-Match', 'expected * (the resource must not exist yet)')
  }
  return {
    ...(match !== undefined && { ifMatch: readIfMatch(match) }),
    ...(noneMatch !== undefined && { ifNoneMatch: true }),
  }
}

/**
 * Reads the conditions of a write that would overwrite what somebody else wrote.
 * @throws HttpProblem 428 when there is none (RFC 6585 §3)
 */
export function demandConditions(request: FastifyRequest, orNone: string) {
  const conditions = readConditions(request)
  if (conditions.ifMatch !== undefined || conditions.ifNoneMatch === true) return conditions
  throw new HttpProblem(
    428,
    'precondition-required',
    `Send "If-Match" with the ETag of what you read, so that nobody's change is lost, or "*" for any${orNone}.`,
  )
}

export interface Repeats {
  /**
   * Does a write once, however often it is asked for with one Idempotency-Key.
   * @param write is given the option that keeps its answer with it
   */
  once(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    write: (options: Pick<WriteOptions, 'answer'>) => Promise<ResourceView>,
  ): Promise<FastifyReply>
}

/** Digest of what was asked. */
function fingerprintOf({ method, url, body }: FastifyRequest): string {
  const asked = JSON.stringify([method, url, body ?? null])
  return createHash('sha256').update(asked).digest('base64url')
}

function readKey(request: FastifyRequest): string | undefined {
  const header = request.headers['idempotency-key']
  if (header === undefined) return undefined
  const [, key] = typeof header === 'string' ? (IDEMPOTENCY_KEY.exec(header) ?? []) : []
  if (key !== undefined) return key
  throw invalidField('Idempotency-Key', 'expected 1 to 255 visible characters, such as a GUID')
}

/**
 * @param kept the answers that were kept; absent: nothing is, and a key is refused
 * @param now milliseconds since the epoch
 */
export function createRepeats(kept: Pick<Store, 'answer'> | undefined, now: () => number): Repeats {
  /** Keys of writes that have not ended. */
  const underWay = new Set<string>()

  const again = (answer: KeptAnswer, fingerprint: string, reply: FastifyReply) => {
    if (answer.fingerprint !== fingerprint) {
      const detail =
        'This Idempotency-Key came with another request before; take a new key for a new request.'
      throw new HttpProblem(422, 'key-reused', detail)
    }
    reply.header('idempotency-replayed', 'true')
    return sendResource(reply, answer.status, answer.body as unknown as ResourceView)
  }

  return {
    async once(request, reply, status, write) {
      const key = readKey(request)
      if (key === undefined || kept === undefined) {
        return sendResource(reply, status, await write({}))
      }
      const who = request.principal.name
      const place = JSON.stringify([who, key])
      if (underWay.has(place)) {
        const detail = 'A request with this Idempotency-Key is under way; ask again in a moment.'
        throw new HttpProblem(409, 'conflict', detail, { headers: { 'retry-after': '1' } })
      }
      underWay.add(place)
      try {
        const fingerprint = fingerprintOf(request)
        const answer = await kept.answer(who, key)
        if (answer !== undefined) return again(answer, fingerprint, reply)
        const keep = (view: ResourceView | null): KeptAnswer => {
          const body = view as unknown as Json
          return { who, key, fingerprint, status, body, time: now() }
        }
        return sendResource(reply, status, await write({ answer: keep }))
      } finally {
        underWay.delete(place)
      }
    },
  }
}

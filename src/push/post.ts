/** One try to deliver, over HTTP. */

import { version } from '../version.ts'
import type { Answer, Letter } from './delivery.ts'
import { signatureHeaders } from './signature.ts'

/** Milliseconds in which a receiver must have answered. */
const TIMEOUT = 10_000

/** Seconds that a Retry-After asks for (RFC 9110 §10.2.3): a number, or a date. */
export function readRetryAfter(field: string | null, now: number): number | undefined {
  if (field === null) return undefined
  if (/^\d{1,9}$/.test(field)) return Number(field)
  const date = Date.parse(field)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000))
}

/** Why there was no answer, in words. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT / 1000} s`
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  const code = 'code' in cause ? `${cause.code}` : ''
  if (code === 'ECONNREFUSED') return 'the connection was refused: nobody listens there'
  if (code === 'ENOTFOUND') return 'the host name is not known'
  return cause.message
}

/**
 * Makes the function that posts to a receiver. Redirects are not followed: a notice goes where the
 * configuration says, and nowhere else.
 */
export function createPost({
  url,
  secret,
}: {
  readonly url: string
  readonly secret: string | null
}) {
  return async ({ id, body }: Letter): Promise<Answer> => {
    const timestamp = Math.floor(Date.now() / 1000)
    const signature = secret === null ? {} : signatureHeaders(secret, id, timestamp, body.text)
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': body.contentType,
          'user-agent': `bgpwarden/${version}`,
          ...signature,
        },
        body: body.text,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT),
      })
      await response.body?.cancel()
      const retryAfter = readRetryAfter(response.headers.get('retry-after'), Date.now())
      return { status: response.status, ...(retryAfter !== undefined && { retryAfter }) }
    } catch (error) {
      throw new Error(reasonOf(error))
    }
  }
}

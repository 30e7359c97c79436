/** Who may write: the holder of a bearer token (RFC 6750 §2.1). */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { HttpProblem } from './problems.ts'

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * Makes a check for routes that write. Digests are compared, all of them and in constant time, so that
 * the time of an answer tells nothing about a token, not even its length.
 * @param tokens none: every write is refused
 */
export function requireToken(tokens: readonly string[]) {
  const digests = tokens.map(digest)

  return async (request: FastifyRequest): Promise<void> => {
    if (digests.length === 0) {
      throw new HttpProblem(
        403,
        'read-only',
        'This daemon has no API token configured, so its API only reads.',
      )
    }
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    const given = digest(token ?? '')
    let known = false
    for (const each of digests) if (timingSafeEqual(each, given)) known = true
    if (token !== undefined && known) return
    throw new HttpProblem(
      401,
      'unauthorized',
      token === undefined
        ? 'Send "Authorization: Bearer TOKEN" with a token of the daemon\'s configuration.'
        : "The token is not one of the daemon's configuration.",
      { headers: { 'www-authenticate': 'Bearer realm="bgpwarden"' } },
    )
  }
}

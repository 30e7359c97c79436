/** Who asks, and what each may: bearer tokens (RFC 6750 §2.1) with roles. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { isTenant, type Principal, type Role } from '../peering/kind.ts'
import { HttpProblem } from './problems.ts'

/** A token and who holds it. */
export interface ApiToken extends Principal {
  readonly token: string
}

/** Who sends no token: reads what readers read, where that is allowed. */
export const anonymous: Principal = { name: 'anonymous', role: 'reader', owner: null }

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. */
    principal: Principal
  }
  interface FastifyContextConfig {
    /** Roles that may; absent: all that read. */
    roles?: readonly Role[]
    /** Providers and customers may: the route shows and does only what is theirs. */
    tenants?: boolean
  }
}

/** Roles that may command sessions and have prefixes judged. */
export const operators: readonly Role[] = ['operator', 'admin']

const challenge = { headers: { 'www-authenticate': 'Bearer realm="bgpwarden"' } }

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/**
 * Makes a look-up of tokens. Digests are compared, all of them and in constant time, so that the time of
 * an answer tells nothing about a token, not even its length.
 * @returns a function that gives who holds a token, without the token; undefined: nobody
 */
function createKeyring(tokens: readonly ApiToken[]): (token: string) => Principal | undefined {
  const known = tokens.map(({ token, name, role, owner }) => ({
    digest: digest(token),
    principal: { name, role, owner },
  }))
  return (token) => {
    const given = digest(token)
    let found: Principal | undefined
    for (const each of known) if (timingSafeEqual(each.digest, given)) found = each.principal
    return found
  }
}

function unauthorized(detail: string): HttpProblem {
  return new HttpProblem(401, 'unauthorized', detail, challenge)
}

const sendToken = 'Send "Authorization: Bearer TOKEN" with a token of the daemon\'s configuration.'

/**
 * Makes the check that every request passes: it notes who asks, and refuses what the route does not
 * allow. A route that says nothing is for all who may read everything, and so not for tenants.
 * @param tokens none: every write is refused
 */
export function createGate(options: {
  readonly tokens: readonly ApiToken[]
  readonly anonymousRead: boolean
}) {
  const { tokens, anonymousRead } = options
  const holderOf = createKeyring(tokens)

  /** @returns undefined when there is no token */
  const identify = (request: FastifyRequest): Principal | undefined => {
    if (tokens.length === 0) return undefined
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (token === undefined) return undefined
    const principal = holderOf(token)
    if (principal !== undefined) return principal
    throw unauthorized("The token is not one of the daemon's configuration.")
  }

  return async (request: FastifyRequest): Promise<void> => {
    const { roles, tenants = false } = request.routeOptions.config
    if (roles !== undefined && tokens.length === 0) {
      const detail = 'This daemon has no API token configured, so its API only reads.'
      throw new HttpProblem(403, 'read-only', detail)
    }
    const principal = identify(request)
    request.principal = principal ?? anonymous
    if (principal === undefined) {
      if (roles !== undefined || !anonymousRead) throw unauthorized(sendToken)
      return
    }
    const { name, role } = principal
    const may = roles?.includes(role) ?? true
    if (may && (tenants || !isTenant(role))) return
    const who = roles === undefined || isTenant(role) ? `a ${role}` : `the role ${role}`
    const detail = `The token ${name} is of ${who}, which may not do this; it takes ${expected(roles)}.`
    throw new HttpProblem(403, 'forbidden', detail)
  }
}

function expected(roles: readonly Role[] = ['reader', 'operator', 'admin']): string {
  return roles.length === 1 ? `${roles[0]}` : `one of ${roles.join(', ')}`
}

/** `/api/v1/prefixes`, `explain` and `policy`: registered prefixes and how they are judged. */
import type { z } from 'zod'
import { beginSlice } from '../breathe.ts'
import type { EngineView, ExplainRequest, PrefixSummary } from '../engine/types.ts'
import { isTenant } from '../peering/kind.ts'
import { formatPrefix, looksLikePrefix } from '../prefix/text.ts'
import { AsPathError, parseAsPath } from '../wire/as-path.ts'
import { SegmentType } from '../wire/codes.ts'
import { CommunityError, parseCommunity } from '../wire/community-text.ts'
import { operators } from './auth.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { countStates } from './overview.ts'
import { countMatches, pageOf } from './paging.ts'
import {
  explainRequestSchema,
  explanationSchema,
  type PrefixSummaryJson,
  policySchema,
  prefixListQuery,
  prefixListSchema,
  prefixSchema,
} from './prefix-schemas.ts'
import { explanationView, policyView, prefixView, summaryView } from './prefix-view.ts'
import { HttpProblem, invalidField, unknownName } from './problems.ts'
import { nameParams } from './schemas.ts'
import { readPrefix } from './session-routes.ts'

function allSentences(engine: EngineView, { name, reasons, state }: PrefixSummary): string {
  const silent = reasons.length === 0 && state !== 'Invalid'
  return silent ? '' : (engine.prefix(name)?.errorMessage ?? '')
}

/** The sentence of the weightiest finding: on a hundred sessions all of them would be a book. */
export function firstSentence(engine: EngineView, summary: PrefixSummary): string {
  if (summary.state === 'Invalid') return allSentences(engine, summary)
  return engine.headline(summary.name)?.finding.message ?? ''
}

/** Adds the sentences, which the engine makes one prefix at a time, without holding up BGP. */
async function withSentences(
  engine: EngineView,
  summaries: readonly PrefixSummary[],
  messages: 'all' | 'first',
): Promise<PrefixSummaryJson[]> {
  const slice = beginSlice()
  const items: PrefixSummaryJson[] = []
  for (const summary of summaries) {
    if (messages === 'first') {
      const session = engine.headline(summary.name)?.finding.session ?? null
      items.push({ ...summaryView(summary, firstSentence(engine, summary)), session })
    } else {
      items.push(summaryView(summary, allSentences(engine, summary)))
    }
    if (slice.over()) await slice.breathe()
  }
  return items
}

/**
 * Reads an AS path, given as text or as numbers.
 * @throws HttpProblem 400 that names the offending token
 */
function readAsPath(given: string | (number | number[])[]): ExplainRequest['asPath'] {
  if (typeof given !== 'string') return given
  try {
    return parseAsPath(given).flatMap(({ type, asns }): ExplainRequest['asPath'] => {
      if (type === SegmentType.asSequence) return asns
      if (type === SegmentType.asSet) return [asns]
      throw invalidField('asPath', 'confederation segments cannot be explained')
    })
  } catch (error) {
    if (error instanceof AsPathError) throw invalidField('asPath', error.message)
    throw error
  }
}

function checkCommunities(communities: readonly string[]): void {
  for (const [i, text] of communities.entries()) {
    try {
      parseCommunity(text)
    } catch (error) {
      if (error instanceof CommunityError) throw invalidField(`communities.${i}`, error.message)
      throw error
    }
  }
}

/** @returns which prefixes a request wants */
function prefixFilter(
  engine: EngineView,
  { state, reason, session, peering, search }: z.infer<typeof prefixListQuery>,
): (item: PrefixSummary) => boolean {
  const part = search?.toLowerCase()
  return (item) =>
    (state === undefined || item.state === state) &&
    (reason === undefined || item.reasons.includes(reason)) &&
    (peering === undefined || item.name.startsWith(`${peering}/`)) &&
    (session === undefined || engine.concerns(item.name, session, reason)) &&
    (part === undefined ||
      item.name.toLowerCase().includes(part) ||
      item.prefix.includes(part) ||
      item.owner?.toLowerCase().includes(part) === true)
}

function addLists(app: Api, { engine, scope }: RouteContext): void {
  app.get(
    '/prefixes',
    {
      config: { tenants: true },
      schema: {
        tags: ['prefixes'],
        summary: 'The registered prefixes, in the order of their addresses',
        description: 'A page may hold fewer than `limit` prefixes and still have a cursor.',
        querystring: prefixListQuery,
        response: { 200: prefixListSchema, ...problemResponses(400) },
      },
    },
    async (request) => {
      const matches = prefixFilter(engine, request.query)
      const { principal } = request
      const limited = isTenant(principal.role)
      const every = engine.prefixes()
      const all = limited ? every.filter((item) => scope.prefix(principal, item.name, item)) : every
      const page = pageOf(all, request.query, matches)
      const matched = countMatches(all, matches)
      const counts = limited ? countStates(all) : { ...engine.stateCounts() }
      const items = await withSentences(engine, page.items, request.query.messages)
      return { items, cursor: page.cursor, matched, counts }
    },
  )

  app.get(
    '/prefixes/:name',
    {
      config: { tenants: true },
      schema: {
        tags: ['prefixes'],
        summary: 'The verdict on one prefix, with all findings',
        params: nameParams,
        response: { 200: prefixSchema, ...problemResponses(404) },
      },
    },
    (request) => {
      const { name } = request.params
      const verdict = engine.prefix(name)
      if (verdict === undefined || !scope.prefix(request.principal, name, verdict)) {
        throw unknownName('registered prefix', name)
      }
      return prefixView(verdict)
    },
  )
}

/**
 * Reads what an explanation is asked for: a prefix, or the name of a registered one.
 * @param sees what a tenant sees: of several registrations of one prefix its own is meant
 * @throws HttpProblem 400
 */
function readSubject(
  text: string,
  engine: EngineView,
  sees: ((item: PrefixSummary) => boolean) | undefined,
): Pick<ExplainRequest, 'prefix' | 'name'> {
  const named = engine.prefix(text)
  if (named !== undefined && sees?.(named) !== false) {
    return { prefix: readPrefix('prefix', named.prefix), name: text }
  }
  if (!looksLikePrefix(text)) {
    const message = `"${text}" is neither a prefix such as 198.51.100.0/24 nor the name of a registered prefix; GET /api/v1/prefixes lists them`
    throw invalidField('prefix', message)
  }
  const prefix = readPrefix('prefix', text)
  const shown = formatPrefix(prefix)
  const own = sees && engine.prefixes().find((item) => item.prefix === shown && sees(item))
  return { prefix, ...(own !== undefined && { name: own.name }) }
}

export function addPrefixRoutes(app: Api, context: RouteContext): void {
  const { engine, scope } = context
  addLists(app, context)

  app.post(
    '/prefixes/:name/validate',
    {
      config: { roles: [...operators, 'provider', 'customer'], tenants: true },
      schema: {
        tags: ['prefixes'],
        summary: 'Judges a prefix now and returns the fresh verdict',
        security: [{ bearer: [] }],
        params: nameParams,
        response: { 200: prefixSchema, ...problemResponses(401, 403, 404) },
      },
    },
    (request) => {
      const { name } = request.params
      const known = scope.prefix(request.principal, name)
      const verdict = known ? engine.validate(name) : undefined
      if (verdict === undefined) throw unknownName('registered prefix', name)
      return prefixView(verdict)
    },
  )

  app.post(
    '/explain',
    {
      config: { tenants: true },
      schema: {
        tags: ['prefixes'],
        summary: 'What if: the verdict that an announcement would get',
        body: explainRequestSchema,
        response: { 200: explanationSchema, ...problemResponses(400, 413, 415) },
      },
    },
    (request) => {
      const { prefix, asPath, communities } = request.body
      checkCommunities(communities)
      const sees = (item: PrefixSummary) => scope.prefix(request.principal, item.name, item)
      const explanation = engine.explain({
        ...readSubject(prefix, engine, isTenant(request.principal.role) ? sees : undefined),
        asPath: readAsPath(asPath),
        communities,
      })
      const registered = explanation.registration?.name
      if (registered !== undefined && !scope.prefix(request.principal, registered)) {
        throw new HttpProblem(403, 'forbidden', `${prefix} touches a prefix that is not yours.`)
      }
      return explanationView(explanation)
    },
  )

  app.get(
    '/policy',
    {
      config: { tenants: true },
      schema: {
        tags: ['prefixes'],
        summary: 'The policy that prefixes are judged by, where they have none of their own',
        response: { 200: policySchema },
      },
    },
    () => policyView(engine.policy),
  )
}

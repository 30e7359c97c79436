/** `/api/v1/overview`: one answer to "how is it, and what has changed". */
import { isTenant, type Principal } from '../peering/kind.ts'
import type { RouteContext } from './context.ts'
import type { Api } from './documented.ts'
import { prefixCounts, recentChanges, sessionCounts, worstPrefixes } from './overview.ts'
import { firstSentence } from './prefix-routes.ts'
import { findingView } from './prefix-view.ts'
import { shownIsoTime } from './session-view.ts'
import { overviewSchema } from './status-schemas.ts'

/** Events looked at for one answer, however many are kept. */
const EVENTS_READ = 10_000

/** What somebody may see of prefixes, sessions and events; a tenant only its own. */
function seenBy(principal: Principal, { engine, sessions, eventLog, scope }: RouteContext) {
  const prefixes = engine.prefixes()
  const statuses = sessions.statuses()
  const events = eventLog.newest(EVENTS_READ)
  if (!isTenant(principal.role)) {
    return { prefixes, statuses, events, counts: prefixCounts(engine) }
  }
  const own = prefixes.filter((item) => scope.prefix(principal, item.name, item))
  const names = new Set(own.map(({ name }) => name))
  return {
    prefixes: own,
    statuses: statuses.filter(({ name }) => scope.session(principal, name)),
    events: events.filter((event) =>
      event.kind === 'session' ? scope.session(principal, event.session) : names.has(event.name),
    ),
    counts: prefixCounts(engine, own),
  }
}

export function addOverviewRoutes(app: Api, context: RouteContext): void {
  const { engine, clock, version } = context
  const startedAt = clock.now()

  app.get(
    '/overview',
    {
      config: { tenants: true },
      schema: {
        tags: ['status'],
        summary: 'Prefixes and sessions by state, what fails, and what changed in the last hour',
        description: 'A provider or customer gets that of its own prefixes and sessions.',
        response: { 200: overviewSchema },
      },
    },
    (request) => {
      const now = clock.now()
      const seen = seenBy(request.principal, context)
      return {
        time: shownIsoTime(now),
        version,
        startedAt: shownIsoTime(startedAt),
        prefixes: seen.counts,
        sessions: sessionCounts(seen.statuses),
        failing: worstPrefixes(seen.prefixes).map((summary) => {
          const { name, prefix, state, since } = summary
          const headline = engine.headline(name)
          return {
            name,
            prefix,
            state,
            since: shownIsoTime(since),
            finding: headline === undefined ? null : findingView(headline.finding),
            others: headline?.others ?? 0,
            errorMessage: firstSentence(engine, summary),
          }
        }),
        recent: recentChanges(seen.events, now),
      }
    },
  )
}

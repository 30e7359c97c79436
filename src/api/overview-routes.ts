/** `/api/v1/overview`: one answer to "how is it, and what has changed". */
import type { ApiContext } from './context.ts'
import type { Api } from './documented.ts'
import { prefixCounts, recentChanges, sessionCounts, worstPrefixes } from './overview.ts'
import { firstSentence } from './prefix-routes.ts'
import { findingView } from './prefix-view.ts'
import { shownIsoTime } from './session-view.ts'
import { overviewSchema } from './status-schemas.ts'

/** Events looked at for one answer, however many are kept. */
const EVENTS_READ = 10_000

export function addOverviewRoutes(app: Api, context: ApiContext): void {
  const { engine, sessions, eventLog, clock, version } = context
  const startedAt = clock.now()

  app.get(
    '/overview',
    {
      schema: {
        tags: ['status'],
        summary: 'Prefixes and sessions by state, what fails, and what changed in the last hour',
        response: { 200: overviewSchema },
      },
    },
    () => {
      const now = clock.now()
      return {
        time: shownIsoTime(now),
        version,
        startedAt: shownIsoTime(startedAt),
        prefixes: prefixCounts(engine),
        sessions: sessionCounts(sessions.statuses()),
        failing: worstPrefixes(engine.prefixes()).map((summary) => {
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
        recent: recentChanges(eventLog.newest(EVENTS_READ), now),
      }
    },
  )
}

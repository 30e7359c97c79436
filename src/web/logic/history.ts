/** The history of a prefix, as the storage file keeps it. */
import type { PrefixEventJson } from '../../api/event-schemas.ts'
import type { HistoryEventJson } from '../../api/history-routes.ts'
import type { Look } from './states.ts'

const verdict = 'VerdictChangeEvent'

/** @returns the changes of the verdict as the event stream tells them, oldest first */
export function verdictEvents(
  name: string,
  history: readonly HistoryEventJson[],
): PrefixEventJson[] {
  return history
    .filter(({ eventType }) => eventType === verdict)
    .map(({ id, eventTimestamp, detail }) => {
      const told = detail as Pick<
        PrefixEventJson,
        'prefix' | 'from' | 'to' | 'durationSeconds' | 'opened' | 'closed'
      >
      return { ...told, id, kind: 'prefix' as const, time: eventTimestamp, name }
    })
    .reverse()
}

/** @returns what became of routes, path and origin, newest first */
export function routeEvents(history: readonly HistoryEventJson[]): HistoryEventJson[] {
  return history.filter(({ eventType }) => eventType !== verdict)
}

/** Levels of events, by how they look. */
export const levelLooks: Readonly<Record<HistoryEventJson['eventLevel'], Look>> = {
  Information: { tone: 'idle', shape: 'dash' },
  Warning: { tone: 'warn', shape: 'triangle' },
  Error: { tone: 'bad', shape: 'cross' },
  Critical: { tone: 'bad', shape: 'cross' },
}

import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import type { PrefixEventJson } from '../../api/event-schemas.ts'
import type { HistoryEventJson } from '../../api/history-routes.ts'
import type { PrefixJson } from '../../api/prefix-schemas.ts'
import { type HistoryWindow, paths } from '../data/api.ts'
import { useResource } from '../data/resource.ts'
import { levelLooks, routeEvents, verdictEvents } from '../logic/history.ts'
import { Failure, Loading } from './card.tsx'
import { Chips } from './chips.tsx'
import { Icon } from './icon.tsx'
import { Moment } from './text.tsx'
import { Timeline } from './timeline.tsx'

interface Range {
  readonly value: string
  readonly label: string
  readonly hours: number
  /** What is read for it. */
  readonly window: HistoryWindow
}

const HOUR = 3_600_000
const day: Range = { value: 'day', label: '24 h', hours: 24, window: '1d' }
const ranges: readonly Range[] = [
  { value: 'hour', label: '1 h', hours: 1, window: '6h' },
  day,
  { value: 'week', label: '7 d', hours: 168, window: '7d' },
  { value: 'month', label: '30 d', hours: 720, window: '30d' },
]

/** Events of a prefix that are read where the daemon keeps them in memory alone. */
const EVENTS_READ = 300
const SHOWN = 8

/** Whether the daemon keeps a history; undefined: not known yet. */
const kept = signal<boolean | undefined>(undefined)

/** What became of the routes. */
function Routes({ events }: { events: readonly HistoryEventJson[] }) {
  const [all, setAll] = useState(false)
  if (events.length === 0) return null
  return (
    <>
      <h3>Routes, path and origin</h3>
      <ol class="happened" aria-label="Routes, path and origin, newest first">
        {(all ? events : events.slice(0, SHOWN)).map(
          ({ id, eventTimestamp, eventLevel, eventSummary }) => {
            const look = levelLooks[eventLevel]
            return (
              <li key={id} data-tone={look.tone}>
                <Moment time={eventTimestamp} />
                <Icon shape={look.shape} />
                <span>
                  <span class="hidden">{eventLevel}: </span>
                  {eventSummary}
                </span>
              </li>
            )
          },
        )}
      </ol>
      {all || events.length <= SHOWN ? null : (
        <button type="button" onClick={() => setAll(true)}>
          Show all {events.length}
        </button>
      )}
    </>
  )
}

/** What happened to a prefix: from the storage file, else what the daemon has in memory. */
export function History({ prefix }: { prefix: PrefixJson }) {
  const [chosen, setChosen] = useState(day.value)
  const { hours, window } = ranges.find(({ value }) => value === chosen) ?? day
  const { name } = prefix
  const stored = useResource(kept.value === false ? null : paths.history(name, window))
  const recent = useResource(
    kept.value === true ? null : paths.events({ prefix: name, limit: EVENTS_READ }),
  )
  const refused = stored.failure?.status === 409
  useEffect(() => {
    if (refused) kept.value = false
    else if (stored.data !== undefined) kept.value = true
  }, [refused, stored.data])
  const history = kept.value === false || refused ? undefined : stored.data
  const events = history
    ? verdictEvents(name, history.items)
    : (recent.data?.items as PrefixEventJson[] | undefined)
  return (
    <>
      <Chips
        label="Time shown"
        choices={ranges}
        chosen={chosen}
        onChoose={(value) => setChosen(value ?? chosen)}
      />
      {refused ? null : <Failure failure={stored.failure} />}
      {events === undefined ? (
        <Loading />
      ) : (
        <Timeline prefix={prefix} events={events} length={hours * HOUR} />
      )}
      {history === undefined ? null : <Routes events={routeEvents(history.items)} />}
      {history === undefined || history.cursor === null ? null : (
        <p class="faint">The newest {history.items.length} events; there are earlier ones.</p>
      )}
      {kept.value === false ? (
        <p class="faint">
          As far as the daemon has it in memory; with <code>storage.path</code> it is kept.
        </p>
      ) : null}
    </>
  )
}

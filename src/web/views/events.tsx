import { useState } from 'preact/hooks'
import type { EventJson } from '../../api/event-schemas.ts'
import { get, type Path, paths } from '../data/api.ts'
import { connection, EVENTS_KEPT, liveEvents } from '../data/live.ts'
import { go } from '../data/place.ts'
import { useReading } from '../data/resource.ts'
import { matchesEvent, mergeEvents } from '../logic/events.ts'
import type { Query } from '../logic/route.ts'
import { counted } from '../logic/words.ts'
import { Empty, Failure, Loading } from '../parts/card.tsx'
import { Chips } from '../parts/chips.tsx'
import { EventList } from '../parts/event-list.tsx'
import { Search } from '../parts/search.tsx'
import { Title } from '../parts/title.tsx'

/** Events drawn; the rest is a press away. */
const SHOWN = 50

const kinds = [
  { value: 'prefix', label: 'Prefixes' },
  { value: 'session', label: 'Sessions' },
]

function readEvents(path: string): Promise<{ items: EventJson[] }> {
  return get(path as Path<{ items: EventJson[] }>)
}

export function Events({ query }: { query: Query }) {
  const { kind, prefix, session } = query
  const [frozen, setFrozen] = useState<{ upTo: number } | null>(null)
  const [shown, setShown] = useState(SHOWN)
  const earlier = useReading(paths.events({ kind, prefix, session, limit: 200 }), readEvents)
  const all = mergeEvents(
    earlier.data?.items.filter((event) => matchesEvent(event, query)) ?? [],
    liveEvents.value.filter((event) => matchesEvent(event, query)),
    EVENTS_KEPT,
  )
  const events = frozen === null ? all : all.filter(({ id }) => id <= frozen.upTo)
  const held = all.length - events.length
  const set = (changed: Readonly<Record<string, string | undefined>>) =>
    go('events', undefined, { ...query, ...changed }, true)
  return (
    <>
      <div class="view-head">
        <Title text="Events" />
        <p role="status" class="faint">
          {frozen !== null
            ? `Paused; ${counted(held, 'new event')} held back`
            : connection.value === 'live'
              ? 'Live: new events appear at the top'
              : 'Not connected'}
        </p>
      </div>
      <div class="filters">
        <button
          type="button"
          class="primary"
          aria-pressed={frozen !== null}
          onClick={() => setFrozen(frozen === null ? { upTo: all[0]?.id ?? 0 } : null)}
        >
          {frozen === null ? 'Pause' : 'Go on'}
        </button>
        <Chips
          label="Kind"
          choices={kinds}
          chosen={kind}
          onChoose={(value) => set({ kind: value })}
        />
        <Search
          label="Prefix name"
          value={prefix ?? ''}
          onSearch={(text) => set({ prefix: text })}
        />
        <Search
          label="Session name"
          value={session ?? ''}
          onSearch={(text) => set({ session: text })}
        />
      </div>
      <Failure failure={earlier.failure} />
      {earlier.data === undefined ? <Loading /> : null}
      {events.length === 0 && earlier.data !== undefined ? (
        <Empty>
          {kind || prefix || session ? 'No event matches.' : 'Nothing has happened yet.'}
        </Empty>
      ) : (
        <div class="card">
          <EventList label="Events, newest first" events={events.slice(0, shown)} />
        </div>
      )}
      {events.length > shown ? (
        <button type="button" onClick={() => setShown(shown + SHOWN)}>
          Show more
        </button>
      ) : null}
    </>
  )
}

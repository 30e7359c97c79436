import type { SessionJson, SessionListJson } from '../../api/session-schemas.ts'
import { paths } from '../data/api.ts'
import { now } from '../data/clock.ts'
import { usePages } from '../data/pages.ts'
import { go } from '../data/place.ts'
import type { Query } from '../logic/route.ts'
import { limitLevel, sessionLooks, sessionStates } from '../logic/states.ts'
import { counted, grouped, secondsUntil } from '../logic/words.ts'
import { SessionBadge } from '../parts/badge.tsx'
import { Empty, Failure } from '../parts/card.tsx'
import { Chips } from '../parts/chips.tsx'
import { Icon } from '../parts/icon.tsx'
import { Search } from '../parts/search.tsx'
import { Ago, To } from '../parts/text.tsx'
import { Title } from '../parts/title.tsx'
import { Cell, WindowedTable } from '../parts/windowed.tsx'

/** A little more than a large screen shows. */
const FIRST_PAGE = 60

const columns = [
  { title: 'State', class: 'state' },
  { title: 'Session', class: 'name' },
  { title: 'Peer', class: 'peer' },
  { title: 'For', class: 'since' },
  { title: 'IPv4', class: 'number' },
  { title: 'IPv6', class: 'number' },
  { title: 'Limit', class: 'number' },
  { title: 'Flaps', class: 'number' },
  { title: 'Last error' },
]

/** The family nearest to its limit. */
function Limit({ session }: { session: SessionJson }) {
  if (session.maxPrefixes === null) return <span class="faint">none</span>
  const held = Math.max(session.prefixes.ipv4, session.prefixes.ipv6)
  const { percent, look } = limitLevel(held, session.maxPrefixes)
  return (
    <span class="toned" data-tone={look.tone} title={`of ${grouped(session.maxPrefixes)}`}>
      {look.tone === 'good' ? null : <Icon shape={look.shape} />} {percent} %
    </span>
  )
}

/** When a session that is down is tried again. */
function NextTry({ session }: { session: SessionJson }) {
  if (session.up || session.nextTryAt === null) return null
  const wait = secondsUntil(session.nextTryAt, now.value)
  return wait > 0 ? <span class="under">next try in {wait} s</span> : null
}

function Row({ session }: { session: SessionJson }) {
  return (
    <>
      <Cell class="state">
        <SessionBadge state={session.state} shutdown={session.shutdown} />
        <NextTry session={session} />
      </Cell>
      <Cell class="name">
        <To view="sessions" name={session.name} class="strong">
          {session.name}
        </To>
        <span class="under">{session.description}</span>
      </Cell>
      <Cell class="peer">
        <span class="code">{session.remoteAddress}</span>
        <span class="under">AS{session.remoteAsn}</span>
      </Cell>
      <Cell class="since">
        <Ago time={session.since} />
      </Cell>
      <Cell class="number ipv4">{grouped(session.prefixes.ipv4)}</Cell>
      <Cell class="number ipv6">{grouped(session.prefixes.ipv6)}</Cell>
      <Cell class="number limit-cell">
        <Limit session={session} />
      </Cell>
      <Cell class="number flaps">{grouped(session.flaps)}</Cell>
      <Cell class="why">
        {session.up ? null : <span class="sentence">{session.lastError}</span>}
      </Cell>
    </>
  )
}

export function Sessions({ query }: { query: Query }) {
  const { state: chosen, search } = query
  const path = paths.sessions({ state: chosen, search })
  const { data, failure, waiting, more } = usePages<SessionJson, SessionListJson>(path, FIRST_PAGE)
  const counts = data?.page.counts
  const total = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0)
  const matched = data?.page.matched ?? null
  const filtered = Boolean(chosen || search)
  const set = (changed: Readonly<Record<string, string | undefined>>) =>
    go('sessions', undefined, { ...query, ...changed }, true)
  const shown = sessionStates.filter((each) => (counts?.[each] ?? 0) > 0 || each === chosen)
  return (
    <>
      <div class="view-head">
        <Title text="Sessions" />
        <p role="status" class="faint">
          {data === undefined
            ? 'Reading…'
            : !filtered
              ? counted(total, 'session')
              : matched === null
                ? 'Filtered'
                : `${grouped(matched)} of ${counted(total, 'session')}`}
        </p>
      </div>
      <search class="filters">
        <Search
          label="Name, address or AS number"
          value={search ?? ''}
          onSearch={(text) => set({ search: text })}
        />
        <Chips
          label="State"
          choices={shown.map((state) => ({
            value: state,
            label: (
              <>
                <Icon shape={sessionLooks[state].shape} /> {state}
              </>
            ),
            count: counts?.[state] ?? 0,
          }))}
          chosen={chosen}
          onChoose={(state) => set({ state })}
        />
      </search>
      <Failure failure={failure} />
      {data === undefined ? null : data.items.length === 0 && data.cursor === null ? (
        <Empty>{total === 0 ? 'No session is configured.' : 'No session matches.'}</Empty>
      ) : (
        <WindowedTable
          label="Sessions"
          columns={columns}
          items={data.items}
          keyOf={(session) => session.name}
          row={(session) => <Row session={session} />}
          total={
            data.cursor === null ? data.items.length : Math.max(data.items.length + 1, matched ?? 0)
          }
          busy={waiting}
          onNearEnd={more}
        />
      )}
    </>
  )
}

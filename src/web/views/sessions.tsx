import type { SessionJson } from '../../api/session-schemas.ts'
import { paths } from '../data/api.ts'
import { now } from '../data/clock.ts'
import { go } from '../data/place.ts'
import { useResource } from '../data/resource.ts'
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

function matches(session: SessionJson, { state, search = '' }: Query): boolean {
  if (state && session.state !== state) return false
  const part = search.toLowerCase()
  return [session.name, session.description, session.remoteAddress, `${session.remoteAsn}`].some(
    (text) => text.toLowerCase().includes(part),
  )
}

export function Sessions({ query }: { query: Query }) {
  const { data, failure } = useResource(paths.sessions())
  const all = data?.items ?? []
  const items = all.filter((session) => matches(session, query))
  const set = (changed: Readonly<Record<string, string | undefined>>) =>
    go('sessions', undefined, { ...query, ...changed }, true)
  const countOf = (state: string) => all.filter((session) => session.state === state).length
  const shown = sessionStates.filter((each) => countOf(each) > 0 || each === query['state'])
  return (
    <>
      <div class="view-head">
        <Title text="Sessions" />
        <p role="status" class="faint">
          {data === undefined
            ? 'Reading…'
            : items.length === all.length
              ? counted(all.length, 'session')
              : `${items.length} of ${counted(all.length, 'session')}`}
        </p>
      </div>
      <search class="filters">
        <Search
          label="Name, address or AS number"
          value={query['search'] ?? ''}
          onSearch={(search) => set({ search })}
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
            count: countOf(state),
          }))}
          chosen={query['state']}
          onChoose={(state) => set({ state })}
        />
      </search>
      <Failure failure={failure} />
      {data === undefined ? null : items.length === 0 ? (
        <Empty>{all.length === 0 ? 'No session is configured.' : 'No session matches.'}</Empty>
      ) : (
        <WindowedTable
          label="Sessions"
          columns={columns}
          items={items}
          keyOf={(session) => session.name}
          row={(session) => <Row session={session} />}
        />
      )}
    </>
  )
}

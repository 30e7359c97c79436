import { useEffect, useMemo, useState } from 'preact/hooks'
import type { PrefixListJson, PrefixSummaryJson } from '../../api/prefix-schemas.ts'
import { findingReasons } from '../../engine/types.ts'
import { get, paths } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { go } from '../data/place.ts'
import { useReading } from '../data/resource.ts'
import type { Query } from '../logic/route.ts'
import { prefixLooks, prefixStates } from '../logic/states.ts'
import { counted, grouped } from '../logic/words.ts'
import { PrefixBadge } from '../parts/badge.tsx'
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
  { title: 'Prefix', class: 'name' },
  { title: 'For', class: 'since' },
  { title: 'Why' },
]

function Row({ item }: { item: PrefixSummaryJson }) {
  return (
    <>
      <Cell class="state">
        <PrefixBadge state={item.state} />
      </Cell>
      <Cell class="name">
        <To view="prefixes" name={item.name} class="strong">
          {item.name}
        </To>
        <span class="under">
          <span class="code">{item.prefix}</span>
          {item.owner === null ? '' : ` ${item.owner}`}
        </span>
      </Cell>
      <Cell class="since">
        <Ago time={item.since} />
      </Cell>
      <Cell class="why">
        {item.reasons.map((reason) => (
          <span key={reason} class="reason-word">
            {reason}
          </span>
        ))}
        <span class="sentence">{item.errorMessage}</span>
      </Cell>
    </>
  )
}

/** How long names of sessions are good enough to choose from; milliseconds. */
const NAMES_LAST = 30_000
let known: { readonly names: readonly string[]; readonly at: number } | undefined

/** Names of sessions change seldom, and their list is long: not read again with every change. */
async function readSessionNames(): Promise<readonly string[]> {
  if (known !== undefined && performance.now() - known.at < NAMES_LAST) return known.names
  const { items } = await get(paths.sessions({ limit: 1000 }))
  known = { names: items.map(({ name }) => name), at: performance.now() }
  return known.names
}

/** Between the list's first answer and asking for the names, milliseconds: nobody waits behind them then. */
const NAMES_PAUSE = 400

function SessionOptions({ chosen }: { chosen: string }) {
  const [wanted, setWanted] = useState(known !== undefined)
  useEffect(() => {
    const timer = setTimeout(() => setWanted(true), NAMES_PAUSE)
    return () => clearTimeout(timer)
  }, [])
  const names = useReading(wanted ? 'names of sessions' : null, readSessionNames).data
  return useMemo(
    () => (
      <>
        {names === undefined && chosen !== '' ? <option>{chosen}</option> : null}
        {(names ?? []).map((name) => (
          <option key={name}>{name}</option>
        ))}
      </>
    ),
    [names, chosen],
  )
}

function Filters({
  query,
  counts,
}: {
  query: Query
  counts: PrefixListJson['counts'] | undefined
}) {
  const set = (changed: Readonly<Record<string, string | undefined>>) =>
    go('prefixes', undefined, { ...query, ...changed }, true)
  const { state, reason = '', session = '', peering = '', search = '' } = query
  const shown = prefixStates.filter((each) => (counts?.[each] ?? 0) > 0 || each === state)
  return (
    <search class="filters">
      <Search
        label="Name, prefix or owner"
        value={search}
        onSearch={(text) => set({ search: text })}
      />
      <Chips
        label="State"
        choices={shown.map((each) => ({
          value: each,
          label: (
            <>
              <Icon shape={prefixLooks[each].shape} /> {each}
            </>
          ),
          count: counts?.[each] ?? 0,
        }))}
        chosen={state}
        onChoose={(value) => set({ state: value })}
      />
      <label>
        Reason{' '}
        <select value={reason} onChange={(event) => set({ reason: event.currentTarget.value })}>
          <option value="">any</option>
          {findingReasons.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <label>
        Session{' '}
        <select value={session} onChange={(event) => set({ session: event.currentTarget.value })}>
          <option value="">any</option>
          {/* The daemon answers one after the other: the prefixes go first. */}
          {counts === undefined ? null : <SessionOptions chosen={session} />}
        </select>
      </label>
      {peering === '' ? null : (
        <Chips
          label="Peering"
          choices={[{ value: peering, label: `Peering ${peering}` }]}
          chosen={peering}
          onChoose={(value) => set({ peering: value })}
        />
      )}
      {state || reason || session || peering || search ? (
        <button type="button" onClick={() => go('prefixes', undefined, {}, true)}>
          Clear
        </button>
      ) : null}
    </search>
  )
}

export function Prefixes({ query }: { query: Query }) {
  const { state, reason, session, peering, search } = query
  const path = paths.prefixes({ state, reason, session, peering, search })
  const { data, failure, waiting, more } = usePages<PrefixSummaryJson, PrefixListJson>(
    path,
    FIRST_PAGE,
  )
  const matched = data?.page.matched ?? null
  const total = Object.values(data?.page.counts ?? {}).reduce((sum, count) => sum + count, 0)
  const filtered = Boolean(state || reason || session || peering || search)
  return (
    <>
      <div class="view-head">
        <Title text="Prefixes" />
        <p role="status" class="faint" data-settled={!waiting}>
          {data === undefined
            ? 'Reading…'
            : !filtered
              ? `${grouped(total)} registered`
              : matched === null
                ? 'Filtered'
                : `${grouped(matched)} of ${counted(total, 'prefix', 'prefixes')}`}
        </p>
      </div>
      <Filters query={query} counts={data?.page.counts} />
      <Failure failure={failure} />
      {data === undefined ? null : data.items.length === 0 && data.cursor === null ? (
        <Empty>{filtered ? 'No prefix matches.' : 'No prefix is registered.'}</Empty>
      ) : (
        <WindowedTable
          label="Registered prefixes"
          columns={columns}
          items={data.items}
          keyOf={(item) => item.name}
          row={(item) => <Row item={item} />}
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

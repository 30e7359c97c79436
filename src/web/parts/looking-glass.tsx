import { useId, useState } from 'preact/hooks'
import type { RouteJson, RouteListJson } from '../../api/route-schemas.ts'
import { paths } from '../data/api.ts'
import { usePages } from '../data/pages.ts'
import { go } from '../data/place.ts'
import type { Query } from '../logic/route.ts'
import { Empty, Failure, Loading } from './card.tsx'
import { RoutesTable } from './routes.tsx'

/** Routes shown until somebody wants more. */
const FIRST_PAGE = 25

const matches = [
  ['exact', 'exactly this prefix'],
  ['covering', 'covering: this and less specific'],
  ['covered', 'covered: this and more specific'],
] as const

/** What a session's peer announced, and a look-up in it. */
export function LookingGlass({ session, query }: { session: string; query: Query }) {
  const [prefix, setPrefix] = useState(query['prefix'] ?? '')
  const [match, setMatch] = useState(query['match'] ?? 'covering')
  const error = useId()
  const path = paths.routes(session, {
    prefix: query['prefix'],
    match: query['prefix'] ? query['match'] : undefined,
  })
  const { data, failure, waiting, more } = usePages<RouteJson, RouteListJson>(path, FIRST_PAGE)
  const wrong = failure?.fields.get('prefix')
  const lookUp = (event: Event) => {
    event.preventDefault()
    go('sessions', session, { prefix: prefix.trim(), match: prefix.trim() && match })
  }
  return (
    <>
      <form class="filters" onSubmit={lookUp} aria-label="Look a prefix up">
        <input
          type="text"
          class="code"
          aria-label="Prefix"
          placeholder="198.51.100.0/24"
          spellcheck={false}
          autocomplete="off"
          value={prefix}
          aria-invalid={wrong !== undefined}
          aria-describedby={wrong === undefined ? undefined : error}
          onInput={(event) => setPrefix(event.currentTarget.value)}
        />
        <select
          aria-label="Match"
          value={match}
          onChange={(event) => setMatch(event.currentTarget.value)}
        >
          {matches.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
        <button type="submit">Look up</button>
        {query['prefix'] ? (
          <button
            type="button"
            onClick={() => {
              setPrefix('')
              go('sessions', session, {})
            }}
          >
            Whole table
          </button>
        ) : null}
      </form>
      {wrong === undefined ? (
        <Failure failure={failure} />
      ) : (
        <p class="failure" role="alert" id={error}>
          {wrong}
        </p>
      )}
      {wrong !== undefined ? null : data === undefined ? (
        <Loading />
      ) : data.items.length === 0 ? (
        <Empty>{query['prefix'] ? 'No route matches.' : 'The table is empty.'}</Empty>
      ) : (
        <RoutesTable label="Routes" routes={data.items.map((route) => ({ route }))} />
      )}
      {wrong === undefined && data !== undefined && data.cursor !== null ? (
        <button type="button" onClick={more} disabled={waiting}>
          Show more
        </button>
      ) : null}
    </>
  )
}

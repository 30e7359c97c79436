import type { RouteJson } from '../../api/route-schemas.ts'
import { noteMeaning } from '../logic/words.ts'
import { ClassBadge } from './badge.tsx'
import { Sideways } from './card.tsx'
import { Ago, ReasonLink } from './text.tsx'

/** A route and, where several sessions stand together, whose it is. */
export interface ShownRoute {
  readonly session?: string
  readonly route: RouteJson
}

function Communities({ route }: { route: RouteJson }) {
  const all = [...route.communities, ...route.largeCommunities, ...route.extendedCommunities]
  if (all.length === 0) return <span class="faint">none</span>
  return all.map((text) => (
    <span key={text} class="community">
      {text}
    </span>
  ))
}

/** What else is known of a route, in words. */
function Notes({ route }: { route: RouteJson }) {
  const more = [
    ...(route.stale ? ['stale: kept over a restart of the peer (RFC 4724)'] : []),
    ...(route.med === null ? [] : [`MED ${route.med}`]),
    ...(route.localPref === null ? [] : [`local preference ${route.localPref}`]),
    ...(route.pathId === undefined ? [] : [`path ${route.pathId}`]),
    ...(route.atomicAggregate ? ['atomic aggregate'] : []),
    ...(route.aggregator === null ? [] : [`aggregator ${route.aggregator}`]),
    ...route.unknownAttributes.map(({ code, value }) => `attribute ${code}: ${value || 'empty'}`),
  ]
  return (
    <>
      {route.reasons.map((reason) => (
        <ReasonLink key={reason} reason={reason} />
      ))}
      {route.notes.map((note) => (
        <span key={note} class="note">
          {note}
        </span>
      ))}
      {more.map((words) => (
        <span key={words} class="fact faint">
          {words}
        </span>
      ))}
    </>
  )
}

/** What the notes of the routes mean; they are no findings. */
function NoteMeanings({ routes }: { routes: readonly ShownRoute[] }) {
  const notes = [...new Set(routes.flatMap(({ route }) => route.notes))]
  if (notes.length === 0) return null
  return (
    <dl class="note-meanings" aria-label="What the notes mean">
      {notes.map((note) => (
        <div key={note}>
          <dt class="note">{note}</dt>
          <dd>{noteMeaning(note)}.</dd>
        </div>
      ))}
    </dl>
  )
}

/** Routes as received, as a looking glass shows them. */
export function RoutesTable({ label, routes }: { label: string; routes: readonly ShownRoute[] }) {
  const bySession = routes.some(({ session }) => session !== undefined)
  return (
    <>
      <Sideways label={label}>
        <table class="routes">
          <thead>
            <tr>
              {bySession ? <th scope="col">Session</th> : null}
              <th scope="col">Prefix</th>
              <th scope="col">AS path</th>
              <th scope="col">Communities</th>
              <th scope="col">Next hop</th>
              <th scope="col">Class</th>
              <th scope="col">Notes</th>
              <th scope="col">Age</th>
            </tr>
          </thead>
          <tbody>
            {routes.map(({ session, route }) => (
              <tr key={`${session} ${route.prefix} ${route.pathId}`}>
                {bySession ? <td>{session}</td> : null}
                <td class="code">{route.prefix}</td>
                <td class="code path">
                  {route.asPath || <span class="faint">empty</span>}{' '}
                  <span class="faint" title={`ORIGIN ${route.origin}`}>
                    {route.origin === 'IGP' ? 'i' : route.origin === 'EGP' ? 'e' : '?'}
                  </span>
                </td>
                <td class="code list">
                  <Communities route={route} />
                </td>
                <td class="code">{route.nextHop}</td>
                <td>
                  <ClassBadge name={route.class} />
                </td>
                <td class="list">
                  <Notes route={route} />
                </td>
                <td class="faint">
                  <Ago time={route.receivedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Sideways>
      <NoteMeanings routes={routes} />
    </>
  )
}

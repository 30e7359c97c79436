import type { EventJson, PrefixEventJson } from '../../api/event-schemas.ts'
import { formatDuration } from '../../telemetry/duration.ts'
import { closedWords, sessionWords } from '../logic/events.ts'
import { PrefixBadge, SessionBadge } from './badge.tsx'
import { Moment, To } from './text.tsx'

/** Findings named one by one in an event. */
const NAMED = 3

function PrefixWords({ event }: { event: PrefixEventJson }) {
  const { opened, closed, from, to, durationSeconds } = event
  const named = [
    ...opened.map(({ message }) => message),
    ...closed.map((change) => `${closedWords(change)}.`),
  ]
  const rest = named.length - NAMED
  const was =
    from === null
      ? 'newly registered'
      : from === to
        ? null
        : `was ${from} for ${formatDuration(durationSeconds * 1000)}`
  return (
    <>
      {was === null ? null : <span class="faint">{was}. </span>}
      {named.slice(0, NAMED).join(' ')}
      {rest > 0 ? <span class="faint"> And {rest} more.</span> : null}
    </>
  )
}

function EventRow({ event }: { event: EventJson }) {
  return (
    <li>
      <Moment time={event.time} />
      {event.kind === 'prefix' ? (
        <PrefixBadge state={event.to} />
      ) : (
        <SessionBadge state={event.to} />
      )}
      <span class="what">
        {event.kind === 'prefix' ? (
          <To view="prefixes" name={event.name}>
            {event.name} <span class="code">{event.prefix}</span>
          </To>
        ) : (
          <>
            <span class="faint">session</span>{' '}
            <To view="sessions" name={event.session}>
              {event.session}
            </To>
          </>
        )}
      </span>
      <span class="said">
        {event.kind === 'prefix' ? <PrefixWords event={event} /> : sessionWords(event)}
      </span>
    </li>
  )
}

/** Events, as given. */
export function EventList({ events, label }: { events: readonly EventJson[]; label: string }) {
  return (
    <ol class="events" aria-label={label}>
      {events.map((event) => (
        <EventRow key={event.id} event={event} />
      ))}
    </ol>
  )
}

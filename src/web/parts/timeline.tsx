import type { PrefixEventJson } from '../../api/event-schemas.ts'
import type { PrefixJson } from '../../api/prefix-schemas.ts'
import { formatDuration } from '../../telemetry/duration.ts'
import { now } from '../data/clock.ts'
import { closedWords } from '../logic/events.ts'
import { prefixLooks } from '../logic/states.ts'
import { drawnIn, type Stretch, stretchesOf } from '../logic/timeline.ts'
import { PrefixBadge } from './badge.tsx'
import { Moment } from './text.tsx'

/** Stretches named one by one. */
const LISTED = 30

/** What opened and closed at a change. */
function Changes({ event }: { event: PrefixEventJson }) {
  return (
    <>
      {event.opened.map((change) => (
        <li key={`o${change.reason}${change.session}`}>{change.message}</li>
      ))}
      {event.closed.map((change) => (
        <li key={`c${change.reason}${change.session}`} class="faint">
          {closedWords(change)}
        </li>
      ))}
    </>
  )
}

function StretchRow({ stretch }: { stretch: Stretch }) {
  const started = new Date(stretch.start).toISOString()
  return (
    <li>
      <Moment time={started} />
      <PrefixBadge state={stretch.state} />
      <div>
        <span class="lasted">for {formatDuration(stretch.end - stretch.start)}</span>
        <ul>
          {stretch.events.slice(-3).map((event) => (
            <Changes key={event.id} event={event} />
          ))}
        </ul>
      </div>
    </li>
  )
}

function Strip({
  stretches,
  start,
  end,
}: {
  stretches: readonly Stretch[]
  start: number
  end: number
}) {
  const drawn = drawnIn(stretches, start, end)
  const words = drawn.map(
    ({ stretch }) => `${stretch.state} for ${formatDuration(stretch.end - stretch.start)}`,
  )
  return (
    <svg
      class="strip"
      viewBox="0 0 1000 28"
      preserveAspectRatio="none"
      role="img"
      aria-label={`States, oldest first: ${words.join(', ')}`}
    >
      <rect class="strip-back" width="1000" height="28" />
      {drawn.map(({ stretch, from, to }) => (
        <rect
          key={stretch.start}
          data-tone={prefixLooks[stretch.state].tone}
          data-state={stretch.state}
          x={from * 1000}
          width={Math.max(3, (to - from) * 1000)}
          height="28"
        >
          <title>{`${stretch.state} for ${formatDuration(stretch.end - stretch.start)}`}</title>
        </rect>
      ))}
    </svg>
  )
}

/**
 * The states of a prefix: a strip for the eye, a list with durations and reasons.
 * @param events oldest first
 * @param length of the time shown at most, milliseconds
 */
export function Timeline({
  prefix,
  events,
  length,
}: {
  prefix: Pick<PrefixJson, 'state' | 'since'>
  events: readonly PrefixEventJson[]
  length: number
}) {
  const end = now.value
  const known = stretchesOf(events, prefix, end)
  const start = Math.max(end - length, known[0]?.start ?? end)
  const stretches = known.filter((stretch) => stretch.end > start)
  const newest = [...stretches].reverse()
  return (
    <div class="timeline">
      <Strip stretches={stretches} start={start} end={end} />
      <p class="strip-ends">
        <Moment time={new Date(start).toISOString()} />
        <span>now</span>
      </p>
      <ol class="stretches" aria-label="States, newest first">
        {newest.slice(0, LISTED).map((stretch) => (
          <StretchRow key={stretch.start} stretch={stretch} />
        ))}
      </ol>
      {newest.length > LISTED ? (
        <p class="faint">and {newest.length - LISTED} earlier ones</p>
      ) : null}
    </div>
  )
}

/** Events as one line each. */
import type { EventJson, PrefixEventJson, SessionEventJson } from '../api/event-schemas.ts'
import { formatDuration } from '../telemetry/duration.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, displayWidth, truncate } from './text.ts'
import { statePaint } from './verdict-text.ts'

type Change = PrefixEventJson['opened'][number]

function place({ reason, session }: Change): string {
  return session ? `${reason} on ${session}` : reason
}

function ended(change: Change): string {
  const { durationSeconds } = change
  const after =
    durationSeconds === undefined ? '' : ` after ${formatDuration(durationSeconds * 1000)}`
  return `${place(change)} ended${after}`
}

/** What opened and closed; the sentence itself where it is the only news. */
function findingsText({ opened, closed }: PrefixEventJson): string {
  if (opened.length === 1 && closed.length === 0) return opened[0]?.message ?? ''
  return [...opened.map(place), ...closed.map(ended)].join(', ')
}

/** What came over the wire before what it led to. */
function sessionDetail({ detail, notification, to }: SessionEventJson): string {
  if (notification !== undefined) {
    const { direction, text, communication } = notification
    return `${direction} ${text}${communication ? `: "${communication}"` : ''}`
  }
  return to === 'Established' ? detail.replace(/^Established /, '') : detail
}

interface Parts {
  readonly name: string
  /** The state before, where it changed; else what kind of thing has the state. */
  readonly before: string
  readonly state: string
  readonly paint: (text: string) => string
  readonly detail: string
}

function partsOf(event: EventJson, style: Style): Parts {
  if (event.kind === 'session') {
    const wrong = (event.opened?.length ?? 0) > 0
    const lost = wrong || (event.from === 'Established' && event.to !== 'Established')
    return {
      name: event.session,
      before: 'session ',
      state: event.to,
      paint: lost ? style.red : event.to === 'Established' ? style.green : style.yellow,
      detail: sessionDetail(event),
    }
  }
  const from = event.from ?? 'new'
  const to = event.to ?? 'removed'
  return {
    name: event.name,
    before: from === to ? 'still ' : `${from} > `,
    state: to,
    paint: statePaint(style, event.to ?? 'None'),
    detail: findingsText(event),
  }
}

/** Short names stand in a column. */
const NAME_WIDTH = 8
const LONGEST_NAME = 28
/** Fewer columns are not worth a detail. */
const LEAST_DETAIL = 8

/**
 * Writes an event as one line that fits the screen, with its line break.
 * @param time how the moment is written, without colour
 */
export function eventLine(
  event: EventJson,
  screen: Pick<Terminal, 'columns' | 'color'>,
  time: string,
): string {
  const style = styleFor(screen.color)
  const { name, before, state, paint, detail } = partsOf(event, style)
  const shown = truncate(cleanText(name), LONGEST_NAME).padEnd(NAME_WIDTH)
  const room = screen.columns - displayWidth(`${time}  ${shown}  ${before}${state}`) - 2
  const tail = room < LEAST_DETAIL || detail === '' ? '' : `  ${truncate(cleanText(detail), room)}`
  return `${style.dim(time)}  ${style.bold(shown)}  ${style.dim(before)}${paint(state)}${tail}\n`
}

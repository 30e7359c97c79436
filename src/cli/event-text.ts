/** Events as one line each. */
import type { EventJson, PrefixEventJson, SessionEventJson } from '../api/schemas.ts'
import { formatDuration } from '../telemetry/duration.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, count, displayWidth, truncate } from './text.ts'
import { statePaint } from './verdict-text.ts'

type Change = PrefixEventJson['opened'][number]

const place = ({ reason, session }: Change) => (session ? `${reason} on ${session}` : reason)

function seconds(value: number): string {
  return formatDuration(value * 1000)
}

/** What opened and closed; the sentence itself where it is the only news. */
function findingsText({ opened, closed }: PrefixEventJson): string {
  if (opened.length === 1 && closed.length === 0) return opened[0]?.message ?? ''
  const ended = closed.map((change) =>
    change.durationSeconds === undefined
      ? `${place(change)} ended`
      : `${place(change)} ended after ${seconds(change.durationSeconds)}`,
  )
  return [...opened.map(place), ...ended].join(', ')
}

function sessionDetail({ detail, notification }: SessionEventJson): string {
  const said = notification?.communication
  return said && !detail.includes(said) ? `${detail} "${said}"` : detail
}

interface Parts {
  readonly subject: string
  readonly from: string
  readonly to: string
  readonly paint: (text: string) => string
  readonly detail: string
}

function partsOf(event: EventJson, style: Style): Parts {
  if (event.kind === 'session') {
    const up = event.to === 'Established'
    const lost = event.from === 'Established'
    return {
      subject: `session ${event.session}`,
      from: event.from,
      to: event.to,
      paint: up ? style.green : lost ? style.red : style.dim,
      detail: sessionDetail(event),
    }
  }
  return {
    subject: `prefix ${event.name}`,
    from: event.from ?? 'new',
    to: event.to ?? 'removed',
    paint: statePaint(style, event.to ?? 'None'),
    detail: findingsText(event),
  }
}

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
  const { subject, from, to, paint, detail } = partsOf(event, style)
  const name = truncate(cleanText(subject), 28)
  const before = from === to ? '' : `${from} > `
  const head = `${time}  ${name}  ${before}${to}`
  const room = screen.columns - displayWidth(head) - 2
  const tail = room < 8 || detail === '' ? '' : `  ${truncate(cleanText(detail), room)}`
  return `${style.dim(time)}  ${style.bold(name)}  ${style.dim(before)}${paint(to)}${tail}\n`
}

/** @returns for instance `3 events` */
export function eventCount(n: number): string {
  return count(n, 'event')
}

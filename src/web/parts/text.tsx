import type { ComponentChildren } from 'preact'
import { now } from '../data/clock.ts'
import { formatPlace, type ViewName } from '../logic/route.ts'
import { ageOf, findingLink } from '../logic/words.ts'

/** A moment as the time that has passed since; the moment itself on hovering. */
export function Ago({ time }: { time: string }) {
  return (
    <time dateTime={time} title={new Date(time).toLocaleString()}>
      {ageOf(time, now.value)}
    </time>
  )
}

/** A moment as the time of its day, with the day when that is another. */
export function Moment({ time }: { time: string }) {
  const moment = new Date(time)
  const today = moment.toDateString() === new Date(now.value).toDateString()
  return (
    <time dateTime={time} title={moment.toLocaleString()}>
      {today ? clockTime(moment) : `${shortDate(moment)} ${clockTime(moment)}`}
    </time>
  )
}

function clockTime(moment: Date): string {
  return moment.toTimeString().slice(0, 8)
}

function shortDate(moment: Date): string {
  return moment.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })
}

/** A link inside the page. */
export function To({
  view,
  name,
  query,
  children,
  ...rest
}: {
  view: ViewName
  name?: string
  query?: Readonly<Record<string, string | undefined>>
  class?: string
  'aria-current'?: 'page'
  children: ComponentChildren
}) {
  return (
    <a href={formatPlace(view, name, query)} {...rest}>
      {children}
    </a>
  )
}

/** A reason, as a link to its page in the documentation. */
export function ReasonLink({ reason }: { reason: string }) {
  return (
    <a
      class="reason"
      href={findingLink(reason)}
      target="_blank"
      rel="noopener"
      title={`What ${reason} means (opens the documentation)`}
    >
      {reason}
    </a>
  )
}

/** Label and value, row by row; rows without a value are left out. */
export function Facts({
  rows,
}: {
  rows: readonly (readonly [label: string, value: ComponentChildren])[]
}) {
  return (
    <dl class="facts">
      {rows.map(([label, value]) =>
        value === null || value === undefined || value === '' ? null : (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

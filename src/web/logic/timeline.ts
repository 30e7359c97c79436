/** The history of a prefix: which state it was in, from when to when. */
import type { PrefixEventJson } from '../../api/event-schemas.ts'
import type { PrefixStateName } from '../../engine/types.ts'

export interface Stretch {
  readonly state: PrefixStateName
  /** Milliseconds since the epoch. */
  readonly start: number
  readonly end: number
  /** What happened in it, oldest first; the first one began it, where that is known. */
  readonly events: readonly PrefixEventJson[]
}

type Growing = { state: PrefixStateName; start: number; end: number; events: PrefixEventJson[] }

/** The stretch before the first event, whose length that event tells. */
function before(first: PrefixEventJson): Growing[] {
  if (first.from === null || first.from === first.to) return []
  const end = Date.parse(first.time)
  return [{ state: first.from, start: end - first.durationSeconds * 1000, end, events: [] }]
}

/**
 * Cuts time into stretches of one state each.
 * @param events of one prefix, oldest first
 * @param current the state now, and since when (ISO 8601): used where no event tells
 * @param now milliseconds since the epoch
 * @returns oldest first, without gaps but where the prefix was not registered
 */
export function stretchesOf(
  events: readonly PrefixEventJson[],
  current: { readonly state: PrefixStateName; readonly since: string },
  now: number,
): Stretch[] {
  const stretches: Growing[] = events[0] === undefined ? [] : before(events[0])
  for (const event of events) {
    const time = Date.parse(event.time)
    const last = stretches.at(-1)
    if (last !== undefined && last.state === event.to && last.end >= time) {
      last.events.push(event)
      continue
    }
    if (last !== undefined && last.end > time) last.end = time
    if (event.to === null) continue
    const start = event.from === event.to ? time - event.durationSeconds * 1000 : time
    stretches.push({ state: event.to, start, end: Number.POSITIVE_INFINITY, events: [event] })
  }
  const last = stretches.at(-1)
  if (last === undefined || (last.end < now && last.state !== current.state)) {
    const start = Math.min(now, Date.parse(current.since))
    stretches.push({ state: current.state, start, end: now, events: [] })
  } else {
    last.end = Math.max(now, last.start)
  }
  return stretches
}

/** Where a stretch stands in a window of time: both between 0 and 1. */
export interface Drawn {
  readonly stretch: Stretch
  readonly from: number
  readonly to: number
}

/** The stretches that fall into a window, cut to it. @param start milliseconds since the epoch */
export function drawnIn(stretches: readonly Stretch[], start: number, end: number): Drawn[] {
  const whole = Math.max(1, end - start)
  return stretches.flatMap((stretch) => {
    const from = Math.max(0, (stretch.start - start) / whole)
    const to = Math.min(1, (stretch.end - start) / whole)
    return to > from ? [{ stretch, from, to }] : []
  })
}

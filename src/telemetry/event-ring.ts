/**
 * The newest events. A million may come at once, of which all but the last few thousand give way before
 * anybody asks for them: so what a prefix event says is kept column by column in arrays that are there
 * already, and it becomes an object again for the first who asks. Kept as objects, each would be moved
 * twice by the garbage collector, for nothing.
 */
import type { FindingChange, PrefixEvent } from '../engine/types.ts'
import type { DaemonEvent } from './event-log.ts'

export interface EventRing {
  /** Keeps an event in the place of the one that came `capacity` ids before. */
  put(event: DaemonEvent): void
  /** The event with an id among the newest `capacity`; always the same object once it was asked for. */
  at(id: number): DaemonEvent | undefined
  /** How many are kept. */
  count(): number
}

type Changes = readonly FindingChange[]

/** Most lists hold one change, which is kept without its list. */
function packed(changes: Changes): FindingChange | Changes {
  return changes.length === 1 ? (changes[0] as FindingChange) : changes
}

function unpacked(changes: FindingChange | Changes | undefined): Changes {
  if (changes === undefined) return []
  return 'reason' in changes ? [changes] : changes
}

/**
 * Makes an empty ring.
 * @param capacity events kept
 * @param first id of the first event; those that follow are consecutive
 */
export function createEventRing(capacity: number, first: number): EventRing {
  /** Session events, and prefix events that were asked for. */
  const objects: (DaemonEvent | null)[] = []
  const names: string[] = []
  const prefixes: string[] = []
  const times = new Float64Array(capacity)
  const froms: PrefixEvent['from'][] = []
  const tos: PrefixEvent['to'][] = []
  const durations = new Float64Array(capacity)
  const opened: (FindingChange | Changes)[] = []
  const closed: (FindingChange | Changes)[] = []

  const placeOf = (id: number) => (id - first) % capacity

  function putPrefix(place: number, event: PrefixEvent): void {
    names[place] = event.name
    prefixes[place] = event.prefix
    times[place] = event.time
    froms[place] = event.from
    tos[place] = event.to
    durations[place] = event.duration
    opened[place] = packed(event.opened)
    closed[place] = packed(event.closed)
  }

  function makePrefix(place: number, id: number): DaemonEvent {
    return {
      kind: 'prefix',
      time: times[place] ?? 0,
      name: names[place] ?? '',
      prefix: prefixes[place] ?? '',
      from: froms[place] ?? null,
      to: tos[place] ?? null,
      duration: durations[place] ?? 0,
      opened: unpacked(opened[place]),
      closed: unpacked(closed[place]),
      id,
    }
  }

  return {
    put(event) {
      const place = placeOf(event.id)
      objects[place] = event.kind === 'prefix' ? null : event
      // Places are filled in their order, so that no column has holes.
      if (event.kind === 'prefix') putPrefix(place, event)
      else putPrefix(place, nothing)
    },
    at(id) {
      const place = placeOf(id)
      const known = objects[place]
      if (known !== null) return known
      const made = makePrefix(place, id)
      objects[place] = made
      return made
    },
    count: () => objects.length,
  }
}

/** Stands in the columns where an event is no prefix event. */
const nothing: PrefixEvent = {
  kind: 'prefix',
  time: 0,
  name: '',
  prefix: '',
  from: null,
  to: null,
  duration: 0,
  opened: [],
  closed: [],
}

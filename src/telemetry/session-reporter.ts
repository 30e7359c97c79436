/**
 * Session changes as lines and events. A change reaches us as several calls of one turn, in an order
 * that is the session's own business (state, established or down, notification): they are gathered,
 * and told once when the turn ends.
 */
import type { SessionFindingChange } from '../peering/session-findings.ts'
import {
  type Clock,
  type DownReason,
  type Negotiated,
  type NotificationRecord,
  SessionState,
  type SessionStateName,
} from '../session/types.ts'
import { formatDuration } from './duration.ts'
import type { EventLog } from './event-log.ts'
import type { Log } from './log.ts'
import { describeDown, describeNegotiated, describeNotification } from './sentences.ts'

const stateNames = Object.fromEntries(
  Object.entries(SessionState).map(([name, value]) => [value, name]),
) as Record<SessionState, SessionStateName>

/** What one turn told about a session. */
interface Turn {
  from: SessionStateName
  to: SessionStateName
  /** The state that it fell to from Established. */
  left?: SessionStateName
  negotiated?: Negotiated
  reason?: DownReason
  notification?: NotificationRecord
}

/** What is remembered of a session between turns. */
interface Memory {
  state: SessionStateName
  establishedAt: number | null
  /** Why the last attempt failed, and how often in a row it failed so. */
  failure: string | null
  repeats: number
}

export interface SessionReporter {
  stateChanged(name: string, from: SessionState, to: SessionState): void
  established(name: string, negotiated: Negotiated): void
  down(name: string, reason: DownReason): void
  notification(name: string, notification: NotificationRecord): void
  /** Somebody asked for something; told at once, before what comes of it. */
  commanded(name: string, what: string): void
  /** A warning about a session; told at once. */
  warned(name: string, what: string): void
  /** Tells what was gathered of a session that is gone, and remembers it no longer. */
  forget(name: string): void
  /** Findings about what it announces opened or closed; told at once. */
  judged(
    name: string,
    opened: readonly SessionFindingChange[],
    closed: readonly SessionFindingChange[],
  ): void
  /** Tells what was gathered, without waiting for the end of the turn. */
  flush(): void
}

/**
 * Makes the part of the reporter that follows sessions. Told are: Established, the fall from it with
 * its reason, a failed attempt (the same failure of a session in a row only once: a peer that is
 * configured wrongly tries for ever), and a NOTIFICATION that changed no state.
 */
export function createSessionReporter(options: {
  log: Log
  clock: Clock
  eventLog: EventLog
}): SessionReporter {
  const { log, clock, eventLog } = options
  const memories = new Map<string, Memory>()
  const turns = new Map<string, Turn>()

  function memoryOf(name: string): Memory {
    let memory = memories.get(name)
    if (memory === undefined) {
      memory = { state: 'Idle', establishedAt: null, failure: null, repeats: 0 }
      memories.set(name, memory)
    }
    return memory
  }

  function turnOf(name: string): Turn {
    let turn = turns.get(name)
    if (turn === undefined) {
      const { state } = memoryOf(name)
      turn = { from: state, to: state }
      if (turns.size === 0) queueMicrotask(flush)
      turns.set(name, turn)
    }
    return turn
  }

  function append(name: string, turn: Turn, to: SessionStateName, detail: string): void {
    const { from, notification } = turn
    const event = { kind: 'session', time: clock.now(), session: name, from, to, detail } as const
    eventLog.append(notification === undefined ? event : { ...event, notification })
  }

  function tellUp(name: string, turn: Turn, memory: Memory, negotiated: Negotiated): void {
    const tries = memory.repeats > 1 ? ` (after ${memory.repeats} failed attempts)` : ''
    const detail = `Established with ${describeNegotiated(negotiated)}${tries}`
    memory.establishedAt = clock.now()
    memory.failure = null
    memory.repeats = 0
    log.info(
      { event: 'session', session: name, to: 'Established', from: turn.from },
      `session ${name} is ${detail}`,
    )
    append(name, turn, 'Established', detail)
  }

  function tellDown(name: string, turn: Turn, memory: Memory, to: SessionStateName): void {
    const lasted =
      memory.establishedAt === null
        ? ''
        : ` after ${formatDuration(clock.now() - memory.establishedAt)}`
    memory.establishedAt = null
    const detail = `Left Established${lasted}: ${reasonOf(turn) ?? 'no reason was given'}`
    log.warn(
      { event: 'session', session: name, from: 'Established', to },
      `session ${name} ${detail.charAt(0).toLowerCase()}${detail.slice(1)}`,
    )
    append(name, { ...turn, from: 'Established' }, to, detail)
  }

  function tellFailure(name: string, turn: Turn, memory: Memory, reason: string): void {
    const fields = { event: 'session', session: name, from: turn.from, to: turn.to }
    if (memory.failure === reason) {
      memory.repeats += 1
      log.debug(fields, `session ${name} failed again (${memory.repeats} times): ${reason}`)
      return
    }
    memory.failure = reason
    memory.repeats = 1
    const detail = `Did not come up: ${reason}`
    log.warn(fields, `session ${name} did not come up: ${reason}`)
    append(name, turn, turn.to, detail)
  }

  function tell(name: string, turn: Turn): void {
    const memory = memoryOf(name)
    const reason = reasonOf(turn)
    if (turn.left !== undefined) tellDown(name, turn, memory, turn.left)
    if (turn.negotiated !== undefined) tellUp(name, turn, memory, turn.negotiated)
    if (turn.left !== undefined || turn.negotiated !== undefined || reason === undefined) return
    if (memory.state !== 'Established') {
      tellFailure(name, turn, memory, reason)
    } else {
      log.info({ event: 'session', session: name }, `session ${name}: ${reason}`)
      append(name, turn, turn.to, `Stays Established: ${reason}`)
    }
  }

  function flush(): void {
    const gathered = [...turns]
    turns.clear()
    for (const [name, turn] of gathered) tell(name, turn)
  }

  return {
    stateChanged(name, from, to) {
      const turn = turnOf(name)
      const memory = memoryOf(name)
      turn.to = stateNames[to]
      memory.state = turn.to
      if (from === SessionState.Established && to !== from) turn.left ??= turn.to
      log.debug(
        { event: 'state', session: name, from: stateNames[from], to: turn.to },
        `session ${name}: ${stateNames[from]} to ${turn.to}`,
      )
    },
    established(name, negotiated) {
      turnOf(name).negotiated = negotiated
    },
    down(name, reason) {
      turnOf(name).reason = reason
    },
    notification(name, notification) {
      turnOf(name).notification = notification
    },
    commanded(name, what) {
      flush()
      const { state } = memoryOf(name)
      log.info({ event: 'command', session: name }, `session ${name}: ${what}`)
      append(name, { from: state, to: state }, state, what)
    },
    warned(name, what) {
      flush()
      const { state } = memoryOf(name)
      log.warn({ event: 'session-warning', session: name }, `session ${name}: ${what}`)
      append(name, { from: state, to: state }, state, what)
    },
    forget(name) {
      flush()
      memories.delete(name)
    },
    judged(name, opened, closed) {
      flush()
      const { state } = memoryOf(name)
      const detail = [...opened.map(({ message }) => message), ...closed.map(endedWords)].join(' ')
      const reasons = (changes: readonly SessionFindingChange[]) => changes.map((c) => c.reason)
      const fields = { event: 'session-finding', session: name }
      const line = { ...fields, opened: reasons(opened), closed: reasons(closed) }
      if (opened.length > 0) log.warn(line, `session ${name}: ${detail}`)
      else log.info(line, `session ${name}: ${detail}`)
      const at = { kind: 'session', time: clock.now(), session: name } as const
      eventLog.append({ ...at, from: state, to: state, detail, opened, closed })
    },
    flush,
  }
}

/** @returns for instance `outside-address-space ended after 4 min.` */
function endedWords({ reason, duration = 0 }: SessionFindingChange): string {
  return `${reason} ended after ${formatDuration(duration)}.`
}

function reasonOf(turn: Turn): string | undefined {
  if (turn.reason !== undefined) return describeDown(turn.reason)
  return turn.notification === undefined ? undefined : describeNotification(turn.notification)
}

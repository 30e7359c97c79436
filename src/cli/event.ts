/** `bgpwarden event list [--follow]` */
import type { EventJson, EventListJson } from '../api/event-schemas.ts'
import { systemClock } from '../session/clock.ts'
import { formatDuration } from '../telemetry/duration.ts'
import { type ClientOptions, createApiClient, jsonDocument, readAll } from './api-client.ts'
import { followEvents } from './event-stream.ts'
import { eventLine } from './event-text.ts'
import { Exit, UsageError } from './failure.ts'
import { untilInterrupted } from './interrupt.ts'
import { styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatTime } from './text.ts'

interface EventOptions extends ClientOptions {
  readonly since?: string
  readonly kind?: string
  readonly prefix?: string
  readonly session?: string
  readonly follow?: boolean
}

const unitMilliseconds: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Reads `--since`: an age (`15m`), a time, or the id of an event.
 * @returns what the API takes
 * @throws UsageError
 */
export function readSince(text: string, now: number): string {
  if (/^\d+$/.test(text)) return text
  const [, number, unit] = /^(\d+)\s*(s|m|min|h|d)$/.exec(text) ?? []
  const size = unitMilliseconds[unit?.charAt(0) ?? '']
  const time = size === undefined ? Date.parse(text) : now - Number(number) * size
  if (Number.isNaN(time)) {
    throw new UsageError(
      `--since ${text}: expected an age (15m, 2h, 3d), a time (2026-11-21T09:00:00Z) or an event id`,
    )
  }
  return new Date(time).toISOString()
}

function line(event: EventJson, terminal: Terminal): string {
  return eventLine(event, terminal, formatTime(Date.parse(event.time)))
}

/** Prints past events, or with `follow` those that come until interrupted. */
export async function eventList(
  { api, tokenFile, json, since, kind, prefix, session, follow }: EventOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const client = createApiClient({ api, tokenFile })
  const query = { since: since && readSince(since, now), kind, prefix, session }
  if (!follow) {
    // Without a beginning the API gives the newest page, and that is all that is meant.
    const items = query.since
      ? (await readAll<EventJson>(client, 'events', query)).items
      : (await client.get<EventListJson>('events', query)).items
    if (json) terminal.write(jsonDocument(items))
    else if (items.length === 0) terminal.error('No event matches.\n')
    else for (const event of items) terminal.write(line(event, terminal))
    return Exit.ok
  }
  const { signal, release } = untilInterrupted()
  const style = styleFor(terminal.color)
  const onRetry = (why: string, delay: number) =>
    terminal.error(style.dim(`${why}; trying again in ${formatDuration(delay)}\n`))
  try {
    for await (const event of followEvents(client, query, {
      clock: systemClock,
      signal,
      onRetry,
      onNote: ({ detail }) => terminal.error(style.dim(`${cleanText(detail)}\n`)),
    })) {
      terminal.write(json ? `${JSON.stringify(event)}\n` : line(event, terminal))
    }
  } finally {
    release()
  }
  return Exit.ok
}

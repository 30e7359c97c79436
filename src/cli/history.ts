/** `bgpwarden prefix history NAME` */
import type { HistoryEventJson } from '../api/history-routes.ts'
import {
  type ClientOptions,
  createApiClient,
  jsonDocument,
  readAll,
  segment,
} from './api-client.ts'
import { Exit } from './failure.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatTime } from './text.ts'

interface HistoryOptions extends ClientOptions {
  readonly window?: string
  readonly level?: string
}

/** Width of the longest level. */
const LEVEL_WIDTH = 11

function painter(style: Style, level: HistoryEventJson['eventLevel']) {
  if (level === 'Information') return style.dim
  return level === 'Warning' ? style.yellow : style.red
}

/** One event as a line. */
export function historyLine(event: HistoryEventJson, terminal: Pick<Terminal, 'color'>): string {
  const style = styleFor(terminal.color)
  const level = painter(style, event.eventLevel)(event.eventLevel.padEnd(LEVEL_WIDTH))
  const at = formatTime(Date.parse(event.eventTimestamp))
  return `${at}  ${level}  ${event.eventType}\n    ${cleanText(event.eventSummary)}\n`
}

/** Prints what happened to a prefix, oldest first. */
export async function prefixHistory(
  name: string,
  { window, level, json, ...connect }: HistoryOptions,
  terminal: Terminal,
): Promise<number> {
  const client = createApiClient(connect)
  const path = `prefixes/${segment(name)}/history`
  const { items } = await readAll<HistoryEventJson>(client, path, { window, level })
  const oldestFirst = items.reverse()
  if (json) terminal.write(jsonDocument(oldestFirst))
  else if (items.length === 0) terminal.error(`Nothing happened to ${name} in that time.\n`)
  else for (const event of oldestFirst) terminal.write(historyLine(event, terminal))
  return Exit.ok
}

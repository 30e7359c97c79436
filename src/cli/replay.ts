/** `bgpwarden replay`: captures through the engine, offline. */
import { statSync } from 'node:fs'
import { prefixView } from '../api/prefix-view.ts'
import { isoTime } from '../api/session-view.ts'
import type { Config } from '../config/config.ts'
import { defaultPolicy } from '../engine/types.ts'
import type { CaptureReport } from '../replay/capture.ts'
import { type ReplayedSession, type ReplayResult, replayFiles } from '../replay/replay.ts'
import { jsonDocument } from './api-client.ts'
import { Exit } from './failure.ts'
import { renderPrefixes } from './prefix.ts'
import { createProgressBar } from './progress-bar.ts'
import { type Column, renderTable } from './table.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, count, formatTime, paragraph } from './text.ts'
import { renderPrefix } from './verdict-text.ts'

export interface ReplayCommandOptions {
  readonly config?: string
  readonly json?: boolean
}

/** A progress bar is for captures that take more than a moment, octets. */
const LONG_CAPTURE = 8 << 20

/** What reading a file left out, one sentence each. */
function reportNotes(report: CaptureReport): string[] {
  const { packets, records } = report
  const notes: string[] = []
  const note = (n: number, sentence: string) => {
    if (n > 0) notes.push(sentence)
  }
  note(packets.truncated, `${count(packets.truncated, 'packet')} captured only in part`)
  note(packets.malformed, `${count(packets.malformed, 'packet')} with malformed headers`)
  note(
    packets.incompleteDatagrams,
    `${count(packets.incompleteDatagrams, 'datagram')} with missing fragments`,
  )
  note(packets.forgotten, `${count(packets.forgotten, 'connection')} left: too many at a time`)
  note(
    records.malformed,
    `${count(records.malformed, 'malformed record')}, the first: ${records.firstMalformed}`,
  )
  const skipped = [...records.skipped].map(([kind, n]) => `${n} of ${kind}`)
  if (skipped.length > 0) notes.push(`records of no use here: ${skipped.join(', ')}`)
  return notes
}

function renderReport(report: CaptureReport, terminal: Terminal): string {
  const { packets, records, format, compression } = report
  const style = styleFor(terminal.color)
  const content =
    format === 'mrt'
      ? count(records.records, 'record')
      : `${count(packets.packets, 'packet')}, ${count(packets.bgpConnections, 'BGP connection')} of ${packets.connections}`
  const kind = compression === null ? format : `${format}, ${compression}`
  const head = format === null ? '' : `  ${kind}: ${content}`
  return [
    `${style.bold(cleanText(report.file))}${head}\n`,
    ...reportNotes(report).map((text) => paragraph('  ', cleanText(text), terminal.columns)),
  ].join('')
}

const as4Notes = {
  open: null,
  mrt: null,
  inferred: 'whether AS numbers have four octets was inferred from UPDATEs, as OPENs are missing',
  assumed: 'AS numbers were assumed to have four octets, as OPENs are missing',
} as const

/** What limits the trust in a session, one sentence each. */
function sessionNotes({ found, tally, judged }: ReplayedSession): string[] {
  if (found === null) return ['not in the captures']
  const notes: (string | null)[] = [
    judged ? null : 'not in the configuration, so nothing is expected there',
    as4Notes[found.as4From],
    found.midStream && found.ribEntries === 0
      ? 'up before the capture began, so what had been announced before is not seen'
      : null,
    found.lostOctets > 0 ? `${count(found.lostOctets, 'octet')} missing in the capture` : null,
    found.unparsedOctets > 0
      ? `${count(found.unparsedOctets, 'octet')} between messages are no BGP`
      : null,
    tally !== null && tally.refused > 0
      ? `${count(tally.refused, 'message')} for which a daemon closes the session, passed over here; the first: ${tally.firstRefused}`
      : null,
    tally !== null && tally.unusableRib > 0
      ? `${count(tally.unusableRib, 'RIB entry', 'RIB entries')} without a usable next hop`
      : null,
  ]
  return notes.filter((note) => note !== null)
}

/** The notes of all sessions; what is to be said of many is said once. */
function groupNotes(sessions: readonly ReplayedSession[]): string[] {
  const about = new Map<string, string[]>()
  for (const session of sessions) {
    for (const note of sessionNotes(session)) {
      about.set(note, [...(about.get(note) ?? []), session.name])
    }
  }
  return [...about].map(([note, names]) => {
    const who =
      names.length > 3 ? `${names.length} of ${sessions.length} sessions` : names.join(', ')
    return `${who}: ${note}`
  })
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((a, b) => a + b, 0)
}

function sessionColumns(style: Style): Column<ReplayedSession>[] {
  const number = (title: string, value: (row: ReplayedSession) => number, fromColumns = 0) => ({
    title,
    value: (row: ReplayedSession) => String(value(row)),
    align: 'right' as const,
    fromColumns,
  })
  return [
    { title: 'SESSION', value: (row) => cleanText(row.name), minimum: 16 },
    {
      title: 'END',
      value: (row) => (row.found === null ? 'absent' : row.established ? 'up' : 'down'),
      paint: (text, row) => (row.established ? style.green(text) : style.yellow(text)),
    },
    number('MESSAGES', (row) => sum(row.found?.messages ?? {}), 72),
    number('UPDATES', (row) => row.found?.messages['UPDATE'] ?? 0),
    number('ANNOUNCED', (row) => sum(row.counts.announced)),
    number('WITHDRAWN', (row) => sum(row.counts.withdrawn)),
    number('PREFIXES', (row) => sum(row.counts.prefixes)),
  ]
}

function renderSessions(result: ReplayResult, terminal: Terminal): string {
  const { sessions } = result
  if (sessions.length === 0) return '\nNo BGP session that sends UPDATEs was found.\n'
  const notes = groupNotes(sessions)
  return [
    '\n',
    renderTable(sessionColumns(styleFor(terminal.color)), sessions, terminal),
    ...notes.map((text) => paragraph('  ', cleanText(text), terminal.columns)),
  ].join('')
}

function renderVerdicts(result: ReplayResult, terminal: Terminal): string {
  const { view } = result.engine
  const summaries = view.prefixes()
  const now = result.lastTime ?? 0
  if (summaries.length === 0) {
    return '\nNo prefix is registered: -c FILE names the configuration that registers them.\n'
  }
  const rows = summaries.map((summary) => ({
    ...summary,
    reasons: [...summary.reasons],
    sinceMs: summary.since,
  }))
  const pages = summaries.flatMap(({ name, state }) => {
    const verdict = state === 'Verified' || state === 'None' ? undefined : view.prefix(name)
    return verdict ? [`\n${renderPrefix(prefixView(verdict), terminal, now)}`] : []
  })
  return ['\n', renderPrefixes(rows, terminal, now), ...pages].join('')
}

function renderResult(result: ReplayResult, terminal: Terminal): string {
  const { firstTime, lastTime } = result
  const span =
    firstTime === null || lastTime === null
      ? ''
      : `from ${formatTime(firstTime)} to ${formatTime(lastTime)}\n`
  return [
    ...result.reports.map((report) => renderReport(report, terminal)),
    span,
    renderSessions(result, terminal),
    renderVerdicts(result, terminal),
  ].join('')
}

function reportJson({ file, format, compression, packets, records, damage }: CaptureReport) {
  return {
    file,
    format,
    compression,
    ...(format === 'mrt'
      ? { records: { ...records, skipped: Object.fromEntries(records.skipped) } }
      : { packets }),
    error: damage?.message ?? null,
  }
}

function sessionJson({ name, found, judged, established, tally, counts }: ReplayedSession) {
  return {
    name,
    judged,
    established,
    found: found && { ...found, name, families: [...found.families].sort() },
    refusedMessages: tally?.refused ?? 0,
    firstRefused: tally?.firstRefused ?? null,
    downs: tally?.downs ?? 0,
    prefixes: counts.prefixes,
    announced: counts.announced,
    withdrawn: counts.withdrawn,
    classes: counts.classes,
  }
}

function resultJson(result: ReplayResult) {
  const { engine, firstTime, lastTime } = result
  const verdicts = engine.view.prefixes().flatMap(({ name }) => {
    const verdict = engine.view.prefix(name)
    return verdict ? [prefixView(verdict)] : []
  })
  return {
    from: firstTime === null ? null : isoTime(firstTime),
    to: lastTime === null ? null : isoTime(lastTime),
    files: result.reports.map(reportJson),
    sessions: result.sessions.map(sessionJson),
    prefixes: verdicts,
    eventCount: result.eventCount,
    events: result.events.map((event) => ({ ...event, time: isoTime(event.time) })),
  }
}

/** 2 when a file could not be read to its end, else 1 when a prefix fails. */
function exitCode(result: ReplayResult): number {
  if (result.reports.some(({ damage }) => damage !== null)) return Exit.failed
  const bad = result.engine.view
    .prefixes()
    .some(({ state }) => state === 'Failed' || state === 'Invalid')
  return bad ? Exit.no : Exit.ok
}

function totalSize(files: readonly string[]): number {
  return files.reduce((total, file) => {
    return total + (statSync(file, { throwIfNoEntry: false })?.size ?? 0)
  }, 0)
}

async function load(file: string | undefined): Promise<Config | undefined> {
  return file === undefined ? undefined : (await import('../config/load.ts')).loadConfig(file)
}

/**
 * Judges captures and prints what they hold and the verdicts at their end. A damaged file is judged as
 * far as it goes, then the damage is told on stderr.
 * @returns 0 all well, 1 a prefix fails, 2 a file could not be read to its end
 * @throws ConfigError for a configuration with mistakes
 */
export async function replay(
  files: readonly string[],
  options: ReplayCommandOptions,
  terminal: Terminal,
): Promise<number> {
  const config = await load(options.config)
  const long = terminal.interactive && totalSize(files) >= LONG_CAPTURE
  const bar = long ? createProgressBar('replay', terminal) : undefined
  let result: ReplayResult
  try {
    result = await replayFiles(files, {
      policy: config?.policy ?? defaultPolicy,
      sessions: config?.sessions ?? [],
      registrations: config?.prefixes ?? [],
      ...(bar && { progress: bar.show }),
    })
  } finally {
    bar?.clear()
  }
  terminal.write(
    options.json === true ? jsonDocument(resultJson(result)) : renderResult(result, terminal),
  )
  const { red } = styleFor(terminal.color)
  for (const { damage } of result.reports) {
    if (damage) terminal.error(`${red('error:')} ${cleanText(damage.message)}\n`)
  }
  return exitCode(result)
}

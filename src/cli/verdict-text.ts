/** How verdicts look on a terminal: states, findings with their evidence, the matrix of sessions. */
import type { FindingJson, PrefixJson } from '../api/prefix-schemas.ts'
import type { RouteJson } from '../api/route-schemas.ts'
import { evidencePairs, policyText } from '../api/verdict-words.ts'
import type { PrefixStateName, RouteClass } from '../engine/types.ts'
import { formatDuration } from '../telemetry/duration.ts'
import { type Column, renderTable, shortenList } from './table.ts'
import { type Paint, type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, displayWidth, paragraph } from './text.ts'

type Screen = Pick<Terminal, 'columns' | 'color'>

/** The colour of a state or class; grey for what says neither good nor bad. */
export function statePaint(style: Style, state: PrefixStateName | RouteClass): Paint {
  if (state === 'Verified' || state === 'verified') return style.green
  if (state === 'Failed' || state === 'Invalid' || state === 'failed') return style.red
  if (state === 'Warning' || state === 'overlap') return style.yellow
  return style.dim
}

/** Aligned `label  value` lines; long values go on below themselves. */
export function keyValues(
  pairs: readonly (readonly [label: string, value: string])[],
  screen: Screen,
  indent = '',
): string {
  const style = styleFor(screen.color)
  const width = Math.max(0, ...pairs.map(([label]) => displayWidth(label)))
  return pairs
    .map(([label, value]) => {
      const head = `${indent}${style.dim(label)}${' '.repeat(width - displayWidth(label) + 2)}`
      return paragraph(head, cleanText(value), screen.columns)
    })
    .join('')
}

/** A finding of a prefix, of what such an announcement would get, or of what a session announces. */
type ToldFinding = Pick<FindingJson, 'severity' | 'message' | 'action' | 'evidence' | 'link'> & {
  readonly reason: string
  readonly session?: string | null
  readonly since?: string
}

/** One finding: reason and place, its sentence, what to do, what it was seen on. */
function renderFinding(finding: ToldFinding, screen: Screen, now: number): string {
  const style = styleFor(screen.color)
  const paint = finding.severity === 'error' ? style.red : style.yellow
  const where = finding.session ? ` on ${cleanText(finding.session)}` : ''
  const since =
    finding.since === undefined ? '' : ` for ${formatDuration(now - Date.parse(finding.since))}`
  return [
    `${paint(finding.severity)} ${style.bold(finding.reason)}${where}${style.dim(since)}\n`,
    paragraph('  ', cleanText(finding.message), screen.columns),
    paragraph(`  ${style.cyan('fix:')} `, cleanText(finding.action), screen.columns),
    keyValues(evidencePairs(finding.evidence), screen, '       '),
    // A link is of use as a whole only: offline there is no daemon to ask.
    /^https?:/.test(finding.link) ? `  ${style.cyan('how:')} ${cleanText(finding.link)}\n` : '',
  ].join('')
}

/** All findings, one blank line between two; `findings` may be empty. */
export function renderFindings(
  findings: readonly ToldFinding[],
  screen: Screen,
  now: number,
): string {
  return findings.map((finding) => `\n${renderFinding(finding, screen, now)}`).join('')
}

type SessionRow = PrefixJson['sessions'][number]

/** Both kinds of communities of a route in one list. */
export function communitiesOf(route: RouteJson): string[] {
  return [...route.communities, ...route.largeCommunities].map(cleanText)
}

/** What each expected session says of a prefix. */
function renderMatrix(sessions: readonly SessionRow[], screen: Screen): string {
  const style = styleFor(screen.color)
  const statusPaint = {
    received: style.green,
    missing: style.red,
    pending: style.dim,
    down: style.yellow,
  }
  const columns: Column<SessionRow>[] = [
    { title: 'SESSION', value: (row) => cleanText(row.session), minimum: 12 },
    {
      title: 'STATUS',
      value: (row) => row.status,
      paint: (text, row) => statusPaint[row.status](text),
    },
    { title: 'AS PATH', value: (row) => cleanText(row.route?.asPath ?? '-'), minimum: 10 },
    {
      title: 'COMMUNITIES',
      value: (row) => (row.route ? communitiesOf(row.route).join(' ') || 'none' : '-'),
      shorten: (row, width) => shortenList(row.route ? communitiesOf(row.route) : [], ' ', width),
      minimum: 11,
    },
    { title: 'NEXT HOP', value: (row) => cleanText(row.route?.nextHop ?? '-'), minimum: 15 },
  ]
  return renderTable(columns, sessions, screen)
}

/** What is noted on the routes, a line a session. */
function renderNotes(sessions: readonly SessionRow[], screen: Screen): string {
  const noted = sessions.flatMap(({ session, route }): [string, string][] =>
    route && route.notes.length > 0
      ? [['noted', `${route.notes.map(cleanText).join(', ')} on ${cleanText(session)}`]]
      : [],
  )
  return noted.length === 0 ? '' : `\n${keyValues(noted, screen)}`
}

/** The page of one registered prefix: verdict, findings, sessions. */
export function renderPrefix(prefix: PrefixJson, screen: Screen, now: number): string {
  const style = styleFor(screen.color)
  const { state, findings, sessions } = prefix
  const lasted = formatDuration(now - Date.parse(prefix.since))
  const facts: [string, string][] = [
    ['owner', prefix.owner ?? 'none'],
    [
      'origin',
      prefix.originAsns.length === 0
        ? 'any AS'
        : prefix.originAsns.map((asn) => `AS${asn}`).join(', '),
    ],
    ['policy', policyText(prefix.policy)],
  ]
  // A verdict without findings still has something to say: why a registration cannot be judged.
  if (findings.length === 0 && prefix.errorMessage !== '') facts.push(['why', prefix.errorMessage])
  return [
    `${style.bold(cleanText(prefix.name))}  ${prefix.prefix}  ${statePaint(style, state)(state)}`,
    `${style.dim(` for ${lasted}`)}\n`,
    keyValues(facts, screen),
    renderFindings(findings, screen, now),
    sessions.length === 0 ? '' : `\n${renderMatrix(sessions, screen)}`,
    renderNotes(sessions, screen),
  ].join('')
}

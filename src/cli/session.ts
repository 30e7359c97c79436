/** `bgpwarden session list | show | shutdown | start | clear` */
import type { ClearedJson, NotificationJson, SessionJson } from '../api/session-schemas.ts'
import { formatDuration } from '../telemetry/duration.ts'
import {
  type ClientOptions,
  createApiClient,
  jsonDocument,
  readAll,
  segment,
} from './api-client.ts'
import { Exit } from './failure.ts'
import { type Column, renderTable } from './table.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatAge, formatTime } from './text.ts'
import { keyValues, renderFindings } from './verdict-text.ts'

type Screen = Pick<Terminal, 'columns' | 'color'>

/** The state in a word; a session that was shut down says so. */
export function stateText(session: SessionJson): string {
  return session.shutdown ? 'Shutdown' : session.state
}

/** The colour of a session's state. */
export function paintState(style: Style, session: SessionJson): (text: string) => string {
  if (session.state === 'Established') return style.green
  return session.shutdown ? style.dim : style.yellow
}

function columnsFor(style: Style, now: number): Column<SessionJson>[] {
  const routes = (family: 'ipv4' | 'ipv6') => (session: SessionJson) =>
    session.families.includes(family) ? String(session.prefixes[family]) : '-'
  return [
    { title: 'NAME', value: (session) => cleanText(session.name), minimum: 12 },
    { title: 'PEER', value: (session) => cleanText(session.remoteAddress), minimum: 15 },
    { title: 'AS', value: (session) => String(session.remoteAsn), align: 'right' },
    {
      title: 'STATE',
      value: stateText,
      paint: (text, session) => paintState(style, session)(text),
    },
    { title: 'SINCE', value: (session) => formatAge(now - Date.parse(session.since)) },
    { title: 'IPV4', value: routes('ipv4'), align: 'right' },
    { title: 'IPV6', value: routes('ipv6'), align: 'right' },
    { title: 'FLAPS', value: (session) => String(session.flaps), align: 'right' },
    {
      title: 'LAST ERROR',
      value: (session) => cleanText(whyDown(session, now)),
      minimum: 16,
      fromColumns: 110,
    },
  ]
}

/** The last error of a session, and while it waits when it is tried again. */
function whyDown({ lastError, nextTryAt }: SessionJson, now: number): string {
  const left = nextTryAt === null ? 0 : Date.parse(nextTryAt) - now
  const next = left > 0 ? `next try in ${formatDuration(left)}` : ''
  return [lastError, next].filter(Boolean).join('; ')
}

/** The table of sessions. */
export function renderSessions(
  sessions: readonly SessionJson[],
  screen: Screen,
  now: number,
): string {
  return renderTable(columnsFor(styleFor(screen.color), now), sessions, screen)
}

/** @returns for instance `received Cease / Administrative Shutdown "maintenance", 2 min ago` */
export function notificationText(notification: NotificationJson, now: number): string {
  const said = notification.communication ? ` "${cleanText(notification.communication)}"` : ''
  const ago = formatDuration(now - Date.parse(notification.time))
  return `${notification.direction} ${notification.text}${said}, ${ago} ago`
}

/** What was agreed on beyond families and times. */
function agreedText(session: SessionJson): string | null {
  const { role, addPathFamilies, extendedNextHop, gracefulNotification } = session
  const words = [
    role !== null && `our role is ${role}`,
    addPathFamilies?.length && `all paths of ${addPathFamilies.join(' and ')}`,
    extendedNextHop === true && 'IPv6 next hops for IPv4',
    gracefulNotification === true && 'routes outlive a NOTIFICATION',
  ]
  return words.filter(Boolean).join(', ') || null
}

/** The page of one session. */
export function renderSession(session: SessionJson, screen: Screen, now: number): string {
  const style = styleFor(screen.color)
  const ago = (time: string) =>
    `${formatDuration(now - Date.parse(time))} ago (${formatTime(Date.parse(time))})`
  const pairs: [string, string | null][] = [
    [
      'peer',
      `${session.remoteAddress} port ${session.connectionPort ?? session.remotePort}, AS${session.remoteAsn}`,
    ],
    ['router id', session.remoteRouterId],
    [
      'local',
      `${session.localAddress ?? 'no connection'}, AS${session.localAsn}, router id ${session.routerId}`,
    ],
    ['opening', session.passive ? 'passive: the peer opens the connection' : 'active and passive'],
    ['families', (session.negotiatedFamilies ?? session.families).join(' ')],
    ['agreed', agreedText(session)],
    [
      'hold time',
      session.holdTime === null
        ? `${session.configuredHoldTime} s proposed`
        : `${session.holdTime} s, keepalive ${session.keepaliveTime ?? 0} s`,
    ],
    ['capabilities', session.capabilities?.join(', ') ?? null],
    ['established', session.establishedAt && ago(session.establishedAt)],
    ['last message', session.lastMessageAt && ago(session.lastMessageAt)],
    ['flaps', String(session.flaps)],
    ['last error', session.lastError],
    ['notification', session.lastNotification && notificationText(session.lastNotification, now)],
    ['next try', session.nextTryAt && `in ${formatDuration(Date.parse(session.nextTryAt) - now)}`],
  ]
  const { verdicts, updateErrors } = session
  const numbers: [string, string][] = [
    [
      'routes held',
      `${session.prefixes.ipv4} ipv4, ${session.prefixes.ipv6} ipv6${session.maxPrefixes === null ? '' : ` (at most ${session.maxPrefixes} a family)`}`,
    ],
    [
      'verdicts',
      `${verdicts.verified} verified, ${verdicts.failed} failed, ${verdicts.overlap} overlap, ${verdicts.unregistered} unregistered`,
    ],
    [
      'UPDATE errors',
      `${updateErrors['attribute-discard']} attribute-discard, ${updateErrors['treat-as-withdraw']} treat-as-withdraw, ${updateErrors['session-reset']} session-reset`,
    ],
  ]
  const noted = Object.entries(session.notes).flatMap(([note, n]) =>
    n > 0 ? [`${n} ${note}`] : [],
  )
  if (noted.length > 0) numbers.push(['routes noted', noted.join(', ')])
  const head = `${style.bold(cleanText(session.name))}  ${paintState(style, session)(stateText(session))}${style.dim(` for ${formatDuration(now - Date.parse(session.since))}`)}\n`
  return [
    head,
    session.description === '' ? '' : `${cleanText(session.description)}\n`,
    keyValues(
      pairs.flatMap(([label, value]) => (value ? [[label, value] as const] : [])),
      screen,
    ),
    '\n',
    keyValues(numbers, screen),
    renderFindings(session.findings, screen, now),
    '\n',
    renderMessages(session, screen),
  ].join('')
}

const messageTypes = [
  ['OPEN', 'open'],
  ['UPDATE', 'update'],
  ['NOTIFICATION', 'notification'],
  ['KEEPALIVE', 'keepalive'],
  ['ROUTE-REFRESH', 'routeRefresh'],
] as const

function renderMessages({ messages }: SessionJson, screen: Screen): string {
  const columns: Column<(typeof messageTypes)[number]>[] = [
    { title: 'MESSAGES', value: ([name]) => name },
    { title: 'RECEIVED', value: ([, key]) => String(messages.received[key]), align: 'right' },
    { title: 'SENT', value: ([, key]) => String(messages.sent[key]), align: 'right' },
  ]
  return renderTable(columns, messageTypes, screen)
}

/** Prints all sessions. */
export async function sessionList(
  { api, tokenFile, json }: ClientOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const { items } = await readAll<SessionJson>(createApiClient({ api, tokenFile }), 'sessions', {})
  if (json) terminal.write(jsonDocument(items))
  else if (items.length === 0) terminal.error('The daemon has no sessions.\n')
  else terminal.write(renderSessions(items, terminal, now))
  return Exit.ok
}

/** Prints one session in full. */
export async function sessionShow(
  name: string,
  { api, tokenFile, json }: ClientOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const session = await createApiClient({ api, tokenFile }).get<SessionJson>(
    `sessions/${segment(name)}`,
  )
  terminal.write(json ? jsonDocument(session) : renderSession(session, terminal, now))
  return Exit.ok
}

/** Says what a session is now, after a command. */
function answer(
  sentence: string,
  session: SessionJson,
  { json }: ClientOptions,
  terminal: Terminal,
): number {
  if (json) terminal.write(jsonDocument(session))
  else terminal.write(`${sentence}; session ${cleanText(session.name)} is ${stateText(session)}.\n`)
  return Exit.ok
}

/** Takes a session down; the peer's operator reads `message`. */
export async function sessionShutdown(
  name: string,
  options: ClientOptions & { readonly message?: string },
  terminal: Terminal,
): Promise<number> {
  const path = `sessions/${segment(name)}/shutdown`
  const body = { communication: options.message ?? '' }
  const session = await createApiClient(options).post<SessionJson>(path, body)
  return answer('Shut down', session, options, terminal)
}

/** Ends a shutdown. */
export async function sessionStart(
  name: string,
  options: ClientOptions,
  terminal: Terminal,
): Promise<number> {
  const path = `sessions/${segment(name)}/start`
  const session = await createApiClient(options).post<SessionJson>(path)
  return answer('Started', session, options, terminal)
}

/** Has the peer send its routes again; `hard`: over a new connection. */
export async function sessionClear(
  name: string,
  options: ClientOptions & { readonly hard?: boolean },
  terminal: Terminal,
): Promise<number> {
  const path = `sessions/${segment(name)}/clear`
  const body = { mode: options.hard === true ? 'hard' : 'soft' }
  const cleared = await createApiClient(options).post<ClearedJson>(path, body)
  const sentence =
    cleared.mode === 'hard'
      ? 'Reset'
      : `Asked the peer to send ${cleared.families.join(' and ')} again`
  return answer(sentence, cleared.session, options, terminal)
}

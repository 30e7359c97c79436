/** `bgpwarden lab`: a daemon and three test routers in one process, and an account of what they do. */
import { fileURLToPath } from 'node:url'
import type { EventJson, EventListJson } from '../api/event-schemas.ts'
import type { PrefixListJson } from '../api/prefix-schemas.ts'
import type { SessionListJson } from '../api/session-schemas.ts'
import type { Config, Endpoint } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { type Daemon, startDaemon } from '../daemon.ts'
import { formatEndpoint } from '../session/address.ts'
import { systemClock } from '../session/clock.ts'
import { loadScenario, type Scenario } from '../speaker/scenario.ts'
import { type Speaker, startSpeaker } from '../speaker/speaker.ts'
import { createLog } from '../telemetry/log.ts'
import { type ApiClient, createApiClient } from './api-client.ts'
import { followEvents } from './event-stream.ts'
import { eventLine } from './event-text.ts'
import { Exit, UsageError } from './failure.ts'
import { aborted, untilInterrupted } from './interrupt.ts'
import { renderPrefixes } from './prefix.ts'
import { httpUrl } from './run.ts'
import { type Style, styleFor, type Terminal } from './terminal.ts'
import { keyValues } from './verdict-text.ts'

interface LabOptions {
  readonly bgpPort?: number
  readonly httpPort?: number
}

const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const ROUTERS = ['edge-a', 'edge-b', 'edge-c']
const POLL = 100
/** Milliseconds after which the table is shown as it is. */
const PATIENCE = 10_000

function withPort(endpoint: Endpoint, port: number | undefined): Endpoint {
  return port === undefined ? endpoint : { ...endpoint, port }
}

async function loadLab({ bgpPort, httpPort }: LabOptions): Promise<Config> {
  const config = await loadConfig(`${examples}lab.yaml`)
  const { bgp, dynamic, http } = config.listen
  return {
    ...config,
    listen: {
      bgp: bgp.map((endpoint) => withPort(endpoint, bgpPort)),
      dynamic,
      http: { ...http, ...withPort(http, httpPort) },
    },
  }
}

/** Starts the daemon; a busy port is told with the way out. */
async function startLabDaemon(config: Config): Promise<Daemon> {
  try {
    return await startDaemon({ config, log: createLog({ ...config.log, descriptor: 2 }) })
  } catch (error) {
    const busy = ['ListenError', 'ApiListenError']
    if (!(error instanceof Error) || !busy.includes(error.name)) throw error
    throw new UsageError(
      `${error.message}. Choose others with "npm start -- --bgp-port 11790 --http-port 19179" (0: any free port).`,
    )
  }
}

/** The scenarios of the three routers, aimed at where the daemon listens. */
function scenariosFor(target: Endpoint): Scenario[] {
  return ROUTERS.map((name) => {
    const scenario = loadScenario(`${examples}lab/${name}.yaml`)
    return { ...scenario, remote: { ...scenario.remote, ...target } }
  })
}

function timeOfDay(event: EventJson): string {
  return event.time.slice(11, 19)
}

/** A session that came up, went down, or said why; not its way there. */
function isNews(event: EventJson): boolean {
  return event.kind === 'prefix' || event.to === 'Established' || event.from === 'Established'
}

/**
 * Waits until every session is up and every verdict is known.
 * @returns the list of prefixes at that moment; after a while, as it is then
 */
async function converged(client: ApiClient, signal: AbortSignal): Promise<PrefixListJson> {
  const until = systemClock.now() + PATIENCE
  for (;;) {
    const sessions = await client.get<SessionListJson>('sessions')
    const prefixes = await client.get<PrefixListJson>('prefixes')
    const settled = sessions.items.every(({ up }) => up) && prefixes.counts.Pending === 0
    if (settled || signal.aborted || systemClock.now() > until) return prefixes
    await new Promise<void>((resolve) => systemClock.after(POLL, resolve))
  }
}

function renderPlaces(http: string, bgp: Endpoint, terminal: Terminal): string {
  const style = styleFor(terminal.color)
  const places: [string, string][] = [
    ['web page', `${http}/`],
    ['metrics', `${http}/metrics`],
    ['API', `${http}/api/v1/prefixes`],
    ['BGP', formatEndpoint(bgp.address, bgp.port)],
  ]
  return [
    `${style.bold('bgpwarden lab')}: a daemon and three test routers, on this machine alone\n\n`,
    keyValues(places, terminal, '  '),
    '\n',
  ].join('')
}

function renderHints(http: string, style: Style): string {
  const api = http === 'http://127.0.0.1:9179' ? '' : ` --api ${http}`
  const commands = [
    `npx bgpwarden prefix show mail${api}`,
    `npx bgpwarden session list${api}`,
    `curl -s ${http}/metrics | grep bgpwarden_prefix_state`,
  ]
  return [
    `\n${style.bold('Look further')}, from another terminal:\n`,
    ...commands.map((command) => `  ${style.cyan(command)}\n`),
    `\n${style.bold('Live')}: for a minute some things are mended and others break. Ctrl-C ends.\n`,
  ].join('')
}

/** Tells events as they come: first of sessions alone, from `from()` on all that is news. */
async function narrate(
  client: ApiClient,
  signal: AbortSignal,
  from: () => number | undefined,
  terminal: Terminal,
): Promise<void> {
  for await (const event of followEvents(client, { since: '0' }, { clock: systemClock, signal })) {
    const start = from()
    const early = start === undefined || event.id <= start
    if (isNews(event) && (!early || event.kind === 'session')) {
      terminal.write(eventLine(event, terminal, timeOfDay(event)))
    }
  }
}

/** The account: places, sessions coming up, the table of verdicts, where to look further, then events. */
async function account(
  http: string,
  bgp: Endpoint,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  const client = createApiClient(http)
  terminal.write(renderPlaces(http, bgp, terminal))
  let shownUpTo: number | undefined
  const story = narrate(client, signal, () => shownUpTo, terminal)
  const { items } = await converged(client, signal)
  if (signal.aborted) return story
  const rows = items.map((item) => ({ ...item, sinceMs: Date.parse(item.since) }))
  terminal.write(`\n${renderPrefixes(rows, terminal, systemClock.now())}`)
  terminal.write(renderHints(http, styleFor(terminal.color)))
  shownUpTo = (await client.get<EventListJson>('events', { limit: 1 })).lastId
  await story
}

/**
 * Runs the lab until Ctrl-C.
 * @throws UsageError when a port is in use
 */
export async function lab(options: LabOptions, terminal: Terminal): Promise<number> {
  const config = await loadLab(options)
  const { signal, release } = untilInterrupted()
  const daemon = await startLabDaemon(config)
  const speakers: Speaker[] = []
  try {
    const [bgp] = daemon.bgpAddresses
    if (bgp === undefined) throw new UsageError('examples/lab.yaml listens nowhere for BGP')
    const http = httpUrl(daemon.httpAddress)
    for (const scenario of scenariosFor(bgp)) {
      speakers.push(await startSpeaker(scenario, { clock: systemClock }))
    }
    const story = account(http, bgp, signal, terminal)
    await Promise.race([story.then(() => aborted(signal)), aborted(signal)])
    terminal.write('\nClosing the lab.\n')
  } finally {
    // The routers first: whoever leaves says goodbye, and nobody is told that the daemon broke.
    await Promise.all(speakers.map((speaker) => speaker.close('the lab is closing')))
    await daemon.close()
    release()
  }
  return Exit.ok
}

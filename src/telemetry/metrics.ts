/**
 * Every metric of the daemon. Counters are kept as plain numbers by sessions and engine and are
 * handed over when Prometheus scrapes; nothing here is on the path of a route.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import {
  type EngineView,
  findingReasons,
  prefixStateNames,
  routeClasses,
  routeNotes,
  type SessionTallies,
} from '../engine/types.ts'
import type { IrrStatus } from '../irr/irr.ts'
import type { JudgedSession } from '../peering/session-findings.ts'
import { type FamilyName, familyNames } from '../prefix/prefix.ts'
import { shownTime } from '../session/clock.ts'
import { type SessionControl, SessionState, type SessionStatus } from '../session/types.ts'
import { MessageType, messageTypeName } from '../wire/codes.ts'
import type { Log } from './log.ts'
import { createPrefixExposition } from './prefix-exposition.ts'
import type { ReporterCounts } from './reporter.ts'

/** How deliveries to one webhook go. */
export interface DeliveryTally {
  readonly name: string
  readonly waiting: number
  readonly delivered: number
  readonly failedTries: number
  readonly dead: number
}

export interface MetricsOptions {
  readonly engine: EngineView
  readonly sessions: SessionControl
  /** Registered prefixes above which the families with a `prefix` label are not exported. */
  readonly perPrefixLimit: number
  readonly version: string
  readonly log: Log
  /** What the reporter counted. */
  readonly counts?: () => ReporterCounts
  /** The webhooks, and how deliveries go; absent: there are none. */
  readonly webhooks?: () => readonly DeliveryTally[]
  /** The peering of the registry that a session belongs to; absent: there is no registry. */
  readonly peeringOf?: (session: string) => string | undefined
  /** Sessions of the registry whose announcements are judged. */
  readonly judgedSessions?: () => readonly JudgedSession[]
  /** Whether the storage can be written, as `/readyz` says it; absent: none is configured. */
  readonly storageUp?: () => boolean
  /** How the reading of routing-registry data stands. */
  readonly irr?: () => IrrStatus
}

export interface Metrics {
  /** All but the three per-prefix families. */
  readonly registry: Registry
  readonly contentType: string
  /**
   * The whole exposition in Prometheus' text format, in pieces: it may be many megabytes, and
   * sockets and timers get their turn between two pieces.
   */
  exposition(): AsyncGenerator<string>
  /** @param seconds from bytes read to verdict known; once a chunk */
  observeLatency(seconds: number): void
}

type Labels = Record<string, string | number>
type Write = (labels: Labels, value: number) => void

const messageFields = ['open', 'update', 'notification', 'keepalive', 'routeRefresh'] as const
const treatments = ['attribute-discard', 'treat-as-withdraw', 'session-reset'] as const
const latencyBuckets = [
  0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025,
  0.05, 0.1, 0.25, 0.5, 1,
]

/** One session at the time of a scrape; no tallies when the engine does not know it. */
interface Row {
  readonly status: SessionStatus
  readonly tallies: SessionTallies | undefined
}

/** Makes gauges and counters whose series are written anew at each scrape: what is gone, vanishes. */
function families(registry: Registry) {
  const registers = [registry]
  return {
    gauge(name: string, help: string, labelNames: string[], read: (write: Write) => void) {
      new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset()
          read((labels, value) => this.set(labels, value))
        },
      })
    },
    counter(name: string, help: string, labelNames: string[], read: (write: Write) => void) {
      new Counter({
        name,
        help,
        labelNames,
        registers,
        collect() {
          this.reset()
          read((labels, value) => this.inc(labels, value))
        },
      })
    },
  }
}
type Families = ReturnType<typeof families>

/** Seconds since the epoch, by the machine's clock; 0 for "never". */
function seconds(milliseconds: number | null): number {
  return milliseconds === null ? 0 : shownTime(milliseconds) / 1000
}

function addSessionState(
  { gauge, counter }: Families,
  rows: () => readonly Row[],
  peeringOf: (session: string) => string | undefined,
): void {
  /** The identifier of the peer's last OPEN, so that a flap does not begin a new series. */
  const routerIds = new Map<string, string>()

  gauge(
    'bgpwarden_session_info',
    'Always 1; addresses and AS numbers of the session. router_id is the BGP identifier of the peer',
    ['session', 'peering', 'remote_address', 'remote_as', 'local_as', 'router_id', 'description'],
    (write) => {
      const present = new Set<string>()
      for (const { status } of rows()) {
        const { name, config, negotiated } = status
        present.add(name)
        if (negotiated !== null) routerIds.set(name, negotiated.remoteRouterId)
        const labels = {
          session: name,
          peering: peeringOf(name) ?? '',
          remote_address: config.address,
          remote_as: config.asn,
          local_as: config.localAsn,
          router_id: routerIds.get(name) ?? '',
          description: config.description,
        }
        write(labels, 1)
      }
      for (const name of routerIds.keys()) if (!present.has(name)) routerIds.delete(name)
    },
  )
  const each =
    (value: (status: SessionStatus) => number) =>
    (write: Write): void => {
      for (const { status } of rows()) write({ session: status.name }, value(status))
    }
  const isUp = (status: SessionStatus) => status.state === SessionState.Established
  gauge(
    'bgpwarden_session_state',
    'State of the session (RFC 4273): 1 Idle, 2 Connect, 3 Active, 4 OpenSent, 5 OpenConfirm, 6 Established',
    ['session'],
    each((status) => status.state),
  )
  gauge(
    'bgpwarden_session_up',
    'Whether the session is Established',
    ['session'],
    each((status) => (isUp(status) ? 1 : 0)),
  )
  gauge(
    'bgpwarden_session_established_timestamp_seconds',
    'When the session was last Established, since the epoch; 0 while it is not',
    ['session'],
    each((status) => (isUp(status) ? seconds(status.establishedAt) : 0)),
  )
  gauge(
    'bgpwarden_session_last_message_timestamp_seconds',
    'When the last message came from the peer, since the epoch; 0 if none ever did',
    ['session'],
    each((status) => seconds(status.lastMessageAt)),
  )
  gauge(
    'bgpwarden_session_shutdown',
    'Whether the session is administratively down',
    ['session'],
    each((status) => (status.shutdown ? 1 : 0)),
  )
  counter(
    'bgpwarden_session_flaps_total',
    'Times the session left Established',
    ['session'],
    each((status) => status.flaps),
  )
}

function addSessionMessages({ counter }: Families, rows: () => readonly Row[]): void {
  counter(
    'bgpwarden_session_messages_total',
    'BGP messages by direction and type',
    ['session', 'direction', 'type'],
    (write) => {
      for (const { status } of rows()) {
        for (const direction of ['received', 'sent'] as const) {
          for (const field of messageFields) {
            const type = messageTypeName[MessageType[field]]
            write({ session: status.name, direction, type }, status[direction][field])
          }
        }
      }
    },
  )
  counter(
    'bgpwarden_session_notifications_total',
    'NOTIFICATION messages by direction, error code and subcode',
    ['session', 'direction', 'code', 'subcode'],
    (write) => {
      for (const { status } of rows()) {
        for (const { direction, code, subcode, count } of status.notifications) {
          write({ session: status.name, direction, code, subcode }, count)
        }
      }
    },
  )
}

/** Gauges of one table: a family of a session. */
function addSessionTables({ gauge }: Families, rows: () => readonly Row[]): void {
  const each =
    (value: (row: Row, family: FamilyName) => number | undefined) =>
    (write: Write): void => {
      for (const row of rows()) {
        const { name, config } = row.status
        for (const family of config.families) {
          const found = value(row, family)
          if (found !== undefined) write({ session: name, family }, found)
        }
      }
    }
  const labels = ['session', 'family']
  gauge(
    'bgpwarden_session_prefixes',
    'Routes in the Adj-RIB-In',
    labels,
    each(({ tallies }, family) => tallies?.prefixes[family] ?? 0),
  )
  gauge(
    'bgpwarden_session_prefix_limit',
    'Routes above which the session is closed (maxPrefixes); no series without a limit',
    labels,
    each(({ status }) => status.config.maxPrefixes?.limit),
  )
  gauge(
    'bgpwarden_session_table_complete',
    'Whether the initial table is there: End-of-RIB came, or convergenceSeconds are over',
    labels,
    each(({ tallies }, family) => (tallies?.complete[family] ? 1 : 0)),
  )
  gauge(
    'bgpwarden_session_end_of_rib',
    'Whether End-of-RIB (RFC 4724) came since the session is Established',
    labels,
    each(({ tallies }, family) => (tallies?.endOfRib[family] ? 1 : 0)),
  )
}

function addSessionRoutes({ counter }: Families, rows: () => readonly Row[]): void {
  counter(
    'bgpwarden_session_routes_total',
    'Routes announced and withdrawn by the peer',
    ['session', 'family', 'action'],
    (write) => {
      for (const { status, tallies } of rows()) {
        for (const family of status.config.families) {
          const session = status.name
          write({ session, family, action: 'announce' }, tallies?.announced[family] ?? 0)
          write({ session, family, action: 'withdraw' }, tallies?.withdrawn[family] ?? 0)
        }
      }
    },
  )
  const byKey =
    <K extends string>(
      label: string,
      keys: readonly K[],
      of: (tallies: SessionTallies) => Readonly<Record<K, number>>,
    ) =>
    (write: Write): void => {
      for (const { status, tallies } of rows()) {
        const counts = tallies && of(tallies)
        for (const key of keys) write({ session: status.name, [label]: key }, counts?.[key] ?? 0)
      }
    }
  counter(
    'bgpwarden_session_update_errors_total',
    'Malformed UPDATEs by treatment (RFC 7606)',
    ['session', 'treatment'],
    byKey('treatment', treatments, (tallies) => tallies.updateErrors),
  )
  counter(
    'bgpwarden_verdicts_total',
    'Announced routes by class: verified, failed, overlap, unregistered',
    ['session', 'verdict'],
    byKey('verdict', routeClasses, (tallies) => tallies.classes),
  )
  counter(
    'bgpwarden_findings_total',
    'Announcements of registered prefixes that carried the reason',
    ['session', 'reason'],
    byKey('reason', findingReasons, (tallies) => tallies.findings),
  )
  counter(
    'bgpwarden_session_route_notes_total',
    'Announced routes that carried the note',
    ['session', 'note'],
    byKey('note', routeNotes, (tallies) => tallies.notes),
  )
}

function addSessionFindings(
  { gauge }: Families,
  judged: NonNullable<MetricsOptions['judgedSessions']>,
): void {
  gauge(
    'bgpwarden_session_finding',
    'Whether a finding about what the session announces is open; for every reason that it is judged by',
    ['session', 'reason'],
    (write) => {
      for (const { session, reasons, findings } of judged()) {
        for (const reason of reasons) {
          write({ session, reason }, findings.some((each) => each.reason === reason) ? 1 : 0)
        }
      }
    },
  )
}

function addEngine({ gauge }: Families, engine: EngineView): void {
  gauge('bgpwarden_prefixes', 'Registered prefixes by state', ['state'], (write) => {
    const counts = engine.stateCounts()
    for (const state of prefixStateNames) write({ state }, counts[state])
  })
  gauge(
    'bgpwarden_prefixes_failing',
    'Registered prefixes with an open finding, by its reason',
    ['reason'],
    (write) => {
      const counts = engine.reasonCounts()
      for (const reason of findingReasons) write({ reason }, counts[reason])
    },
  )
  gauge('bgpwarden_rib_routes', 'Routes held, over all sessions', ['family'], (write) => {
    const routes = engine.ribRoutes()
    for (const family of familyNames) write({ family }, routes[family])
  })
  gauge('bgpwarden_rib_attribute_sets', 'Distinct attribute sets held', [], (write) =>
    write({}, engine.ribAttributeSets()),
  )
  gauge('bgpwarden_memory_bytes', "Octets held outside V8's heap", ['part'], (write) => {
    for (const [part, bytes] of Object.entries(engine.memory())) write({ part }, bytes)
  })
}

/** No series while no registry data is configured. */
function addIrr({ gauge }: Families, status: NonNullable<MetricsOptions['irr']>): void {
  const add = (name: string, help: string, read: (status: IrrStatus) => number) =>
    gauge(`bgpwarden_irr_${name}`, help, [], (write) => {
      const now = status()
      if (now.files.length + now.servers > 0) write({}, read(now))
    })
  add(
    'up',
    'Whether the last read of routing-registry data or question to a server went well',
    (now) => (now.problem === null ? 1 : 0),
  )
  add('route_objects', 'Route objects held from dumps', ({ objects }) => objects)
  add(
    'loaded_timestamp_seconds',
    'When dumps were read last; 0: never',
    ({ loadedAt }) => (loadedAt ?? 0) / 1000,
  )
  add(
    'loading_ratio',
    'How much of the dump being read is read; 1: none is being read',
    ({ loading }) => (loading === null || loading.size === 0 ? 1 : loading.read / loading.size),
  )
}

function addDaemon({ gauge, counter }: Families, options: MetricsOptions): void {
  const { version, counts, storageUp } = options
  gauge('bgpwarden_build_info', 'Always 1; the version that runs', ['version'], (write) =>
    write({ version }, 1),
  )
  if (storageUp !== undefined) {
    gauge('bgpwarden_storage_up', 'Whether the storage can be written', [], (write) =>
      write({}, storageUp() ? 1 : 0),
    )
  }
  if (counts !== undefined) {
    counter(
      'bgpwarden_refused_connections_total',
      'BGP connections that belonged to no session, or were refused',
      [],
      (write) => write({}, counts().refusedConnections),
    )
    counter('bgpwarden_prefix_events_total', 'Verdict changes', [], (write) =>
      write({}, counts().prefixEvents),
    )
  }
}

function addWebhooks(
  { gauge, counter }: Families,
  webhooks: NonNullable<MetricsOptions['webhooks']>,
): void {
  counter(
    'bgpwarden_webhook_tries_total',
    'Tries to deliver a notice',
    ['webhook', 'outcome'],
    (write) => {
      for (const { name, delivered, failedTries } of webhooks()) {
        write({ webhook: name, outcome: 'delivered' }, delivered)
        write({ webhook: name, outcome: 'failed' }, failedTries)
      }
    },
  )
  gauge('bgpwarden_webhook_waiting', 'Notices still to be delivered', ['webhook'], (write) => {
    for (const { name, waiting } of webhooks()) write({ webhook: name }, waiting)
  })
  gauge('bgpwarden_webhook_dead_letters', 'Notices given up', ['webhook'], (write) => {
    for (const { name, dead } of webhooks()) write({ webhook: name }, dead)
  })
}

/**
 * Sessions with their tallies, read once a scrape: all `collect` functions of a scrape run in one
 * go, so the rows are kept until the microtasks after it.
 */
function rowsOfScrape(engine: EngineView, sessions: SessionControl): () => readonly Row[] {
  let rows: readonly Row[] | undefined
  return () => {
    if (rows === undefined) {
      rows = sessions.statuses().map((status) => ({ status, tallies: engine.tallies(status.name) }))
      queueMicrotask(() => {
        rows = undefined
      })
    }
    return rows
  }
}

/** Makes a registry of its own with all metrics, those of Node included. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { engine, sessions } = options
  const registry = new Registry()
  const made = families(registry)
  const rows = rowsOfScrape(engine, sessions)
  addDaemon(made, options)
  addSessionState(made, rows, options.peeringOf ?? (() => undefined))
  addSessionMessages(made, rows)
  addSessionTables(made, rows)
  addSessionRoutes(made, rows)
  if (options.judgedSessions !== undefined) addSessionFindings(made, options.judgedSessions)
  addEngine(made, engine)
  if (options.irr !== undefined) addIrr(made, options.irr)
  if (options.webhooks !== undefined) addWebhooks(made, options.webhooks)
  const latency = new Histogram({
    name: 'bgpwarden_verdict_latency_seconds',
    help: 'From bytes read from the socket to verdict known, once a chunk',
    buckets: latencyBuckets,
    registers: [registry],
  })
  collectDefaultMetrics({ register: registry })
  const prefixLines = createPrefixExposition(options)
  return {
    registry,
    contentType: registry.contentType,
    async *exposition() {
      yield await registry.metrics()
      yield* prefixLines()
    },
    observeLatency: (value) => latency.observe(value),
  }
}

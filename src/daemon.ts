/** Builds the parts of the daemon and joins them; the only file that knows them all. */
import { randomUUID } from 'node:crypto'
import { createApi, listenApi } from './api/server.ts'
import { createBridge } from './bridge.ts'
import { createCollection, fullCollection } from './collection.ts'
import type { Config, Endpoint } from './config/config.ts'
import { type ConfigDifference, diffConfig } from './config/diff.ts'
import { readTokens, readWebhooks } from './config/secrets.ts'
import { createEngine, type Engine } from './engine/engine.ts'
import type { EngineView } from './engine/types.ts'
import { createLookup } from './irr/lookup.ts'
import { octetsAllocated } from './kernel/memory.ts'
import { createSessionCommands } from './operator.ts'
import { kinds } from './peering/kinds.ts'
import { createRegistry } from './peering/registry.ts'
import { createRuntime } from './peering/runtime.ts'
import { formatIpv4 } from './prefix/text.ts'
import { openLetterKeeper } from './push/letter-keeper.ts'
import { createWebhooks } from './push/webhooks.ts'
import { createLive, demandApart } from './registry-live.ts'
import { steadyClock } from './session/clock.ts'
import { createSessions, type SessionManager } from './session/sessions.ts'
import type { Clock, SessionConfig, SessionControl } from './session/types.ts'
import { openStore } from './store/store.ts'
import type { Store } from './store/types.ts'
import { createEventLog, type EventLog } from './telemetry/event-log.ts'
import { routeHistory, sessionHistory, verdictHistory } from './telemetry/history.ts'
import { createIrrReports } from './telemetry/irr-reports.ts'
import type { Log } from './telemetry/log.ts'
import { createMetrics } from './telemetry/metrics.ts'
import { createReporter } from './telemetry/reporter.ts'
import { version } from './version.ts'

/** How long SIGTERM may take to say goodbye to every peer. */
const CLOSE_WITHIN_MS = 1500

export interface DaemonOptions {
  readonly config: Config
  readonly log: Log
  readonly clock?: Clock
}

/** A running daemon. */
export interface Daemon {
  readonly engine: EngineView
  readonly sessions: SessionControl
  readonly events: EventLog
  /** Where it listens, with the ports that port 0 became. */
  readonly bgpAddresses: readonly Endpoint[]
  readonly httpAddress: Endpoint
  /**
   * Takes a new configuration; sessions that it does not change stay up.
   * @throws SocketSecurityError when this machine cannot protect one of them, ConfigError when the
   *   registry has a session with one of their peers; nothing has changed then
   */
  reload(next: Config): ConfigDifference
  /** Says Cease / Administrative Shutdown to every peer, then ends; within two seconds. */
  close(communication?: string): Promise<void>
}

function engineSession({ name, families, asn, localAsn }: SessionConfig) {
  return { name, families, asn, localAsn }
}

/** How the storage file is; null: there is none. */
function storageCheck(store: Store | null) {
  const status = store?.status()
  return status === undefined ? null : { name: 'storage', ok: status.ok, detail: status.detail }
}

/** Applies the difference of two configurations to what runs. */
function applyDifference(
  difference: ConfigDifference,
  engine: Engine,
  sessions: SessionManager,
  now: number,
): void {
  const { inForce } = difference
  for (const { name } of difference.prefixes.removed) engine.unregister(name, now)
  for (const { name } of difference.sessions.removed) {
    sessions.remove(name)
    engine.removeSession(name, now)
  }
  if (difference.policyChanged) engine.setPolicy(inForce.policy, now)
  for (const { before, after } of difference.sessions.changed) {
    const outcome = sessions.replace(after)
    const same = before.asn === after.asn && before.localAsn === after.localAsn
    if (outcome === 'kept' && same) continue
    engine.removeSession(after.name, now)
    engine.addSession(engineSession(after), now)
  }
  for (const session of difference.sessions.added) {
    engine.addSession(engineSession(session), now)
    sessions.add(session)
  }
  if (difference.dynamicChanged) sessions.setDynamic(inForce.listen.dynamic)
  for (const { after } of difference.prefixes.changed) engine.reregister(after, now)
  for (const prefix of difference.prefixes.added) engine.register(prefix, now)
  engine.flush(now)
}

/**
 * Starts the daemon.
 * @throws ListenError, ApiListenError, StoreError, ConfigError, SecretError, SocketSecurityError when something
 *   it needs is not to be had
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { log, clock = steadyClock } = options
  let { config } = options
  const tokens = await readTokens(config.listen.http.tokens)
  const receivers = await readWebhooks(config.webhooks)
  const store = await storeOf(config, clock, log)
  const startedAt = clock.now()
  const events = createEventLog({ startedAt, capacity: config.events.keep })
  const reporter = createReporter({ log, clock, eventLog: events })
  // Before anything happens: what follows is on record.
  if (store !== null) {
    events.subscribe((event) =>
      store.record(event.kind === 'prefix' ? verdictHistory(event) : sessionHistory(event)),
    )
  }
  const keeper = store && (await openLetterKeeper(store, receivers, clock))
  const webhooks = createWebhooks({
    ...(keeper !== null && { keeper }),
    webhooks: receivers,
    eventLog: events,
    clock,
    log,
    source: `urn:bgpwarden:${formatIpv4(config.local.routerId)}`,
  })
  const engine = createEngine({
    policy: config.policy,
    now: clock.now,
    onEvent: reporter.prefixChanged,
    ...(store !== null && {
      onRoutes: (event) => {
        for (const each of routeHistory(event)) store.record(each)
      },
    }),
  })
  for (const session of config.sessions) engine.addSession(engineSession(session), startedAt)
  for (const prefix of config.prefixes) engine.register(prefix, startedAt)
  engine.flush(startedAt)

  const background = createBackground(() => engine.background(clock.now()))
  const sessions: SessionManager = createSessions({
    listen: config.listen.bgp,
    clock,
    listener: createBridge({
      engine,
      clock,
      reporter,
      sessions: () => sessions,
      sessionConfig: (name) => sessions.config(name),
      observeLatency: (seconds) => metrics.observeLatency(seconds),
      wake: background.wake,
    }),
  })
  const runtime = createRuntime({
    engine,
    sessions,
    now: clock.now,
    wake: background.wake,
    onProblem: (session, error) => {
      log.error({ event: 'registry', session, err: error }, `${session} cannot run: ${why(error)}`)
    },
  })
  const metrics = createMetrics({
    engine: engine.view,
    sessions,
    perPrefixLimit: config.metrics.perPrefixLimit,
    version,
    log,
    counts: reporter.counts,
    webhooks: webhooks.list,
    peeringOf: runtime.peeringOf,
    judgedSessions: () => registry.judgedSessions(),
    irr: () => irr.status(),
    ...(store !== null && { storageUp: () => store.status().ok }),
  })
  const ready = () => {
    const stored = storageCheck(store)
    const checks = [
      {
        name: 'bgp',
        ok: sessions.addresses().length === config.listen.bgp.length,
        detail: config.listen.bgp.length === 0 ? 'opens every connection' : 'listening for BGP',
      },
      ...(stored === null ? [] : [stored]),
    ]
    return { ok: checks.every((check) => check.ok), checks }
  }
  const irr = createLookup({ settings: config.irr, clock, ...createIrrReports(log, clock) })
  const registry = await createRegistry({
    store,
    kinds,
    runtime,
    live: createLive({
      engine: engine.view,
      sessions,
      config: () => config,
      ownership: irr.ownership,
      reading: irr.reading,
    }),
    clock,
    newKey: randomUUID,
    onFindings: reporter.judged,
    onProblem: (error) => {
      log.error({ event: 'registry', err: error }, `the registry stands still: ${why(error)}`)
    },
  })
  const api = createApi({
    engine: engine.view,
    sessions,
    commands: createSessionCommands(sessions, reporter),
    webhooks,
    eventLog: events,
    metrics,
    version,
    routerId: config.local.routerId,
    ready,
    clock,
    log,
    tokens,
    anonymousRead: config.listen.http.anonymousRead,
    kinds,
    ...(store !== null && { registry, store }),
  })
  const endWebhooks = async () => {
    webhooks.close()
    await keeper?.flush()
  }
  try {
    demandApart(config, runtime.sessionConfigs())
    sessions.verify(config.sessions, config.listen.dynamic)
  } catch (error) {
    irr.close()
    await endWebhooks()
    await store?.close()
    throw error
  }
  await sessions.listen()
  const httpPort = await listenApi(api, config.listen.http).catch(async (error: unknown) => {
    await sessions.close('', 0)
    irr.close()
    await endWebhooks()
    reporter.close()
    await store?.close()
    throw error
  })
  const collectGarbage = createCollection(() => {
    const { rib, attributes } = engine.view.memory()
    return { held: rib + attributes, allocated: octetsAllocated() }
  }, fullCollection())
  const ticker = setInterval(() => {
    engine.tick(clock.now())
    registry.tick(clock.now())
    collectGarbage()
  }, 1000)
  for (const session of config.sessions) sessions.add(session)
  sessions.setDynamic(config.listen.dynamic)
  runtime.start()

  return {
    engine: engine.view,
    sessions,
    events,
    bgpAddresses: sessions.addresses(),
    httpAddress: { address: config.listen.http.address, port: httpPort },
    reload(next) {
      const difference = diffConfig(config, next)
      demandApart(difference.inForce, runtime.sessionConfigs())
      sessions.verify(difference.inForce.sessions, difference.inForce.listen.dynamic)
      config = difference.inForce
      irr.configure(config.irr)
      applyDifference(difference, engine, sessions, clock.now())
      void registry.refresh()
      background.wake()
      return difference
    },
    async close(communication = '') {
      clearInterval(ticker)
      background.stop()
      // Before the sessions: their end is no news.
      webhooks.close()
      irr.close()
      await Promise.all([sessions.close(communication, CLOSE_WITHIN_MS), api.close()])
      await registry.idle()
      await endWebhooks()
      reporter.close()
      await store?.close()
    },
  }
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Opens the storage file, if there is to be one. @throws StoreError */
async function storeOf(config: Config, clock: Clock, log: Log): Promise<Store | null> {
  const { path, auditDays, maxMegabytes } = config.storage
  if (path === null) return null
  return openStore({
    path,
    auditDays,
    maxBytes: maxMegabytes * 1_000_000,
    eventDays: config.events.retentionDays,
    now: clock.now,
    onChange(ok, detail) {
      if (ok) log.info({ event: 'storage' }, detail)
      else log.error({ event: 'storage' }, detail)
    },
  })
}

/** Runs slices of background work between the events of the sockets. */
function createBackground(slice: () => boolean) {
  let scheduled: NodeJS.Immediate | null = null
  const run = () => {
    scheduled = slice() ? setImmediate(run) : null
  }
  return {
    wake() {
      scheduled ??= setImmediate(run)
    },
    stop() {
      if (scheduled !== null) clearImmediate(scheduled)
      scheduled = null
    },
  }
}

/** What a new configuration changes: the work of a reload. */
import { isDeepStrictEqual } from 'node:util'
import type { Registration } from '../engine/types.ts'
import type { DynamicRange } from '../session/dynamic.ts'
import type { SessionConfig } from '../session/types.ts'
import type { Config } from './config.ts'

/** An entry whose name stayed and whose content did not. */
export interface Changed<T> {
  readonly before: T
  readonly after: T
}

/** Entries by name; a new order alone is no change. */
export interface ListDifference<T> {
  readonly added: readonly T[]
  readonly removed: readonly T[]
  readonly changed: readonly Changed<T>[]
}

export interface ConfigDifference {
  readonly sessions: ListDifference<SessionConfig>
  readonly prefixes: ListDifference<Registration>
  /** The policy of all prefixes; overrides of one prefix show in `prefixes`. */
  readonly policyChanged: boolean
  /** Ranges of unknown peers (`listen.dynamic`). */
  readonly dynamicChanged: boolean
  /** Keys that changed in the file and take effect only when the daemon starts again. */
  readonly restartNeeded: readonly string[]
  /**
   * The configuration in force after the reload: the new one, with the keys of `restartNeeded` as they
   * were. It is the `old` of the next reload.
   */
  readonly inForce: Config
}

/** Keys that are read once, when the daemon starts. */
const startKeys = {
  'local.routerId': (config: Config) => config.local.routerId,
  'listen.bgp': (config: Config) => config.listen.bgp,
  'listen.http': (config: Config) => config.listen.http,
  'storage.path': (config: Config) => config.storage.path,
  'storage.auditDays': (config: Config) => config.storage.auditDays,
  'storage.maxMegabytes': (config: Config) => config.storage.maxMegabytes,
  'metrics.perPrefixLimit': (config: Config) => config.metrics.perPrefixLimit,
  'log.level': (config: Config) => config.log.level,
  'log.format': (config: Config) => config.log.format,
  'events.keep': (config: Config) => config.events.keep,
  'events.retentionDays': (config: Config) => config.events.retentionDays,
  webhooks: (config: Config) => config.webhooks,
} as const

function diffList<T extends { readonly name: string }>(
  old: readonly T[],
  next: readonly T[],
): ListDifference<T> {
  const before = new Map(old.map((entry) => [entry.name, entry]))
  const added: T[] = []
  const changed: Changed<T>[] = []
  for (const after of next) {
    const earlier = before.get(after.name)
    before.delete(after.name)
    if (earlier === undefined) added.push(after)
    else if (!isDeepStrictEqual(earlier, after)) changed.push({ before: earlier, after })
  }
  return { added, removed: [...before.values()], changed }
}

function withRouterId(routerId: number) {
  return (range: DynamicRange): DynamicRange => ({
    ...range,
    template: { ...range.template, routerId },
  })
}

/**
 * Compares the configuration in force with a new one.
 * @param old `inForce` of the last difference, or what the daemon started with
 */
export function diffConfig(old: Config, next: Config): ConfigDifference {
  const { routerId } = old.local
  const inForce: Config = {
    local: { asn: next.local.asn, routerId },
    listen: { ...old.listen, dynamic: next.listen.dynamic.map(withRouterId(routerId)) },
    storage: old.storage,
    metrics: old.metrics,
    log: old.log,
    events: old.events,
    webhooks: old.webhooks,
    policy: next.policy,
    registry: next.registry,
    irr: next.irr,
    sessions: next.sessions.map((session) => ({ ...session, routerId })),
    prefixes: next.prefixes,
  }
  const restartNeeded = Object.entries(startKeys)
    .filter(([, pick]) => !isDeepStrictEqual(pick(old), pick(next)))
    .map(([key]) => key)
  return {
    sessions: diffList(old.sessions, inForce.sessions),
    prefixes: diffList(old.prefixes, next.prefixes),
    policyChanged: !isDeepStrictEqual(old.policy, next.policy),
    dynamicChanged: !isDeepStrictEqual(old.listen.dynamic, inForce.listen.dynamic),
    restartNeeded,
    inForce,
  }
}

/** What a token sees of sessions and prefixes: a provider or customer only its own. */
import type { EngineView, PrefixSummary } from '../engine/types.ts'
import { isTenant, type Principal } from '../peering/kind.ts'
import type { Registry } from '../peering/registry-types.ts'
import type { DaemonEvent } from '../telemetry/event-log.ts'

export interface Scope {
  session(principal: Principal, name: string): boolean
  /** @param summary of the prefix, where it is at hand */
  prefix(principal: Principal, name: string, summary?: Pick<PrefixSummary, 'owner'>): boolean
  event(principal: Principal, event: DaemonEvent): boolean
}

/** @param registry absent: owners are those that the configuration names */
export function createScope(
  engine: EngineView,
  registry: Pick<Registry, 'ownerOf'> | undefined,
): Scope {
  const session = ({ role, owner }: Principal, name: string) =>
    !isTenant(role) || (owner !== null && registry?.ownerOf('session', name) === owner)

  const prefix: Scope['prefix'] = ({ role, owner }, name, summary) => {
    if (!isTenant(role)) return true
    if (owner === null) return false
    const made = registry?.ownerOf('prefix', name)
    return (made === undefined ? (summary ?? engine.prefix(name))?.owner : made) === owner
  }

  return {
    session,
    prefix,
    event: (principal, event) =>
      event.kind === 'session' ? session(principal, event.session) : prefix(principal, event.name),
  }
}

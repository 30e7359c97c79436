/** A registry over a real engine, with sessions that a test brings up and a clock that it moves. */
import { createEngine } from '../../src/engine/engine.ts'
import { defaultPolicy, type PrefixEvent, type Registration } from '../../src/engine/types.ts'
import type { Ownership } from '../../src/irr/ownership.ts'
import type { Principal, Role } from '../../src/peering/kind.ts'
import { kinds } from '../../src/peering/kinds.ts'
import { defaultRegistrySettings, type RegistrySettings } from '../../src/peering/live.ts'
import { createRegistry } from '../../src/peering/registry.ts'
import { createRuntime } from '../../src/peering/runtime.ts'
import { Family } from '../../src/prefix/prefix.ts'
import { formatPrefix, parseAddress, parsePrefix } from '../../src/prefix/text.ts'
import type { SessionConfig, SessionStateName, SessionStatus } from '../../src/session/types.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import type { JsonObject, Store } from '../../src/store/types.ts'
import { parseAsPath } from '../../src/wire/as-path.ts'
import { pathAttribute } from '../../src/wire/attribute-values.ts'
import { parseCommunity } from '../../src/wire/community-text.ts'
import { encodeEndOfRib, encodeUpdates } from '../../src/wire/update-values.ts'
import { settings as decodeSettings } from './engine-lab.ts'
import { createFakeClock } from './fake-clock.ts'
import { fakeStatus } from './fake-views.ts'
import { viewOf } from './vectors.ts'

export function principal(
  role: Role,
  owner: string | null = null,
  name = `${role}-token`,
): Principal {
  return { name, role, owner }
}

export const admin = principal('admin')
export const operator = principal('operator')
export const reader = principal('reader')
export const contoso = principal('provider', 'contoso', 'contoso-token')
export const fabrikam = principal('provider', 'fabrikam', 'fabrikam-token')

export interface LabOptions {
  readonly store?: Store | null
  readonly settings?: Partial<RegistrySettings>
  readonly declared?: readonly SessionConfig[]
  readonly declaredPrefixes?: readonly Registration[]
  readonly sessionProblem?: string
  /** What registry data is being read. */
  readonly reading?: string
  /** What the registries say; absent: nothing is recorded. */
  readonly ownership?: (prefix: string, asn: number, registry?: string) => Ownership | null
}

/** Documentation prefixes can be registered in tests that say so. */
export const documentation = ['198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map(parsePrefix)

export async function createRegistryLab(options: LabOptions = {}) {
  const clock = createFakeClock()
  const store = options.store === undefined ? createMemoryStore(clock.now) : options.store
  const events: PrefixEvent[] = []
  const engine = createEngine({
    policy: { ...defaultPolicy, requiredCommunities: [], bogonAsn: 'off' },
    now: clock.now,
    onEvent: (event) => events.push(event),
  })
  const running = new Map<string, SessionConfig>()
  const statuses = new Map<string, SessionStatus>()
  /** What the session manager was told, in order. */
  const told: string[] = []
  const setState = (name: string, state: SessionStateName, given: Partial<SessionStatus> = {}) => {
    const config = running.get(name)
    if (config === undefined) throw new Error(`no session ${name}`)
    statuses.set(name, fakeStatus(state, config, { establishedAt: clock.now(), ...given }))
  }
  const runtime = createRuntime({
    engine,
    now: clock.now,
    wake: () => {},
    onProblem: (_name, error) => {
      throw error
    },
    sessions: {
      add(config) {
        told.push(`add ${config.name}`)
        running.set(config.name, config)
        setState(config.name, 'Connect')
      },
      replace(config) {
        told.push(`replace ${config.name}`)
        running.set(config.name, config)
        setState(config.name, 'Idle')
        return 'restarted'
      },
      remove(name) {
        told.push(`remove ${name}`)
        statuses.delete(name)
        return running.delete(name)
      },
    },
  })
  runtime.start()
  let keys = 0
  const declaredPrefixes = options.declaredPrefixes ?? []
  const problems: unknown[] = []
  /** Findings that opened (`+`) and closed (`-`) on sessions. */
  const judged: string[] = []
  const registry = await createRegistry({
    store,
    kinds,
    runtime,
    clock,
    newKey: () => `00000000-0000-4000-8000-${String(++keys).padStart(12, '0')}`,
    onProblem: (error) => problems.push(error),
    onFindings(session, opened, closed) {
      for (const { reason } of opened) judged.push(`+${reason} ${session}`)
      for (const { reason, duration } of closed) judged.push(`-${reason} ${session} ${duration}`)
    },
    live: {
      engine: engine.view,
      session: (name) => statuses.get(name),
      local: { asn: 64500, routerId: 0xc0000201 },
      declares: () => false,
      declaredSession: (address, port, asn) =>
        options.declared?.find(
          (each) => each.address === address && each.port === port && each.asn === asn,
        )?.name,
      declaredPrefixes: () => declaredPrefixes,
      sessionProblem: () => options.sessionProblem ?? null,
      reading: () => options.reading ?? null,
      ownership: (prefix, asn, registry) =>
        options.ownership === undefined
          ? { kind: 'not-recorded' }
          : options.ownership(formatPrefix(prefix), asn, registry),
      settings: {
        ...defaultRegistrySettings,
        allowSpecialPurpose: documentation,
        ...options.settings,
      },
    },
  })

  const receive = (session: string, message: Uint8Array) => {
    engine.receiveUpdate(session, viewOf(message), 0, message.length, clock.now())
    engine.flush(clock.now())
  }
  const lab = {
    registry,
    engine,
    store,
    clock,
    events,
    running,
    told,
    problems,
    judged,
    setState,
    /** Lets seconds go by, with a tick each. */
    async wait(seconds: number) {
      for (let i = 0; i < seconds; i++) {
        clock.advance(1000)
        engine.tick(clock.now())
        registry.tick(clock.now())
        await registry.idle()
      }
    },
    /** Brings a session up; its table is complete at once. */
    establish(name: string) {
      setState(name, 'Established')
      const config = running.get(name) as SessionConfig
      const up = { families: config.families, remoteAsn: config.asn, decode: decodeSettings }
      engine.sessionUp(name, up, clock.now())
      for (const family of config.families) receive(name, encodeEndOfRib(Family[family]))
    },
    drop(name: string, lastError = 'the peer closed the connection') {
      setState(name, 'Idle', { lastError, establishedAt: null })
      engine.sessionDown(name, clock.now())
    },
    announce(session: string, text: string, path: string, communities: string[] = []) {
      const prefix = parsePrefix(text)
      const { family } = prefix
      const nextHops = [parseAddress(family === Family.ipv4 ? '192.0.2.9' : '2001:db8::9')]
      const values = communities.map(parseCommunity).flatMap((each) => {
        return each.kind === 'standard' ? [each.value] : []
      })
      const attributes = [
        pathAttribute({ kind: 'origin', origin: 0 }),
        pathAttribute({ kind: 'asPath', segments: parseAsPath(path) }),
        family === Family.ipv4
          ? pathAttribute({ kind: 'nextHop', address: (nextHops[0]?.w0 ?? 0) >>> 0 })
          : pathAttribute({ kind: 'mpReachNlri', family, nextHops, reserved: 0, routes: [] }),
        ...(values.length > 0 ? [pathAttribute({ kind: 'communities', communities: values })] : []),
      ]
      for (const message of encodeUpdates([{ prefix }], attributes, decodeSettings)) {
        receive(session, message)
      }
    },
    /** A property of a resource as an admin sees it. */
    shown(kind: string, id: string): JsonObject {
      return registry.get(admin, kind, id).properties
    },
    state: (id: string) => lab.shown('connection', id)['connectionState'],
    /** An approved AS and a peering of contoso's. */
    async peering(name = 'ams', spec: JsonObject = {}, asn = 64501) {
      const asnName = `as${asn}`
      if (!lab.has('peerAsn', asnName)) {
        await registry.create(contoso, 'peerAsn', asnName, { peerAsn: asn, peerName: 'Contoso' })
        await registry.operate(operator, 'peerAsn', asnName, 'approve', undefined)
      }
      await registry.create(contoso, 'peering', name, {
        kind: 'Direct',
        peeringLocation: 'Amsterdam',
        peerAsn: asnName,
        ...spec,
      })
    },
    has(kind: string, id: string) {
      return registry.list(admin, kind, { limit: 1000 }).items.some((each) => each.id === id)
    },
    /** A connection of contoso's on the way to Active; all its sessions come up. */
    async activate(id: string, spec: JsonObject) {
      await registry.create(contoso, 'connection', id, spec)
      await registry.operate(operator, 'connection', id, 'approve', undefined)
      for (const name of running.keys()) if (name.startsWith(`${id}/`)) lab.establish(name)
      await lab.wait(35)
    },
  }
  return lab
}
export type RegistryLab = Awaited<ReturnType<typeof createRegistryLab>>

/** What a write is refused with. */
export async function refusal(promise: Promise<unknown>) {
  try {
    await promise
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'RefusedError') throw error
    const { refusal, place, conflictsWith, reason, message } = error as unknown as {
      refusal: string
      place: string | null
      conflictsWith: string | null
      reason: string | null
      message: string
    }
    return { refusal, place, conflictsWith, reason, message }
  }
  throw new Error('it was not refused')
}

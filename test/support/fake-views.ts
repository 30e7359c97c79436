/** Stand-ins for engine and sessions: plain data that a test sets, behind the interfaces. */
import {
  defaultPolicy,
  type EngineView,
  type ExplainRequest,
  type Explanation,
  type FindingReason,
  findingReasons,
  type PrefixStateName,
  type PrefixVerdict,
  prefixStateNames,
  type RouteView,
  routeNotes,
  type SessionTallies,
} from '../../src/engine/types.ts'
import { coversPrefix, equalPrefix } from '../../src/prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../../src/prefix/text.ts'
import {
  type Clock,
  type Negotiated,
  type NotificationRecord,
  type SessionConfig,
  type SessionControl,
  SessionState,
  type SessionStateName,
  type SessionStatus,
} from '../../src/session/types.ts'
import type { Log } from '../../src/telemetry/log.ts'

/** 2026-11-21T09:00:00.000Z. */
export const NINE = Date.UTC(2026, 10, 21, 9)

export function fakeSessionConfig(given: Partial<SessionConfig> = {}): SessionConfig {
  return {
    name: 'edge-a',
    address: '192.0.2.9',
    port: 179,
    asn: 64501,
    localAsn: 64500,
    routerId: 0xc0000201,
    families: ['ipv4', 'ipv6'],
    passive: false,
    holdTime: 90,
    connectRetrySeconds: 30,
    delayOpenSeconds: 0,
    description: '',
    ...given,
  }
}

export function fakeNegotiated(given: Partial<Negotiated> = {}): Negotiated {
  return {
    holdTime: 90,
    keepaliveTime: 30,
    remoteAsn: 64501,
    remoteAddress: '192.0.2.9',
    gracefulNotification: false,
    remoteRouterId: '192.0.2.9',
    families: ['ipv4', 'ipv6'],
    maxMessageLength: 4096,
    decode: {
      as4: true,
      external: true,
      addPathIpv4: false,
      addPathIpv6: false,
      extendedNextHop: false,
    },
    remoteCapabilities: {
      multiprotocol: [
        [1, 1],
        [2, 1],
      ],
      routeRefresh: true,
      enhancedRouteRefresh: false,
      extendedMessage: false,
      fourOctetAs: 64501,
      addPath: [],
      extendedNextHop: [],
      unknown: [],
    },
    ...given,
  }
}

export function fakeNotification(given: Partial<NotificationRecord> = {}): NotificationRecord {
  return {
    direction: 'received',
    code: 6,
    subcode: 2,
    text: 'Cease / Administrative Shutdown',
    communication: 'maintenance',
    data: '',
    time: NINE,
    ...given,
  }
}

const noMessages = { open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 }

/** A session in `state`; Established ones have negotiated. */
export function fakeStatus(
  stateName: SessionStateName,
  config: Partial<SessionConfig> = {},
  given: Partial<SessionStatus> = {},
): SessionStatus {
  const full = fakeSessionConfig(config)
  const up = stateName === 'Established'
  return {
    name: full.name,
    state: SessionState[stateName],
    stateName,
    since: NINE,
    config: full,
    remotePort: up ? 40_001 : null,
    localAddress: up ? '192.0.2.1' : null,
    negotiated: up ? fakeNegotiated() : null,
    establishedAt: up ? NINE : null,
    lastMessageAt: up ? NINE + 1500 : null,
    flaps: 0,
    received: noMessages,
    sent: noMessages,
    lastNotification: null,
    notifications: [],
    lastError: null,
    nextTryAt: null,
    shutdown: false,
    ...given,
  }
}

export function fakeTallies(given: Partial<SessionTallies> = {}): SessionTallies {
  const none = { ipv4: 0, ipv6: 0 }
  return {
    prefixes: none,
    complete: { ipv4: false, ipv6: false },
    endOfRib: { ipv4: false, ipv6: false },
    announced: none,
    withdrawn: none,
    classes: { verified: 0, failed: 0, overlap: 0, unregistered: 0 },
    findings: zeros(findingReasons),
    notes: zeros(routeNotes),
    updateErrors: { 'attribute-discard': 0, 'treat-as-withdraw': 0, 'session-reset': 0 },
    ...given,
  }
}

export function zeros<K extends string>(keys: readonly K[]): Record<K, number> {
  return Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>
}

export function fakeRoute(prefix: string, given: Partial<RouteView> = {}): RouteView {
  return {
    prefix,
    class: 'verified',
    reasons: [],
    origin: 'IGP',
    asPath: '64501',
    nextHop: '192.0.2.9',
    med: null,
    localPref: null,
    communities: ['8075:8007'],
    largeCommunities: [],
    extendedCommunities: [],
    atomicAggregate: false,
    aggregator: null,
    unknownAttributes: [],
    notes: [],
    receivedAt: NINE,
    stale: false,
    ...given,
  }
}

/** A verdict; reasons, error message and family follow from what is given. */
export function fakeVerdict(
  name: string,
  prefix: string,
  state: PrefixStateName = 'Verified',
  given: Partial<PrefixVerdict> = {},
): PrefixVerdict {
  const findings = given.findings ?? []
  return {
    name,
    prefix,
    family: prefix.includes(':') ? 'ipv6' : 'ipv4',
    owner: null,
    state,
    since: NINE,
    reasons: [...new Set(findings.map((finding) => finding.reason))],
    originAsns: [64501],
    policy: defaultPolicy,
    errorMessage: findings.map((finding) => finding.message).join(' '),
    findings,
    sessions: [],
    ...given,
  }
}

/** What a test sets; the engine view reads it at each call. */
export interface FakeWorld {
  statuses: SessionStatus[]
  verdicts: PrefixVerdict[]
  routes: Record<string, RouteView[]>
  tallies: Record<string, SessionTallies>
  explained: ExplainRequest[]
  explanation: Explanation
  validated: string[]
}

export function fakeWorld(given: Partial<FakeWorld> = {}): FakeWorld {
  return {
    statuses: [],
    verdicts: [],
    routes: {},
    tallies: {},
    explained: [],
    explanation: {
      prefix: '198.51.100.0/24',
      class: 'unregistered',
      registration: null,
      state: 'None',
      findings: [],
      policy: defaultPolicy,
    },
    validated: [],
    ...given,
  }
}

function countReasons(verdicts: readonly PrefixVerdict[]): Record<FindingReason, number> {
  const counts = zeros(findingReasons)
  for (const verdict of verdicts) for (const reason of verdict.reasons) counts[reason] += 1
  return counts
}

export function fakeEngine(world: FakeWorld): EngineView {
  const verdictOf = (name: string) => world.verdicts.find((verdict) => verdict.name === name)
  return {
    policy: defaultPolicy,
    prefixes: () => world.verdicts,
    prefix: verdictOf,
    headline(name) {
      const [finding, ...others] = verdictOf(name)?.findings ?? []
      return finding && { finding, others: others.length }
    },
    concerns(name, session, reason) {
      const verdict = verdictOf(name)
      if (reason === undefined) return verdict?.sessions.some((s) => s.session === session) === true
      return verdict?.findings.some((f) => f.session === session && f.reason === reason) === true
    },
    prefixState: (name) => verdictOf(name)?.state,
    received: (name, session) =>
      verdictOf(name)?.sessions.some((s) => s.session === session && s.status === 'received') ??
      false,
    expectedSessions: (name) => verdictOf(name)?.sessions.map((s) => s.session) ?? [],
    validate(name) {
      world.validated.push(name)
      return verdictOf(name)
    },
    announced: () => undefined,
    failing: (session) =>
      world.verdicts
        .filter(({ findings }) => findings.some((finding) => finding.session === session))
        .map(({ prefix }) => parsePrefix(prefix)),
    failingCounts: () => new Map(),
    routes(session, { prefix, match = 'exact', limit, cursor }) {
      const all = world.routes[session]
      if (all === undefined) return undefined
      const found = all.filter((route) => {
        if (prefix === undefined) return true
        const own = parsePrefix(route.prefix)
        if (match === 'exact') return equalPrefix(own, prefix)
        return match === 'covering' ? coversPrefix(own, prefix) : coversPrefix(prefix, own)
      })
      const start = cursor === undefined ? 0 : Number(cursor)
      const end = start + limit
      return { items: found.slice(start, end), cursor: end < found.length ? `${end}` : null }
    },
    explain(request) {
      world.explained.push(request)
      return { ...world.explanation, prefix: formatPrefix(request.prefix) }
    },
    tallies: (session) => world.tallies[session],
    tablesComplete: (session) =>
      world.statuses.some(
        (status) => status.name === session && status.stateName === 'Established',
      ),
    sessionNames: () => world.statuses.map((status) => status.name),
    ribRoutes: () => ({ ipv4: 7, ipv6: 3 }),
    ribAttributeSets: () => 5,
    stateCounts() {
      const counts = zeros(prefixStateNames)
      for (const verdict of world.verdicts) counts[verdict.state] += 1
      return counts
    },
    reasonCounts: () => countReasons(world.verdicts),
    memory: () => ({ rib: 1024, attributes: 512, trie: 256 }),
  }
}

export function fakeSessions(world: FakeWorld): SessionControl {
  return {
    statuses: () => world.statuses,
    status: (name) => world.statuses.find((status) => status.name === name),
  }
}

/** A clock that stands still until `advance`, which runs what falls due, in order. */
export interface FakeClock extends Clock {
  advance(milliseconds: number): void
  /** Timers that wait. */
  pending(): number
}

export function fakeClock(start = NINE): FakeClock {
  let now = start
  const timers = new Set<{ at: number; callback: () => void }>()
  return {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { at: now + milliseconds, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance(milliseconds) {
      const end = now + milliseconds
      for (;;) {
        const [next] = [...timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        timers.delete(next)
        now = next.at
        next.callback()
      }
      now = end
    },
    pending: () => timers.size,
  }
}

/** A log that keeps its lines. */
export interface FakeLog extends Log {
  readonly lines: { level: string; fields: object; message: string }[]
  /** Messages of `level`, or of all but debug. */
  messages(level?: string): string[]
}

export function fakeLog(): FakeLog {
  const lines: FakeLog['lines'] = []
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message })
  }
  return {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    messages: (level) =>
      lines
        .filter((line) => (level === undefined ? line.level !== 'debug' : line.level === level))
        .map((line) => line.message),
  }
}

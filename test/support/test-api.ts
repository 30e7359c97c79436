/** An API over fake views, for tests. */
import type { ApiToken } from '../../src/api/auth.ts'
import type { ApiContext, ApiLimits } from '../../src/api/context.ts'
import { createApi } from '../../src/api/server.ts'
import { createEventLog } from '../../src/telemetry/event-log.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import {
  type FakeWorld,
  fakeClock,
  fakeEngine,
  fakeLog,
  fakeSessions,
  fakeWorld,
  NINE,
} from './fake-views.ts'

export interface TestApiOptions {
  readonly world?: FakeWorld
  /** Text alone: a token of an admin. */
  readonly tokens?: readonly (string | ApiToken)[]
  readonly anonymousRead?: boolean
  readonly registry?: ApiContext['registry']
  readonly kinds?: ApiContext['kinds']
  readonly store?: ApiContext['store']
  readonly limits?: Partial<ApiLimits>
  readonly ready?: ApiContext['ready']
  readonly webhooks?: Partial<ApiContext['webhooks']>
  readonly engine?: Partial<ApiContext['engine']>
  /** What `clear` answers. */
  readonly cleared?: ReturnType<ApiContext['commands']['clear']>
  /** Events that the log holds. */
  readonly capacity?: number
}

function apiToken(token: string | ApiToken, index: number): ApiToken {
  if (typeof token !== 'string') return token
  return { name: `token-${index + 1}`, role: 'admin', owner: null, token }
}

/** Makes the API and what it stands on; `app.inject` asks it without a socket. */
export function testApi(options: TestApiOptions = {}) {
  const { world = fakeWorld(), capacity = 100 } = options
  const clock = fakeClock()
  const log = fakeLog()
  const eventLog = createEventLog({ startedAt: NINE, capacity })
  const engine = { ...fakeEngine(world), ...options.engine }
  const sessions = fakeSessions(world)
  const metrics = createMetrics({ engine, sessions, perPrefixLimit: 1000, version: '0.1.0', log })
  const commanded: string[] = []
  const commands: ApiContext['commands'] = {
    shutdown: (name, text, by) => commanded.push(`shutdown ${name} "${text}" by ${by}`),
    start: (name, by) => commanded.push(`start ${name} by ${by}`),
    clear(name, mode, by) {
      commanded.push(`clear ${name} ${mode} by ${by}`)
      return options.cleared ?? { families: ['ipv4'] }
    },
  }
  const webhooks: ApiContext['webhooks'] = {
    list: () => [],
    deadLetters: () => undefined,
    resend: () => undefined,
    test: () => false,
    close() {},
    ...options.webhooks,
  }
  const app = createApi({
    webhooks,
    engine,
    sessions,
    commands,
    eventLog,
    metrics,
    ready: options.ready ?? (() => ({ ok: true, checks: [] })),
    version: '0.1.0',
    routerId: 0xc0000201,
    clock,
    log,
    ...(options.tokens && { tokens: options.tokens.map(apiToken) }),
    ...(options.anonymousRead !== undefined && { anonymousRead: options.anonymousRead }),
    ...(options.registry && { registry: options.registry }),
    ...(options.kinds && { kinds: options.kinds }),
    ...(options.store && { store: options.store }),
    ...(options.limits && { limits: options.limits }),
  })
  return { app, world, commanded, clock, log, eventLog }
}

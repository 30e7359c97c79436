/** Joins sessions and engine: what a peer says becomes routes and verdicts, and is reported. */
import type { Engine } from './engine/engine.ts'
import { Family, type FamilyName, familyNames } from './prefix/prefix.ts'
import type { SessionManager } from './session/sessions.ts'
import type {
  Clock,
  DownReason,
  MaxPrefixes,
  Negotiated,
  SessionConfig,
  SessionListener,
} from './session/types.ts'
import type { Reporter, Treatment } from './telemetry/reporter.ts'
import { CeaseSubcode, Safi } from './wire/codes.ts'
import { ProtocolError } from './wire/errors.ts'
import { Handling, handlingName } from './wire/handling.ts'
import { encodeMaximumPrefixes } from './wire/notification.ts'
import { encodeEndOfRib } from './wire/update-values.ts'

export interface BridgeOptions {
  readonly engine: Engine
  readonly clock: Clock
  readonly reporter: Reporter
  /** The sessions, which are made after their listener. */
  readonly sessions: () => SessionManager
  /** @returns the configuration of a session, declared or registered */
  readonly sessionConfig: (name: string) => SessionConfig | undefined
  /** @param seconds from octets read to verdict known */
  readonly observeLatency: (seconds: number) => void
  /** A slice of background work may be left. */
  readonly wake: () => void
}

/** How long the routes of a peer that restarts are kept (RFC 4724 §4.2, RFC 8538 §4); 0: they are not. */
function keepUntil(reason: DownReason, negotiated: Negotiated | undefined, now: number): number {
  if (reason.graceful !== true) return 0
  const restart = negotiated?.remoteCapabilities.gracefulRestart
  return restart === undefined ? 0 : now + restart.restartTime * 1000
}

/** Makes the listener that the sessions report to. */
export function createBridge(options: BridgeOptions): SessionListener {
  const { engine, clock, reporter } = options
  const negotiatedOf = new Map<string, Negotiated>()

  const limitOf = (name: string) => options.sessionConfig(name)?.maxPrefixes

  /** `session family` of tables that were warned of, until they fall below the threshold again. */
  const warned = new Set<string>()

  /** Says once that a table nears its limit. */
  const warn = (name: string, family: FamilyName, held: number, { limit, warnAt }: MaxPrefixes) => {
    const key = `${name} ${family}`
    const threshold = (limit * warnAt) / 100
    if (held < threshold) {
      warned.delete(key)
    } else if (!warned.has(key)) {
      warned.add(key)
      const reached = `holds ${held} ${family} prefixes of at most ${limit}`
      reporter.warned(name, `It ${reached} (maxPrefixes warns at ${warnAt} %)`)
    }
  }

  /** Closes a session that sends more routes than agreed (RFC 4486 §4). */
  const enforceLimit = (name: string) => {
    const agreed = limitOf(name)
    if (agreed === undefined) return
    const held = engine.view.tallies(name)?.prefixes
    if (held === undefined) return
    const { limit, restartMinutes } = agreed
    for (const family of familyNames) warn(name, family, held[family], agreed)
    const family = familyNames.find((each: FamilyName) => held[each] > limit)
    if (family === undefined) return
    const data = encodeMaximumPrefixes(Family[family], Safi.unicast, limit)
    const rest = restartMinutes === undefined ? '' : `, down for ${restartMinutes} min`
    const reason = `more than ${limit} ${family} prefixes (maxPrefixes)${rest}`
    options.sessions().cease(name, CeaseSubcode.maximumPrefixes, data, reason, restartMinutes)
  }

  /** Closes a session whose routes there is no memory for (RFC 4486 §4). */
  const enforceMemory = (name: string) => {
    if (!engine.exhausted(name)) return
    const reason = 'there is no memory for more routes'
    options.sessions().cease(name, CeaseSubcode.outOfResources, new Uint8Array(), reason)
  }

  return {
    joined({ name, families, asn, localAsn }, expected) {
      const now = clock.now()
      engine.addSession({ name, families, asn, localAsn, counts: expected }, now)
      engine.flush(now)
    },

    left(name) {
      const now = clock.now()
      engine.removeSession(name, now)
      engine.flush(now)
      reporter.forget(name)
    },

    stateChanged: reporter.stateChanged,
    notification: reporter.notification,
    refused: reporter.refused,

    established(name, negotiated) {
      negotiatedOf.set(name, negotiated)
      reporter.established(name, negotiated)
      const { families, remoteAsn, remoteAddress, decode, role } = negotiated
      const peer = { remoteAsn, peerAddress: remoteAddress, ...(role !== undefined && { role }) }
      const up = { families, decode, routerId: negotiated.remoteRouterId, ...peer }
      engine.sessionUp(name, up, clock.now())
      // RFC 4724 §3: whoever announces the capability says End-of-RIB, though it has no routes to send.
      // A router that restarts may wait for it before it chooses routes of its own.
      if (negotiated.remoteCapabilities.gracefulRestart === undefined) return
      for (const family of families) {
        options.sessions().send(name, encodeEndOfRib(Family[family]))
      }
    },

    update(name, view, start, end, receivedAt) {
      try {
        const handling = engine.receiveUpdate(name, view, start, end, receivedAt)
        if (handling === Handling.accept) return
        const detail = engine.problem() ?? ''
        reporter.malformedUpdate(name, handlingName[handling] as Treatment, detail)
      } catch (error) {
        if (error instanceof ProtocolError) {
          reporter.malformedUpdate(name, 'session-reset', error.message)
        }
        throw error
      }
    },

    updates(name, view, start, end, limit, receivedAt) {
      return engine.receiveUpdates(name, view, start, end, limit, receivedAt)
    },

    refreshBoundary(name, family, boundary) {
      engine.refreshBoundary(name, family, boundary, clock.now())
    },

    chunkDone(name, readAt) {
      const judged = engine.flush(clock.now())
      if (judged > 0) options.observeLatency((performance.now() - readAt) / 1000)
      enforceLimit(name)
      enforceMemory(name)
      options.wake()
    },

    down(name, reason) {
      reporter.down(name, reason)
      const now = clock.now()
      engine.sessionDown(name, now, keepUntil(reason, negotiatedOf.get(name), now))
      negotiatedOf.delete(name)
      // Its table is told of anew when it comes back.
      for (const family of familyNames) warned.delete(`${name} ${family}`)
    },
  }
}

/** An engine with sessions that can be fed UPDATEs written as text. */
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import {
  defaultPolicy,
  type EngineSessionUp,
  type Finding,
  type Policy,
  type PrefixEvent,
  type PrefixVerdict,
  type Registration,
  type RouteEvent,
} from '../../src/engine/types.ts'
import { Family, type FamilyName } from '../../src/prefix/prefix.ts'
import { parseAddress, parsePrefix } from '../../src/prefix/text.ts'
import { parseAsPath } from '../../src/wire/as-path.ts'
import { pathAttribute } from '../../src/wire/attribute-values.ts'
import { parseCommunity } from '../../src/wire/community-text.ts'
import type { DecodeSettings } from '../../src/wire/messages.ts'
import { encodeEndOfRib, encodeUpdates, encodeWithdrawals } from '../../src/wire/update-values.ts'
import { viewOf } from './vectors.ts'

export const settings: DecodeSettings = {
  as4: true,
  external: true,
  addPathIpv4: false,
  addPathIpv6: false,
  extendedNextHop: false,
}

export interface Announcement {
  path?: string
  communities?: string[]
  pathId?: number
  /** One address, or a global and a link-local one. IPv6 for an IPv4 prefix: in MP_REACH_NLRI (RFC 8950). */
  nextHops?: string[]
  /** ONLY_TO_CUSTOMER (RFC 9234 §5). */
  otc?: number
}

/** 2026-01-01T00:00:00Z */
export const START = 1_767_225_600_000

export function createEngineLab(policy: Partial<Policy> = {}) {
  const events: PrefixEvent[] = []
  const routes: RouteEvent[] = []
  let now = START
  const engine: Engine = createEngine({
    policy: { ...defaultPolicy, ...policy },
    now: () => now,
    onEvent: (event) => events.push(event),
    onRoutes: (event) => routes.push(event),
  })
  const negotiated = new Map<string, DecodeSettings>()
  const receive = (session: string, message: Uint8Array) => {
    engine.receiveUpdate(session, viewOf(message), 0, message.length, now)
  }
  const lab = {
    engine,
    events,
    routes,
    get now() {
      return now
    },
    /** Lets time go on, a second at a time. */
    wait(seconds: number) {
      for (let i = 0; i < seconds; i++) {
        now += 1000
        engine.tick(now)
      }
    },
    session(name: string, asn: number, families: FamilyName[] = ['ipv4', 'ipv6']) {
      engine.addSession({ name, families, asn, localAsn: 8075 }, now)
    },
    up(
      name: string,
      asn: number,
      more: Partial<DecodeSettings> = {},
      towards: Pick<EngineSessionUp, 'peerAddress' | 'role' | 'routerId'> = {},
    ) {
      const decode = { ...settings, ...more }
      negotiated.set(name, decode)
      engine.sessionUp(
        name,
        { families: ['ipv4', 'ipv6'], remoteAsn: asn, decode, ...towards },
        now,
      )
    },
    down(name: string, keepUntil?: number) {
      engine.sessionDown(name, now, keepUntil)
    },
    end(name: string, ...families: FamilyName[]) {
      for (const family of families.length > 0 ? families : (['ipv4', 'ipv6'] as const)) {
        receive(name, encodeEndOfRib(Family[family]))
      }
      engine.flush(now)
    },
    /** Receives a whole message. */
    receive(session: string, message: Uint8Array) {
      receive(session, message)
      engine.flush(now)
    },
    announce(
      session: string,
      text: string,
      {
        path = '3356',
        communities = ['8075:8007'],
        pathId,
        nextHops: given,
        otc,
      }: Announcement = {},
    ) {
      const prefix = parsePrefix(text)
      const parsed = communities.map(parseCommunity)
      const standard = parsed.flatMap((c) => (c.kind === 'standard' ? [c.value] : []))
      const large = parsed.flatMap((c) => (c.kind === 'large' ? [c.words] : []))
      const { family } = prefix
      const usual = family === Family.ipv4 ? '192.0.2.1' : '2001:db8::1'
      const nextHops = (given ?? [usual]).map(parseAddress)
      const attributes = [
        pathAttribute({ kind: 'origin', origin: 0 }),
        pathAttribute({ kind: 'asPath', segments: parseAsPath(path) }),
        nextHops[0]?.family === Family.ipv4
          ? pathAttribute({ kind: 'nextHop', address: (nextHops[0]?.w0 ?? 0) >>> 0 })
          : pathAttribute({ kind: 'mpReachNlri', family, nextHops, reserved: 0, routes: [] }),
        ...(standard.length > 0
          ? [pathAttribute({ kind: 'communities', communities: standard })]
          : []),
        ...(large.length > 0
          ? [pathAttribute({ kind: 'largeCommunities', communities: large })]
          : []),
        ...(otc === undefined ? [] : [pathAttribute({ kind: 'onlyToCustomer', asn: otc })]),
      ]
      const routes = [{ prefix, ...(pathId !== undefined && { pathId }) }]
      const messages = encodeUpdates(routes, attributes, negotiated.get(session) ?? settings)
      for (const message of messages) receive(session, message)
      engine.flush(now)
    },
    withdraw(session: string, text: string, pathId?: number) {
      const routes = [{ prefix: parsePrefix(text), ...(pathId !== undefined && { pathId }) }]
      for (const message of encodeWithdrawals(routes, negotiated.get(session) ?? settings)) {
        receive(session, message)
      }
      engine.flush(now)
    },
    register(name: string, prefix: string, more: Partial<Registration> = {}) {
      engine.register({ name, prefix: parsePrefix(prefix), originAsns: [], ...more }, now)
      engine.flush(now)
    },
    verdict(name: string): PrefixVerdict {
      const verdict = engine.view.prefix(name)
      if (verdict === undefined) throw new Error(`no prefix ${name}`)
      return verdict
    },
    /** `reason@session` of the open findings. */
    reasons(name: string): string[] {
      return lab.verdict(name).findings.map((f: Finding) => `${f.reason}@${f.session ?? '-'}`)
    },
    state: (name: string) => lab.verdict(name).state,
  }
  return lab
}

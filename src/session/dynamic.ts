/** Peers that are not configured one by one: each that comes from a range gets a session of its own. */
import { isIP } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { coversPrefix, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix, parseAddress } from '../prefix/text.ts'
import { CeaseSubcode, ErrorCode, OpenSubcode } from '../wire/codes.ts'
import { createTimer, type Timer } from './clock.ts'
import { ceaseNotice } from './notices.ts'
import type { Refusal, Session } from './session.ts'
import type { Secured } from './socket-security.ts'
import { type Clock, type SessionConfig, SessionState } from './types.ts'

/** A range from which unknown peers are accepted. */
export interface DynamicRange {
  /** Unique; the names of its sessions begin with it. */
  readonly name: string
  readonly range: Readonly<Prefix>
  /** AS numbers that are accepted; null: any. */
  readonly asns: readonly number[] | null
  /** Sessions at a time. */
  readonly maxPeers: number
  /** How long a session that was Established is kept after its peer left. */
  readonly keepMinutes: number
  /** Whether registered prefixes that name no sessions are expected from its peers too. */
  readonly expected: boolean
  /** The rest of its sessions. */
  readonly template: Omit<SessionConfig, 'name' | 'address' | 'asn'>
}

/** A peer that never came up is forgotten soon. */
const KEEP_STRANGER_MINUTES = 1

/** The sessions that there are, and what can be done with them. */
export interface DynamicHost {
  readonly clock: Clock
  session(name: string): Session | undefined
  /** Makes a session and starts it. */
  add(config: SessionConfig, range: DynamicRange): Session
  /** Ends a session for good. */
  remove(name: string): void
}

export interface DynamicPeers {
  readonly ranges: readonly DynamicRange[]
  /** Takes new ranges; the sessions of one that is gone or changed end. */
  setRanges(ranges: readonly DynamicRange[]): void
  /** @returns the most specific range of an address */
  rangeAt(address: string): DynamicRange | undefined
  /** Whether a session came about here. */
  has(name: string): boolean
  /** @returns the session of a peer, made if need be, or why it gets none */
  admit(range: DynamicRange, address: string, asn: number): Session | Refusal
  /** A session changed its state. */
  stateChanged(name: string, to: SessionState): void
  /** A session is gone. */
  forget(name: string): void
}

interface Member {
  range: DynamicRange
  /** Runs while the peer is away. */
  readonly keep: Timer
  everUp: boolean
}

/** @returns the name of a peer's session, such as `lab-192.0.2.7` or `lab-2001_db8__7` */
export function dynamicName(range: Pick<DynamicRange, 'name'>, address: string): string {
  return `${range.name}-${address.replaceAll(':', '_')}`
}

/** @returns what a range asks of sockets */
export function securedRange({ name, range, template }: DynamicRange): Secured {
  const { password, ttlSecurity } = template
  const [address = '', length] = formatPrefix(range).split('/')
  return { name, address, prefixLength: Number(length), password, ttlSecurity }
}

/** Makes the keeper of such sessions, without a range. */
export function createDynamicPeers(host: DynamicHost): DynamicPeers {
  const members = new Map<string, Member>()
  let ranges: readonly DynamicRange[] = []

  function leave(name: string): void {
    const shutdown = host.session(name)?.status().shutdown === true
    // What an operator shut down would come up again by itself.
    if (shutdown) startKeeping(name)
    else host.remove(name)
  }

  function startKeeping(name: string): void {
    const member = members.get(name)
    if (member === undefined) return
    const minutes = member.everUp ? member.range.keepMinutes : KEEP_STRANGER_MINUTES
    member.keep.start(minutes * 60_000)
  }

  function membersOf(range: DynamicRange): [string, Member][] {
    return [...members].filter(([, member]) => member.range === range)
  }

  /** Makes room: of the peers that are away, the one whose time is over first goes. */
  function evict(range: DynamicRange): boolean {
    const away = membersOf(range)
      .filter(([name, { keep }]) => keep.running && host.session(name)?.status().shutdown !== true)
      .sort(([, a], [, b]) => (a.keep.dueAt ?? 0) - (b.keep.dueAt ?? 0))
    const [first] = away
    if (first === undefined) return false
    host.remove(first[0])
    return true
  }

  function refusalOf(range: DynamicRange, asn: number): Refusal | undefined {
    const where = `${formatPrefix(range.range)} (listen.dynamic ${range.name})`
    if (!ranges.includes(range)) {
      return { notice: REJECTED, why: `${where} is not configured any more` }
    }
    if (range.asns !== null && !range.asns.includes(asn)) {
      return { notice: BAD_PEER_AS, why: `AS ${asn} is none of those accepted from ${where}` }
    }
    return undefined
  }

  function admit(range: DynamicRange, address: string, asn: number): Session | Refusal {
    const refused = refusalOf(range, asn)
    if (refused !== undefined) return refused
    const name = dynamicName(range, address)
    const existing = host.session(name)
    if (existing !== undefined) {
      if (existing.config.asn === asn && members.has(name)) return existing
      if (!members.has(name) || existing.state === SessionState.Established) {
        const why = `session ${name} is there already, with AS ${existing.config.asn}`
        return { notice: REJECTED, why }
      }
      host.remove(name)
    }
    if (membersOf(range).length >= range.maxPeers && !evict(range)) {
      const why = `all ${range.maxPeers} sessions of listen.dynamic ${range.name} are taken (maxPeers)`
      return { notice: REJECTED, why }
    }
    members.set(name, {
      range,
      keep: createTimer(host.clock, () => leave(name)),
      everUp: false,
    })
    return host.add({ ...range.template, name, address, asn }, range)
  }

  return {
    get ranges() {
      return ranges
    },
    setRanges(next) {
      for (const [name, member] of [...members]) {
        const same = next.find((range) => isDeepStrictEqual(range, member.range))
        if (same === undefined) host.remove(name)
        else member.range = same
      }
      ranges = next
    },
    rangeAt(address) {
      // A socket that is gone already has none.
      if (ranges.length === 0 || isIP(address) === 0) return undefined
      const parsed = parseAddress(address)
      const covering = ranges.filter(({ range }) => coversPrefix(range, parsed))
      return covering.sort((a, b) => b.range.length - a.range.length)[0]
    },
    has: (name) => members.has(name),
    admit,
    stateChanged(name, to) {
      const member = members.get(name)
      if (member === undefined) return
      if (to === SessionState.Established) member.everUp = true
      if (to > SessionState.Active) member.keep.stop()
      else if (!member.keep.running) startKeeping(name)
    },
    forget(name) {
      members.get(name)?.keep.stop()
      members.delete(name)
    },
  }
}

const REJECTED = ceaseNotice(CeaseSubcode.connectionRejected)
const BAD_PEER_AS = {
  code: ErrorCode.openMessage,
  subcode: OpenSubcode.badPeerAs,
  data: new Uint8Array(0),
} as const

/** Peers that are not configured one by one: each that comes from a range gets a session of its own. */
import { isIP } from 'node:net'
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
  /** Gives a session another configuration. @returns false, and does nothing, where that takes a new connection */
  reconfigure(config: SessionConfig): boolean
  /** Ends a session for good. */
  remove(name: string): void
}

export interface DynamicPeers {
  readonly ranges: readonly DynamicRange[]
  /**
   * Takes new ranges. A session goes on while the range of the same name still decides on its address,
   * accepts its AS and asks for nothing that takes a new connection; any other ends.
   */
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
  /** Since when, in milliseconds since the epoch; of no meaning while it is there. */
  awaySince: number
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

function accepts({ asns }: DynamicRange, asn: number): boolean {
  return asns === null || asns.includes(asn)
}

function describe({ name, range }: DynamicRange): string {
  return `${formatPrefix(range)} (listen.dynamic ${name})`
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
    member.awaySince = host.clock.now()
    keepOn(member)
  }

  /** Has a peer that is away kept for as long as its range says now. */
  function keepOn({ keep, awaySince, everUp, range }: Member): void {
    const minutes = everUp ? range.keepMinutes : KEEP_STRANGER_MINUTES
    keep.start(Math.max(0, awaySince + minutes * 60_000 - host.clock.now()))
  }

  function membersOf(range: DynamicRange): [string, Member][] {
    return [...members].filter(([, member]) => member.range === range)
  }

  /**
   * Makes room: of the peers that are away, those whose time is over first go.
   * @param places how many sessions may be left
   * @returns whether no more than that are left; else all are there, and none went
   */
  function makeRoom(range: DynamicRange, places: number): boolean {
    const all = membersOf(range)
    const away = all
      .filter(([name, { keep }]) => keep.running && host.session(name)?.status().shutdown !== true)
      .sort(([, a], [, b]) => (a.keep.dueAt ?? 0) - (b.keep.dueAt ?? 0))
    const surplus = Math.max(0, all.length - places)
    if (surplus > away.length) return false
    for (const [name] of away.slice(0, surplus)) host.remove(name)
    return true
  }

  function rangeAt(address: string): DynamicRange | undefined {
    // A socket that is gone already has none.
    if (ranges.length === 0 || isIP(address) === 0) return undefined
    const parsed = parseAddress(address)
    const covering = ranges.filter(({ range }) => coversPrefix(range, parsed))
    return covering.sort((a, b) => b.range.length - a.range.length)[0]
  }

  /** @returns what a range has become by reloads, where it still decides on an address */
  function successorOf({ name }: DynamicRange, address: string): DynamicRange | undefined {
    const range = rangeAt(address)
    return range?.name === name ? range : undefined
  }

  /** Whether a session that came of an earlier range goes on; then it belongs to today's. */
  function goesOn(name: string, member: Member): boolean {
    const before = host.session(name)?.config
    if (before === undefined) return false
    const { address, asn } = before
    const range = successorOf(member.range, address)
    if (range === undefined || !accepts(range, asn)) return false
    // What the engine was told of it when it came.
    if (range.expected !== member.range.expected) return false
    if (!host.reconfigure({ ...range.template, name, address, asn })) return false
    member.range = range
    if (member.keep.running) keepOn(member)
    return true
  }

  function admit(met: DynamicRange, address: string, asn: number): Session | Refusal {
    // A reload may have come between the connection, signed as the range asked then, and its OPEN.
    const range = successorOf(met, address)
    if (range === undefined || range.template.password !== met.template.password) {
      const why = `${describe(met)} was changed or removed while it connected`
      return { notice: REJECTED, why }
    }
    if (!accepts(range, asn)) {
      const why = `AS ${asn} is none of those accepted from ${describe(range)}`
      return { notice: BAD_PEER_AS, why }
    }
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
    if (!makeRoom(range, range.maxPeers - 1)) {
      const why = `all ${range.maxPeers} sessions of listen.dynamic ${range.name} are taken (maxPeers)`
      return { notice: REJECTED, why }
    }
    members.set(name, {
      range,
      keep: createTimer(host.clock, () => leave(name)),
      awaySince: host.clock.now(),
      everUp: false,
    })
    return host.add({ ...range.template, name, address, asn }, range)
  }

  return {
    get ranges() {
      return ranges
    },
    setRanges(next) {
      ranges = next
      for (const [name, member] of [...members]) {
        if (!goesOn(name, member)) host.remove(name)
      }
    },
    rangeAt,
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

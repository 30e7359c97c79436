/** The sessions of captures: who sends routes to whom. */
import type { FamilyName } from '../prefix/prefix.ts'
import { MessageType, messageTypeName } from '../wire/codes.ts'
import type { CaptureItem, CaptureSession, SettingsSource } from './items.ts'
import { FamilyBit, familiesIn } from './update-families.ts'

/** A session as captures show it: all that one speaker sends to another, over all connections. */
export interface FoundSession {
  /** For instance `192.0.2.1 AS64501`; unique. */
  name: string
  readonly address: string
  /** null: no OPEN was captured. */
  asn: number | null
  /** null: a RIB dump does not say. */
  destination: string | null
  /** Of the destination; null: not known. */
  localAsn: number | null
  /** Families of the routes. */
  readonly families: Set<FamilyName>
  /** RIB entries with path identifiers were there, by family. */
  readonly ribPaths: { ipv4: boolean; ipv6: boolean }
  /** By type, such as `UPDATE`. */
  readonly messages: Record<string, number>
  ribEntries: number
  /** How it was known whether AS numbers have four octets. */
  as4From: SettingsSource
  /** Its first message is no OPEN: the captures do not show how it began. */
  midStream: boolean
  lostOctets: number
  unparsedOctets: number
}

/** More sessions than any capture shows; a damaged file may name any number. */
const MAX_SESSIONS = 10_000

function compatible<T>(a: T | null, b: T | null): boolean {
  return a === null || b === null || a === b
}

export interface Census {
  /** In the order of their first item. */
  readonly sessions: readonly FoundSession[]
  /** Milliseconds since the epoch: time of the first item; undefined without any. */
  readonly firstTime: number | undefined
  /** Items that belong to none because there are too many sessions. */
  readonly overflow: number
  count(item: CaptureItem): void
  /** The session of a direction; undefined when it was never counted. */
  find(session: CaptureSession): FoundSession | undefined
  /** The session that the other side has with it. */
  findReverse(session: CaptureSession): FoundSession | undefined
}

function nameSession(found: FoundSession, others: readonly FoundSession[]): string {
  const base = found.asn === null ? found.address : `${found.address} AS${found.asn}`
  const twins = others.filter(
    (other) => other !== found && other.address === found.address && other.asn === found.asn,
  )
  return twins.length > 0 && found.destination !== null ? `${base} to ${found.destination}` : base
}

/** @returns a census that is empty; tell it each item of all files */
export function createCensus(): Census {
  const sessions: FoundSession[] = []
  const byAddress = new Map<string, FoundSession[]>()
  const known = new WeakMap<CaptureSession, { asn: number | null; found: FoundSession }>()
  let firstTime: number | undefined
  let overflow = 0

  function look(
    address: string | null,
    asn: number | null,
    destination: string | null,
  ): FoundSession | undefined {
    const candidates = byAddress.get(address ?? '') ?? []
    const fitting = candidates.filter(
      (found) => compatible(found.asn, asn) && compatible(found.destination, destination),
    )
    return (
      fitting.find((found) => found.asn === asn && found.destination === destination) ?? fitting[0]
    )
  }

  function create(session: CaptureSession, address: string): FoundSession | undefined {
    if (sessions.length >= MAX_SESSIONS) return undefined
    const found: FoundSession = {
      name: '',
      address,
      asn: session.source.asn,
      destination: session.destination.address,
      localAsn: session.destination.asn,
      families: new Set(),
      ribPaths: { ipv4: false, ipv6: false },
      messages: {},
      ribEntries: 0,
      as4From: session.as4From,
      midStream: false,
      lostOctets: 0,
      unparsedOctets: 0,
    }
    sessions.push(found)
    byAddress.set(address, [...(byAddress.get(address) ?? []), found])
    return found
  }

  function find(session: CaptureSession): FoundSession | undefined {
    const { source, destination } = session
    const cached = known.get(session)
    if (cached && cached.asn === source.asn) return cached.found
    const found = look(source.address, source.asn, destination.address)
    if (found) known.set(session, { asn: source.asn, found })
    return found
  }

  function countIn(found: FoundSession, item: CaptureItem): void {
    if (item.kind === 'gap') {
      found.lostOctets += item.lost
      found.unparsedOctets += item.unparsed
    } else if (item.kind === 'rib') {
      const family = item.prefix.family === 1 ? 'ipv4' : 'ipv6'
      found.ribEntries++
      found.families.add(family)
      if (item.pathId !== null) found.ribPaths[family] = true
    } else if (item.kind === 'message') {
      const type = messageTypeName[item.type as MessageType] ?? `type ${item.type}`
      const first = Object.keys(found.messages).length === 0
      if (first && item.type !== MessageType.open) found.midStream = true
      found.messages[type] = (found.messages[type] ?? 0) + 1
      if (item.type !== MessageType.update) return
      const families = familiesIn(item.view, item.start, item.end)
      if (families & FamilyBit.ipv4) found.families.add('ipv4')
      if (families & FamilyBit.ipv6) found.families.add('ipv6')
      found.as4From = item.session.as4From
    }
  }

  return {
    get sessions() {
      for (const found of sessions) found.name = nameSession(found, sessions)
      return sessions
    },
    get firstTime() {
      return firstTime
    },
    get overflow() {
      return overflow
    },
    find,
    findReverse: ({ source, destination }) =>
      look(destination.address, destination.asn, source.address),
    count(item) {
      firstTime = Math.min(firstTime ?? item.time, item.time)
      const { source, destination } = item.session
      // AS 0 is nobody (RFC 7607): a RIB dump names the collector's own routes so.
      if (source.address === null || source.asn === 0) return
      const found = find(item.session) ?? create(item.session, source.address)
      if (found === undefined) {
        overflow++
        return
      }
      found.asn ??= source.asn
      found.destination ??= destination.address
      found.localAsn ??= destination.asn
      countIn(found, item)
    },
  }
}

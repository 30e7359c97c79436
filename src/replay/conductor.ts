/** Leads one engine through a capture: sessions come up and go down as the messages say. */
import { Family, type FamilyName, familyNames } from '../prefix/prefix.ts'
import { MAX_EXTENDED_MESSAGE_LENGTH, MessageType } from '../wire/codes.ts'
import { ProtocolError } from '../wire/errors.ts'
import { checkHeader } from '../wire/header.ts'
import type { DecodeSettings } from '../wire/messages.ts'
import { decodeRouteRefresh, RefreshSubtype } from '../wire/route-refresh.ts'
import { encodeEndOfRib } from '../wire/update-values.ts'
import type { CaptureSession, MessageItem, RibItem, StateItem } from './items.ts'
import { ribUpdate } from './rib-update.ts'

/** What a conductor needs of an engine; times are milliseconds since the epoch. */
export interface ReplayEngine {
  sessionUp(
    name: string,
    up: {
      readonly families: readonly FamilyName[]
      readonly remoteAsn: number
      readonly decode: DecodeSettings
      readonly peerAddress?: string
    },
    now: number,
  ): void
  sessionDown(name: string, now: number): void
  receiveUpdate(name: string, view: DataView, start: number, end: number, now: number): unknown
  refreshBoundary(name: string, family: FamilyName, boundary: 'begin' | 'end', now: number): void
  flush(now: number): unknown
}

/** A session that is replayed. */
export interface ReplaySession {
  readonly name: string
  readonly families: readonly FamilyName[]
  readonly asn: number
  /** The peer's address, IPv4 or IPv6 text. */
  readonly address?: string
  /** RIB entries with path identifiers will come, by family. */
  readonly ribPaths: Readonly<Record<FamilyName, boolean>>
}

/** What happened to one session. */
export interface ReplayTally {
  updates: number
  /** UPDATEs and other messages for which a daemon would have closed the session; passed over here. */
  refused: number
  /** Why the first of them was refused, one sentence. */
  firstRefused: string | null
  /** RIB entries that could not be made into an UPDATE. */
  unusableRib: number
  /** Times it went down. */
  downs: number
}

const ESTABLISHED = 6

function sameSettings(a: DecodeSettings, b: DecodeSettings): boolean {
  return (
    a === b ||
    (a.as4 === b.as4 &&
      a.external === b.external &&
      a.addPathIpv4 === b.addPathIpv4 &&
      a.addPathIpv6 === b.addPathIpv6 &&
      a.extendedNextHop === b.extendedNextHop)
  )
}

/**
 * @param engine has the session already
 * @returns takes the items of the session's direction, in order
 */
export function conductSession(engine: ReplayEngine, session: ReplaySession) {
  const tally: ReplayTally = {
    updates: 0,
    refused: 0,
    firstRefused: null,
    unusableRib: 0,
    downs: 0,
  }
  let settings: DecodeSettings | undefined
  let upSince = 0
  /** The connection that it is up on, or was. */
  let connection: CaptureSession | undefined
  /** The connection ended or was told to: only an OPEN brings it up again. */
  let closed = false
  let fromRib = false

  function up(decode: DecodeSettings, now: number): void {
    if (settings !== undefined && sameSettings(settings, decode)) return
    // Settings that become known later do not make the session younger.
    if (settings === undefined) upSince = now
    settings = decode
    engine.sessionUp(
      session.name,
      {
        families: session.families,
        remoteAsn: session.asn,
        decode,
        ...(session.address !== undefined && { peerAddress: session.address }),
      },
      upSince,
    )
  }

  function down(now: number): void {
    if (settings === undefined) return
    settings = undefined
    fromRib = false
    tally.downs++
    engine.sessionDown(session.name, now)
  }

  /** RFC 7606 and RFC 4271 would end the session; the one that was captured went on, and so does this. */
  function attempt(action: () => void): boolean {
    try {
      action()
      return true
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      tally.refused++
      tally.firstRefused ??= error.message
      return false
    }
  }

  function refresh(item: MessageItem, now: number): void {
    const { afi, safi, subtype } = decodeRouteRefresh(item.view, item.start, item.end)
    const family = afi === Family.ipv4 ? 'ipv4' : afi === Family.ipv6 ? 'ipv6' : undefined
    if (family === undefined || safi !== 1 || settings === undefined) return
    if (subtype === RefreshSubtype.beginOfRefresh)
      engine.refreshBoundary(session.name, family, 'begin', now)
    if (subtype === RefreshSubtype.endOfRefresh)
      engine.refreshBoundary(session.name, family, 'end', now)
  }

  function tableComplete(now: number): void {
    if (settings === undefined) return
    for (const family of familyNames) {
      const octets = encodeEndOfRib(Family[family])
      const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
      attempt(() => engine.receiveUpdate(session.name, view, 0, octets.byteLength, now))
    }
    engine.flush(now)
  }

  function open(item: MessageItem, now: number): void {
    down(now)
    closed = false
    connection = item.session
  }

  /** The connection ended, or its source ended the session. */
  function close(on: CaptureSession, now: number): void {
    if (connection !== undefined && connection !== on) return
    connection = on
    closed = true
    down(now)
  }

  return {
    tally,
    /** Whether it is Established. */
    get established(): boolean {
      return settings !== undefined
    },
    /** A message that its source sent. */
    message(item: MessageItem, now: number): void {
      // A capture may hold what a frame reader would never let through.
      if (!attempt(() => checkHeader(item.view, item.start, MAX_EXTENDED_MESSAGE_LENGTH))) return
      if (item.type === MessageType.open) {
        open(item, now)
        return
      }
      if (item.type === MessageType.notification) {
        close(item.session, now)
        return
      }
      if (closed && connection === item.session) return
      closed = false
      connection = item.session
      up(item.session.settings, now)
      if (item.type === MessageType.routeRefresh) attempt(() => refresh(item, now))
      if (item.type !== MessageType.update) return
      tally.updates++
      attempt(() => engine.receiveUpdate(session.name, item.view, item.start, item.end, now))
      engine.flush(now)
    },
    close,
    /** The other direction, `by`, ended the session. */
    closedByPeer(by: CaptureSession, now: number): void {
      const another =
        connection !== undefined &&
        (connection.source.port !== by.destination.port ||
          connection.destination.port !== by.source.port)
      if (another) return
      closed = true
      down(now)
    },
    /** RFC 6396 §4.4.1: the collector tells of its state machine. */
    state({ session: on, to }: StateItem, now: number): void {
      if (to === ESTABLISHED) {
        closed = false
        connection = on
        up(on.settings, now)
      } else down(now)
    },
    /** A route of a RIB dump: the session is up, and had sent it. */
    rib(item: RibItem, now: number): void {
      const { ribPaths } = session
      const decode = { ...item.session.settings }
      up({ ...decode, addPathIpv4: ribPaths.ipv4, addPathIpv6: ribPaths.ipv6 }, now)
      fromRib = true
      const paths = item.prefix.family === Family.ipv4 ? ribPaths.ipv4 : ribPaths.ipv6
      const octets = ribUpdate(item, paths)
      if (octets === undefined) {
        tally.unusableRib++
        return
      }
      const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
      attempt(() => engine.receiveUpdate(session.name, view, 0, octets.byteLength, now))
      engine.flush(now)
    },
    /** The RIB dump is over: what it did not hold, the session does not have. */
    endOfDump(now: number): void {
      if (fromRib) tableComplete(now)
      fromRib = false
    },
    /** The capture is over: its end stands for End-of-RIB where none came. */
    endOfCapture(now: number): void {
      tableComplete(now)
    },
  }
}

export type Conductor = ReturnType<typeof conductSession>

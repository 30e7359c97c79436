/** Accepted connections that belong to no session yet: whose are they, and who is refused. */
import type { Socket } from 'node:net'
import { CeaseSubcode, ErrorCode, MessageType, OpenSubcode } from '../wire/codes.ts'
import { encodeNotification } from '../wire/notification.ts'
import { decodeOpen, openAsn, validateOpen } from '../wire/open.ts'
import { canonicalAddress, formatEndpoint } from './address.ts'
import { createTimer, type Timer } from './clock.ts'
import { type Connection, type ConnectionPool, createConnection } from './connection.ts'
import type { DynamicPeers, DynamicRange } from './dynamic.ts'
import type { Notice } from './events.ts'
import { bareNotice, ceaseNotice } from './notices.ts'
import { copyMessage } from './parking.ts'
import type { Refusal, Session } from './session.ts'
import type { SessionConfig, SessionListener } from './types.ts'

/** Connections that are being refused: they may take two seconds to read why. */
const MAX_REFUSED = 128
/** Connections from one address that wait for the OPEN that tells whose they are. */
const MAX_WAITING = 32
/** Connections from ranges that wait for their OPEN: a range has more addresses than we have room. */
const MAX_STRANGERS = 128
/** How long a peer may take to send the OPEN that tells who it is. */
const OPEN_LIMIT_MS = 30_000

function canonicalLocal({ localAddress }: SessionConfig): string | undefined {
  return localAddress === undefined ? undefined : canonicalAddress(localAddress)
}

export interface Incoming {
  /** Takes an accepted socket. */
  accept(socket: Socket): void
  /** Closes those that wait. */
  close(notice: Notice): void
}

/** RFC 6608 §3 has no subcode for a message before our own OPEN. */
const UNEXPECTED = bareNotice(ErrorCode.finiteStateMachine)
const REJECTED = ceaseNotice(CeaseSubcode.connectionRejected)

/**
 * Makes the place where connections wait for their session.
 * @param sessionsAt the sessions of a remote address
 * @param dynamic gives sessions to peers that have none
 */
export function createIncoming(
  pool: ConnectionPool,
  listener: Pick<SessionListener, 'refused'>,
  sessionsAt: (address: string) => readonly Session[],
  dynamic: Pick<DynamicPeers, 'rangeAt' | 'has' | 'admit'>,
): Incoming {
  /** Wait for their OPEN, with the timer that ends it. */
  const waiting = new Map<Connection, Timer>()
  /** Were told why they go, and are not gone yet. */
  const leaving = new Set<Connection>()
  /** Those of `waiting` that come from a range. */
  const strangers = new Set<Connection>()

  function accept(socket: Socket): void {
    const connection = createConnection(pool, socket, false)
    const { remoteAddress, remotePort } = connection
    socket.once('close', () => {
      forget(connection)
      leaving.delete(connection)
    })
    const candidates = sessionsTo(connection)
    const range = candidates.every(({ config }) => dynamic.has(config.name))
      ? dynamic.rangeAt(remoteAddress)
      : undefined
    if (range !== undefined) {
      meet(connection, socket, range, candidates)
      return
    }
    const [only, ...others] = candidates
    if (only === undefined) {
      refuse(connection, REJECTED, `no session has the address ${remoteAddress}`)
      return
    }
    // A peer that no session may hear is not even asked for its OPEN.
    const doubts = candidates.map(({ config }) => pool.security.judge(socket, config))
    if (doubts.every((doubt) => doubt !== undefined)) {
      drop(connection, candidates, doubts[0] ?? '')
      return
    }
    const samePort = candidates.filter((each) => each.config.port === remotePort)
    const [named] = samePort
    if (samePort.length === 1 && named !== undefined) bind(connection, socket, named)
    else if (others.length === 0) bind(connection, socket, only)
    else awaitOpen(connection, socket)
  }

  /** The peer of a range says with its OPEN which AS it is, before anything is made for it. */
  function meet(
    connection: Connection,
    socket: Socket,
    range: DynamicRange,
    sessions: readonly Session[],
  ): void {
    const doubt = pool.security.judge(socket, range.template)
    if (doubt !== undefined) drop(connection, sessions, doubt)
    else if (strangers.size < MAX_STRANGERS) {
      strangers.add(connection)
      awaitOpen(connection, socket, range)
    } else {
      const why = `${MAX_STRANGERS} connections from ranges wait for their OPEN already`
      refuse(connection, REJECTED, why)
    }
  }

  /**
   * The sessions that a connection can be for. Several with one peer, as in a mesh with a route server, are
   * told apart by the address of ours that it came to, where they have one.
   */
  function sessionsTo({ remoteAddress, localAddress }: Connection): readonly Session[] {
    const all = sessionsAt(remoteAddress)
    const here = all.filter(({ config }) => canonicalLocal(config) === localAddress)
    return all.length > 1 && here.length > 0 ? here : all
  }

  function forget(connection: Connection): void {
    strangers.delete(connection)
    waiting.get(connection)?.stop()
    waiting.delete(connection)
  }

  /** Without `notice` the peer is told nothing, as when very many are being refused. */
  function refuse(connection: Connection, notice: Notice | undefined, why: string): void {
    forget(connection)
    if (leaving.size < MAX_REFUSED) {
      leaving.add(connection)
      connection.close(notice && encodeNotification(notice))
    } else {
      connection.destroy()
    }
    listener.refused(connection.remoteAddress, connection.remotePort, why)
  }

  /** RFC 5082 §3: what may come from elsewhere is dropped without a word to whoever sent it. */
  function drop(connection: Connection, sessions: readonly Session[], why: string): void {
    const { remoteAddress, remotePort } = connection
    forget(connection)
    connection.destroy()
    listener.refused(remoteAddress, remotePort, why)
    const from = formatEndpoint(remoteAddress, remotePort)
    for (const session of sessions) session.note(`refused the connection from ${from}: ${why}`)
  }

  function bind(connection: Connection, socket: Socket, session: Session, open?: Uint8Array): void {
    const { security } = pool
    const doubt = security.judge(socket, session.config) ?? security.limit(socket, session.config)
    if (doubt !== undefined) {
      drop(connection, [session], doubt)
      return
    }
    const refused = session.accept(connection, open)
    if (refused === undefined) forget(connection)
    else refuse(connection, refused.notice, refused.why)
  }

  /** A flood from one address leaves the others room. */
  function waitingAt(address: string): number {
    let count = 0
    for (const { remoteAddress } of waiting.keys()) if (remoteAddress === address) count++
    return count
  }

  /** Several sessions have the address, or none yet: the AS number in the peer's OPEN decides. */
  function awaitOpen(connection: Connection, socket: Socket, range?: DynamicRange): void {
    const { remoteAddress, remotePort } = connection
    if (waitingAt(remoteAddress) >= MAX_WAITING) {
      const why = `${MAX_WAITING} connections from ${remoteAddress} wait for a session already`
      refuse(connection, REJECTED, why)
      return
    }
    connection.handlers = {
      frame(type, view, start, end) {
        if (type !== MessageType.open) {
          // RFC 4271 §6.4: no NOTIFICATION answers a NOTIFICATION.
          const notice = type === MessageType.notification ? undefined : UNEXPECTED
          refuse(connection, notice, 'its first message was no OPEN')
          return
        }
        const open = decodeOpen(view, start, end)
        validateOpen(open)
        const asn = openAsn(open)
        const found =
          range === undefined
            ? sessionOf(connection, asn)
            : dynamic.admit(range, remoteAddress, asn)
        if ('why' in found) refuse(connection, found.notice, found.why)
        else bind(connection, socket, found, copyMessage(view, start, end))
      },
      chunkDone() {},
      broken(error) {
        refuse(connection, error, error.message)
      },
      closed(why) {
        forget(connection)
        listener.refused(remoteAddress, remotePort, `${why} before its OPEN`)
      },
    }
    const limit = createTimer(pool.clock, () =>
      refuse(connection, REJECTED, `it sent no OPEN within ${OPEN_LIMIT_MS / 1000} s`),
    )
    limit.start(OPEN_LIMIT_MS)
    waiting.set(connection, limit)
  }

  function sessionOf(connection: Connection, asn: number): Session | Refusal {
    const { remoteAddress: address } = connection
    const candidates = sessionsTo(connection)
    const sameAs = candidates.filter((each) => each.config.asn === asn)
    const [found, ...others] = sameAs
    if (found === undefined) {
      const known = [...new Set(candidates.map((each) => each.config.asn))].join(', ')
      const why = `no session at ${address} has AS ${asn}, expected one of ${known}`
      return { notice: BAD_PEER_AS, why }
    }
    if (others.length === 0) return found
    const names = sameAs.map((each) => each.config.name).join(', ')
    return {
      notice: REJECTED,
      why: `sessions ${names} have the same address and AS number ${asn}: the source port must tell them apart`,
    }
  }

  return {
    accept,
    close(notice) {
      for (const connection of waiting.keys()) connection.close(encodeNotification(notice))
    },
  }
}

const BAD_PEER_AS: Notice = {
  code: ErrorCode.openMessage,
  subcode: OpenSubcode.badPeerAs,
  data: new Uint8Array(0),
}

/** One TCP connection: octets to messages, messages to octets, and a polite end. Decides nothing. */
import type { Socket } from 'node:net'
import { ProtocolError } from '../wire/errors.ts'
import { createFrameReader, type FrameReader } from '../wire/frame-reader.ts'
import { canonicalAddress, describeSocketError, formatEndpoint } from './address.ts'
import { roomBefore } from './shared-buffer.ts'
import {
  createSocketSecurity,
  type Secured,
  type SocketSecurity,
  SocketSecurityError,
  silenceHint,
} from './socket-security.ts'
import type { Clock } from './types.ts'

/** Octets that may wait for a peer that does not read. */
const MAX_BACKLOG = (1 << 20) + (1 << 16)
/** How long a closed connection may take to deliver its last message. */
const CLOSE_LIMIT_MS = 2000
/** TCP's own probes find a dead peer where BGP's hold time is 0. */
const TCP_KEEPALIVE_MS = 60_000

/** Whoever reads a connection. Nothing is called after `close` or `destroy`. */
export interface ConnectionHandlers {
  /**
   * A whole message, header checked; valid only during the call. May throw ProtocolError.
   * @param receivedAt milliseconds since the epoch: when its chunk came
   */
  frame(type: number, view: DataView, start: number, end: number, receivedAt: number): void
  /**
   * Asked first: may take several messages at once (`FrameSink.batch`). May throw ProtocolError.
   * @returns behind the last message that it took: `start`, if it takes none
   */
  batch?(view: DataView, start: number, end: number, limit: number, receivedAt: number): number
  /** All messages of a chunk were handed over; `readAt` is performance.now() when it came. */
  chunkDone(readAt: number): void
  /** A header was wrong, or `frame` threw; no message follows. */
  broken(error: ProtocolError): void
  /** The peer closed, or the connection failed; `why` is a sentence. Called once. */
  closed(why: string): void
}

export interface Connection {
  readonly outgoing: boolean
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  handlers: ConnectionHandlers
  /** The longest message that is accepted. */
  maxLength: number
  /** Milliseconds since the epoch: when the chunk at hand came. */
  readonly receivedAt: number
  /** Milliseconds since the epoch since when the peer takes no octet of those that wait, else null. */
  readonly blockedSince: number | null
  /**
   * Sends octets, which the caller no longer changes.
   * @param backlog octets that may wait, these included; absent: as many as a connection may hold
   * @returns false when too many would wait, or the connection is closed; then nothing was sent
   */
  write(bytes: Uint8Array, backlog?: number): boolean
  /** Calls back once, when no octet waits or the connection is gone. */
  whenDrained(callback: () => void): void
  /** Delivers what waits and `last`, then closes; by force after a short time. */
  close(last?: Uint8Array): void
  destroy(): void
}

/** The connections that exist, so that an orderly end can wait for them. */
export interface ConnectionPool {
  readonly clock: Clock
  /** What makes and judges sockets as sessions ask for it. */
  readonly security: SocketSecurity
  readonly open: Set<Connection>
  /** Called whenever a connection is gone. */
  gone: () => void
}

/** No connection yet. */
export function createPool(
  clock: Clock,
  security: SocketSecurity = createSocketSecurity(),
): ConnectionPool {
  return { clock, security, open: new Set(), gone: () => {} }
}

const nobody: ConnectionHandlers = {
  frame() {},
  chunkDone() {},
  broken() {},
  closed() {},
}

/** Takes over a connected socket. */
export function createConnection(
  pool: ConnectionPool,
  socket: Socket,
  outgoing: boolean,
): Connection {
  const { clock } = pool
  let cancelLimit: (() => void) | undefined
  let receivedAt = clock.now()
  let blockedSince: number | null = null
  const drained: (() => void)[] = []
  let handlers = nobody
  const reader: FrameReader = createFrameReader({
    // Every message comes this way: nothing is asked of `connection`, whose accessors V8 looks up by name.
    frame: (type, view, start, end) => handlers.frame(type, view, start, end, receivedAt),
    batch: (view, start, end, limit) =>
      handlers.batch?.(view, start, end, limit, receivedAt) ?? start,
  })

  const connection: Connection = {
    outgoing,
    remoteAddress: canonicalAddress(socket.remoteAddress ?? ''),
    remotePort: socket.remotePort ?? 0,
    localAddress: canonicalAddress(socket.localAddress ?? ''),
    get handlers() {
      return handlers
    },
    set handlers(next) {
      handlers = next
    },
    get maxLength() {
      return reader.maxLength
    },
    set maxLength(octets) {
      reader.maxLength = octets
    },
    get receivedAt() {
      return receivedAt
    },
    get blockedSince() {
      return blockedSince
    },
    write,
    whenDrained(callback) {
      if (socket.writableLength === 0 || socket.destroyed) callback()
      else drained.push(callback)
    },
    close,
    destroy() {
      silence()
      socket.destroy()
    },
  }

  function write(bytes: Uint8Array, backlog = MAX_BACKLOG): boolean {
    if (!socket.writable || socket.writableLength + bytes.length > backlog) return false
    blockedSince ??= clock.now()
    socket.write(bytes, written)
    return true
  }

  function written(): void {
    blockedSince = socket.writableLength > 0 ? clock.now() : null
    if (blockedSince === null) callDrained()
  }

  function callDrained(): void {
    for (const callback of drained.splice(0)) callback()
  }

  function silence(): void {
    handlers = nobody
    reader.stop()
  }

  function close(last?: Uint8Array): void {
    silence()
    if (socket.destroyed || cancelLimit !== undefined) return
    // What the peer still sends is read and dropped: octets left unread would turn our FIN into a
    // RST, which may overtake the NOTIFICATION.
    // A peer whose packets are dropped for their TTL hears no FIN either, and would keep its side.
    cancelLimit = clock.after(CLOSE_LIMIT_MS, () => socket.resetAndDestroy())
    if (last === undefined) socket.end()
    else socket.end(last)
  }

  function lost(why: string): void {
    const told = handlers
    silence()
    told.closed(why)
  }

  function received(chunk: Uint8Array): void {
    const readAt = performance.now()
    receivedAt = clock.now()
    try {
      reader.push(chunk, roomBefore(chunk))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      handlers.chunkDone(readAt)
      handlers.broken(error)
      return
    }
    handlers.chunkDone(readAt)
  }

  const remote = formatEndpoint(connection.remoteAddress, connection.remotePort)
  socket.setNoDelay(true)
  socket.setKeepAlive(true, TCP_KEEPALIVE_MS)
  socket.on('data', received)
  socket.on('end', () => lost(`${remote} closed the connection`))
  socket.on('error', (error) => lost(describeSocketError(error, remote)))
  socket.on('close', () => {
    cancelLimit?.()
    lost(`the connection to ${remote} was closed`)
    pool.open.delete(connection)
    callDrained()
    pool.gone()
  })
  pool.open.add(connection)
  return connection
}

/** Whoever waits for a connection that is being opened; one of the two is called, once. */
export interface DialHandlers {
  connected(connection: Connection): void
  failed(why: string): void
}

/** Where to connect to, and how. */
export interface DialTarget extends Secured {
  readonly port: number
  /** The source address; absent: the system chooses. */
  readonly localAddress?: string
}

/**
 * Opens a connection.
 * @returns gives up; neither handler is called any more
 */
export function dial(pool: ConnectionPool, target: DialTarget, handlers: DialHandlers): () => void {
  const { address, port, localAddress } = target
  let socket: Socket
  try {
    socket = pool.security.openSocket(target)
  } catch (error) {
    if (!(error instanceof SocketSecurityError)) throw error
    return pool.clock.after(0, () => handlers.failed(error.message))
  }
  socket.connect({ host: address, port, ...(localAddress === undefined ? {} : { localAddress }) })
  const failed = (error: NodeJS.ErrnoException) => {
    const hint = error.code === 'ETIMEDOUT' ? silenceHint(target) : ''
    const remote = formatEndpoint(address, port)
    handlers.failed(`${describeSocketError(error, remote, localAddress)}${hint}`)
  }
  const connected = () => {
    socket.off('error', failed)
    handlers.connected(createConnection(pool, socket, true))
  }
  socket.once('error', failed)
  socket.once('connect', connected)
  return () => {
    socket.off('connect', connected)
    socket.off('error', failed)
    // A socket without a listener for its errors would end the process.
    socket.on('error', () => {})
    socket.destroy()
  }
}

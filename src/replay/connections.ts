/** TCP connections of a capture: which of them are BGP, and what is said on them. */
import { MAX_EXTENDED_MESSAGE_LENGTH, MAX_MESSAGE_LENGTH, MessageType } from '../wire/codes.ts'
import {
  assumedSettings,
  type CaptureEndpoint,
  type CaptureSession,
  type CaptureSink,
  type CloseItem,
} from './items.ts'
import { GIVE_UP_AFTER, type MessageFramer, messageFramer } from './message-framer.ts'
import { inferAs4, learnFromOpens, type OpenFacts, readOpenFacts } from './negotiation.ts'
import { type Segment, TcpFlag } from './segments.ts'
import { type TcpStream, tcpStream } from './tcp-stream.ts'

const BGP_PORT = 179
/** Connections that are followed at a time; the one that was silent longest makes room. */
const MAX_CONNECTIONS = 2048

interface Direction {
  readonly session: CaptureSession
  readonly stream: TcpStream
  readonly framer: MessageFramer
  open: OpenFacts | undefined
}

interface Connection {
  /** The direction whose source is the lesser key, then the other. */
  readonly directions: readonly [Direction, Direction]
  closed: boolean
  /** Neither port is BGP's and nothing looked like it. */
  ignored: boolean
}

export interface ConnectionCounts {
  /** TCP connections seen. */
  connections: number
  /** Those on which BGP messages were found. */
  bgpConnections: number
  /** Those that were left because too many were open at a time. */
  forgotten: number
}

function endpoint(key: string): CaptureEndpoint & { readonly port: number } {
  const blank = key.indexOf(' ')
  return { address: key.slice(0, blank), port: Number(key.slice(blank + 1)), asn: null }
}

/**
 * Follows the TCP connections of a capture and tells what is said on those that are BGP.
 * @param sink gets messages, gaps and the ends of connections
 * @param counts kept up to date
 */
export function connectionTable(sink: CaptureSink, counts: ConnectionCounts) {
  const table = new Map<string, Connection>()
  let lastId = 0
  let lastTime = 0

  function message(
    connection: Connection,
    side: 0 | 1,
    time: number,
    type: number,
    view: DataView,
    start: number,
    end: number,
  ): void {
    const direction = connection.directions[side]
    const other = connection.directions[side === 0 ? 1 : 0]
    const { session } = direction
    if (type === MessageType.open) {
      direction.open = readOpenFacts(view, start, end)
      learnFromOpens(session, direction.open, other.open)
      learnFromOpens(other.session, other.open, direction.open)
    } else if (type === MessageType.update && session.as4From === 'assumed') {
      const as4 = inferAs4(view, start, end)
      if (as4 !== undefined) {
        session.settings = { ...session.settings, as4 }
        session.as4From = 'inferred'
      }
    }
    sink({ kind: 'message', time, session, type, view, start, end })
  }

  function makeDirection(
    connection: () => Connection,
    side: 0 | 1,
    from: string,
    to: string,
  ): Direction {
    const session: CaptureSession = {
      id: ++lastId,
      source: endpoint(from),
      destination: endpoint(to),
      settings: assumedSettings,
      as4From: 'assumed',
      extendedMessages: true,
    }
    const onBgpPort = session.source.port === BGP_PORT || session.destination.port === BGP_PORT
    const framer = messageFramer(
      {
        message: (time, type, view, start, end) =>
          message(connection(), side, time, type, view, start, end),
        unparsed: (time, unparsed) => sink({ kind: 'gap', time, session, lost: 0, unparsed }),
        maxLength: () =>
          session.extendedMessages ? MAX_EXTENDED_MESSAGE_LENGTH : MAX_MESSAGE_LENGTH,
      },
      !onBgpPort,
    )
    const stream = tcpStream({
      data: (time, view, start, end) => framer.push(time, view, start, end),
      lost: (time, lost) => {
        framer.interrupt(time)
        if (framer.recognised) sink({ kind: 'gap', time, session, lost, unparsed: 0 })
      },
    })
    return { session, stream, framer, open: undefined }
  }

  function begin(key: string, from: string, to: string): Connection {
    for (const [oldest, old] of table) {
      if (table.size < MAX_CONNECTIONS) break
      end(old, lastTime, 'forgotten')
      table.delete(oldest)
      counts.forgotten++
    }
    const itself = () => connection
    const [lesser, greater] = from < to ? [from, to] : [to, from]
    const connection: Connection = {
      directions: [
        makeDirection(itself, 0, lesser, greater),
        makeDirection(itself, 1, greater, lesser),
      ],
      closed: false,
      ignored: false,
    }
    counts.connections++
    table.set(key, connection)
    return connection
  }

  /** Gives out what is held and, once, tells that the connection ended. */
  function end(connection: Connection, time: number, reason: CloseItem['reason'] | null): void {
    for (const { stream, framer } of connection.directions) {
      stream.flush(time)
      framer.interrupt(time)
    }
    if (connection.closed || reason === null) return
    connection.closed = true
    for (const { session, framer } of connection.directions) {
      if (framer.recognised) sink({ kind: 'close', time, session, reason })
    }
  }

  /** A SYN that begins another connection between the same ports. */
  function isAnother(stream: TcpStream, segment: Segment, connection: Connection): boolean {
    if ((segment.flags & TcpFlag.syn) === 0) return false
    if (stream.initialSequence !== undefined) return stream.initialSequence !== segment.sequence
    return connection.closed || (stream.started && (segment.flags & TcpFlag.ack) === 0)
  }

  function find(key: string, segment: Segment, side: 0 | 1, time: number): Connection | undefined {
    const known = table.get(key)
    if (known && !isAnother(known.directions[side].stream, segment, known)) {
      // Most recently used last.
      table.delete(key)
      table.set(key, known)
      return known
    }
    if (known) {
      end(known, time, 'replaced')
      table.delete(key)
    }
    const empty = segment.end === segment.start && segment.missing === 0
    const isSyn = (segment.flags & TcpFlag.syn) !== 0
    // The tail of a connection that was never seen says nothing.
    if (empty && !isSyn) return undefined
    return begin(key, segment.source, segment.destination)
  }

  function judgeIgnored(connection: Connection): void {
    const [a, b] = connection.directions
    if (a.framer.recognised || b.framer.recognised) return
    const onBgpPort = a.session.source.port === BGP_PORT || b.session.source.port === BGP_PORT
    if (onBgpPort || a.framer.skipped + b.framer.skipped < GIVE_UP_AFTER) return
    connection.ignored = true
    for (const { stream, framer } of connection.directions) {
      stream.flush(lastTime)
      framer.interrupt(lastTime)
    }
  }

  function finish(connection: Connection, direction: Direction, segment: Segment, time: number) {
    const { flags } = segment
    if (flags & TcpFlag.fin) {
      const octets = segment.end - segment.start + segment.missing
      direction.stream.finish((segment.sequence + octets) >>> 0)
    }
    if (flags & TcpFlag.rst) end(connection, time, 'reset')
    else if (connection.directions.every(({ stream }) => stream.ended)) end(connection, time, 'fin')
  }

  return {
    /** The next TCP segment of the capture. */
    segment(time: number, segment: Segment): void {
      lastTime = time
      const side = segment.source < segment.destination ? 0 : 1
      const [a, b] =
        side === 0 ? [segment.source, segment.destination] : [segment.destination, segment.source]
      const connection = find(`${a}|${b}`, segment, side, time)
      if (connection === undefined || connection.ignored) return
      const direction = connection.directions[side]
      const known = direction.framer.recognised
      const { flags, sequence } = segment
      const syn = (flags & TcpFlag.syn) !== 0
      if (syn && !direction.stream.started) direction.stream.begin(sequence)
      if (flags & TcpFlag.ack) {
        connection.directions[side === 0 ? 1 : 0].stream.acknowledge(time, segment.acknowledgment)
      }
      const from = syn ? (sequence + 1) >>> 0 : sequence
      const { view, start, end: stop, missing } = segment
      direction.stream.receive(time, from, view, start, stop, missing, syn)
      if (!known && direction.framer.recognised) {
        if (!connection.directions[side === 0 ? 1 : 0].framer.recognised) counts.bgpConnections++
      }
      judgeIgnored(connection)
      if (flags & (TcpFlag.fin | TcpFlag.rst)) finish(connection, direction, segment, time)
    },
    /** The capture is over: what is held is given out; connections that are open stay so. */
    flush(): void {
      for (const connection of table.values()) end(connection, lastTime, null)
      table.clear()
    },
  }
}

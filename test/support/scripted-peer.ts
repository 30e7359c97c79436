/** A BGP peer that does what a test tells it, over a real socket; messages are built by hand here. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What the peer's OPEN says; AS 64501, hold time 90, identifier 192.0.2.2 unless given. */
export interface PeerOpen {
  readonly version?: number
  readonly asn?: number
  readonly holdTime?: number
  readonly id?: string
  /** Capabilities as [code, value octets]; IPv4 unicast and 4-octet AS unless given. */
  readonly capabilities?: readonly (readonly [code: number, value: readonly number[]])[]
}

function u16(value: number): number[] {
  return [value >> 8, value & 255]
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value & 0xffff)]
}

/** RFC 4271 §4.1. */
export function message(type: number, body: readonly number[] = []): Buffer {
  return Buffer.from([...Array(16).fill(255), ...u16(19 + body.length), type, ...body])
}

export const ipv4Unicast = [1, [0, 1, 0, 1]] as const
export const ipv6Unicast = [1, [0, 2, 0, 1]] as const

/** RFC 4271 §4.2, RFC 5492 §4. */
export function openMessage(open: PeerOpen = {}): Buffer {
  const asn = open.asn ?? 64501
  const capabilities = open.capabilities ?? [ipv4Unicast, [65, u32(asn)]]
  const list = capabilities.flatMap(([code, value]) => [code, value.length, ...value])
  const parameters = list.length > 0 ? [2, list.length, ...list] : []
  return message(1, [
    open.version ?? 4,
    ...u16(asn > 65535 ? 23456 : asn),
    ...u16(open.holdTime ?? 90),
    ...(open.id ?? '192.0.2.2').split('.').map(Number),
    parameters.length,
    ...parameters,
  ])
}

export const keepaliveMessage: Buffer = message(4)

/** RFC 4271 §4.5. */
export function notificationMessage(
  code: number,
  subcode: number,
  data: readonly number[] = [],
): Buffer {
  return message(3, [code, subcode, ...data])
}

/** An UPDATE without routes: End-of-RIB of IPv4 unicast (RFC 4724 §2). */
export const endOfRib: Buffer = message(2, [0, 0, 0, 0])

/** The peer's end of one connection. */
export interface PeerConnection {
  readonly socket: Socket
  send(...messages: Uint8Array[]): void
  /** Waits for the next message that was not taken yet. @returns type and body, in hex */
  next(): Promise<{ type: number; body: string }>
  /** Waits for the next message and expects its type. @returns the body in hex */
  expect(type: number): Promise<string>
  /** Messages that came and were not taken. */
  readonly waiting: number
  /** Waits until the other side has closed. */
  closed(): Promise<void>
  end(): void
  destroy(): void
}

/** Wraps a socket of either direction. */
export function peerConnection(socket: Socket): PeerConnection {
  const messages: { type: number; body: string }[] = []
  const takers: (() => void)[] = []
  let octets = Buffer.alloc(0)
  let gone = false

  function wake(): void {
    for (const taker of takers.splice(0)) taker()
  }

  socket.on('data', (chunk: Buffer) => {
    octets = Buffer.concat([octets, chunk])
    while (octets.length >= 19 && octets.length >= octets.readUInt16BE(16)) {
      const length = octets.readUInt16BE(16)
      messages.push({ type: octets[18] ?? 0, body: octets.toString('hex', 19, length) })
      octets = octets.subarray(length)
    }
    wake()
  })
  const lost = () => {
    gone = true
    wake()
  }
  socket.on('end', lost)
  socket.on('close', lost)
  socket.on('error', lost)

  async function until(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => takers.push(resolve))
  }

  async function next() {
    await until(() => messages.length > 0 || gone)
    const first = messages.shift()
    if (first === undefined) throw new Error('the connection was closed, and no message is left')
    return first
  }

  return {
    socket,
    send(...list) {
      socket.write(Buffer.concat(list))
    },
    next,
    async expect(type) {
      const got = await next()
      if (got.type !== type) {
        throw new Error(`expected message type ${type}, got ${got.type} ${got.body}`)
      }
      return got.body
    },
    get waiting() {
      return messages.length
    },
    closed: () => until(() => gone),
    end() {
      socket.end()
    },
    destroy() {
      socket.destroy()
    },
  }
}

/** Connects to a speaker; `localPort` fixes the source port. */
export async function connectPeer(
  port: number,
  options: { localPort?: number; localAddress?: string; host?: string } = {},
): Promise<PeerConnection> {
  const { host = '127.0.0.1', ...local } = options
  const socket = connect({ host, port, ...local })
  await once(socket, 'connect')
  return peerConnection(socket)
}

/** A peer that waits for connections. */
export interface PeerServer {
  readonly port: number
  /** Waits for the next connection that was not taken yet. */
  accept(): Promise<PeerConnection>
  close(): void
}

/** Listens on a free port of 127.0.0.1, or on the one given. */
export async function listenPeer(port = 0): Promise<PeerServer> {
  const accepted: PeerConnection[] = []
  const takers: (() => void)[] = []
  const server: Server = createServer((socket) => {
    accepted.push(peerConnection(socket))
    takers.shift()?.()
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return {
    port: bound.port,
    async accept() {
      while (accepted.length === 0) await new Promise<void>((resolve) => takers.push(resolve))
      const [first] = accepted.splice(0, 1)
      if (first === undefined) throw new Error('no connection')
      return first
    },
    close() {
      server.close()
    },
  }
}

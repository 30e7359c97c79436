/** Octets of a peer that means harm, built by hand, and the sending of many of them. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  connectPeer,
  endOfRib,
  ipv4Unicast,
  keepaliveMessage,
  openMessage,
  type PeerConnection,
} from '../../support/scripted-peer.ts'
import { HOSTILE } from './target.ts'

/** RFC 8654. */
const extendedMessage = [6, []] as const

/** A path attribute with a 2-octet length (RFC 4271 §4.3). */
export function attribute(flags: number, code: number, value: Uint8Array): Buffer {
  const head = Buffer.alloc(4)
  head[0] = flags | 0x10
  head[1] = code
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value])
}

/** Numbers of four octets, one after the other. */
export function words(values: readonly number[]): Buffer {
  const octets = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => {
    octets.writeUInt32BE(value, i * 4)
  })
  return octets
}

/** AS_PATH of AS_SEQUENCEs with at most 255 numbers of four octets. */
export function asPath(asns: readonly number[]): Buffer {
  const segments: Uint8Array[] = []
  for (let i = 0; i < asns.length; i += 255) {
    const part = asns.slice(i, i + 255)
    segments.push(Buffer.from([2, part.length]), words(part))
  }
  return attribute(0x40, 2, Buffer.concat(segments))
}

export const communities = (values: readonly number[]) => attribute(0xc0, 8, words(values))
export const largeCommunities = (values: readonly number[]) => attribute(0xc0, 32, words(values))
export const origin = attribute(0x40, 1, Buffer.from([0]))
export const nextHop = attribute(0x40, 3, Buffer.from([192, 0, 2, 3]))
/** 8075:8007, which the policy requires. */
export const REQUIRED_COMMUNITY = 8075 * 65536 + 8007

/** NLRI of an IPv4 prefix, the network as an unsigned 32-bit number. */
export function nlri(network: number, length: number): Buffer {
  const octets = Buffer.alloc(5)
  octets[0] = length
  octets.writeUInt32BE(network, 1)
  return octets.subarray(0, 1 + Math.ceil(length / 8))
}

/** A whole UPDATE (RFC 4271 §4.3). */
export function update(parts: {
  withdrawn?: readonly Uint8Array[]
  attributes?: readonly Uint8Array[]
  nlri?: readonly Uint8Array[]
}): Buffer {
  const withdrawn = Buffer.concat(parts.withdrawn ?? [])
  const attributes = Buffer.concat(parts.attributes ?? [])
  const head = Buffer.alloc(21, 255)
  const body = Buffer.concat([withdrawn, Buffer.alloc(2), attributes, ...(parts.nlri ?? [])])
  body.writeUInt16BE(attributes.length, withdrawn.length)
  head.writeUInt16BE(21 + body.length, 16)
  head[18] = 2
  head.writeUInt16BE(withdrawn.length, 19)
  return Buffer.concat([head, body])
}

export interface Established {
  readonly peer: PeerConnection
  /** Sends, and waits where the daemon reads slowly. */
  flood(octets: Iterable<Uint8Array>): Promise<void>
}

/** How the hostile session comes up. */
export interface EstablishOptions {
  /** Where it comes from; the hostile session's address if absent. */
  readonly address?: string
  readonly holdTime?: number
  /** More capabilities. */
  readonly more?: readonly (readonly [number, readonly number[]])[]
  /** Milliseconds that the daemon may be silent; then the peer gives up, without an error. */
  readonly patience?: number
}

/** Brings the hostile session up, without End-of-RIB, with extended messages. */
export async function establish(
  port: number,
  { address = HOSTILE.address, holdTime = 90, more = [], patience = 15_000 }: EstablishOptions = {},
): Promise<Established> {
  const giveUp = Date.now() + patience
  for (;;) {
    const peer = await connectPeer(port, { localAddress: address })
    const timer = setTimeout(() => peer.destroy(), patience)
    const as4 = [65, [...words([HOSTILE.asn])]] as const
    const capabilities = [ipv4Unicast, extendedMessage, as4, ...more]
    peer.send(openMessage({ asn: HOSTILE.asn, id: '192.0.2.3', holdTime, capabilities }))
    try {
      await peer.expect(1)
      await peer.expect(4)
      peer.send(keepaliveMessage)
      return { peer, flood: (octets) => flood(peer.socket, octets) }
    } catch (error) {
      peer.destroy()
      if (patience < 1000) return { peer, flood: () => Promise.resolve() }
      if (Date.now() > giveUp) throw error
    } finally {
      clearTimeout(timer)
    }
  }
}

async function flood(socket: Socket, octets: Iterable<Uint8Array>): Promise<void> {
  for (const each of octets) {
    if (socket.write(each)) continue
    await once(socket, 'drain')
  }
}

export { endOfRib, keepaliveMessage }

/** A connection of which nothing is expected; errors are the peer's own business. */
export async function rawConnect(
  port: number,
  localAddress: string,
  reading = true,
): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve)
    socket.once('error', () => resolve())
  })
  socket.on('error', () => {})
  if (reading) socket.resume()
  return socket
}

/** Does `count` things, at most `width` at a time. */
export async function inParallel(
  count: number,
  width: number,
  act: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

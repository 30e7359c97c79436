/**
 * A router's side of BGP sessions, in a process of its own: opens them, sends prepared octets as fast
 * as the socket takes them, keeps the sessions, and notes when keepalives come. It does what its
 * parent process tells it; see sender-process.ts.
 */
import { readFileSync } from 'node:fs'
import { createConnection, type Socket } from 'node:net'
import type { FamilyName } from '../src/prefix/prefix.ts'
import { encodeCapabilities } from '../src/wire/capabilities.ts'
import { Afi, MessageType, Safi } from '../src/wire/codes.ts'
import { createFrameReader } from '../src/wire/frame-reader.ts'
import { encodeKeepalive } from '../src/wire/message.ts'
import { decodeNotification } from '../src/wire/notification.ts'
import { encodeOpen } from '../src/wire/open.ts'

/** One session of the sender. */
export interface Peer {
  readonly address: string
  readonly asn: number
}

export type Command =
  | {
      readonly do: 'connect'
      readonly peers: readonly Peer[]
      readonly remote: { readonly address: string; readonly port: number }
      readonly holdTime: number
      readonly families: readonly FamilyName[]
    }
  /** Reads a file into memory, so that sending it costs no reading. */
  | { readonly do: 'load'; readonly path: string }
  /** Sends files one after the other on a session, at full speed. */
  | { readonly do: 'send'; readonly peer: number; readonly paths: readonly string[] }
  /** Sends the UPDATEs of a file evenly. */
  | {
      readonly do: 'pace'
      readonly peer: number
      readonly path: string
      readonly perSecond: number
    }
  /** No BGP: connects and sends a file. */
  | { readonly do: 'pour'; readonly port: number; readonly path: string }

/** Times are milliseconds since the epoch, with fractions. */
export type Report =
  | {
      readonly event: 'loaded' | 'established' | 'sent'
      readonly peer: number
      readonly time: number
    }
  | { readonly event: 'keepalive'; readonly peer: number; readonly time: number }
  | { readonly event: 'closed'; readonly peer: number; readonly time: number; readonly why: string }

const files = new Map<string, Buffer>()
const sockets: (Socket | undefined)[] = []

function now(): number {
  return performance.timeOrigin + performance.now()
}

function report(event: Report['event'], peer: number, why = ''): void {
  process.send?.({ event, peer, time: now(), why })
}

function contents(path: string): Buffer {
  let known = files.get(path)
  if (known === undefined) {
    known = readFileSync(path)
    files.set(path, known)
  }
  return known
}

function openMessage(asn: number, number: number, command: Extract<Command, { do: 'connect' }>) {
  return encodeOpen({
    myAs: asn,
    holdTime: command.holdTime,
    bgpIdentifier: 0xc0000200 + number + 10,
    capabilities: encodeCapabilities({
      multiprotocol: command.families.map((family) => [Afi[family], Safi.unicast]),
      routeRefresh: true,
      fourOctetAs: asn,
    }),
  })
}

function connectPeer(peer: Peer, number: number, command: Extract<Command, { do: 'connect' }>) {
  const socket = createConnection({
    host: command.remote.address,
    port: command.remote.port,
    localAddress: peer.address,
    noDelay: true,
  })
  sockets[number] = socket
  let established = false
  let lastWords = 'the connection was closed'
  let timer: NodeJS.Timeout | undefined
  const reader = createFrameReader({
    frame(type, view, start, end) {
      if (type === MessageType.open) socket.write(encodeKeepalive())
      if (type === MessageType.notification) {
        const { code, subcode } = decodeNotification(view, start, end)
        lastWords = `NOTIFICATION ${code}/${subcode}`
      }
      if (type !== MessageType.keepalive) return
      if (established) report('keepalive', number)
      else report('established', number)
      established = true
    },
  })
  socket.on('connect', () => {
    socket.write(openMessage(peer.asn, number, command))
    if (command.holdTime === 0) return
    timer = setInterval(() => {
      // Octets that wait in front of it keep the session as well.
      if (established && socket.writableLength === 0) socket.write(encodeKeepalive())
    }, command.holdTime * 300)
  })
  socket.on('data', (chunk) => reader.push(chunk))
  socket.on('error', (error) => {
    lastWords = error.message
  })
  socket.on('close', () => {
    clearInterval(timer)
    report('closed', number, lastWords)
  })
}

function send(peer: number, paths: readonly string[]): void {
  const socket = sockets[peer]
  for (const [i, path] of paths.entries()) {
    const last = i === paths.length - 1
    socket?.write(contents(path), () => {
      if (last) report('sent', peer)
    })
  }
}

/** Where each message of a file ends. */
function messageEnds(octets: Buffer): Uint32Array {
  const ends: number[] = []
  for (let at = 0; at < octets.length; ) {
    at += octets.readUInt16BE(at + 16)
    ends.push(at)
  }
  return Uint32Array.from(ends)
}

function pace(peer: number, path: string, perSecond: number): void {
  const socket = sockets[peer]
  const octets = contents(path)
  const ends = messageEnds(octets)
  const began = performance.now()
  let next = 0
  let at = 0
  const turn = () => {
    const due = Math.min(ends.length, Math.floor(((performance.now() - began) / 1000) * perSecond))
    const end = due > next ? (ends[due - 1] as number) : at
    if (end > at) socket?.write(octets.subarray(at, end))
    at = end
    next = due
    if (next < ends.length) setTimeout(turn, 1)
    else report('sent', peer)
  }
  turn()
}

function pour(port: number, path: string): void {
  const socket = createConnection({ host: '127.0.0.1', port }, () => {
    socket.end(contents(path))
  })
  socket.on('close', () => report('closed', 0))
}

process.on('message', (command: Command) => {
  switch (command.do) {
    case 'connect':
      for (const [number, peer] of command.peers.entries()) connectPeer(peer, number, command)
      return
    case 'load':
      contents(command.path)
      report('loaded', 0)
      return
    case 'send':
      send(command.peer, command.paths)
      return
    case 'pace':
      pace(command.peer, command.path, command.perSecond)
      return
    case 'pour':
      pour(command.port, command.path)
  }
})
// The parent is gone: nobody listens any more.
process.on('disconnect', () => process.exit(0))

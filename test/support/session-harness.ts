/** Sessions with a clock that stands still, on real sockets of 127.0.0.1. */
import { createServer } from 'node:net'
import {
  createSessions,
  type SessionManager,
  type SessionsOptions,
} from '../../src/session/sessions.ts'
import type { SessionConfig } from '../../src/session/types.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import {
  connectPeer,
  keepaliveMessage,
  listenPeer,
  openMessage,
  type PeerConnection,
  type PeerOpen,
  type PeerServer,
} from './scripted-peer.ts'
import { createSessionRecorder, type SessionRecorder } from './session-recorder.ts'

export interface Harness {
  readonly sessions: SessionManager
  readonly clock: FakeClock
  readonly recorder: SessionRecorder
  /** Where the sessions listen. */
  readonly port: number
  /** A peer that connects to the sessions. */
  connect(options?: {
    localPort?: number
    localAddress?: string
    host?: string
  }): Promise<PeerConnection>
  /** A peer that waits for the sessions to connect. */
  serve(port?: number): Promise<PeerServer>
  close(): Promise<void>
}

/** Starts listening, then adds the sessions. Timers have their full length: no jitter. */
export function startSessions(...configs: SessionConfig[]): Promise<Harness> {
  return startSessionsWith({}, ...configs)
}

/** The same, with parts of the sessions' surroundings given. */
export async function startSessionsWith(
  options: Partial<SessionsOptions>,
  ...configs: SessionConfig[]
): Promise<Harness> {
  const clock = createFakeClock()
  const recorder = createSessionRecorder()
  const { listener } = recorder
  const listen = [{ address: '127.0.0.1', port: 0 }]
  const sessions = createSessions({ listen, clock, random: () => 1, listener, ...options })
  await sessions.listen()
  const port = sessions.addresses()[0]?.port ?? 0
  for (const config of configs) sessions.add(config)
  const peers: PeerConnection[] = []
  const servers: PeerServer[] = []
  return {
    sessions,
    clock,
    recorder,
    port,
    async connect(options) {
      const peer = await connectPeer(port, options)
      peers.push(peer)
      return peer
    },
    async serve(ownPort) {
      const server = await listenPeer(ownPort)
      servers.push(server)
      return {
        ...server,
        async accept() {
          const peer = await server.accept()
          peers.push(peer)
          return peer
        },
      }
    },
    async close() {
      for (const server of servers) server.close()
      for (const peer of peers) peer.destroy()
      const closed = sessions.close('the test ends', 10)
      clock.advance(10)
      await closed
    },
  }
}

/** Takes a peer's connection from its OPEN to Established. */
export async function establish(
  harness: Harness,
  peer: PeerConnection,
  open: PeerOpen = {},
  name = 'edge-a',
): Promise<void> {
  const from = harness.recorder.lines.length
  peer.send(openMessage(open))
  await peer.expect(1)
  await peer.expect(4)
  peer.send(keepaliveMessage)
  await harness.recorder.until(`${name} established`, from)
}

/** Lets sockets work until a condition holds. */
export async function turnUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return bound.port
}

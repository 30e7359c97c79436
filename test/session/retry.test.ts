import { afterEach, describe, expect, test } from 'vitest'
import { notificationMessage, openMessage } from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import {
  establish,
  freePort,
  type Harness,
  startSessions,
  turnUntil,
} from '../support/session-harness.ts'

let harness: Harness
afterEach(() => harness.close())

function status() {
  const found = harness.sessions.status('edge-a')
  if (found === undefined) throw new Error('no session edge-a')
  return found
}

/** Milliseconds until the next try. */
function wait(): number {
  return (status().nextTryAt ?? Number.NaN) - harness.clock.now()
}

describe('a peer that refuses the connection', () => {
  test('is tried again after 1, 2, 4, ... seconds, at most connectRetrySeconds', async () => {
    const port = await freePort()
    harness = await startSessions(sessionConfig({ passive: false, port, connectRetrySeconds: 10 }))
    for (const seconds of [1, 2, 4, 8, 10, 10]) {
      await turnUntil(() => status().stateName === 'Idle')
      expect(wait()).toBe(seconds * 1000)
      expect(status().lastError).toBe(`127.0.0.1 port ${port} refused the connection`)
      harness.clock.advance(seconds * 1000 - 1)
      expect(status().stateName).toBe('Idle')
      harness.clock.advance(1)
      expect(status().stateName).toBe('Connect')
    }
  })

  test('is met when it listens at last', async () => {
    const port = await freePort()
    harness = await startSessions(sessionConfig({ passive: false, port }))
    await harness.recorder.until('Connect -> Idle')
    const server = await harness.serve(port)
    harness.clock.advance(1000)
    await establish(harness, await server.accept())
  })

  test('may come itself meanwhile', async () => {
    const port = await freePort()
    harness = await startSessions(sessionConfig({ passive: false, port }))
    await harness.recorder.until('Connect -> Idle')
    await establish(harness, await harness.connect())
    expect(status().nextTryAt).toBeNull()
  })
})

describe('a connection that nobody answers', () => {
  test('is given up and opened anew after connectRetrySeconds', async () => {
    harness = await startSessions()
    const server = await harness.serve()
    // The peer's system answers TCP at once, so the retry must come before the sockets have a turn.
    harness.sessions.add(
      sessionConfig({ passive: false, port: server.port, connectRetrySeconds: 30 }),
    )
    expect(status().stateName).toBe('Connect')
    harness.clock.advance(30_000)
    expect(status()).toMatchObject({
      stateName: 'Connect',
      lastError: `127.0.0.1 port ${server.port} does not answer`,
    })
    const peer = await server.accept()
    await turnUntil(() => status().stateName === 'OpenSent')
    expect(peer.waiting).toBeLessThanOrEqual(1)
  })

  test('one that is closed before the OPEN is waited for in Active', async () => {
    harness = await startSessions()
    const server = await harness.serve()
    const { port } = server
    harness.sessions.add(sessionConfig({ passive: false, port, connectRetrySeconds: 30 }))
    const peer = await server.accept()
    await peer.expect(1)
    peer.end()
    await harness.recorder.until('OpenSent -> Active')
    expect(wait()).toBe(30_000)
    harness.clock.advance(30_000)
    await establish(harness, await server.accept())
  })
})

describe('a session that fails', () => {
  async function failing() {
    harness = await startSessions(sessionConfig())
    const peer = await harness.connect()
    peer.send(openMessage({ asn: 64999 }))
    await peer.expect(1)
    await peer.expect(3)
    expect(status().stateName).toBe('Idle')
  }

  test('is held back; a connection that comes meanwhile waits', async () => {
    await failing()
    const first = await harness.connect()
    const peer = await harness.connect()
    // The first was given up for the second, so both were accepted.
    await first.closed()
    harness.clock.advance(999)
    expect(status().stateName).toBe('Idle')
    expect([first.waiting, peer.waiting]).toEqual([0, 0])
    harness.clock.advance(1)
    expect(status().stateName).toBe('OpenSent')
    await establish(harness, peer)
  })

  test('does not leave a peer waiting until its own hold time is over', async () => {
    harness = await startSessions()
    const server = await harness.serve()
    harness.sessions.add(sessionConfig({ passive: false, port: server.port }))
    for (const seconds of [1, 2, 4, 8, 16]) {
      const from = harness.recorder.lines.length
      const peer = await server.accept()
      await establish(harness, peer)
      peer.send(notificationMessage(6, 4))
      await harness.recorder.until('down', from)
      expect(wait()).toBe(seconds * 1000)
      if (seconds < 16) harness.clock.advance(seconds * 1000)
    }
    const peer = await harness.connect()
    peer.send(openMessage({ holdTime: 6 }))
    await turnUntil(() => wait() === 2000)
    harness.clock.advance(2000)
    await peer.expect(1)
    expect(status().stateName).toBe('OpenConfirm')
  })

  test('takes a connection that waits when the operator starts it', async () => {
    await failing()
    const first = await harness.connect()
    const peer = await harness.connect()
    await first.closed()
    harness.sessions.start('edge-a')
    await establish(harness, peer)
  })

  test('refuses a connection that waits when it is shut down', async () => {
    await failing()
    const first = await harness.connect()
    const peer = await harness.connect()
    await first.closed()
    harness.sessions.stop('edge-a')
    expect(await peer.expect(3)).toBe('0602')
  })

  test('waits longer each time, and is forgiven once it has held for a minute', async () => {
    harness = await startSessions()
    const server = await harness.serve()
    const { port } = server
    harness.sessions.add(sessionConfig({ passive: false, port, connectRetrySeconds: 5 }))
    // The last session holds for a minute.
    for (const [heldSeconds, seconds] of [
      [0, 1],
      [0, 2],
      [20, 4],
      [20, 8],
      [60, 1],
    ] as const) {
      const from = harness.recorder.lines.length
      const peer = await server.accept()
      await establish(harness, peer)
      harness.clock.advance(heldSeconds * 1000)
      peer.send(notificationMessage(6, 4))
      await harness.recorder.until('down', from)
      expect(wait()).toBe(seconds * 1000)
      harness.clock.advance(seconds * 1000)
    }
    await server.accept()
  })
})

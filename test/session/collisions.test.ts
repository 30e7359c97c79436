import { afterEach, describe, expect, test } from 'vitest'
import { ipv4Unicast, keepaliveMessage, openMessage } from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import { establish, type Harness, startSessions, turnUntil } from '../support/session-harness.ts'

let harness: Harness
afterEach(() => harness.close())

/** Two connections at once, both in OpenSent: one that we opened, one that the peer opened. */
async function collide() {
  harness = await startSessions()
  const server = await harness.serve()
  harness.sessions.add(sessionConfig({ passive: false, port: server.port }))
  const ours = await server.accept()
  await ours.expect(1)
  const theirs = await harness.connect()
  await theirs.expect(1)
  return { ours, theirs }
}

function stateName() {
  return harness.sessions.status('edge-a')?.stateName
}

describe('two connections collide (RFC 4271 §6.8); our identifier is 192.0.2.1', () => {
  test.for([
    ['192.0.2.2', 'ours', 'theirs'],
    ['192.0.2.2', 'theirs', 'ours'],
    ['192.0.2.0', 'ours', 'theirs'],
    ['192.0.2.0', 'theirs', 'ours'],
  ] as const)(
    'the peer is %s, its OPEN comes first on %s, then on %s',
    async ([id, first, second]) => {
      const connections = await collide()
      const winner = id === '192.0.2.2' ? 'theirs' : 'ours'
      const loser = winner === 'ours' ? 'theirs' : 'ours'
      connections[first].send(openMessage({ id }))
      await connections[first].expect(4)
      connections[second].send(openMessage({ id }))
      expect(await connections[loser].expect(3)).toBe('0607')
      await connections[loser].closed()
      if (winner === second) await connections[second].expect(4)
      connections[winner].send(keepaliveMessage)
      await harness.recorder.until('established')
      expect(stateName()).toBe('Established')
      const status = harness.sessions.status('edge-a')
      const { socket } = connections[winner]
      expect(status?.remotePort).toBe(socket.localPort)
      expect(harness.recorder.lines.filter((line) => line.includes('Idle'))).toEqual([
        'edge-a Idle -> Connect',
      ])
    },
  )

  test('equal identifiers: the larger AS number keeps its connection (RFC 6286 §2.3)', async () => {
    const { ours, theirs } = await collide()
    ours.send(openMessage({ id: '192.0.2.1' }))
    await ours.expect(4)
    theirs.send(openMessage({ id: '192.0.2.1' }))
    expect(await ours.expect(3)).toBe('0607')
    await theirs.expect(4)
  })

  test('the connection that is Established closes the other', async () => {
    const { ours, theirs } = await collide()
    ours.send(openMessage(), keepaliveMessage)
    await harness.recorder.until('established')
    expect(await theirs.expect(3)).toBe('0607')
    await theirs.closed()
    expect(stateName()).toBe('Established')
  })

  test('one that fails leaves the other to go on', async () => {
    const { ours, theirs } = await collide()
    ours.send(openMessage({ asn: 64999 }))
    expect(await ours.expect(3)).toBe('0202')
    expect(stateName()).toBe('OpenSent')
    theirs.send(openMessage(), keepaliveMessage)
    await harness.recorder.until('established')
  })

  test('the peer comes while we still open a connection', async () => {
    harness = await startSessions()
    const server = await harness.serve()
    harness.sessions.add(sessionConfig({ passive: false, port: server.port }))
    const theirs = await harness.connect()
    theirs.send(openMessage(), keepaliveMessage)
    await harness.recorder.until('established')
    expect(stateName()).toBe('Established')
  })
})

describe('another connection of the same peer', () => {
  test('takes the place of one that was not Established: the peer has given that up', async () => {
    harness = await startSessions(sessionConfig())
    const first = await harness.connect()
    await first.expect(1)
    const second = await harness.connect()
    expect(await first.expect(3)).toBe('0607')
    await establish(harness, second)
  })

  test('is refused while Established', async () => {
    harness = await startSessions(sessionConfig())
    const first = await harness.connect()
    await establish(harness, first)
    const second = await harness.connect()
    expect(await second.expect(3)).toBe('0607')
    await second.closed()
    const port = first.socket.localPort
    expect(harness.recorder.lines.at(-1)).toBe(
      `refused 127.0.0.1: session edge-a is already established with port ${port}`,
    )
    expect(stateName()).toBe('Established')
  })

  test('replaces it silently if the peer can restart gracefully (RFC 4724 §5)', async () => {
    harness = await startSessions(sessionConfig())
    const restart = [64, [0, 120, 0, 1, 1, 0x80]] as const
    const open = { capabilities: [ipv4Unicast, restart] }
    const first = await harness.connect()
    await establish(harness, first, open)
    const from = harness.recorder.lines.length
    const second = await harness.connect()
    await establish(harness, second, open)
    await first.closed()
    expect(first.waiting).toBe(0)
    const port = second.socket.localPort
    expect(harness.recorder.lines.slice(from)).toEqual([
      'edge-a Established -> Idle',
      `edge-a down closed graceful: the peer opened a new connection from port ${port}`,
      'edge-a Idle -> Active',
      'edge-a Active -> OpenSent',
      'edge-a OpenSent -> OpenConfirm',
      'edge-a OpenConfirm -> Established',
      'edge-a established hold 90 ipv4',
    ])
  })

  test('holds back a peer that restarts time and again', async () => {
    harness = await startSessions(sessionConfig())
    const open = { capabilities: [ipv4Unicast, [64, [0, 120, 0, 1, 1, 0x80]] as const] }
    await establish(harness, await harness.connect(), open)
    await establish(harness, await harness.connect(), open)
    const third = await harness.connect()
    await harness.recorder.until('edge-a Established -> Idle')
    await turnUntil(() => stateName() === 'Idle')
    expect(third.waiting).toBe(0)
    harness.clock.advance(2000)
    await establish(harness, third, open)
  })

  test('a receiver of graceful restart, with no family of its own, is not one that restarts', async () => {
    harness = await startSessions(sessionConfig())
    const open = { capabilities: [ipv4Unicast, [64, [0, 0]] as const] }
    await establish(harness, await harness.connect(), open)
    expect(await (await harness.connect()).expect(3)).toBe('0607')
  })
})

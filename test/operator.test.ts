/** What the API asks of sessions, on real ones. */
import { afterEach, expect, test } from 'vitest'
import { createSessionCommands } from '../src/operator.ts'
import type { PeerOpen } from './support/scripted-peer.ts'
import { sessionConfig } from './support/session-config.ts'
import { establish, type Harness, startSessions } from './support/session-harness.ts'

let harness: Harness
afterEach(() => harness.close())

/** IPv4 and IPv6 unicast, AS 64501. */
const both: NonNullable<PeerOpen['capabilities']> = [
  [1, [0, 1, 0, 1]],
  [1, [0, 2, 0, 1]],
  [65, [0, 0, 0xfb, 0xf5]],
]

async function lab(open: PeerOpen = {}) {
  harness = await startSessions(sessionConfig())
  const told: string[] = []
  const commands = createSessionCommands(harness.sessions, {
    commanded: (name, what) => told.push(`${name}: ${what}`),
  })
  const peer = await harness.connect()
  await establish(harness, peer, open)
  return { commands, peer, told, sessions: harness.sessions }
}

test('a soft clear asks for each family that the peer can refresh', async () => {
  const { commands, peer, told, sessions } = await lab({
    capabilities: [...both, [2, []]],
  })
  expect(commands.clear('edge-a', 'soft', 'a test')).toEqual({ families: ['ipv4', 'ipv6'] })
  // RFC 2918 §3: AFI, reserved, SAFI.
  expect(await peer.expect(5)).toBe('00010001')
  expect(await peer.expect(5)).toBe('00020001')
  expect(told).toEqual(['edge-a: Soft clear asked for by a test'])
  expect(sessions.status('edge-a')).toMatchObject({
    stateName: 'Established',
    sent: { routeRefresh: 2 },
  })
})

test('a soft clear of a peer without route refresh is refused', async () => {
  const { commands, told } = await lab({ capabilities: both })
  expect(commands.clear('edge-a', 'soft', 'a test')).toEqual({
    refused: 'The peer has no route refresh (RFC 2918); only a hard clear is possible.',
  })
  expect(told).toEqual([])
})

test('a hard clear says Administrative Reset, and the session comes up at once', async () => {
  const { commands, peer, told } = await lab()
  expect(commands.clear('edge-a', 'hard', 'a test')).toEqual({ families: [] })
  // RFC 4486 §4: 4, Administrative Reset.
  expect(await peer.expect(3)).toBe('0604')
  expect(told).toEqual(['edge-a: Hard clear asked for by a test'])
  await establish(harness, await harness.connect())
})

test('shutdown and start; a session that is down cannot be cleared', async () => {
  const { commands, peer, told, sessions } = await lab()
  commands.shutdown('edge-a', 'back at noon', 'a test')
  expect(await peer.expect(3)).toBe(`06020c${Buffer.from('back at noon').toString('hex')}`)
  expect(commands.clear('edge-a', 'hard', 'a test')).toEqual({
    refused: 'The session is administratively down; start it instead.',
  })
  expect(sessions.reset('edge-a')).toBe(false)
  expect(commands.clear('edge-a', 'soft', 'a test')).toEqual({
    refused: 'The session is not Established, nothing can be asked for.',
  })
  commands.start('edge-a', 'a test')
  await establish(harness, await harness.connect())
  expect(told).toEqual([
    'edge-a: Shutdown asked for by a test: "back at noon"',
    'edge-a: Start asked for by a test',
  ])
})

/** Which ends of a session leave the peer's routes standing (RFC 4724, RFC 8538). */
import { afterEach, describe, expect, test } from 'vitest'
import {
  ipv4Unicast,
  message,
  notificationMessage,
  type PeerConnection,
  type PeerOpen,
} from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import { establish, type Harness, startSessions } from '../support/session-harness.ts'

let harness: Harness
afterEach(() => harness.close())

/** A peer whose graceful restart capability has this value. */
function restarting(...value: number[]): PeerOpen {
  return { capabilities: [ipv4Unicast, [64, value]] }
}

/** Restart time 120 s, IPv4 unicast; with and without the N bit. */
const plain = restarting(0x00, 120, 0, 1, 1, 0x80)
const notifying = restarting(0x40, 120, 0, 1, 1, 0x80)
/** No family: it never restarts, but helps. */
const helper = restarting(0x40, 0)

async function established(open: PeerOpen): Promise<PeerConnection> {
  harness = await startSessions(sessionConfig())
  const peer = await harness.connect()
  await establish(harness, peer, open)
  return peer
}

/** What the listener was told when the session went down. */
function down(): Promise<string> {
  return harness.recorder.until('edge-a down')
}

const hex = (text: string) => Buffer.from(text).toString('hex')

describe('a NOTIFICATION of the peer', () => {
  test.for([
    ['keeps routes if both sides set the N bit', notifying, 6, 4, [], true],
    ['keeps them for an error too', notifying, 3, 1, [], true],
    ['is a full stop without the N bit', plain, 6, 4, [], false],
    ['is a full stop from a peer that names no family', helper, 6, 4, [], false],
    ['is a full stop as a Hard Reset', notifying, 6, 9, [6, 4], false],
    ['is a full stop as a Hard Reset with nothing in it', notifying, 6, 9, [], false],
  ] as [string, PeerOpen, number, number, number[], boolean][])(
    '%s',
    async ([, open, code, subcode, data, kept]) => {
      const peer = await established(open)
      peer.send(notificationMessage(code, subcode, data))
      expect((await down()).startsWith('edge-a down notification graceful: ')).toBe(kept)
    },
  )

  test('says what a Hard Reset is about', async () => {
    const peer = await established(notifying)
    peer.send(notificationMessage(6, 9, [6, 2, 4, ...Buffer.from('noon')]))
    await down()
    expect(harness.sessions.status('edge-a')).toMatchObject({
      lastError: 'the peer sent Cease / Hard Reset (Cease / Administrative Shutdown): "noon"',
      lastNotification: { code: 6, subcode: 9, communication: 'noon' },
    })
  })
})

describe('a NOTIFICATION of ours', () => {
  test('that ends the session for good is a Hard Reset (RFC 8538 §3.1)', async () => {
    const peer = await established(notifying)
    harness.sessions.stop('edge-a', 'noon')
    expect(await peer.expect(3)).toBe(`0609060204${hex('noon')}`)
    expect(await down()).not.toContain('graceful')
    expect(harness.sessions.status('edge-a')?.notifications).toEqual([
      { direction: 'sent', code: 6, subcode: 9, count: 1 },
    ])
  })

  test.for([
    ['Maximum Number of Prefixes', 1, '06090601'],
    ['Out of Resources', 8, '06090608'],
    ['Other Configuration Change', 6, '0606'],
  ] as const)('%s', async ([, subcode, expected]) => {
    const peer = await established(notifying)
    harness.sessions.cease('edge-a', subcode, new Uint8Array(0), 'it sent too much')
    expect(await peer.expect(3)).toBe(expected)
    expect((await down()).includes(' graceful: ')).toBe(expected.length === 4)
  })

  test('Administrative Reset and Peer De-configured', async () => {
    const peer = await established(notifying)
    harness.sessions.reset('edge-a')
    expect(await peer.expect(3)).toBe('06090604')
    const again = await harness.connect()
    await establish(harness, again, notifying)
    harness.sessions.remove('edge-a')
    expect(await again.expect(3)).toBe('06090603')
  })

  test('is sent as ever to a peer without the N bit', async () => {
    const peer = await established(plain)
    harness.sessions.stop('edge-a', 'noon')
    expect(await peer.expect(3)).toBe(`060204${hex('noon')}`)
    expect(await down()).not.toContain('graceful')
  })

  test.for([
    ['keeps the routes', notifying, true],
    ['keeps none without the N bit', plain, false],
  ] as const)('when the hold timer runs out %s (RFC 8538 §4)', async ([, open, kept]) => {
    const peer = await established(open)
    harness.clock.advance(90_000)
    let last = await peer.next()
    while (last.type === 4) last = await peer.next()
    expect(last).toEqual({ type: 3, body: '0400' })
    expect((await down()).includes(' graceful: ')).toBe(kept)
  })

  test('for a broken message keeps the routes', async () => {
    const peer = await established(notifying)
    peer.send(message(9))
    expect(await peer.expect(3)).toBe('010309')
    expect(await down()).toContain(' graceful: ')
  })
})

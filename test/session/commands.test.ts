import { afterEach, describe, expect, test } from 'vitest'
import { encodeMaximumPrefixes } from '../../src/wire/notification.ts'
import { endOfRib, message, type PeerConnection } from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import { establish, type Harness, startSessions, turnUntil } from '../support/session-harness.ts'

let harness: Harness
afterEach(() => harness.close())

async function established(): Promise<PeerConnection> {
  harness = await startSessions(sessionConfig())
  const peer = await harness.connect()
  await establish(harness, peer)
  return peer
}

function status() {
  const found = harness.sessions.status('edge-a')
  if (found === undefined) throw new Error('no session edge-a')
  return found
}

const hex = (text: string) => Buffer.from(text).toString('hex')

describe('administrative shutdown', () => {
  test('tells the peer why, and refuses it until it is lifted', async () => {
    const peer = await established()
    expect(harness.sessions.stop('edge-a', 'back at noon')).toBe(true)
    expect(await peer.expect(3)).toBe(`06020c${hex('back at noon')}`)
    await peer.closed()
    expect(status()).toMatchObject({
      shutdown: true,
      stateName: 'Idle',
      lastError: 'administratively shut down',
      lastNotification: { direction: 'sent', communication: 'back at noon' },
    })
    const refused = await harness.connect()
    expect(await refused.expect(3)).toBe('0602')
    expect(harness.recorder.lines.at(-1)).toContain('session edge-a is administratively down')
    harness.clock.advance(100_000)
    expect(status().stateName).toBe('Idle')
    harness.sessions.start('edge-a')
    await establish(harness, await harness.connect())
    expect(status().shutdown).toBe(false)
  })

  test('without a text', async () => {
    const peer = await established()
    harness.sessions.stop('edge-a')
    expect(await peer.expect(3)).toBe('0602')
  })

  test('of a session that waits for its next try', async () => {
    const peer = await established()
    peer.end()
    await harness.recorder.until('down')
    harness.sessions.stop('edge-a')
    harness.clock.advance(100_000)
    expect(status().stateName).toBe('Idle')
  })

  test('a name that no session has', async () => {
    await established()
    const { sessions } = harness
    expect([sessions.stop('x'), sessions.start('x'), sessions.remove('x')]).toEqual([
      false,
      false,
      false,
    ])
    expect(sessions.send('x', endOfRib)).toBe(false)
    expect(sessions.cease('x', 1, new Uint8Array(0), '')).toBe(false)
    expect(await sessions.drained('x')).toBe(false)
    expect(sessions.status('x')).toBeUndefined()
  })
})

test('a session that is removed', async () => {
  const peer = await established()
  harness.sessions.remove('edge-a')
  expect(await peer.expect(3)).toBe('0603')
  expect(harness.recorder.lines.at(-1)).toBe('edge-a down notification: Cease / Peer Deconfigured')
  expect(harness.sessions.statuses()).toEqual([])
  const again = await harness.connect()
  expect(await again.expect(3)).toBe('0605')
})

test('a session cannot be added twice', async () => {
  await established()
  expect(() => harness.sessions.add(sessionConfig())).toThrow('session edge-a exists already')
})

describe('a changed configuration', () => {
  test.for([
    [{ description: 'rack 12' }],
    [{ maxPrefixes: { limit: 7, warnAt: 80 } }],
    [{ connectRetrySeconds: 5 }],
    [{ families: ['ipv6', 'ipv4'] as const }],
  ])('%j keeps the session up', async ([change]) => {
    const peer = await established()
    expect(harness.sessions.replace(sessionConfig(change))).toBe('kept')
    expect(status()).toMatchObject({ stateName: 'Established', config: change })
    expect(peer.waiting).toBe(0)
  })

  test('another hold time needs another OPEN: Other Configuration Change, and at once anew', async () => {
    const peer = await established()
    expect(harness.sessions.replace(sessionConfig({ holdTime: 30 }))).toBe('restarted')
    expect(await peer.expect(3)).toBe('0606')
    expect(status().stateName).toBe('Active')
    const again = await harness.connect()
    await establish(harness, again)
    expect(status().negotiated?.holdTime).toBe(30)
  })

  test('a session that is shut down stays so', async () => {
    await established()
    harness.sessions.stop('edge-a')
    harness.sessions.replace(sessionConfig({ holdTime: 30 }))
    expect(status()).toMatchObject({ shutdown: true, stateName: 'Idle' })
  })
})

test('too many prefixes (RFC 4486 §4): Cease, and another try later', async () => {
  const peer = await established()
  harness.recorder.onUpdate = () => {
    const reason = 'it announced 2001 IPv4 routes, 2000 are allowed'
    harness.sessions.cease('edge-a', 1, encodeMaximumPrefixes(1, 1, 2000), reason)
  }
  peer.send(endOfRib, endOfRib)
  expect(await peer.expect(3)).toBe('0601000101000007d0')
  await peer.closed()
  expect(status()).toMatchObject({
    stateName: 'Idle',
    shutdown: false,
    lastError: 'it announced 2001 IPv4 routes, 2000 are allowed',
    received: { update: 1 },
  })
  harness.clock.advance(1000)
  await establish(harness, await harness.connect())
})

describe('sending', () => {
  test('while Established', async () => {
    const peer = await established()
    expect(harness.sessions.send('edge-a', endOfRib)).toBe(true)
    expect(await peer.expect(2)).toBe('00000000')
    expect(status().sent.update).toBe(1)
    expect(await harness.sessions.drained('edge-a')).toBe(true)
  })

  test('not before', async () => {
    harness = await startSessions(sessionConfig())
    expect(harness.sessions.send('edge-a', endOfRib)).toBe(false)
  })

  test('a peer that reads again', async () => {
    const peer = await established()
    const { sessions } = harness
    peer.socket.pause()
    const large = message(2, Array(4077).fill(0))
    while (sessions.send('edge-a', large)) {
      // Until a mebibyte waits.
    }
    const drained = sessions.drained('edge-a')
    peer.socket.resume()
    expect(await drained).toBe(true)
    expect(sessions.send('edge-a', large)).toBe(true)
  })

  test('a peer that takes nothing for eight minutes (RFC 9687)', async () => {
    const peer = await established()
    peer.socket.pause()
    const large = message(2, Array(4077).fill(0))
    const blocked = () => !harness.sessions.send('edge-a', large)
    // The system's buffers take some more as long as they grow.
    await turnUntil(blocked)
    await turnUntil(blocked)
    for (let i = 0; i < 16 && status().stateName === 'Established'; i++) {
      const { keepalive } = status().received
      peer.send(message(4))
      await turnUntil(() => status().received.keepalive > keepalive)
      harness.clock.advance(30_000)
    }
    expect(status()).toMatchObject({
      stateName: 'Idle',
      lastNotification: { direction: 'sent', code: 8, subcode: 0 },
      lastError: 'the peer took nothing that it was sent for 480 seconds',
    })
  })
})

describe('the end', () => {
  test('tells every peer', async () => {
    const peer = await established()
    const closed = harness.sessions.close('maintenance', 2000)
    expect(await peer.expect(3)).toBe(`06020b${hex('maintenance')}`)
    await peer.closed()
    await closed
    await expect(harness.connect()).rejects.toThrow('ECONNREFUSED')
  })

  test('comes in time when a peer does not read', async () => {
    const peer = await established()
    peer.socket.pause()
    const large = message(2, Array(4077).fill(0))
    while (harness.sessions.send('edge-a', large)) {
      // Until a mebibyte waits.
    }
    let done = false
    const closed = harness.sessions.close('maintenance', 1000).then(() => {
      done = true
    })
    harness.clock.advance(999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).toBe(false)
    harness.clock.advance(1)
    await closed
  })

  test('comes at once when there is nobody', async () => {
    harness = await startSessions(sessionConfig())
    await harness.sessions.close('', 2000)
    expect(harness.clock.pending).toBe(0)
  })
})

describe('a rest of minutes after a Cease of ours', () => {
  const rested = async () => {
    const peer = await established()
    const data = encodeMaximumPrefixes(1, 1, 2)
    harness.sessions.cease('edge-a', 1, data, 'more than 2 ipv4 prefixes', 30)
    // RFC 4486 §4: AFI, SAFI, upper bound.
    expect(await peer.expect(3)).toBe('060100010100000002')
    await peer.closed()
  }

  test('the peer is refused until it is over', async () => {
    await rested()
    const minutes = ((status().nextTryAt ?? 0) - harness.clock.now()) / 60_000
    expect([status().stateName, minutes]).toEqual(['Idle', 30])
    expect(await (await harness.connect()).expect(3)).toBe('0605')
    expect(harness.recorder.lines.at(-1)).toContain('session edge-a is held down: more than 2')
    harness.clock.advance(29 * 60_000)
    expect(await (await harness.connect()).expect(3)).toBe('0605')
    harness.clock.advance(60_000)
    expect(status()).toMatchObject({ stateName: 'Active', nextTryAt: null })
    await establish(harness, await harness.connect())
  })

  test('an operator ends it', async () => {
    await rested()
    harness.sessions.start('edge-a')
    await establish(harness, await harness.connect())
  })
})

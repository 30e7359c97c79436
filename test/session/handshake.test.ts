import { afterEach, describe, expect, test } from 'vitest'
import type { SessionConfig } from '../../src/session/types.ts'
import { protocolError } from '../../src/wire/errors.ts'
import {
  endOfRib,
  ipv4Unicast,
  keepaliveMessage,
  message,
  notificationMessage,
  openMessage,
  type PeerOpen,
} from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import { establish, type Harness, startSessions, turnUntil } from '../support/session-harness.ts'

let harness: Harness
afterEach(() => harness.close())

/** A passive session and a peer that has connected to it. */
async function connected(changes: Partial<SessionConfig> = {}) {
  harness = await startSessions(sessionConfig(changes))
  return harness.connect()
}

/** The same, Established. */
async function established(changes: Partial<SessionConfig> = {}, open: PeerOpen = {}) {
  const peer = await connected(changes)
  await establish(harness, peer, open)
  return peer
}

function status() {
  const found = harness.sessions.status('edge-a')
  if (found === undefined) throw new Error('no session edge-a')
  return found
}

const OUR_OPEN = '04fbf4005ac00002011e021c010400010001010400020001020006004002400041040000fbf44600'

describe('a session comes up', () => {
  test('when the peer opens the connection', async () => {
    const peer = await connected()
    expect(await peer.expect(1)).toBe(OUR_OPEN)
    peer.send(openMessage())
    expect(await peer.expect(4)).toBe('')
    peer.send(keepaliveMessage)
    await harness.recorder.until('established')
    expect(harness.recorder.lines).toEqual([
      'edge-a Idle -> Active',
      'edge-a Active -> OpenSent',
      'edge-a OpenSent -> OpenConfirm',
      'edge-a OpenConfirm -> Established',
      'edge-a established hold 90 ipv4',
    ])
    expect(status()).toMatchObject({
      state: 6,
      stateName: 'Established',
      remotePort: peer.socket.localPort,
      localAddress: '127.0.0.1',
      establishedAt: harness.clock.now(),
      received: { open: 1, update: 0, notification: 0, keepalive: 1, routeRefresh: 0 },
      sent: { open: 1, update: 0, notification: 0, keepalive: 1, routeRefresh: 0 },
      negotiated: { holdTime: 90, keepaliveTime: 30, remoteAsn: 64501, families: ['ipv4'] },
      lastError: null,
      nextTryAt: null,
    })
  })

  test('when we open the connection', async () => {
    harness = await startSessions()
    const server = await harness.serve()
    harness.sessions.add(sessionConfig({ passive: false, port: server.port }))
    const peer = await server.accept()
    await establish(harness, peer)
    expect(harness.recorder.lines.slice(0, 2)).toEqual([
      'edge-a Idle -> Connect',
      'edge-a Connect -> OpenSent',
    ])
    expect(status().remotePort).toBe(server.port)
  })

  test('octet by octet', async () => {
    const peer = await connected()
    for (const octet of openMessage()) {
      await new Promise((resolve) => peer.socket.write(Uint8Array.of(octet), resolve))
    }
    await peer.expect(1)
    await peer.expect(4)
    for (const octet of Buffer.concat([keepaliveMessage, endOfRib])) {
      await new Promise((resolve) => peer.socket.write(Uint8Array.of(octet), resolve))
    }
    await harness.recorder.until('edge-a update 00000000')
  })

  test('all in one chunk', async () => {
    const peer = await connected()
    peer.send(openMessage(), keepaliveMessage, endOfRib, endOfRib)
    await harness.recorder.until('chunk done')
    expect(harness.recorder.lines.slice(-4)).toEqual([
      'edge-a established hold 90 ipv4',
      'edge-a update 00000000',
      'edge-a update 00000000',
      'edge-a chunk done',
    ])
  })
})

describe('timers', () => {
  test('keepalives are sent every third of the hold time', async () => {
    const peer = await established()
    for (let i = 0; i < 3; i++) {
      harness.clock.advance(29_999)
      peer.send(keepaliveMessage)
      await turnUntil(() => status().received.keepalive === 2 + i)
      expect(status().sent.keepalive).toBe(1 + i)
      harness.clock.advance(1)
      expect(status().sent.keepalive).toBe(2 + i)
      await peer.expect(4)
    }
  })

  test('the hold timer runs out: NOTIFICATION 4/0', async () => {
    const peer = await established()
    harness.clock.advance(89_999)
    expect(status().stateName).toBe('Established')
    harness.clock.advance(1)
    // Hold and keepalive timer are due together; the order of the two is of no account.
    const types: number[] = []
    let last = await peer.next()
    for (; last.type === 4; last = await peer.next()) types.push(last.type)
    expect(types.length).toBeGreaterThanOrEqual(2)
    expect(last).toEqual({ type: 3, body: '0400' })
    await peer.closed()
    expect(harness.recorder.lines.slice(-3)).toEqual([
      'edge-a sent Hold Timer Expired',
      'edge-a Established -> Idle',
      'edge-a down notification: Hold Timer Expired',
    ])
    expect(status()).toMatchObject({
      lastError: 'nothing was heard from the peer for 90 seconds',
      flaps: 1,
      negotiated: null,
      establishedAt: null,
    })
  })

  test('every message restarts the hold timer', async () => {
    const peer = await established()
    harness.clock.advance(80_000)
    peer.send(endOfRib)
    await harness.recorder.until('edge-a chunk done')
    harness.clock.advance(89_999)
    expect(status().stateName).toBe('Established')
    harness.clock.advance(1)
    expect(status().stateName).toBe('Idle')
  })

  test('hold time 0: no keepalive, no end', async () => {
    const peer = await established({}, { holdTime: 0 })
    harness.clock.advance(10_000_000)
    expect(status()).toMatchObject({ stateName: 'Established', sent: { keepalive: 1 } })
    expect(peer.waiting).toBe(0)
  })

  test('a peer that sends no OPEN has four minutes', async () => {
    const peer = await connected()
    await peer.expect(1)
    harness.clock.advance(239_999)
    expect(status().stateName).toBe('OpenSent')
    harness.clock.advance(1)
    expect(await peer.expect(3)).toBe('0400')
    expect(status().lastError).toBe('the peer sent no OPEN')
  })

  test('delay-open: our OPEN waits', async () => {
    const peer = await connected({ delayOpenSeconds: 5 })
    await turnUntil(() => harness.clock.pending === 1)
    harness.clock.advance(4999)
    expect(status().stateName).toBe('Active')
    harness.clock.advance(1)
    expect(status().stateName).toBe('OpenSent')
    expect(await peer.expect(1)).toBe(OUR_OPEN)
  })

  test('delay-open: the peer comes first', async () => {
    const peer = await connected({ delayOpenSeconds: 5 })
    peer.send(openMessage())
    expect(await peer.expect(1)).toBe(OUR_OPEN)
    await peer.expect(4)
    expect(harness.recorder.lines).toEqual([
      'edge-a Idle -> Active',
      'edge-a Active -> OpenConfirm',
    ])
  })
})

describe('what is refused, and how the peer is told', () => {
  const inState = {
    OpenSent: async () => {
      const peer = await connected()
      await peer.expect(1)
      return peer
    },
    OpenConfirm: async () => {
      const peer = await connected()
      peer.send(openMessage())
      await peer.expect(1)
      await peer.expect(4)
      return peer
    },
    Established: () => established(),
  }
  const badMarker = Buffer.from(keepaliveMessage)
  badMarker[3] = 0
  const shortLength = Buffer.from(keepaliveMessage)
  shortLength.writeUInt16BE(18, 16)
  const longOpen = Buffer.from(openMessage())
  longOpen.writeUInt16BE(4097, 16)
  const refresh = message(5, [0, 1, 0, 1])

  test.for([
    ['OpenSent', 'another AS', openMessage({ asn: 64999 }), '0202'],
    ['OpenSent', 'version 3', openMessage({ version: 3 }), '02010004'],
    ['OpenSent', 'hold time 2', openMessage({ holdTime: 2 }), '0206'],
    ['OpenSent', 'identifier 0', openMessage({ id: '0.0.0.0' }), '0203'],
    [
      'OpenSent',
      'no common family',
      openMessage({ capabilities: [[1, [0, 25, 0, 70]]] }),
      '0207010400010001010400020001',
    ],
    ['OpenSent', 'a broken OPEN', message(1, [4, 0xfb, 0xf5, 0, 90, 192, 0, 2, 2, 9]), '0200'],
    ['OpenSent', 'KEEPALIVE', keepaliveMessage, '050104'],
    ['OpenSent', 'UPDATE', endOfRib, '050102'],
    ['OpenSent', 'ROUTE-REFRESH', refresh, '050105'],
    ['OpenConfirm', 'OPEN', openMessage(), '050201'],
    ['OpenConfirm', 'UPDATE', endOfRib, '050202'],
    ['OpenConfirm', 'ROUTE-REFRESH', refresh, '050205'],
    ['Established', 'OPEN', openMessage(), '050301'],
    ['OpenSent', 'a wrong marker', badMarker, '0101'],
    ['Established', 'a wrong marker', badMarker, '0101'],
    ['Established', 'length 18', shortLength, '01020012'],
    ['OpenSent', 'an OPEN of 4097 octets', longOpen, '01021001'],
    ['Established', 'type 9', message(9), '010309'],
    [
      'Established',
      'BoRR with ORF (RFC 7313 §5)',
      message(5, [0, 1, 1, 1, 0]),
      '0701ffffffffffffffffffffffffffffffff0018050001010100',
    ],
  ] as const)('in %s: %s', async ([state, , octets, expected]) => {
    const peer = await inState[state]()
    peer.send(octets)
    expect(await peer.expect(3)).toBe(expected)
    await peer.closed()
    expect(status().stateName).toBe('Idle')
    expect(status().lastError).not.toBeNull()
    expect(status().lastNotification).toMatchObject({ direction: 'sent' })
  })

  test('an UPDATE that breaks the session', async () => {
    const peer = await established()
    let count = 0
    harness.recorder.onUpdate = () => {
      if (++count === 2) throw protocolError(3, 1, 'the attributes overlap')
    }
    peer.send(endOfRib, endOfRib, endOfRib)
    expect(await peer.expect(3)).toBe('0301')
    expect(harness.recorder.lines.slice(-5)).toEqual([
      'edge-a update 00000000',
      'edge-a chunk done',
      'edge-a sent Update Message / Malformed Attribute List',
      'edge-a Established -> Idle',
      'edge-a down notification: Update Message / Malformed Attribute List',
    ])
    expect(status()).toMatchObject({ lastError: 'the attributes overlap', received: { update: 2 } })
  })
})

describe('the peer ends it', () => {
  test('with a shutdown communication (RFC 9003)', async () => {
    const peer = await established()
    const text = Buffer.from('Umbau \u0007bis 14 Uhr')
    peer.send(notificationMessage(6, 2, [text.length, ...text]))
    await harness.recorder.until('down')
    const shown = status().lastNotification?.communication ?? ''
    expect(shown).toMatch(/^Umbau .?bis 14 Uhr$/)
    expect(shown).not.toContain('\u0007')
    expect(status()).toMatchObject({
      lastError: `the peer sent Cease / Administrative Shutdown: "${shown}"`,
      notifications: [{ direction: 'received', code: 6, subcode: 2, count: 1 }],
      received: { notification: 1 },
      sent: { notification: 0 },
    })
  })

  test('in OpenSent: no NOTIFICATION answers a NOTIFICATION', async () => {
    const peer = await connected()
    await peer.expect(1)
    peer.send(notificationMessage(2, 2))
    await peer.closed()
    expect(peer.waiting).toBe(0)
    expect(status().lastError).toBe('the peer sent Open Message / Bad Peer As')
  })

  test('by closing the connection', async () => {
    const peer = await established()
    peer.end()
    const port = peer.socket.localPort
    expect(await harness.recorder.until('down')).toBe(
      `edge-a down closed: 127.0.0.1 port ${port} closed the connection`,
    )
  })

  test('with a reset', async () => {
    const peer = await established()
    const port = peer.socket.localPort
    peer.socket.resetAndDestroy()
    expect(await harness.recorder.until('down')).toBe(
      `edge-a down closed: 127.0.0.1 port ${port} reset the connection`,
    )
  })

  test('and can restart gracefully (RFC 4724): its routes may be kept', async () => {
    const restart = [64, [0, 120, 0, 1, 1, 0x80]] as const
    const peer = await established({}, { capabilities: [ipv4Unicast, restart] })
    peer.end()
    expect(await harness.recorder.until('down')).toContain('down closed graceful')
  })
})

test('a refresh of the peer begins and ends (RFC 7313); a request is counted and no more', async () => {
  const peer = await established({}, { capabilities: [ipv4Unicast, [2, []], [70, []]] })
  const refresh = (subtype: number, afi: number) => message(5, [0, afi, subtype, 1])
  peer.send(refresh(0, 1), refresh(1, 1), refresh(1, 2), endOfRib, refresh(2, 1), refresh(7, 1))
  await harness.recorder.until('chunk done')
  expect(harness.recorder.lines.slice(-4)).toEqual([
    'edge-a refresh ipv4 begin',
    'edge-a update 00000000',
    'edge-a refresh ipv4 end',
    'edge-a chunk done',
  ])
  expect(status().received.routeRefresh).toBe(5)
  expect(peer.waiting).toBe(0)
})

test('messages of 65535 octets, once both sides announced them (RFC 8654)', async () => {
  const peer = await established({}, { capabilities: [ipv4Unicast, [6, []]] })
  peer.send(message(2, Array(65535 - 19).fill(0)))
  const line = await harness.recorder.until('edge-a update')
  expect(line.length).toBe('edge-a update '.length + 2 * (65535 - 19))
})

test('messages of 4097 octets without that are refused', async () => {
  const peer = await established()
  peer.send(message(2, Array(4097 - 19).fill(0)))
  expect(await peer.expect(3)).toBe('01021001')
})

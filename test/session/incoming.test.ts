import { afterEach, describe, expect, test } from 'vitest'
import { ListenError } from '../../src/session/listener.ts'
import { createSessions } from '../../src/session/sessions.ts'
import { keepaliveMessage, notificationMessage, openMessage } from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import {
  establish,
  freePort,
  type Harness,
  startSessions,
  startSessionsWith,
  turnUntil,
} from '../support/session-harness.ts'

let harness: Harness
afterEach(() => harness.close())

function stateNames() {
  return harness.sessions.statuses().map(({ name, stateName }) => `${name} ${stateName}`)
}

test('a peer that is not configured', async () => {
  harness = await startSessions(sessionConfig({ address: '192.0.2.77' }))
  const peer = await harness.connect()
  expect(await peer.expect(3)).toBe('0605')
  await peer.closed()
  expect(harness.recorder.lines.at(-1)).toBe(
    'refused 127.0.0.1: no session has the address 127.0.0.1',
  )
})

test('an address that the config writes in another way', async () => {
  harness = await startSessions(sessionConfig({ address: '::ffff:127.0.0.1' }))
  await establish(harness, await harness.connect())
})

describe('several sessions at one address', () => {
  const three = [64501, 64502, 64503].map((asn) => sessionConfig({ name: `as${asn}`, asn }))

  test('are told apart by the AS number', async () => {
    harness = await startSessions(...three)
    for (const asn of [64503, 64501, 64502]) {
      const peer = await harness.connect()
      const id = `192.0.2.${asn - 64400}`
      await establish(harness, peer, { asn, id }, `as${asn}`)
    }
    expect(stateNames()).toEqual([
      'as64501 Established',
      'as64502 Established',
      'as64503 Established',
    ])
    expect(harness.sessions.status('as64502')?.received.open).toBe(1)
  })

  test('an AS number that none of them has', async () => {
    harness = await startSessions(...three)
    const peer = await harness.connect()
    peer.send(openMessage({ asn: 64999 }))
    expect(await peer.expect(3)).toBe('0202')
    expect(harness.recorder.lines.at(-1)).toBe(
      'refused 127.0.0.1: no session at 127.0.0.1 has AS 64999, expected one of 64501, 64502, 64503',
    )
  })

  test('are told apart by the source port', async () => {
    const localPort = await freePort()
    harness = await startSessions(
      sessionConfig({ name: 'one' }),
      sessionConfig({ name: 'two', port: localPort }),
    )
    const peer = await harness.connect({ localPort })
    expect(await peer.expect(1)).toMatch(/^04fbf4/)
    peer.send(openMessage())
    await peer.expect(4)
    peer.send(keepaliveMessage)
    await harness.recorder.until('two established')
  })

  test('are told apart by the address of ours that the peer connects to', async () => {
    const listen = [{ address: '0.0.0.0', port: 0 }]
    const [one, two] = ['127.0.0.1', '127.0.0.2']
    harness = await startSessionsWith(
      { listen },
      sessionConfig({ name: 'one', localAddress: one }),
      sessionConfig({ name: 'two', localAddress: two }),
    )
    const from = { localAddress: '127.0.0.1' }
    await establish(harness, await harness.connect({ ...from, host: two }), {}, 'two')
    const other = { id: '192.0.2.9' }
    await establish(harness, await harness.connect({ ...from, host: one }), other, 'one')
  })

  test('with the same AS number and another port cannot be told apart', async () => {
    harness = await startSessions(sessionConfig({ name: 'one' }), sessionConfig({ name: 'two' }))
    const peer = await harness.connect()
    peer.send(openMessage())
    expect(await peer.expect(3)).toBe('0605')
    expect(harness.recorder.lines.at(-1)).toContain('sessions one, two have the same address')
  })

  test('one that is up already', async () => {
    harness = await startSessions(...three)
    await establish(harness, await harness.connect(), {}, 'as64501')
    const peer = await harness.connect()
    peer.send(openMessage())
    expect(await peer.expect(3)).toBe('0607')
    expect(harness.recorder.lines.at(-1)).toContain('session as64501 is already established')
  })

  test.for([
    ['KEEPALIVE', keepaliveMessage, '0500'],
    ['a wrong version', openMessage({ version: 3 }), '02010004'],
    ['a wrong marker', Buffer.alloc(19), '0101'],
  ] as const)('a first message that is no OPEN of ours: %s', async ([, octets, expected]) => {
    harness = await startSessions(...three)
    const peer = await harness.connect()
    peer.send(octets)
    expect(await peer.expect(3)).toBe(expected)
    await peer.closed()
  })

  test('a NOTIFICATION is not answered', async () => {
    harness = await startSessions(...three)
    const peer = await harness.connect()
    peer.send(notificationMessage(6, 2))
    await peer.closed()
    expect(peer.waiting).toBe(0)
  })

  test('a peer that closes before its OPEN', async () => {
    harness = await startSessions(...three)
    const peer = await harness.connect()
    peer.end()
    expect(await harness.recorder.until('refused')).toMatch(
      /closed the connection before its OPEN$/,
    )
  })

  test('an OPEN that never comes', async () => {
    harness = await startSessions(...three)
    const peer = await harness.connect()
    await turnUntil(() => harness.clock.pending === 1)
    harness.clock.advance(30_000)
    expect(await peer.expect(3)).toBe('0605')
    expect(harness.recorder.lines.at(-1)).toBe('refused 127.0.0.1: it sent no OPEN within 30 s')
  })

  test('no more than 32 connections from one address wait', async () => {
    harness = await startSessions(
      ...three,
      sessionConfig({ name: 'alone', address: '127.0.0.2' }),
      ...[64511, 64512].map((asn) =>
        sessionConfig({ name: `else${asn}`, address: '127.0.0.3', asn }),
      ),
    )
    for (let i = 0; i < 32; i++) await harness.connect()
    await turnUntil(() => harness.clock.pending === 32)
    const peer = await harness.connect()
    expect(await peer.expect(3)).toBe('0605')
    expect(harness.recorder.lines.at(-1)).toBe(
      'refused 127.0.0.1: 32 connections from 127.0.0.1 wait for a session already',
    )
    await establish(harness, await harness.connect({ localAddress: '127.0.0.2' }), {}, 'alone')
    const other = await harness.connect({ localAddress: '127.0.0.3' })
    await establish(harness, other, { asn: 64512, id: '192.0.2.9' }, 'else64512')
  })
})

test('a flood of strangers keeps no known peer out, and the 129th is told nothing', async () => {
  harness = await startSessions(sessionConfig({ address: '127.0.0.2' }))
  const strangers = []
  // Whoever holds its side open makes us wait for it, two seconds at most.
  for (let i = 0; i < 128; i++) {
    const stranger = await harness.connect()
    stranger.socket.pause()
    strangers.push(stranger)
  }
  await turnUntil(() => harness.clock.pending >= 128)
  const last = await harness.connect()
  await last.closed()
  expect(last.waiting).toBe(0)
  await establish(harness, await harness.connect({ localAddress: '127.0.0.2' }))
})

test('a peer that opens one connection after the other holds no more than a few', async () => {
  harness = await startSessions(sessionConfig())
  const given: Awaited<ReturnType<typeof harness.connect>>[] = []
  for (let i = 0; i < 20; i++) {
    const peer = await harness.connect()
    await peer.expect(1)
    given.at(-1)?.socket.pause()
    given.push(peer)
  }
  // Timers of the session itself, and of the one connection that takes leave.
  expect(harness.clock.pending).toBeLessThan(8)
  const peer = given.at(-1)
  if (peer !== undefined) {
    peer.send(openMessage())
    await peer.expect(4)
    peer.send(keepaliveMessage)
    await harness.recorder.until('edge-a established')
  }
})

describe('an address that cannot be listened on', () => {
  async function listenError(address: string, port: number): Promise<ListenError> {
    const { listener } = harness.recorder
    const listen = [{ address, port }]
    const sessions = createSessions({ listen, clock: harness.clock, listener })
    const error = await sessions.listen().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (!(error instanceof ListenError)) throw new Error(`no ListenError: ${error}`)
    expect(sessions.addresses()).toEqual([])
    return error
  }

  test('in use', async () => {
    harness = await startSessions()
    const error = await listenError('127.0.0.1', harness.port)
    expect(error.message).toBe(`127.0.0.1 port ${harness.port} is in use`)
    expect(error.code).toBe('EADDRINUSE')
  })

  test('not ours', async () => {
    harness = await startSessions()
    const error = await listenError('192.0.2.55', 1790)
    expect(error.message).toBe(
      '192.0.2.55 port 1790 is not available: no interface of this machine has that address',
    )
  })
})

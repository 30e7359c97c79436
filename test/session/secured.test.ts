/** Sessions that ask for TCP MD5 or TTL security, with a kernel that says what the test wants. */
import { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parsePrefix } from '../../src/prefix/text.ts'
import {
  type Secured,
  type SocketSecurity,
  SocketSecurityError,
} from '../../src/session/socket-security.ts'
import { openMessage } from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import {
  establish,
  freePort,
  type Harness,
  startSessionsWith,
  turnUntil,
} from '../support/session-harness.ts'

interface FakeSecurity extends SocketSecurity {
  /** Why accepted connections are not taken. */
  doubt: string | undefined
  /** Why nothing can be had. */
  failure: SocketSecurityError | undefined
  /** What the listening sockets know: `name password`. */
  known: readonly string[]
}

function fakeSecurity(): FakeSecurity {
  const secretOf = ({ name, password }: Secured) => (password ? [`${name} ${password}`] : [])
  const fake: FakeSecurity = {
    doubt: undefined,
    failure: undefined,
    known: [],
    verify() {
      if (fake.failure !== undefined) throw fake.failure
    },
    openSocket() {
      if (fake.failure !== undefined) throw fake.failure
      return new Socket()
    },
    judge: (_, { password, ttlSecurity }) =>
      password === undefined && ttlSecurity === undefined ? undefined : fake.doubt,
    limit: () => undefined,
    protect(_, all) {
      fake.known = all.flatMap(secretOf)
    },
  }
  return fake
}

let security: FakeSecurity
let harness: Harness
beforeEach(() => {
  security = fakeSecurity()
})
afterEach(() => harness.close())

function status(name = 'edge-a') {
  const found = harness.sessions.status(name)
  if (found === undefined) throw new Error(`no session ${name}`)
  return found
}

const tooFar = 'its packets arrive with TTL 64, at least 255 is needed (ttlSecurity: 1)'

describe('a connection that must not be taken', () => {
  test('is closed without a word, and both log and session say why', async () => {
    security.doubt = tooFar
    harness = await startSessionsWith({ security }, sessionConfig({ ttlSecurity: 1 }))
    const peer = await harness.connect()
    await peer.closed()
    expect(peer.waiting).toBe(0)
    expect(harness.recorder.lines.at(-1)).toBe(`refused 127.0.0.1: ${tooFar}`)
    const from = peer.socket.localPort
    expect(status().lastError).toBe(`refused the connection from 127.0.0.1 port ${from}: ${tooFar}`)
    expect(status().stateName).toBe('Active')
  })

  test('takes nothing from a session that is up', async () => {
    harness = await startSessionsWith({ security }, sessionConfig({ ttlSecurity: 1 }))
    await establish(harness, await harness.connect())
    security.doubt = tooFar
    await (await harness.connect()).closed()
    expect(status()).toMatchObject({ stateName: 'Established', lastError: null })
  })

  test('is not asked for its OPEN when no session at its address may take it', async () => {
    security.doubt = tooFar
    const configs = [64501, 64502].map((asn) =>
      sessionConfig({ name: `as${asn}`, asn, ttlSecurity: 1 }),
    )
    harness = await startSessionsWith({ security }, ...configs)
    await (await harness.connect()).closed()
    expect(harness.recorder.lines.at(-1)).toContain(tooFar)
  })

  test('goes when its OPEN names a session that may not take it', async () => {
    security.doubt = tooFar
    harness = await startSessionsWith(
      { security },
      sessionConfig({ name: 'near', ttlSecurity: 1 }),
      sessionConfig({ name: 'far', asn: 64502 }),
    )
    const stranger = await harness.connect()
    stranger.send(openMessage())
    await stranger.closed()
    expect(stranger.waiting).toBe(0)
    expect(status('near').lastError).toContain(tooFar)
    await establish(harness, await harness.connect(), { asn: 64502 }, 'far')
  })
})

describe('a session that opens', () => {
  test('says what may be the matter when its peer does not answer', async () => {
    harness = await startSessionsWith({ security })
    const server = await harness.serve()
    const changes = { passive: false, port: server.port, password: 'top-secret' }
    harness.sessions.add(sessionConfig(changes))
    harness.clock.advance(120_000)
    expect(status().lastError).toBe(
      `127.0.0.1 port ${server.port} does not answer (wrong password?)`,
    )
  })

  test('that gets no protected socket says so and tries again', async () => {
    const port = await freePort()
    harness = await startSessionsWith({ security })
    harness.sessions.add(sessionConfig({ passive: false, port, password: 'x' }))
    security.failure = new SocketSecurityError('edge-a', 'password', 'too many files')
    await turnUntil(() => status().stateName === 'Idle')
    harness.clock.advance(1000)
    harness.clock.advance(0)
    await turnUntil(() => status().stateName === 'Idle')
    expect(status().lastError).toBe('session edge-a: password cannot be had here: too many files')
    security.failure = undefined
    const server = await harness.serve(port)
    harness.clock.advance(2000)
    await establish(harness, await server.accept())
  })
})

describe('passwords at run time', () => {
  test('are added, changed and removed without touching another session', async () => {
    harness = await startSessionsWith({ security }, sessionConfig())
    await establish(harness, await harness.connect())
    const other = sessionConfig({ name: 'edge-b', address: '127.0.0.2', password: 'one' })
    harness.sessions.add(other)
    expect(security.known).toEqual(['edge-b one'])
    const peer = await harness.connect({ localAddress: '127.0.0.2' })
    await establish(harness, peer, {}, 'edge-b')
    expect(harness.sessions.replace({ ...other, password: 'two' })).toBe('restarted')
    expect(security.known).toEqual(['edge-b two'])
    // Cease / Other Configuration Change (RFC 4486).
    expect(await peer.expect(3)).toBe('0606')
    harness.sessions.remove('edge-b')
    expect(security.known).toEqual([])
    expect(status().stateName).toBe('Established')
  })

  test('are refused, and nothing changes, where the machine cannot', async () => {
    harness = await startSessionsWith({ security }, sessionConfig())
    await establish(harness, await harness.connect())
    security.failure = new SocketSecurityError('edge-a', 'password', 'this is no Linux')
    const { failure } = security
    expect(() => harness.sessions.replace(sessionConfig({ password: 'x' }))).toThrow(failure)
    const other = sessionConfig({ name: 'edge-b', address: '127.0.0.2', password: 'one' })
    expect(() => harness.sessions.add(other)).toThrow(failure)
    expect(harness.sessions.statuses().map(({ name }) => name)).toEqual(['edge-a'])
    expect(status().stateName).toBe('Established')
  })
})

test('TTL security that changes needs a new connection', async () => {
  harness = await startSessionsWith({ security }, sessionConfig())
  await establish(harness, await harness.connect())
  expect(harness.sessions.replace(sessionConfig({ ttlSecurity: 1 }))).toBe('restarted')
  await establish(harness, await harness.connect())
})

describe('a reload of a range of unknown peers', () => {
  const { name: _, address: __, asn: ___, ...template } = sessionConfig({ password: 'secret' })
  const range = {
    name: 'lab',
    range: parsePrefix('127.0.1.0/24'),
    asns: [64501],
    maxPeers: 2,
    keepMinutes: 60,
    expected: false,
    template,
  }

  async function come() {
    harness = await startSessionsWith({ security })
    harness.sessions.setDynamic([range])
    const peer = await harness.connect({ localAddress: '127.0.1.7' })
    await establish(harness, peer, {}, 'lab-127.0.1.7')
    return peer
  }

  test('leaves password and session as they are where it accepts more', async () => {
    await come()
    harness.sessions.setDynamic([{ ...range, asns: [64501, 64502] }])
    expect(security.known).toEqual(['lab secret'])
    expect(status('lab-127.0.1.7').stateName).toBe('Established')
  })

  test('tells the listening sockets another password, and ends the session with the one before', async () => {
    const peer = await come()
    harness.sessions.setDynamic([{ ...range, template: { ...template, password: 'other' } }])
    expect(security.known).toEqual(['lab other'])
    expect(await peer.expect(3)).toBe('0603')
    expect(harness.sessions.statuses()).toEqual([])
  })

  test('refuses who connected with the password before', async () => {
    harness = await startSessionsWith({ security })
    harness.sessions.setDynamic([range])
    const peer = await harness.connect({ localAddress: '127.0.1.7' })
    await turnUntil(() => harness.clock.pending === 1)
    harness.sessions.setDynamic([{ ...range, template: { ...template, password: 'other' } }])
    peer.send(openMessage())
    expect(await peer.expect(3)).toBe('0605')
  })

  test('changes nothing where the new one cannot be had', async () => {
    await come()
    security.failure = new SocketSecurityError('lab', 'password', 'no')
    const next = { ...range, template: { ...template, password: 'other' } }
    expect(() => harness.sessions.setDynamic([next])).toThrow(SocketSecurityError)
    expect(security.known).toEqual(['lab secret'])
    expect(status('lab-127.0.1.7').stateName).toBe('Established')
  })
})

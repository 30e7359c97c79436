import { afterEach, describe, expect, test } from 'vitest'
import { parsePrefix } from '../../src/prefix/text.ts'
import { type DynamicRange, dynamicName } from '../../src/session/dynamic.ts'
import { notificationMessage, openMessage } from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import { establish, type Harness, startSessions, turnUntil } from '../support/session-harness.ts'

let harness: Harness
afterEach(() => harness?.close())

function range(changes: Partial<DynamicRange> = {}): DynamicRange {
  const { name: _, address: __, asn: ___, ...template } = sessionConfig()
  return {
    name: 'lab',
    range: parsePrefix('127.0.1.0/24'),
    asns: [64501, 64502],
    maxPeers: 2,
    keepMinutes: 60,
    expected: false,
    template,
    ...changes,
  }
}

async function start(...ranges: DynamicRange[]): Promise<void> {
  harness = await startSessions(sessionConfig())
  harness.sessions.setDynamic(ranges)
}

/** A peer at 127.0.1.N takes its session to Established. */
async function come(n: number, asn = 64501) {
  const peer = await harness.connect({ localAddress: `127.0.1.${n}` })
  await establish(harness, peer, { asn, id: `192.0.2.${n}` }, `lab-127.0.1.${n}`)
  return peer
}

/** Its peer leaves with Cease / Peer De-configured. */
async function go(peer: Awaited<ReturnType<typeof come>>, n: number): Promise<void> {
  const from = harness.recorder.lines.length
  peer.send(notificationMessage(6, 3))
  await harness.recorder.until(`lab-127.0.1.${n} down`, from)
}

function names(): string[] {
  return harness.sessions.statuses().map(({ name }) => name)
}

test.for([
  ['192.0.2.7', 'lab-192.0.2.7'],
  ['2001:db8::7', 'lab-2001_db8__7'],
] as const)('the session of %s is called %s', ([address, name]) => {
  expect(dynamicName({ name: 'lab' }, address)).toBe(name)
})

describe('a peer of a range', () => {
  test('gets a session of its own, made of its range', async () => {
    await start(range())
    await come(7, 64502)
    expect(names()).toEqual(['edge-a', 'lab-127.0.1.7'])
    expect(harness.sessions.config('lab-127.0.1.7')).toMatchObject({
      address: '127.0.1.7',
      asn: 64502,
      passive: true,
      holdTime: 90,
    })
    const joined = harness.recorder.lines.indexOf('lab-127.0.1.7 joined AS 64502')
    const started = harness.recorder.lines.indexOf('lab-127.0.1.7 Idle -> Active')
    expect(joined).toBeGreaterThanOrEqual(0)
    expect(started).toBeGreaterThan(joined)
  })

  test('of an AS that is not accepted is told Bad Peer AS', async () => {
    await start(range())
    const peer = await harness.connect({ localAddress: '127.0.1.7' })
    peer.send(openMessage({ asn: 64999 }))
    expect(await peer.expect(3)).toBe('0202')
    expect(harness.recorder.lines.at(-1)).toBe(
      'refused 127.0.1.7: AS 64999 is none of those accepted from 127.0.1.0/24 (listen.dynamic lab)',
    )
    expect(names()).toEqual(['edge-a'])
  })

  test('of any AS, where any is accepted', async () => {
    await start(range({ asns: null }))
    await come(7, 4_200_000_001)
  })

  test('that is not of the range is refused as ever', async () => {
    await start(range())
    const peer = await harness.connect({ localAddress: '127.0.2.7' })
    expect(await peer.expect(3)).toBe('0605')
  })

  test('comes back to the same session, with another AS too', async () => {
    await start(range())
    await go(await come(7), 7)
    harness.clock.advance(1000)
    await come(7)
    expect(harness.sessions.status('lab-127.0.1.7')?.flaps).toBe(1)
    const again = await harness.connect({ localAddress: '127.0.1.7' })
    again.send(openMessage({ asn: 64502 }))
    // While the one of AS 64501 is up.
    expect(await again.expect(3)).toBe('0605')
  })

  test('with another AS gets another session when the one before is down', async () => {
    await start(range())
    await go(await come(7), 7)
    await come(7, 64502)
    expect(harness.sessions.status('lab-127.0.1.7')).toMatchObject({ flaps: 0 })
  })

  test('that is configured by itself is no peer of the range', async () => {
    await start(range({ range: parsePrefix('127.0.0.0/8') }))
    await establish(harness, await harness.connect())
    expect(names()).toEqual(['edge-a'])
  })
})

describe('the most specific range decides', () => {
  test('whatever the order', async () => {
    const wide = range({ name: 'wide', range: parsePrefix('127.0.0.0/8') })
    await start(wide, range())
    await come(7)
    expect(names()).toEqual(['edge-a', 'lab-127.0.1.7'])
  })
})

describe('the session of a peer that left', () => {
  test('stays for keepMinutes, then it is gone', async () => {
    await start(range())
    await go(await come(7), 7)
    harness.clock.advance(60 * 60_000 - 1)
    expect(names()).toContain('lab-127.0.1.7')
    harness.clock.advance(1)
    expect(names()).toEqual(['edge-a'])
    expect(harness.recorder.lines.at(-1)).toBe('lab-127.0.1.7 left')
  })

  test('that never came up stays a minute', async () => {
    await start(range())
    const peer = await harness.connect({ localAddress: '127.0.1.7' })
    // BGP identifier 0 (RFC 6286) comes after the AS was accepted.
    peer.send(openMessage())
    await peer.expect(1)
    peer.destroy()
    await turnUntil(() => harness.sessions.status('lab-127.0.1.7')?.stateName !== 'OpenConfirm')
    harness.clock.advance(61_000)
    expect(names()).toEqual(['edge-a'])
  })

  test('stays when an operator shut it down', async () => {
    await start(range())
    await come(7)
    harness.sessions.stop('lab-127.0.1.7')
    harness.clock.advance(3 * 60 * 60_000)
    expect(names()).toContain('lab-127.0.1.7')
    const peer = await harness.connect({ localAddress: '127.0.1.7' })
    peer.send(openMessage())
    expect(await peer.expect(3)).toBe('0602')
  })
})

describe('maxPeers', () => {
  test('refuses one more while all are there', async () => {
    await start(range())
    await come(1)
    await come(2)
    const peer = await harness.connect({ localAddress: '127.0.1.3' })
    peer.send(openMessage())
    expect(await peer.expect(3)).toBe('0605')
    expect(harness.recorder.lines.at(-1)).toBe(
      'refused 127.0.1.3: all 2 sessions of listen.dynamic lab are taken (maxPeers)',
    )
  })

  test('makes room of the peer that is away longest', async () => {
    await start(range())
    const first = await come(1)
    const second = await come(2)
    await go(second, 2)
    harness.clock.advance(1)
    await go(first, 1)
    await come(3)
    expect(names()).toEqual(['edge-a', 'lab-127.0.1.1', 'lab-127.0.1.3'])
  })
})

describe('a reload', () => {
  const other = range({ name: 'other', range: parsePrefix('127.0.2.0/24') })

  test.for([
    ['asns', { asns: [64501] }],
    ['asns, to any', { asns: null }],
    ['maxPeers', { maxPeers: 1 }],
    ['keepMinutes', { keepMinutes: 1 }],
    ['range, to one that still covers them', { range: parsePrefix('127.0.1.0/25') }],
    ['what needs no new OPEN', { template: { ...range().template, description: 'laboratory' } }],
  ] as [string, Partial<DynamicRange>][])(
    'that changes %s leaves sessions as they are',
    async ([, changes]) => {
      await start(range())
      await come(7)
      const second = await come(8)
      harness.sessions.setDynamic([other, range(changes)])
      expect(names()).toEqual(['edge-a', 'lab-127.0.1.7', 'lab-127.0.1.8'])
      for (const name of names().slice(1)) {
        expect(harness.sessions.status(name)).toMatchObject({
          stateName: 'Established',
          flaps: 0,
          config: { description: changes.template?.description ?? '' },
        })
      }
      // They belong to the range as it is now.
      await go(second, 8)
      harness.clock.advance(60_000)
      expect(names().includes('lab-127.0.1.8')).toBe(changes.keepMinutes === undefined)
    },
  )

  test.for([
    ['the range is gone', []],
    ['it has another name', [range({ name: 'lab2' })]],
    ['it does not cover the peer any more', [range({ range: parsePrefix('127.0.1.0/30') })]],
    [
      'a more specific one decides now',
      [range(), range({ name: 'lab2', range: parsePrefix('127.0.1.7/32') })],
    ],
    ['it does not accept the AS any more', [range({ asns: [64502] })]],
    ['its prefixes are expected now', [range({ expected: true })]],
    ['another hold time is offered', [range({ template: { ...range().template, holdTime: 30 } })]],
  ] as [string, DynamicRange[]][])('ends a session where %s', async ([, ranges]) => {
    await start(range(), other)
    const peer = await come(7)
    const kept = await harness.connect({ localAddress: '127.0.2.7' })
    await establish(harness, kept, {}, 'other-127.0.2.7')
    harness.sessions.setDynamic([{ ...other }, ...ranges])
    expect(names()).toEqual(['edge-a', 'other-127.0.2.7'])
    // Cease / Peer De-configured.
    expect(await peer.expect(3)).toBe('0603')
    expect(harness.recorder.lines).toContain('lab-127.0.1.7 left')
    expect(harness.sessions.status('other-127.0.2.7')?.stateName).toBe('Established')
  })

  test('accepts an AS from now on, and refuses it from now on', async () => {
    await start(range({ asns: [64501] }))
    const first = await come(7)
    harness.sessions.setDynamic([range({ asns: [64501, 64502] })])
    await come(8, 64502)
    harness.sessions.setDynamic([range({ asns: [64502] })])
    expect(await first.expect(3)).toBe('0603')
    const again = await harness.connect({ localAddress: '127.0.1.7' })
    again.send(openMessage())
    expect(await again.expect(3)).toBe('0202')
    expect(names()).toEqual(['edge-a', 'lab-127.0.1.8'])
  })

  test('that lowers maxPeers lets newcomers in when enough of those before are away', async () => {
    await start(range({ maxPeers: 3 }))
    const peers = [await come(1), await come(2), await come(3)]
    harness.sessions.setDynamic([range({ maxPeers: 1 })])
    for (const [i, peer] of peers.entries()) {
      const newcomer = await harness.connect({ localAddress: '127.0.1.9' })
      newcomer.send(openMessage())
      expect(await newcomer.expect(3)).toBe('0605')
      expect(names()).toHaveLength(4)
      await go(peer, i + 1)
    }
    await come(9)
    expect(names()).toEqual(['edge-a', 'lab-127.0.1.9'])
  })

  test('that changes keepMinutes counts from when the peer left', async () => {
    await start(range({ keepMinutes: 60 }))
    await go(await come(7), 7)
    harness.clock.advance(10 * 60_000)
    harness.sessions.setDynamic([range({ keepMinutes: 20 })])
    harness.clock.advance(10 * 60_000 - 1)
    expect(names()).toContain('lab-127.0.1.7')
    harness.clock.advance(1)
    expect(names()).toEqual(['edge-a'])
  })

  test('that makes keepMinutes shorter than a peer is away ends its session', async () => {
    await start(range({ keepMinutes: 60 }))
    await go(await come(7), 7)
    harness.clock.advance(10 * 60_000)
    harness.sessions.setDynamic([range({ keepMinutes: 5 })])
    harness.clock.advance(0)
    expect(names()).toEqual(['edge-a'])
  })

  test.for([
    ['lets it in where the range is still there', range({ expected: true }), undefined],
    ['refuses it where another decides', range({ name: 'lab2' }), '0605'],
  ] as [string, DynamicRange, string | undefined][])(
    'between a connection and its OPEN %s',
    async ([, next, refusal]) => {
      await start(range())
      const peer = await harness.connect({ localAddress: '127.0.1.7' })
      await turnUntil(() => harness.clock.pending === 1)
      harness.sessions.setDynamic([next])
      if (refusal === undefined) {
        await establish(harness, peer, {}, 'lab-127.0.1.7')
        return
      }
      peer.send(openMessage())
      expect(await peer.expect(3)).toBe(refusal)
      expect(harness.recorder.lines.at(-1)).toBe(
        'refused 127.0.1.7: 127.0.1.0/24 (listen.dynamic lab) was changed or removed while it connected',
      )
    },
  )
})

describe('a session of its own', () => {
  test('takes the place of that of the range', async () => {
    await start(range())
    const peer = await come(7)
    harness.sessions.add(sessionConfig({ name: 'own', address: '127.0.1.7' }))
    expect(await peer.expect(3)).toBe('0603')
    expect(names()).toEqual(['edge-a', 'own'])
  })
})

test('no more than 128 peers of ranges wait for their OPEN', async () => {
  await start(range({ range: parsePrefix('127.0.0.0/8') }))
  for (let i = 0; i < 128; i++) {
    await harness.connect({ localAddress: `127.0.${2 + (i >> 4)}.${1 + (i & 15)}` })
  }
  await turnUntil(() => harness.clock.pending === 128)
  const peer = await harness.connect({ localAddress: '127.0.99.1' })
  expect(await peer.expect(3)).toBe('0605')
  expect(harness.recorder.lines.at(-1)).toBe(
    'refused 127.0.99.1: 128 connections from ranges wait for their OPEN already',
  )
  await establish(harness, await harness.connect())
})

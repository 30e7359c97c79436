import { describe, expect, test } from 'vitest'
import { buildOpen, negotiate } from '../../src/session/negotiate.ts'
import type { SessionConfig } from '../../src/session/types.ts'
import { ProtocolError } from '../../src/wire/errors.ts'
import type { OpenMessage } from '../../src/wire/messages.ts'
import { decodeOpen, encodeOpen } from '../../src/wire/open.ts'
import { ipv4Unicast, ipv6Unicast, openMessage, type PeerOpen } from '../support/scripted-peer.ts'
import { sessionConfig } from '../support/session-config.ts'
import { viewOf } from '../support/vectors.ts'

function opened(peer: PeerOpen = {}): OpenMessage {
  const octets = openMessage(peer)
  return decodeOpen(viewOf(octets), 0, octets.length)
}

function agree(config: Partial<SessionConfig> = {}, peer: PeerOpen = {}) {
  const full = sessionConfig(config)
  return negotiate(full, buildOpen(full), opened(peer))
}

function refusal(config: Partial<SessionConfig>, peer: PeerOpen | OpenMessage): ProtocolError {
  const full = sessionConfig(config)
  const theirs = 'type' in peer ? peer : opened(peer)
  try {
    negotiate(full, buildOpen(full), theirs)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('our OPEN', () => {
  test('on the wire', () => {
    // RFC 4271 §4.2: version 4, AS 64500, hold time 90, 192.0.2.1; then one parameter of capabilities:
    // 1 (RFC 4760) twice, 2 (2918), 6 (8654), 64 (4724), 65 (6793), 70 (7313).
    const octets = Buffer.from(encodeOpen(buildOpen(sessionConfig())))
    expect(octets.toString('hex', 19)).toBe(
      ['04', 'fbf4', '005a', 'c0000201', '1e', '021c']
        .concat('010400010001', '010400020001', '0200', '0600')
        .concat('40020000', '41040000fbf4', '4600')
        .join(''),
    )
  })

  test('an AS number of four octets stands in the capability, AS_TRANS in its place', () => {
    const { myAs, capabilities } = buildOpen(sessionConfig({ localAsn: 4200000000 }))
    expect(myAs).toBe(23456)
    const capability = capabilities.find(({ code }) => code === 65)
    expect(Buffer.from(capability?.value ?? []).toString('hex')).toBe('fa56ea00')
  })
})

describe('hold time (RFC 4271 §4.2): the smaller one', () => {
  test.for([
    [90, 90, 90, 30],
    [90, 180, 90, 30],
    [180, 30, 30, 10],
    [90, 3, 3, 1],
    [90, 4, 4, 1],
    [90, 0, 0, 0],
    [0, 90, 0, 0],
    [65535, 65535, 65535, 21845],
  ] as const)('ours %i, theirs %i: %i, keepalives every %i', ([ours, theirs, hold, keepalive]) => {
    const agreed = agree({ holdTime: ours }, { holdTime: theirs })
    expect([agreed.holdTime, agreed.keepaliveTime]).toEqual([hold, keepalive])
  })
})

describe('families', () => {
  const both = ['ipv4', 'ipv6'] as const
  test.for([
    ['both', both, [ipv4Unicast, ipv6Unicast], ['ipv4', 'ipv6']],
    ['IPv4 of two', both, [ipv4Unicast], ['ipv4']],
    ['IPv6 of two', ['ipv6'] as const, [ipv4Unicast, ipv6Unicast], ['ipv6']],
    ['no capability means IPv4 unicast (RFC 4760 §8)', both, [], ['ipv4']],
    ['a family that is not known', both, [[1, [0, 25, 0, 70]], ipv4Unicast] as const, ['ipv4']],
    ['multicast is another family', both, [[1, [0, 2, 0, 2]], ipv4Unicast] as const, ['ipv4']],
  ] as const)('%s', ([, families, capabilities, expected]) => {
    expect(agree({ families }, { capabilities }).families).toEqual(expected)
  })

  test('none in common: Unsupported Capability, with those that we want (RFC 5492 §5)', () => {
    const error = refusal({ families: ['ipv6'] }, { capabilities: [ipv4Unicast] })
    expect([error.code, error.subcode]).toEqual([2, 7])
    expect(Buffer.from(error.data).toString('hex')).toBe('010400020001')
    expect(error.message).toContain('ipv6')
  })

  test('no capability at all, and IPv6 alone wanted', () => {
    expect(refusal({ families: ['ipv6'] }, { capabilities: [] }).subcode).toBe(7)
  })
})

describe('4-octet AS numbers (RFC 6793)', () => {
  const four = (asn: number) => [65, [asn >>> 24, (asn >> 16) & 255, (asn >> 8) & 255, asn & 255]]
  const as4 = (asn: number) => [ipv4Unicast, four(asn)] as NonNullable<PeerOpen['capabilities']>

  test('both announce them', () => {
    expect(agree().decode.as4).toBe(true)
  })

  test('the peer does not', () => {
    expect(agree({}, { capabilities: [ipv4Unicast] }).decode.as4).toBe(false)
  })

  test('the real number is in the capability', () => {
    const peer = { asn: 4200000001, capabilities: as4(4200000001) }
    expect(agree({ asn: 4200000001 }, peer).remoteAsn).toBe(4200000001)
  })

  test.for([
    ['another AS', {}, { asn: 64502 }, 2],
    ['another AS in the capability', {}, { asn: 64501, capabilities: as4(64502) }, 2],
    ['AS_TRANS without the capability', {}, { asn: 23456, capabilities: [ipv4Unicast] }, 2],
    ['AS 0 (RFC 7607)', {}, { asn: 0, capabilities: [ipv4Unicast] }, 2],
    ['AS 0 in the capability', {}, { asn: 64501, capabilities: as4(0) }, 2],
    ['identifier 0.0.0.0 (RFC 6286)', {}, { id: '0.0.0.0' }, 3],
    ['our identifier in our AS', { asn: 64500 }, { asn: 64500, id: '192.0.2.1' }, 3],
    ['hold time 1', {}, { holdTime: 1 }, 6],
    ['hold time 2', {}, { holdTime: 2 }, 6],
    ['version 3', {}, { version: 3 }, 1],
    ['version 5', {}, { version: 5 }, 1],
  ] as [string, Partial<SessionConfig>, PeerOpen, number][])(
    'refused: %s',
    ([, config, peer, subcode]) => {
      const error = refusal(config, peer)
      expect([error.code, error.subcode]).toEqual([2, subcode])
    },
  )

  test('the version that is supported goes with the refusal (RFC 4271 §6.2)', () => {
    expect(Buffer.from(refusal({}, { version: 3 }).data).toString('hex')).toBe('0004')
  })

  test('our identifier in another AS is none of our business (RFC 6286 §2.1)', () => {
    expect(agree({}, { id: '192.0.2.1' }).remoteRouterId).toBe('192.0.2.1')
  })
})

test('an optional parameter that is not known', () => {
  const open = { ...opened(), otherParameters: [{ type: 1, value: Uint8Array.of(0) }] }
  const error = refusal({}, open)
  expect([error.code, error.subcode]).toEqual([2, 4])
})

test('internal and external', () => {
  expect(agree().decode.external).toBe(true)
  expect(agree({ asn: 64500 }, { asn: 64500 }).decode.external).toBe(false)
})

test('messages beyond 4096 octets need both sides (RFC 8654 §4)', () => {
  expect(agree().maxMessageLength).toBe(4096)
  const capabilities = [ipv4Unicast, [6, []]] as const
  expect(agree({}, { capabilities }).maxMessageLength).toBe(65535)
})

describe('firstAsCheck', () => {
  test('of an external peer: paths must begin with its AS number', () => {
    expect(agree({ firstAsCheck: true }).decode.firstAs).toBe(64501)
    expect(agree().decode.firstAs).toBeUndefined()
  })

  test('an internal peer is not asked for it', () => {
    const internal = agree({ firstAsCheck: true, localAsn: 64501, routerId: 1 })
    expect(internal.decode.firstAs).toBeUndefined()
  })
})

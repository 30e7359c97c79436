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
        .concat('40024000', '41040000fbf4', '4600')
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

/** Capabilities of the peer's OPEN, as [code, value octets]. */
type Given = NonNullable<PeerOpen['capabilities']>

/** The values of a capability in our OPEN, in hex. */
function announced(code: number, config: Partial<SessionConfig>): string[] {
  return buildOpen(sessionConfig(config))
    .capabilities.filter((each) => each.code === code)
    .map(({ value }) => Buffer.from(value).toString('hex'))
}

describe('addPath (RFC 7911 §4)', () => {
  test('asks for paths of the families of the session, and sends none', () => {
    expect(announced(69, {})).toEqual([])
    expect(announced(69, { addPath: true })).toEqual(['00010101' + '00020101'])
    expect(announced(69, { addPath: true, families: ['ipv6'] })).toEqual(['00020101'])
  })

  const [receive, send, both] = [1, 2, 3]
  test.for([
    ['the peer sends IPv4', { addPath: true }, [0, 1, 1, send], [true, false]],
    [
      'the peer sends and receives both',
      { addPath: true },
      [0, 1, 1, both, 0, 2, 1, both],
      [true, true],
    ],
    ['the peer would only receive', { addPath: true }, [0, 1, 1, receive], [false, false]],
    ['we did not ask', {}, [0, 1, 1, both, 0, 2, 1, both], [false, false]],
    [
      'of a family that is not ours',
      { addPath: true, families: ['ipv6'] },
      [0, 1, 1, send],
      [false, false],
    ],
    ['of multicast', { addPath: true }, [0, 1, 2, send], [false, false]],
    ['Send/Receive 4 is not understood', { addPath: true }, [0, 1, 1, 4], [false, false]],
  ] as [string, Partial<SessionConfig>, number[], [boolean, boolean]][])(
    '%s',
    ([, config, value, expected]) => {
      const capabilities: Given = [ipv4Unicast, ipv6Unicast, [69, value]]
      const { decode } = agree(config, { capabilities })
      expect([decode.addPathIpv4, decode.addPathIpv6]).toEqual(expected)
    },
  )
})

describe('extendedNextHop (RFC 8950 §4)', () => {
  // AFI 1, SAFI 1 in two octets, next hop AFI 2.
  const ipv4OverIpv6 = [0, 1, 0, 1, 0, 2]

  test('is announced for IPv4 unicast, where the session carries it', () => {
    expect(announced(5, {})).toEqual([])
    expect(announced(5, { extendedNextHop: true })).toEqual(['000100010002'])
    expect(announced(5, { extendedNextHop: true, families: ['ipv6'] })).toEqual([])
  })

  test.for([
    ['both sides', true, ipv4OverIpv6, true],
    ['the peer alone', false, ipv4OverIpv6, false],
    ['of VPN routes', true, [0, 1, 0, 128, 0, 2], false],
    ['with VPN routes', true, [0, 1, 0, 128, 0, 2, ...ipv4OverIpv6], true],
    ['of another next hop', true, [0, 1, 0, 1, 0, 1], false],
  ] as [string, boolean, number[], boolean][])('%s', ([, extendedNextHop, value, expected]) => {
    const capabilities: Given = [ipv4Unicast, [5, value]]
    expect(agree({ extendedNextHop }, { capabilities }).decode.extendedNextHop).toBe(expected)
  })
})

describe('role (RFC 9234 §4)', () => {
  const roles = ['provider', 'rs-server', 'rs-client', 'customer', 'peer'] as const
  const peerSays = (...values: number[]): PeerOpen => ({
    capabilities: [ipv4Unicast, ...values.map((value) => [9, [value]] as const)],
  })

  test.for(roles.map((role, value) => [role, value] as const))('%s is %i', ([role, value]) => {
    expect(announced(9, { role })).toEqual([`0${value}`])
  })

  test('none without the key, and none inside our AS', () => {
    expect(announced(9, {})).toEqual([])
    expect(announced(9, { role: 'peer', asn: 64500 })).toEqual([])
    expect(agree({ role: 'peer', asn: 64500 }, { asn: 64500 }).role).toBeUndefined()
  })

  // RFC 9234 §4.2, Table 2: local role, role of the remote AS.
  const allowed = [
    'provider customer',
    'customer provider',
    'rs-server rs-client',
    'rs-client rs-server',
    'peer peer',
  ]
  test.for(roles.flatMap((local) => roles.map((remote, value) => [local, remote, value] as const)))(
    'ours %s, the peer is %s',
    ([local, remote, value]) => {
      if (allowed.includes(`${local} ${remote}`)) {
        expect(agree({ role: local }, peerSays(value)).role).toBe(local)
      } else {
        const error = refusal({ role: local }, peerSays(value))
        expect([error.code, error.subcode]).toEqual([2, 11])
        expect(error.message).toContain(`ours is ${local}, the peer's ${remote}`)
      }
    },
  )

  test('a peer without one is taken, but not strictly', () => {
    expect(agree({ role: 'provider' }).role).toBe('provider')
    const error = refusal({ role: 'provider', roleStrict: true }, {})
    expect([error.code, error.subcode]).toEqual([2, 11])
    expect(agree({ role: 'provider', roleStrict: true }, peerSays(3)).role).toBe('provider')
  })

  test('a peer with several is refused, unless they are one', () => {
    expect(agree({ role: 'peer' }, peerSays(4, 4)).role).toBe('peer')
    expect(refusal({ role: 'peer' }, peerSays(4, 3)).subcode).toBe(11)
  })

  test('what the peer says is its own business where we have no role', () => {
    expect(agree({}, peerSays(0, 3)).role).toBeUndefined()
  })
})

describe('the N bit of graceful restart (RFC 8538 §2)', () => {
  test.for([
    ['set', [0x40, 120, 0, 1, 1, 0x80], true],
    ['not set', [0x00, 120, 0, 1, 1, 0x80], false],
    ['set by a helper', [0x40, 0], true],
  ] as [string, number[], boolean][])('%s', ([, value, expected]) => {
    const capabilities: Given = [ipv4Unicast, [64, value]]
    expect(agree({}, { capabilities }).gracefulNotification).toBe(expected)
  })

  test('no graceful restart at all', () => {
    expect(agree().gracefulNotification).toBe(false)
  })
})

test('dynamic capabilities are not understood, and change nothing', () => {
  // Codes 66 (deprecated) and 67 (draft-ietf-idr-dynamic-cap §3): a list of capability codes.
  const capabilities: Given = [ipv4Unicast, [66, []], [67, [1, 2, 64]]]
  const agreed = agree({}, { capabilities })
  expect(agreed.families).toEqual(['ipv4'])
  expect(agreed.remoteCapabilities.unknown.map(({ code }) => code)).toEqual([66, 67])
  expect(announced(66, {}).concat(announced(67, {}))).toEqual([])
})

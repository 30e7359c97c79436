import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkRoles, decodeCapabilities, encodeCapabilities } from '../../src/wire/capabilities.ts'
import { EncodeError, ProtocolError } from '../../src/wire/errors.ts'
import type { Capabilities, Capability } from '../../src/wire/messages.ts'
import { decodeOpen } from '../../src/wire/open.ts'
import {
  bytesOf,
  hexOf,
  messageRecords,
  readJsonLines,
  sharedVectors,
  viewOf,
} from '../support/vectors.ts'

const none: Capabilities = {
  multiprotocol: [],
  routeRefresh: false,
  enhancedRouteRefresh: false,
  extendedMessage: false,
  addPath: [],
  extendedNextHop: [],
  unknown: [],
}

function cap(code: number, hex: string): Capability {
  return { code, value: bytesOf(hex) }
}

/** Code and value in hex, as they stand on the wire without the length. */
function wire(list: readonly Capability[]): string[] {
  return list.map(({ code, value }) => `${code} ${hexOf(value)}`.trim())
}

describe('decodeCapabilities', () => {
  test.for<[string, Capability, Partial<Capabilities>]>([
    ['multiprotocol, RFC 4760 §8', cap(1, '0002 00 01'), { multiprotocol: [[2, 1]] }],
    ['multiprotocol with a reserved octet', cap(1, '0001 ff 80'), { multiprotocol: [[1, 128]] }],
    ['route refresh, RFC 2918 §2', cap(2, ''), { routeRefresh: true }],
    [
      'extended next hop, RFC 8950 §4',
      cap(5, '0001 0001 0002  0001 0080 0002'),
      {
        extendedNextHop: [
          { afi: 1, safi: 1, nextHopAfi: 2 },
          { afi: 1, safi: 128, nextHopAfi: 2 },
        ],
      },
    ],
    ['extended message, RFC 8654 §3', cap(6, ''), { extendedMessage: true }],
    ['role, RFC 9234 §4.1', cap(9, '03'), { role: 3 }],
    [
      'graceful restart, RFC 4724 §3',
      // R and 120 seconds; IPv4 unicast with F, IPv6 unicast without.
      cap(64, '8078  0001 01 80  0002 01 00'),
      {
        gracefulRestart: {
          restartState: true,
          notification: false,
          restartTime: 120,
          families: [
            { afi: 1, safi: 1, forwardingPreserved: true },
            { afi: 2, safi: 1, forwardingPreserved: false },
          ],
        },
      },
    ],
    [
      'graceful restart with the N bit and no family, RFC 8538 §2',
      cap(64, '412c'),
      {
        gracefulRestart: {
          restartState: false,
          notification: true,
          restartTime: 300,
          families: [],
        },
      },
    ],
    ['4-octet AS number, RFC 6793 §3', cap(65, 'fffffffe'), { fourOctetAs: 4294967294 }],
    [
      'add-path, RFC 7911 §4',
      cap(69, '0001 01 01  0002 01 03'),
      {
        addPath: [
          { afi: 1, safi: 1, sendReceive: 1 },
          { afi: 2, safi: 1, sendReceive: 3 },
        ],
      },
    ],
    ['enhanced route refresh, RFC 7313 §3.1', cap(70, ''), { enhancedRouteRefresh: true }],
    [
      'fqdn',
      // "r1", "lab"
      cap(73, '02 7231  03 6c6162'),
      { fqdn: { hostname: 'r1', domain: 'lab' } },
    ],
    [
      'fqdn without control characters',
      // "r", ESC, "[31m", and a domain of length 0
      cap(73, '06 72 1b 5b33316d  00'),
      { fqdn: { hostname: 'r[31m', domain: '' } },
    ],
  ])('%s', ([, capability, wanted]) => {
    expect(decodeCapabilities([capability])).toEqual({ ...none, ...wanted })
  })

  test.for([
    ['a code nobody knows', cap(239, '0102')],
    ['the route refresh of before RFC 2918', cap(128, '')],
    ['multiprotocol of 3 octets', cap(1, '000100')],
    ['multiprotocol of 5 octets', cap(1, '0001000100')],
    ['route refresh with a value', cap(2, '00')],
    ['extended next hop without an entry', cap(5, '')],
    ['extended next hop of 5 octets', cap(5, '0001000100')],
    ['extended message with a value', cap(6, '00')],
    ['role of 0 octets', cap(9, '')],
    ['role of 2 octets', cap(9, '0303')],
    ['graceful restart of 1 octet', cap(64, '00')],
    ['graceful restart with 3 octets for a family', cap(64, '0078000101')],
    ['4-octet AS number of 2 octets', cap(65, 'fbf5')],
    ['add-path without an entry', cap(69, '')],
    ['add-path of 3 octets', cap(69, '000101')],
    // RFC 7911 §4: the capability as a whole is not understood then.
    ['add-path with Send/Receive 0', cap(69, '00010101 00020100')],
    ['add-path with Send/Receive 4', cap(69, '00020101 00010104')],
    ['fqdn that is shorter than its lengths', cap(73, '047231')],
    ['fqdn that is longer than its lengths', cap(73, '01720000')],
    ['fqdn that is not UTF-8', cap(73, '02 72ff 00')],
  ] as const)('leaves in unknown: %s', ([, capability]) => {
    expect(decodeCapabilities([capability])).toEqual({ ...none, unknown: [capability] })
  })

  test('puts families of several instances together, each once (RFC 5492 §4)', () => {
    const list = [
      cap(1, '00010001'),
      cap(1, '00020001'),
      cap(1, '00010001'),
      cap(5, '000100010002'),
      cap(5, '000100010002 000100020002'),
      cap(69, '00010101'),
      cap(69, '00020102 00010103'),
    ]
    expect(decodeCapabilities(list)).toEqual({
      ...none,
      multiprotocol: [
        [1, 1],
        [2, 1],
      ],
      extendedNextHop: [
        { afi: 1, safi: 1, nextHopAfi: 2 },
        { afi: 1, safi: 2, nextHopAfi: 2 },
      ],
      addPath: [
        { afi: 1, safi: 1, sendReceive: 3 },
        { afi: 2, safi: 1, sendReceive: 2 },
      ],
    })
  })

  test('takes the last graceful restart (RFC 4724 §3)', () => {
    const { gracefulRestart } = decodeCapabilities([cap(64, '8001 0001 01 80'), cap(64, '0002')])
    expect(gracefulRestart).toMatchObject({ restartState: false, restartTime: 2, families: [] })
  })

  test('goes on after a malformed one', () => {
    const list = [cap(65, '00'), cap(200, ''), cap(65, '0000fbf5'), cap(1, '')]
    expect(decodeCapabilities(list)).toEqual({
      ...none,
      fourOctetAs: 64501,
      unknown: [list[0], list[1], list[3]],
    })
  })
})

describe('encodeCapabilities', () => {
  test('writes what the daemon announces, in ascending order of code', () => {
    const list = encodeCapabilities({
      multiprotocol: [
        [1, 1],
        [2, 1],
      ],
      routeRefresh: true,
      extendedNextHop: [{ afi: 1, safi: 1, nextHopAfi: 2 }],
      extendedMessage: true,
      role: 4,
      gracefulRestart: {
        restartState: true,
        notification: true,
        restartTime: 4095,
        families: [{ afi: 2, safi: 1, forwardingPreserved: true }],
      },
      fourOctetAs: 4200000000,
      addPath: [{ afi: 2, safi: 1, sendReceive: 1 }],
      enhancedRouteRefresh: true,
      fqdn: { hostname: 'edge', domain: 'é' },
      unknown: [cap(71, '00')],
    })
    expect(wire(list)).toEqual([
      '1 00010001',
      '1 00020001',
      '2',
      '5 000100010002',
      '6',
      '9 04',
      '64 cfff00020180',
      '65 fa56ea00',
      '69 00020101',
      '70',
      '73 046564676502c3a9',
      '71 00',
    ])
  })

  test('writes nothing for nothing', () => {
    expect(encodeCapabilities({})).toEqual([])
    expect(encodeCapabilities(none)).toEqual([])
  })

  test.for<[string, Partial<Capabilities>]>([
    ['AFI is 65536, at most 65535', { multiprotocol: [[65536, 1]] }],
    ['SAFI is 256, at most 255', { multiprotocol: [[1, 256]] }],
    ['AS number is 4294967296', { fourOctetAs: 4294967296 }],
    ['AS number is -1', { fourOctetAs: -1 }],
    ['length of host name is 256', { fqdn: { hostname: 'x'.repeat(256), domain: '' } }],
    [
      'restart time is 4096, at most 4095',
      {
        gracefulRestart: {
          restartState: false,
          notification: false,
          restartTime: 4096,
          families: [],
        },
      },
    ],
    [
      'length of capability 69 is 256, at most 255',
      { addPath: Array.from({ length: 64 }, () => ({ afi: 1, safi: 1, sendReceive: 1 })) },
    ],
  ])('refuses: %s', ([message, wrong]) => {
    expect(() => encodeCapabilities(wrong)).toThrow(EncodeError)
    expect(() => encodeCapabilities(wrong)).toThrow(message)
  })

  test('is undone by decodeCapabilities', () => {
    const afi = fc.nat(0xffff)
    const safi = fc.nat(255)
    const text = fc.string({ maxLength: 60 }).filter((t) => !/\p{Cc}/u.test(t))
    const byFamily = (e: { afi: number; safi: number }) => `${e.afi}/${e.safi}`
    const values = fc.record(
      {
        multiprotocol: fc.uniqueArray(fc.tuple(afi, safi), {
          selector: (f) => f.join(),
          maxLength: 5,
        }),
        routeRefresh: fc.boolean(),
        enhancedRouteRefresh: fc.boolean(),
        extendedMessage: fc.boolean(),
        fourOctetAs: fc.nat(0xffffffff),
        gracefulRestart: fc.record({
          restartState: fc.boolean(),
          notification: fc.boolean(),
          restartTime: fc.nat(0xfff),
          families: fc.array(fc.record({ afi, safi, forwardingPreserved: fc.boolean() }), {
            maxLength: 8,
          }),
        }),
        addPath: fc.uniqueArray(
          fc.record({ afi, safi, sendReceive: fc.integer({ min: 1, max: 3 }) }),
          { selector: byFamily, maxLength: 8 },
        ),
        extendedNextHop: fc.uniqueArray(fc.record({ afi, safi: afi, nextHopAfi: afi }), {
          selector: byFamily,
          maxLength: 8,
        }),
        role: safi,
        fqdn: fc.record({ hostname: text, domain: text }),
        unknown: fc.array(
          fc.record({ code: fc.integer({ min: 128, max: 255 }), value: fc.uint8Array() }),
        ),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(values, (c) => {
        expect(decodeCapabilities(encodeCapabilities(c))).toEqual({ ...none, ...c })
      }),
    )
  })
})

test('decodeCapabilities takes any octets', () => {
  const codes = fc.constantFrom(1, 2, 5, 6, 9, 64, 65, 69, 70, 71, 73, 128)
  const list = fc.array(fc.record({ code: codes, value: fc.uint8Array({ maxLength: 255 }) }))
  fc.assert(fc.property(list, (l) => typeof decodeCapabilities(l) === 'object'))
})

describe('checkRoles (RFC 9234 §4.2)', () => {
  const [provider, rs, rsClient, customer, peer] = [0, 1, 2, 3, 4]
  const fits = [
    [provider, customer],
    [customer, provider],
    [rs, rsClient],
    [rsClient, rs],
    [peer, peer],
  ]

  test('lets through exactly the five pairs of Table 2', () => {
    for (let local = 0; local <= 4; local++) {
      for (let remote = 0; remote <= 255; remote++) {
        const check = () => checkRoles([{ code: 9, value: Uint8Array.of(remote) }], local, false)
        if (fits.some((pair) => pair[0] === local && pair[1] === remote)) check()
        else expect(check).toThrow(ProtocolError)
      }
    }
  })

  test('takes one role said twice, refuses two', () => {
    checkRoles([cap(9, '03'), cap(9, '03')], 0, true)
    expect(() => checkRoles([cap(9, '03'), cap(9, '00')], 0, false)).toThrow(
      expect.objectContaining({
        code: 2,
        subcode: 11,
        message: 'the peer announced several BGP roles: customer, provider',
      }),
    )
  })

  test('wants a role only in strict mode; a malformed one counts for nothing', () => {
    checkRoles([cap(9, '')], 0, false)
    expect(() => checkRoles([cap(9, '')], 0, true)).toThrow(
      expect.objectContaining({ code: 2, subcode: 11 }),
    )
  })
})

interface Fragment {
  readonly id: string
  readonly kind: string
  readonly hex: string
  readonly upstream: {
    readonly valid: boolean
    readonly description?: string
    readonly name?: string
    readonly afi?: number
    readonly safi?: number
    readonly as4?: number
  }
}

/** ORF, dynamic capability, long-lived graceful restart, old route refresh: not read by the daemon. */
const carriedThrough = new Set([3, 66, 71, 128])

describe.runIf(sharedVectors)('shared fragments', () => {
  const fragments = ['fragments/frr.jsonl', 'fragments/netgauze.jsonl']
    .flatMap((file) => readJsonLines<Fragment>(file))
    .filter((fragment) => fragment.kind === 'capability')

  test.for(fragments)('$id', ({ hex, upstream }) => {
    const octets = bytesOf(hex)
    // The fragment as the only content of a capabilities parameter in an OPEN.
    const body = [4, 0xfb, 0xf5, 0, 180, 192, 0, 2, 1]
    body.push(octets.length + 2, 2, octets.length, ...octets)
    const message = [...bytesOf('ff'.repeat(16)), 0, 19 + body.length, 1, ...body]
    const view = viewOf(Uint8Array.from(message))
    const decode = () => decodeOpen(view, 0, message.length).capabilities

    const [code = 0, length = 0] = octets
    if (length !== octets.length - 2) {
      // A length that runs beyond the parameter, or leaves octets behind that are read as a further
      // capability, which then runs beyond it.
      expect(decode).toThrow(expect.objectContaining({ code: 2, subcode: 0 }))
      expect(upstream.valid).toBe(false)
      return
    }
    const capabilities = decodeCapabilities(decode())
    const understood = capabilities.unknown.length === 0
    expect(understood).toBe(upstream.valid && !carriedThrough.has(code))
    if (upstream.as4 !== undefined) expect(capabilities.fourOctetAs).toBe(upstream.as4)
  })

  test.for(messageRecords('messages', 'OPEN'))('understood in $file $id', ({ hex }) => {
    const octets = bytesOf(hex)
    const { capabilities } = decodeOpen(viewOf(octets), 0, octets.length)
    const decoded = decodeCapabilities(capabilities)
    const known = [1, 2, 5, 6, 9, 64, 65, 69, 70, 73]
    expect(decoded.unknown).toEqual(capabilities.filter((c) => !known.includes(c.code)))
  })
})

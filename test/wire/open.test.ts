import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatIpv4 } from '../../src/prefix/text.ts'
import { EncodeError, ProtocolError } from '../../src/wire/errors.ts'
import { decodeMessage } from '../../src/wire/message.ts'
import type { OpenMessage } from '../../src/wire/messages.ts'
import { decodeOpen, encodeOpen, openAsn, validateOpen } from '../../src/wire/open.ts'
import {
  bytesOf,
  hexOf,
  messageRecords,
  readJsonLines,
  sharedVectors,
  viewOf,
} from '../support/vectors.ts'

function decode(octets: Uint8Array): OpenMessage {
  return decodeOpen(viewOf(octets), 0, octets.length)
}

/** An OPEN of AS 64501, hold time 180, 192.0.2.1, with what follows the identifier given as hex. */
function openWith(rest: string, fixed = '04 fbf5 00b4 c0000201'): Uint8Array {
  const body = bytesOf(fixed + rest)
  const head = bytesOf(`${'ff'.repeat(16)} ${(19 + body.length).toString(16).padStart(4, '0')} 01`)
  return Uint8Array.from([...head, ...body])
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

/** What a NOTIFICATION for the error would say, as text. */
function told(error: unknown): string {
  if (!(error instanceof ProtocolError)) return `${error}`
  return `${error.code}/${error.subcode} ${hexOf(error.data)}`.trim()
}

const base = { type: 1, version: 4, myAs: 64501, holdTime: 180, bgpIdentifier: 0xc0000201 } as const

describe('decodeOpen', () => {
  test('without optional parameters', () => {
    expect(decode(openWith('00'))).toEqual({
      ...base,
      capabilities: [],
      otherParameters: [],
      extendedParameters: false,
    })
  })

  test('with several capabilities in a parameter, and with a parameter for each', () => {
    const capabilities = [
      { code: 1, value: bytesOf('00010001') },
      { code: 2, value: bytesOf('') },
      { code: 65, value: bytesOf('0000fbf5') },
    ]
    const together = '10 02 0e  01 04 00010001  02 00  41 04 0000fbf5'
    const apart = '14 02 06 01 04 00010001  02 02 02 00  02 06 41 04 0000fbf5'
    expect(decode(openWith(together)).capabilities).toEqual(capabilities)
    expect(decode(openWith(apart)).capabilities).toEqual(capabilities)
  })

  test('with an empty capabilities parameter', () => {
    expect(decode(openWith('02 02 00')).capabilities).toEqual([])
  })

  test('keeps parameters that are no capabilities', () => {
    const { capabilities, otherParameters } = decode(openWith('09 01 03 aabbcc 02 02 02 00'))
    expect(otherParameters).toEqual([{ type: 1, value: bytesOf('aabbcc') }])
    expect(capabilities).toEqual([{ code: 2, value: bytesOf('') }])
  })

  test.for([
    ['as RFC 9072 §2 draws it', 'ff ff 0005 02 0002 02 00'],
    ['whatever the one-octet length says', '07 ff 0005 02 0002 02 00'],
  ])('with extended parameters, %s', ([, rest = '']) => {
    const open = decode(openWith(rest))
    expect(open.extendedParameters).toBe(true)
    expect(open.capabilities).toEqual([{ code: 2, value: bytesOf('') }])
  })

  test('reads inside a larger buffer, and owns what it returns', () => {
    const octets = openWith('06 02 04 49 02 aabb')
    const larger = new Uint8Array(octets.length + 20).fill(0xee)
    larger.set(octets, 11)
    const open = decodeOpen(viewOf(larger), 11, 11 + octets.length)
    larger.fill(0)
    expect(open.capabilities).toEqual([{ code: 0x49, value: bytesOf('aabb') }])
  })

  test.for([
    ['more octets than the parameters length says', '00 02 02 02 00'],
    ['fewer octets than the parameters length says', '08 02 02 02 00'],
    ['a parameter that is only its type', '01 02'],
    ['a parameter that runs beyond the message', '04 02 03 02 00'],
    ['a capability that is only its code', '05 02 03 02 00 41'],
    ['a capability that runs beyond its parameter', '08 02 02 41 04 0000fbf5'],
    ['extended parameters without a length', '02 ff 00'],
    ['extended parameters of another length', 'ff ff 0006 02 0002 02 00'],
    ['an extended parameter with half a length', 'ff ff 0002 02 00'],
    ['an extended parameter that runs beyond the message', 'ff ff 0005 02 0003 02 00'],
  ])('refuses %s with 2/0', ([, rest = '']) => {
    expect(told(thrownBy(() => decode(openWith(rest))))).toBe('2/0')
  })

  test('names the version when it can read nothing else of another version', () => {
    const error = thrownBy(() => decode(openWith('08', '05 fbf5 00b4 c0000201')))
    expect(told(error)).toBe('2/1 0004')
  })
})

describe('validateOpen (RFC 4271 §6.2)', () => {
  test.for([
    ['version 3', '03 fbf5 00b4 c0000201', '00', '2/1 0004'],
    ['AS 0', '04 0000 00b4 c0000201', '00', '2/2'],
    ['AS 0 in the 4-octet capability', '04 5ba0 00b4 c0000201', '08 02 06 41 04 00000000', '2/2'],
    ['hold time 1', '04 fbf5 0001 c0000201', '00', '2/6'],
    ['hold time 2', '04 fbf5 0002 c0000201', '00', '2/6'],
    ['identifier 0', '04 fbf5 00b4 00000000', '00', '2/3'],
  ])('%s', ([, fixed = '', rest = '', wanted]) => {
    const open = decode(openWith(rest, fixed))
    expect(told(thrownBy(() => validateOpen(open)))).toBe(wanted)
  })

  test.for([
    ['hold time 0', '04 fbf5 0000 c0000201'],
    ['hold time 3', '04 fbf5 0003 c0000201'],
    // RFC 6286 §2.1: the identifier is a number, not an address.
    ['an identifier that is no host address', '04 fbf5 00b4 ffffffff'],
  ])('accepts %s', ([, fixed]) => {
    expect(thrownBy(() => validateOpen(decode(openWith('00', fixed))))).toBe(undefined)
  })
})

test('openAsn prefers the 4-octet capability (RFC 6793 §3), if it is well-formed', () => {
  expect(openAsn({ myAs: 64501, capabilities: [] })).toBe(64501)
  const as4 = { code: 65, value: bytesOf('fffffffe') }
  expect(openAsn({ myAs: 23456, capabilities: [as4] })).toBe(4294967294)
  const short = { code: 65, value: bytesOf('fffffe') }
  expect(openAsn({ myAs: 23456, capabilities: [short] })).toBe(23456)
})

describe('encodeOpen', () => {
  const octetsOfLength = (maxLength: number) => fc.uint8Array({ maxLength })
  const fields = fc.record({
    myAs: fc.nat(0xffff),
    holdTime: fc.nat(0xffff),
    bgpIdentifier: fc.nat(0xffffffff),
    version: fc.nat(255),
    capabilities: fc.array(fc.record({ code: fc.nat(255), value: octetsOfLength(40) }), {
      maxLength: 20,
    }),
    // Type 2 holds capabilities.
    otherParameters: fc.array(
      fc.record({
        type: fc.nat(255).filter((t) => t !== 2),
        value: octetsOfLength(60),
      }),
      { maxLength: 3 },
    ),
    extendedParameters: fc.boolean(),
  })

  test('is undone by decodeOpen', () => {
    fc.assert(
      fc.property(fields, (open) => {
        const octets = encodeOpen(open)
        const { extendedParameters, ...rest } = decode(octets)
        expect(rest).toEqual({
          type: 1,
          version: open.version,
          myAs: open.myAs,
          holdTime: open.holdTime,
          bgpIdentifier: open.bgpIdentifier,
          capabilities: open.capabilities,
          otherParameters: open.otherParameters,
        })
        if (open.extendedParameters) expect(extendedParameters).toBe(true)
      }),
    )
  })

  test('cut anywhere fails only with ProtocolError, even when the header is made to agree', () => {
    fc.assert(
      fc.property(fields, (open) => {
        const octets = encodeOpen(open)
        for (let end = 0; end < octets.length; end++) {
          const cut = octets.slice(0, end)
          expect(thrownBy(() => decode(cut))).toBeInstanceOf(ProtocolError)
          if (end < 29) continue
          viewOf(cut).setUint16(16, end)
          expect(thrownBy(() => decode(cut))).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('with octets changed either decodes or fails with ProtocolError', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fields, changes, (open, list) => {
        const octets = encodeOpen(open)
        for (const [at, value] of list) octets[19 + (at % (octets.length - 19))] = value
        const error = thrownBy(() => validateOpen(decode(octets)))
        if (error !== undefined) expect(error).toBeInstanceOf(ProtocolError)
      }),
    )
  })

  test('uses the extended format from 256 octets of parameters on, and not before', () => {
    const open = (octets: number) => ({
      myAs: 1,
      holdTime: 0,
      bgpIdentifier: 1,
      capabilities: [
        { code: 200, value: new Uint8Array(200) },
        { code: 201, value: new Uint8Array(octets - 200 - 6) },
      ],
    })
    const plain = encodeOpen(open(255))
    expect(hexOf(plain.subarray(28, 31))).toBe('ff02fd')
    expect(decode(plain).extendedParameters).toBe(false)
    const extended = encodeOpen(open(256))
    // RFC 9072 §2: 255, 255, length 257; then type 2, length 254 in two octets, not one.
    expect(hexOf(extended.subarray(28, 35))).toBe('ffff01010200fe')
    expect(decode(extended)).toMatchObject({ ...open(256), extendedParameters: true })
  })

  test.for([
    ['My Autonomous System is 65536, at most 65535 fits', { myAs: 65536 }],
    ['hold time is 65536, at most 65535 fits', { holdTime: 65536 }],
    [
      'length of capability 9 is 256, at most 255 fits',
      { capabilities: [{ code: 9, value: new Uint8Array(256) }] },
    ],
    [
      'OPEN length is 4285, at most 4096 fits',
      { capabilities: Array.from({ length: 17 }, () => ({ code: 9, value: new Uint8Array(248) })) },
    ],
  ] as const)('refuses: %s', ([message, wrong]) => {
    const error = thrownBy(() => encodeOpen({ myAs: 1, holdTime: 0, bgpIdentifier: 1, ...wrong }))
    expect(error).toBeInstanceOf(EncodeError)
    expect(`${error}`).toContain(message)
  })
})

/** An OPEN as the shared vectors write it. */
function asVector(open: OpenMessage): Record<string, unknown> {
  const capabilities = open.capabilities.map(({ code, value }) => ({ code, hex: hexOf(value) }))
  const as4 = open.capabilities.some((c) => c.code === 65) ? { as4: openAsn(open) } : {}
  return {
    version: open.version,
    myAs: open.myAs,
    holdTime: open.holdTime,
    bgpId: formatIpv4(open.bgpIdentifier),
    capabilities,
    ...as4,
    ...(open.extendedParameters ? { extendedOptParams: true } : {}),
  }
}

describe.runIf(sharedVectors)('shared vectors', () => {
  test.for(messageRecords('messages', 'OPEN'))('$file $id', ({ hex, expect: values }) => {
    const octets = bytesOf(hex)
    const open = decodeMessage(viewOf(octets), 0, octets.length) as OpenMessage
    expect(asVector(open)).toEqual(values)
    const again = encodeOpen(open)
    expect(decode(again)).toEqual(open)
    // We write all capabilities in one parameter (RFC 5492 §4); where the sender did, too, the
    // octets are the same.
    const parameters = open.extendedParameters ? undefined : octets.subarray(29)
    if (parameters !== undefined && (parameters[1] ?? -2) + 2 === parameters.length) {
      expect(hexOf(again)).toBe(hex)
    }
  })

  // decodeOpen and validateOpen together.
  const outcomes: Record<string, string> = {
    // The header's length is not that of the octets given: more octets than it says ...
    'bio-rd/060a1ddeabb5354f79c43182a6d0f9252ddb7db8-1@file': '1/2 001d',
    'bio-rd/48befb084cbe2e3036885a4e93fa62530717e2c4-2@file': '1/2 001d',
    'bio-rd/a8e7928916f90886b3d773931170eb8f562d72fe-5@file': '1/2 001d',
    'bio-rd/b851290ca41de3bd9cacf5dd88650582409f9527-2@file': '1/2 001d',
    // ... or less than an OPEN has.
    'scapy/bgp.uts@L66': '1/2 0013',
    // Parameter and capability lengths that disagree.
    'bio-rd/peer_up_test.go@L292_msg_0': '2/0',
    'pcapplusplus/Bgp_open_malformed_opt_param_len.dat@msg_0': '2/0',
    'pcapplusplus/Bgp_open_partial_valid_opt_params.dat@msg_0': '2/0',
    'pcapplusplus/Bgp_open_truncated_opt_param_hdr.dat@msg_0': '2/0',
    // Version 255, and lengths that disagree.
    'tcpdump/bgp-bgp_capabilities_print-oobr-1.pcap#0': '2/1 0004',
  }

  test.for(messageRecords('malformed', 'OPEN'))('malformed: $file $id', (record) => {
    const octets = bytesOf(record.hex)
    const error = thrownBy(() => validateOpen(decode(octets)))
    const { notification4271: wanted, expectIfAccepted: values } = record
    if (values !== undefined) expect(asVector(decode(octets))).toMatchObject(values)
    if (record.treatment === 'accept') expect(error).toBe(undefined)
    else if (wanted) expect(error).toMatchObject(wanted)
    else expect(told(error)).toBe(outcomes[record.id])
  })

  interface Fragment {
    readonly id: string
    readonly kind: string
    readonly hex: string
    readonly upstream: { readonly as4?: number }
  }
  const fragments = readJsonLines<Fragment>('fragments/frr.jsonl')

  test.for(fragments.filter((f) => f.kind === 'open-optional-parameters'))(
    'optional parameters: $id',
    ({ hex, upstream }) => {
      const length = (hex.length / 2).toString(16).padStart(2, '0')
      const open = decode(openWith(length + hex))
      // All three hold IPv4 unicast, IPv6 unicast, the old and the new route refresh.
      expect(open.capabilities.map((c) => c.code).slice(0, 4)).toEqual([1, 1, 128, 2])
      expect(openAsn(open)).toBe(upstream.as4 ?? 64501)
    },
  )
})

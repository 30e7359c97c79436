import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EncodeError, ProtocolError, protocolError } from '../../src/wire/errors.ts'
import { decodeMessage, encodeKeepalive } from '../../src/wire/message.ts'
import type { NotificationMessage } from '../../src/wire/messages.ts'
import {
  decodeNotification,
  describeNotification,
  encodeMaximumPrefixes,
  encodeNotification,
  encodeShutdownCommunication,
  readHardReset,
  readShutdownCommunication,
} from '../../src/wire/notification.ts'
import { bytesOf, hexOf, messageRecords, sharedVectors, viewOf } from '../support/vectors.ts'

const MARKER = 'ff'.repeat(16)

function decode(octets: Uint8Array): NotificationMessage {
  return decodeNotification(viewOf(octets), 0, octets.length)
}

function notification(code: number, subcode: number, data = ''): NotificationMessage {
  return { type: 3, code, subcode, data: bytesOf(data) }
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

function hexOfText(text: string): string {
  return hexOf(new TextEncoder().encode(text))
}

describe('NOTIFICATION', () => {
  test('stands on the wire as RFC 4271 §4.5 draws it', () => {
    const octets = bytesOf(`${MARKER} 0017 03 02 01 0004`)
    const message = notification(2, 1, '0004')
    expect(decode(octets)).toEqual(message)
    expect(encodeNotification(message)).toEqual(octets)
  })

  test('is made from a ProtocolError as it is', () => {
    const error = protocolError(1, 2, 'too short', bytesOf('0012'))
    expect(hexOf(encodeNotification(error))).toBe(`${MARKER}00170301020012`)
  })

  test('owns its data', () => {
    const octets = bytesOf(`${MARKER} 0016 03 01 03 09`)
    const { data } = decode(octets)
    octets.fill(0)
    expect(hexOf(data)).toBe('09')
  })

  test('loses the end of data that do not fit the session', () => {
    const data = new Uint8Array(65535).fill(7)
    expect(encodeNotification({ code: 7, subcode: 1, data }).length).toBe(4096)
    expect(encodeNotification({ code: 7, subcode: 1, data }, 65535).length).toBe(65535)
  })

  test('with a code beyond an octet is refused', () => {
    expect(() => encodeNotification(notification(256, 0))).toThrow(EncodeError)
  })

  const values = fc.record({
    code: fc.nat(255),
    subcode: fc.nat(255),
    data: fc.uint8Array({ maxLength: 300 }),
  })

  test('decode undoes encode', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encodeNotification(value))).toEqual({ type: 3, ...value })
      }),
    )
  })

  test('cut anywhere fails only with ProtocolError', () => {
    fc.assert(
      fc.property(values, (value) => {
        const octets = encodeNotification(value)
        for (let end = 0; end < octets.length; end++) {
          expect(thrownBy(() => decode(octets.slice(0, end)))).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('of any content can be described', () => {
    const near = fc.record({
      code: fc.nat(9),
      subcode: fc.nat(12),
      data: fc.uint8Array({ maxLength: 12 }),
    })
    fc.assert(fc.property(fc.oneof(values, near), (n) => describeNotification(n).length > 0))
  })
})

describe('shutdown communication (RFC 9003)', () => {
  // RFC 8203 and RFC 9003 give this text as their example.
  const example =
    'NTT will perform maintenance on this router. This is tracked in TICKET-1-24824294. Contact noc@ntt.net for more information.'

  test.for([
    ['Administrative Shutdown', 2, '05 68656c6c6f', 'hello'],
    ['Administrative Reset', 4, '05 68656c6c6f', 'hello'],
    ['the text of the RFC', 2, `7c${hexOfText(example)}`, example],
    ['255 octets', 2, `ff${'61'.repeat(255)}`, 'a'.repeat(255)],
    ['beyond ASCII', 2, `06${hexOfText('не')}c3a9`, 'неé'],
    // ESC, carriage return with line feed, DEL, C1, right-to-left override.
    ['control characters', 2, `0d 1b 61 0d0a 62 7f c285 63 e280ae 64`, 'a bcd'],
  ] as const)('is read: %s', ([, subcode, data, text]) => {
    expect(readShutdownCommunication(notification(6, subcode, data))).toBe(text)
  })

  test.for([
    ['no data', 2, ''],
    ['length 0', 2, '00'],
    ['a length beyond the data', 2, '06 68656c6c6f'],
    ['a length short of the data', 2, '04 68656c6c6f'],
    ['octets that are not UTF-8', 2, '02 c328'],
    ['UTF-8 longer than needed', 2, '02 c0af'],
    ['a surrogate', 2, '03 eda080'],
    ['another Cease', 3, '05 68656c6c6f'],
  ] as const)('is not there: %s', ([, subcode, data]) => {
    expect(readShutdownCommunication(notification(6, subcode, data))).toBe(undefined)
    expect(readShutdownCommunication(notification(5, 2, data))).toBe(undefined)
  })

  test('is made with its length before it', () => {
    expect(hexOf(encodeShutdownCommunication('hello'))).toBe('0568656c6c6f')
    expect(hexOf(encodeShutdownCommunication(''))).toBe('00')
  })

  test.for([
    ['a'.repeat(300), 'a'.repeat(255)],
    // Two, three and four octets a character: 254, 255 and 252 octets fit.
    ['é'.repeat(200), 'é'.repeat(127)],
    ['€'.repeat(100), '€'.repeat(85)],
    ['𝄞'.repeat(100), '𝄞'.repeat(63)],
  ])('is cut between two characters', ([text = '', kept = '']) => {
    const data = encodeShutdownCommunication(text)
    expect(hexOf(data.subarray(1))).toBe(hexOfText(kept))
    expect(data[0]).toBe(data.length - 1)
  })

  test('comes back as it was sent', () => {
    // Separators of lines and paragraphs are graphemes too; they are not shown.
    const printable = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
      .map((text) => text.replace(/[\u2028\u2029]/g, '') || '-')
    fc.assert(
      fc.property(printable, (text) => {
        const data = encodeShutdownCommunication(text)
        const back = readShutdownCommunication({ code: 6, subcode: 2, data })
        if (data.length <= 252) expect(back).toBe(text)
        else expect(text.startsWith(back ?? '?')).toBe(true)
      }),
    )
  })
})

describe('Hard Reset (RFC 8538 §3.1)', () => {
  test('holds the NOTIFICATION it stands for', () => {
    const outer = notification(6, 9, '06 04 05 68656c6c6f')
    expect(readHardReset(outer)).toEqual(notification(6, 4, '05 68656c6c6f'))
    expect(readShutdownCommunication(outer)).toBe('hello')
  })

  test('may hold nothing', () => {
    expect(readHardReset(notification(6, 9))).toBe(undefined)
    expect(readHardReset(notification(6, 9, '06'))).toBe(undefined)
    expect(readHardReset(notification(6, 4, '0603'))).toBe(undefined)
  })
})

describe('describeNotification', () => {
  test.for([
    [4, 0, '', 'Hold Timer Expired'],
    [1, 1, '', 'Message Header / Connection Not Synchronized'],
    [1, 2, '0012', 'Message Header / Bad Message Length (length 18)'],
    [1, 3, '08', 'Message Header / Bad Message Type (message type 8)'],
    [2, 1, '0004', 'Open Message / Unsupported Version Number (version 4 is supported)'],
    [2, 2, 'feb0', 'Open Message / Bad Peer As (AS 65200)'],
    [2, 2, 'fa56ea00', 'Open Message / Bad Peer As (AS 4200000000)'],
    [
      2,
      7,
      '01 04 00010001 41 04 0000fbf5',
      'Open Message / Unsupported Capability (capability 1, 65)',
    ],
    [2, 7, '01 04 0001', 'Open Message / Unsupported Capability (data 0x01040001)'],
    [3, 3, '02', 'Update Message / Missing Well Known Attribute (AS_PATH)'],
    [3, 4, '80010100', 'Update Message / Attribute Flags Error (ORIGIN)'],
    [3, 9, '800f03000104', 'Update Message / Optional Attribute Error (MP_UNREACH_NLRI)'],
    [3, 2, '406300', 'Update Message / Unrecognized Well Known Attribute (attribute 99)'],
    [5, 3, '01', 'Finite State Machine / Unexpected In Established (OPEN)'],
    [6, 1, '0001 01 00001234', 'Cease / Maximum Prefixes (IPv4 unicast, limit 4660)'],
    [6, 1, '0002 80 00000001', 'Cease / Maximum Prefixes (AFI 2 SAFI 128, limit 1)'],
    [6, 2, '0568656c6c6f', 'Cease / Administrative Shutdown ("hello")'],
    [6, 2, '02c328', 'Cease / Administrative Shutdown (data 0x02c328)'],
    [6, 9, '06030102', 'Cease / Hard Reset (Cease / Peer Deconfigured (data 0x0102))'],
    [6, 9, '0609 0603', 'Cease / Hard Reset (data 0x06090603)'],
    [6, 9, '06', 'Cease / Hard Reset (data 0x06)'],
    [9, 3, '', 'Error 9 / 3'],
    [9, 3, '00'.repeat(33), `Error 9 / 3 (data 0x${'00'.repeat(32)}…)`],
  ] as const)('%i/%i %s', ([code, subcode, data, text]) => {
    expect(describeNotification(notification(code, subcode, data))).toBe(text)
  })

  test('reads the limit that encodeMaximumPrefixes wrote (RFC 4486 §4)', () => {
    const data = encodeMaximumPrefixes(2, 1, 200000)
    expect(hexOf(data)).toBe('00020100030d40')
    expect(describeNotification({ code: 6, subcode: 1, data })).toBe(
      'Cease / Maximum Prefixes (IPv6 unicast, limit 200000)',
    )
  })
})

describe('decodeMessage', () => {
  test('knows a KEEPALIVE', () => {
    const octets = encodeKeepalive()
    expect(hexOf(octets)).toBe(`${MARKER}001304`)
    expect(decodeMessage(viewOf(octets), 0, octets.length)).toEqual({ type: 4 })
  })

  test('is not for an UPDATE', () => {
    const octets = bytesOf(`${MARKER} 0017 02 00000000`)
    expect(() => decodeMessage(viewOf(octets), 0, octets.length)).toThrow(TypeError)
  })

  test('refuses a type that is none', () => {
    const octets = bytesOf(`${MARKER} 0013 08`)
    const error = thrownBy(() => decodeMessage(viewOf(octets), 0, octets.length))
    expect(error).toMatchObject({ code: 1, subcode: 3, data: Uint8Array.of(8) })
  })

  test('of any octets fails only with ProtocolError', () => {
    const types = fc.constantFrom(1, 3, 4, 5, 6)
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 80 }), (type, body) => {
        const octets = Uint8Array.from([...bytesOf(MARKER), 0, 19 + body.length, type, ...body])
        const error = thrownBy(() => decodeMessage(viewOf(octets), 0, octets.length))
        if (error !== undefined) expect(error).toBeInstanceOf(ProtocolError)
      }),
    )
  })
})

describe.runIf(sharedVectors)('shared vectors', () => {
  test.for(messageRecords('messages', 'NOTIFICATION'))('$file $id', ({ hex, expect: values }) => {
    const octets = bytesOf(hex)
    const message = decodeMessage(viewOf(octets), 0, octets.length) as NotificationMessage
    const { code, subcode, data } = message
    expect({ code, subcode, dataHex: hexOf(data) }).toEqual(values)
    expect(hexOf(encodeNotification(message))).toBe(hex)
  })

  test.for(messageRecords('messages', 'KEEPALIVE'))('$file $id', ({ hex }) => {
    const octets = bytesOf(hex)
    expect(decodeMessage(viewOf(octets), 0, octets.length)).toEqual({ type: 4 })
    expect(octets).toEqual(encodeKeepalive())
  })

  test.for(messageRecords('malformed', 'KEEPALIVE'))('malformed: $file $id', (record) => {
    const octets = bytesOf(record.hex)
    const error = thrownBy(() => decodeMessage(viewOf(octets), 0, octets.length))
    expect(error).toBeInstanceOf(ProtocolError)
    // The one without an expectation gives its length as 7425.
    expect(error).toMatchObject(record.notification4271 ?? { code: 1, subcode: 2 })
  })

  test('every message with a shutdown communication shows it', () => {
    const texts = messageRecords('messages', 'NOTIFICATION')
      .map((record) => readShutdownCommunication(decode(bytesOf(record.hex))))
      .filter((text) => text !== undefined)
    expect(new Set(texts)).toEqual(
      new Set([
        'Administrative Reset',
        'NTT will perform maintenance on this router. This is tracked in TICKET-1-24824294. Contact noc@ntt.net for more information.',
        'This is a test of the shutdown communication system.',
      ]),
    )
  })
})

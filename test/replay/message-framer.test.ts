import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { messageFramer } from '../../src/replay/message-framer.ts'
import { bgp, joinOctets, keepalive, open, type Piece, update } from '../support/capture-builder.ts'
import { hexOf, viewOf } from '../support/vectors.ts'

function frame(chunks: readonly Piece[], options: { max?: number; strict?: boolean } = {}) {
  const log: string[] = []
  const framer = messageFramer(
    {
      message(_time, type, view, start, end) {
        const octets = new Uint8Array(view.buffer, view.byteOffset + start, end - start)
        log.push(`${type} ${hexOf(octets.subarray(16))}`)
      },
      unparsed: (_time, octets) => log.push(`unparsed ${octets}`),
      maxLength: () => options.max ?? 4096,
    },
    options.strict ?? false,
  )
  for (const chunk of chunks) {
    const view = viewOf(joinOctets(chunk))
    framer.push(0, view, 0, view.byteLength)
  }
  framer.interrupt(0)
  return log
}

const told = (message: Uint8Array) => `${message[18]} ${hexOf(message.subarray(16))}`
const messages = [
  open(64501, '192.0.2.1'),
  keepalive,
  update(['198.51.100.0/24', '203.0.113.0/24']),
  bgp(3, [6, 2]),
  bgp(5, [0, 1, 0, 1]),
]
const stream = joinOctets(...messages)
const log = messages.map(told)

describe('finding messages in a stream', () => {
  test('every split of the stream', () => {
    for (let at = 0; at <= stream.length; at++) {
      expect(frame([stream.subarray(0, at), stream.subarray(at)])).toEqual(log)
    }
  })

  test('octet by octet', () => {
    expect(frame([...stream].map((octet) => [octet]))).toEqual(log)
  })

  test('begins at the first marker', () => {
    expect(frame([[1, 2, 3], stream])).toEqual(['unparsed 3', ...log])
    expect(frame([keepalive.subarray(5), stream])).toEqual(['unparsed 14', ...log])
  })

  test('marker octets before the marker are no part of it', () => {
    expect(frame([[255, 255, 255], stream])).toEqual(['unparsed 3', ...log])
  })

  test.for([
    ['type 0', 0, 16, 0x13],
    ['type 6', 6, 16, 0x13],
    ['length 18', 4, 18, 18],
  ] as const)('a header with %s is none', ([, type, , length]) => {
    const bad = joinOctets(new Array(16).fill(255), [0, length, type])
    expect(frame([keepalive, bad, keepalive])).toEqual([
      told(keepalive),
      `unparsed ${bad.length}`,
      told(keepalive),
    ])
  })

  test('a length beyond the limit is none, unless it was negotiated (RFC 8654)', () => {
    const long = bgp(2, new Array(5000).fill(0))
    expect(frame([long, keepalive])).toEqual(['unparsed 5019', told(keepalive)])
    expect(frame([long, keepalive], { max: 65_535 })).toEqual([told(long), told(keepalive)])
  })

  test('a message that the stream does not finish', () => {
    expect(frame([keepalive, stream.subarray(0, 25)])).toEqual([told(keepalive), 'unparsed 25'])
  })

  test('a length that damage made too long does not swallow the rest', () => {
    const damaged = stream.slice()
    damaged[16] = 15
    expect(frame([damaged])).toEqual(['unparsed 29', ...log.slice(1)])
  })

  test('on other ports than 179 the first header must be plausible', () => {
    const empty = joinOctets(new Array(16).fill(255), [0, 19, 2])
    expect(frame([empty, keepalive], { strict: true })).toEqual(['unparsed 19', told(keepalive)])
    expect(frame([new Array(500).fill(255)], { strict: true })).toEqual([])
  })

  test('any damage: messages before it are told, and none is made up of thin air', () => {
    fc.assert(
      fc.property(
        fc.nat(stream.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.array(fc.nat(stream.length), { maxLength: 4 }),
        (at, change, cuts) => {
          const damaged = stream.slice()
          damaged[at] = (damaged[at] ?? 0) ^ change
          const places = [0, ...cuts.sort((a, b) => a - b), stream.length]
          const chunks = places.slice(1).map((to, i) => damaged.subarray(places[i], to))
          const found = frame(chunks)
          const octets = found.reduce((sum, line) => {
            const [kind, rest = ''] = line.split(' ')
            return sum + (kind === 'unparsed' ? Number(rest) : 16 + rest.length / 2)
          }, 0)
          expect(octets).toBe(stream.length)
          let end = 0
          for (const [i, message] of messages.entries()) {
            end += message.length
            if (end <= at) expect(found[i]).toBe(told(message))
          }
        },
      ),
    )
  })
})

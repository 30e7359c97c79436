import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tcpStream } from '../../src/replay/tcp-stream.ts'

/** Takes a stream's octets; a hole shows as `<n>`. */
function harness() {
  let seen = ''
  const stream = tcpStream({
    data(_time, view, start, end) {
      for (let at = start; at < end; at++) seen += String.fromCharCode(view.getUint8(at))
    },
    lost(_time, octets) {
      seen += `<${octets}>`
    },
  })
  const send = (sequence: number, text: string, time = 0, missing = 0, withSyn = false) => {
    const octets = new TextEncoder().encode(text)
    const view = new DataView(octets.buffer)
    stream.receive(time, sequence >>> 0, view, 0, octets.length, missing, withSyn)
  }
  return { stream, send, seen: () => seen }
}

describe('TCP reassembly', () => {
  test('in order, from wherever the capture begins', () => {
    const { send, seen } = harness()
    send(1000, 'abc')
    send(1003, 'def')
    expect(seen()).toBe('abcdef')
  })

  test('after a SYN octets begin one number later', () => {
    const { stream, send, seen } = harness()
    stream.begin(0xffffffff)
    send(0, 'abc')
    expect(seen()).toBe('abc')
  })

  test('octets that come with the SYN follow it (RFC 7413)', () => {
    const { stream, send, seen } = harness()
    stream.begin(99)
    send(100, 'abc', 0, 0, true)
    send(103, 'def')
    expect(seen()).toBe('abcdef')
  })

  test('a capture written by a program, where the SYN took no number', () => {
    const { stream, send, seen } = harness()
    stream.begin(99)
    send(100, 'abc', 0, 0, true)
    send(102, 'def')
    send(105, 'ghi')
    expect(seen()).toBe('abcdefghi')
  })

  test.for([
    [
      'retransmission',
      [
        [0, 'abc'],
        [0, 'abc'],
        [3, 'def'],
      ],
      'abcdef',
    ],
    [
      'retransmission of a part',
      [
        [0, 'abcdef'],
        [2, 'cd'],
        [6, 'g'],
      ],
      'abcdefg',
    ],
    [
      'overlap at the front: what came first stays',
      [
        [0, 'abc'],
        [1, 'XYde'],
        [5, 'f'],
      ],
      'abcdef',
    ],
    [
      'out of order',
      [
        [0, 'a'],
        [3, 'd'],
        [1, 'bc'],
        [4, 'e'],
      ],
      'abcde',
    ],
    [
      'backwards',
      [
        [0, 'a'],
        [4, 'e'],
        [3, 'd'],
        [2, 'c'],
        [1, 'b'],
      ],
      'abcde',
    ],
    [
      'held segments that overlap',
      [
        [0, 'a'],
        [3, 'de'],
        [2, 'cdef'],
        [1, 'b'],
        [6, 'g'],
      ],
      'abcdefg',
    ],
    [
      'held segment that was covered meanwhile',
      [
        [0, 'a'],
        [2, 'c'],
        [1, 'bcd'],
        [4, 'e'],
      ],
      'abcde',
    ],
    [
      'keepalive probe (RFC 9293 §3.8.4)',
      [
        [0, 'abc'],
        [2, 'c'],
        [3, 'd'],
      ],
      'abcd',
    ],
    [
      'wrap',
      [
        [0xfffffffe, 'ab'],
        [2, 'ef'],
        [0, 'cd'],
        [0xffffffff, 'bcd'],
        [4, 'g'],
      ],
      'abcdefg',
    ],
  ] as const)('%s', ([, segments, expected]) => {
    const { send, seen } = harness()
    for (const [sequence, text] of segments) send(sequence, text)
    expect(seen()).toBe(expected)
  })

  test('a hole is passed a second after the receiver acknowledged what lies beyond', () => {
    const { stream, send, seen } = harness()
    send(0, 'abc', 0)
    send(6, 'ghi', 10)
    stream.acknowledge(20, 9)
    expect(seen()).toBe('abc')
    stream.acknowledge(1010, 9)
    expect(seen()).toBe('abc<3>ghi')
    send(3, 'def', 1020)
    send(9, 'j', 1030)
    expect(seen()).toBe('abc<3>ghij')
  })

  test('a hole that nobody acknowledges is passed after a minute', () => {
    const { send, seen } = harness()
    send(0, 'abc', 0)
    send(6, 'ghi', 10)
    send(9, 'j', 59_000)
    expect(seen()).toBe('abc')
    send(10, 'k', 60_010)
    expect(seen()).toBe('abc<3>ghijk')
  })

  test('what is held is bounded', () => {
    const { send, seen } = harness()
    send(0, 'a')
    for (let i = 0; i < 512; i++) send(10 + 2 * i, 'x')
    expect(seen()).toBe('a')
    send(10 + 2 * 512, 'x')
    expect(seen()).toBe('a<9>x')
  })

  test('octets that the snap length cut off are a hole at once', () => {
    const { send, seen } = harness()
    send(0, 'abc', 0, 5)
    send(8, 'ijk')
    expect(seen()).toBe('abc<5>ijk')
  })

  test('a jump beyond any window is another stream', () => {
    const { send, seen } = harness()
    send(0, 'abc')
    send(1 << 30, 'xyz')
    send((1 << 30) + 3, '!')
    expect(seen()).toBe('abc<0>xyz!')
  })

  test('FIN: ended when all before it came', () => {
    const { stream, send } = harness()
    send(0, 'abc')
    stream.finish(6)
    expect(stream.ended).toBe(false)
    send(3, 'def')
    expect(stream.ended).toBe(true)
  })

  test('the end of the capture gives out what is held', () => {
    const { stream, send, seen } = harness()
    send(0, 'abc')
    send(6, 'ghi')
    send(12, 'm')
    stream.flush(0)
    expect(seen()).toBe('abc<3>ghi<3>m')
  })

  test('any cutting, repeating and reordering gives the octets that were sent', () => {
    const segment = fc.record({ at: fc.nat(199), length: fc.integer({ min: 1, max: 60 }) })
    const run = fc.tuple(
      fc.array(segment, { maxLength: 60 }),
      fc.nat(),
      fc.infiniteStream(fc.nat(9)),
    )
    fc.assert(
      fc.property(run, ([extra, base, order]) => {
        const text = Array.from({ length: 200 }, (_, i) => String.fromCharCode(33 + (i % 90))).join(
          '',
        )
        // Every octet once, so that nothing is missing, and any number of others between.
        const whole = Array.from({ length: 20 }, (_, i) => ({ at: 10 * i, length: 10 }))
        const shuffled = [...whole, ...extra]
          .map((part) => ({ part, key: order.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ part }) => part)
        const { stream, send, seen } = harness()
        const first = (0xfffffff0 + base) >>> 0
        stream.begin((first - 1) >>> 0)
        for (const { at, length } of shuffled) send(first + at, text.slice(at, at + length))
        expect(seen()).toBe(text)
      }),
    )
  })
})

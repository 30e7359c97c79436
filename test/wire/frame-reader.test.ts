import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MessageType } from '../../src/wire/codes.ts'
import { ProtocolError } from '../../src/wire/errors.ts'
import { createFrameReader, type FrameReader } from '../../src/wire/frame-reader.ts'
import {
  bytesOf,
  hexOf,
  type MessageRecord,
  readJsonLines,
  readVectorFile,
  sharedVectors,
} from '../support/vectors.ts'

const MARKER = 'ff'.repeat(16)
const keepalive = `${MARKER} 0013 04`
const open = `${MARKER} 001d 01 04 fde9 00b4 c0000201 00`
const endOfRib = `${MARKER} 0017 02 0000 0000`
const notification = `${MARKER} 0015 03 06 04`
const routeRefresh = `${MARKER} 0017 05 0001 00 01`

interface Seen {
  readonly frames: string[]
  readonly types: number[]
  readonly reader: FrameReader
}

/** A reader that keeps a copy of each frame, as hex. */
function recorder(onFrame?: (count: number, reader: FrameReader) => void): Seen {
  const frames: string[] = []
  const types: number[] = []
  const reader = createFrameReader({
    frame(type, view, start, end) {
      frames.push(hexOf(new Uint8Array(view.buffer, view.byteOffset + start, end - start)))
      types.push(type)
      onFrame?.(frames.length, reader)
    },
  })
  return { frames, types, reader }
}

/** A message of the type with the length, its body zeros. */
function message(type: number, length: number): string {
  const head = `${MARKER}${length.toString(16).padStart(4, '0')}${type.toString(16).padStart(2, '0')}`
  return head + '00'.repeat(length - 19)
}

function thrownBy(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

const stream = [open, keepalive, endOfRib, routeRefresh, message(2, 4096), keepalive, notification]
const wanted = stream.map((text) => hexOf(bytesOf(text)))
const octets = bytesOf(stream.join(''))

describe('frames', () => {
  test('come out of one chunk in order, as views of the chunk', () => {
    const views = new Set<ArrayBufferLike>()
    const types: number[] = []
    const reader = createFrameReader({
      frame(type, view) {
        views.add(view.buffer)
        types.push(type)
      },
    })
    // A chunk may itself be a window of a larger buffer.
    const larger = new Uint8Array(octets.length + 7)
    larger.set(octets, 7)
    reader.push(larger.subarray(7))
    expect(types).toEqual([1, 4, 2, 5, 2, 4, 3])
    expect([...views]).toEqual([larger.buffer])
    expect(reader.pending).toBe(0)
  })

  test('are the same wherever the stream is split', () => {
    for (let at = 0; at <= octets.length; at++) {
      const { frames, reader } = recorder()
      reader.push(octets.subarray(0, at))
      reader.push(octets.subarray(at))
      if (frames.join() !== wanted.join()) expect({ at, frames }).toEqual({ at, frames: wanted })
    }
  })

  test('are the same when every octet comes alone', () => {
    const { frames, reader } = recorder()
    for (let at = 0; at < octets.length; at++) reader.push(octets.subarray(at, at + 1))
    expect(frames).toEqual(wanted)
  })

  test('are the same however the stream is cut to pieces', () => {
    const sizes = fc.array(fc.oneof(fc.nat(60), fc.nat(5000)), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(sizes, (pieces) => {
        const { frames, reader } = recorder()
        let at = 0
        for (let i = 0; at < octets.length; i++) {
          const size = Math.max(1, pieces[i % pieces.length] ?? 1)
          reader.push(octets.slice(at, at + size))
          at += size
        }
        expect(frames).toEqual(wanted)
      }),
      { numRuns: 100 },
    )
  })

  test('that have not come whole are counted as pending', () => {
    const { frames, reader } = recorder()
    reader.push(octets.subarray(0, 29 + 5))
    expect(frames).toEqual(wanted.slice(0, 1))
    expect(reader.pending).toBe(5)
  })

  test('stop when the sink says so, in the midst of a chunk or of a held message', () => {
    for (const split of [0, 40]) {
      const { frames, reader } = recorder((count, self) => {
        if (count === 2) self.stop()
      })
      reader.push(octets.subarray(0, split))
      reader.push(octets.subarray(split))
      reader.push(octets)
      expect(frames).toEqual(wanted.slice(0, 2))
      expect(reader.stopped).toBe(true)
    }
  })

  test('stop when the sink throws, whatever it throws', () => {
    const { frames, reader } = recorder(() => {
      throw new Error('of the sink')
    })
    expect(() => reader.push(octets)).toThrow('of the sink')
    reader.push(octets)
    expect(frames).toHaveLength(1)
  })
})

describe('octets that straddle chunks, with room in front of them', () => {
  /** Pushes chunks that all come to lie at one place of a buffer, as those of a socket do. */
  function pusher(reader: FrameReader, room: number) {
    const buffer = new Uint8Array(100 + room + 70_000).fill(0xee)
    const push = (chunk: Uint8Array) => {
      const landed = buffer.subarray(100 + room, 100 + room + chunk.length)
      landed.set(chunk)
      reader.push(landed, room)
    }
    const untouched = () => buffer.subarray(0, 100).every((octet) => octet === 0xee)
    return { buffer, push, untouched }
  }

  test('are put there, so that every message lies in one piece', () => {
    for (let at = 1; at < octets.length; at += at < 120 ? 1 : 61) {
      const views = new Set<ArrayBufferLike>()
      const frames: string[] = []
      const reader = createFrameReader({
        frame(_type, view, start, end) {
          views.add(view.buffer)
          frames.push(hexOf(new Uint8Array(view.buffer, view.byteOffset + start, end - start)))
        },
      })
      const { buffer, push, untouched } = pusher(reader, 4096)
      push(octets.subarray(0, at))
      const { pending } = reader
      push(octets.subarray(at))
      expect(frames).toEqual(wanted)
      expect([...views]).toEqual([buffer.buffer])
      expect(pending).toBeLessThan(4096)
      expect(untouched()).toBe(true)
    }
  })

  test('stay apart where the room is too small', () => {
    for (const room of [0, 1, 20, 300]) {
      const { frames, reader } = recorder()
      const { push, untouched } = pusher(reader, room)
      for (let at = 0; at < octets.length; at += 37) push(octets.subarray(at, at + 37))
      expect(frames).toEqual(wanted)
      expect(reader.pending).toBe(0)
      expect(untouched()).toBe(true)
    }
  })

  test('are the same in chunks of one octet', () => {
    const { frames, reader } = recorder()
    const { push } = pusher(reader, 65_536)
    for (const octet of octets) push(Uint8Array.of(octet))
    expect(frames).toEqual(wanted)
  })

  test('have a wrong header found, though not before it is whole', () => {
    const { frames, reader } = recorder()
    const { push } = pusher(reader, 65_536)
    push(bytesOf(`${keepalive} ${MARKER} 00`))
    expect(reader.pending).toBe(17)
    expect(() => push(bytesOf('12 04'))).toThrow(ProtocolError)
    expect(reader.stopped).toBe(true)
    expect(frames).toHaveLength(1)
  })
})

describe('a sink that takes several messages at once', () => {
  /** What is asked and told, in order; takes as many messages as `wish` says. */
  function batcher(wish: () => number, onAsked?: (reader: FrameReader) => void) {
    const asked: { left: number; limit: number }[] = []
    const taken: string[] = []
    const reader = createFrameReader({
      frame(_type, view, start, end) {
        taken.push(hexOf(new Uint8Array(view.buffer, view.byteOffset + start, end - start)))
      },
      batch(view, start, end, limit) {
        asked.push({ left: end - start, limit })
        onAsked?.(reader)
        let at = start
        for (let left = wish(); left > 0 && end - at >= 19; left--) {
          const next = at + view.getUint16(at + 16)
          if (next > end) break
          taken.push(hexOf(new Uint8Array(view.buffer, view.byteOffset + at, next - at)))
          at = next
        }
        return at
      },
    })
    return { reader, asked, taken }
  }

  test('is asked wherever a message begins, and takes none twice', () => {
    const pieces = fc.array(fc.oneof(fc.nat(60), fc.nat(5000)), { minLength: 1, maxLength: 30 })
    const wishes = fc.array(fc.nat(3), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(pieces, wishes, fc.boolean(), (sizes, counts, roomy) => {
        let asks = 0
        const { reader, taken } = batcher(() => counts[asks++ % counts.length] ?? 0)
        let at = 0
        for (let i = 0; at < octets.length; i++) {
          const size = Math.max(1, sizes[i % sizes.length] ?? 1)
          const room = roomy ? 65_536 : 0
          const buffer = new Uint8Array(room + size)
          buffer.set(octets.subarray(at, at + size), room)
          reader.push(buffer.subarray(room, room + Math.min(size, octets.length - at)), room)
          at += size
        }
        expect(taken).toEqual(wanted)
        expect(reader.pending).toBe(0)
      }),
      { numRuns: 200 },
    )
  })

  test('is not asked about what is no whole header, and is told the limit', () => {
    const { reader, asked, taken } = batcher(() => 1)
    reader.maxLength = 65_535
    reader.push(bytesOf(keepalive))
    reader.push(bytesOf(`${keepalive} ${MARKER} 00`))
    expect(asked).toEqual([
      { left: 19, limit: 65_535 },
      { left: 36, limit: 65_535 },
    ])
    expect(taken).toHaveLength(2)
  })

  test('may stop the reader, or throw', () => {
    const stopping = batcher(
      () => 0,
      (reader) => reader.stop(),
    )
    stopping.reader.push(octets)
    expect(stopping.asked).toHaveLength(1)
    expect(stopping.taken).toEqual([])
    const throwing = batcher(() => {
      throw new Error('of the sink')
    })
    expect(() => throwing.reader.push(octets)).toThrow('of the sink')
    expect(throwing.reader.stopped).toBe(true)
    throwing.reader.push(octets)
    expect(throwing.taken).toEqual([])
  })

  test('leaves a wrong header to the reader', () => {
    const { reader, taken } = batcher(() => 0)
    expect(() => reader.push(bytesOf(`${keepalive} ${'00'.repeat(19)}`))).toThrow(ProtocolError)
    expect(taken).toHaveLength(1)
  })
})

describe('header errors (RFC 4271 §6.1)', () => {
  test.for([
    // name, octets, subcode, data
    ['a marker bit is 0', `${'ff'.repeat(15)}fe 0013 04`, 1, ''],
    ['the marker is 0', `${'00'.repeat(16)} 0013 04`, 1, ''],
    ['length 18', `${MARKER} 0012 04`, 2, '0012'],
    ['length 0', `${MARKER} 0000 02`, 2, '0000'],
    ['length 4097', `${MARKER} 1001 02`, 2, '1001'],
    ['length 65535', `${MARKER} ffff 03`, 2, 'ffff'],
    ['OPEN of 28', `${MARKER} 001c 01`, 2, '001c'],
    ['UPDATE of 22', `${MARKER} 0016 02`, 2, '0016'],
    ['NOTIFICATION of 20', `${MARKER} 0014 03`, 2, '0014'],
    ['KEEPALIVE of 20', `${MARKER} 0014 04`, 2, '0014'],
    ['ROUTE-REFRESH of 22', `${MARKER} 0016 05`, 2, '0016'],
    ['type 0', `${MARKER} 0013 00`, 3, '00'],
    ['type 6', `${MARKER} 0017 06`, 3, '06'],
    ['type 128', `${MARKER} 0017 80`, 3, '80'],
    // The length is judged before the type.
    ['type 9 of 18', `${MARKER} 0012 09`, 2, '0012'],
  ] as const)('%s', ([, hex, subcode, data]) => {
    const chunk = bytesOf(keepalive + hex)
    for (const split of [0, 19, 25, 37]) {
      const { frames, reader } = recorder()
      const error = thrownBy(() => {
        reader.push(chunk.subarray(0, split))
        reader.push(chunk.subarray(split))
      })
      expect(error).toBeInstanceOf(ProtocolError)
      const { code, subcode: actual, data: octetsTold } = error as ProtocolError
      expect({ code, subcode: actual, data: hexOf(octetsTold) }).toEqual({ code: 1, subcode, data })
      expect(reader.stopped).toBe(true)
      reader.push(bytesOf(keepalive))
      expect(frames).toHaveLength(1)
    }
  })

  test('the shortest of each type are taken', () => {
    const { types, reader } = recorder()
    reader.push(bytesOf([open, endOfRib, notification, keepalive, routeRefresh].join('')))
    expect(types).toEqual([1, 2, 3, 4, 5])
  })
})

describe('extended messages (RFC 8654)', () => {
  const long = bytesOf(message(2, 65535) + keepalive + message(5, 4097))

  test('are taken once the limit is raised, from the next message on', () => {
    const { types, reader } = recorder((_, self) => {
      self.maxLength = 65535
    })
    reader.push(bytesOf(open))
    reader.push(long)
    expect(types).toEqual([1, 2, 4, 5])
    expect(reader.maxLength).toBe(65535)
  })

  test('may straddle chunks', () => {
    for (const split of [1, 18, 19, 20, 4095, 4096, 4097, 65534, 65535]) {
      const { types, reader } = recorder()
      reader.maxLength = 65535
      reader.push(long.subarray(0, split))
      reader.push(long.subarray(split, split + 3))
      reader.push(long.subarray(split + 3))
      expect(types).toEqual([2, 4, 5])
    }
  })

  test('cannot be OPEN or KEEPALIVE (§4)', () => {
    for (const type of [MessageType.open, MessageType.keepalive]) {
      const { reader } = recorder()
      reader.maxLength = 65535
      const error = thrownBy(() => reader.push(bytesOf(message(type, 4097))))
      expect(error).toMatchObject({ code: 1, subcode: 2, data: bytesOf('1001') })
    }
  })
})

interface StreamEntry {
  readonly kind: string
  readonly file: string
  readonly octets: number
  readonly counts: Record<string, number>
}

const names = ['', 'OPEN', 'UPDATE', 'NOTIFICATION', 'KEEPALIVE', 'ROUTE-REFRESH']

function manifestStreams(): StreamEntry[] {
  if (sharedVectors === undefined) return []
  const manifest = JSON.parse(readFileSync(`${sharedVectors}/MANIFEST.json`, 'utf8'))
  return (manifest as { files: StreamEntry[] }).files.filter((file) => file.kind === 'stream')
}

describe.runIf(sharedVectors)('shared streams', () => {
  test.for(manifestStreams())('$file', ({ file, octets: size, counts }) => {
    const data = readVectorFile(file)
    expect(data.length).toBe(size)
    const expected = Object.fromEntries(names.flatMap((n) => (counts[n] ? [[n, counts[n]]] : [])))
    for (const step of [data.length, 65536, 1448]) {
      const seen: Record<string, number> = {}
      const reader = createFrameReader({
        frame(type) {
          const name = names[type] ?? ''
          seen[name] = (seen[name] ?? 0) + 1
        },
      })
      reader.maxLength = 65535
      for (let at = 0; at < data.length; at += step) reader.push(data.subarray(at, at + step))
      expect(seen).toEqual(expected)
      expect(reader.pending).toBe(0)
    }
  })
})

describe.runIf(sharedVectors)('shared malformed messages', () => {
  const records = ['fuzz-bio-rd', 'hex-suites', 'pcap-tcpdump', 'rfc-expectations', 'incidents']
    .flatMap((name) => readJsonLines<MessageRecord>(`malformed/${name}.jsonl`))
    .map(({ id, type, hex }) => ({ id, type, octets: bytesOf(hex) }))

  test.for(records)('$id: only ProtocolError escapes', ({ octets }) => {
    for (const maxLength of [4096, 65535]) {
      const { reader } = recorder()
      reader.maxLength = maxLength
      const error = thrownBy(() => reader.push(octets))
      if (error !== undefined) expect(error).toBeInstanceOf(ProtocolError)
    }
  })

  test.for(records.filter((record) => typeof record.type === 'number'))(
    '$id: no such type',
    ({ type, octets }) => {
      const error = thrownBy(() => recorder().reader.push(octets))
      expect(error).toMatchObject({ code: 1, subcode: 3, data: Uint8Array.of(Number(type)) })
    },
  )
})

/**
 * bzip2 decompression, a block (at most 900 000 octets before its first run-length coding) at a time.
 * The format has no standard; its author's program is the reference, and the checksums of every
 * block and of the whole are verified here, so that damage never passes for data.
 */

/** Damaged bzip2 data; `message` says what was expected. */
export class Bzip2Error extends Error {
  override readonly name = 'Bzip2Error'
}

const BLOCK_MAGIC = 0x314159265359
const END_MAGIC = 0x177245385090
const MAX_CODE_LENGTH = 20
const GROUP_SIZE = 50
/** Octets of output that are handed over at once. */
const OUTPUT_SIZE = 1 << 16
/** Words that a block begins with; it grows to what its header allows. */
const FIRST_WORDS = 1 << 12

const crcTable = Uint32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet << 24
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  return crc >>> 0
})

/** Bits of a run of chunks, most significant first. */
class BitReader {
  private readonly chunks: Iterator<Uint8Array>
  private chunk: Uint8Array = new Uint8Array(0)
  private next = 0
  private held = 0
  private count = 0

  constructor(chunks: Iterable<Uint8Array>) {
    this.chunks = chunks[Symbol.iterator]()
  }

  /** @param bits 1 to 24 */
  read(bits: number): number {
    while (this.count < bits) {
      const octet = this.octet()
      if (octet < 0) throw new Bzip2Error('the bzip2 data is cut off')
      this.held = (this.held << 8) | octet
      this.count += 8
    }
    this.count -= bits
    const value = this.held >>> this.count
    this.held &= (1 << this.count) - 1
    return value
  }

  /** 48 bits: a magic number. */
  magic(): number {
    return this.read(24) * 0x1000000 + this.read(24)
  }

  word(): number {
    return ((this.read(16) << 16) | this.read(16)) >>> 0
  }

  /** Drops the bits up to the next octet boundary; @returns whether anything follows. */
  align(): boolean {
    this.count -= this.count % 8
    this.held &= (1 << this.count) - 1
    if (this.count > 0) return true
    const octet = this.octet()
    if (octet < 0) return false
    this.held = octet
    this.count = 8
    return true
  }

  private octet(): number {
    while (this.next >= this.chunk.length) {
      const more = this.chunks.next()
      if (more.done) return -1
      this.chunk = more.value
      this.next = 0
    }
    return this.chunk[this.next++] ?? -1
  }
}

/** A canonical Huffman code: the codes of one length are consecutive numbers. */
interface HuffmanCode {
  readonly shortest: number
  /** By length: the largest code, -1 where there is none that long. */
  readonly limit: Int32Array
  /** By length: what to take off a code to get its place in `symbols`. */
  readonly base: Int32Array
  readonly symbols: Uint16Array
}

function buildCode(lengths: Uint8Array): HuffmanCode {
  const limit = new Int32Array(MAX_CODE_LENGTH + 1).fill(-1)
  const base = new Int32Array(MAX_CODE_LENGTH + 1)
  const symbols = new Uint16Array(lengths.length)
  let placed = 0
  let code = 0
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    base[length] = code - placed
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue
      symbols[placed++] = symbol
      limit[length] = code++
    }
    code <<= 1
  }
  return { shortest: Math.min(...lengths), limit, base, symbols }
}

function readSymbol(bits: BitReader, code: HuffmanCode): number {
  let length = code.shortest
  let value = bits.read(length)
  while (value > (code.limit[length] ?? -1)) {
    if (++length > MAX_CODE_LENGTH) throw new Bzip2Error('a bzip2 block has an impossible code')
    value = (value << 1) | bits.read(1)
  }
  const symbol = code.symbols[value - (code.base[length] ?? 0)]
  if (symbol === undefined) throw new Bzip2Error('a bzip2 block has an impossible code')
  return symbol
}

function moveToFront(list: Uint8Array, index: number): number {
  const value = list[index] ?? 0
  list.copyWithin(1, 0, index)
  list[0] = value
  return value
}

/** The octet values that occur in a block, in order: sixteen ranges, then sixteen values a range. */
function readAlphabet(bits: BitReader): Uint8Array {
  const ranges = bits.read(16)
  const used: number[] = []
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >> range)) === 0) continue
    const values = bits.read(16)
    for (let i = 0; i < 16; i++) if (values & (0x8000 >> i)) used.push(16 * range + i)
  }
  if (used.length === 0) throw new Bzip2Error('a bzip2 block uses no octet value')
  return Uint8Array.from(used)
}

function readSelectors(bits: BitReader, groups: number): Uint8Array {
  const count = bits.read(15)
  const order = Uint8Array.from({ length: groups }, (_, i) => i)
  const selectors = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    let index = 0
    while (bits.read(1) === 1) {
      if (++index >= groups) throw new Bzip2Error('a bzip2 block selects a missing Huffman table')
    }
    selectors[i] = moveToFront(order, index)
  }
  return selectors
}

/** Each length is told as steps from the one before. */
function readLengths(bits: BitReader, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols)
  let length = bits.read(5)
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) {
        throw new Bzip2Error('a bzip2 block has an impossible code length')
      }
      if (bits.read(1) === 0) break
      length += bits.read(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  return lengths
}

/** @returns the block, larger when it has no room for `words` */
function withRoom(block: Uint32Array, words: number): Uint32Array {
  if (words <= block.length) return block
  const larger = new Uint32Array(Math.max(words, 2 * block.length))
  larger.set(block)
  return larger
}

/**
 * Reads the symbols of a block, one octet a word.
 * @param room where to, if it is large enough
 * @param most octets that a block of this stream may have
 * @returns how many octets, and where they are
 */
function readBlock(bits: BitReader, room: Uint32Array, most: number) {
  const alphabet = readAlphabet(bits)
  const groups = bits.read(3)
  if (groups < 2 || groups > 6) throw new Bzip2Error('a bzip2 block has no 2 to 6 Huffman tables')
  const selectors = readSelectors(bits, groups)
  const codes = Array.from({ length: groups }, () =>
    buildCode(readLengths(bits, alphabet.length + 2)),
  )
  const endOfBlock = alphabet.length + 1
  let block = room
  let count = 0
  let run = 0
  let weight = 1
  for (let i = 0; ; i++) {
    const code = codes[selectors[Math.floor(i / GROUP_SIZE)] ?? groups]
    if (code === undefined) throw new Bzip2Error('a bzip2 block runs past its Huffman tables')
    const symbol = readSymbol(bits, code)
    if (symbol <= 1) {
      // Symbols 0 and 1 spell a run length in bijective base 2.
      run += weight << symbol
      weight <<= 1
      if (run > most) throw new Bzip2Error('a bzip2 block is longer than its header says')
      continue
    }
    if (count + run > most) {
      throw new Bzip2Error('a bzip2 block is longer than its header says')
    }
    block = withRoom(block, count + run)
    block.fill(alphabet[0] ?? 0, count, count + run)
    count += run
    run = 0
    weight = 1
    if (symbol === endOfBlock) return { block, count }
    if (count >= most) {
      throw new Bzip2Error('a bzip2 block is longer than its header says')
    }
    block = withRoom(block, count + 1)
    block[count++] = moveToFront(alphabet, symbol - 1)
  }
}

/** Inverts the Burrows-Wheeler transform: each word gets, above its octet, where the next one stands. */
function link(block: Uint32Array, count: number): void {
  const places = new Uint32Array(256)
  for (let i = 0; i < count; i++) {
    const octet = (block[i] ?? 0) & 0xff
    places[octet] = (places[octet] ?? 0) + 1
  }
  let sum = 0
  for (let octet = 0; octet < 256; octet++) {
    const n = places[octet] ?? 0
    places[octet] = sum
    sum += n
  }
  for (let i = 0; i < count; i++) {
    const octet = (block[i] ?? 0) & 0xff
    const place = places[octet] ?? 0
    block[place] = (block[place] ?? 0) | (i << 8)
    places[octet] = place + 1
  }
}

/** Undoes the first run-length coding: after four equal octets stands how many more follow. */
function* expand(block: Uint32Array, count: number, from: number, expectedCrc: number) {
  let output = new Uint8Array(OUTPUT_SIZE)
  let filled = 0
  let crc = -1
  let place = (block[from] ?? 0) >>> 8
  let previous = -1
  let equal = 0
  for (let i = 0; i < count; i++) {
    const word = block[place] ?? 0
    let octet = word & 0xff
    place = word >>> 8
    let copies = 1
    if (equal === 4) {
      copies = octet
      octet = previous
      equal = 0
      previous = -1
    } else {
      equal = octet === previous ? equal + 1 : 1
      previous = octet
    }
    for (; copies > 0; copies--) {
      crc = (crc << 8) ^ (crcTable[(crc >>> 24) ^ octet] ?? 0)
      output[filled++] = octet
      if (filled < OUTPUT_SIZE) continue
      yield output
      output = new Uint8Array(OUTPUT_SIZE)
      filled = 0
    }
  }
  if (filled > 0) yield output.subarray(0, filled)
  if (~crc >>> 0 !== expectedCrc) throw new Bzip2Error('the checksum of a bzip2 block does not fit')
}

/**
 * Decompresses bzip2 data, several streams one after the other included.
 * @param chunks of the compressed data, from its beginning
 * @throws Bzip2Error, after what could be decompressed before the damage was handed over
 */
export function* bunzip2(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const bits = new BitReader(chunks)
  do {
    if (bits.read(24) !== 0x425a68) throw new Bzip2Error('a bzip2 stream begins with "BZh"')
    const level = bits.read(8) - 0x30
    if (level < 1 || level > 9) throw new Bzip2Error('the bzip2 block size is not 1 to 9')
    const most = 100_000 * level
    let room: Uint32Array = new Uint32Array(FIRST_WORDS)
    let total = 0
    for (;;) {
      const magic = bits.magic()
      const crc = bits.word()
      if (magic === END_MAGIC) {
        if (crc !== total) throw new Bzip2Error('the checksum of the bzip2 data does not fit')
        break
      }
      if (magic !== BLOCK_MAGIC) throw new Bzip2Error('no bzip2 block begins where one should')
      total = (((total << 1) | (total >>> 31)) ^ crc) >>> 0
      if (bits.read(1) === 1) throw new Bzip2Error('randomised bzip2 blocks are not supported')
      const from = bits.read(24)
      const { block, count } = readBlock(bits, room, most)
      room = block
      if (from >= count) throw new Bzip2Error('a bzip2 block begins outside itself')
      link(block, count)
      yield* expand(block, count, from, crc)
    }
  } while (bits.align())
}

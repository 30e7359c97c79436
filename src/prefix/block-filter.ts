/**
 * Says of most prefixes, by one look at 128 KiB, that no registered prefix is near. It may say "maybe"
 * too often, never "no" wrongly. Address space is cut into blocks of /20 (IPv4) and /32 (IPv6, hashed);
 * a bit is set where a registered prefix shares addresses with the block.
 */
import type { ArraySource } from './array-source.ts'
import { Family, type Prefix } from './prefix.ts'

const BITS = 20
const BLOCK_LENGTH = { [Family.ipv4]: 20, [Family.ipv6]: 32 } as const

export class BlockFilter {
  private readonly blockLength: number
  private readonly hashed: boolean
  /** A bit a block. */
  readonly bits: Int32Array
  /** Registered IPv6 prefixes shorter than a block: each would set too many bits, so all are "maybe". */
  wide = false

  constructor(family: Family, arrays: ArraySource) {
    this.bits = arrays.words((1 << BITS) / 32)
    this.blockLength = BLOCK_LENGTH[family]
    this.hashed = family === Family.ipv6
  }

  get bytes(): number {
    return this.bits.byteLength
  }

  private index(word: number): number {
    return this.hashed ? Math.imul(word, 0x9e3779b1) >>> (32 - BITS) : word >>> (32 - BITS)
  }

  /** @returns false: certainly no registered prefix equals, covers or lies inside `p` */
  mayTouch(p: Readonly<Prefix>): boolean {
    if (this.wide) return true
    if (p.length < this.blockLength) return this.mayTouchWide(p)
    const index = this.index(p.w0)
    return ((this.bits[index >> 5] as number) & (1 << (index & 31))) !== 0
  }

  /** The same for a prefix of several blocks: all of them are looked at, if they are few. */
  private mayTouchWide(p: Readonly<Prefix>): boolean {
    if (this.hashed || p.length < BITS - 10) return true
    const first = p.w0 >>> (32 - BITS)
    const blocks = 1 << (BITS - p.length)
    if (blocks < 32) {
      const mask = ((1 << blocks) - 1) << (first & 31)
      return ((this.bits[first >> 5] as number) & mask) !== 0
    }
    const start = first >> 5
    for (let at = start; at < start + (blocks >> 5); at++) if (this.bits[at] !== 0) return true
    return false
  }

  /** Notes a registered prefix. @param word its first 32 bits */
  add(word: number, length: number): void {
    if (length >= this.blockLength) {
      this.setBit(this.index(word))
    } else if (this.hashed) {
      this.wide = true
    } else {
      const first = word >>> (32 - BITS)
      const last = first + (1 << (BITS - length))
      for (let index = first; index < last; index++) this.setBit(index)
    }
  }

  private setBit(index: number): void {
    const at = index >> 5
    this.bits[at] = (this.bits[at] as number) | (1 << (index & 31))
  }

  clear(): void {
    this.bits.fill(0)
    this.wide = false
  }
}

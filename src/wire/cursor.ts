/** A read ran past its window. The caller knows which error code that means. */
export class OverrunError extends Error {
  override readonly name = 'OverrunError'
}

/**
 * The one place where octets of a message are read. Every read is checked against the window's end
 * and throws OverrunError beyond it. A cursor is reused: `reset` points it at another window.
 */
export class Cursor {
  view: DataView
  offset: number
  /** Exclusive. */
  end: number

  constructor(view: DataView = new DataView(new ArrayBuffer(0)), start = 0, end = view.byteLength) {
    this.view = view
    this.offset = start
    this.end = end
  }

  /** Points at `start` to `end` (exclusive) of `view`. */
  reset(view: DataView, start: number, end: number): this {
    this.view = view
    this.offset = start
    this.end = end
    return this
  }

  get remaining(): number {
    return this.end - this.offset
  }

  private take(octets: number): number {
    const at = this.offset
    if (at + octets > this.end) {
      throw new OverrunError(`${octets} octets wanted, ${this.end - at} left`)
    }
    this.offset = at + octets
    return at
  }

  u8(): number {
    return this.view.getUint8(this.take(1))
  }

  u16(): number {
    return this.view.getUint16(this.take(2))
  }

  /** Unsigned. */
  u32(): number {
    return this.view.getUint32(this.take(4))
  }

  /** Passes over `octets` and returns where they start. */
  skip(octets: number): number {
    return this.take(octets)
  }

  /** An owned copy of the next octets. */
  copy(octets: number): Uint8Array {
    const at = this.take(octets)
    return new Uint8Array(this.view.buffer, this.view.byteOffset + at, octets).slice()
  }
}

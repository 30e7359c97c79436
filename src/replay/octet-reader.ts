import { Bzip2Error } from './bunzip2.ts'
import { CaptureError } from './capture-error.ts'

const NOTHING = new DataView(new ArrayBuffer(0))

/**
 * A stream of chunks seen as one long run of octets, in constant memory: `fill` makes the next octets
 * available in `view` from `start` on, `advance` lets go of them. What a caller took from `view` is
 * valid until the next `fill` or `skip`.
 */
export class OctetReader {
  readonly file: string
  view: DataView = NOTHING
  /** Where in `view` the octets begin that were not yet passed over. */
  start = 0
  /** Their end in `view`, exclusive. */
  end = 0
  /** Octets that were passed over since the beginning. */
  position = 0
  /** Octets that may be appended after `end`: 0 while `view` is a chunk of the source. */
  private room = 0
  private readonly source: AsyncIterator<Uint8Array> | Iterator<Uint8Array>
  private readonly place: string
  private ended = false
  private failure: CaptureError | undefined

  /**
   * @param file named in errors
   * @param chunks an error thrown by it becomes a CaptureError if it is not one already
   * @param place see CaptureError
   */
  constructor(
    file: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    place = 'octet',
  ) {
    this.file = file
    this.place = place
    this.source =
      Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
  }

  get available(): number {
    return this.end - this.start
  }

  /** An error about the octet at `position`, or `ahead` octets after it. */
  error(problem: string, ahead = 0): CaptureError {
    return new CaptureError(this.file, this.position + ahead, this.place, problem)
  }

  /**
   * Makes at least `octets` available.
   * @returns false when the source ends before; what there is then is available
   * @throws CaptureError when the source fails, once what came before the failure is used up
   */
  async fill(octets: number): Promise<boolean> {
    while (this.available < octets) {
      if (!(await this.more(octets))) return false
    }
    return true
  }

  /**
   * The same, for something that has begun and must be whole.
   * @param what named in the error, such as `a packet header`
   */
  async require(octets: number, what: string): Promise<void> {
    if (await this.fill(octets)) return
    throw this.error(
      `the file is cut off: ${what} of ${octets} octets begins here, ${this.available} are left`,
    )
  }

  /** Passes over octets that are available. */
  advance(octets: number): void {
    this.start += octets
    this.position += octets
  }

  /** Passes over octets without holding them; the same errors as `require`. */
  async skip(octets: number, what: string): Promise<void> {
    let left = octets
    while (left > this.available) {
      left -= this.available
      this.advance(this.available)
      if (!(await this.more(1))) {
        throw this.error(`the file is cut off: ${what} of ${octets} octets lacks its last ${left}`)
      }
    }
    this.advance(left)
  }

  /** Lets go of the source before its end. */
  async close(): Promise<void> {
    this.ended = true
    await this.source.return?.()
  }

  private async more(wanted: number): Promise<boolean> {
    if (this.failure) throw this.failure
    if (this.ended) return false
    let next: IteratorResult<Uint8Array>
    try {
      next = await this.source.next()
    } catch (error) {
      this.ended = true
      if (error instanceof CaptureError) this.failure = error
      else if (error instanceof Error && isDataError(error)) {
        this.failure = this.error(`cannot be decompressed: ${error.message}`, this.available)
      } else throw error
      throw this.failure
    }
    if (next.done) {
      this.ended = true
      return false
    }
    this.append(next.value, wanted)
    return true
  }

  private append(chunk: Uint8Array, wanted: number): void {
    const held = this.available
    if (held === 0) {
      this.view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      this.start = 0
      this.end = chunk.byteLength
      this.room = 0
      return
    }
    if (chunk.byteLength > this.room) this.move(held, Math.max(wanted, held) + chunk.byteLength)
    new Uint8Array(this.view.buffer, this.view.byteOffset).set(chunk, this.end)
    this.end += chunk.byteLength
    this.room -= chunk.byteLength
  }

  /** Copies what is held into memory of its own; doubling keeps the number of copies small. */
  private move(held: number, atLeast: number): void {
    const grown = new Uint8Array(Math.max(atLeast, 2 * held))
    grown.set(new Uint8Array(this.view.buffer, this.view.byteOffset + this.start, held))
    this.view = new DataView(grown.buffer)
    this.start = 0
    this.end = held
    this.room = grown.byteLength - held
  }
}

/** Errors of decompression that the data caused, not a bug. */
function isDataError(error: Error): boolean {
  return error instanceof Bzip2Error || /^Z_/.test((error as NodeJS.ErrnoException).code ?? '')
}

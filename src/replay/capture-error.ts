/**
 * A file that is no capture, or is damaged or cut off: a matter of the user's file, never of the program.
 * `message` names the file, the place in it and what was expected there.
 */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
  readonly file: string
  /** Octets from the beginning, of the decompressed content where the file is compressed. */
  readonly offset: number

  /**
   * @param place how the offset is to be understood, such as `octet` or `decompressed octet`
   * @param problem what stands there and what was expected, without a full stop
   */
  constructor(file: string, offset: number, place: string, problem: string) {
    super(`${file}: ${place} ${offset}: ${problem}`)
    this.file = file
    this.offset = offset
  }
}

/** Small pieces of a message under construction. Encoding is rare here, so plain arrays serve. */
import { EncodeError } from './errors.ts'

/**
 * A number in network order.
 * @param field what it is, for the error
 * @param count how many octets it takes, 1 to 4
 * @throws EncodeError when the number does not fit
 */
export function octets(field: string, value: number, count: 1 | 2 | 4): number[] {
  const maximum = 2 ** (8 * count) - 1
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new EncodeError(field, value, maximum)
  }
  return count === 1
    ? [value]
    : count === 2
      ? [value >>> 8, value & 255]
      : [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

/** @returns lower-case hex; what lies beyond `limit` octets is shown as `…` */
export function formatHex(bytes: Uint8Array, limit = Number.POSITIVE_INFINITY): string {
  let text = ''
  for (const octet of bytes.subarray(0, limit)) text += octet.toString(16).padStart(2, '0')
  return bytes.length > limit ? `${text}…` : text
}

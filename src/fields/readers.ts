/**
 * Readers of single fields, shared by the configuration file and the registry: each takes what YAML or JSON
 * gave and makes a value of it, or says what was expected (only an issue of code `custom` is a whole
 * sentence).
 */
import { z } from 'zod'
import { Family } from '../prefix/prefix.ts'
import { formatAddress, PrefixError, parseAddress, parsePrefix } from '../prefix/text.ts'
import { AsPathError, parseAsNumber } from '../wire/as-path.ts'
import { AS_TRANS } from '../wire/codes.ts'
import { CommunityError, parseCommunity } from '../wire/community-text.ts'
import { quoted } from './quoted.ts'

export const MAX_ASN = 4_294_967_295
/** No text that is read further is longer: an IPv6 prefix takes 49 characters at most. */
const MAX_TEXT = 64

/** A whole number; `unit` says of what. */
export function whole(min: number, max: number, unit = '') {
  const expected = `a whole number from ${min} to ${max}${unit && ` (${unit})`}`
  return z.int(expected).min(min, expected).max(max, expected)
}

/**
 * Text that a reader turns into a value; undefined from the reader: not `expected`.
 * @param pattern for the published schema alone, where the reader cannot stand
 */
export function readable<T>(
  expected: string,
  pattern: string,
  read: (text: string) => T | undefined,
) {
  return z
    .string(expected)
    .meta({ pattern })
    .transform((text, ctx): T => {
      let message = `found ${quoted(text)}, expected ${expected}`
      if (text.length <= MAX_TEXT) {
        try {
          const value = read(text)
          if (value !== undefined) return value
        } catch (error) {
          const known = [PrefixError, CommunityError, AsPathError]
          if (!known.some((type) => error instanceof type)) throw error
          message = (error as Error).message
        }
      }
      ctx.issues.push({ code: 'custom', input: text, message })
      return z.NEVER
    })
}

/** Text for which YAML may have read a number, or a word such as `true`. */
export function text(expected: string) {
  return z.string({
    error: ({ input }) =>
      typeof input === 'number' || typeof input === 'boolean'
        ? `${expected} (in quotes)`
        : expected,
  })
}

/** Text without control characters. */
export function printable(min: number, max: number) {
  const expected = `text of ${min} to ${max} printable characters`
  return text(expected)
    .min(min, expected)
    .max(max, expected)
    .regex(/^\P{Cc}*$/u, expected)
}

export const yesOrNo = z.boolean('true or false')

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, `one of ${values.join(', ')}`)
}

export const nameExpected = '1 to 63 of the characters A-Z a-z 0-9 _ . -'
export const name = text(nameExpected).regex(/^[A-Za-z0-9_.-]{1,63}$/, nameExpected)

const asnExpected = `an AS number from 1 to ${MAX_ASN}, or asdot in quotes such as "1.10"`

/** RFC 5396 text or a number. RFC 7607: 0 is none; RFC 6793 §9: AS_TRANS belongs to nobody. */
export const asn = z
  .union(
    [
      z.int(asnExpected).min(1, asnExpected).max(MAX_ASN, asnExpected),
      z.string().regex(/^(\d{1,5}\.)?\d{1,10}$/, asnExpected),
    ],
    asnExpected,
  )
  .transform((given, ctx): number => {
    const shown = typeof given === 'number' ? given : quoted(given)
    let why = ''
    try {
      const value = typeof given === 'number' ? given : parseAsNumber(given)
      if (value !== 0 && value !== AS_TRANS) return value
      if (value === AS_TRANS) why = ', which is AS_TRANS and belongs to nobody (RFC 6793)'
    } catch (error) {
      if (!(error instanceof AsPathError)) throw error
    }
    const message = `found ${shown}${why}, expected ${asnExpected}`
    ctx.issues.push({ code: 'custom', input: given, message })
    return z.NEVER
  })

const addressPattern = '^[0-9A-Fa-f:.]+$'

export const routerId = readable(
  'a dotted quad other than 0.0.0.0, such as 192.0.2.1',
  '^\\d+(\\.\\d+){3}$',
  (text) => {
    const octets = text.split('.')
    if (octets.length !== 4 || octets.some((o) => !/^\d{1,3}$/.test(o) || Number(o) > 255)) {
      return undefined
    }
    return parseAddress(text).w0 >>> 0 || undefined
  },
)

export const address = readable(
  'an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1',
  addressPattern,
  (text) => formatAddress(parseAddress(text)),
)

/** An address that a host can have. */
export const hostAddress = readable(
  'the address of a host, such as 192.0.2.1 or 2001:db8::1 (an IPv4 address in plain dotted form)',
  addressPattern,
  (text) => {
    const parsed = parseAddress(text)
    const unspecified = (parsed.w0 | parsed.w1 | parsed.w2 | parsed.w3) === 0
    const mapped =
      parsed.family === Family.ipv6 && (parsed.w0 | parsed.w1) === 0 && parsed.w2 === 0xffff
    return unspecified || mapped ? undefined : formatAddress(parsed)
  },
)

export const community = readable(
  'a community in quotes, such as "8075:8007" or "64500:1:2"',
  '^(\\d+:\\d+(:\\d+)?|[A-Za-z-]+)$',
  (text) => parseCommunity(text) && text,
)

export const prefix = readable(
  'a prefix, such as 198.51.100.0/24 or 2001:db8::/32',
  '^[0-9A-Fa-f:.]+/\\d{1,3}$',
  parsePrefix,
)

export function listOf<T extends z.ZodType>(item: T, of: string) {
  return z.array(item, `a list of ${of}`)
}

export function atLeastOne<T extends z.ZodType>(item: T, of: string, one: string) {
  return listOf(item, of).min(1, `at least one ${one}`)
}

export function mapping<T extends z.ZodRawShape>(shape: T, expected: string) {
  return z.strictObject(shape, `a mapping ${expected}`)
}

export const passwordExpected = '1 to 80 printable ASCII characters'

/** As many octets as Linux takes; other routers take ASCII at most. */
export const passwordPattern = /^[ -~]{1,80}$/

export const password = text(passwordExpected).regex(passwordPattern, passwordExpected)

/**
 * The one schema of the configuration: types, ranges, defaults, and the words that explain them. The
 * published JSON Schema is generated from it.
 *
 * An error text in this file says what was expected; the report puts what was found before it. Only an
 * issue of code `custom` is a whole sentence.
 */
import { z } from 'zod'
import { defaultPolicy } from '../engine/types.ts'
import { Family, familyNames } from '../prefix/prefix.ts'
import { formatAddress, PrefixError, parseAddress, parsePrefix } from '../prefix/text.ts'
import type { MaxPrefixes } from '../session/types.ts'
import { AsPathError, parseAsNumber } from '../wire/as-path.ts'
import { AS_TRANS } from '../wire/codes.ts'
import { CommunityError, parseCommunity } from '../wire/community-text.ts'
import { logFormats, logLevels } from './config.ts'
import { quoted } from './document.ts'

const MAX_ASN = 4_294_967_295
/** No text that is read further is longer: an IPv6 prefix takes 49 characters at most. */
const MAX_TEXT = 64

/** A whole number; `unit` says of what. */
function whole(min: number, max: number, unit = '') {
  const expected = `a whole number from ${min} to ${max}${unit && ` (${unit})`}`
  return z.int(expected).min(min, expected).max(max, expected)
}

/**
 * Text that a reader turns into a value; undefined from the reader: not `expected`.
 * @param pattern for the published schema alone, where the reader cannot stand
 */
function readable<T>(expected: string, pattern: string, read: (text: string) => T | undefined) {
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
function text(expected: string) {
  return z.string({
    error: ({ input }) =>
      typeof input === 'number' || typeof input === 'boolean'
        ? `${expected} (in quotes)`
        : expected,
  })
}

/** Text without control characters. */
function printable(min: number, max: number) {
  const expected = `text of ${min} to ${max} printable characters`
  return text(expected)
    .min(min, expected)
    .max(max, expected)
    .regex(/^\P{Cc}*$/u, expected)
}

const tokenExpected = '16 to 256 letters, digits or the characters - . _ ~ + /'

/** RFC 6750 §2.1, long enough not to be guessed. */
const token = text(tokenExpected).regex(/^[A-Za-z0-9\-._~+/]{16,256}$/, tokenExpected)

const yesOrNo = z.boolean('true or false')

function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, `one of ${values.join(', ')}`)
}

const nameExpected = '1 to 63 of the characters A-Z a-z 0-9 _ . -'
const name = text(nameExpected).regex(/^[A-Za-z0-9_.-]{1,63}$/, nameExpected)

const asnExpected = `an AS number from 1 to ${MAX_ASN}, or asdot in quotes such as "1.10"`

/** RFC 5396 text or a number. RFC 7607: 0 is none; RFC 6793 §9: AS_TRANS belongs to nobody. */
const asn = z
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

const routerId = readable(
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

const address = readable(
  'an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1',
  addressPattern,
  (text) => formatAddress(parseAddress(text)),
)

/** An address that a host can have. */
const hostAddress = readable(
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

const community = readable(
  'a community in quotes, such as "8075:8007" or "64500:1:2"',
  '^(\\d+:\\d+(:\\d+)?|[A-Za-z-]+)$',
  (text) => parseCommunity(text) && text,
)

const prefix = readable(
  'a prefix, such as 198.51.100.0/24 or 2001:db8::/32',
  '^[0-9A-Fa-f:.]+/\\d{1,3}$',
  parsePrefix,
)

function listOf<T extends z.ZodType>(item: T, of: string) {
  return z.array(item, `a list of ${of}`)
}

function atLeastOne<T extends z.ZodType>(item: T, of: string, one: string) {
  return listOf(item, of).min(1, `at least one ${one}`)
}

function mapping<T extends z.ZodRawShape>(shape: T, expected: string) {
  return z.strictObject(shape, `a mapping ${expected}`)
}

const holdTimeExpected = '0 (no hold timer), or 3 to 65535 seconds'

const listenPort = whole(0, 65_535, '0: any free port')

const policyShape = {
  requiredCommunities: listOf(community, 'communities').describe(
    'Communities that must be on a route: standard (RFC 1997), large (RFC 8092), or the name of a well-known one. An empty list requires none.',
  ),
  communityMatch: oneOf(['all', 'any']).describe(
    'Whether all of the required communities, or any one of them, must be there.',
  ),
  maxAsPathLength: whole(1, 255, 'AS numbers').describe(
    'Longest AS path that verifies; prepends count, an AS_SET counts 1.',
  ),
  allowPrepending: yesOrNo.describe('Whether an AS number may follow itself in the path.'),
  bogonAsn: oneOf(['error', 'warning', 'off']).describe(
    'What a reserved or documentation AS number in the path counts as.',
  ),
}

const routesExpected = `a whole number from 1 to ${MAX_ASN} (routes per family)`

/** A number alone is a limit with the default warning. */
const maxPrefixes = z
  .union(
    [
      whole(1, MAX_ASN, 'routes per family'),
      mapping(
        {
          limit: whole(1, MAX_ASN, 'routes per family').describe('Routes per family.'),
          warnAt: z
            .exactOptional(whole(1, 100, 'percent'))
            .describe('Percent of the limit at which a warning is logged; 80 if absent.'),
          restartMinutes: z
            .exactOptional(whole(1, 1440, 'minutes'))
            .describe('Minutes that the session then stays down; a few seconds if absent.'),
        },
        'with limit',
      ),
    ],
    `${routesExpected}, or a mapping with limit`,
  )
  .transform((given): MaxPrefixes => {
    const { limit, warnAt = 80, ...rest } = typeof given === 'number' ? { limit: given } : given
    return { limit, warnAt, ...rest }
  })

export const sessionSchema = mapping(
  {
    name: name.describe('Unique, and never changed: metrics and the API know the session by it.'),
    address: hostAddress.describe("The peer's address."),
    port: whole(1, 65_535)
      .default(179)
      .describe("The peer's port. Also tells peers at one address apart."),
    asn: asn.describe("The peer's AS number."),
    localAsn: z
      .exactOptional(asn)
      .describe('Our AS number towards this peer; local.asn if absent.'),
    localAddress: z
      .exactOptional(hostAddress)
      .describe('Source address of connections that we open; the system chooses if absent.'),
    families: atLeastOne(oneOf(familyNames), 'address families', 'of ipv4, ipv6')
      .default([...familyNames])
      .describe('Address families that the session carries.'),
    passive: yesOrNo.default(false).describe('Never opens a connection, only accepts.'),
    holdTime: z
      .int(holdTimeExpected)
      .min(0, holdTimeExpected)
      .max(65_535, holdTimeExpected)
      .refine((seconds) => seconds !== 1 && seconds !== 2, {
        error: holdTimeExpected,
        params: { expected: true },
      })
      .default(90)
      .describe('Hold time that we propose, seconds: 0 (none), or at least 3 (RFC 4271 §4.2).'),
    connectRetrySeconds: whole(1, 65_535, 'seconds')
      .default(30)
      .describe('Seconds between two tries to connect; jittered (RFC 4271 §10).'),
    delayOpenSeconds: whole(0, 240, 'seconds')
      .default(0)
      .describe('RFC 4271 DelayOpenTime: seconds to wait for the OPEN of the peer before ours.'),
    maxPrefixes: z
      .exactOptional(maxPrefixes)
      .describe('Routes per family above which the session is closed; no limit if absent.'),
    firstAsCheck: z
      .exactOptional(yesOrNo)
      .describe(
        'true: a route whose path does not begin with the AS of the peer is malformed (RFC 4271 §6.3).',
      ),
    description: printable(0, 255).default('').describe('For people.'),
  },
  'with name, address and asn',
)

export const prefixSchema = mapping(
  {
    name: name.describe('Unique, and never changed: metrics and the API know the prefix by it.'),
    prefix: prefix.describe('Without host bits, such as 198.51.100.0/24 or 2001:db8::/32.'),
    originAsns: listOf(asn, 'AS numbers')
      .default([])
      .describe('AS numbers that may originate the prefix; empty: any.'),
    owner: z
      .exactOptional(printable(1, 128))
      .describe('Entries of one owner may overlap; an entry without owner is its own.'),
    sessions: z
      .exactOptional(
        atLeastOne(
          name,
          'session names',
          'session name (leave the key out for all that carry the family)',
        ),
      )
      .describe('Sessions that must carry the prefix; all that carry its family if absent.'),
    policy: z
      .exactOptional(mapping(policyShape, 'of policy keys').partial())
      .describe('Overrides of the policy for this prefix.'),
    enabled: yesOrNo.default(true).describe('false: the prefix is not judged (state None).'),
  },
  'with name and prefix',
)

const endpointExpected = 'with address and port'

export const configSchema = mapping(
  {
    local: mapping(
      {
        asn: asn.describe('Our AS number.'),
        routerId: routerId.describe('Our BGP identifier, such as 192.0.2.1 (RFC 6286).'),
      },
      'with asn and routerId',
    ).describe('Who we are.'),
    listen: mapping(
      {
        bgp: listOf(
          mapping(
            {
              address: address.describe('An address of this host; 0.0.0.0 or :: for all.'),
              port: listenPort.default(179).describe('0: any free port.'),
            },
            endpointExpected,
          ),
          'addresses and ports',
        )
          .prefault([{ address: '0.0.0.0' }])
          .describe('Where peers may connect to; empty: we open every connection.'),
        http: mapping(
          {
            address: address.prefault('127.0.0.1').describe('An address of this host.'),
            port: listenPort.default(9179).describe('0: any free port.'),
            tokens: listOf(token, 'tokens')
              .prefault([])
              .describe('Bearer tokens that may write; none: the API only reads.'),
          },
          'with address, port and tokens',
        )
          .prefault({})
          .describe('Where metrics, API and web page are served.'),
      },
      'with bgp and http',
    )
      .prefault({})
      .describe('Where the daemon listens.'),
    storage: mapping(
      {
        path: z
          .exactOptional(printable(1, 4096))
          .describe('The database file, relative to the working directory. Absent: none.'),
      },
      'with path',
    )
      .prefault({})
      .describe('Durable state.'),
    policy: mapping(
      {
        requiredCommunities: policyShape.requiredCommunities.prefault([
          ...defaultPolicy.requiredCommunities,
        ]),
        communityMatch: policyShape.communityMatch.default(defaultPolicy.communityMatch),
        maxAsPathLength: policyShape.maxAsPathLength.default(defaultPolicy.maxAsPathLength),
        allowPrepending: policyShape.allowPrepending.default(defaultPolicy.allowPrepending),
        bogonAsn: policyShape.bogonAsn.default(defaultPolicy.bogonAsn),
        convergenceSeconds: whole(0, 3600, 'seconds')
          .default(defaultPolicy.convergenceSeconds)
          .describe(
            'Seconds after Established in which a missing End-of-RIB still means Pending, not Failed.',
          ),
      },
      'of policy keys',
    )
      .prefault({})
      .describe('How every registered prefix must arrive.'),
    metrics: mapping(
      {
        perPrefixLimit: whole(0, 1_000_000, 'prefixes')
          .default(1000)
          .describe('Registered prefixes above which only aggregates are exported.'),
      },
      'with perPrefixLimit',
    )
      .prefault({})
      .describe('Prometheus metrics.'),
    log: mapping(
      {
        level: oneOf(logLevels).default('info').describe('Least severity that is logged.'),
        format: oneOf(logFormats)
          .default('auto')
          .describe('auto: pretty on a terminal, JSON elsewhere.'),
      },
      'with level and format',
    )
      .prefault({})
      .describe('The log.'),
    events: mapping(
      {
        keep: whole(1, 1_000_000, 'events')
          .default(10_000)
          .describe('Events kept in memory for the API.'),
      },
      'with keep',
    )
      .prefault({})
      .describe('Changes of sessions and verdicts.'),
    sessions: listOf(sessionSchema, 'sessions').default([]).describe('The peers.'),
    prefixes: listOf(prefixSchema, 'prefixes').default([]).describe('The registered prefixes.'),
  },
  'with local, sessions and prefixes',
)

/** Lists are judged entry by entry, so that one bad entry hides no other. */
export const frameSchema = configSchema.extend({
  sessions: listOf(z.unknown(), 'sessions').default([]),
  prefixes: listOf(z.unknown(), 'prefixes').default([]),
})

export type SessionEntry = z.output<typeof sessionSchema>
export type PrefixEntry = z.output<typeof prefixSchema>
export type ConfigFrame = z.output<typeof frameSchema>

/**
 * Keys that are promised but do nothing yet, by path with `[]` for any entry. They are refused: a
 * `password` that is silently ignored would be a hole.
 */
export const unsupportedKeys: ReadonlyMap<string, string> = new Map([
  ['sessions[].password', 'TCP MD5 signatures (RFC 2385) are not supported by this version'],
  ['sessions[].ttlSecurity', 'TTL security (RFC 5082) is not supported by this version'],
  ['sessions[].addPath', 'ADD-PATH (RFC 7911) is not supported by this version'],
  ['sessions[].role', 'BGP roles (RFC 9234) are not supported by this version'],
  ['listen.dynamic', 'accepting unknown peers from a range is not supported by this version'],
  [
    'prefixes[].policy.convergenceSeconds',
    'cannot differ between prefixes, set policy.convergenceSeconds for all of them',
  ],
])

/**
 * The schema of a scenario file. As in config/schema.ts an error text says what was expected; only an
 * issue of code `custom` is a whole sentence.
 */
import { z } from 'zod'
import { familyNames } from '../prefix/prefix.ts'
import { PrefixError, parseAddress, parsePrefix } from '../prefix/text.ts'
import type { AsPathSegment } from '../wire/as-path.ts'
import { AsPathError, parseAsPath } from '../wire/as-path.ts'
import { HEADER_LENGTH, SegmentType } from '../wire/codes.ts'
import { CommunityError, parseCommunity } from '../wire/community-text.ts'
import type { Step } from './scenario.ts'

export type ScenarioIssue = z.core.$ZodIssue

const MAX_32 = 4_294_967_295

/** Text that a reader of the product turns into a value. */
function readable<T>(expected: string, read: (text: string) => T) {
  return z.string(expected).transform((text, context): T => {
    try {
      return read(text)
    } catch (error) {
      const known = [PrefixError, AsPathError, CommunityError]
      if (!known.some((type) => error instanceof type)) throw error
      context.issues.push({ code: 'custom', message: (error as Error).message, input: text })
      return z.NEVER
    }
  })
}

function whole(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`
  return z.int(expected).min(min, expected).max(max, expected)
}

function listOf<T extends z.ZodType>(item: T, of: string) {
  return z.array(item, `a list of ${of}`)
}

function filled<T extends z.ZodType>(item: T, of: string) {
  return listOf(item, of).min(1, `at least one of ${of}`)
}

function mapping<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, `a mapping with ${Object.keys(shape).join(', ')}`)
}

const asn = whole(0, MAX_32)
const port = whole(0, 65_535)
const address = readable('an address, such as 192.0.2.1 or 2001:db8::1', parseAddress)
const addressText = readable('an address, such as 192.0.2.1 or 2001:db8::1', (text) => {
  parseAddress(text)
  return text
})
const prefix = readable('a prefix, such as 198.51.100.0/24', parsePrefix)
const family = z.enum(familyNames, 'ipv4 or ipv6')
const routerId = readable('a dotted quad in quotes, such as 192.0.2.1', (text) => {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(text)) {
    throw new PrefixError(`"${text}" is not a router id, expected a dotted quad such as 192.0.2.1`)
  }
  parseAddress(text)
  return text
})

const pathExpected = 'an AS path: "64501 64502 {64503 64504}", or a list of AS numbers'
const sequence = (asns: number[]): AsPathSegment[] =>
  asns.length === 0 ? [] : [{ type: SegmentType.asSequence, asns }]
const asPath = z.union(
  [
    readable(pathExpected, parseAsPath),
    asn.transform((only) => sequence([only])),
    z.array(asn).transform(sequence),
  ],
  pathExpected,
)

const community = readable('a community in quotes, such as "8075:8007"', (text) => {
  const read = parseCommunity(text)
  if (read.kind === 'standard') return read.value
  throw new CommunityError(`"${text}" is a large community: it belongs under "largeCommunities"`)
})
const largeCommunity = readable('a large community in quotes, such as "64500:1:2"', (text) => {
  const read = parseCommunity(text)
  if (read.kind === 'large') return read.words
  throw new CommunityError(`"${text}" is no large community, expected such as 64500:1:2`)
})

const origins = { igp: 0, egp: 1, incomplete: 2 } as const
const announcement = mapping({
  prefix,
  asPath,
  communities: listOf(community, 'communities').default([]),
  largeCommunities: listOf(largeCommunity, 'large communities').default([]),
  nextHop: address.optional(),
  med: whole(0, MAX_32).optional(),
  origin: z.enum(['igp', 'egp', 'incomplete'], 'igp, egp or incomplete').default('igp'),
})
  .refine((route) => route.nextHop === undefined || route.nextHop.family === route.prefix.family, {
    path: ['nextHop'],
    error: "the next hop is not of the prefix's family",
  })
  .transform((route) => ({ ...route, origin: origins[route.origin] }))

/** A whole message as hex; blanks and line breaks between octets are allowed. */
const hexExpected = `a whole message in hex (at least ${HEADER_LENGTH} octets), in quotes`
const raw = z
  .string(hexExpected)
  .transform((text) => text.replace(/\s+/g, ''))
  .refine((hex) => /^([0-9a-fA-F]{2})+$/.test(hex) && hex.length >= 2 * HEADER_LENGTH, {
    error: `expected ${hexExpected}`,
  })
  .transform((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))

const steps: z.ZodType<Step[]> = z.lazy(() => listOf(step, 'steps'))
const actions = {
  announce: filled(announcement, 'routes'),
  withdraw: filled(prefix, 'prefixes'),
  endOfRib: filled(family, 'ipv4, ipv6'),
  wait: z.number('seconds').min(0, '0 or more seconds').max(86_400, 'at most 86400 seconds'),
  repeat: mapping({ times: whole(1, 1_000_000), steps }),
  raw,
  shutdown: z.string('a message for the peer, or ""'),
  open: z.literal(true, 'true'),
}

// One object with every action optional, and a rule that exactly one is there: a union of eight objects
// would complain about the seven that nobody meant.
const step = mapping(actions)
  .partial()
  .transform((given, context): Step => {
    if (Object.keys(given).length !== 1) {
      const message = `expected exactly one action a step: ${Object.keys(actions).join(', ')}`
      context.issues.push({ code: 'custom', message, input: given })
      return z.NEVER
    }
    if (given.announce) return { kind: 'announce', routes: given.announce }
    if (given.withdraw) return { kind: 'withdraw', prefixes: given.withdraw }
    if (given.endOfRib) return { kind: 'endOfRib', families: given.endOfRib }
    if (given.wait !== undefined) return { kind: 'wait', seconds: given.wait }
    if (given.repeat) return { kind: 'repeat', ...given.repeat }
    if (given.raw) return { kind: 'raw', octets: given.raw }
    if (given.shutdown !== undefined) return { kind: 'shutdown', communication: given.shutdown }
    return { kind: 'open' }
  })

const holdExpected = '0 (no hold timer), or 3 to 65535 seconds'
const localShape = {
  asn,
  routerId,
  address: addressText.optional(),
  nextHop: mapping({ ipv4: address.optional(), ipv6: address.optional() }).default({}),
}
const shape = {
  local: mapping(localShape),
  remote: mapping({ address: addressText, port: port.default(179), asn }),
  mode: z.enum(['active', 'passive'], 'active or passive').default('active'),
  listen: mapping({ address: addressText, port }).optional(),
  families: filled(family, 'ipv4, ipv6').default(['ipv4']),
  holdTime: z
    .int(holdExpected)
    .min(0, holdExpected)
    .max(65_535, holdExpected)
    .refine((seconds) => seconds === 0 || seconds >= 3, { error: `expected ${holdExpected}` })
    .default(90),
  steps: steps.default([]),
}

export const scenarioSchema = mapping(shape)

/** Every key that a scenario knows, for guesses at a misspelt one. */
export const scenarioKeys: readonly string[] = [
  ...Object.keys(shape),
  ...Object.keys(localShape),
  ...Object.keys(actions),
  ...Object.keys(announcement.in.shape),
  ...['port', 'ipv4', 'ipv6', 'times'],
]

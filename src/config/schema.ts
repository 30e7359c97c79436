/**
 * The one schema of the configuration: types, ranges, defaults, and the words that explain them. The
 * published JSON Schema is generated from it.
 *
 * An error text in this file says what was expected; the report puts what was found before it. Only an
 * issue of code `custom` is a whole sentence.
 */
import { z } from 'zod'
import { defaultPolicy } from '../engine/types.ts'
import {
  address,
  asn,
  atLeastOne,
  community,
  hostAddress,
  listOf,
  MAX_ASN,
  mapping,
  name,
  oneOf,
  password,
  prefix,
  printable,
  routerId,
  text,
  whole,
  yesOrNo,
} from '../fields/readers.ts'
import { roles } from '../peering/kind.ts'
import { defaultRegistrySettings } from '../peering/live.ts'
import { familyNames } from '../prefix/prefix.ts'
import type { MaxPrefixes } from '../session/types.ts'
import { roleNames } from '../wire/capabilities.ts'
import { logFormats, logLevels } from './config.ts'
import { irrSchema } from './irr-schema.ts'
import { webhooksSchema } from './webhook-schema.ts'

export const tokenExpected = '16 to 256 letters, digits or the characters - . _ ~ + /'

/** RFC 6750 §2.1, long enough not to be guessed. */
const token = text(tokenExpected).regex(/^[A-Za-z0-9\-._~+/]{16,256}$/, tokenExpected)

/** Whether text can be a bearer token. */
export function isToken(text: string): boolean {
  return token.safeParse(text).success
}

/** Text alone is a token that may do everything. */
const tokenEntry = z.union(
  [
    token,
    mapping(
      {
        name: name.describe('What the audit log, events and the log call who holds the token.'),
        role: oneOf(roles).describe(
          'reader: sees all but keys. operator: also commands sessions and runs operations. admin: also writes all. provider, customer: see and write what belongs to `owner` alone.',
        ),
        token: z.exactOptional(token).describe('The token itself.'),
        tokenFile: z
          .exactOptional(printable(1, 4096))
          .describe('A file that holds the token, relative to the working directory.'),
        owner: z
          .exactOptional(printable(1, 128))
          .describe('The tenant; of a provider or customer alone.'),
      },
      'with name, role, and token or tokenFile',
    ),
  ],
  `${tokenExpected}, or a mapping with name, role, and token or tokenFile`,
)

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

const ttlExpected = 'true (1 hop), false, or a whole number from 1 to 254 (hops to the peer)'

/** RFC 5082 §3. undefined: none. */
const ttlSecurity = z
  .union(
    [z.boolean(ttlExpected), z.int(ttlExpected).min(1, ttlExpected).max(254, ttlExpected)],
    ttlExpected,
  )
  .transform((given): number | undefined => (given === true ? 1 : given || undefined))

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
    password: z
      .exactOptional(password)
      .describe(
        'TCP MD5 signatures (RFC 2385): 1 to 80 printable ASCII characters. Linux only. Better in passwordFile.',
      ),
    passwordFile: z
      .exactOptional(printable(1, 4096))
      .describe('A file with the password, relative to the working directory. Not with password.'),
    ttlSecurity: z
      .exactOptional(ttlSecurity)
      .describe(
        'TTL security (RFC 5082): hops to the peer, 1 to 254; true: 1, directly connected. Linux only.',
      ),
    addPath: z
      .exactOptional(yesOrNo)
      .describe('true: asks the peer for all its paths of a prefix (RFC 7911); each is judged.'),
    extendedNextHop: z
      .exactOptional(yesOrNo)
      .describe('true: takes IPv4 routes with an IPv6 next hop (RFC 8950).'),
    role: z
      .exactOptional(oneOf(roleNames))
      .describe(
        'What we are to this peer (RFC 9234): provider when the peer is our customer, customer when it is our provider, and so on.',
      ),
    roleStrict: z
      .exactOptional(yesOrNo)
      .describe('true: a peer that announces no role is refused (RFC 9234 §4.2). Needs role.'),
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

const rangeNameExpected = '1 to 20 of the characters A-Z a-z 0-9 _ .'
const asnsExpected = 'any, or a list of AS numbers'

const { shape: ofSession } = sessionSchema

/** Unknown peers of a range; what they have in common with a session is said as for a session. */
const dynamicSchema = mapping(
  {
    name: text(rangeNameExpected)
      .regex(/^[A-Za-z0-9_.]{1,20}$/, rangeNameExpected)
      .describe("Unique; its sessions are called by it and the peer's address: lab-192.0.2.7."),
    range: prefix.describe('Where its peers connect from, such as 192.0.2.0/24.'),
    asns: z
      .union(
        [z.literal('any', asnsExpected), atLeastOne(asn, 'AS numbers', 'AS number')],
        asnsExpected,
      )
      .describe('AS numbers that are accepted, or any.'),
    maxPeers: whole(1, 10_000, 'sessions')
      .default(100)
      .describe('Sessions at a time; a newcomer takes the place of a peer that left.'),
    keepMinutes: whole(1, 10_080, 'minutes')
      .default(60)
      .describe('Minutes that a session which was up is kept after its peer left.'),
    expected: yesOrNo
      .default(false)
      .describe('true: registered prefixes without sessions are expected from its peers too.'),
    localAsn: ofSession.localAsn,
    families: ofSession.families,
    holdTime: ofSession.holdTime,
    maxPrefixes: ofSession.maxPrefixes,
    firstAsCheck: ofSession.firstAsCheck,
    password: ofSession.password,
    passwordFile: ofSession.passwordFile,
    ttlSecurity: ofSession.ttlSecurity,
    addPath: ofSession.addPath,
    extendedNextHop: ofSession.extendedNextHop,
    description: ofSession.description,
  },
  'with name, range and asns',
)

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
        dynamic: listOf(dynamicSchema, 'ranges')
          .default([])
          .describe('Ranges from which peers are accepted that no session names.'),
        http: mapping(
          {
            address: address.prefault('127.0.0.1').describe('An address of this host.'),
            port: listenPort.default(9179).describe('0: any free port.'),
            tokens: listOf(tokenEntry, 'tokens')
              .prefault([])
              .describe('Bearer tokens of the API; none: it only reads.'),
            anonymousRead: z
              .exactOptional(yesOrNo)
              .describe(
                'Whether reading needs no token. Absent: it needs none unless a provider or customer has a token.',
              ),
          },
          'with address, port, tokens and anonymousRead',
        )
          .prefault({})
          .describe('Where metrics, API and web page are served.'),
      },
      'with bgp, dynamic and http',
    )
      .prefault({})
      .describe('Where the daemon listens.'),
    storage: mapping(
      {
        path: z
          .exactOptional(printable(1, 4096))
          .describe('The database file, relative to the working directory. Absent: none.'),
        auditDays: whole(1, 36_500, 'days')
          .default(730)
          .describe('Days that the audit log is kept in the file.'),
        maxMegabytes: whole(16, 1_000_000, 'megabytes')
          .default(1024)
          .describe('Megabytes of the file in use above which the oldest events go early.'),
      },
      'with path, auditDays and maxMegabytes',
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
        retentionDays: whole(1, 36_500, 'days')
          .default(30)
          .describe('Days that the history of prefixes is kept in the storage file.'),
      },
      'with keep and retentionDays',
    )
      .prefault({})
      .describe('Changes of sessions and verdicts.'),
    registry: mapping(
      {
        stableSeconds: whole(0, 86_400, 'seconds')
          .default(defaultRegistrySettings.stableSeconds)
          .describe(
            'Seconds for which a session of a connection must be Established with its whole table before its routes count.',
          ),
        provisioningSeconds: whole(1, 2_592_000, 'seconds')
          .default(defaultRegistrySettings.provisioningSeconds)
          .describe(
            'Seconds that a connection may take from ProvisioningStarted until its checks pass; then it is ProvisioningFailed.',
          ),
        allowSpecialPurpose: listOf(prefix, 'prefixes')
          .prefault([])
          .describe(
            'Special-purpose blocks (RFC 6890) in which prefixes may be registered nevertheless, for laboratories.',
          ),
        serviceFamilies: atLeastOne(oneOf(familyNames), 'address families', 'of ipv4, ipv6')
          .prefault([...defaultRegistrySettings.serviceFamilies])
          .describe('Address families that prefixes of peering services may have.'),
      },
      'with stableSeconds, provisioningSeconds, allowSpecialPurpose and serviceFamilies',
    )
      .prefault({})
      .describe('Peerings, connections and what is registered over the API.'),
    irr: irrSchema,
    webhooks: webhooksSchema,
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
export type TokenEntry = z.output<typeof tokenEntry>
export type DynamicEntry = z.output<typeof dynamicSchema>
export type ConfigFrame = z.output<typeof frameSchema>

/**
 * Keys that are promised but do nothing yet, by path with `[]` for any entry. They are refused: one
 * that is silently ignored would be a hole.
 */
export const unsupportedKeys: ReadonlyMap<string, string> = new Map([
  [
    'prefixes[].policy.convergenceSeconds',
    'cannot differ between prefixes, set policy.convergenceSeconds for all of them',
  ],
])

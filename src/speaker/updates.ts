/** Announcements of a scenario as UPDATE messages. */
import { Family } from '../prefix/prefix.ts'
import { formatAddress } from '../prefix/text.ts'
import { type PathAttribute, pathAttribute } from '../wire/attribute-values.ts'
import { encodeUpdates } from '../wire/update-values.ts'
import type { Announcement, Scenario } from './scenario.ts'

/** What of a session bears on the octets that are sent. */
export interface SendSettings {
  /** Both sides announced 4-octet AS numbers (RFC 6793). */
  readonly as4: boolean
  readonly maxMessageLength: number
}

const MAX_AS2 = 0xffff

function attributesOf(route: Announcement, scenario: Scenario, as4: boolean): PathAttribute[] {
  const { asPath, origin, med, communities, largeCommunities } = route
  const family = route.prefix.family
  const nextHop = route.nextHop ?? scenario.local.nextHop[family === Family.ipv4 ? 'ipv4' : 'ipv6']
  if (nextHop === undefined) throw new TypeError('a scenario gives every IPv6 route a next hop')
  const attributes = [
    pathAttribute({ kind: 'origin', origin }),
    pathAttribute({ kind: 'asPath', segments: asPath }),
    family === Family.ipv4
      ? pathAttribute({ kind: 'nextHop', address: nextHop.w0 >>> 0 })
      : pathAttribute({
          kind: 'mpReachNlri',
          family,
          nextHops: [nextHop],
          reserved: 0,
          routes: [],
        }),
  ]
  if (med !== undefined) attributes.push(pathAttribute({ kind: 'multiExitDisc', metric: med }))
  // RFC 4271 §5.1.5: LOCAL_PREF is for internal peers, and they must have it.
  if (scenario.local.asn === scenario.remote.asn) {
    attributes.push(pathAttribute({ kind: 'localPref', metric: 100 }))
  }
  if (communities.length > 0) attributes.push(pathAttribute({ kind: 'communities', communities }))
  if (largeCommunities.length > 0) {
    attributes.push(pathAttribute({ kind: 'largeCommunities', communities: largeCommunities }))
  }
  // RFC 6793 §4.2.2: an OLD speaker gets the numbers that it cannot read beside the path.
  if (!as4 && asPath.some(({ asns }) => asns.some((asn) => asn > MAX_AS2))) {
    attributes.push(pathAttribute({ kind: 'as4Path', segments: asPath }))
  }
  return attributes
}

/** Two routes with the same key may share an UPDATE. */
function keyOf({ prefix, nextHop, ...attributes }: Announcement): string {
  return JSON.stringify([prefix.family, nextHop && formatAddress(nextHop), attributes])
}

/**
 * Encodes announcements, those with equal attributes together.
 * @returns whole messages, in the order in which their first routes stand
 * @throws EncodeError when a value does not fit
 */
export function encodeAnnouncements(
  routes: Iterable<Announcement>,
  scenario: Scenario,
  settings: SendSettings,
): Uint8Array[] {
  const groups = new Map<string, [Announcement, ...Announcement[]]>()
  for (const route of routes) {
    const group = groups.get(keyOf(route))
    if (group === undefined) groups.set(keyOf(route), [route])
    else group.push(route)
  }
  const wire = { ...settings, addPathIpv4: false, addPathIpv6: false }
  return [...groups.values()].flatMap((group) =>
    encodeUpdates(
      group.map(({ prefix }) => ({ prefix })),
      attributesOf(group[0], scenario, settings.as4),
      wire,
    ),
  )
}

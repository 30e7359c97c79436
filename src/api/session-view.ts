/** Sessions, NOTIFICATIONs and capabilities as the API shows them. */

import { type RouteNote, routeNotes, type SessionTallies } from '../engine/types.ts'
import type { OpenSessionFinding } from '../peering/session-findings.ts'
import { type FamilyName, familyNames } from '../prefix/prefix.ts'
import { formatIpv4 } from '../prefix/text.ts'
import { shownTime } from '../session/clock.ts'
import type { NotificationRecord, SessionStatus } from '../session/types.ts'
import { roleNames } from '../wire/capabilities.ts'
import { Afi, Safi } from '../wire/codes.ts'
import { describeError } from '../wire/errors.ts'
import type { Capabilities, DecodeSettings } from '../wire/messages.ts'
import type { NotificationJson, SessionFindingJson, SessionJson } from './session-schemas.ts'

/** @returns ISO 8601 in UTC with milliseconds */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** A time of the daemon's clock, as the machine's clock would have it: ISO 8601 in UTC. */
export function shownIsoTime(milliseconds: number): string {
  return isoTime(shownTime(milliseconds))
}

function shownIsoTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : shownIsoTime(milliseconds)
}

/** @returns for instance `IPv4 unicast`; numbers where the family is not ours */
function familyWords(afi: number, safi: number): string {
  const family = afi === Afi.ipv4 ? 'IPv4' : afi === Afi.ipv6 ? 'IPv6' : `AFI ${afi}`
  return safi === Safi.unicast ? `${family} unicast` : `${family} SAFI ${safi}`
}

const addPathWords = ['?', 'receive', 'send', 'send and receive']

function gracefulRestartWords(restart: NonNullable<Capabilities['gracefulRestart']>): string {
  const families = restart.families.map(({ afi, safi }) => familyWords(afi, safi)).join(', ')
  const helper = families === '' ? 'as helper only' : `for ${families}`
  const notification = restart.notification ? ', also over a NOTIFICATION (RFC 8538)' : ''
  return `Graceful restart ${helper}, restart time ${restart.restartTime} s (RFC 4724)${notification}`
}

/** What is not decoded, by its name in IANA's registry of capability codes. */
const capabilityNames: Readonly<Record<number, string>> = {
  3: 'Outbound route filtering (RFC 5291)',
  7: 'BGPsec (RFC 8205)',
  8: 'Multiple labels (RFC 8277)',
  67: 'Dynamic capability (draft)',
  68: 'Multisession (draft)',
  71: 'Long-lived graceful restart (RFC 9494)',
  75: 'Software version (draft)',
  128: 'Route refresh, as before RFC 2918',
  130: 'Outbound route filtering, as before RFC 5291',
  131: 'Multisession, as before its draft',
}

/** Says the capabilities of an OPEN, one phrase each, in the order of their codes. */
export function describeCapabilities(c: Capabilities): string[] {
  const words: string[] = []
  for (const [afi, safi] of c.multiprotocol) {
    words.push(`Multiprotocol ${familyWords(afi, safi)} (RFC 4760)`)
  }
  if (c.routeRefresh) words.push('Route refresh (RFC 2918)')
  for (const { afi, safi, nextHopAfi } of c.extendedNextHop) {
    const nextHop = nextHopAfi === Afi.ipv6 ? 'IPv6' : `AFI ${nextHopAfi}`
    words.push(`${familyWords(afi, safi)} with ${nextHop} next hop (RFC 8950)`)
  }
  if (c.extendedMessage) words.push('Extended messages (RFC 8654)')
  if (c.role !== undefined) words.push(`Role ${roleNames[c.role] ?? c.role} (RFC 9234)`)
  if (c.gracefulRestart !== undefined) words.push(gracefulRestartWords(c.gracefulRestart))
  if (c.fourOctetAs !== undefined) words.push(`4-octet AS number ${c.fourOctetAs} (RFC 6793)`)
  for (const { afi, safi, sendReceive } of c.addPath) {
    const direction = addPathWords[sendReceive] ?? '?'
    words.push(`Additional paths ${familyWords(afi, safi)}, ${direction} (RFC 7911)`)
  }
  if (c.enhancedRouteRefresh) words.push('Enhanced route refresh (RFC 7313)')
  if (c.fqdn !== undefined) {
    words.push(`Host name ${[c.fqdn.hostname, c.fqdn.domain].filter(Boolean).join('.')}`)
  }
  for (const { code, value } of c.unknown) {
    words.push(capabilityNames[code] ?? `Capability ${code} (${value.length} octets)`)
  }
  return words
}

/** A NOTIFICATION for JSON. */
export function notificationView(notification: NotificationRecord): NotificationJson {
  const { direction, code, subcode, text, communication, data, time } = notification
  return {
    direction,
    code,
    subcode,
    text,
    communication: communication || null,
    data,
    time: shownIsoTime(time),
  }
}

const none = Object.fromEntries(familyNames.map((family) => [family, 0])) as {
  ipv4: number
  ipv6: number
}

const noNotes = Object.fromEntries(routeNotes.map((note) => [note, 0])) as Record<RouteNote, number>

/** What the engine counted of a session; zeros when it does not know it. */
function talliesView(tallies: SessionTallies | undefined) {
  return {
    prefixes: tallies?.prefixes ?? none,
    routes: { announced: tallies?.announced ?? none, withdrawn: tallies?.withdrawn ?? none },
    verdicts: tallies?.classes ?? { verified: 0, failed: 0, overlap: 0, unregistered: 0 },
    notes: tallies?.notes ?? noNotes,
    updateErrors: tallies?.updateErrors ?? {
      'attribute-discard': 0,
      'treat-as-withdraw': 0,
      'session-reset': 0,
    },
  }
}

function addPathFamilies({ addPathIpv4, addPathIpv6 }: DecodeSettings): FamilyName[] {
  return [...(addPathIpv4 ? ['ipv4' as const] : []), ...(addPathIpv6 ? ['ipv6' as const] : [])]
}

function negotiatedView({ negotiated }: SessionStatus) {
  return {
    remoteRouterId: negotiated?.remoteRouterId ?? null,
    negotiatedFamilies: negotiated ? [...negotiated.families] : null,
    addPathFamilies: negotiated ? addPathFamilies(negotiated.decode) : null,
    extendedNextHop: negotiated?.decode.extendedNextHop ?? null,
    gracefulNotification: negotiated?.gracefulNotification ?? null,
    holdTime: negotiated?.holdTime ?? null,
    keepaliveTime: negotiated?.keepaliveTime ?? null,
    maxMessageLength: negotiated?.maxMessageLength ?? null,
    capabilities: negotiated ? describeCapabilities(negotiated.remoteCapabilities) : null,
  }
}

function sessionFindingView(finding: OpenSessionFinding): SessionFindingJson {
  const { reason, severity, message, action, prefixes, count, since } = finding
  return {
    reason,
    severity,
    message,
    action,
    evidence: { routes: [...prefixes], count },
    link: `/docs/findings/${reason}`,
    since: shownIsoTime(since),
  }
}

/** A session for JSON. */
export function sessionView(
  status: SessionStatus,
  tallies: SessionTallies | undefined,
  findings: readonly OpenSessionFinding[] = [],
): SessionJson {
  const { config } = status
  return {
    name: status.name,
    description: config.description,
    state: status.stateName,
    stateNumber: status.state,
    up: status.stateName === 'Established',
    since: shownIsoTime(status.since),
    shutdown: status.shutdown,
    remoteAddress: config.address,
    remotePort: config.port,
    remoteAsn: config.asn,
    localAddress: status.localAddress ?? config.localAddress ?? null,
    localAsn: config.localAsn,
    routerId: formatIpv4(config.routerId),
    passive: config.passive,
    families: [...config.families],
    role: config.role ?? null,
    configuredHoldTime: config.holdTime,
    ...negotiatedView(status),
    connectionPort: status.remotePort,
    establishedAt: shownIsoTimeOrNull(status.establishedAt),
    lastMessageAt: shownIsoTimeOrNull(status.lastMessageAt),
    flaps: status.flaps,
    maxPrefixes: config.maxPrefixes?.limit ?? null,
    messages: { received: { ...status.received }, sent: { ...status.sent } },
    notifications: status.notifications.map(({ direction, code, subcode, count }) => ({
      direction,
      code,
      subcode,
      text: describeError(code, subcode),
      count,
    })),
    lastNotification: status.lastNotification && notificationView(status.lastNotification),
    lastError: status.lastError,
    nextTryAt: shownIsoTimeOrNull(status.nextTryAt),
    ...talliesView(tallies),
    findings: findings.map(sessionFindingView),
  }
}

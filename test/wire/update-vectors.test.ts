/** UPDATEs of the shared vectors against the values that an independent decoder and tshark gave them. */
import { describe, expect, test } from 'vitest'
import { Family, type Prefix } from '../../src/prefix/prefix.ts'
import { formatAddress, formatIpv4, formatPrefix, parsePrefix } from '../../src/prefix/text.ts'
import type { AsPathSegment } from '../../src/wire/as-path.ts'
import {
  type AttributeValue,
  encodeAttributes,
  type PathAttribute,
} from '../../src/wire/attribute-values.ts'
import { formatCommunity, formatLargeCommunity } from '../../src/wire/community-text.ts'
import { Cursor } from '../../src/wire/cursor.ts'
import { DecodeError, ProtocolError } from '../../src/wire/errors.ts'
import { encodeRoutes, noAddPath, type Route, readRoutes } from '../../src/wire/nlri.ts'
import {
  decodeUpdateValues,
  encodeUpdate,
  type UpdateSettings,
  type UpdateValues,
} from '../../src/wire/update-values.ts'
import {
  bytesOf,
  hexOf,
  type MessageRecord,
  messageRecords,
  sharedVectors,
  viewOf,
} from '../support/vectors.ts'

const segmentName = { 1: 'set', 2: 'seq', 3: 'confed-seq', 4: 'confed-set' } as const

/** The vectors' way to say a path. */
function shownPath(segments: readonly AsPathSegment[]) {
  return segments.map(({ type, asns }) => ({ type: segmentName[type], asns }))
}

function shownRoute({ prefix, pathId }: Route) {
  return pathId === undefined ? formatPrefix(prefix) : { prefix: formatPrefix(prefix), pathId }
}

function shownAggregator({ asn, address }: { asn: number; address: number }) {
  return { asn, address: formatIpv4(address) }
}

/** The vectors give the NLRI of multicast (SAFI 2) too, which has the form of unicast. */
function shownMulticast(afi: number, safi: number, nlri: Uint8Array) {
  if (safi !== 2 || (afi !== Family.ipv4 && afi !== Family.ipv6)) return {}
  const cursor = new Cursor(viewOf(nlri), 0, nlri.length)
  return { nlri: readRoutes(cursor, afi, noAddPath).map(shownRoute) }
}

/** The keys of `expect` that one attribute stands for. */
function shownValue(value: AttributeValue, code: number, settings: UpdateSettings) {
  switch (value.kind) {
    case 'origin':
      return { origin: value.origin }
    case 'asPath':
    case 'as4Path':
      return { [value.kind]: shownPath(value.segments) }
    case 'nextHop':
      return { nextHop: formatIpv4(value.address) }
    case 'multiExitDisc':
      return { med: value.metric }
    case 'localPref':
      return { localPref: value.metric }
    case 'atomicAggregate':
      return { atomicAggregate: true }
    case 'aggregator':
    case 'as4Aggregator':
      return { [value.kind]: shownAggregator(value) }
    case 'communities':
      return { communities: value.communities.map(formatCommunity) }
    case 'originatorId':
      return { originatorId: formatIpv4(value.identifier) }
    case 'clusterList':
      return { clusterList: value.identifiers.map(formatIpv4) }
    case 'extendedCommunities': {
      const hex = (word: number) => word.toString(16).padStart(8, '0')
      return { extCommunities: value.communities.map(([high, low]) => hex(high) + hex(low)) }
    }
    case 'largeCommunities':
      return { largeCommunities: value.communities.map(formatLargeCommunity) }
    case 'onlyToCustomer':
      return { onlyToCustomer: value.asn }
    case 'mpReachNlri':
      return {
        mpReach: {
          afi: value.family,
          safi: 1,
          ...(value.nextHops.length > 0 && { nextHop: value.nextHops.map(formatAddress) }),
          nextHopHex: value.nextHops.map((hop) => hexOf(addressOctets(hop))).join(''),
          nlriHex: hexOf(Uint8Array.from(encodeRoutes(value.routes, settings))),
          nlri: value.routes.map(shownRoute),
        },
      }
    case 'mpReachOther': {
      const { afi, safi, nlri } = value
      const multicast = shownMulticast(afi, safi, nlri)
      return {
        mpReach: {
          afi,
          safi,
          nextHopHex: hexOf(value.nextHop),
          nlriHex: hexOf(nlri),
          ...multicast,
          ...('nlri' in multicast && { nextHop: [[...value.nextHop].join('.')] }),
        },
      }
    }
    case 'mpUnreachNlri': {
      const nlriHex = hexOf(Uint8Array.from(encodeRoutes(value.routes, settings)))
      const nlri = value.routes.map(shownRoute)
      return { mpUnreach: { afi: value.family, safi: 1, nlriHex, nlri } }
    }
    case 'mpUnreachOther': {
      const { afi, safi, nlri } = value
      return { mpUnreach: { afi, safi, nlriHex: hexOf(nlri), ...shownMulticast(afi, safi, nlri) } }
    }
    case 'unknown':
      return { otherAttrs: { [code]: hexOf(value.octets) } }
  }
}

function addressOctets({ family, w0, w1, w2, w3 }: Readonly<Prefix>): Uint8Array {
  const words = family === Family.ipv4 ? [w0] : [w0, w1, w2, w3]
  return Uint8Array.from(words.flatMap((w) => [w >>> 24, w >>> 16, w >>> 8, w].map((o) => o & 255)))
}

function shownAttribute(attribute: PathAttribute, settings: UpdateSettings) {
  const { flags, code } = attribute
  const octets = encodeAttributes([attribute], settings.as4, settings)
  return { flags, type: code, length: octets.length - (flags & 0x10 ? 4 : 3) }
}

/** An UPDATE in the form of the vectors' `expect`. */
function shownUpdate(update: UpdateValues, settings: UpdateSettings): Record<string, unknown> {
  const shown: Record<string, unknown> = {
    withdrawn: update.withdrawn.map(shownRoute),
    nlri: update.nlri.map(shownRoute),
    attrs: update.attributes.map((attribute) => shownAttribute(attribute, settings)),
  }
  const otherAttrs: Record<string, string> = {}
  for (const { value, code } of update.attributes) {
    const facts = shownValue(value, code, settings)
    if ('otherAttrs' in facts) Object.assign(otherAttrs, facts.otherAttrs)
    else Object.assign(shown, facts)
  }
  return Object.keys(otherAttrs).length > 0 ? { ...shown, otherAttrs } : shown
}

type UpdateRecord = MessageRecord & {
  readonly as4?: boolean
  readonly addPath?: readonly (readonly [number, number])[]
}

function settingsOf(record: UpdateRecord): UpdateSettings {
  const carries = (family: Family) =>
    record.addPath?.some(([afi, safi]) => afi === family && safi === 1) ?? false
  return {
    as4: record.as4 ?? true,
    addPathIpv4: carries(Family.ipv4),
    addPathIpv6: carries(Family.ipv6),
    maxMessageLength: 65535,
  }
}

/** The vectors ask to compare addresses by value: IPv4-mapped ones are written in two ways. */
function expected(values: Record<string, unknown> | undefined): unknown {
  return JSON.parse(JSON.stringify(values ?? null), (_, value) =>
    typeof value === 'string' && /^::ffff:.*\/\d+$/.test(value)
      ? formatPrefix(parsePrefix(value))
      : value,
  )
}

function decode(record: UpdateRecord): UpdateValues {
  const octets = bytesOf(record.hex)
  return decodeUpdateValues(viewOf(octets), 0, octets.length, settingsOf(record))
}

describe.runIf(sharedVectors)('UPDATEs of the shared vectors', () => {
  const good: UpdateRecord[] = messageRecords('messages', 'UPDATE')
  const malformed: UpdateRecord[] = messageRecords('malformed', 'UPDATE')

  test('decode to the values given there', () => {
    for (const record of good) {
      const shown = shownUpdate(decode(record), settingsOf(record))
      expect(shown, record.id).toEqual(expected(record.expect))
    }
    expect(good).toHaveLength(1166)
  })

  // `flags` keeps an Extended Length that was not needed; none of these has host bits set.
  test('are written again octet by octet, all of them', () => {
    for (const record of good) {
      expect(hexOf(encodeUpdate(decode(record), settingsOf(record))), record.id).toBe(record.hex)
    }
    expect(good).toHaveLength(1166)
  })

  test('that break a rule but can be parsed decode to the values given there', () => {
    const readable = malformed.filter(
      ({ id, expect: values, expectIfAccepted }) =>
        // A next hop of 9 octets is no address of any family: RFC 7606 §7.11 ends the session.
        !id.includes('mp-reach-nexthop-len-bogus') && (values ?? expectIfAccepted) !== undefined,
    )
    for (const record of readable) {
      const shown = shownUpdate(decode(record), settingsOf(record))
      expect(shown, record.id).toEqual(expected(record.expect ?? record.expectIfAccepted))
    }
    expect(readable).toHaveLength(71)
  })

  test('that cannot be parsed are refused, and with these errors alone', () => {
    const accepted: string[] = []
    const broken = malformed.filter(({ wellFormed }) => wellFormed === false)
    for (const record of broken) {
      try {
        decode(record)
        accepted.push(record.id)
      } catch (error) {
        expect(error instanceof DecodeError || error instanceof ProtocolError, record.id).toBe(true)
      }
    }
    expect(broken).toHaveLength(100)
    // A value out of range, an empty list and a repeated attribute are for RFC 7606 to judge.
    expect(accepted).toEqual([
      'bgp4j/testDecodeOriginInvalidPacket',
      'frr-attr-parse/repeated-attr-ibgp',
      'frr-rfc7606/origin-value-3/ebgp',
      'frr-rfc7606/origin-value-3/ibgp',
      'frr-rfc7606/origin-value-255/ebgp',
      'frr-rfc7606/origin-value-255/ibgp',
      'frr-rfc7606/cluster-list-len-0/ebgp',
      'frr-rfc7606/cluster-list-len-0/ibgp',
    ])
  })
})

/** Rules on how a circuit's peering is configured. */
import { coversPrefix, type FamilyName, familyNames } from '../prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../prefix/text.ts'
import { isPrivateAsn } from '../wire/as-path-facts.ts'
import { demandClearOfNetworks, type Subnet, subnetKeys, subnetsOf } from './circuit-links.ts'
import { circuitSessions, sessionConfig } from './circuit-sessions.ts'
import { type Link, links } from './circuit-words.ts'
import { type Directory, RefusedError, type Resource, type RuleContext } from './kind.ts'
import { circuitOf, isUsable } from './kinds/circuit.ts'
import type { CircuitPeering, CircuitPeeringSpec } from './kinds/circuit-peering-spec.ts'
import { demandRegistrable } from './prefix-rules.ts'
import { demandPeerAlone } from './session-claims.ts'

type Draft = Pick<CircuitPeering, 'id' | 'parent' | 'spec'>

/** AS numbers that the service itself uses. */
const FIRST_RESERVED = 65_515
const LAST_RESERVED = 65_520

const lengths = { ipv4: 30, ipv6: 126 } as const
const familyWords = { ipv4: 'IPv4', ipv6: 'IPv6' } as const

function refuse(place: string, message: string): never {
  throw new RefusedError('invalid', message, { place })
}

/** @returns the peerings of a circuit */
export function peeringsOf(directory: Directory, circuit: string | null): CircuitPeering[] {
  if (circuit === null) return []
  const all: readonly Resource[] = directory.all('circuitPeering', circuit)
  return [...all] as unknown as CircuitPeering[]
}

/** @throws RefusedError when peerings cannot be configured on the circuit yet */
export function demandUsable(parent: string | null, directory: Directory): void {
  const circuit = circuitOf(directory, parent)
  if (circuit !== undefined && isUsable(circuit)) return
  const { circuitProvisioningState: state, serviceProviderProvisioningState: provider } =
    circuit?.status ?? {}
  const message = `The circuit "${parent}" is ${state}, and ${provider} at its provider; a peering can be configured when it is Enabled and Provisioned.`
  throw new RefusedError('not-possible', message, parent === null ? {} : { conflictsWith: parent })
}

function demandAsn({ peerASN, customerASN, peeringType }: CircuitPeeringSpec, ours: number): void {
  const given = { peerASN, customerASN }
  for (const [place, asn] of Object.entries(given)) {
    if (asn === undefined) continue
    if (asn >= FIRST_RESERVED && asn <= LAST_RESERVED) {
      refuse(
        place,
        `AS${asn} is reserved: the service itself uses ${FIRST_RESERVED} to ${LAST_RESERVED}; take another AS number.`,
      )
    }
    if (peeringType === 'MicrosoftPeering' && isPrivateAsn(asn)) {
      refuse(
        place,
        `AS${asn} is private (RFC 6996), which AzurePrivatePeering alone allows; give a public AS number.`,
      )
    }
  }
  if (peerASN === ours) {
    refuse('peerASN', `AS${peerASN} is our own; give the AS number of the customer.`)
  }
}

/** Keys that private peering has no use for. */
function demandType(spec: CircuitPeeringSpec): void {
  if (spec.peeringType === 'MicrosoftPeering') return
  const only = (place: string) =>
    refuse(place, `${place} belongs to MicrosoftPeering; leave it out of AzurePrivatePeering.`)
  if (spec.advertisedPublicPrefixes.length > 0) only('advertisedPublicPrefixes')
  if (spec.customerASN !== undefined) only('customerASN')
  if (spec.routingRegistryName !== 'NONE') only('routingRegistryName')
}

function demandVlan({ id, parent, spec }: Draft, directory: Directory): void {
  const other = peeringsOf(directory, parent).find(
    (each) => each.id !== id && each.spec.vlanId === spec.vlanId,
  )
  if (other === undefined) return
  const message = `VLAN ${spec.vlanId} is that of "${other.id}"; a VLAN is used once in a circuit.`
  throw new RefusedError('conflict', message, { place: 'vlanId', conflictsWith: other.id })
}

function demandAloneOfType({ id, parent, spec }: Draft, directory: Directory): void {
  const other = peeringsOf(directory, parent).find(
    (each) => each.id !== id && each.spec.peeringType === spec.peeringType,
  )
  if (other === undefined) return
  const message = `The circuit has a peering of the type ${spec.peeringType}, "${other.id}"; change that one.`
  throw new RefusedError('conflict', message, { place: 'peeringType', conflictsWith: other.id })
}

/** A family has both links or none. */
function demandBothLinks(spec: CircuitPeeringSpec, family: FamilyName): void {
  const missing = links.filter((link) => spec[subnetKeys[family][link]] === undefined)
  if (missing.length !== 1) return
  const [link] = missing as [Link]
  const other = links.find((each) => each !== link) as Link
  const there = subnetKeys[family][other]
  refuse(
    subnetKeys[family][link],
    `is missing beside ${there}: a peering has a session on both links, expected the /${lengths[family]} of the other one`,
  )
}

function demandSubnets(peering: Draft, context: RuleContext): void {
  const { spec } = peering
  const subnets = subnetsOf(spec)
  if (subnets.length === 0) {
    refuse(
      'primaryPeerAddressPrefix',
      'The peering has no subnets; give primaryPeerAddressPrefix and secondaryPeerAddressPrefix (/30), the same with V6 (/126), or both pairs.',
    )
  }
  for (const family of familyNames) {
    demandBothLinks(spec, family)
    for (const link of links) {
      const place = subnetKeys[family][link]
      const text = spec[place]
      if (text === undefined) continue
      const prefix = parsePrefix(text)
      const right = text.includes(':') === (family === 'ipv6') && prefix.length === lengths[family]
      if (!right) {
        refuse(place, `found ${text}, expected an ${familyWords[family]} /${lengths[family]}`)
      }
      if (spec.peeringType === 'MicrosoftPeering') demandRegistrable(text, context.live, place)
    }
  }
  demandApart(peering, subnets, context)
  if (spec.peeringType === 'AzurePrivatePeering') {
    demandClearOfNetworks(subnets, peering.parent, context)
  }
}

/** Subnets of one circuit are four, or eight, different ones. */
function demandApart(peering: Draft, subnets: readonly Subnet[], { directory }: RuleContext): void {
  const others = peeringsOf(directory, peering.parent).filter(({ id }) => id !== peering.id)
  const taken = others.flatMap(({ id, spec }) =>
    subnetsOf(spec).map(({ place, prefix }) => ({ prefix, words: `${place} of "${id}"`, id })),
  )
  subnets.forEach(({ place, prefix }, i) => {
    const own = subnets.slice(0, i).map((each) => ({
      prefix: each.prefix,
      words: each.place,
      id: undefined,
    }))
    const other = [...own, ...taken].find((each) => coversPrefix(each.prefix, prefix))
    if (other === undefined) return
    const message = `${formatPrefix(prefix)} is ${other.words} already; each link has a subnet of its own.`
    throw new RefusedError('conflict', message, {
      place,
      ...(other.id !== undefined && { conflictsWith: other.id }),
    })
  })
}

function demandAdvertised(
  { advertisedPublicPrefixes: list }: CircuitPeeringSpec,
  { live }: RuleContext,
) {
  list.forEach((text, i) => {
    const place = `advertisedPublicPrefixes[${i}]`
    demandRegistrable(text, live, place)
    if (list.indexOf(text) < i) refuse(place, `${text} stands there twice, expected it once`)
  })
}

/** Judges a new or changed peering of a circuit. @throws RefusedError */
export function demandPeering(peering: Draft, context: RuleContext): void {
  const { id, spec } = peering
  const { directory, live } = context
  demandAloneOfType(peering, directory)
  demandType(spec)
  demandAsn(spec, live.local.asn)
  demandVlan(peering, directory)
  demandSubnets(peering, context)
  demandAdvertised(spec, context)
  for (const session of circuitSessions(peering)) {
    const config = sessionConfig(session, peering, directory, live)
    const place = subnetKeys[session.family][session.link]
    demandPeerAlone(config, { kind: 'circuitPeering', id }, place, context)
  }
}

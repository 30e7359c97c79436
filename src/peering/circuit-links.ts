/** Which virtual networks are linked to a circuit, and what must not meet there. */
import { coversPrefix, familyNames, type Prefix } from '../prefix/prefix.ts'
import { formatPrefix, parsePrefix } from '../prefix/text.ts'
import { otherWords } from './access.ts'
import { type Link, links } from './circuit-words.ts'
import { type Directory, RefusedError, type RuleContext } from './kind.ts'
import type { CircuitPeeringSpec } from './kinds/circuit-peering-spec.ts'
import type { VirtualNetwork } from './kinds/virtual-network.ts'

/** Links are found by the network that they join. */
export function linkKey(network: string): string {
  return `network ${network}`
}

/** @returns the networks linked to a circuit */
export function linkedNetworks(directory: Directory, circuit: string | null): VirtualNetwork[] {
  if (circuit === null) return []
  return directory.all('circuitLink', circuit).flatMap(({ spec }) => {
    const found = directory.find('virtualNetwork', String(spec['virtualNetwork']))
    return found === undefined ? [] : [found as unknown as VirtualNetwork]
  })
}

/** @returns the first two prefixes of two lists that meet */
export function firstOverlap(
  ours: readonly Readonly<Prefix>[],
  theirs: readonly Readonly<Prefix>[],
): { readonly own: Readonly<Prefix>; readonly other: Readonly<Prefix> } | null {
  for (const own of ours) {
    const other = theirs.find((each) => coversPrefix(each, own) || coversPrefix(own, each))
    if (other !== undefined) return { own, other }
  }
  return null
}

/** A subnet of a peering, and the key that gives it. */
export interface Subnet {
  readonly place: string
  readonly prefix: Prefix
}

/** Keys of the subnets, by family and link. */
export const subnetKeys = {
  ipv4: { Primary: 'primaryPeerAddressPrefix', Secondary: 'secondaryPeerAddressPrefix' },
  ipv6: { Primary: 'primaryPeerAddressPrefixV6', Secondary: 'secondaryPeerAddressPrefixV6' },
} as const satisfies Record<string, Record<Link, keyof CircuitPeeringSpec>>

/** @returns the subnets that a peering gives */
export function subnetsOf(spec: CircuitPeeringSpec): Subnet[] {
  return familyNames.flatMap((family) =>
    links.flatMap((link) => {
      const place = subnetKeys[family][link]
      const text = spec[place]
      return text === undefined ? [] : [{ place, prefix: parsePrefix(text) }]
    }),
  )
}

/** What a circuit reaches besides one network: prefixes, and whose they are. */
function reachedBy(circuit: string, network: string, { directory, principal }: RuleContext) {
  const others = linkedNetworks(directory, circuit)
    .filter(({ id }) => id !== network)
    .map((other) => ({
      ...otherWords(principal, other, 'virtual network'),
      prefixes: other.spec.addressSpace.map(parsePrefix),
    }))
  const peerings = directory.all('circuitPeering', circuit).flatMap((peering) => {
    const spec = peering.spec as unknown as CircuitPeeringSpec
    if (spec.peeringType !== 'AzurePrivatePeering') return []
    const prefixes = subnetsOf(spec).map(({ prefix }) => prefix)
    return [{ ...otherWords(principal, peering, 'circuit peering'), prefixes }]
  })
  return [...others, ...peerings]
}

/**
 * The address space of a network meets nothing else that a circuit reaches.
 * @param place in what was sent
 * @throws RefusedError that names both prefixes
 */
export function demandClearOnCircuit(
  { id, space }: { readonly id: string; readonly space: readonly Prefix[] },
  circuit: string,
  place: string,
  context: RuleContext,
): void {
  for (const { words, known, prefixes } of reachedBy(circuit, id, context)) {
    const found = firstOverlap(space, prefixes)
    if (found === null) continue
    const message = `${formatPrefix(found.own)} of "${id}" overlaps ${formatPrefix(found.other)} of ${words} on the same circuit; what a circuit reaches must not overlap.`
    throw new RefusedError('conflict', message, { place, reason: 'overlapping-prefix', ...known })
  }
}

/** The same on every circuit that a network is linked to. @throws RefusedError */
export function demandClearOnCircuits(
  network: { readonly id: string; readonly space: readonly Prefix[] },
  context: RuleContext,
): void {
  for (const { parent } of context.directory.having('circuitLink', linkKey(network.id))) {
    if (parent !== null) demandClearOnCircuit(network, parent, 'addressSpace', context)
  }
}

/** Subnets of private peering meet no network that is linked to the circuit. @throws RefusedError */
export function demandClearOfNetworks(
  subnets: readonly Subnet[],
  circuit: string | null,
  { directory, principal }: RuleContext,
): void {
  for (const network of linkedNetworks(directory, circuit)) {
    const space = network.spec.addressSpace.map(parsePrefix)
    for (const { place, prefix } of subnets) {
      const found = firstOverlap([prefix], space)
      if (found === null) continue
      const { words, known } = otherWords(principal, network, 'virtual network')
      const message = `${formatPrefix(prefix)} overlaps ${formatPrefix(found.other)} of ${words}, which is linked to the circuit; take a subnet outside.`
      throw new RefusedError('conflict', message, { place, reason: 'overlapping-prefix', ...known })
    }
  }
}

/** A network that a circuit is linked to stays, and keeps its gateway. @throws RefusedError */
export function demandUnlinked(network: string, { directory, principal }: RuleContext): void {
  const [link] = directory.having('circuitLink', linkKey(network))
  if (link === undefined) return
  const { words, known } = otherWords(principal, link, 'circuit link')
  const message = `The network "${network}" is joined to a circuit by ${words}; delete that link first.`
  throw new RefusedError('not-possible', message, known)
}

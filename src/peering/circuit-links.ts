/** Which virtual networks are linked to a circuit, and what must not meet there. */
import { coversPrefix, type Prefix } from '../prefix/prefix.ts'
import type { Directory } from './kind.ts'
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

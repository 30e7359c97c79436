/** Which two addresses a session has: from a small prefix, named one by one, or every one with every one. */
import { Family, type FamilyName, familyName, type Prefix } from '../prefix/prefix.ts'
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from '../prefix/text.ts'
import { RefusedError } from './kind.ts'

/** The addresses of one session. */
export interface AddressPair {
  readonly family: FamilyName
  /** Ours; null: the system chooses. */
  readonly local: string | null
  readonly peer: string
  /** The session's name under its connection: `ipv4`, or both addresses in a mesh. */
  readonly name: string
}

/** What a connection says of its addresses. */
export interface AddressSpec {
  readonly sessionPrefixV4?: string
  readonly sessionPrefixV6?: string
  readonly sessionAddressProvider: 'Microsoft' | 'Peer'
  readonly microsoftSessionIPv4Address?: string
  readonly microsoftSessionIPv6Address?: string
  readonly peerSessionIPv4Address?: string
  readonly peerSessionIPv6Address?: string
  readonly microsoftSessionAddresses?: readonly string[]
  readonly peerSessionAddresses?: readonly string[]
}

/** How the addresses of a connection are given. */
export type AddressForm = 'prefix' | 'address' | 'mesh'

const keysOf: Readonly<Record<AddressForm, readonly (keyof AddressSpec)[]>> = {
  prefix: ['sessionPrefixV4', 'sessionPrefixV6'],
  address: [
    'peerSessionIPv4Address',
    'peerSessionIPv6Address',
    'microsoftSessionIPv4Address',
    'microsoftSessionIPv6Address',
  ],
  mesh: ['peerSessionAddresses', 'microsoftSessionAddresses'],
}

const formWords: Readonly<Record<AddressForm, string>> = {
  prefix: 'a Direct connection has sessionPrefixV4, sessionPrefixV6 or both',
  address: 'an Exchange connection has peerSessionIPv4Address, peerSessionIPv6Address or both',
  mesh: 'a connection to a route server has peerSessionAddresses and microsoftSessionAddresses',
}

/** The address `offset` after the first one of a masked prefix. */
function addressAt(prefix: Readonly<Prefix>, offset: number): string {
  const address = { ...prefix, length: prefix.family === Family.ipv4 ? 32 : 128 }
  if (prefix.family === Family.ipv4) address.w0 = (address.w0 + offset) | 0
  else address.w3 = (address.w3 + offset) | 0
  return formatAddress(address)
}

/**
 * The two usable addresses of a link: of a /31 (RFC 3021) and a /127 (RFC 6164) both, of a /30 and a /126
 * the two in the middle.
 */
export function usableAddresses(prefix: Readonly<Prefix>): readonly [string, string] {
  const full = prefix.family === Family.ipv4 ? 31 : 127
  const first = prefix.length === full ? 0 : 1
  return [addressAt(prefix, first), addressAt(prefix, first + 1)]
}

/**
 * Reads a session prefix.
 * @returns the prefix as text (RFC 5952)
 * @throws RefusedError when it is not one for a link of two
 */
export function readSessionPrefix(text: string, family: FamilyName, place: string): string {
  const lengths = family === 'ipv4' ? [30, 31] : [126, 127]
  const prefix = parsePrefix(text)
  const expected = `expected an ${family === 'ipv4' ? 'IPv4' : 'IPv6'} prefix of length ${lengths.join(' or ')}`
  if (familyName(prefix.family) === family && lengths.includes(prefix.length)) {
    return formatPrefix(prefix)
  }
  throw new RefusedError('invalid', `found ${formatPrefix(prefix)}, ${expected}`, { place })
}

function refuse(place: string, message: string): never {
  throw new RefusedError('invalid', message, { place })
}

function demandFamily(address: string, family: FamilyName, place: string): void {
  const found = familyName(parseAddress(address).family)
  if (found !== family) refuse(place, `found an ${found} address, expected ${family}`)
}

/**
 * Judges the keys that a connection gives its addresses with.
 * @throws RefusedError with the key that does not fit
 */
export function demandForm(spec: AddressSpec, form: AddressForm): void {
  for (const other of ['prefix', 'address', 'mesh'] as const) {
    if (other === form) continue
    const wrong = keysOf[other].find((key) => spec[key] !== undefined)
    if (wrong !== undefined) refuse(wrong, `${wrong} does not fit here: ${formWords[form]}`)
  }
  if (addressPairs(spec, form).length === 0) {
    const [first = ''] = keysOf[form]
    refuse(first, `the connection has no session: ${formWords[form]}`)
  }
  for (const family of ['IPv4', 'IPv6'] as const) {
    for (const side of ['microsoft', 'peer'] as const) {
      const key = `${side}Session${family}Address` as const
      const address = spec[key]
      if (address === undefined) continue
      demandFamily(address, family === 'IPv4' ? 'ipv4' : 'ipv6', key)
      if (side === 'microsoft' && spec[`peerSession${family}Address`] === undefined) {
        refuse(key, `${key} needs peerSession${family}Address beside it`)
      }
      if (side === 'microsoft' && spec[`peerSession${family}Address`] === address) {
        refuse(key, 'both sides have the same address, expected two different ones')
      }
    }
  }
  demandMesh(spec)
}

function demandMesh(spec: AddressSpec): void {
  const { peerSessionAddresses: peers, microsoftSessionAddresses: locals } = spec
  if (peers === undefined || locals === undefined) return
  const all = [...locals, ...peers]
  const twice = all.find((address, i) => all.indexOf(address) !== i)
  if (twice !== undefined) {
    refuse('peerSessionAddresses', `${twice} stands there twice, expected it once`)
  }
  const families = (list: readonly string[]) =>
    new Set(list.map((address) => familyName(parseAddress(address).family)))
  const [ours, theirs] = [families(locals), families(peers)]
  for (const family of theirs) {
    if (!ours.has(family)) {
      refuse('microsoftSessionAddresses', `has no ${family} address for the ${family} peers`)
    }
  }
  for (const family of ours) {
    if (!theirs.has(family)) {
      refuse('peerSessionAddresses', `has no ${family} address, and microsoftSessionAddresses has`)
    }
  }
}

function pairOf(spec: AddressSpec, family: FamilyName): AddressPair | null {
  const text = family === 'ipv4' ? spec.sessionPrefixV4 : spec.sessionPrefixV6
  if (text === undefined) return null
  const [first, second] = usableAddresses(parsePrefix(text))
  // Whoever gives the prefix has its first address.
  const peersFirst = spec.sessionAddressProvider === 'Peer'
  const [peer, local] = peersFirst ? [first, second] : [second, first]
  return { family, local, peer, name: family }
}

function namedPair(spec: AddressSpec, family: FamilyName): AddressPair | null {
  const [peer, local] =
    family === 'ipv4'
      ? [spec.peerSessionIPv4Address, spec.microsoftSessionIPv4Address]
      : [spec.peerSessionIPv6Address, spec.microsoftSessionIPv6Address]
  return peer === undefined ? null : { family, local: local ?? null, peer, name: family }
}

function meshPairs(spec: AddressSpec): AddressPair[] {
  return (spec.peerSessionAddresses ?? []).flatMap((peer) => {
    const family = familyName(parseAddress(peer).family)
    return (spec.microsoftSessionAddresses ?? [])
      .filter((local) => familyName(parseAddress(local).family) === family)
      .map((local) => ({ family, local, peer, name: `${peer}@${local}` }))
  })
}

/** Pairs by specification: every prefix of a peering asks for those of all its connections. */
const known = new WeakMap<AddressSpec, Partial<Record<AddressForm, readonly AddressPair[]>>>()

/** @returns the addresses of every session of a connection, IPv4 first unless it is a mesh */
export function addressPairs(spec: AddressSpec, form: AddressForm): readonly AddressPair[] {
  let forms = known.get(spec)
  if (forms === undefined) {
    forms = {}
    known.set(spec, forms)
  }
  forms[form] ??= findPairs(spec, form)
  return forms[form]
}

function findPairs(spec: AddressSpec, form: AddressForm): readonly AddressPair[] {
  if (form === 'mesh') return meshPairs(spec)
  const pair = form === 'prefix' ? pairOf : namedPair
  return (['ipv4', 'ipv6'] as const)
    .map((family) => pair(spec, family))
    .filter((each) => each !== null)
}

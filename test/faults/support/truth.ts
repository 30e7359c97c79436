/** What is registered, what the routers announce, and the verdicts that follow: written by hand. */
import type { PrefixJson } from '../../../src/api/prefix-schemas.ts'
import type { Route } from '../../interop/support/router.ts'

export const birdAsn = 64501
export const frrAsn = 64502
const customerAsn = 64510
const required = ['8075:8007']

/** Unregistered routes of each router beside those below: enough that a transfer can be cut in two. */
export const bulkRoutes = 4000

const web: Route = { prefix: '198.51.100.0/24', path: [customerAsn], communities: required }
const voice: Route = { prefix: '2001:db8:100::/48', path: [customerAsn], communities: required }
const mail: Route = { prefix: '198.19.1.0/24', path: [customerAsn], communities: required }

/** What BIRD announces. */
export const birdRoutes: readonly Route[] = [
  web,
  voice,
  mail,
  { prefix: '203.0.113.0/24', path: [customerAsn], communities: required },
  { prefix: '198.19.2.0/24', path: [64508, 64509, customerAsn], communities: required },
]

/** What FRR announces: `mail` without the community, `origin` from an AS that may not. */
export const frrRoutes: readonly Route[] = [
  web,
  voice,
  { ...mail, communities: ['64502:1'] },
  { prefix: '198.19.4.0/24', path: [64511], communities: required },
]

/** Routes of IPv4 and IPv6 that each session must hold once its table is there. */
export const held = {
  bird: { ipv4: bulkRoutes + 4, ipv6: 1 },
  frr: { ipv4: bulkRoutes + 3, ipv6: 1 },
}
export type PeerName = keyof typeof held
export const peerNames = ['bird', 'frr'] as const

const originAsns = [customerAsn]
export const registered = [
  { name: 'web', prefix: web.prefix, originAsns },
  { name: 'voice', prefix: voice.prefix, originAsns },
  { name: 'anycast', prefix: '203.0.113.0/24', originAsns, sessions: ['bird'] },
  { name: 'mail', prefix: mail.prefix, originAsns },
  { name: 'video', prefix: '198.19.2.0/24', originAsns, sessions: ['bird'] },
  { name: 'backup', prefix: '198.19.3.0/24', originAsns },
  { name: 'origin', prefix: '198.19.4.0/24', originAsns, sessions: ['frr'] },
]

/** State and reasons of every registered prefix while nothing is broken. */
export const verdicts: Readonly<
  Record<string, Pick<PrefixJson, 'state'> & { readonly reasons: readonly string[] }>
> = {
  web: { state: 'Verified', reasons: [] },
  voice: { state: 'Verified', reasons: [] },
  anycast: { state: 'Verified', reasons: [] },
  mail: { state: 'Failed', reasons: ['missing-community'] },
  video: { state: 'Failed', reasons: ['as-path-too-long'] },
  backup: { state: 'Failed', reasons: ['not-received'] },
  origin: { state: 'Failed', reasons: ['origin-mismatch'] },
}

/** The prefixes that nothing is wrong with: a `Failed` of one of them is false. */
export const good: ReadonlySet<string> = new Set(['web', 'voice', 'anycast'])

/** @returns the unregistered prefixes, 10.0.0.0/24 onwards */
export function bulk(): string[] {
  return Array.from({ length: bulkRoutes }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`)
}

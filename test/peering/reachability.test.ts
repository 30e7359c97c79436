import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  findReachability,
  type NetworkFacts,
  type PeeringFacts,
  type Topology,
} from '../../src/peering/reachability.ts'

const open = {
  allowVirtualNetworkAccess: true,
  allowForwardedTraffic: false,
  allowGatewayTransit: false,
  useRemoteGateways: false,
  broken: false,
}

function topologyOf(
  networks: readonly NetworkFacts[],
  peerings: readonly PeeringFacts[],
): Topology {
  return {
    network: (id) => networks.find((each) => each.id === id),
    peeringsFrom: (id) => peerings.filter(({ from }) => from === id),
  }
}

function network(id: string, more: Partial<NetworkFacts> = {}): NetworkFacts {
  return { id, addressSpace: [`space of ${id}`], gateway: 'None', forwardsTraffic: false, ...more }
}

function side(from: string, to: string, more: Partial<PeeringFacts> = {}): PeeringFacts {
  return { id: `${from}/${to}`, from, to, ...open, remoteAddressSpace: [`space of ${to}`], ...more }
}

/** Both sides of a peering. */
function both(a: string, b: string, there: Partial<PeeringFacts> = {}, back = there) {
  return [side(a, b, there), side(b, a, back)]
}

function ask(networks: NetworkFacts[], peerings: PeeringFacts[], from = 'a', to = 'c') {
  const { how, path, obstacles } = findReachability(topologyOf(networks, peerings), from, to)
  return { how, path: path.join(' '), why: obstacles.map(({ message }) => message) }
}

describe('reachability', () => {
  const hub = (more: Partial<NetworkFacts> = {}) => [network('a'), network('b', more), network('c')]
  const forward = { allowForwardedTraffic: true }
  const lends = { allowGatewayTransit: true }
  const uses = { useRemoteGateways: true }

  test('is by a peering of their own', () => {
    expect(ask(hub(), both('a', 'c'))).toMatchObject({ how: 'peering', path: 'a c', why: [] })
    expect(ask(hub(), [], 'a', 'a')).toMatchObject({ how: 'itself', path: 'a' })
  })

  test('is not transitive', () => {
    expect(ask(hub(), [...both('a', 'b'), ...both('b', 'c')])).toEqual({
      how: null,
      path: '',
      why: [
        '"a" and "c" are not peered.',
        'Nothing in "b" forwards: it has no appliance (forwardsTraffic) and no gateway.',
      ],
    })
    expect(ask(hub(), both('a', 'b')).why).toEqual([
      '"a" and "c" are not peered.',
      'No network is peered with both "a" and "c", and peering is not transitive.',
    ])
  })

  test.each([
    [[side('a', 'c')], 'The peering "a/c" is Initiated: the side of "c" is missing.'],
    [[side('c', 'a')], 'The peering "c/a" is Initiated: the side of "a" is missing.'],
    [
      [side('a', 'c', { broken: true })],
      'The peering "a/c" is Disconnected: the side of "c" is missing.',
    ],
    [both('a', 'c', {}, { broken: true }), 'The peering "c/a" is Disconnected.'],
    [
      both('a', 'c', { allowVirtualNetworkAccess: false }, {}),
      'The peering "a/c" does not allow virtual-network access.',
    ],
    [
      both('a', 'c', {}, { remoteAddressSpace: ['what a was'] }),
      'Since its last sync "c/a" knows no prefix that "a" has now; sync it.',
    ],
  ])('says why a peering of their own does not do: %#', (peerings, why) => {
    expect(ask(hub(), peerings).why[0]).toBe(why)
    expect(ask(hub(), peerings).how).toBe(null)
  })

  test('is through an appliance, where both ends let forwarded traffic in', () => {
    const star = (a: object, c: object) => [...both('a', 'b', a, {}), ...both('c', 'b', c, {})]
    const appliance = hub({ forwardsTraffic: true })
    expect(ask(appliance, star(forward, forward))).toMatchObject({
      how: 'appliance',
      path: 'a b c',
    })
    expect(ask(appliance, star(forward, {})).why).toEqual([
      '"a" and "c" are not peered.',
      'The peering "c/b" does not allow forwarded traffic, so nothing that the appliance in "b" passes on comes in to "c".',
    ])
    expect(ask(hub({ gateway: 'RouteServer' }), star(forward, forward)).why[1]).toContain(
      'a RouteServer does not forward by itself',
    )
  })

  test('is through a chain of appliances, the shortest way', () => {
    const networks = ['a', 'b', 'c', 'd'].map((id) => network(id, { forwardsTraffic: true }))
    const chain = [
      ...both('a', 'b', forward),
      ...both('b', 'c', forward),
      ...both('c', 'd', forward),
    ]
    expect(ask(networks, chain, 'a', 'd')).toMatchObject({ how: 'appliance', path: 'a b c d' })
    const shut = chain.map((each) =>
      each.id === 'c/b' ? { ...each, allowForwardedTraffic: false } : each,
    )
    expect(ask(networks, shut, 'a', 'd').how).toBe(null)
    expect(ask(networks, [...chain, ...both('b', 'd', forward)], 'a', 'd').path).toBe('a b d')
  })

  test('is not hidden by a way that is out of sync', () => {
    const networks = ['a', 'b', 'c', 'd', 'e'].map((id) => network(id, { forwardsTraffic: true }))
    const stale = { ...forward, remoteAddressSpace: ['what a was'] }
    const peerings = [
      ...both('a', 'b', forward, stale),
      ...both('a', 'e', forward),
      ...both('b', 'd', forward),
      ...both('e', 'd', forward),
      ...both('d', 'c', forward),
    ]
    expect(ask(networks, peerings)).toMatchObject({ how: 'appliance', path: 'a e d c' })
  })

  test('is through a VPN gateway that both use, forwarded traffic or not', () => {
    const star = (a: object, c: object) => [
      ...both('a', 'b', a, lends),
      ...both('c', 'b', c, lends),
    ]
    const vpn = hub({ gateway: 'VpnGateway' })
    expect(ask(vpn, star(uses, uses))).toMatchObject({ how: 'gateway', path: 'a b c' })
    expect(ask(vpn, star(uses, {})).why[1]).toBe(
      'Nothing in "b" forwards: it has no appliance (forwardsTraffic), and its VpnGateway is used by "a" alone; both must use it.',
    )
    expect(ask(vpn, star({}, {})).why[1]).toContain('its VpnGateway is used by neither')
    expect(ask(hub({ gateway: 'ExpressRouteGateway' }), star(uses, uses)).how).toBe(null)
  })

  test('is of the prefixes that are in sync', () => {
    const two = [network('a'), network('c', { addressSpace: ['space of c', 'new in c'] })]
    const found = findReachability(topologyOf(two, both('a', 'c')), 'a', 'c')
    expect(found).toMatchObject({ prefixes: ['space of c'], notInSync: ['new in c'] })
  })
})

/** Sends a packet over every way without a loop there is, and its answer back; the plain and slow truth. */
function slowly({ network: find, peeringsFrom }: Topology, from: string, to: string) {
  const sideOf = (a: string, b: string) => peeringsFrom(a).find((each) => each.to === b)
  /** Whether a packet from the first network of a way arrives in its last. */
  const arrives = (path: readonly string[], gateway: boolean) => {
    for (let i = 1; i < path.length; i++) {
      const [source, before = '', here = ''] = [path[0], path[i - 1], path[i]]
      const [out, into] = [sideOf(before, here), sideOf(here, before)]
      if (out === undefined || into === undefined || out.broken || into.broken) return false
      if (!out.allowVirtualNetworkAccess || !into.allowVirtualNetworkAccess) return false
      const last = i === path.length - 1
      if (last && !find(here)?.addressSpace.some((p) => out.remoteAddressSpace.includes(p))) {
        return false
      }
      const hub = last ? before : here
      const [user, lender] = last ? [into, out] : [out, into]
      if (gateway) {
        if (path.length !== 3 || find(hub)?.gateway !== 'VpnGateway') return false
        if (!user.useRemoteGateways || !lender.allowGatewayTransit) return false
      } else {
        if (before !== source && !into.allowForwardedTraffic) return false
        if (!last && find(here)?.forwardsTraffic !== true) return false
      }
    }
    return true
  }
  const ways: string[][] = []
  const extend = (path: string[]) => {
    const at = path.at(-1) ?? ''
    if (at === to) ways.push(path)
    else
      for (const { to: next } of peeringsFrom(at)) if (!path.includes(next)) extend([...path, next])
  }
  extend([from])
  const works = (gateway: boolean) => (path: string[]) =>
    arrives(path, gateway) && arrives([...path].reverse(), gateway)
  const plain = ways.filter(works(false)).sort((a, b) => a.length - b.length)[0]
  if (plain?.length === 2) return { how: 'peering', length: 2 }
  if (ways.some(works(true))) return { how: 'gateway', length: 3 }
  return plain === undefined ? { how: null, length: 0 } : { how: 'appliance', length: plain.length }
}

const ids = ['a', 'b', 'c', 'd', 'e']
/** Mostly true, so that long ways are found too. */
const often = fc.nat(11).map((n) => n > 0)
const anySide = (from: string, to: string) =>
  fc
    .record({
      allowVirtualNetworkAccess: often,
      allowForwardedTraffic: often,
      allowGatewayTransit: often,
      useRemoteGateways: often,
      broken: often.map((yes) => !yes),
      remoteAddressSpace: often.map((yes) => [yes ? `space of ${to}` : 'what it was']),
    })
    .map((flags) => side(from, to, flags))
const anyTopology = fc
  .tuple(
    fc.tuple(
      ...ids.map((id) =>
        fc
          .record({
            gateway: fc.constantFrom('None', 'VpnGateway', 'VpnGateway', 'RouteServer'),
            forwardsTraffic: fc.boolean(),
          })
          .map((facts) => network(id, facts)),
      ),
    ),
    fc.tuple(
      ...ids.flatMap((one, i) =>
        ids
          .slice(0, i)
          .map((other) =>
            fc
              .tuple(fc.boolean(), often, anySide(one, other), anySide(other, one))
              .map(([peered, both, ...sides]) => (peered ? sides.slice(both ? 0 : 1) : [])),
          ),
      ),
    ),
  )
  .map(([networks, sides]) => topologyOf(networks, sides.flat()))

describe('any networks', () => {
  test('reach each other as packets that are sent over every way do', () => {
    const seen = new Set<unknown>()
    fc.assert(
      fc.property(anyTopology, (topology) => {
        for (const to of ids.slice(1)) {
          const { how, path } = findReachability(topology, 'a', to)
          expect({ how, length: path.length }).toEqual(slowly(topology, 'a', to))
          seen.add(how)
        }
      }),
      { numRuns: 400 },
    )
    expect(seen).toEqual(new Set(['peering', 'gateway', 'appliance', null]))
  })

  test('reach each other both ways or not at all, and say why not', () => {
    fc.assert(
      fc.property(anyTopology, (topology) => {
        for (const to of ids.slice(1)) {
          const there = findReachability(topology, 'a', to)
          const back = findReachability(topology, to, 'a')
          expect([back.how, back.path.length]).toEqual([there.how, there.path.length])
          expect(there.obstacles.length > 0).toBe(there.how === null)
        }
      }),
      { numRuns: 300 },
    )
  })
})

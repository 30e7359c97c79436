import { describe, expect, test } from 'vitest'
import { admin, createRegistryLab, principal, refusal } from '../support/registry-lab.ts'

const alice = principal('customer', 'alice', 'alice-token')
const bob = principal('customer', 'bob', 'bob-token')

const at = { location: 'westeurope', resourceGroup: 'network' }

async function networks(spaces: Record<string, string[]>, more: Record<string, object> = {}) {
  const lab = await createRegistryLab()
  for (const [name, addressSpace] of Object.entries(spaces)) {
    const spec = { ...at, addressSpace, ...more[name] }
    await lab.registry.create(admin, 'virtualNetwork', name, spec)
  }
  const peer = (from: string, to: string, spec: object = {}) =>
    lab.registry.create(admin, 'virtualNetworkPeering', `${from}/to-${to}`, {
      remoteVirtualNetwork: to,
      ...spec,
    })
  const shown = (id: string) => lab.shown('virtualNetworkPeering', id)
  return { ...lab, lab, peer, shown }
}

const two = { hub: ['10.0.0.0/16', '2001:db8:10::/48'], spoke: ['10.1.0.0/16'] }

describe('a peering of virtual networks', () => {
  test('is Initiated from one side, Connected from both', async () => {
    const { peer, shown } = await networks(two)
    await peer('hub', 'spoke')
    expect(shown('hub/to-spoke')).toEqual({
      remoteVirtualNetwork: 'spoke',
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: false,
      allowGatewayTransit: false,
      useRemoteGateways: false,
      peeringState: 'Initiated',
      peeringSyncLevel: 'FullyInSync',
      remoteAddressSpace: ['10.1.0.0/16'],
      provisioningState: 'Succeeded',
    })
    await peer('spoke', 'hub')
    expect(shown('hub/to-spoke')['peeringState']).toBe('Connected')
    expect(shown('spoke/to-hub')['peeringState']).toBe('Connected')
  })

  test('goes on both sides when one is deleted', async () => {
    const { peer, lab } = await networks(two)
    await peer('hub', 'spoke')
    await peer('spoke', 'hub')
    await lab.registry.remove(admin, 'virtualNetworkPeering', 'hub/to-spoke')
    await lab.wait(2)
    expect(lab.has('virtualNetworkPeering', 'hub/to-spoke')).toBe(false)
    expect(lab.has('virtualNetworkPeering', 'spoke/to-hub')).toBe(false)
  })

  test('is refused where address spaces overlap, naming both prefixes', async () => {
    const { peer } = await networks({ a: ['10.0.0.0/16'], b: ['10.0.128.0/17'] })
    expect(await refusal(peer('a', 'b'))).toEqual({
      refusal: 'conflict',
      place: 'remoteVirtualNetwork',
      conflictsWith: 'b',
      reason: 'overlapping-prefix',
      message:
        '10.0.0.0/16 of "a" overlaps 10.0.128.0/17 of "b"; address spaces of peered networks must not overlap.',
    })
  })

  test('is refused where the other network overlaps one that is peered already', async () => {
    const { peer } = await networks({
      hub: ['10.0.0.0/16'],
      one: ['10.1.0.0/16'],
      other: ['10.1.64.0/18'],
    })
    await peer('hub', 'one')
    expect(await refusal(peer('hub', 'other'))).toMatchObject({
      refusal: 'conflict',
      conflictsWith: 'one',
      message: expect.stringContaining('10.1.64.0/18 of "other" overlaps 10.1.0.0/16 of "one"'),
    })
  })

  test.each([
    ['with itself', 'hub', 'hub', {}, 'A network cannot be peered with itself.'],
    [
      'across clouds',
      'hub',
      'far',
      { far: { cloud: 'AzureChinaCloud', location: 'chinanorth3' } },
      'only networks of one cloud',
    ],
    ['with none', 'hub', 'nobody', {}, 'There is no virtual network "nobody".'],
  ])('is refused %s', async (_, from, to, more, words) => {
    const { peer } = await networks({ ...two, far: ['10.9.0.0/16'] }, more)
    expect((await refusal(peer(from, to))).message).toContain(words)
  })

  test('is made once', async () => {
    const { peer, registry } = await networks(two)
    await peer('hub', 'spoke')
    const again = registry.create(admin, 'virtualNetworkPeering', 'hub/again', {
      remoteVirtualNetwork: 'spoke',
    })
    expect(await refusal(again)).toMatchObject({
      refusal: 'conflict',
      conflictsWith: 'hub/to-spoke',
    })
  })
})

describe('gateways', () => {
  const withGateway = { hub: { gateway: 'RouteServer' } }

  test('are used where the other side lends them', async () => {
    const { peer, shown } = await networks(two, withGateway)
    const early = await refusal(peer('spoke', 'hub', { useRemoteGateways: true }))
    expect(early.message).toContain('"hub" does not allow gateway transit to "spoke"')
    await peer('hub', 'spoke', { allowGatewayTransit: true })
    await peer('spoke', 'hub', { useRemoteGateways: true })
    expect(shown('spoke/to-hub')).toMatchObject({
      useRemoteGateways: true,
      peeringState: 'Connected',
    })
  })

  test.each([
    ['both lent and used', {}, { allowGatewayTransit: true }, 'choose one'],
    ['used beside its own', { spoke: { gateway: 'VpnGateway' } }, {}, 'has a gateway of its own'],
    ['used where there is none', { hub: { gateway: 'None' } }, {}, 'has no gateway'],
  ])('are not %s', async (_, more, flags, words) => {
    const { peer } = await networks(two, { ...withGateway, ...more })
    await peer('hub', 'spoke', { allowGatewayTransit: true })
    const refused = await refusal(peer('spoke', 'hub', { useRemoteGateways: true, ...flags }))
    expect(refused).toMatchObject({ refusal: 'not-possible', place: 'useRemoteGateways' })
    expect(refused.message).toContain(words)
  })

  test('are used over one peering alone', async () => {
    const { peer } = await networks(
      { ...two, other: ['10.2.0.0/16'] },
      { ...withGateway, other: { gateway: 'VpnGateway' } },
    )
    await peer('hub', 'spoke', { allowGatewayTransit: true })
    await peer('other', 'spoke', { allowGatewayTransit: true })
    await peer('spoke', 'hub', { useRemoteGateways: true })
    const refused = await refusal(peer('spoke', 'other', { useRemoteGateways: true }))
    expect(refused.message).toContain('only one peering of a network can')
  })
})

describe('a changed address space', () => {
  test('is out of sync until each side takes it over', async () => {
    const { peer, registry, shown } = await networks(two)
    await peer('hub', 'spoke')
    await peer('spoke', 'hub')
    const space = ['10.1.0.0/16', '10.3.0.0/16']
    await registry.update(admin, 'virtualNetwork', 'spoke', { ...at, addressSpace: space })
    expect(shown('hub/to-spoke')['peeringSyncLevel']).toBe('RemoteNotInSync')
    expect(shown('spoke/to-hub')['peeringSyncLevel']).toBe('LocalNotInSync')
    await registry.update(admin, 'virtualNetwork', 'hub', { ...at, addressSpace: ['10.0.0.0/16'] })
    expect(shown('hub/to-spoke')['peeringSyncLevel']).toBe('LocalAndRemoteNotInSync')
    await registry.operate(admin, 'virtualNetworkPeering', 'hub/to-spoke', 'sync', undefined)
    expect(shown('hub/to-spoke')).toMatchObject({
      peeringSyncLevel: 'LocalNotInSync',
      remoteAddressSpace: space,
    })
    await registry.operate(admin, 'virtualNetworkPeering', 'spoke/to-hub', 'sync', undefined)
    expect(shown('hub/to-spoke')['peeringSyncLevel']).toBe('FullyInSync')
  })

  test('does not meet a peered network, nor itself', async () => {
    const { peer, registry } = await networks(two)
    await peer('hub', 'spoke')
    const change = (addressSpace: string[]) =>
      refusal(registry.update(admin, 'virtualNetwork', 'spoke', { ...at, addressSpace }))
    expect(await change(['10.0.5.0/24'])).toMatchObject({
      refusal: 'conflict',
      message: expect.stringContaining(
        '10.0.5.0/24 overlaps 10.0.0.0/16 of the virtual network "hub"',
      ),
    })
    expect((await change(['10.4.0.0/16', '10.4.1.0/24'])).place).toBe('addressSpace[1]')
  })
})

test('both roles are needed, and the one that is missing is named', async () => {
  const { registry, lab } = await networks({})
  const make = (who: typeof alice, name: string, addressSpace: string[], more: object = {}) =>
    registry.create(who, 'virtualNetwork', name, { ...at, addressSpace, ...more })
  await make(alice, 'a', ['10.0.0.0/16'])
  await make(bob, 'b', ['10.1.0.0/16'])
  const peer = () =>
    registry.create(alice, 'virtualNetworkPeering', 'a/to-b', { remoteVirtualNetwork: 'b' })
  expect(await refusal(peer())).toMatchObject({
    refusal: 'forbidden',
    message: expect.stringContaining('The role on the remote side is missing'),
  })
  const own = registry.create(alice, 'virtualNetworkPeering', 'b/to-a', {
    remoteVirtualNetwork: 'a',
  })
  expect((await refusal(own)).refusal).toBe('not-found')
  const open = { ...at, addressSpace: ['10.1.0.0/16'], peeringContributors: ['alice'] }
  await registry.update(bob, 'virtualNetwork', 'b', open)
  await peer()
  expect(lab.shown('virtualNetworkPeering', 'a/to-b')['peeringState']).toBe('Initiated')
})

test('a session announces its own space and those of its direct peers, and nothing else', async () => {
  const session = { bgpSession: { peerAddress: '10.0.0.4', peerAsn: 65_515 } }
  const { peer, lab } = await networks(two, { hub: { gateway: 'RouteServer', ...session } })
  await peer('hub', 'spoke')
  await peer('spoke', 'hub')
  expect([...lab.running.keys()]).toEqual(['vnet/hub'])
  lab.establish('vnet/hub')
  lab.announce('vnet/hub', '10.0.7.0/24', '65515')
  lab.announce('vnet/hub', '10.1.0.0/16', '65515')
  expect(lab.shown('virtualNetwork', 'hub')).toMatchObject({ announced: 2, findings: [] })
  lab.announce('vnet/hub', '10.77.0.0/16', '65515')
  expect(lab.shown('virtualNetwork', 'hub')['findings']).toEqual([
    {
      reason: 'outside-address-space',
      severity: 'error',
      message:
        'The session of hub announces 10.77.0.0/16, outside its address space and those of its direct peers.',
      action:
        'Whoever runs the route server or gateway stops announcing it, or the address space is extended.',
      prefixes: ['10.77.0.0/16'],
      count: 1,
    },
  ])
  expect(
    await refusal(
      lab.registry.create(admin, 'virtualNetwork', 'third', {
        ...at,
        addressSpace: ['10.9.0.0/16'],
        ...session,
      }),
    ),
  ).toMatchObject({ place: 'bgpSession.peerAddress', refusal: 'invalid' })
})

test('what it announces outside opens and closes, without anybody asking', async () => {
  const session = { bgpSession: { peerAddress: '10.0.0.4', peerAsn: 65_515 } }
  const { peer, lab, registry } = await networks(two, { hub: session })
  lab.establish('vnet/hub')
  lab.announce('vnet/hub', '10.0.0.0/16', '65515')
  await lab.wait(2)
  expect([lab.judged, registry.judgedSessions()]).toEqual([
    [],
    [{ session: 'vnet/hub', reasons: ['outside-address-space'], findings: [] }],
  ])
  lab.announce('vnet/hub', '10.1.4.0/24', '65515')
  await lab.wait(2)
  const since = lab.clock.now() - 1000
  expect(registry.sessionFindings('vnet/hub')).toMatchObject([
    { reason: 'outside-address-space', session: 'vnet/hub', prefixes: ['10.1.4.0/24'], since },
  ])
  // One side is not yet a peering; the other one connects it.
  await peer('hub', 'spoke')
  await lab.wait(1)
  expect(lab.judged).toEqual(['+outside-address-space vnet/hub'])
  await peer('spoke', 'hub')
  await lab.wait(1)
  expect(lab.judged[1]).toBe('-outside-address-space vnet/hub 3000')
  lab.announce('vnet/hub', '192.168.0.0/24', '65515')
  await lab.wait(1)
  lab.drop('vnet/hub')
  await lab.wait(1)
  expect(lab.judged.slice(2)).toEqual([
    '+outside-address-space vnet/hub',
    '-outside-address-space vnet/hub 1000',
  ])
  await registry.update(admin, 'virtualNetwork', 'hub', { ...at, addressSpace: ['10.0.0.0/16'] })
  await lab.wait(1)
  expect(registry.judgedSessions()).toEqual([])
  expect(lab.problems).toEqual([])
})

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

describe('flags that are used', () => {
  const lent = async () => {
    const lab = await networks(two, { hub: { gateway: 'RouteServer' } })
    await lab.peer('hub', 'spoke', { allowGatewayTransit: true })
    await lab.peer('spoke', 'hub', { useRemoteGateways: true })
    return lab
  }
  const network = (addressSpace: string[], gateway: string) => ({ ...at, addressSpace, gateway })

  test('are not taken away from who uses them', async () => {
    const { registry, shown } = await lent()
    const withdraw = registry.update(admin, 'virtualNetworkPeering', 'hub/to-spoke', {
      allowGatewayTransit: false,
    })
    expect(await refusal(withdraw)).toMatchObject({
      refusal: 'not-possible',
      place: 'allowGatewayTransit',
      conflictsWith: 'spoke/to-hub',
    })
    const gone = registry.update(admin, 'virtualNetwork', 'hub', network(two.hub, 'None'))
    expect(await refusal(gone)).toMatchObject({ place: 'gateway', conflictsWith: 'spoke/to-hub' })
    const own = registry.update(admin, 'virtualNetwork', 'spoke', network(two.spoke, 'VpnGateway'))
    expect((await refusal(own)).message).toContain('a network has either its own gateway or')
    expect(shown('spoke/to-hub')['useRemoteGateways']).toBe(true)
  })

  test('change freely where nobody does', async () => {
    const { registry, shown } = await lent()
    const free = { useRemoteGateways: false, allowForwardedTraffic: true }
    await registry.update(admin, 'virtualNetworkPeering', 'spoke/to-hub', free)
    await registry.update(admin, 'virtualNetworkPeering', 'hub/to-spoke', {
      allowGatewayTransit: false,
      allowVirtualNetworkAccess: false,
    })
    expect(shown('spoke/to-hub')).toMatchObject(free)
    expect(shown('hub/to-spoke')).toMatchObject({
      allowGatewayTransit: false,
      allowVirtualNetworkAccess: false,
    })
  })

  test('do not make another remote network', async () => {
    const { registry } = await lent()
    const other = registry.update(admin, 'virtualNetworkPeering', 'spoke/to-hub', {
      remoteVirtualNetwork: 'spoke',
    })
    expect(await refusal(other)).toMatchObject({ place: 'remoteVirtualNetwork' })
  })
})

describe('deleting', () => {
  const owned = async () => {
    const lab = await createRegistryLab()
    const open = { peeringContributors: ['alice', 'bob'] }
    for (const [who, name, prefix] of [
      [alice, 'a', '10.0.0.0/16'],
      [bob, 'b', '10.1.0.0/16'],
    ] as const) {
      await lab.registry.create(who, 'virtualNetwork', name, {
        ...at,
        addressSpace: [prefix],
        ...open,
      })
    }
    const peer = (who: typeof alice, from: string, to: string) =>
      lab.registry.create(who, 'virtualNetworkPeering', `${from}/to-${to}`, {
        remoteVirtualNetwork: to,
      })
    await peer(alice, 'a', 'b')
    await peer(bob, 'b', 'a')
    return { ...lab, lab, peer }
  }
  const close = (lab: Awaited<ReturnType<typeof owned>>) =>
    lab.registry.update(bob, 'virtualNetwork', 'b', { ...at, addressSpace: ['10.1.0.0/16'] })

  test('one side without a role on the other leaves that Disconnected, until it is there again', async () => {
    const lab = await owned()
    await close(lab)
    await lab.registry.remove(alice, 'virtualNetworkPeering', 'a/to-b')
    await lab.wait(2)
    const left = () => lab.shown('virtualNetworkPeering', 'b/to-a')['peeringState']
    expect([lab.has('virtualNetworkPeering', 'a/to-b'), left()]).toEqual([false, 'Disconnected'])
    expect((await refusal(lab.peer(alice, 'a', 'b'))).refusal).toBe('forbidden')
    const open = { ...at, addressSpace: ['10.1.0.0/16'], peeringContributors: ['alice'] }
    await lab.registry.update(bob, 'virtualNetwork', 'b', open)
    await lab.peer(alice, 'a', 'b')
    expect(left()).toBe('Connected')
  })

  test.each(['update', 'sync'] as const)(
    'and %s too need the role on the remote side',
    async (what) => {
      const lab = await owned()
      await close(lab)
      const id = 'a/to-b'
      const write =
        what === 'sync'
          ? lab.registry.operate(alice, 'virtualNetworkPeering', id, 'sync', undefined)
          : lab.registry.update(alice, 'virtualNetworkPeering', id, { allowForwardedTraffic: true })
      expect((await refusal(write)).message).toContain('The role on the remote side is missing')
      const foreign = lab.registry.remove(alice, 'virtualNetworkPeering', 'b/to-a')
      expect((await refusal(foreign)).message).toContain('The role on the own side is missing')
    },
  )

  test('a network takes its peerings along, both sides of each', async () => {
    const { peer, registry, lab } = await networks({ ...two, other: ['10.2.0.0/16'] })
    await peer('hub', 'spoke')
    await peer('spoke', 'hub')
    await registry.remove(admin, 'virtualNetwork', 'hub')
    await lab.wait(2)
    expect(registry.list(admin, 'virtualNetworkPeering', { limit: 9 }).total).toBe(0)
    expect(lab.has('virtualNetwork', 'hub')).toBe(false)
  })

  test('a network is refused while a peering of another goes to it alone', async () => {
    const { peer, registry } = await networks({ ...two, other: ['10.2.0.0/16'] })
    await peer('hub', 'spoke')
    await peer('spoke', 'hub')
    await peer('other', 'hub')
    expect(await refusal(registry.remove(admin, 'virtualNetwork', 'hub'))).toMatchObject({
      refusal: 'not-possible',
      conflictsWith: 'other/to-hub',
    })
  })
})

describe('a network', () => {
  test.each([
    ['without prefixes', { addressSpace: [] }, 'addressSpace', 'at least one prefix'],
    [
      'with 101 prefixes',
      { addressSpace: Array.from({ length: 101 }, (_, i) => `10.${i}.0.0/16`) },
      'addressSpace',
      'at most 100 prefixes',
    ],
    [
      'with prefixes that overlap each other',
      { addressSpace: ['2001:db8::/32', '10.0.0.0/8', '2001:db8:1::/48'] },
      'addressSpace[2]',
      '2001:db8:1::/48 overlaps 2001:db8::/32 of the same address space',
    ],
    ['of a region of another cloud', { location: 'China North 3' }, 'location', 'AzureChinaCloud'],
    [
      'of a region that its cloud has not',
      { cloud: 'AzureUSGovernment' },
      'location',
      'westeurope is a region of AzureCloud, not of AzureUSGovernment',
    ],
    [
      'with a session to a peer outside',
      { bgpSession: { peerAddress: '192.0.2.1', peerAsn: 65_515 } },
      'bgpSession.peerAddress',
      'does not lie in the address space',
    ],
  ])('is refused %s', async (_, spec, place, words) => {
    const { registry } = await createRegistryLab()
    const given = { ...at, addressSpace: ['10.0.0.0/16'], ...spec }
    const refused = await refusal(registry.create(admin, 'virtualNetwork', 'net', given))
    expect(refused).toMatchObject({ refusal: 'invalid', place })
    expect(refused.message).toContain(words)
  })

  test('has its peer alone, and its password for itself', async () => {
    const session = { bgpSession: { peerAddress: '10.0.0.4', peerAsn: 65_515 } }
    const secret = { md5AuthenticationKey: 'correct-horse' }
    const { registry, lab } = await networks(
      { hub: ['10.0.0.0/16'] },
      { hub: { ...session, ...secret } },
    )
    const again = { ...at, addressSpace: ['10.0.0.0/24'], ...session }
    expect(await refusal(registry.create(admin, 'virtualNetwork', 'twin', again))).toMatchObject({
      refusal: 'conflict',
      place: 'bgpSession.peerAddress',
      conflictsWith: 'hub',
    })
    expect(lab.running.get('vnet/hub')).toMatchObject({ password: 'correct-horse' })
    expect(JSON.stringify(lab.shown('virtualNetwork', 'hub'))).not.toContain('correct-horse')
    expect(lab.shown('virtualNetwork', 'hub')['bgpSession']).toMatchObject({
      md5Authentication: true,
    })
  })

  test('does not move', async () => {
    const { registry } = await networks({ hub: ['10.0.0.0/16'] })
    const moved = { ...at, addressSpace: ['10.0.0.0/16'], location: 'northeurope' }
    expect(await refusal(registry.update(admin, 'virtualNetwork', 'hub', moved))).toMatchObject({
      refusal: 'not-possible',
      place: 'location',
    })
  })
})

test('networks of different regions of a cloud can be peered', async () => {
  const { peer, shown } = await networks(two, { spoke: { location: 'japaneast' } })
  await peer('hub', 'spoke')
  await peer('spoke', 'hub')
  expect(shown('hub/to-spoke')['peeringState']).toBe('Connected')
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
  expect(await refusal(own)).toMatchObject({
    refusal: 'forbidden',
    message:
      'The role on the own side is missing: alice has no virtual network "b" with a peering "to-a"; a token of the owner of "b" writes this side.',
  })
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

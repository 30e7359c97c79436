import { describe, expect, test } from 'vitest'
import { parsePrefix } from '../../src/prefix/text.ts'
import type { JsonObject } from '../../src/store/types.ts'
import {
  admin,
  createRegistryLab,
  type LabOptions,
  operator,
  principal,
  refusal,
} from '../support/registry-lab.ts'

const alice = principal('customer', 'alice', 'alice-token')
const bob = principal('customer', 'bob', 'bob-token')
const primary = 'er/p/primary-ipv4'
const secondary = 'er/p/secondary-ipv4'

async function announcing(spec: object, options: LabOptions = {}) {
  const lab = await createRegistryLab({
    ownership: () => ({ kind: 'recorded', source: 'RIPE' }),
    ...options,
    settings: { allowSpecialPurpose: ['192.0.2.0/24', '198.51.100.0/24'].map(parsePrefix) },
  })
  await lab.registry.create(alice, 'circuit', 'er', {
    serviceProviderName: 'Fabrikam',
    peeringLocation: 'Amsterdam',
    bandwidthInMbps: 50,
  })
  await lab.registry.operate(operator, 'circuit', 'er', 'provision', undefined)
  await lab.registry.create(alice, 'circuitPeering', 'er/p', { vlanId: 100, ...spec })
  for (const name of [primary, secondary]) lab.establish(name)
  const shown = () => lab.shown('circuitPeering', 'er/p')
  /** Reason, where, prefixes. */
  const found = () =>
    (shown()['findings'] as JsonObject[]).map(({ reason, session, prefixes }) => [
      reason,
      session,
      prefixes,
    ])
  return { ...lab, shown, found }
}

const microsoft = {
  peeringType: 'MicrosoftPeering',
  peerASN: 64501,
  primaryPeerAddressPrefix: '192.0.2.0/30',
  secondaryPeerAddressPrefix: '192.0.2.4/30',
  advertisedPublicPrefixes: ['198.51.100.0/24'],
}
const privatePeering = {
  peeringType: 'AzurePrivatePeering',
  peerASN: 64512,
  primaryPeerAddressPrefix: '10.255.0.0/30',
  secondaryPeerAddressPrefix: '10.255.0.4/30',
}

describe('what Microsoft peering announces', () => {
  test('is well when both links announce what is listed', async () => {
    const lab = await announcing(microsoft)
    for (const name of [primary, secondary]) lab.announce(name, '198.51.100.0/24', '64501')
    await lab.wait(2)
    expect(lab.shown()).toMatchObject({ findings: [], errorMessage: '' })
    expect(lab.engine.view.prefix('er/p/198.51.100.0-24')?.state).toBe('Verified')
  })

  test('is found when it is listed and absent, on one link or on both', async () => {
    const lab = await announcing(microsoft)
    await lab.wait(2)
    expect(lab.shown()['errorMessage']).toBe(
      'The customer lists 198.51.100.0/24 in advertisedPublicPrefixes, and announces it on no link.',
    )
    lab.announce(primary, '198.51.100.0/24', '64501')
    await lab.wait(1)
    expect(lab.shown()['errorMessage']).toBe(
      'The secondary IPv4 session lacks 198.51.100.0/24, which the primary one has.',
    )
    expect(lab.found()).toEqual([['asymmetric-announcement', secondary, ['198.51.100.0/24']]])
    expect(lab.engine.view.prefix('er/p/198.51.100.0-24')).toMatchObject({
      state: 'Failed',
      findings: [{ reason: 'not-received', session: secondary }],
    })
  })

  test('is found when it is the default route, private, or not listed', async () => {
    const lab = await announcing(microsoft)
    for (const name of [primary, secondary]) {
      for (const prefix of ['198.51.100.0/24', '0.0.0.0/0', '10.1.0.0/16', '8.8.8.0/24']) {
        lab.announce(name, prefix, '64501')
      }
    }
    await lab.wait(2)
    expect(lab.found()).toEqual(
      [primary, secondary].flatMap((name) => [
        ['default-route', name, ['0.0.0.0/0']],
        ['private-prefix', name, ['10.1.0.0/16']],
        ['not-listed', name, ['8.8.8.0/24']],
      ]),
    )
    expect(lab.judged).toContain(`+not-listed ${primary}`)
  })

  test('has private AS numbers stripped before it is judged', async () => {
    const lab = await announcing({ ...microsoft, customerASN: 64502 })
    lab.announce(primary, '198.51.100.0/24', '64501 64501 64502 65001')
    lab.announce(secondary, '198.51.100.0/24', '64501 64503 65001')
    await lab.wait(2)
    expect(lab.engine.view.prefix('er/p/198.51.100.0-24')?.findings).toMatchObject([
      { reason: 'origin-mismatch', session: secondary },
    ])
  })

  test('closes the session above 200 prefixes', async () => {
    const lab = await announcing(microsoft)
    expect(lab.running.get(primary)?.maxPrefixes?.limit).toBe(200)
    lab.drop(primary, 'more than 200 ipv4 prefixes (maxPrefixes), down for 5 min')
    await lab.wait(1)
    expect(lab.shown()['errorMessage']).toContain(
      'The primary IPv4 session was closed, because the customer announced more than 200 prefixes.',
    )
    expect(lab.judged).toContain(`+too-many-prefixes ${primary}`)
  })

  test('tells of a session that is down', async () => {
    const lab = await announcing(microsoft)
    for (const name of [primary, secondary]) lab.announce(name, '198.51.100.0/24', '64501')
    await lab.wait(2)
    lab.drop(secondary)
    expect(lab.shown()['errorMessage']).toBe(
      'The secondary IPv4 session is Idle: the peer closed the connection.',
    )
  })
})

test('sessions of circuits have no say about prefixes of the configuration file', async () => {
  const lab = await announcing(microsoft)
  const prefix = parsePrefix('203.0.113.0/24')
  lab.engine.register({ name: 'web', prefix, originAsns: [] }, lab.clock.now())
  expect(lab.engine.view.prefix('web')?.sessions).toEqual([])
})

describe('private peering', () => {
  const network = { location: 'westeurope', resourceGroup: 'net', gateway: 'ExpressRouteGateway' }
  async function linked() {
    const lab = await announcing(privatePeering)
    const vnet = (name: string, ...addressSpace: string[]) =>
      lab.registry.create(alice, 'virtualNetwork', name, { ...network, addressSpace })
    const link = (name: string, spec: object = {}) =>
      lab.registry.create(alice, 'circuitLink', `er/to-${name}`, { virtualNetwork: name, ...spec })
    return { ...lab, vnet, link }
  }

  test('may announce the default route, private prefixes and private AS numbers', async () => {
    const lab = await announcing(privatePeering)
    for (const name of [primary, secondary]) {
      lab.announce(name, '0.0.0.0/0', '64512')
      lab.announce(name, '10.1.0.0/16', '64512 65001')
    }
    await lab.wait(2)
    expect(lab.found()).toEqual([])
  })

  test('is found where it meets a linked network', async () => {
    const lab = await linked()
    await lab.vnet('hub', '10.1.0.0/16')
    await lab.link('hub')
    for (const name of [primary, secondary]) lab.announce(name, '10.1.4.0/24', '64512')
    await lab.wait(2)
    expect(lab.found()).toEqual([
      ['overlapping-network', primary, ['10.1.4.0/24']],
      ['overlapping-network', secondary, ['10.1.4.0/24']],
    ])
    expect(lab.shown()['errorMessage']).toContain(
      'On the primary IPv4 session the customer announces 10.1.4.0/24; 10.1.4.0/24 overlaps 10.1.0.0/16 of the virtual network "hub", which is linked to the circuit.',
    )
  })

  test('reaches the networks that are linked', async () => {
    const lab = await linked()
    await lab.vnet('hub', '10.1.0.0/16')
    await lab.link('hub')
    expect(lab.shown).toBeDefined()
    const status = () => lab.registry.get(alice, 'circuitLink', 'er/to-hub').properties
    expect(status()).toEqual({
      virtualNetwork: 'hub',
      description: '',
      circuitConnectionStatus: 'Connected',
      addressSpace: ['10.1.0.0/16'],
      provisioningState: 'Succeeded',
    })
    lab.drop(primary)
    lab.drop(secondary)
    expect(status()['circuitConnectionStatus']).toBe('Connecting')
    await lab.registry.operate(alice, 'circuitPeering', 'er/p', 'disable', undefined)
    expect(status()['circuitConnectionStatus']).toBe('Disconnected')
  })

  test('links are refused where networks overlap, each other or the subnets of the links', async () => {
    const lab = await linked()
    await lab.vnet('hub', '10.1.0.0/16')
    await lab.vnet('other', '10.9.0.0/16', '10.1.128.0/17')
    await lab.vnet('wide', '10.255.0.0/16')
    await lab.link('hub')
    expect(await refusal(lab.link('other'))).toEqual({
      refusal: 'conflict',
      place: 'virtualNetwork',
      conflictsWith: 'hub',
      reason: 'overlapping-prefix',
      message:
        '10.1.128.0/17 of "other" overlaps 10.1.0.0/16 of the virtual network "hub" on the same circuit; what a circuit reaches must not overlap.',
    })
    expect(await refusal(lab.link('wide'))).toMatchObject({ conflictsWith: 'er/p' })
  })

  test('what is linked cannot come to overlap', async () => {
    const lab = await linked()
    await lab.vnet('hub', '10.1.0.0/16')
    await lab.vnet('other', '10.2.0.0/16')
    await lab.link('hub')
    await lab.link('other')
    const grown = lab.registry.update(
      alice,
      'virtualNetwork',
      'other',
      { addressSpace: ['10.0.0.0/14'] },
      { merge: true },
    )
    expect(await refusal(grown)).toMatchObject({ place: 'addressSpace', conflictsWith: 'hub' })
    const moved = lab.registry.update(
      alice,
      'circuitPeering',
      'er/p',
      { primaryPeerAddressPrefix: '10.2.0.0/30' },
      { merge: true },
    )
    expect(await refusal(moved)).toMatchObject({
      place: 'primaryPeerAddressPrefix',
      conflictsWith: 'other',
    })
  })

  test('links are refused twice, without a gateway, to nothing, and to strangers', async () => {
    const lab = await linked()
    await lab.vnet('hub', '10.1.0.0/16')
    await lab.link('hub')
    const twice = lab.registry.create(alice, 'circuitLink', 'er/again', { virtualNetwork: 'hub' })
    expect(await refusal(twice)).toMatchObject({ refusal: 'conflict', conflictsWith: 'er/to-hub' })
    await lab.registry.create(alice, 'virtualNetwork', 'bare', {
      ...network,
      gateway: 'None',
      addressSpace: ['10.3.0.0/16'],
    })
    expect((await refusal(lab.link('bare'))).message).toBe(
      '"bare" has the gateway None; a network that a circuit reaches has an ExpressRouteGateway.',
    )
    const spec = { ...network, addressSpace: ['10.4.0.0/16'] }
    await lab.registry.create(bob, 'virtualNetwork', 'bobs', spec)
    const forbidden = await refusal(lab.link('bobs'))
    expect(forbidden.refusal).toBe('forbidden')
    expect((await refusal(lab.link('nobody'))).message).toBe(
      forbidden.message.replace('bobs', 'nobody'),
    )
  })

  test('links are as many as tier and bandwidth allow', async () => {
    const lab = await linked()
    for (let i = 0; i < 11; i++) await lab.vnet(`n${i}`, `10.${i}.0.0/16`)
    for (let i = 0; i < 10; i++) await lab.link(`n${i}`)
    expect((await refusal(lab.link('n10'))).message).toBe(
      'The circuit "er" is linked to 10 virtual networks, as many as its tier and bandwidth allow; Premium or more bandwidth allows more.',
    )
    const tier = (skuTier: string) =>
      lab.registry.update(alice, 'circuit', 'er', { skuTier }, { merge: true })
    await tier('Premium')
    await lab.link('n10')
    expect(await refusal(tier('Standard'))).toMatchObject({ place: 'skuTier' })
  })

  test('and all on a circuit goes through a document, and with what it no longer names', async () => {
    const lab = await linked()
    await lab.vnet('hub', '10.1.0.0/16')
    await lab.link('hub')
    const key = { sharedKey: 'winter2026' }
    await lab.registry.update(alice, 'circuitPeering', 'er/p', key, { merge: true })
    const document = lab.registry.export(admin)
    expect(document['circuits']).toMatchObject([
      {
        name: 'er',
        circuitPeerings: [{ name: 'p', ...privatePeering }],
        circuitLinks: [{ name: 'to-hub', virtualNetwork: 'hub' }],
      },
    ])
    expect(JSON.stringify(document)).not.toContain('winter2026')
    expect(await lab.registry.plan(admin, document, true)).toEqual([])
    const gone = await lab.registry.apply(admin, {}, true)
    expect(gone.map(({ action, kind }) => `${action} ${kind}`)).toEqual([
      'delete virtualNetwork',
      'delete circuit',
      'delete circuitPeering',
      'delete circuitLink',
    ])
    await lab.registry.apply(admin, document, true)
    expect([...lab.running.keys()]).toEqual([primary, secondary])
  })

  test('links need private peering, which stays while there are any', async () => {
    const lab = await linked()
    await lab.vnet('hub', '10.1.0.0/16')
    await lab.link('hub')
    const removed = (kind: string, id: string) => refusal(lab.registry.remove(alice, kind, id))
    expect(await removed('circuitPeering', 'er/p')).toMatchObject({ conflictsWith: 'er/to-hub' })
    expect(await removed('circuit', 'er')).toMatchObject({ conflictsWith: 'er/to-hub' })
    expect(await removed('virtualNetwork', 'hub')).toMatchObject({ conflictsWith: 'er/to-hub' })
    await lab.registry.remove(alice, 'circuitLink', 'er/to-hub')
    await lab.registry.remove(alice, 'circuitPeering', 'er/p')
    expect((await refusal(lab.link('hub'))).message).toBe(
      'The circuit "er" has no AzurePrivatePeering, which reaches virtual networks; configure that first.',
    )
  })
})

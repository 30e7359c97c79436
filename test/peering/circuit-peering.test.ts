import { describe, expect, test } from 'vitest'
import { parsePrefix } from '../../src/prefix/text.ts'
import type { JsonObject } from '../../src/store/types.ts'
import {
  createRegistryLab,
  type LabOptions,
  operator,
  principal,
  refusal,
} from '../support/registry-lab.ts'
import { sessionConfig } from '../support/session-config.ts'

const alice = principal('customer', 'alice', 'alice-token')

const privatePeering = {
  peeringType: 'AzurePrivatePeering',
  peerASN: 64512,
  vlanId: 200,
  primaryPeerAddressPrefix: '10.0.0.0/30',
  secondaryPeerAddressPrefix: '10.0.0.4/30',
}
const microsoft = {
  peeringType: 'MicrosoftPeering',
  peerASN: 64501,
  vlanId: 300,
  primaryPeerAddressPrefix: '192.0.2.0/30',
  secondaryPeerAddressPrefix: '192.0.2.4/30',
  advertisedPublicPrefixes: ['198.51.100.0/24'],
}
const v6 = {
  primaryPeerAddressPrefixV6: '2001:db8:0:1::/126',
  secondaryPeerAddressPrefixV6: '2001:db8:0:1::4/126',
}

const documentation = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32']

/** A provisioned circuit of Alice. */
async function peeringLab(options: LabOptions = {}) {
  const lab = await createRegistryLab({
    ...options,
    settings: { allowSpecialPurpose: documentation.map(parsePrefix), ...options.settings },
  })
  await lab.registry.create(alice, 'circuit', 'er', {
    serviceProviderName: 'Fabrikam',
    peeringLocation: 'Amsterdam',
    bandwidthInMbps: 1000,
  })
  await lab.registry.operate(operator, 'circuit', 'er', 'provision', undefined)
  const create = (name: string, spec: object) =>
    lab.registry.create(alice, 'circuitPeering', `er/${name}`, spec)
  const change = (name: string, spec: object) =>
    lab.registry.update(alice, 'circuitPeering', `er/${name}`, spec, { merge: true })
  const operate = (name: string, operation: string, body?: object) =>
    lab.registry.operate(operator, 'circuitPeering', `er/${name}`, operation, body)
  const shown = (name: string) => lab.shown('circuitPeering', `er/${name}`)
  const found = (name: string) =>
    (shown(name)['findings'] as JsonObject[]).map(({ reason, message }) => [reason, message])
  return { ...lab, create, change, operate, peering: shown, found }
}

describe('the sessions of a circuit peering', () => {
  test('are one on each link, with the first usable address at the customer', async () => {
    const lab = await peeringLab()
    await lab.create('private', privatePeering)
    expect(lab.peering('private')['sessions']).toEqual([
      {
        name: 'er/private/primary-ipv4',
        link: 'Primary',
        family: 'ipv4',
        localAddress: '10.0.0.2',
        peerAddress: '10.0.0.1',
        state: 'Connect',
        prefixes: 0,
      },
      {
        name: 'er/private/secondary-ipv4',
        link: 'Secondary',
        family: 'ipv4',
        localAddress: '10.0.0.6',
        peerAddress: '10.0.0.5',
        state: 'Connect',
        prefixes: 0,
      },
    ])
    expect(lab.running.get('er/private/primary-ipv4')).toMatchObject({
      address: '10.0.0.1',
      localAddress: '10.0.0.2',
      asn: 64512,
      families: ['ipv4'],
      maxPrefixes: { limit: 4000 },
    })
  })

  test('of IPv6 are added to those of IPv4, which stay as they are', async () => {
    const lab = await peeringLab()
    await lab.create('private', privatePeering)
    lab.told.length = 0
    await lab.change('private', v6)
    expect(lab.told).toEqual(['add er/private/primary-ipv6', 'add er/private/secondary-ipv6'])
    expect(lab.running.get('er/private/secondary-ipv6')).toMatchObject({
      address: '2001:db8:0:1::5',
      localAddress: '2001:db8:0:1::6',
    })
  })

  test('start anew with another key, and those of other peerings do not', async () => {
    const lab = await peeringLab()
    await lab.create('private', privatePeering)
    await lab.create('microsoft', microsoft)
    lab.told.length = 0
    await lab.change('private', { sharedKey: 'abc123' })
    expect(lab.told).toEqual([
      'replace er/private/primary-ipv4',
      'replace er/private/secondary-ipv4',
    ])
    expect(lab.running.get('er/private/primary-ipv4')?.password).toBe('abc123')
    expect(lab.peering('private')).toMatchObject({ md5Authentication: true })
    expect(JSON.stringify(lab.peering('private'))).not.toContain('abc123')
    lab.told.length = 0
    await lab.change('private', { vlanId: 201 })
    expect(lab.told).toEqual([])
  })

  test('end while the peering, its IPv6 part, or the circuit is disabled', async () => {
    const lab = await peeringLab()
    await lab.create('private', { ...privatePeering, ...v6 })
    await lab.change('private', { ipv6State: 'Disabled' })
    expect([...lab.running.keys()]).toEqual([
      'er/private/primary-ipv4',
      'er/private/secondary-ipv4',
    ])
    await lab.operate('private', 'disable')
    expect(lab.running.size).toBe(0)
    expect(lab.peering('private')['state']).toBe('Disabled')
    await lab.operate('private', 'enable')
    expect(lab.running.size).toBe(2)
    await lab.registry.operate(operator, 'circuit', 'er', 'disable', undefined)
    expect(lab.running.size).toBe(0)
    const enabled = lab.operate('private', 'enable')
    expect((await refusal(enabled)).message).toContain('The circuit "er" is Disabled')
  })

  test('end with the peering', async () => {
    const lab = await peeringLab()
    await lab.create('private', privatePeering)
    expect(await lab.registry.remove(alice, 'circuitPeering', 'er/private')).toBeNull()
    expect(lab.running.size).toBe(0)
  })

  test('of private peering take 4000 prefixes, with the premium tier 10 000', async () => {
    const lab = await peeringLab()
    await lab.create('private', privatePeering)
    expect(lab.peering('private')['prefixLimit']).toBe(4000)
    const premium = { skuTier: 'Premium' }
    await lab.registry.update(alice, 'circuit', 'er', premium, { merge: true })
    expect(lab.peering('private')['prefixLimit']).toBe(10_000)
    expect(lab.running.get('er/private/primary-ipv4')?.maxPrefixes?.limit).toBe(10_000)
  })
})

describe('a circuit peering is refused', () => {
  test.for([
    ['another type', { peeringType: 'AzurePublicPeering' }, 'peeringType'],
    ['VLAN 0', { vlanId: 0 }, 'vlanId'],
    ['VLAN 4095', { vlanId: 4095 }, 'vlanId'],
    ['AS 0', { peerASN: 0 }, 'peerASN'],
    ['an AS number of more than 4 octets', { peerASN: 4_294_967_296 }, 'peerASN'],
    ['AS 65515', { peerASN: 65_515 }, 'peerASN'],
    ['AS 65520', { peerASN: 65_520 }, 'peerASN'],
    ['our own AS', { peerASN: 64_500 }, 'peerASN'],
    ['a /29', { primaryPeerAddressPrefix: '10.0.0.0/29' }, 'primaryPeerAddressPrefix'],
    ['a /31', { secondaryPeerAddressPrefix: '10.0.0.4/31' }, 'secondaryPeerAddressPrefix'],
    ['IPv6 for IPv4', { primaryPeerAddressPrefix: '2001:db8::/126' }, 'primaryPeerAddressPrefix'],
    ['host bits', { primaryPeerAddressPrefix: '10.0.0.1/30' }, 'primaryPeerAddressPrefix'],
    ['a /64', { ...v6, primaryPeerAddressPrefixV6: '2001:db8::/64' }, 'primaryPeerAddressPrefixV6'],
    [
      'a /127',
      { ...v6, secondaryPeerAddressPrefixV6: '2001:db8::/127' },
      'secondaryPeerAddressPrefixV6',
    ],
    [
      'one link of IPv6',
      { primaryPeerAddressPrefixV6: '2001:db8::/126' },
      'secondaryPeerAddressPrefixV6',
    ],
    ['a key with a blank', { sharedKey: 'two words' }, 'sharedKey'],
    ['a key of 26 characters', { sharedKey: 'a'.repeat(26) }, 'sharedKey'],
    ['prefixes', { advertisedPublicPrefixes: ['198.51.100.0/24'] }, 'advertisedPublicPrefixes'],
    ['a customer ASN', { customerASN: 64_501 }, 'customerASN'],
    ['a registry', { routingRegistryName: 'RIPENCC' }, 'routingRegistryName'],
  ] as const)('of private type with %s', async ([, given, place]) => {
    const { create } = await peeringLab()
    const created = create('private', { ...privatePeering, ...given })
    expect(await refusal(created)).toMatchObject({ refusal: 'invalid', place })
  })

  test('without subnets, and with one link alone', async () => {
    const { create } = await peeringLab()
    const {
      primaryPeerAddressPrefix: primary,
      secondaryPeerAddressPrefix: _,
      ...none
    } = privatePeering
    expect(await refusal(create('p', none))).toMatchObject({ place: 'primaryPeerAddressPrefix' })
    const one = create('p', { ...none, primaryPeerAddressPrefix: primary })
    expect(await refusal(one)).toMatchObject({ place: 'secondaryPeerAddressPrefix' })
  })

  test.for([
    ['a private AS', { peerASN: 64_512 }, 'peerASN'],
    ['a private AS of 4 octets', { peerASN: 4_200_000_000 }, 'peerASN'],
    ['a private customer ASN', { customerASN: 65_000 }, 'customerASN'],
    ['a reserved customer ASN', { customerASN: 65_517 }, 'customerASN'],
    ['private subnets', { primaryPeerAddressPrefix: '10.0.0.0/30' }, 'primaryPeerAddressPrefix'],
    [
      'unique-local subnets',
      { ...v6, primaryPeerAddressPrefixV6: 'fd00::/126' },
      'primaryPeerAddressPrefixV6',
    ],
    [
      'a private prefix',
      { advertisedPublicPrefixes: ['10.0.0.0/8'] },
      'advertisedPublicPrefixes[0]',
    ],
    [
      'a unique-local prefix',
      { advertisedPublicPrefixes: ['198.51.100.0/24', 'fd00::/48'] },
      'advertisedPublicPrefixes[1]',
    ],
    [
      'the default route',
      { advertisedPublicPrefixes: ['0.0.0.0/0'] },
      'advertisedPublicPrefixes[0]',
    ],
    [
      'a prefix twice',
      { advertisedPublicPrefixes: ['198.51.100.0/24', '198.51.100.0/24'] },
      'advertisedPublicPrefixes[1]',
    ],
    ['no prefix', { advertisedPublicPrefixes: ['contoso'] }, 'advertisedPublicPrefixes[0]'],
    [
      '201 prefixes',
      { advertisedPublicPrefixes: Array.from({ length: 201 }, (_, i) => `198.51.100.${i}/32`) },
      'advertisedPublicPrefixes',
    ],
    ['an unknown registry', { routingRegistryName: 'NIC' }, 'routingRegistryName'],
  ] as const)('of Microsoft type with %s', async ([, given, place]) => {
    const { create } = await peeringLab()
    const created = create('microsoft', { ...microsoft, ...given })
    expect(await refusal(created)).toMatchObject({ refusal: 'invalid', place })
  })

  test('on a circuit that is not provisioned, or disabled', async () => {
    const { registry, create } = await peeringLab()
    await registry.operate(operator, 'circuit', 'er', 'deprovision', undefined)
    expect(await refusal(create('private', privatePeering))).toEqual({
      refusal: 'not-possible',
      place: null,
      conflictsWith: 'er',
      reason: null,
      message:
        'The circuit "er" is Enabled, and NotProvisioned at its provider; a peering can be configured when it is Enabled and Provisioned.',
    })
    await registry.operate(operator, 'circuit', 'er', 'provision', undefined)
    await registry.operate(operator, 'circuit', 'er', 'disable', undefined)
    expect((await refusal(create('private', privatePeering))).refusal).toBe('not-possible')
  })

  test.for([
    [
      'a second one of its type',
      {
        ...privatePeering,
        vlanId: 201,
        primaryPeerAddressPrefix: '10.0.1.0/30',
        secondaryPeerAddressPrefix: '10.0.1.4/30',
      },
      'peeringType',
      'er/private',
    ],
    ['the VLAN of another', { ...microsoft, vlanId: 200 }, 'vlanId', 'er/private'],
  ] as const)('with %s', async ([, given, place, conflictsWith]) => {
    const { create } = await peeringLab()
    await create('private', privatePeering)
    const created = create('other', given)
    expect(await refusal(created)).toMatchObject({ refusal: 'conflict', place, conflictsWith })
  })

  test('with a subnet of another', async () => {
    const { create } = await peeringLab()
    await create('microsoft', microsoft)
    const created = create('p', { ...privatePeering, primaryPeerAddressPrefix: '192.0.2.4/30' })
    expect(await refusal(created)).toMatchObject({
      refusal: 'conflict',
      place: 'primaryPeerAddressPrefix',
      conflictsWith: 'er/microsoft',
    })
  })

  test('with one subnet for both links', async () => {
    const { create } = await peeringLab()
    const created = create('p', { ...privatePeering, secondaryPeerAddressPrefix: '10.0.0.0/30' })
    expect(await refusal(created)).toMatchObject({
      refusal: 'conflict',
      place: 'secondaryPeerAddressPrefix',
    })
  })

  test('with the peer of a session of the configuration file', async () => {
    const declared = [sessionConfig({ name: 'edge', address: '10.0.0.1', asn: 64512 })]
    const { create } = await peeringLab({ declared })
    expect(await refusal(create('private', privatePeering))).toMatchObject({
      refusal: 'conflict',
      place: 'primaryPeerAddressPrefix',
    })
  })

  test('when its type is to change', async () => {
    const { create, change } = await peeringLab()
    await create('private', privatePeering)
    const changed = change('private', { peeringType: 'MicrosoftPeering' })
    expect(await refusal(changed)).toMatchObject({ refusal: 'not-possible', place: 'peeringType' })
  })
})

describe('who owns the advertised prefixes', () => {
  test('is Configured when a registry records them', async () => {
    const asked: unknown[] = []
    const lab = await peeringLab({
      ownership(...question) {
        asked.push(question)
        return { kind: 'recorded', source: 'RIPE' }
      },
    })
    await lab.create('m', { ...microsoft, customerASN: 64502, routingRegistryName: 'RIPENCC' })
    expect(lab.peering('m')['advertisedPublicPrefixesState']).toBe('Configuring')
    await lab.wait(1)
    expect(asked).toContainEqual(['198.51.100.0/24', 64502, 'RIPENCC'])
    expect(lab.peering('m')).toMatchObject({
      advertisedPublicPrefixesState: 'Configured',
      advertisedPublicPrefixProperties: [
        {
          prefix: '198.51.100.0/24',
          validationState: 'Configured',
          message: 'RIPE records 198.51.100.0/24 with origin AS64502.',
        },
      ],
    })
  })

  test('is NotConfigured without prefixes, and Configuring while they are asked for', async () => {
    const lab = await peeringLab({ ownership: () => null, reading: 'ripe.db, 45 %' })
    await lab.create('m', { ...microsoft, advertisedPublicPrefixes: [] })
    expect(lab.peering('m')['advertisedPublicPrefixesState']).toBe('NotConfigured')
    await lab.change('m', { advertisedPublicPrefixes: ['198.51.100.0/24'] })
    await lab.wait(3)
    expect(lab.peering('m')).toMatchObject({
      advertisedPublicPrefixesState: 'Configuring',
      advertisedPublicPrefixProperties: [
        { message: 'It waits for routing-registry data: ripe.db, 45 %.' },
      ],
    })
  })

  test.for([
    [
      { kind: 'not-recorded' },
      'ValidationNeeded',
      '198.51.100.0/24 is not recorded in a routing registry. Have a route object for 198.51.100.0/24 with origin AS64501 made in a routing registry, or submit documents that show whose it is, for an operator to approve by hand.',
    ],
    [
      { kind: 'other-origin', origins: [64599] },
      'AsnValidationFailed',
      '198.51.100.0/24 is recorded with origin AS64599, not AS64501. Set customerASN to the AS that it belongs to, or: Have a route object for 198.51.100.0/24 with origin AS64501 made in a routing registry, or submit documents that show whose it is, for an operator to approve by hand.',
    ],
    [
      {
        kind: 'covered',
        records: [{ prefix: parsePrefix('198.51.0.0/16'), origin: 64599, source: 'RADB' }],
      },
      'ValidationNeeded',
      '198.51.100.0/24 itself is not recorded, only the less specific 198.51.0.0/16 (AS64599, RADB). Have a route object for 198.51.100.0/24 with origin AS64501 made in a routing registry, or submit documents that show whose it is, for an operator to approve by hand.',
    ],
    [
      { kind: 'unknown', why: 'no registry data is configured' },
      'ManualValidationNeeded',
      'Nothing could be looked up for 198.51.100.0/24: no registry data is configured. Submit documents that show that it belongs to AS64501, for an operator to approve by hand.',
    ],
  ] as const)('when the registries say %j', async ([ownership, validationState, message]) => {
    const lab = await peeringLab({ ownership: () => ownership })
    await lab.create('m', microsoft)
    await lab.wait(1)
    expect(lab.peering('m')).toMatchObject({
      advertisedPublicPrefixesState: 'ValidationNeeded',
      advertisedPublicPrefixProperties: [{ prefix: '198.51.100.0/24', validationState, message }],
    })
    expect(lab.found('m')).toContainEqual(['validation-needed', message])
  })

  test('follows registry data that is read anew', async () => {
    let recorded = false
    const lab = await peeringLab({
      ownership: () => (recorded ? { kind: 'recorded', source: 'RADB' } : { kind: 'not-recorded' }),
    })
    await lab.create('m', microsoft)
    await lab.wait(1)
    expect(lab.peering('m')['advertisedPublicPrefixesState']).toBe('ValidationNeeded')
    recorded = true
    await lab.wait(1)
    expect(lab.peering('m')['advertisedPublicPrefixesState']).toBe('Configured')
  })

  test('is decided by hand, and begins anew when the prefixes change', async () => {
    const lab = await peeringLab()
    await lab.create('m', {
      ...microsoft,
      advertisedPublicPrefixes: ['198.51.100.0/24', '203.0.113.0/24'],
    })
    await lab.wait(1)
    const states = () =>
      (lab.peering('m')['advertisedPublicPrefixProperties'] as JsonObject[]).map(
        ({ validationState }) => validationState,
      )
    await lab.operate('m', 'approve', { reason: 'LOA 17', prefixes: ['203.0.113.0/24'] })
    expect(states()).toEqual(['ValidationNeeded', 'Configured'])
    await lab.operate('m', 'reject', { reason: 'no answer' })
    await lab.wait(2)
    expect(states()).toEqual(['ValidationFailed', 'Configured'])
    await lab.operate('m', 'approve', { reason: 'LOA 18' })
    expect(lab.peering('m')).toMatchObject({
      advertisedPublicPrefixesState: 'Configured',
      advertisedPublicPrefixProperties: [
        { message: 'Approved by operator-token: LOA 18' },
        { message: 'Approved by operator-token: LOA 17' },
      ],
    })
    const audit = await lab.store?.audit({ limit: 10 })
    expect(JSON.stringify(audit)).toContain('LOA 18')
    await lab.change('m', { advertisedPublicPrefixes: ['198.51.100.0/24'] })
    expect(states()).toEqual(['Configuring'])
    await lab.wait(1)
    expect(states()).toEqual(['ValidationNeeded'])
  })

  test('begins anew when somebody asks', async () => {
    const lab = await peeringLab()
    await lab.create('m', microsoft)
    const filter = { advertisedPublicPrefixesState: 'Configuring' }
    const listed = lab.registry.list(alice, 'circuitPeering', { limit: 10, filter })
    expect(listed.items).toHaveLength(1)
    await lab.operate('m', 'approve', { reason: 'LOA 17' })
    await lab.operate('m', 'validate')
    await lab.wait(1)
    expect(lab.peering('m')['advertisedPublicPrefixesState']).toBe('ValidationNeeded')
  })

  test('is decided by hand with a reason, about prefixes that are listed, by an operator', async () => {
    const lab = await peeringLab()
    await lab.create('m', microsoft)
    await lab.wait(1)
    expect(await refusal(lab.operate('m', 'approve', {}))).toMatchObject({ place: 'reason' })
    const other = { reason: 'x', prefixes: ['203.0.113.0/24'] }
    expect(await refusal(lab.operate('m', 'approve', other))).toMatchObject({ place: 'prefixes' })
    const own = lab.registry.operate(alice, 'circuitPeering', 'er/m', 'approve', { reason: 'x' })
    expect((await refusal(own)).refusal).toBe('forbidden')
    await lab.operate('m', 'approve', { reason: 'x' })
    const again = await refusal(lab.operate('m', 'approve', { reason: 'x' }))
    expect(again.message).toBe('No advertised prefix of "er/m" waits for a decision.')
  })
})

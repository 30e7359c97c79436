import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/store/types.ts'
import {
  contoso,
  createRegistryLab,
  fabrikam,
  principal,
  refusal,
} from '../support/registry-lab.ts'

const acme = principal('customer', 'acme', 'acme-token')
const other = principal('customer', 'other', 'other-token')
const PREFIX = '203.0.113.0/24'
const unknownKey = '00000000-0000-4000-8000-ffffffffffff'

/** A provider with two connections in Amsterdam and one in Frankfurt, all for peering services. */
async function providerLab(options: Parameters<typeof createRegistryLab>[0] = {}) {
  const lab = await createRegistryLab(options)
  const premium = { sku: 'Premium_Direct_Free' }
  await lab.peering('ams', premium)
  await lab.peering('fra', { ...premium, peeringLocation: 'Frankfurt' })
  const connect = (id: string, sessionPrefixV4: string) =>
    lab.activate(id, { sessionPrefixV4, useForPeeringService: true })
  await connect('ams/1', '192.0.2.0/30')
  await connect('ams/2', '192.0.2.4/30')
  await connect('fra/1', '192.0.2.8/30')
  const register = async (name: string, prefix: string, spec: JsonObject = {}) => {
    await lab.registry.create(contoso, 'registeredPrefix', `ams/${name}`, { prefix, ...spec })
    return String(lab.shown('registeredPrefix', `ams/${name}`)['peeringServicePrefixKey'])
  }
  const service = (spec: JsonObject = {}) =>
    lab.registry.create(acme, 'peeringService', 'office', {
      peeringServiceProvider: 'as64501',
      providerPrimaryPeeringLocation: 'Amsterdam',
      providerBackupPeeringLocation: 'frankfurt',
      ...spec,
    })
  const prefix = (key: string, text = PREFIX, name = 'office/web') =>
    lab.registry.create(acme, 'servicePrefix', name, {
      prefix: text,
      peeringServicePrefixKey: key,
    })
  const verdict = () => lab.shown('servicePrefix', 'office/web')
  return { lab, register, service, prefix, verdict }
}

const sessions = ['ams/1/ipv4', 'ams/2/ipv4', 'fra/1/ipv4']

describe('a peering service', () => {
  test('has its prefix verified by the key of the registered prefix', async () => {
    const { lab, register, service, prefix, verdict } = await providerLab()
    const key = await register('web', PREFIX, { originAsns: [15169] })
    await service()
    await prefix(key)
    for (const session of sessions) lab.announce(session, PREFIX, '3356 15169')
    expect(verdict()).toMatchObject({
      prefix: PREFIX,
      prefixValidationState: 'Verified',
      errorMessage: '',
      learnedType: 'ViaServiceProvider',
      verdictName: 'services/office/web',
    })
    expect(lab.shown('peeringService', 'office')['prefixCount']).toBe(1)

    lab.drop('ams/2/ipv4')
    expect(verdict()['prefixValidationState']).toBe('Failed')
    expect(verdict()['errorMessage']).toContain(
      `The primary location Amsterdam of ${PREFIX} has only ams/1/ipv4 up; not Established: ams/2/ipv4`,
    )
    lab.establish('ams/2/ipv4')
    lab.announce('ams/2/ipv4', PREFIX, '3356 15169')
    expect(verdict()['prefixValidationState']).toBe('Verified')
    lab.drop('fra/1/ipv4')
    expect(verdict()['errorMessage']).toContain('The backup location frankfurt of')
    expect(lab.problems).toEqual([])
  })

  test('loses its verdict with the registration behind the key', async () => {
    const { lab, register, service, prefix, verdict } = await providerLab()
    await service()
    await prefix(await register('web', PREFIX))
    await lab.registry.remove(contoso, 'registeredPrefix', 'ams/web')
    expect(verdict()).toMatchObject({ prefixValidationState: 'Invalid', learnedType: 'None' })
    expect(verdict()['errorMessage']).toContain('(key-mismatch)')
  })

  test('has its prefix originated by the AS that the key is for', async () => {
    const lab = await createRegistryLab()
    await lab.peering('ix', { directPeeringType: 'IxRs' })
    await lab.activate('ix/rs', {
      peerSessionAddresses: ['192.0.2.1', '192.0.2.2'],
      microsoftSessionAddresses: ['192.0.2.10'],
      useForPeeringService: true,
    })
    await lab.registry.create(contoso, 'registeredAsn', 'ix/acme', { asn: 15169 })
    const key = String(lab.shown('registeredAsn', 'ix/acme')['peeringServicePrefixKey'])
    await lab.registry.create(acme, 'peeringService', 'office', {
      peeringServiceProvider: 'as64501',
      providerPrimaryPeeringLocation: 'Amsterdam',
    })
    await lab.registry.create(acme, 'servicePrefix', 'office/web', {
      prefix: PREFIX,
      peeringServicePrefixKey: key.toUpperCase(),
    })
    const running = [...lab.running.keys()]
    for (const session of running) lab.announce(session, PREFIX, '15169')
    const verdict = () => lab.shown('servicePrefix', 'office/web')
    expect(verdict()).toMatchObject({
      prefixValidationState: 'Verified',
      learnedType: 'ViaSession',
    })
    lab.announce(running[0] as string, PREFIX, '3356')
    expect(verdict()).toMatchObject({ prefixValidationState: 'Failed' })
    expect(verdict()['errorMessage']).toContain('by AS3356, it is registered with AS15169')
  })

  test.for([
    [
      'an unknown provider',
      { peeringServiceProvider: 'nobody' },
      'There is no provider "nobody"; ask the provider for its name here (an Approved peer ASN).',
      'provider-not-found',
    ],
    [
      'a location where the provider is not',
      { providerPrimaryPeeringLocation: 'Oslo' },
      'The provider "as64501" has no connection for peering services at "Oslo"; it has them at: Amsterdam, Frankfurt.',
      'provider-not-found',
    ],
    [
      'a backup location that is the primary one',
      { providerBackupPeeringLocation: 'amsterdam' },
      'The backup location is the primary one, "Amsterdam"; choose another, or leave the key out.',
      null,
    ],
  ] as const)('is refused with %s', async ([, spec, message, reason]) => {
    const { service } = await providerLab()
    expect(await refusal(service(spec))).toMatchObject({ message, reason })
  })

  test('is the customer’s own', async () => {
    const { lab, register, service, prefix } = await providerLab()
    await service()
    await prefix(await register('web', PREFIX))
    const hidden = () => lab.registry.get(other, 'servicePrefix', 'office/web')
    expect(hidden).toThrow('There is no prefix of a peering service "office/web"')
    expect(() => lab.registry.get(contoso, 'peeringService', 'office')).toThrow('There is no')
    expect(lab.registry.ownerOf('prefix', 'services/office/web')).toBe('acme')
    await lab.registry.remove(acme, 'peeringService', 'office')
    expect(lab.has('servicePrefix', 'office/web')).toBe(false)
    expect(lab.engine.view.prefix('services/office/web')).toBeUndefined()
  })
})

describe('a prefix of a peering service is refused', () => {
  test('with a key that is none of the provider’s', async () => {
    const { register, service, prefix } = await providerLab()
    const key = await register('web', PREFIX)
    await service()
    expect(await refusal(prefix(unknownKey))).toMatchObject({
      reason: 'key-mismatch',
      place: 'peeringServicePrefixKey',
      message: `The prefix key is none of the provider "as64501"; ask it for the key of ${PREFIX}, or of the AS number that originates it.`,
    })
    expect(await refusal(prefix(key, '198.51.100.0/24'))).toMatchObject({
      reason: 'key-mismatch',
      message:
        'The prefix key was made for another prefix than 198.51.100.0/24; ask the provider "as64501" to register this one, and take its key.',
    })
  })

  test('when it is no prefix, private, or there already', async () => {
    const { lab, register, service, prefix } = await providerLab()
    const key = await register('web', PREFIX)
    await service()
    expect(await refusal(prefix(key, '203.0.113.1/24'))).toMatchObject({ reason: 'invalid-prefix' })
    expect(await refusal(prefix(key, '10.0.0.0/8'))).toMatchObject({ reason: 'private-prefix' })
    await prefix(key)
    expect(await refusal(prefix(key, PREFIX, 'office/again'))).toMatchObject({
      reason: 'duplicate-prefix',
      conflictsWith: 'office/web',
    })
    const change = { prefix: '198.51.100.0/24', peeringServicePrefixKey: key }
    expect(
      await refusal(lab.registry.update(acme, 'servicePrefix', 'office/web', change)),
    ).toMatchObject({
      place: 'prefix',
      message:
        'A prefix of a peering service cannot be modified; delete it and create it anew, with its key.',
    })
    const denied = lab.registry.create(fabrikam, 'servicePrefix', 'office/x', change)
    expect(await refusal(denied)).toMatchObject({ refusal: 'forbidden' })
  })

  test('when its family is none of those that services are for', async () => {
    const { service, prefix } = await providerLab({ settings: { serviceFamilies: ['ipv4'] } })
    await service()
    expect(await refusal(prefix(unknownKey, '2001:db8:5::/48'))).toMatchObject({
      reason: 'invalid-prefix',
      message:
        '2001:db8:5::/48 is ipv6, and peering services here are for ipv4 alone (registry.serviceFamilies).',
    })
  })
})

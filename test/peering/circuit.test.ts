import { describe, expect, test } from 'vitest'
import {
  admin,
  createRegistryLab,
  operator,
  principal,
  reader,
  refusal,
} from '../support/registry-lab.ts'

const alice = principal('customer', 'alice', 'alice-token')

const circuit = {
  serviceProviderName: 'Fabrikam',
  peeringLocation: 'Amsterdam',
  bandwidthInMbps: 1000,
}

async function circuitLab() {
  const lab = await createRegistryLab()
  const change = (spec: object) =>
    lab.registry.update(alice, 'circuit', 'er', spec, { merge: true })
  const operate = (name: string) => lab.registry.operate(operator, 'circuit', 'er', name, undefined)
  return { ...lab, change, operate }
}

describe('a circuit', () => {
  test('has a key for its provider, and waits for it to be provisioned', async () => {
    const lab = await circuitLab()
    const { properties } = await lab.registry.create(alice, 'circuit', 'er', circuit)
    expect(properties).toEqual({
      ...circuit,
      skuTier: 'Standard',
      skuFamily: 'MeteredData',
      description: '',
      serviceKey: '00000000-0000-4000-8000-000000000001',
      circuitProvisioningState: 'Enabled',
      serviceProviderProvisioningState: 'NotProvisioned',
      peeringCount: 0,
      linkCount: 0,
      provisioningState: 'Succeeded',
    })
    const read = lab.registry.get(reader, 'circuit', 'er').properties
    expect(read).not.toHaveProperty('serviceKey')
    await lab.operate('provision')
    expect(lab.shown('circuit', 'er')['serviceProviderProvisioningState']).toBe('Provisioned')
  })

  test('that an admin declares is provisioned', async () => {
    const lab = await circuitLab()
    await lab.registry.apply(admin, { circuits: [{ name: 'er', ...circuit }] }, false)
    expect(lab.shown('circuit', 'er')['serviceProviderProvisioningState']).toBe('Provisioned')
  })

  test.for([
    [{ bandwidthInMbps: 123 }, 'bandwidthInMbps'],
    [{ skuTier: 'Basic' }, 'skuTier'],
    [{ skuFamily: 'Flat' }, 'skuFamily'],
    [{ skuTier: 'Local' }, 'skuFamily'],
    [{ peeringLocation: '' }, 'peeringLocation'],
  ] as const)('%j is refused at %s', async ([given, place]) => {
    const { registry } = await circuitLab()
    const created = registry.create(alice, 'circuit', 'er', { ...circuit, ...given })
    expect(await refusal(created)).toMatchObject({ refusal: 'invalid', place })
  })

  test('grows in bandwidth, and never shrinks', async () => {
    const { registry, change } = await circuitLab()
    await registry.create(alice, 'circuit', 'er', circuit)
    await change({ bandwidthInMbps: 2000 })
    expect(await refusal(change({ bandwidthInMbps: 1000 }))).toMatchObject({
      refusal: 'not-possible',
      place: 'bandwidthInMbps',
      message:
        'The bandwidth of a circuit cannot shrink from 2000 to 1000 Mbit/s; delete it and create another.',
    })
  })

  test('goes from metered to unlimited data, and not back', async () => {
    const { registry, change } = await circuitLab()
    await registry.create(alice, 'circuit', 'er', circuit)
    await change({ skuFamily: 'UnlimitedData' })
    expect(await refusal(change({ skuFamily: 'MeteredData' }))).toMatchObject({
      refusal: 'not-possible',
      place: 'skuFamily',
    })
  })

  test.for([
    [{ skuTier: 'Local', skuFamily: 'UnlimitedData' }, 'skuTier'],
    [{ serviceProviderName: 'Other' }, 'serviceProviderName'],
    [{ peeringLocation: 'Oslo' }, 'peeringLocation'],
  ] as const)('cannot change to %j', async ([given, place]) => {
    const { registry, change } = await circuitLab()
    await registry.create(alice, 'circuit', 'er', circuit)
    expect(await refusal(change(given))).toMatchObject({ refusal: 'not-possible', place })
  })

  test('is deleted when its provider has deprovisioned it', async () => {
    const { registry, operate } = await circuitLab()
    await registry.create(alice, 'circuit', 'er', circuit)
    await operate('provision')
    const removed = registry.remove(alice, 'circuit', 'er')
    expect((await refusal(removed)).message).toBe(
      'The circuit "er" is Provisioned at its provider; have it deprovisioned there first.',
    )
    await operate('deprovision')
    expect(await registry.remove(alice, 'circuit', 'er')).toBeNull()
  })

  test('is provisioned by an operator alone', async () => {
    const { registry } = await circuitLab()
    await registry.create(alice, 'circuit', 'er', circuit)
    const provisioned = registry.operate(alice, 'circuit', 'er', 'provision', undefined)
    expect((await refusal(provisioned)).refusal).toBe('forbidden')
  })
})

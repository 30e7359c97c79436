import { describe, expect, test } from 'vitest'
import { admin, contoso, createRegistryLab, operator, refusal } from '../support/registry-lab.ts'

const v4 = { sessionPrefixV4: '192.0.2.0/30' }
const both = { ...v4, sessionPrefixV6: '2001:db8:0:1::/126' }

describe('a direct connection', () => {
  test('goes from request to Active, one state after the other', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.registry.create(contoso, 'connection', 'ams/1', both)
    expect(lab.state('ams/1')).toBe('PendingApproval')
    expect(lab.running.size).toBe(0)

    await lab.registry.operate(operator, 'connection', 'ams/1', 'approve', undefined)
    expect(lab.state('ams/1')).toBe('Approved')
    expect([...lab.running.keys()]).toEqual(['ams/1/ipv4', 'ams/1/ipv6'])
    expect(lab.shown('connection', 'ams/1')).toMatchObject({
      sessionStateV4: 'Connect',
      sessionStateV6: 'Connect',
    })

    lab.establish('ams/1/ipv4')
    await lab.wait(1)
    expect(lab.state('ams/1')).toBe('ProvisioningStarted')
    expect(lab.shown('connection', 'ams/1')['errorMessage']).toContain(
      'The session with 2001:db8:0:1::1 is not Established',
    )
    await lab.wait(3)
    lab.establish('ams/1/ipv6')
    await lab.wait(1)
    expect(lab.state('ams/1')).toBe('Validating')
    await lab.wait(1)
    expect(lab.state('ams/1')).toBe('ProvisioningCompleted')
    expect(lab.shown('connection', 'ams/1')['errorMessage']).toContain('for less than 30 s')
    await lab.wait(27)
    expect(lab.state('ams/1')).toBe('ProvisioningCompleted')
    await lab.wait(1)
    expect(lab.state('ams/1')).toBe('Active')
    expect(lab.shown('connection', 'ams/1')).toMatchObject({
      errorMessage: '',
      sessionStateV4: 'Established',
      sessions: [
        { name: 'ams/1/ipv4', counts: true, localAddress: '192.0.2.2', peerAddress: '192.0.2.1' },
        { name: 'ams/1/ipv6', counts: true },
      ],
    })
    expect(lab.problems).toEqual([])
  })

  test('fails when its sessions do not come up in time, and can be tried again', async () => {
    const lab = await createRegistryLab({ settings: { provisioningSeconds: 10 } })
    await lab.peering()
    await lab.registry.create(contoso, 'connection', 'ams/1', v4)
    await lab.registry.operate(operator, 'connection', 'ams/1', 'approve', undefined)
    await lab.registry.operate(contoso, 'connection', 'ams/1', 'provision', undefined)
    await lab.wait(11)
    expect(lab.shown('connection', 'ams/1')).toMatchObject({
      connectionState: 'ProvisioningFailed',
      errorMessage: 'The session with 192.0.2.1 is not Established.',
    })
    await lab.registry.operate(contoso, 'connection', 'ams/1', 'retry', undefined)
    expect(lab.state('ams/1')).toBe('ProvisioningStarted')
  })

  test('cannot be deleted while it is being provisioned, and goes politely after that', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.registry.create(contoso, 'connection', 'ams/1', v4)
    await lab.registry.operate(operator, 'connection', 'ams/1', 'approve', undefined)
    await lab.registry.operate(contoso, 'connection', 'ams/1', 'provision', undefined)
    expect(await refusal(lab.registry.remove(contoso, 'connection', 'ams/1'))).toMatchObject({
      refusal: 'not-possible',
      message: expect.stringContaining('is ProvisioningStarted, in which it cannot be deleted'),
    })
    lab.establish('ams/1/ipv4')
    await lab.wait(35)
    expect(lab.state('ams/1')).toBe('Active')
    const left = await lab.registry.remove(contoso, 'connection', 'ams/1')
    expect(left?.properties).toMatchObject({
      connectionState: 'PendingRemove',
      sessionStateV4: 'PendingRemove',
      provisioningState: 'Deleting',
    })
    expect(lab.told).toEqual(['add ams/1/ipv4', 'remove ams/1/ipv4'])
    await lab.wait(1)
    expect(lab.has('connection', 'ams/1')).toBe(false)
  })

  test('takes another session while it is Active, which counts when it passed its own checks', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', v4)
    await lab.registry.update(contoso, 'connection', 'ams/1', both)
    expect(lab.shown('connection', 'ams/1')).toMatchObject({
      connectionState: 'Active',
      sessionStateV6: 'Connect',
      sessions: [{ counts: true }, { counts: false }],
    })
    lab.establish('ams/1/ipv6')
    await lab.wait(31)
    expect(lab.shown('connection', 'ams/1')).toMatchObject({
      errorMessage: '',
      sessions: [{ counts: true }, { counts: true }],
    })
    expect(lab.told).toEqual(['add ams/1/ipv4', 'add ams/1/ipv6'])
  })

  test('is checked anew when its only session gets other addresses', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', v4)
    await lab.registry.update(contoso, 'connection', 'ams/1', { sessionPrefixV4: '192.0.2.4/31' })
    expect(lab.shown('connection', 'ams/1')).toMatchObject({
      connectionState: 'ProvisioningStarted',
      peerSessionIPv4Address: '192.0.2.4',
      microsoftSessionIPv4Address: '192.0.2.5',
      sessions: [{ counts: false }],
    })
    expect(lab.told.at(-1)).toBe('replace ams/1/ipv4')
  })

  test('asks an operator before it serves for something else', async () => {
    const lab = await createRegistryLab()
    await lab.peering('ams', { sku: 'Premium_Direct_Free' })
    await lab.activate('ams/1', v4)
    const use = { useForPeeringService: true }
    await lab.registry.update(contoso, 'connection', 'ams/1', use, { merge: true })
    expect(lab.state('ams/1')).toBe('TypeChangeRequested')
    await lab.registry.operate(operator, 'connection', 'ams/1', 'reject', { reason: 'not yet' })
    expect(lab.shown('connection', 'ams/1')).toMatchObject({
      connectionState: 'Active',
      useForPeeringService: false,
      errorMessage: 'not yet',
    })
    await lab.registry.update(contoso, 'connection', 'ams/1', use, { merge: true })
    await lab.registry.operate(operator, 'connection', 'ams/1', 'approve', undefined)
    expect(lab.state('ams/1')).toBe('TypeChangeInProgress')
    await lab.wait(1)
    expect(lab.state('ams/1')).toBe('Active')
    expect(lab.shown('connection', 'ams/1')['sessions']).toMatchObject([{ counts: true }])
  })

  test('has no secret in what is shown, planned, exported or audited', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    const secret = 'correct horse'
    await lab.registry.create(contoso, 'connection', 'ams/1', {
      ...v4,
      md5AuthenticationKey: secret,
    })
    await lab.registry.update(contoso, 'connection', 'ams/1', { ...v4, bandwidthInMbps: 10_000 })
    await lab.registry.operate(operator, 'connection', 'ams/1', 'approve', undefined)
    expect(lab.running.get('ams/1/ipv4')?.password).toBe(secret)
    const audit = await lab.store?.audit({ limit: 100 })
    const seen = [lab.registry.export(admin), lab.shown('connection', 'ams/1'), audit]
    expect(JSON.stringify(seen)).not.toContain(secret)
    await lab.registry.update(contoso, 'connection', 'ams/1', { ...v4, md5AuthenticationKey: null })
    expect(lab.running.get('ams/1/ipv4')?.password).toBeUndefined()
  })
})

import { describe, expect, test } from 'vitest'
import type { Principal } from '../../src/peering/kind.ts'
import { usableAddresses } from '../../src/peering/session-addresses.ts'
import { specialBlockOf } from '../../src/peering/special-purpose.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import {
  admin,
  contoso,
  createRegistryLab,
  fabrikam,
  operator,
  refusal,
} from '../support/registry-lab.ts'
import { sessionConfig } from '../support/session-config.ts'

const asn = { peerAsn: 64501, peerName: 'Contoso' }
const direct = { kind: 'Direct', peeringLocation: 'Amsterdam', peerAsn: 'as64501' }

describe('peer ASNs', () => {
  test('wait for approval, can be rejected with a reason, and are approved after all', async () => {
    const lab = await createRegistryLab()
    await lab.registry.create(contoso, 'peerAsn', 'a', asn)
    expect(lab.shown('peerAsn', 'a')['validationState']).toBe('Pending')
    await lab.registry.operate(operator, 'peerAsn', 'a', 'reject', { reason: 'not in PeeringDB' })
    expect(lab.shown('peerAsn', 'a')).toMatchObject({
      validationState: 'Failed',
      errorMessage: 'not in PeeringDB',
    })
    const peering = lab.registry.create(contoso, 'peering', 'p', { ...direct, peerAsn: 'a' })
    expect(await refusal(peering)).toMatchObject({ refusal: 'not-possible', place: 'peerAsn' })
    await lab.registry.operate(operator, 'peerAsn', 'a', 'approve', undefined)
    expect(lab.shown('peerAsn', 'a')).toMatchObject({
      validationState: 'Approved',
      errorMessage: '',
    })
  })

  test('a rejection needs a reason', async () => {
    const lab = await createRegistryLab()
    await lab.registry.create(contoso, 'peerAsn', 'a', asn)
    const rejected = lab.registry.operate(operator, 'peerAsn', 'a', 'reject', {})
    expect(await refusal(rejected)).toMatchObject({ refusal: 'invalid', place: 'reason' })
  })

  test('that are rejected leave their number to others, and cannot come back over them', async () => {
    const lab = await createRegistryLab()
    await lab.registry.create(contoso, 'peerAsn', 'a', asn)
    await lab.registry.operate(operator, 'peerAsn', 'a', 'reject', { reason: 'no' })
    await lab.registry.create(fabrikam, 'peerAsn', 'b', asn)
    const approve = lab.registry.operate(operator, 'peerAsn', 'a', 'approve', undefined)
    expect(await refusal(approve)).toMatchObject({ refusal: 'conflict', conflictsWith: 'b' })
  })

  test('that a peering uses cannot be rejected', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    const reject = lab.registry.operate(operator, 'peerAsn', 'as64501', 'reject', { reason: 'no' })
    expect(await refusal(reject)).toMatchObject({ refusal: 'not-possible', conflictsWith: 'ams' })
  })
})

describe('peerings', () => {
  test.for([
    [{ kind: 'Exchange', directPeeringType: 'Ix' }, 'directPeeringType'],
    [{ kind: 'Direct', sku: 'Basic_Exchange_Free' }, 'sku'],
    [{ directPeeringType: 'IxRs', sku: 'Basic_Direct_Free' }, 'sku'],
    [{ directPeeringType: 'Voice', sku: 'Premium_Direct_Metered' }, 'sku'],
    [{ directPeeringType: 'Satellite' }, 'directPeeringType'],
    [{ peeringLocation: '' }, 'peeringLocation'],
    [{ peerAsn: 'a/b' }, 'peerAsn'],
  ] as const)('%j is refused at %s', async ([given, place]) => {
    const lab = await createRegistryLab()
    await lab.peering()
    const created = lab.registry.create(contoso, 'peering', 'p', { ...direct, ...given })
    expect(await refusal(created)).toMatchObject({ refusal: 'invalid', place })
  })

  test.for([
    [{}, 'Edge', 'Basic_Direct_Free'],
    [{ directPeeringType: 'IxRs' }, 'IxRs', 'Premium_Direct_Free'],
    [{ kind: 'Exchange' }, undefined, 'Basic_Exchange_Free'],
  ] as const)('%j is of type %s with %s', async ([given, directPeeringType, sku]) => {
    const lab = await createRegistryLab()
    await lab.peering()
    const { properties } = await lab.registry.create(contoso, 'peering', 'p', {
      ...direct,
      ...given,
    })
    expect(properties).toMatchObject({ sku, asn: 64501 })
    expect(properties['directPeeringType']).toBe(directPeeringType)
  })

  test.for(['..', 'a/b', 'a b', 'ä', '', 'x'.repeat(64)])('cannot be named "%s"', async (name) => {
    const lab = await createRegistryLab()
    await lab.peering()
    const created = lab.registry.create(contoso, 'peering', `${name}`, direct)
    expect(['invalid', 'not-found']).toContain((await refusal(created)).refusal)
  })

  test.for([
    { kind: 'Exchange' },
    { directPeeringType: 'Transit' },
    { peeringLocation: 'Berlin' },
    { peerAsn: 'as64502' },
  ])('cannot change %j, and the refusal says why', async (change) => {
    const lab = await createRegistryLab()
    await lab.peering()
    const changed = lab.registry.update(contoso, 'peering', 'ams', { ...direct, ...change })
    expect(await refusal(changed)).toMatchObject({
      refusal: 'not-possible',
      place: Object.keys(change)[0],
      message: expect.stringContaining('cannot change, because'),
    })
  })

  test('are only with an Approved peer ASN of the same owner', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    const stranger = lab.registry.create(fabrikam, 'peering', 'p', direct)
    expect(await refusal(stranger)).toMatchObject({
      refusal: 'not-possible',
      place: 'peerAsn',
      conflictsWith: null,
    })
  })

  test('need a Premium SKU as long as Peering Service uses a connection', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    const connection = { sessionPrefixV4: '192.0.2.0/30', useForPeeringService: true }
    const basic = lab.registry.create(contoso, 'connection', 'ams/1', connection)
    expect(await refusal(basic)).toMatchObject({ place: 'useForPeeringService' })
    const premium = { sku: 'Premium_Direct_Free' }
    await lab.registry.update(contoso, 'peering', 'ams', premium, { merge: true })
    await lab.registry.create(contoso, 'connection', 'ams/1', connection)
    const back = { sku: 'Basic_Direct_Free' }
    const lowered = lab.registry.update(contoso, 'peering', 'ams', back, { merge: true })
    expect(await refusal(lowered)).toMatchObject({ place: 'sku', conflictsWith: 'ams/1' })
  })
})

describe('addresses', () => {
  // RFC 3021, RFC 6164: both addresses of a /31 and a /127; else without the first and the last.
  test.for([
    ['192.0.2.4/30', '192.0.2.5', '192.0.2.6'],
    ['192.0.2.4/31', '192.0.2.4', '192.0.2.5'],
    ['255.255.255.252/30', '255.255.255.253', '255.255.255.254'],
    ['2001:db8::4/126', '2001:db8::5', '2001:db8::6'],
    ['2001:db8::4/127', '2001:db8::4', '2001:db8::5'],
    ['2001:db8::ffff:fffc/126', '2001:db8::ffff:fffd', '2001:db8::ffff:fffe'],
  ])('of %s are %s and %s', ([prefix, first, second]) => {
    expect(usableAddresses(parsePrefix(prefix as string))).toEqual([first, second])
  })

  test.for([
    ['Peer', '192.0.2.1', '192.0.2.2'],
    ['Microsoft', '192.0.2.2', '192.0.2.1'],
  ])('given by %s: the peer has %s', async ([sessionAddressProvider, peer, local]) => {
    const lab = await createRegistryLab()
    await lab.peering()
    const spec = { sessionPrefixV4: '192.0.2.0/30', sessionAddressProvider }
    const { properties } = await lab.registry.create(contoso, 'connection', 'ams/1', spec as object)
    expect(properties).toMatchObject({
      peerSessionIPv4Address: peer,
      microsoftSessionIPv4Address: local,
    })
  })

  test.for([
    ['Direct', {}, 'sessionPrefixV4'],
    ['Direct', { sessionPrefixV4: '192.0.2.0/29' }, 'sessionPrefixV4'],
    ['Direct', { sessionPrefixV4: '192.0.2.1/30' }, 'sessionPrefixV4'],
    ['Direct', { sessionPrefixV4: '2001:db8::/126' }, 'sessionPrefixV4'],
    ['Direct', { sessionPrefixV6: '2001:db8::/125' }, 'sessionPrefixV6'],
    ['Direct', { peerSessionIPv4Address: '192.0.2.9' }, 'peerSessionIPv4Address'],
    ['Exchange', { sessionPrefixV4: '192.0.2.0/30' }, 'sessionPrefixV4'],
    ['Exchange', { peerSessionIPv4Address: '2001:db8::1' }, 'peerSessionIPv4Address'],
    ['Exchange', { microsoftSessionIPv4Address: '192.0.2.1' }, 'peerSessionIPv4Address'],
    ['IxRs', { peerSessionAddresses: ['192.0.2.9'] }, 'peerSessionAddresses'],
    ['IxRs', { peerSessionAddresses: [], microsoftSessionAddresses: [] }, 'peerSessionAddresses'],
    [
      'IxRs',
      {
        peerSessionAddresses: ['192.0.2.9', '2001:db8::9'],
        microsoftSessionAddresses: ['192.0.2.1'],
      },
      'microsoftSessionAddresses',
    ],
    [
      'IxRs',
      { peerSessionAddresses: ['192.0.2.9'], microsoftSessionAddresses: ['192.0.2.9'] },
      'peerSessionAddresses',
    ],
    ['Direct', { sessionPrefixV4: '192.0.2.0/30', holdTime: 2 }, 'holdTime'],
    [
      'Direct',
      { sessionPrefixV4: '192.0.2.0/30', maxPrefixesAdvertisedV4: 0 },
      'maxPrefixesAdvertisedV4',
    ],
  ] as const)('of a %s connection: %j is refused at %s', async ([form, spec, place]) => {
    const lab = await createRegistryLab()
    const kind =
      form === 'Exchange' ? { kind: form } : form === 'IxRs' ? { directPeeringType: form } : {}
    await lab.peering('p', kind)
    const created = lab.registry.create(contoso, 'connection', 'p/1', spec)
    expect(await refusal(created)).toMatchObject({ refusal: 'invalid', place })
  })

  test('of a route server connection make every session there can be, without a check of the first AS', async () => {
    const lab = await createRegistryLab()
    await lab.peering('rs', { directPeeringType: 'IxRs' })
    await lab.registry.create(contoso, 'connection', 'rs/1', {
      peerSessionAddresses: ['192.0.2.8', '192.0.2.9', '2001:db8::9'],
      microsoftSessionAddresses: ['192.0.2.1', '192.0.2.2', '2001:db8::1'],
    })
    await lab.registry.operate(operator, 'connection', 'rs/1', 'approve', undefined)
    const sessions = [...lab.running.values()].map(({ address, localAddress, families }) => {
      return `${address} ${localAddress} ${families}`
    })
    expect(sessions.sort()).toEqual([
      '192.0.2.8 192.0.2.1 ipv4',
      '192.0.2.8 192.0.2.2 ipv4',
      '192.0.2.9 192.0.2.1 ipv4',
      '192.0.2.9 192.0.2.2 ipv4',
      '2001:db8::9 2001:db8::1 ipv6',
    ])
    expect([...lab.running.values()].every(({ firstAsCheck }) => firstAsCheck === false)).toBe(true)
  })

  test('that have a session already are refused, here and in the configuration file', async () => {
    const declared = [sessionConfig({ name: 'edge', address: '192.0.2.9', port: 179 })]
    const lab = await createRegistryLab({ declared })
    await lab.peering()
    const spec = { sessionPrefixV4: '192.0.2.0/30' }
    await lab.registry.create(contoso, 'connection', 'ams/1', spec)
    const twice = lab.registry.create(contoso, 'connection', 'ams/2', spec)
    expect(await refusal(twice)).toMatchObject({
      refusal: 'conflict',
      place: 'sessionPrefixV4',
      conflictsWith: 'ams/1',
    })
    const edge = lab.registry.create(contoso, 'connection', 'ams/2', {
      sessionPrefixV4: '192.0.2.8/30',
    })
    expect((await refusal(edge)).message).toContain('a session "edge" with 192.0.2.9 port 179')
    const moved = { ...spec, peerPort: 1179 }
    await lab.registry.create(contoso, 'connection', 'ams/2', moved)
  })

  test('of one peer have one MD5 key', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    const spec = { sessionPrefixV4: '192.0.2.0/30', md5AuthenticationKey: 'one' }
    await lab.registry.create(contoso, 'connection', 'ams/1', spec)
    const other = { ...spec, peerPort: 1179, md5AuthenticationKey: 'two' }
    const second = lab.registry.create(contoso, 'connection', 'ams/2', other)
    expect(await refusal(second)).toMatchObject({ place: 'md5AuthenticationKey' })
  })

  test('cannot be protected where the machine cannot', async () => {
    const lab = await createRegistryLab({ sessionProblem: 'the kernel has no MD5' })
    await lab.peering()
    const spec = { sessionPrefixV4: '192.0.2.0/30', md5AuthenticationKey: 'one' }
    const created = lab.registry.create(contoso, 'connection', 'ams/1', spec)
    expect(await refusal(created)).toMatchObject({
      place: 'md5AuthenticationKey',
      message: 'the kernel has no MD5',
    })
  })

  test('of a connection in service change without touching those of another', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.activate('ams/2', { sessionPrefixV4: '192.0.2.4/30' })
    lab.told.length = 0
    await lab.registry.update(contoso, 'connection', 'ams/1', { sessionPrefixV4: '192.0.2.8/30' })
    await lab.registry.remove(contoso, 'connection', 'ams/1').catch(() => undefined)
    lab.establish('ams/1/ipv4')
    await lab.wait(35)
    await lab.registry.remove(contoso, 'connection', 'ams/1')
    expect(lab.told).toEqual(['replace ams/1/ipv4', 'remove ams/1/ipv4'])
    expect(lab.state('ams/2')).toBe('Active')
  })
})

describe('registered prefixes', () => {
  test('whoever sees all is told whose stands in the way', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    const create = (who: Principal, name: string) =>
      lab.registry.create(who, 'registeredPrefix', name, { prefix: '198.51.100.0/24' })
    await create(contoso, 'ams/web')
    const words = 'registered already, as the registered prefix "ams/web"'
    expect((await refusal(create(admin, 'ams/other'))).message).toContain(`${words} of contoso;`)
    expect((await refusal(create(contoso, 'ams/other'))).message).toContain(`${words};`)
  })

  test.for([
    ['10.1.0.0/16', 'private-prefix'],
    ['100.64.0.0/16', 'private-prefix'],
    ['192.0.2.0/24', 'private-prefix'],
    ['224.0.0.0/8', 'private-prefix'],
    ['fd00::/48', 'private-prefix'],
    ['2001:10::/28', 'private-prefix'],
    ['198.51.100.1/24', 'invalid-prefix'],
    ['198.51.100.0/33', 'invalid-prefix'],
    ['198.51.100.0', 'invalid-prefix'],
    ['8.0.0.0/7', 'invalid-prefix'],
    ['::/0', 'invalid-prefix'],
  ])('%s is refused as %s', async ([prefix, reason]) => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    const created = lab.registry.create(contoso, 'registeredPrefix', 'ams/web', {
      prefix: prefix as string,
    })
    expect(await refusal(created)).toMatchObject({ refusal: 'invalid', place: 'prefix', reason })
  })

  test('need a connection in service', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    const prefix = { prefix: '198.51.100.0/24' }
    const early = lab.registry.create(contoso, 'registeredPrefix', 'ams/web', prefix)
    expect(await refusal(early)).toMatchObject({ refusal: 'not-possible', conflictsWith: 'ams' })
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', prefix)
  })

  test('are registered once, and overlap nobody else', async () => {
    const declaredPrefixes = [
      { name: 'declared', prefix: parsePrefix('203.0.113.128/25'), originAsns: [] },
    ]
    const lab = await createRegistryLab({ declaredPrefixes })
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(fabrikam, 'peerAsn', 'f', { peerAsn: 64502, peerName: 'Fabrikam' })
    await lab.registry.operate(operator, 'peerAsn', 'f', 'approve', undefined)
    await lab.registry.create(fabrikam, 'peering', 'fra', { ...direct, peerAsn: 'f' })
    await lab.registry.create(fabrikam, 'connection', 'fra/1', { sessionPrefixV4: '192.0.2.4/30' })
    await lab.registry.operate(operator, 'connection', 'fra/1', 'approve', undefined)
    lab.establish('fra/1/ipv4')
    await lab.wait(35)

    const register = (who: typeof contoso, id: string, prefix: string) =>
      lab.registry.create(who, 'registeredPrefix', id, { prefix })
    await register(contoso, 'ams/web', '198.51.100.0/25')
    await register(contoso, 'ams/all', '198.51.100.0/24')
    expect(await refusal(register(contoso, 'ams/again', '198.51.100.0/25'))).toMatchObject({
      refusal: 'conflict',
      reason: 'duplicate-prefix',
      conflictsWith: 'ams/web',
    })
    for (const [prefix, reason] of [
      ['198.51.100.0/25', 'duplicate-prefix'],
      ['198.51.100.64/26', 'overlapping-prefix'],
      ['198.51.100.128/25', 'overlapping-prefix'],
    ] as const) {
      const refused = await refusal(register(fabrikam, 'fra/web', prefix))
      expect(refused).toMatchObject({ refusal: 'conflict', reason, conflictsWith: null })
      expect(refused.message).not.toMatch(/ams|contoso/)
    }
    expect(await refusal(register(contoso, 'ams/x', '203.0.113.0/24'))).toMatchObject({
      reason: 'overlapping-prefix',
    })
    await register(fabrikam, 'fra/web', '203.0.113.0/25')
  })

  test('cannot be edited, and the refusal says to delete and create', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', { prefix: '198.51.100.0/25' })
    const changed = lab.registry.update(contoso, 'registeredPrefix', 'ams/web', {
      prefix: '198.51.100.128/25',
    })
    expect(await refusal(changed)).toMatchObject({
      refusal: 'not-possible',
      place: 'prefix',
      message: expect.stringContaining('delete it and register the other'),
    })
  })

  test('follow their verdict, and all findings are joined in one message', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    const prefix = { prefix: '198.51.100.0/24', originAsns: [64510] }
    await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', prefix)
    const state = () => lab.shown('registeredPrefix', 'ams/web')
    expect(state()).toMatchObject({ prefixValidationState: 'Failed' })
    lab.announce('ams/1/ipv4', '198.51.100.0/24', '64501 64510')
    expect(state()).toMatchObject({ prefixValidationState: 'Verified', errorMessage: '' })
    lab.announce('ams/1/ipv4', '198.51.100.0/24', '64501 64502 64503 64511')
    const { errorMessage } = state()
    expect(errorMessage).toContain('AS path of length 4, at most 3 is allowed')
    expect(errorMessage).toContain('originated on ams/1/ipv4 by AS64511')
    await lab.registry.operate(operator, 'registeredPrefix', 'ams/web', 'validate', undefined)
    const failed = lab.registry.list(contoso, 'registeredPrefix', {
      filter: { prefixValidationState: 'Failed' },
      limit: 10,
    })
    expect(failed.items.map(({ id }) => id)).toEqual(['ams/web'])
  })

  test('are expected on every session of their peering, also one that comes later', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', { prefix: '198.51.100.0/24' })
    await lab.activate('ams/2', { sessionPrefixV4: '192.0.2.4/30' })
    expect(lab.engine.view.expectedSessions('ams/web')).toEqual(['ams/1/ipv4', 'ams/2/ipv4'])
    await lab.registry.remove(contoso, 'connection', 'ams/1')
    expect(lab.engine.view.expectedSessions('ams/web')).toEqual(['ams/2/ipv4'])
  })
})

describe('registered ASNs', () => {
  const mesh = { peerSessionAddresses: ['192.0.2.9'], microsoftSessionAddresses: ['192.0.2.1'] }

  test('are for route servers, need one in service, and are unique with any peering', async () => {
    const lab = await createRegistryLab()
    await lab.peering('rs', { directPeeringType: 'IxRs' })
    await lab.peering('ams')
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.4/30' })
    const register = (id: string) =>
      lab.registry.create(contoso, 'registeredAsn', id, { asn: 64510 })
    expect(await refusal(register('ams/c'))).toMatchObject({ conflictsWith: 'ams' })
    expect(await refusal(register('rs/c'))).toMatchObject({ conflictsWith: 'rs' })
    await lab.activate('rs/1', mesh)
    const { properties } = await register('rs/c')
    expect(properties['peeringServicePrefixKey']).toMatch(/^[0-9a-f]{8}-/)
    expect(await refusal(register('rs/d'))).toMatchObject({
      refusal: 'conflict',
      place: 'asn',
      conflictsWith: 'rs/c',
    })
    const prefix = { prefix: '198.51.100.0/24' }
    const direct = lab.registry.create(contoso, 'registeredPrefix', 'rs/web', prefix)
    expect((await refusal(direct)).message).toContain("register the customer's AS number")
  })
})

// IANA's registries as the RFCs cite them.
test.for([
  ['10.255.255.255/32', 'RFC 1918'],
  ['172.31.0.0/16', 'RFC 1918'],
  ['172.32.0.0/16', undefined],
  ['100.127.0.0/16', 'RFC 6598'],
  ['198.19.0.0/16', 'RFC 2544'],
  ['198.20.0.0/16', undefined],
  ['192.88.99.0/24', 'RFC 7526'],
  ['203.0.113.64/26', 'RFC 5737'],
  ['255.255.255.255/32', 'RFC 1112'],
  ['8.8.8.0/24', undefined],
  ['64:ff9b:1:2::/64', 'RFC 8215'],
  ['64:ff9b::/96', undefined],
  ['2001:1ff::/32', 'RFC 2928'],
  ['2001:200::/32', undefined],
  ['2002:c000::/24', 'RFC 3056'],
  ['3fff:fff::/32', 'RFC 9637'],
  ['fe80::/64', 'RFC 4291'],
  ['2620:4f:8000::/48', undefined],
])('%s is special-purpose by %s', ([prefix, source]) => {
  expect(specialBlockOf(parsePrefix(prefix as string))?.source).toBe(source)
})

import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/store/types.ts'
import { admin, contoso, createRegistryLab, reader, refusal } from '../support/registry-lab.ts'

const document = {
  peerAsns: [{ name: 'contoso', owner: 'contoso', peerAsn: 64501, peerName: 'Contoso' }],
  peerings: [
    {
      name: 'ams',
      owner: 'contoso',
      kind: 'Direct',
      sku: 'Premium_Direct_Free',
      peeringLocation: 'Amsterdam',
      peerAsn: 'contoso',
      connections: [
        { name: '1', sessionPrefixV4: '192.0.2.0/30', md5AuthenticationKey: 'a secret' },
        { name: '2', sessionPrefixV4: '192.0.2.4/30' },
      ],
      registeredPrefixes: [
        { name: 'web', prefix: '198.51.100.0/25' },
        { name: 'mail', prefix: '198.51.100.128/25', originAsns: [64501] },
      ],
    },
  ],
} satisfies JsonObject

/** The document with something else in its first peering. */
function withPeering(change: JsonObject): JsonObject {
  return { ...document, peerings: [{ ...document.peerings[0], ...change }] }
}

describe('a document', () => {
  test('is applied whole, and a second time changes nothing', async () => {
    const lab = await createRegistryLab()
    const planned = await lab.registry.plan(admin, document, false)
    expect(planned.map(({ action, kind, id }) => `${action} ${kind} ${id}`)).toEqual([
      'create peerAsn contoso',
      'create peering ams',
      'create connection ams/1',
      'create connection ams/2',
      'create registeredPrefix ams/mail',
      'create registeredPrefix ams/web',
    ])
    expect(lab.has('peering', 'ams')).toBe(false)
    expect(JSON.stringify(planned)).not.toContain('a secret')
    expect(await lab.registry.apply(admin, document, false)).toEqual(planned)
    expect(lab.shown('peerAsn', 'contoso')['validationState']).toBe('Approved')
    expect([...lab.running.keys()]).toEqual(['ams/1/ipv4', 'ams/2/ipv4'])
    expect(await lab.registry.plan(admin, document, true)).toEqual([])
    const before = await lab.store?.load()
    expect(await lab.registry.apply(admin, document, true)).toEqual([])
    expect(await lab.store?.load()).toEqual(before)
  })

  test('with its secrets makes the same keys and passwords elsewhere, for an admin alone', async () => {
    const lab = await createRegistryLab()
    await lab.registry.apply(admin, document, false)
    // Keys are counted up in the laboratory: in the other one `web` would have another.
    const key = '00000000-0000-4000-8000-000000000042'
    const [peering] = document.peerings
    const web = { name: 'web', prefix: '198.51.100.0/25', peeringServicePrefixKey: key }
    const other = await createRegistryLab()
    await other.registry.apply(admin, withPeering({ registeredPrefixes: [web] }), false)
    expect(other.shown('registeredPrefix', 'ams/web')['peeringServicePrefixKey']).toBe(key)

    const exported = other.registry.export(admin, true)
    expect(JSON.stringify(exported)).toContain('"md5AuthenticationKey":"a secret"')
    expect(await other.registry.plan(admin, exported, true)).toEqual([])
    const third = await createRegistryLab()
    await third.registry.apply(admin, exported, false)
    expect(third.shown('registeredPrefix', 'ams/web')['peeringServicePrefixKey']).toBe(key)
    expect(third.running.get('ams/1/ipv4')?.password).toBe('a secret')

    expect(() => other.registry.export(contoso, true)).toThrow(/only an admin can export passwords/)
    const mail = { name: 'mail', prefix: '198.51.100.128/25', peeringServicePrefixKey: key }
    const again = withPeering({ registeredPrefixes: [web, mail] })
    expect(await refusal(other.registry.apply(admin, again, false))).toMatchObject({
      refusal: 'conflict',
      place: 'peerings[0].registeredPrefixes[1].peeringServicePrefixKey',
      conflictsWith: 'ams/web',
    })
    const changed = { ...web, peeringServicePrefixKey: key.replace('42', '43') }
    const another = withPeering({ registeredPrefixes: [changed] })
    expect(await refusal(other.registry.apply(admin, another, false))).toMatchObject({
      message: expect.stringMatching(/never changes/),
    })
    const spec = { prefix: '198.51.100.128/25', peeringServicePrefixKey: key }
    const own = other.registry.create(contoso, 'registeredPrefix', `${peering?.name}/mail`, spec)
    expect(await refusal(own)).toMatchObject({ refusal: expect.any(String) })
  })

  test('is what export gives, without secrets, and makes the same registry elsewhere', async () => {
    const lab = await createRegistryLab()
    await lab.registry.apply(admin, document, false)
    const exported = lab.registry.export(admin)
    expect(JSON.stringify(exported)).not.toMatch(/a secret|Key/)
    expect(await lab.registry.plan(admin, exported, true)).toEqual([])
    const other = await createRegistryLab()
    await other.registry.apply(admin, exported, false)
    expect(other.registry.export(admin)).toEqual(exported)
    const theirs = lab.registry.export(contoso)
    expect(theirs).toEqual(
      JSON.parse(JSON.stringify(exported).replaceAll('"owner":"contoso",', '')),
    )
    expect(await lab.registry.plan(contoso, theirs, true)).toEqual([])
  })

  test('shows what differs, key by key', async () => {
    const lab = await createRegistryLab()
    await lab.registry.apply(admin, document, false)
    const changed = withPeering({
      description: 'two links',
      connections: [
        { name: '1', sessionPrefixV4: '192.0.2.8/30', md5AuthenticationKey: 'new one' },
      ],
    })
    expect(await lab.registry.plan(admin, changed, true)).toEqual([
      {
        action: 'update',
        kind: 'peering',
        id: 'ams',
        differences: [{ key: 'description', before: '', after: 'two links' }],
      },
      {
        action: 'update',
        kind: 'connection',
        id: 'ams/1',
        differences: [
          { key: 'sessionPrefixV4', before: '192.0.2.0/30', after: '192.0.2.8/30' },
          { key: 'md5AuthenticationKey', before: '***', after: '***' },
        ],
      },
      { action: 'delete', kind: 'connection', id: 'ams/2', differences: [] },
    ])
  })

  test('keeps the keys of what stays', async () => {
    const lab = await createRegistryLab()
    await lab.registry.apply(admin, document, false)
    const key = () => lab.shown('registeredPrefix', 'ams/web')['peeringServicePrefixKey']
    const before = key()
    const less = withPeering({ registeredPrefixes: [{ name: 'web', prefix: '198.51.100.0/25' }] })
    await lab.registry.apply(admin, less, true)
    expect(key()).toBe(before)
    expect(lab.has('registeredPrefix', 'ams/mail')).toBe(false)
  })

  test('moves a prefix to another name in one transaction', async () => {
    const lab = await createRegistryLab()
    await lab.registry.apply(admin, document, false)
    const moved = withPeering({ registeredPrefixes: [{ name: 'new', prefix: '198.51.100.0/25' }] })
    await lab.registry.apply(admin, moved, true)
    expect(lab.has('registeredPrefix', 'ams/new')).toBe(true)
    expect(lab.engine.view.prefix('ams/web')).toBeUndefined()
  })

  test('with mistakes tells all of them with their places, and changes nothing', async () => {
    const lab = await createRegistryLab()
    const bad = withPeering({
      connections: [
        { name: '1', sessionPrefixV4: '192.0.2.0/29' },
        { name: '2', sessionPrefixV4: '192.0.2.4/30', colour: 'red' },
      ],
      registeredPrefixes: [{ name: 'web', prefix: '10.0.0.0/8' }],
    })
    const problems = await lab.registry.apply(admin, bad, false).catch((error) => error.problems)
    expect(problems.map(({ place }: { place: string }) => place)).toEqual([
      'peerings[0].connections[0].sessionPrefixV4',
      'peerings[0].connections[1].colour',
      'peerings[0].registeredPrefixes[0].prefix',
    ])
    expect(lab.registry.export(admin)).toEqual({})
    expect(await lab.store?.load()).toEqual([])
  })

  test.for([
    [{ peers: [] }, 'peers', 'unknown key, expected one of peerAsns, peerings'],
    [{ peerings: {} }, 'peerings', 'expected a list of peerings'],
    [{ peerings: [1] }, 'peerings[0]', 'expected a mapping with name'],
    [{ peerings: [{ kind: 'Direct' }] }, 'peerings[0].name', 'is missing, expected a name'],
    [
      { peerAsns: [document.peerAsns[0], document.peerAsns[0]] },
      'peerAsns[1].name',
      '"contoso" stands in the document twice, expected it once',
    ],
  ] as const)('%j is refused at %s', async ([given, place, message]) => {
    const lab = await createRegistryLab()
    const refused = await refusal(lab.registry.plan(admin, given as JsonObject, false))
    expect(refused).toMatchObject({ refusal: 'invalid', place })
    expect(refused.message).toContain(message)
  })

  test('of a tenant waits for approval, and touches nobody else', async () => {
    const lab = await createRegistryLab()
    await lab.registry.apply(
      admin,
      { peerAsns: [{ name: 'x', peerAsn: 64510, peerName: 'X' }] },
      false,
    )
    const own = { peerAsns: [{ name: 'contoso', peerAsn: 64501, peerName: 'Contoso' }] }
    await lab.registry.apply(contoso, own, true)
    expect(lab.has('peerAsn', 'x')).toBe(true)
    expect(lab.shown('peerAsn', 'contoso')['validationState']).toBe('Pending')
    const stolen = { peerAsns: [{ name: 'x', peerAsn: 64502, peerName: 'X' }] }
    expect(await refusal(lab.registry.apply(contoso, stolen, false))).toMatchObject({
      refusal: 'conflict',
      place: 'peerAsns[0].name',
    })
    expect((await refusal(lab.registry.apply(reader, own, false))).refusal).toBe('forbidden')
  })
})

test('ten thousand prefixes are applied in slices, and found in pages', async () => {
  const lab = await createRegistryLab()
  const registeredPrefixes = Array.from({ length: 10_000 }, (_, i) => ({
    name: `p${i}`,
    prefix: `11.${i >> 8}.${i & 255}.0/24`,
  }))
  let turns = 0
  const watch = setInterval(() => {
    turns++
  }, 1)
  const begin = performance.now()
  const changes = await lab.registry.apply(admin, withPeering({ registeredPrefixes }), false)
  const took = performance.now() - begin
  clearInterval(watch)
  expect(changes.length).toBe(10_004)
  expect(lab.engine.view.prefixes().length).toBe(10_000)
  // Two seconds where nothing else runs; the sockets had their turns meanwhile.
  expect(took).toBeLessThan(30_000)
  expect(turns).toBeGreaterThan(20)
  const page = lab.registry.list(admin, 'registeredPrefix', {
    limit: 2,
    filter: { prefixValidationState: 'Pending' },
    sort: '-prefix',
  })
  expect(page.total).toBe(10_000)
}, 60_000)

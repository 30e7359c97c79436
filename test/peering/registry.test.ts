import { describe, expect, test } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { type KeptAnswer, StoreError } from '../../src/store/types.ts'
import {
  admin,
  contoso,
  createRegistryLab,
  fabrikam,
  operator,
  principal,
  reader,
  refusal,
} from '../support/registry-lab.ts'

const asn = { peerAsn: 64501, peerName: 'Contoso' }

describe('writes', () => {
  test('are durable before they are seen: what the store does not take, nobody sees', async () => {
    const store = createMemoryStore()
    const lab = await createRegistryLab({ store })
    store.commit = async () => {
      throw new StoreError('the disk is full')
    }
    await expect(lab.registry.create(contoso, 'peerAsn', 'a', asn)).rejects.toThrow('disk is full')
    expect(lab.has('peerAsn', 'a')).toBe(false)
    expect(lab.running.size).toBe(0)
  })

  test('are refused without a storage file, with the key to set', async () => {
    const lab = await createRegistryLab({ store: null })
    expect(await refusal(lab.registry.create(admin, 'peerAsn', 'a', asn))).toMatchObject({
      refusal: 'not-possible',
      message: expect.stringContaining('storage.path'),
    })
  })

  test('raise the version by one, and those that change nothing do not', async () => {
    const lab = await createRegistryLab()
    const first = await lab.registry.create(contoso, 'peerAsn', 'a', asn)
    const same = await lab.registry.update(contoso, 'peerAsn', 'a', asn)
    expect(same.etag).toBe(first.etag)
    const other = await lab.registry.update(contoso, 'peerAsn', 'a', { ...asn, peerName: 'New' })
    expect(other.etag).not.toBe(first.etag)
    const [stored] = (await lab.store?.load()) ?? []
    expect(stored).toMatchObject({ id: 'a', version: 2 })
  })

  test('meet what the client believes to change (RFC 9110 §13.1)', async () => {
    const lab = await createRegistryLab()
    const { etag } = await lab.registry.create(contoso, 'peerAsn', 'a', asn)
    const next = { ...asn, peerName: 'New' }
    const update = (options: object) => lab.registry.update(contoso, 'peerAsn', 'a', next, options)
    expect((await refusal(update({ ifMatch: `${etag}x` }))).refusal).toBe('stale')
    expect((await refusal(update({ ifNoneMatch: true }))).refusal).toBe('stale')
    const missing = lab.registry.update(contoso, 'peerAsn', 'b', next, { ifMatch: '*' })
    expect((await refusal(missing)).refusal).toBe('stale')
    await update({ ifMatch: etag })
    expect((await refusal(update({ ifMatch: etag }))).refusal).toBe('stale')
    await update({ ifMatch: '*' })
    const again = lab.registry.create(contoso, 'peerAsn', 'a', asn, { ifNoneMatch: true })
    expect((await refusal(again)).refusal).toBe('stale')
  })

  test('of two at once, the second meets what the first left', async () => {
    const lab = await createRegistryLab()
    const results = await Promise.allSettled([
      lab.registry.create(contoso, 'peerAsn', 'a', asn),
      lab.registry.create(contoso, 'peerAsn', 'b', asn),
      lab.registry.create(contoso, 'peerAsn', 'a', { ...asn, peerAsn: 64502 }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  test('keep the answer with the write', async () => {
    const lab = await createRegistryLab()
    const answer = (view: unknown): KeptAnswer => ({
      who: 'contoso-token',
      key: 'k1',
      fingerprint: 'f',
      status: 201,
      body: JSON.parse(JSON.stringify(view)),
      time: lab.clock.now(),
    })
    const view = await lab.registry.create(contoso, 'peerAsn', 'a', asn, { answer })
    expect(await lab.store?.answer('contoso-token', 'k1')).toMatchObject({
      status: 201,
      body: { id: 'a', etag: view.etag },
    })
  })

  test('name every key that is wrong, and what was expected', async () => {
    const lab = await createRegistryLab()
    const refused = await refusal(
      lab.registry.create(contoso, 'peerAsn', 'a', { peerAsn: 0, color: 'red' }),
    )
    expect(refused).toMatchObject({ refusal: 'invalid', place: 'peerAsn' })
    const bad = lab.registry.create(contoso, 'peerAsn', 'a', { peerAsn: 0, color: 'red' })
    const problems = await bad.catch((error) => error.problems)
    expect(problems.map(({ place }: { place: string }) => place)).toEqual([
      'peerAsn',
      'peerName',
      'color',
    ])
    const name = lab.registry.create(contoso, 'peerAsn', 'a b', asn)
    expect(await refusal(name)).toMatchObject({ refusal: 'invalid', place: 'name' })
  })

  test('are in the audit log: who, what, before and after', async () => {
    const lab = await createRegistryLab()
    await lab.registry.create(contoso, 'peerAsn', 'a', asn)
    await lab.registry.operate(operator, 'peerAsn', 'a', 'approve', undefined)
    await lab.registry.remove(contoso, 'peerAsn', 'a')
    const lines = (await lab.store?.audit({ limit: 10 }))?.items ?? []
    expect(lines.map(({ who, role, operation }) => `${who} ${role} ${operation}`)).toEqual([
      'contoso-token provider delete',
      'operator-token operator approve',
      'contoso-token provider create',
    ])
    expect(lines[1]).toMatchObject({
      kind: 'peerAsn',
      id: 'a',
      before: { status: { validationState: 'Pending' } },
      after: { status: { validationState: 'Approved' } },
    })
    expect(lines[0]?.after).toBeNull()
  })
})

describe('rights', () => {
  test('a reader reads, an operator operates, neither writes', async () => {
    const lab = await createRegistryLab()
    for (const who of [reader, operator]) {
      expect((await refusal(lab.registry.create(who, 'peerAsn', 'a', asn))).refusal).toBe(
        'forbidden',
      )
    }
    await lab.registry.create(contoso, 'peerAsn', 'a', asn)
    expect(lab.registry.get(reader, 'peerAsn', 'a').owner).toBe('contoso')
    const approve = lab.registry.operate(reader, 'peerAsn', 'a', 'approve', undefined)
    expect((await refusal(approve)).refusal).toBe('forbidden')
    const own = lab.registry.operate(contoso, 'peerAsn', 'a', 'approve', undefined)
    expect((await refusal(own)).refusal).toBe('forbidden')
  })

  test('a provider neither sees nor changes what another has, nor learns that it is there', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', { prefix: '198.51.100.0/24' })
    const customer = principal('customer', 'contoso')
    for (const who of [fabrikam, customer]) {
      for (const [kind, id] of [
        ['peerAsn', 'as64501'],
        ['peering', 'ams'],
        ['connection', 'ams/1'],
        ['registeredPrefix', 'ams/web'],
      ] as const) {
        const calls = [
          lab.registry.update(who, kind, id, {}),
          lab.registry.remove(who, kind, id),
          lab.registry.operate(who, kind, id, 'approve', undefined),
          (async () => lab.registry.get(who, kind, id))(),
        ]
        for (const call of calls) expect((await refusal(call)).refusal).toBe('not-found')
        expect(lab.registry.list(who, kind, { limit: 10 })).toMatchObject({ items: [], total: 0 })
      }
      expect(lab.registry.export(who)).toEqual({})
    }
    const below = lab.registry.create(fabrikam, 'connection', 'ams/2', {})
    expect((await refusal(below)).refusal).toBe('not-found')
    expect(() => lab.registry.list(fabrikam, 'connection', { parent: 'ams', limit: 1 })).toThrow(
      'There is no peering "ams"',
    )
    const stolen = lab.registry.create(fabrikam, 'peerAsn', 'b', { ...asn, owner: 'contoso' })
    expect(await refusal(stolen)).toMatchObject({ refusal: 'forbidden', place: 'owner' })
    const taken = await refusal(lab.registry.create(fabrikam, 'peerAsn', 'b', asn))
    expect(taken).toMatchObject({ refusal: 'conflict', conflictsWith: null })
    expect(taken.message).not.toContain('contoso')
    expect(taken.message).not.toContain('as64501')
  })

  test('an admin writes for a tenant, and nothing moves to another', async () => {
    const lab = await createRegistryLab()
    await lab.registry.create(admin, 'peerAsn', 'a', { ...asn, owner: 'contoso' })
    expect(lab.registry.get(contoso, 'peerAsn', 'a').name).toBe('a')
    const moved = lab.registry.update(admin, 'peerAsn', 'a', { ...asn, owner: 'fabrikam' })
    expect(await refusal(moved)).toMatchObject({ refusal: 'not-possible', place: 'owner' })
  })

  test('keys are shown to their owner and to operators, not to readers', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', { prefix: '198.51.100.0/24' })
    const key = (who: typeof admin) =>
      lab.registry.get(who, 'registeredPrefix', 'ams/web').properties['peeringServicePrefixKey']
    expect(key(contoso)).toMatch(/^[0-9a-f-]{36}$/)
    expect(key(operator)).toBe(key(contoso))
    expect(key(reader)).toBeUndefined()
    const audit = JSON.stringify(await lab.store?.audit({ limit: 100 }))
    expect(audit).not.toContain(key(contoso))
  })
})

describe('lists', () => {
  test('page by id, filter by property and sort', async () => {
    const lab = await createRegistryLab()
    for (let i = 0; i < 7; i++) {
      const name = `n${i}`
      await lab.registry.create(contoso, 'peerAsn', name, {
        peerAsn: 64510 - i,
        peerName: i % 2 === 0 ? 'Even' : 'Odd',
      })
    }
    const walk = (query: object) => {
      const pages: string[][] = []
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = lab.registry.list(reader, 'peerAsn', {
          limit: 3,
          ...query,
          ...(cursor !== undefined && { cursor }),
        })
        pages.push(page.items.map(({ id }) => id))
        cursor = page.cursor
      }
      return pages
    }
    expect(walk({})).toEqual([['n0', 'n1', 'n2'], ['n3', 'n4', 'n5'], ['n6']])
    expect(walk({ filter: { peerName: 'even' } })).toEqual([['n0', 'n2', 'n4'], ['n6']])
    expect(walk({ sort: 'peerAsn' })).toEqual([['n6', 'n5', 'n4'], ['n3', 'n2', 'n1'], ['n0']])
    expect(walk({ sort: '-peerName' })).toEqual([['n5', 'n3', 'n1'], ['n6', 'n4', 'n2'], ['n0']])
    expect(() => lab.registry.list(reader, 'peerAsn', { limit: 3, cursor: 'xx' })).toThrow('cursor')
  })
})

describe('deleting a peering', () => {
  test('takes along what stands under it, and waits for its sessions', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', { prefix: '198.51.100.0/24' })
    const used = lab.registry.remove(contoso, 'peerAsn', 'as64501')
    expect(await refusal(used)).toMatchObject({ refusal: 'not-possible', conflictsWith: 'ams' })
    const left = await lab.registry.remove(contoso, 'peering', 'ams')
    expect(left?.properties['provisioningState']).toBe('Deleting')
    expect(lab.engine.view.prefix('ams/web')).toBeUndefined()
    expect(lab.running.size).toBe(0)
    const late = lab.registry.create(contoso, 'connection', 'ams/2', {
      sessionPrefixV4: '192.0.2.4/30',
    })
    expect((await refusal(late)).refusal).toBe('not-possible')
    await lab.wait(2)
    expect(lab.has('peering', 'ams')).toBe(false)
    expect(await lab.registry.remove(contoso, 'peerAsn', 'as64501')).toBeNull()
    expect(await lab.store?.load()).toEqual([])
  })

  test('is refused as a whole when one connection cannot go', async () => {
    const lab = await createRegistryLab()
    await lab.peering()
    await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
    await lab.registry.create(contoso, 'connection', 'ams/2', { sessionPrefixV4: '192.0.2.4/30' })
    await lab.registry.operate(operator, 'connection', 'ams/2', 'approve', undefined)
    await lab.registry.operate(operator, 'connection', 'ams/2', 'provision', undefined)
    const refused = await refusal(lab.registry.remove(contoso, 'peering', 'ams'))
    expect(refused.message).toContain('"ams/2" is ProvisioningStarted')
    expect(lab.state('ams/1')).toBe('Active')
    expect(lab.running.has('ams/1/ipv4')).toBe(true)
  })
})

test('after a restart all is as it was, and runs', async () => {
  const lab = await createRegistryLab()
  await lab.peering()
  await lab.activate('ams/1', { sessionPrefixV4: '192.0.2.0/30' })
  await lab.registry.create(contoso, 'registeredPrefix', 'ams/web', { prefix: '198.51.100.0/24' })
  const kinds = ['peerAsn', 'peering', 'connection', 'registeredPrefix']
  const next = await createRegistryLab({ store: lab.store })
  for (const kind of kinds) {
    const [before, after] = [lab, next].map(({ registry }) =>
      registry.list(admin, kind, { limit: 10 }).items.map(({ id, etag }) => ({ id, etag })),
    )
    expect(after).toEqual(before)
  }
  expect([...next.running.keys()]).toEqual(['ams/1/ipv4'])
  expect(next.state('ams/1')).toBe('Active')
  expect(next.shown('registeredPrefix', 'ams/web')['prefixValidationState']).toBe('Pending')
  expect(next.registry.ownerOf('session', 'ams/1/ipv4')).toBe('contoso')
  expect(next.registry.ownerOf('prefix', 'ams/web')).toBe('contoso')
  expect(next.registry.ownerOf('prefix', 'other')).toBeUndefined()
})

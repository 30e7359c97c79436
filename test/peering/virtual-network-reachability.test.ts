import { expect, test } from 'vitest'
import { kinds } from '../../src/peering/kinds.ts'
import { admin, createRegistryLab, principal, refusal } from '../support/registry-lab.ts'
import { testApi } from '../support/test-api.ts'

const alice = principal('customer', 'alice', 'alice-token')
const bob = principal('customer', 'bob', 'bob-token')
const at = { location: 'westeurope', resourceGroup: 'network' }

/** Two spokes of bob and alice around a hub of the operator's, with an appliance in it. */
async function star() {
  const lab = await createRegistryLab()
  const { registry } = lab
  const make = (who: typeof admin, name: string, octet: number, more: object = {}) =>
    registry.create(who, 'virtualNetwork', name, {
      ...at,
      addressSpace: [`10.${octet}.0.0/16`],
      ...more,
    })
  await make(admin, 'hub', 0, { forwardsTraffic: true, peeringContributors: ['alice', 'bob'] })
  await make(alice, 'a', 1)
  await make(bob, 'b', 2)
  for (const [who, name] of [
    [alice, 'a'],
    [bob, 'b'],
  ] as const) {
    const spec = { remoteVirtualNetwork: 'hub', allowForwardedTraffic: true }
    await registry.create(who, 'virtualNetworkPeering', `${name}/to-hub`, spec)
    const back = { remoteVirtualNetwork: name }
    await registry.create(admin, 'virtualNetworkPeering', `hub/to-${name}`, back)
  }
  const ask = (from: string, to: string, who = admin) =>
    registry.ask(who, 'virtualNetwork', from, 'reachability', { to })
  return { ...lab, ask }
}

test('one network reaches another through what there is between them', async () => {
  const { ask, registry } = await star()
  expect(ask('a', 'b')).toEqual({
    from: 'a',
    to: 'b',
    reachable: true,
    how: 'appliance',
    path: ['a', 'hub', 'b'],
    prefixes: ['10.2.0.0/16'],
    notInSync: [],
    message: '"a" reaches "b" through the appliance in "hub".',
    obstacles: [],
  })
  expect(ask('a', 'a')).toMatchObject({ how: 'itself', message: '"a" is that network itself.' })
  const grown = { ...at, addressSpace: ['10.2.0.0/16', '10.3.0.0/16'] }
  await registry.update(admin, 'virtualNetwork', 'b', { ...grown, owner: 'bob' })
  expect(ask('hub', 'b')).toMatchObject({
    how: 'peering',
    prefixes: ['10.2.0.0/16'],
    notInSync: ['10.3.0.0/16'],
    message:
      '"hub" reaches "b" directly, by the peering between them, but not 10.3.0.0/16, which waits for a sync.',
  })
  const shut = { remoteVirtualNetwork: 'hub', allowForwardedTraffic: false }
  await registry.update(admin, 'virtualNetworkPeering', 'b/to-hub', shut)
  expect(ask('a', 'b')).toMatchObject({
    reachable: false,
    how: null,
    message: '"a" does not reach "b".',
    obstacles: [
      '"a" and "b" are not peered.',
      'The peering "b/to-hub" does not allow forwarded traffic, so nothing that the appliance in "hub" passes on comes in to "b".',
    ],
  })
})

test('who asks learns of no network that is not for its eyes', async () => {
  const { ask, registry } = await star()
  const to = async (name: string) => ask('a', name, alice)
  expect(await refusal(to('b'))).toMatchObject({ refusal: 'not-found', place: 'to' })
  expect(await refusal(to('nobody'))).toMatchObject({ refusal: 'not-found', place: 'to' })
  expect(await to('hub')).toMatchObject({ how: 'peering' })
  const open = { ...at, addressSpace: ['10.2.0.0/16'], peeringContributors: ['alice'] }
  await registry.update(bob, 'virtualNetwork', 'b', open)
  expect(await to('b')).toMatchObject({ how: 'appliance', path: ['a', 'hub', 'b'] })
  expect(await refusal((async () => ask('b', 'a', alice))())).toMatchObject({
    refusal: 'not-found',
  })
})

test('the API answers', async () => {
  const { registry } = await star()
  const { app } = testApi({ registry, kinds })
  const get = (path: string) => app.inject(`/api/v1/virtualNetworks/${path}`)
  expect((await get('a/reachability?to=b')).json()).toMatchObject({
    reachable: true,
    path: ['a', 'hub', 'b'],
  })
  expect((await get('a/reachability?to=nobody')).statusCode).toBe(404)
  expect((await get('nobody/reachability?to=b')).statusCode).toBe(404)
  const none = await get('a/reachability')
  expect([none.statusCode, none.json<{ detail: string }>().detail]).toEqual([
    400,
    expect.stringContaining('to'),
  ])
  const { paths, components } = (await app.inject('/openapi.json')).json()
  expect(paths['/api/v1/virtualNetworks/{name}/reachability'].get.parameters).toMatchObject([
    { name: 'to', in: 'query', required: true },
    { name: 'name', in: 'path' },
  ])
  expect(components.schemas.Reachability.required).toContain('obstacles')
})

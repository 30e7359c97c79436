/**
 * Virtual networks as the how-tos walk them: create, list, show, update, sync and delete peerings with the
 * command line, every constraint refused in words, and a route server (BIRD, with TCP MD5) that announces
 * inside its network, inside a direct peer's, and outside.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SessionEventJson } from '../../src/api/event-schemas.ts'
import type { ResourceView } from '../../src/peering/registry-types.ts'
import { peerRouter } from './support/bird-peers.ts'
import { type BirdProcess, startBird } from './support/bird-process.ts'
import { daemonAsn, daemonHost } from './support/daemon.ts'
import { metric, parseMetrics } from './support/metrics.ts'
import { type RegistryLab, startRegistryLab } from './support/registry-lab.ts'
import { waitFor } from './support/wait.ts'

const people = {
  admin: { role: 'admin', owner: null },
  contoso: { role: 'customer', owner: 'contoso' },
  fabrikam: { role: 'customer', owner: 'fabrikam' },
  reader: { role: 'reader', owner: null },
} as const
type Person = keyof typeof people

const ours = `192.0.2.${daemonHost}`
const server = '192.0.2.31'
const serverAsn = 65_515
const password = 'correct-horse'

let lab: RegistryLab<Person>
let bird: BirdProcess

function serverText(prefixes: readonly string[], key = password): string {
  const sessions = [{ own: server, peer: ours }]
  const router = { asn: serverAsn, peerAsn: daemonAsn, routerId: server, sessions }
  const routes = prefixes.map((prefix) => ({ prefix }))
  const text = peerRouter(router, routes)
  // The session carries both families, and signs every segment.
  const ipv6 =
    'ipv6 { import none; export where proto = "edge6"; next hop address 2001:db8:10::31; };'
  return text
    .replace('neighbor ', `password "${key}"; neighbor `)
    .replace(/\n\}\n$/, `\n  ${ipv6}\n}\n`)
}

const own = ['10.0.1.0/24', '2001:db8:10:1::/64']
const ofSpoke = '10.1.0.0/16'

beforeAll(async () => {
  lab = await startRegistryLab(people, daemonHost, [], {})
  await lab.lan.join('rs', 31)
  const place = { lan: lab.lan, node: 'rs', directory: await lab.folder('rs') }
  bird = await startBird(place, serverText(own))
})

afterAll(async () => {
  await bird?.stop()
  await lab?.close()
})

const network = (name: string, space: string, more = '') =>
  `vnet create ${name} --location westeurope --resource-group network --address-space ${space} ${more}`
const peering = async (who: Person, id: string) =>
  (await lab.as(who, `vnet-peering show ${id}`)).properties

/** What a command line is refused with; it exits with 1 or 2, and in words. */
async function refused(who: Person, line: string): Promise<string> {
  const { code, text } = await lab.type(who, line)
  if (code === 0) throw new Error(`bgpwarden ${line} was not refused:\n${text}`)
  return text.replace(/\s+/g, ' ')
}

describe('peering two networks', () => {
  test('networks are created, each by its owner', async () => {
    const session = `{ peerAddress: ${server}, peerAsn: ${serverAsn}, holdTime: 9 }`
    const protect = `--md5-authentication-key ${password} --bgp-session "${session}"`
    const space = '192.0.2.0/24,10.0.0.0/16,2001:db8:10::/48'
    const hub = await lab.as('contoso', network('hub', space, `--gateway RouteServer ${protect}`))
    expect(hub).toMatchObject({ owner: 'contoso', properties: { peeringCount: 0, findings: [] } })
    expect(JSON.stringify(hub)).not.toContain(password)
    await lab.as('fabrikam', network('spoke', ofSpoke))
    const names = async (who: Person) =>
      (await lab.as<ResourceView[]>(who, 'vnet list')).map(({ name }) => name)
    expect(await names('fabrikam')).toEqual(['spoke'])
    expect(await names('reader')).toEqual(['hub', 'spoke'])
  })

  test('both roles are needed, and the one that is missing is named', async () => {
    const create = 'vnet-peering create hub/to-spoke --remote-virtual-network spoke'
    expect(await refused('reader', create)).toContain(
      'is of the role reader, which may not do this; it takes one of admin, customer, provider',
    )
    expect(await refused('fabrikam', create)).toContain(
      'The role on the own side is missing: fabrikam has no virtual network "hub"',
    )
    expect(await refused('contoso', create)).toContain(
      'The role on the remote side is missing: there is no virtual network "spoke" of which contoso may write peerings',
    )
    await lab.as('fabrikam', 'vnet update spoke --peering-contributors contoso')
    await lab.as('contoso', 'vnet update hub --peering-contributors fabrikam')
  })

  test('one side is Initiated, both are Connected', async () => {
    const lends = '--remote-virtual-network spoke --allow-gateway-transit'
    const made = await lab.as('contoso', `vnet-peering create hub/to-spoke ${lends}`)
    expect(made.properties).toMatchObject({
      allowVirtualNetworkAccess: true,
      allowForwardedTraffic: false,
      allowGatewayTransit: true,
      useRemoteGateways: false,
      peeringState: 'Initiated',
      peeringSyncLevel: 'FullyInSync',
      remoteAddressSpace: [ofSpoke],
    })
    const uses = '--remote-virtual-network hub --use-remote-gateways'
    await lab.as('fabrikam', `vnet-peering create spoke/to-hub ${uses}`)
    expect(await peering('contoso', 'hub/to-spoke')).toMatchObject({ peeringState: 'Connected' })
    const { text } = await lab.type('reader', 'vnet-peering list')
    expect(text).toMatch(/hub\/to-spoke +spoke +Connected +FullyInSync +lends/)
    expect(text).toMatch(/spoke\/to-hub +hub +Connected +FullyInSync +remote/)
  })

  test('flags change', async () => {
    const change = '--allow-forwarded-traffic --allow-virtual-network-access no'
    await lab.as('fabrikam', `vnet-peering update spoke/to-hub ${change}`)
    expect(await peering('fabrikam', 'spoke/to-hub')).toMatchObject({
      allowForwardedTraffic: true,
      allowVirtualNetworkAccess: false,
      useRemoteGateways: true,
    })
    const { code, text } = await lab.type('fabrikam', 'vnet reachability spoke hub')
    expect([code, text]).toEqual([
      1,
      expect.stringContaining('"spoke/to-hub" does not allow virtual-network access'),
    ])
    await lab.as('fabrikam', 'vnet-peering update spoke/to-hub --allow-virtual-network-access yes')
    expect((await lab.type('fabrikam', 'vnet reachability spoke hub')).code).toBe(0)
  })

  test('a changed address space is out of sync until it is taken over', async () => {
    await lab.as('fabrikam', `vnet update spoke --address-space ${ofSpoke},10.3.0.0/16`)
    expect(await peering('contoso', 'hub/to-spoke')).toMatchObject({
      peeringSyncLevel: 'RemoteNotInSync',
    })
    expect(await peering('fabrikam', 'spoke/to-hub')).toMatchObject({
      peeringSyncLevel: 'LocalNotInSync',
    })
    const answer = await lab.as<{ notInSync: string[] }>('contoso', 'vnet reachability hub spoke')
    expect(answer.notInSync).toEqual(['10.3.0.0/16'])
    const { properties } = await lab.as('contoso', 'vnet-peering sync hub/to-spoke')
    expect(properties).toMatchObject({
      peeringSyncLevel: 'FullyInSync',
      remoteAddressSpace: [ofSpoke, '10.3.0.0/16'],
    })
  })
})

describe('the constraints', () => {
  beforeAll(async () => {
    await lab.as('admin', network('near', '10.2.0.0/16'))
    await lab.as('admin', network('twin', '10.0.128.0/17,2001:db8:20::/48'))
    await lab.as('admin', network('gate', '10.4.0.0/16', '--gateway VpnGateway'))
    const china = 'vnet create china --location chinanorth3 --cloud AzureChinaCloud'
    await lab.as('admin', `${china} --resource-group network --address-space 10.9.0.0/16`)
  })

  test.each([
    ['hub/self', 'hub', '', 'A network cannot be peered with itself'],
    ['hub/again', 'spoke', '', '"hub" is peered with "spoke" already, by "hub/to-spoke"'],
    ['hub/china', 'china', '', '"china" in AzureChinaCloud; only networks of one cloud'],
    ['hub/none', 'nobody', '', 'There is no virtual network "nobody"'],
    ['hub/twin', 'twin', '', '10.0.0.0/16 of "hub" overlaps 10.0.128.0/17 of "twin"'],
    ['hub/gate', 'gate', '--use-remote-gateways', '"hub" has a gateway of its own (RouteServer)'],
    [
      'near/gate',
      'gate',
      '--use-remote-gateways',
      '"gate" does not allow gateway transit to "near"',
    ],
    ['near/hub', 'hub', '--use-remote-gateways --allow-gateway-transit', 'choose one'],
    ['gate/near', 'near', '--use-remote-gateways', 'has a gateway of its own'],
    ['near/spoke', 'spoke', '--use-remote-gateways', '"spoke" has no gateway or route server'],
  ])('%s to %s %s is refused', async (id, remote, flags, words) => {
    const create = `vnet-peering create ${id} --remote-virtual-network ${remote} ${flags}`
    expect(await refused('admin', create)).toContain(words)
  })

  test('remote gateways are used by one peering of a network alone', async () => {
    await lab.as(
      'admin',
      'vnet-peering create gate/to-spoke --remote-virtual-network spoke --allow-gateway-transit',
    )
    const create = 'vnet-peering create spoke/to-gate --remote-virtual-network gate'
    expect(await refused('admin', `${create} --use-remote-gateways`)).toContain(
      'The peering "spoke/to-hub" uses remote gateways already',
    )
    expect(
      await refused('admin', 'vnet-peering update hub/to-spoke --allow-gateway-transit no'),
    ).toContain('"spoke" uses the gateway of "hub" over this peering')
    expect(await refused('admin', 'vnet update hub --gateway None')).toContain('end that use first')
    await lab.as('admin', 'vnet-peering delete gate/to-spoke --yes')
  })

  test('an address space grows into none that is peered, and a region belongs to its cloud', async () => {
    expect(
      await refused('admin', `vnet update spoke --address-space ${ofSpoke},10.0.64.0/24`),
    ).toContain(
      '10.0.64.0/24 overlaps 10.0.0.0/16 of the virtual network "hub" of contoso, which is peered with this network',
    )
    const lost = 'vnet create lost --location usgovvirginia --resource-group network'
    expect(await refused('admin', `${lost} --address-space 10.8.0.0/16`)).toContain(
      'usgovvirginia is a region of AzureUSGovernment, not of AzureCloud',
    )
  })

  test('peering is not transitive; an appliance in between may make a way', async () => {
    await lab.as(
      'admin',
      'vnet-peering create near/to-hub --remote-virtual-network hub --allow-forwarded-traffic',
    )
    await lab.as('admin', 'vnet-peering create hub/to-near --remote-virtual-network near')
    const { code, text } = await lab.type('admin', 'vnet reachability near spoke')
    expect([code, text.replace(/\s+/g, ' ')]).toEqual([
      1,
      expect.stringMatching(
        /"near" and "spoke" are not peered.*RouteServer does not forward by itself/,
      ),
    ])
    await lab.as('contoso', 'vnet update hub --forwards-traffic')
    const answer = await lab.as('admin', 'vnet reachability near spoke')
    expect(answer).toMatchObject({ how: 'appliance', path: ['near', 'hub', 'spoke'] })
  })
})

describe('the session of a route server', () => {
  const findings = async () => (await lab.daemon.session('vnet/hub')).findings
  const found = (count: number) =>
    waitFor(
      `${count} findings`,
      async () => {
        const open = await findings()
        return open.length === count && open
      },
      { state: findings },
    )
  const isFinding = async () =>
    metric(parseMetrics(await lab.daemon.api.text('/metrics')), 'bgpwarden_session_finding', {
      session: 'vnet/hub',
      reason: 'outside-address-space',
    })

  test('comes up with the password of both sides alone, and announces its own', async () => {
    await lab.daemon.sessionIs('vnet/hub', 'Established')
    await waitFor('its two routes', async () => {
      const { properties } = await lab.as('contoso', 'vnet show hub')
      return properties['announced'] === own.length
    })
    expect([await findings(), await isFinding()]).toEqual([[], 0])
    await lab.as('contoso', 'vnet update hub --md5-authentication-key battery-staple')
    await waitFor('the session to end', async () => !(await lab.daemon.session('vnet/hub')).up)
    await bird.configure(serverText([...own, ofSpoke], 'battery-staple'))
    await lab.daemon.sessionIs('vnet/hub', 'Established')
  })

  test('may announce what a direct peer has, and nothing outside', async () => {
    await waitFor('three routes', async () => {
      const { ipv4, ipv6 } = (await lab.daemon.session('vnet/hub')).prefixes
      return ipv4 + ipv6 === 3
    })
    expect(await findings()).toEqual([])
    const text = serverText([...own, ofSpoke, '10.77.0.0/16', '2001:db8:77::/48'], 'battery-staple')
    await bird.configure(text)
    const outside = /outside its address space and those of its direct peers/
    const told = (await found(1))[0]
    await waitFor('both prefixes', async () => (await findings())[0]?.evidence.count === 2)
    expect(told).toMatchObject({
      reason: 'outside-address-space',
      severity: 'error',
      message: expect.stringMatching(outside),
      link: '/docs/findings/outside-address-space',
    })
    expect((await findings())[0]?.evidence.routes).toEqual(['10.77.0.0/16', '2001:db8:77::/48'])
    expect(await isFinding()).toBe(1)
    const { text: shown } = await lab.type('contoso', 'session show vnet/hub')
    expect(shown).toMatch(/error outside-address-space/)
    await bird.configure(serverText([...own, ofSpoke], 'battery-staple'))
    await found(0)
    expect(await isFinding()).toBe(0)
    const events = await lab.as<SessionEventJson[]>('contoso', 'event list --session vnet/hub')
    expect(events.filter(({ opened }) => opened !== undefined).slice(-2)).toMatchObject([
      // As it was when it began, perhaps with the first of the two prefixes alone.
      {
        opened: [{ reason: 'outside-address-space', message: expect.stringMatching(outside) }],
        closed: [],
      },
      { opened: [], detail: expect.stringMatching(/^outside-address-space ended after/) },
    ])
  })

  test('deleting one side deletes the other, and what was a peer is outside', async () => {
    const no = await lab.type('contoso', 'vnet-peering delete hub/to-spoke', 'no')
    expect(no.code).toBe(1)
    await lab.as('contoso', 'vnet-peering delete hub/to-spoke --yes')
    await waitFor('both sides to go', async () => {
      const left = await lab.as<ResourceView[]>('admin', 'vnet-peering list')
      return left.every(({ id }) => id !== 'spoke/to-hub' && id !== 'hub/to-spoke')
    })
    expect((await found(1))[0]?.evidence.routes).toEqual([ofSpoke])
    await lab.as('contoso', 'vnet delete hub --yes')
    await waitFor(
      'the session to go',
      async () => (await lab.type('admin', 'session show vnet/hub')).code !== 0,
    )
    expect(await isFinding()).toBe(undefined)
  })
})

/** A circuit as its customer and the operator use it: Microsoft and private peering, with BIRD on both links. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CircuitSession, circuitRouter } from './support/bird-peers.ts'
import { type BirdProcess, startBird } from './support/bird-process.ts'
import { daemonAsn, daemonHost } from './support/daemon.ts'
import { run } from './support/process.ts'
import { type RegistryLab, startRegistryLab } from './support/registry-lab.ts'
import type { Route } from './support/router.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const microsoftAsn = 64501
const privateAsn = 64_620
const customerAsn = 64510

/** Each link: the customer's address, ours, and their length; of Microsoft and of private peering. */
const addresses = {
  primary: [
    ['192.0.2.17', '192.0.2.18', 30],
    ['2001:db8:0:2::1', '2001:db8:0:2::2', 126],
    ['10.0.0.1', '10.0.0.2', 30],
    ['fd00::1', 'fd00::2', 126],
  ],
  secondary: [
    ['192.0.2.21', '192.0.2.22', 30],
    ['2001:db8:0:2::5', '2001:db8:0:2::6', 126],
    ['10.0.0.5', '10.0.0.6', 30],
    ['fd00::5', 'fd00::6', 126],
  ],
} as const
type Link = keyof typeof addresses
const links = ['primary', 'secondary'] as const

const web: Route = { prefix: '198.51.100.0/24', path: [customerAsn] }
const shop: Route = { prefix: '203.0.113.0/24', path: [customerAsn, 65_001] }
const voice: Route = { prefix: '2001:db8:100::/48', path: [customerAsn] }

/** What a customer's routers announce, and with which keys. */
interface Plan {
  readonly microsoft: readonly Route[]
  /** On the secondary link alone, if otherwise. */
  readonly secondary?: readonly Route[]
  readonly key?: string
}

const people = {
  noc: { role: 'operator', owner: null },
  contoso: { role: 'customer', owner: 'contoso' },
} as const
let workspace: Workspace
let dump: string
let lab: RegistryLab<keyof typeof people>
const routers = new Map<Link, BirdProcess>()

function configOf(link: Link, { microsoft, secondary, key = 'winter2026' }: Plan): string {
  const [first, second, third, fourth] = addresses[link]
  const announced = link === 'secondary' ? (secondary ?? microsoft) : microsoft
  const session = (
    [own, peer]: (typeof addresses)[Link][number],
    more: Omit<CircuitSession, 'own' | 'peer'>,
  ): CircuitSession => ({ own, peer, ...more })
  const ofFamily = (ipv6: boolean) => announced.filter((r) => r.prefix.includes(':') === ipv6)
  const publicly = { asn: microsoftAsn, password: key }
  const privately = { asn: privateAsn, password: 'private1' }
  return circuitRouter(first[0], daemonAsn, [
    session(first, { ...publicly, routes: ofFamily(false) }),
    session(second, { ...publicly, routes: ofFamily(true) }),
    session(third, { ...privately, routes: [{ prefix: '10.64.0.0/16' }, { prefix: '0.0.0.0/0' }] }),
    session(fourth, { ...privately, routes: [{ prefix: 'fd00:64::/32', path: [65_001] }] }),
  ])
}

async function announce(plan: Plan): Promise<void> {
  for (const [link, router] of routers) await router.configure(configOf(link, plan))
}

async function addAddresses(node: string, device: string, list: readonly string[]) {
  for (const address of list) {
    const nodad = address.includes(':') ? ['nodad'] : []
    const words = ['ip', 'address', 'add', address, 'dev', device, ...nodad]
    await run([...lab.lan.inside(node), ...words])
  }
}

beforeAll(async () => {
  workspace = await makeWorkspace()
  dump = join(await workspace.folder('irr'), 'ripe.db')
  await writeFile(dump, routeObject('198.51.100.0/24'))
  const ours = links.flatMap((link) => addresses[link].map(([, own, length]) => `${own}/${length}`))
  const specials = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32']
  lab = await startRegistryLab(
    people,
    daemonHost,
    ours,
    { allowSpecialPurpose: specials },
    { irr: { files: [dump] } },
  )
  for (const [link, host] of [
    ['primary', 31],
    ['secondary', 32],
  ] as const) {
    await lab.lan.join(link, host)
    const own = addresses[link].map(([customer, , length]) => `${customer}/${length}`)
    await addAddresses(link, 'eth0', own)
    const directory = await lab.folder(link)
    const place = { lan: lab.lan, node: link, directory }
    routers.set(link, await startBird(place, configOf(link, { microsoft: [web, shop] })))
  }
})

afterAll(async () => {
  for (const router of routers.values()) await router.stop()
  await lab?.close()
  await workspace?.remove()
})

function routeObject(prefix: string): string {
  const kind = prefix.includes(':') ? 'route6' : 'route'
  return `${kind}: ${prefix}\norigin: AS${customerAsn}\nsource: RIPE\n\n`
}

interface Shown {
  readonly name: string
  readonly state: string
}
const path = (name: string) => `circuits/er-ams/circuitPeerings/${name}`
const show = (name: string) => lab.as('contoso', `circuit-peering show ${name} --circuit er-ams`)

/** Waits until so many sessions of a peering are up. */
async function up(name: string, count: number) {
  return waitFor(`${count} sessions of ${name}`, async () => {
    const { properties } = await show(name)
    const sessions = properties['sessions'] as unknown as Shown[]
    const states = sessions.filter(({ state }) => state === 'Established')
    return states.length === count && properties
  })
}

async function messageOf(name: string, wanted: RegExp): Promise<string> {
  return waitFor(`${name} to say ${wanted}`, async () => {
    const text = String((await show(name)).properties['errorMessage'])
    return wanted.test(text) && text
  })
}

/** Since when each session is up; a session that was disturbed has another time. */
async function since(name: string): Promise<string[]> {
  const all = await lab.as<{ name: string; establishedAt: string }[]>('noc', 'session list')
  return all
    .filter((session) => session.name.startsWith(`er-ams/${name}/`))
    .map((session) => `${session.name} ${session.establishedAt}`)
}

const under = '--circuit er-ams'
const createMicrosoft = `circuit-peering create microsoft ${under} --peering-type MicrosoftPeering --peer-asn ${microsoftAsn} --vlan-id 300 --primary-peer-address-prefix 192.0.2.16/30 --secondary-peer-address-prefix 192.0.2.20/30 --advertised-public-prefixes 198.51.100.0/24,203.0.113.0/24 --customer-asn ${customerAsn} --routing-registry-name RIPENCC --shared-key winter2026`
const createPrivate = `circuit-peering create private ${under} --peering-type AzurePrivatePeering --peer-asn ${privateAsn} --vlan-id 200 --primary-peer-address-prefix 10.0.0.0/30 --secondary-peer-address-prefix 10.0.0.4/30 --shared-key private1`

test('a circuit takes peerings when its provider has provisioned it', async () => {
  const made = await lab.as(
    'contoso',
    'circuit create er-ams --service-provider-name Fabrikam --peering-location Amsterdam --bandwidth-in-mbps 1000',
  )
  expect(made.properties).toMatchObject({ serviceProviderProvisioningState: 'NotProvisioned' })
  await expect(lab.as('contoso', createMicrosoft)).rejects.toThrow(
    /exit 1\n.*NotProvisioned at its provider/s,
  )
  await lab.as('noc', 'circuit provision er-ams')
})

describe('private peering', () => {
  test('is created, with a signed session on both links', async () => {
    await lab.as('contoso', createPrivate)
    const shown = await up('private', 2)
    expect(shown).toMatchObject({ md5Authentication: true, azureASN: daemonAsn, findings: [] })
  })

  test('reaches a network that is linked to the circuit, and nothing that overlaps it', async () => {
    const network = (name: string, space: string) =>
      lab.as(
        'contoso',
        `vnet create ${name} --location westeurope --resource-group net --gateway ExpressRouteGateway --address-space ${space}`,
      )
    await network('hub', '10.65.0.0/16')
    await network('spoke', '10.65.128.0/17')
    await network('edge', '10.64.8.0/24')
    const link = (name: string) =>
      lab.as('contoso', `circuit-link create to-${name} ${under} --virtual-network ${name}`)
    expect(await link('hub')).toMatchObject({
      properties: { circuitConnectionStatus: 'Connected' },
    })
    await expect(link('spoke')).rejects.toThrow(/10\.65\.128\.0\/17 of "spoke" overlaps/)
    await link('edge')
    await messageOf('private', /10\.64\.0\.0\/16 overlaps 10\.64\.8\.0\/24 of the virtual network/)
    await lab.as('contoso', `circuit-link delete to-edge ${under} --yes`)
    await messageOf('private', /^$/)
  })

  test('gets IPv6 besides, and its IPv4 sessions stay up', async () => {
    const before = await since('private')
    await lab.as(
      'contoso',
      `circuit-peering update private ${under} --primary-peer-address-prefix-v6 fd00::/126 --secondary-peer-address-prefix-v6 fd00::4/126 --vlan-id 201`,
    )
    expect(await up('private', 4)).toMatchObject({ vlanId: 201 })
    await messageOf('private', /^$/)
    expect(await since('private')).toEqual(expect.arrayContaining(before))
  })
})

describe('Microsoft peering', () => {
  test('is created, and waits for who owns a prefix that no registry records', async () => {
    const others = await since('private')
    await lab.as('contoso', createMicrosoft)
    await up('microsoft', 2)
    const found = await lab.property(
      path('microsoft'),
      'advertisedPublicPrefixesState',
      'ValidationNeeded',
    )
    expect(found.properties).toMatchObject({
      advertisedPublicPrefixProperties: [
        { validationState: 'Configured', message: expect.stringContaining('RIPE records') },
        {
          validationState: 'ValidationNeeded',
          message: expect.stringMatching(
            /^203\.0\.113\.0\/24 is not recorded in RIPENCC\. Have a route object .* made in RIPENCC/,
          ),
        },
      ],
    })
    expect(await since('private')).toEqual(others)
    await lab.daemon.prefixIs('er-ams/microsoft/198.51.100.0-24', 'Verified')
  })

  test('is Configured when an operator approves by hand', async () => {
    const approve = `circuit-peering approve microsoft ${under} --reason "letter of 21 November"`
    await expect(lab.as('contoso', approve)).rejects.toThrow(/exit 2/)
    const approved = await lab.as('noc', approve)
    expect(approved.properties).toMatchObject({ advertisedPublicPrefixesState: 'Configured' })
    // Its path ends in a private AS, which is stripped.
    await lab.daemon.prefixIs('er-ams/microsoft/203.0.113.0-24', 'Verified')
    const audit = await lab.as<{ who: string; operation: string }[]>('noc', 'audit')
    expect(audit[0]).toMatchObject({ who: 'noc', operation: 'approve' })
  })

  test('gets IPv6 and another prefix, whose check begins anew', async () => {
    const before = await since('microsoft')
    await lab.as(
      'contoso',
      `circuit-peering update microsoft ${under} --primary-peer-address-prefix-v6 2001:db8:0:2::/126 --secondary-peer-address-prefix-v6 2001:db8:0:2::4/126 --advertised-public-prefixes ${web.prefix},${voice.prefix}`,
    )
    await announce({ microsoft: [web, voice] })
    await up('microsoft', 4)
    expect(await since('microsoft')).toEqual(expect.arrayContaining(before))
    await lab.property(path('microsoft'), 'advertisedPublicPrefixesState', 'ValidationNeeded')
    await writeFile(dump, routeObject(web.prefix) + routeObject(voice.prefix))
    await lab.daemon.reload(lab.config)
    await lab.property(path('microsoft'), 'advertisedPublicPrefixesState', 'Configured')
    await lab.daemon.prefixIs('er-ams/microsoft/2001:db8:100::-48', 'Verified')
    // One link may have announced what the other has yet to.
    await waitFor('no finding to be left', async () => {
      const { properties } = await show('microsoft')
      return (properties['findings'] as unknown as unknown[]).length === 0
    })
  })

  test('is told what its customer announces and should not', async () => {
    const stray: Route = { prefix: '198.51.100.128/25' }
    const all = [web, voice, stray, { prefix: '0.0.0.0/0' }, { prefix: '10.9.0.0/16' }]
    await announce({ microsoft: all, secondary: [voice] })
    for (const words of [
      /secondary IPv4 session lacks .*198\.51\.100\.0\/24/,
      /default route/,
      /198\.51\.100\.128\/25, not among the advertisedPublicPrefixes/,
      /10\.9\.0\.0\/16, not public/,
    ]) {
      await messageOf('microsoft', words)
    }
    await lab.daemon.prefixIs('er-ams/microsoft/198.51.100.0-24', 'Failed')
    const samples = await waitFor('the metric to follow', async () => {
      const all = await lab.daemon.metrics()
      const open = all.find(
        ({ name, labels }) =>
          name === 'bgpwarden_session_finding' &&
          labels['session'] === 'er-ams/microsoft/primary-ipv4' &&
          labels['reason'] === 'not-listed',
      )
      return open?.value === 1 && all
    })
    const objects = samples.find(({ name }) => name === 'bgpwarden_irr_route_objects')
    expect(objects?.value).toBe(2)
    await announce({ microsoft: [web, voice] })
    await messageOf('microsoft', /^$/)
  })

  test('gets another key, which both sides need', async () => {
    const others = await since('private')
    const update = `circuit-peering update microsoft ${under} --shared-key`
    const text = await lab.type('contoso', `${update} spring2027`)
    expect(text.code).toBe(0)
    expect(text.text).not.toContain('spring2027')
    await up('microsoft', 0)
    await announce({ microsoft: [web, voice], key: 'spring2027' })
    await up('microsoft', 4)
    expect(await since('private')).toEqual(others)
  })

  test('is disabled and enabled', async () => {
    await lab.as('contoso', `circuit-peering disable microsoft ${under}`)
    expect(await lab.as('noc', 'session list')).toHaveLength(4)
    await lab.as('contoso', `circuit-peering enable microsoft ${under}`)
    await up('microsoft', 4)
  })

  test('loses a session that announces more than 200 prefixes', async () => {
    const many = Array.from({ length: 201 }, (_, i): Route => ({ prefix: `198.51.100.${i}/32` }))
    const key = 'spring2027'
    await announce({ microsoft: [web, voice], secondary: [...many, voice], key })
    await messageOf('microsoft', /secondary IPv4 session was closed, .* more than 200 prefixes/)
    await waitFor('BIRD to be told', () =>
      /Maximum number of prefixes reached/i.test(routers.get('secondary')?.log() ?? ''),
    )
    await up('microsoft', 3)
  })

  test('is deleted, and private peering stays as it is', async () => {
    const others = await since('private')
    await lab.as('contoso', `circuit-peering delete microsoft ${under} --yes`)
    expect(await since('private')).toEqual(others)
    expect(await lab.as('noc', 'session list')).toHaveLength(4)
    await expect(show('microsoft')).rejects.toThrow(/exit 2/)
  })
})

test('private peering is deleted when nothing is linked any more', async () => {
  const remove = `circuit-peering delete private ${under} --yes`
  await expect(lab.as('contoso', remove)).rejects.toThrow(/carries the link "er-ams\/to-hub"/)
  await lab.as('contoso', `circuit-link delete to-hub ${under} --yes`)
  await lab.as('contoso', remove)
  expect(await lab.as('noc', 'session list')).toEqual([])
  await lab.as('noc', 'circuit deprovision er-ams')
  await lab.as('contoso', 'circuit delete er-ams --yes')
})

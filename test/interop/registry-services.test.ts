/** Services of a customer: behind a route server by the key of an AS, and at two locations of a provider. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { peerRouter, routeServer } from './support/bird-peers.ts'
import { type BirdProcess, startBird } from './support/bird-process.ts'
import { daemonAsn, daemonHost } from './support/daemon.ts'
import { type RegistryLab, startRegistryLab } from './support/registry-lab.ts'
import type { Route } from './support/router.ts'
import { waitFor } from './support/wait.ts'

const people = {
  noc: { role: 'operator', owner: null },
  exchange: { role: 'provider', owner: 'exchange' },
  contoso: { role: 'provider', owner: 'contoso' },
  fabrikam: { role: 'customer', owner: 'fabrikam' },
} as const
let lab: RegistryLab<keyof typeof people>
const birds = new Map<string, BirdProcess>()

const exchangeAsn = 64505
const contosoAsn = 64501
const fabrikamAsn = 64510
const strangerAsn = 64511
/** The daemon's addresses: the first is its own, each other one the second usable of a /30. */
const ours = ['192.0.2.10', '192.0.2.14', '192.0.2.18', '192.0.2.22'] as const
const servers = ['192.0.2.31', '192.0.2.32'] as const
const members = { [fabrikamAsn]: '192.0.2.41', [strangerAsn]: '192.0.2.42' }
/** The routers of the provider, each on the first usable address of a /30. */
const routers = { ams1: '192.0.2.13', ams2: '192.0.2.17', fra1: '192.0.2.21' } as const
type RouterName = keyof typeof routers

const community = { communities: ['8075:8007'] }
const office: Route = { prefix: '198.51.100.0/24', ...community }
const shop: Route = { prefix: '203.0.113.0/25', ...community }
const branch: Route = { prefix: '203.0.113.128/25', path: [fabrikamAsn], ...community }

async function start(node: string, host: number, text: string): Promise<void> {
  await lab.lan.join(node, host)
  birds.set(node, await startBird({ lan: lab.lan, node, directory: await lab.folder(node) }, text))
}

const hostOf = (address: string) => Number(address.split('.')[3])

function memberText(asn: number, own: string, routes: readonly Route[]): string {
  const sessions = servers.map((peer) => ({ own, peer }))
  return peerRouter({ asn, peerAsn: exchangeAsn, routerId: own, sessions }, routes)
}

function routerText(name: RouterName): string {
  const own = routers[name]
  const sessions = [{ own, peer: `192.0.2.${hostOf(own) + 1}` }]
  return peerRouter({ asn: contosoAsn, peerAsn: daemonAsn, routerId: own, sessions }, [branch])
}

beforeAll(async () => {
  lab = await startRegistryLab(
    people,
    daemonHost,
    ours.slice(1).map((address) => `${address}/24`),
    { allowSpecialPurpose: ['198.51.100.0/24', '203.0.113.0/24'] },
  )
  const listeners = { asn: daemonAsn, addresses: ours.slice(0, 2) }
  for (const [number, own] of servers.entries()) {
    const text = routeServer({ asn: exchangeAsn, own, members, listeners })
    await start(`rs${number + 1}`, hostOf(own), text)
  }
  for (const [asn, own, routes] of [
    [fabrikamAsn, members[fabrikamAsn], [office]],
    [strangerAsn, members[strangerAsn], [shop]],
  ] as const) {
    await start(`as${asn}`, hostOf(own ?? ''), memberText(asn, own ?? '', routes))
  }
  for (const name of Object.keys(routers) as RouterName[]) {
    await start(name, hostOf(routers[name]), routerText(name))
  }
})

afterAll(async () => {
  await Promise.all([...birds.values()].map((each) => each.stop()))
  await lab?.close()
})

const connectionIs = (id: string, state: string) =>
  lab.property(id.replace(/^([^/]+)/, 'peerings/$1/connections'), 'connectionState', state)
const serviceIs = (id: string, state: string) => {
  const path = id.replace(/^([^/]+)/, 'peeringServices/$1/servicePrefixes')
  return lab.property(path, 'prefixValidationState', state)
}

interface HistoryEvent {
  readonly eventLevel: string
  readonly eventSummary: string
}

/** Waits until the history of a prefix has an event; it is written a moment after it happened. */
function told(name: string, level: string, summary: RegExp): Promise<unknown> {
  let last: readonly HistoryEvent[] = []
  return waitFor(
    `${name} to have ${level} ${summary}`,
    async () => {
      last = await lab.as<HistoryEvent[]>('fabrikam', `prefix history ${name} --window 6h`)
      return last.some((each) => each.eventLevel === level && summary.test(each.eventSummary))
    },
    { state: () => last.map(({ eventLevel, eventSummary }) => `${eventLevel} ${eventSummary}`) },
  )
}

async function approvedAsn(who: 'exchange' | 'contoso', asn: number): Promise<void> {
  await lab.as(who, `asn create ${who} --peer-asn ${asn} --peer-name ${who}`)
  await lab.as('noc', `asn approve ${who}`)
}

/**
 * Has a connection approved.
 * @param nodes whose routers were refused until now, and may wait a while before they try again by themselves
 */
async function connect(
  who: 'exchange' | 'contoso',
  id: string,
  options: string,
  nodes: readonly string[],
): Promise<void> {
  await lab.as(who, `connection create ${id} --use-for-peering-service --passive ${options}`)
  await lab.as('noc', `connection approve ${id}`)
  for (const node of nodes) await birds.get(node)?.birdc('restart', '"warden*"')
}

describe('an exchange with route servers', () => {
  let key = ''

  test('is one connection with every session of the mesh', async () => {
    await approvedAsn('exchange', exchangeAsn)
    await lab.as(
      'exchange',
      'peering create ix --kind Direct --direct-peering-type IxRs --peering-location Amsterdam --peer-asn exchange',
    )
    const addresses = `--peer-session-addresses ${servers.join(',')} --microsoft-session-addresses ${ours.slice(0, 2).join(',')}`
    await connect('exchange', 'ix/lan', addresses, ['rs1', 'rs2'])
    const register = `registered-asn create fabrikam --peering ix --asn ${fabrikamAsn}`
    await expect(lab.as('exchange', register)).rejects.toThrow(/no Active connection/)
    const active = await connectionIs('ix/lan', 'Active')
    const sessions = servers.flatMap((peer) => ours.slice(0, 2).map((own) => `${peer}@${own}`))
    expect(active.properties['sessions']).toMatchObject(
      sessions.map((name) => ({ name: `ix/lan/${name}`, state: 'Established', counts: true })),
    )
    const prefix = 'prefix register office --peering ix --prefix 198.51.100.0/24'
    await expect(lab.as('exchange', prefix)).rejects.toThrow(/register the customer's AS number/)
  })

  test('registers the customer by its AS, once, and hands over a key', async () => {
    const made = await lab.as(
      'exchange',
      `registered-asn create fabrikam --peering ix --asn ${fabrikamAsn}`,
    )
    key = String(made.properties['peeringServicePrefixKey'])
    const again = `registered-asn create other --peering ix --asn ${fabrikamAsn}`
    await expect(lab.as('exchange', again)).rejects.toThrow(/AS64510 is registered already/)
  })

  test("verifies the customer's prefix by the key, and fails a stranger's origin with it", async () => {
    await lab.as(
      'fabrikam',
      'service create at-ix --peering-service-provider exchange --provider-primary-peering-location Amsterdam',
    )
    const wrong = '00000000-0000-4000-8000-000000000000'
    const create = (name: string, prefix: string, with_: string) =>
      lab.as(
        'fabrikam',
        `service-prefix create ${name} --service at-ix --prefix ${prefix} --peering-service-prefix-key ${with_}`,
      )
    await expect(create('office', office.prefix, wrong)).rejects.toThrow(/ask it for the key/)
    await create('office', office.prefix, key)
    await create('shop', shop.prefix, key)
    const verified = await serviceIs('at-ix/office', 'Verified')
    expect(verified.properties).toMatchObject({ errorMessage: '', learnedType: 'ViaSession' })
    const failed = await serviceIs('at-ix/shop', 'Failed')
    expect(failed.properties['errorMessage']).toMatch(/by AS64511, it is registered with AS64510/)
    await expect(
      lab.as('fabrikam', 'service-prefix update at-ix/shop --prefix 203.0.113.0/26'),
    ).rejects.toThrow(/cannot be modified; delete it and create it anew/)
  })

  test('has the same prefix verified as soon as the customer originates it', async () => {
    const own = members[fabrikamAsn] ?? ''
    // Of two paths of one length BIRD takes that of the lower router ID, which is the customer's.
    await birds.get(`as${fabrikamAsn}`)?.configure(memberText(fabrikamAsn, own, [office, shop]))
    await serviceIs('at-ix/shop', 'Verified')
    await told('services/at-ix/shop', 'Critical', /has the origin AS64510, it was AS64511/)
  })
})

describe('a primary and a backup location', () => {
  const verdict = 'services/branches/branch'
  const reasonsHave = (reason: string, where: RegExp) =>
    waitFor(reason, async () => {
      const { findings } = await lab.daemon.prefix(verdict)
      return findings.some((each) => each.reason === reason && where.test(each.message))
    })

  test('serve a prefix when both are there', async () => {
    await approvedAsn('contoso', contosoAsn)
    const peering = '--kind Direct --sku Premium_Direct_Free --peer-asn contoso --peering-location'
    await lab.as('contoso', `peering create contoso-ams ${peering} Amsterdam`)
    await lab.as('contoso', `peering create contoso-fra ${peering} Frankfurt`)
    await connect('contoso', 'contoso-ams/ams1', '--session-prefix-v4 192.0.2.12/30', ['ams1'])
    await connect('contoso', 'contoso-ams/ams2', '--session-prefix-v4 192.0.2.16/30', ['ams2'])
    await connect('contoso', 'contoso-fra/fra1', '--session-prefix-v4 192.0.2.20/30', ['fra1'])
    await connectionIs('contoso-ams/ams1', 'Active')
    await connectionIs('contoso-ams/ams2', 'Active')
    await connectionIs('contoso-fra/fra1', 'Active')
    const made = await lab.as(
      'contoso',
      `prefix register branch --peering contoso-ams --prefix ${branch.prefix} --origin-asns ${fabrikamAsn}`,
    )
    await lab.as(
      'fabrikam',
      'service create branches --peering-service-provider contoso --provider-primary-peering-location Amsterdam --provider-backup-peering-location Frankfurt',
    )
    await lab.as(
      'fabrikam',
      `service-prefix create branch --service branches --prefix ${branch.prefix} --peering-service-prefix-key ${made.properties['peeringServicePrefixKey']}`,
    )
    const verified = await serviceIs('branches/branch', 'Verified')
    expect(verified.properties['learnedType']).toBe('ViaServiceProvider')
  })

  test('one router of the primary is not enough', async () => {
    await birds.get('ams1')?.birdc('disable', 'warden0')
    await reasonsHave('insufficient-primary-sessions', /Amsterdam/)
    await told(verdict, 'Warning', /Route gone on contoso-ams\/ams1\/ipv4: the session is down/)
  })

  test('the backup carries it when the primary is lost', async () => {
    await birds.get('ams2')?.birdc('disable', 'warden0')
    await told(verdict, 'Information', /Active path is now that of the backup location/)
    await birds.get('ams1')?.birdc('enable', 'warden0')
    await birds.get('ams2')?.birdc('enable', 'warden0')
    await serviceIs('branches/branch', 'Verified')
    await told(verdict, 'Information', /Active path is now that of the primary location/)
    await told(verdict, 'Information', /; Failed for .*: insufficient primary sessions/)
  })

  test('the loss of the backup is told too, and its return', async () => {
    await birds.get('fra1')?.stop()
    await reasonsHave('no-backup-session', /Frankfurt/)
    await told(verdict, 'Warning', /Backup route gone on contoso-fra\/fra1\/ipv4/)
    await birds.get('fra1')?.start()
    await serviceIs('branches/branch', 'Verified')
    await told(verdict, 'Information', /Backup route announced on contoso-fra\/fra1\/ipv4/)
  })
})

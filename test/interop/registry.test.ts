/** From a request to service and back, as a peering team does it, with the command line and a real BIRD. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ResourceView } from '../../src/peering/registry-types.ts'
import { type DualBird, startDualBird } from './support/bird-dual.ts'
import {
  type Daemon,
  daemonAsn,
  daemonConfig,
  makeDaemon,
  node,
  repository,
} from './support/daemon.ts'
import { type Lan, makeLan } from './support/lan.ts'
import { run } from './support/process.ts'
import type { Route } from './support/router.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const peerAsn = 64501
const customerAsn = 64510
// The first and the second usable address of 192.0.2.8/30 and 2001:db8:0:1::8/126.
const daemonHost = 10
const daemonIpv6 = '2001:db8:0:1::a'
const peerHost = 9
const peerAddresses = ['192.0.2.9', '2001:db8:0:1::9'] as const

const web: Route = {
  prefix: '198.51.100.0/24',
  path: [customerAsn],
  communities: ['8075:8007'],
}
const voice: Route = { ...web, prefix: '2001:db8:100::/48' }

const tokens = {
  noc: { role: 'operator', token: 'operator-token-of-the-noc' },
  contoso: { role: 'provider', owner: 'contoso', token: 'provider-token-of-contoso' },
  fabrikam: { role: 'provider', owner: 'fabrikam', token: 'provider-token-of-fabrikam' },
}
type Holder = keyof typeof tokens

let workspace: Workspace
let lan: Lan
let daemon: Daemon
let router: DualBird | undefined
let folder = ''

beforeAll(async () => {
  workspace = await makeWorkspace()
  folder = await workspace.folder('daemon')
  lan = await makeLan('warden', daemonHost)
  await run([
    ...lan.inside(lan.hub),
    ...['ip', 'address', 'add', `${daemonIpv6}/64`, 'dev', lan.bridge, 'nodad'],
  ])
  await lan.join('contoso', peerHost)
  const config = daemonConfig({
    listen: {
      // IPv4 too.
      bgp: [{ address: '::' }],
      http: {
        tokens: Object.entries(tokens).map(([name, holder]) => ({ name, ...holder })),
        anonymousRead: true,
      },
    },
    storage: { path: join(folder, 'bgpwarden.db') },
    registry: { stableSeconds: 2, allowSpecialPurpose: ['198.51.100.0/24', '2001:db8::/32'] },
  })
  daemon = await makeDaemon(lan, folder, config)
  for (const [name, { token }] of Object.entries(tokens)) {
    await writeFile(join(folder, name), token, { mode: 0o600 })
  }
  await daemon.start()
})

afterAll(async () => {
  await router?.stop()
  await daemon?.close()
  await lan?.close()
  await workspace?.remove()
})

/** Runs a command line as somebody. @returns the answer; @throws Error with what it said, and its exit code */
async function as<T = ResourceView>(holder: Holder, line: string): Promise<T> {
  const words = line.split(' ')
  const output = await run(
    [
      ...[...lan.inside(lan.hub), ...node, 'src/main.ts', ...words],
      ...['--json', '--token-file', join(folder, holder)],
    ],
    { cwd: repository },
  )
  return JSON.parse(output) as T
}

const connection = () => as('noc', 'connection show contoso-ams/ams-1')

async function connectionIs(state: string): Promise<ResourceView> {
  let last: ResourceView | undefined
  return waitFor(
    `the connection to be ${state}`,
    async () => {
      const path = '/api/v1/peerings/contoso-ams/connections/ams-1'
      last = await daemon.api.get<ResourceView>(path)
      return last.properties['connectionState'] === state && last
    },
    { state: () => last?.properties },
  )
}

async function webIs(state: string): Promise<ResourceView> {
  let last: ResourceView | undefined
  return waitFor(
    `the prefix to be ${state}`,
    async () => {
      const path = '/api/v1/peerings/contoso-ams/registeredPrefixes/web'
      last = await daemon.api.get<ResourceView>(path)
      return last.properties['prefixValidationState'] === state && last
    },
    { state: () => last?.properties },
  )
}

describe('a direct peering', () => {
  test('begins with a peer ASN, which somebody approves', async () => {
    const asn = await as('contoso', `asn create contoso --peer-asn ${peerAsn} --peer-name Contoso`)
    expect(asn).toMatchObject({ owner: 'contoso', properties: { validationState: 'Pending' } })
    const peering =
      'peering create contoso-ams --kind Direct --sku Premium_Direct_Free --peering-location Amsterdam --peer-asn contoso'
    await expect(as('contoso', peering)).rejects.toThrow(
      /exit 1\n.*only an Approved one can be chosen/s,
    )
    await expect(as('contoso', 'asn approve contoso')).rejects.toThrow(/exit 2\n.*may not do this/s)
    const approved = await as('noc', 'asn approve contoso')
    expect(approved.properties).toMatchObject({ validationState: 'Approved' })
    expect(await as('contoso', peering)).toMatchObject({ properties: { asn: peerAsn } })
  })

  test('has a connection, which runs nothing until it is approved', async () => {
    const made = await as(
      'contoso',
      'connection create ams-1 --peering contoso-ams --session-prefix-v4 192.0.2.8/30 --session-prefix-v6 2001:db8:0:1::8/126 --session-address-provider Peer',
    )
    expect(made.properties).toMatchObject({ connectionState: 'PendingApproval' })
    expect(await daemon.api.get('/api/v1/sessions')).toMatchObject({ items: [] })
    await as('noc', 'connection approve ams-1 --peering contoso-ams')
    expect((await connection()).properties).toMatchObject({ connectionState: 'Approved' })
    const { items } = await daemon.api.get<{ items: unknown[] }>('/api/v1/sessions')
    expect(items).toHaveLength(2)
  })

  test('takes no prefix before it is Active, and is Active when its sessions are sound', async () => {
    const register = `prefix register web --peering contoso-ams --prefix ${web.prefix} --origin-asns ${customerAsn}`
    await expect(as('contoso', register)).rejects.toThrow(/exit 1\n.*has no Active connection/s)
    router = await startDualBird(
      {
        lan,
        node: 'contoso',
        asn: peerAsn,
        peerAsn: daemonAsn,
        own: peerAddresses,
        peer: ['192.0.2.10', daemonIpv6],
        directory: await workspace.folder('contoso'),
      },
      [web, voice],
    )
    const active = await connectionIs('Active')
    expect(active.properties).toMatchObject({
      sessionStateV4: 'Established',
      sessionStateV6: 'Established',
      errorMessage: '',
    })
    await as('contoso', register)
  })

  test('has its prefix verified, and the key is its own', async () => {
    const seen = await webIs('Verified')
    expect(seen.properties['peeringServicePrefixKey']).toBeUndefined()
    const own = await as('contoso', 'prefix show web --peering contoso-ams')
    expect(own.properties['peeringServicePrefixKey']).toMatch(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    )
    await expect(as('fabrikam', 'prefix show web --peering contoso-ams')).rejects.toThrow(/exit 2/)
    expect(await as('fabrikam', 'peering list')).toEqual([])
    const verdict = await as<{ state: string }>('contoso', 'prefix show contoso-ams/web')
    expect(verdict.state).toBe('Verified')
  })
})

/** What the portal of the cloud knows as reasons of failure, each provoked and mended. */
describe('a prefix that fails', () => {
  test.for<[string, readonly Route[], RegExp]>([
    ['not received', [], /is not received|does not announce|not in/i],
    ['no community', [{ ...web, communities: ['64501:1'] }], /8075:8007/],
    ['a long path', [{ ...web, path: [64502, 64503, customerAsn] }], /path/i],
    ['a private AS', [{ ...web, path: [65001, customerAsn] }], /65001/],
    [
      'overlapped by another network',
      [web, { ...web, prefix: '198.51.100.0/25', path: [64511] }],
      /more-specific route of 198\.51\.100\.0\/24 that is not registered, from AS64511/,
    ],
  ])('%s', async ([, routes, message]) => {
    await router?.setRoutes([...routes, voice])
    const failed = await webIs('Failed')
    expect(failed.properties['errorMessage']).toMatch(message)
    await expect(as('contoso', 'prefix show contoso-ams/web')).rejects.toThrow(/exit 1/)
    await router?.setRoutes([web, voice])
    expect((await webIs('Verified')).properties['errorMessage']).toBe('')
    expect((await connection()).properties).toMatchObject({ connectionState: 'Active' })
  })

  test.for([
    ['198.51.100.1/24', /did you mean 198\.51\.100\.0\/24/],
    ['10.0.0.0/8', /private/i],
    [web.prefix, /contoso-ams\/web/],
  ] as const)('%s is not even registered', async ([prefix, message]) => {
    const line = `prefix register other --peering contoso-ams --prefix ${prefix}`
    const refused = as('contoso', line)
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.toThrow(/exit 1/)
  })
})

describe('what was acknowledged', () => {
  test('is there after a crash, and verified again', async () => {
    await daemon.stop('SIGKILL')
    await daemon.start()
    await connectionIs('Active')
    await webIs('Verified')
    const { items } = await daemon.api.get<{ items: { who: string; operation: string }[] }>(
      '/api/v1/audit',
    )
    expect(items.map(({ who, operation }) => `${who} ${operation}`)).toContain('noc approve')
  })

  test('ends politely', async () => {
    const words = ['connection', 'delete', 'contoso-ams/ams-1', '--yes']
    await run(
      [
        ...[...lan.inside(lan.hub), ...node, 'src/main.ts', ...words],
        ...['--token-file', join(folder, 'contoso')],
      ],
      { cwd: repository },
    )
    await waitFor('the sessions to be gone', async () => {
      const { items } = await daemon.api.get<{ items: unknown[] }>('/api/v1/sessions')
      return items.length === 0
    })
    expect(router?.log()).toMatch(
      /Received: (Administrative shutdown|Peer de-configured|Connection)/i,
    )
    await expect(connection()).rejects.toThrow(/exit 2/)
  })
})

/** From a request to service and back, as a peering team does it, with the command line and a real BIRD. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PeerRouter, peerRouter } from './support/bird-peers.ts'
import { type BirdProcess, startBird } from './support/bird-process.ts'
import { daemonAsn, daemonHost } from './support/daemon.ts'
import { type RegistryLab, startRegistryLab } from './support/registry-lab.ts'
import type { Route } from './support/router.ts'
import { waitFor } from './support/wait.ts'

const peerAsn = 64501
const customerAsn = 64510
// The first and the second usable address of 192.0.2.8/30 and 2001:db8:0:1::8/126.
const daemonIpv6 = '2001:db8:0:1::a'
const peer: PeerRouter = {
  asn: peerAsn,
  peerAsn: daemonAsn,
  routerId: '192.0.2.9',
  sessions: [
    { own: '192.0.2.9', peer: '192.0.2.10' },
    { own: '2001:db8:0:1::9', peer: daemonIpv6 },
  ],
}

const web: Route = {
  prefix: '198.51.100.0/24',
  path: [customerAsn],
  communities: ['8075:8007'],
}
const voice: Route = { ...web, prefix: '2001:db8:100::/48' }

const people = {
  noc: { role: 'operator', owner: null },
  contoso: { role: 'provider', owner: 'contoso' },
  fabrikam: { role: 'provider', owner: 'fabrikam' },
} as const
let lab: RegistryLab<keyof typeof people>
let router: BirdProcess | undefined

beforeAll(async () => {
  lab = await startRegistryLab(people, daemonHost, [`${daemonIpv6}/64`], {
    allowSpecialPurpose: ['198.51.100.0/24', '2001:db8::/32'],
  })
  await lab.lan.join('contoso', 9)
})

afterAll(async () => {
  await router?.stop()
  await lab?.close()
})

const theConnection = 'peerings/contoso-ams/connections/ams-1'
const connectionIs = (state: string) => lab.property(theConnection, 'connectionState', state)
const webIs = (state: string) =>
  lab.property('peerings/contoso-ams/registeredPrefixes/web', 'prefixValidationState', state)

describe('a direct peering', () => {
  test('begins with a peer ASN, which somebody approves', async () => {
    await expect(lab.as('contoso', 'asn create contoso --peer-asn 0')).rejects.toThrow(
      /exit 1\n.*peerAsn: found 0, expected .*; peerName: is missing/,
    )
    const asn = await lab.as(
      'contoso',
      `asn create contoso --peer-asn ${peerAsn} --peer-name Contoso`,
    )
    expect(asn).toMatchObject({ owner: 'contoso', properties: { validationState: 'Pending' } })
    const peering =
      'peering create contoso-ams --kind Direct --sku Premium_Direct_Free --peering-location Amsterdam --peer-asn contoso'
    await expect(lab.as('contoso', peering)).rejects.toThrow(
      /exit 1\n.*only an Approved one can be chosen/s,
    )
    await expect(lab.as('contoso', 'asn approve contoso')).rejects.toThrow(
      /exit 2\n.*may not do this/s,
    )
    const approved = await lab.as('noc', 'asn approve contoso')
    expect(approved.properties).toMatchObject({ validationState: 'Approved' })
    expect(await lab.as('contoso', peering)).toMatchObject({ properties: { asn: peerAsn } })
  })

  test('has a connection, which runs nothing until it is approved', async () => {
    const made = await lab.as(
      'contoso',
      'connection create ams-1 --peering contoso-ams --session-prefix-v4 192.0.2.8/30 --session-address-provider Peer',
    )
    expect(made.properties).toMatchObject({ connectionState: 'PendingApproval' })
    expect(await lab.as('noc', 'session list')).toEqual([])
    const approved = await lab.as('noc', 'connection approve ams-1 --peering contoso-ams')
    expect(approved.properties).toMatchObject({ connectionState: 'Approved' })
    expect(await lab.as('noc', 'session list')).toHaveLength(1)
    const info = (await lab.daemon.metrics()).filter(
      ({ name }) => name === 'bgpwarden_session_info',
    )
    expect(info.map(({ labels }) => labels['peering'])).toEqual(['contoso-ams'])
  })

  test('takes no prefix before it is Active, and is Active when its sessions are sound', async () => {
    const register = `prefix register web --peering contoso-ams --prefix ${web.prefix} --origin-asns ${customerAsn}`
    await expect(lab.as('contoso', register)).rejects.toThrow(/exit 1\n.*has no Active connection/s)
    const directory = await lab.folder('contoso')
    router = await startBird(
      { lan: lab.lan, node: 'contoso', directory },
      peerRouter(peer, [web, voice]),
    )
    // Up and deny-all: the route is there to look at, and counts for nothing.
    await connectionIs('ProvisioningCompleted')
    const routes = await lab.as<unknown[]>('noc', 'route list contoso-ams/ams-1/ipv4')
    expect(routes).toMatchObject([{ prefix: web.prefix, class: 'unregistered' }])
    const active = await connectionIs('Active')
    expect(active.properties).toMatchObject({
      sessionStateV4: 'Established',
      sessionStateV6: 'None',
      errorMessage: '',
    })
    await lab.as('contoso', register)
  })

  test('has its prefix verified, and the key is its own', async () => {
    const seen = await webIs('Verified')
    expect(seen.properties['peeringServicePrefixKey']).toBeUndefined()
    const own = await lab.as('contoso', 'prefix show web --peering contoso-ams')
    expect(own.properties['peeringServicePrefixKey']).toMatch(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    )
    await expect(lab.as('fabrikam', 'prefix show web --peering contoso-ams')).rejects.toThrow(
      /exit 2/,
    )
    expect(await lab.as('fabrikam', 'peering list')).toEqual([])
    const verdict = await lab.as<{ state: string }>('contoso', 'prefix show contoso-ams/web')
    expect(verdict.state).toBe('Verified')
  })
})

test('IPv6 joins an Active connection, and the IPv4 session serves on', async () => {
  const before = await lab.daemon.session('contoso-ams/ams-1/ipv4')
  const line = 'connection update contoso-ams/ams-1 --session-prefix-v6 2001:db8:0:1::8/126'
  const changed = await lab.as('contoso', line)
  expect(changed.properties).toMatchObject({
    connectionState: 'Active',
    errorMessage: expect.stringMatching(/2001:db8:0:1::9 is not Established/),
  })
  await waitFor('the IPv6 session to count', async () => {
    const { properties } = await connectionIs('Active')
    const sessions = properties['sessions'] as { counts: boolean }[]
    return sessions.length === 2 && sessions.every(({ counts }) => counts)
  })
  expect(await lab.daemon.session('contoso-ams/ams-1/ipv4')).toMatchObject({
    state: 'Established',
    establishedAt: before.establishedAt,
    flaps: 0,
  })
})

/** What the portal of the cloud knows as reasons of failure, each provoked and mended. */
describe('a prefix that fails', () => {
  test.for<[string, readonly Route[], RegExp]>([
    ['not received', [], /198\.51\.100\.0\/24 is not received on contoso-ams\/ams-1\/ipv4/],
    ['no community', [{ ...web, communities: ['64501:1'] }], /required community 8075:8007/],
    [
      'a long path',
      [{ ...web, path: [64502, 64503, customerAsn] }],
      /AS path of length 4, at most 3 is allowed/,
    ],
    [
      'a private AS',
      [{ ...web, path: [65001, customerAsn] }],
      /the private AS 65001 at position 2/,
    ],
    [
      'overlapped by another network',
      [web, { ...web, prefix: '198.51.100.0/25', path: [64511] }],
      /more-specific route of 198\.51\.100\.0\/24 that is not registered, from AS64511/,
    ],
  ])('%s', async ([, routes, message]) => {
    await router?.configure(peerRouter(peer, [...routes, voice]))
    let told = ''
    await waitFor(
      `web to fail with ${message}`,
      async () => {
        told = String((await webIs('Failed')).properties['errorMessage'])
        return message.test(told)
      },
      { state: () => told },
    )
    await expect(lab.as('contoso', 'prefix show contoso-ams/web')).rejects.toThrow(/exit 1/)
    await router?.configure(peerRouter(peer, [web, voice]))
    expect((await webIs('Verified')).properties['errorMessage']).toBe('')
    expect((await connectionIs('Active')).properties['errorMessage']).toBe('')
  })

  test.for([
    ['198.51.100.1/24', /did you mean 198\.51\.100\.0\/24/],
    ['10.0.0.0/8', /10\.0\.0\.0\/8, Private-Use \(RFC 1918\)/],
    [web.prefix, /registered already, as the registered prefix "contoso-ams\/web"/],
  ] as const)('%s is not even registered', async ([prefix, message]) => {
    const line = `prefix register other --peering contoso-ams --prefix ${prefix}`
    await expect(lab.as('contoso', line)).rejects.toThrow(message)
    await expect(lab.as('contoso', line)).rejects.toThrow(/exit 1/)
  })

  test('is told with how long it lasted', async () => {
    const line = 'prefix history contoso-ams/web --window 6h'
    for (const why of [
      'not received on contoso-ams/ams-1/ipv4',
      'missing community on contoso-ams/ams-1/ipv4',
      'private asn on contoso-ams/ams-1/ipv4',
      'overlapping announcement on contoso-ams/ams-1/ipv4',
    ]) {
      // It is written a moment after it happened, and how long it lasted is up to the machine.
      const words = new RegExp(`Verified; Failed for .*: ${why}`)
      let text = ''
      await waitFor(
        `the history to say ${words}`,
        async () => {
          text = (await lab.type('contoso', line)).text
          return words.test(text)
        },
        { state: () => text },
      )
    }
  })
})

describe('what was acknowledged', () => {
  test('is there after a crash, and verified again', async () => {
    await lab.daemon.stop('SIGKILL')
    await lab.daemon.start()
    await connectionIs('Active')
    await webIs('Verified')
    const writes = await lab.as<{ who: string; operation: string }[]>('noc', 'audit')
    expect(writes.map(({ who, operation }) => `${who} ${operation}`)).toContain('noc approve')
  })

  test('ends politely, when somebody typed yes', async () => {
    const line = 'connection delete contoso-ams/ams-1'
    expect(await lab.type('contoso', line)).toMatchObject({ code: 2 })
    expect(await lab.type('contoso', line, 'y')).toMatchObject({ code: 1 })
    await connectionIs('Active')
    expect(await lab.type('contoso', line, 'yes')).toMatchObject({ code: 0 })
    await waitFor('the connection to be gone', async () => {
      return (await lab.as<unknown[]>('noc', 'connection list')).length === 0
    })
    expect(await lab.as('noc', 'session list')).toEqual([])
    await waitFor(
      'BIRD to be told',
      () => /Received: (Administrative shutdown|Peer de-configured)/i.test(router?.log() ?? ''),
      { state: () => router?.log() },
    )
    await expect(lab.as('noc', 'connection show contoso-ams/ams-1')).rejects.toThrow(/exit 2/)
  })
})

/**
 * What Alice-LG's birdwatcher source reads: field names and types as its parsers take them
 * (`parseNeighbors`, `parseNeighborsShort`, `parseRouteData`, `parseAPIStatus`).
 */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { reasonCommunities } from '../../src/api/birdwatcher-view.ts'
import { createEngineLab } from '../support/engine-lab.ts'
import { fakeStatus, fakeWorld } from '../support/fake-views.ts'
import { testApi } from '../support/test-api.ts'

const envelope = {
  api: {
    Version: '0.1.0',
    result_from_cache: false,
    cache_status: { cached_at: { date: '2026-11-21T09:00:00.000Z', timezone: 'UTC' } },
  },
  ttl: '2026-11-21T09:00:00.000Z',
}

/** Two good routes (one warning: AS 64501 is for documentation) and two with errors on edge-a; edge-b is down. */
function lookingGlass() {
  const lab = createEngineLab({ maxAsPathLength: 3 })
  lab.session('edge-a', 64501)
  lab.session('edge-b', 64502)
  lab.register('web', '198.51.100.0/24')
  lab.register('mail', '203.0.113.0/24')
  lab.register('six', '2001:db8:1::/48')
  lab.up('edge-a', 64501)
  const good = { path: '64501', communities: ['8075:8007', '64500:1:2'] }
  lab.announce('edge-a', '198.51.100.0/24', good)
  lab.announce('edge-a', '203.0.113.0/24', { path: '64501 64512 64496 64497', communities: [] })
  lab.announce('edge-a', '2001:db8:1::/48', { path: '64501 64501', communities: ['8075:8007'] })
  lab.announce('edge-a', '192.0.2.0/24', { path: '64501', communities: ['65535:65281'] })
  lab.end('edge-a')
  const world = fakeWorld({
    statuses: [
      fakeStatus('Established', { name: 'edge-a', description: 'rack 7' }),
      fakeStatus(
        'Idle',
        { name: 'edge-b', address: '192.0.2.10', asn: 64502 },
        {
          shutdown: true,
          lastError: 'administratively shut down',
        },
      ),
    ],
  })
  return testApi({ world, engine: lab.engine.view })
}

async function read(path: string) {
  const response = await lookingGlass().app.inject({ url: `/birdwatcher${path}` })
  return { status: response.statusCode, body: response.json() }
}

describe('the birdwatcher API', () => {
  test('says how the daemon is', async () => {
    expect((await read('/status')).body).toEqual({
      ...envelope,
      status: {
        router_id: '192.0.2.1',
        version: 'bgpwarden 0.1.0',
        message: 'Daemon is up and running',
        current_server: '2026-11-21 09:00:00',
        last_reboot: '2026-11-21 09:00:00',
        last_reconfig: '2026-11-21 09:00:00',
      },
    })
  })

  test('lists sessions as protocols, routes with errors as filtered', async () => {
    const { protocols } = (await read('/protocols/bgp')).body
    expect(protocols['edge-a']).toMatchObject({
      bird_protocol: 'BGP',
      state: 'up',
      state_changed: '2026-11-21 09:00:00',
      description: 'rack 7',
      neighbor_address: '192.0.2.9',
      neighbor_as: 64501,
      last_error: '',
      routes: { imported: 2, filtered: 2, exported: 0, preferred: 2 },
      channels: {
        ipv4: { routes_count: { imported: 2, filtered: 1, exported: 0, preferred: 2 } },
        ipv6: { routes_count: { imported: 0, filtered: 1, exported: 0, preferred: 0 } },
      },
    })
    expect(protocols['edge-b']).toMatchObject({
      state: 'down',
      neighbor_as: 64502,
      last_error: 'administratively shut down',
      routes: { imported: 0, filtered: 0 },
    })
  })

  test('lists states in short', async () => {
    const { protocols } = (await read('/protocols/short?uncached=true')).body
    expect(protocols).toEqual({
      'edge-a': {
        proto: 'BGP',
        table: 'adj-rib-in',
        state: 'up',
        since: '2026-11-21 09:00:00',
        info: 'Established',
      },
      'edge-b': {
        proto: 'BGP',
        table: 'adj-rib-in',
        state: 'down',
        since: '2026-11-21 09:00:00',
        info: 'Idle',
      },
    })
  })

  test('gives the routes without errors', async () => {
    const { body } = await read('/routes/protocol/edge-a')
    expect(body.api).toEqual(envelope.api)
    const networks = body.routes.map((route: { network: string }) => route.network).sort()
    expect(networks).toEqual(['192.0.2.0/24', '198.51.100.0/24'])
    const web = body.routes.find((route: { network: string }) => route.network.startsWith('198'))
    expect(web).toMatchObject({
      from_protocol: 'edge-a',
      gateway: '192.0.2.9',
      learnt_from: '192.0.2.9',
      metric: 100,
      primary: true,
      type: ['BGP', 'univ'],
      bgp: {
        origin: 'IGP',
        as_path: ['64501'],
        local_pref: '100',
        med: '0',
        communities: [[8075, 8007]],
        large_communities: [[64500, 1, 2]],
        ext_communities: [],
      },
    })
  })

  test('gives the routes with errors, each reason as a large community', async () => {
    const { routes } = (await read('/routes/filtered/edge-a')).body
    const said = routes.map(
      (route: { network: string; bgp: { large_communities: number[][] } }) => [
        route.network,
        route.bgp.large_communities,
      ],
    )
    expect(said).toEqual([
      [
        '203.0.113.0/24',
        [
          [64500, 1999, 1],
          [64500, 1101, 5],
          [64500, 1101, 4],
        ],
      ],
      [
        '2001:db8:1::/48',
        [
          [64500, 1101, 4],
          [64500, 1999, 2],
        ],
      ],
    ])
  })

  test.for([
    ['/routes/table/master', ['192.0.2.0/24', '198.51.100.0/24']],
    ['/routes/table/master/filtered', ['2001:db8:1::/48', '203.0.113.0/24']],
    ['/routes/table/adj-rib-in', ['192.0.2.0/24', '198.51.100.0/24']],
    ['/routes/table/master4', ['192.0.2.0/24', '198.51.100.0/24']],
    ['/routes/table/master6', []],
    ['/routes/table/master4/filtered', ['203.0.113.0/24']],
    ['/routes/table/master6/filtered', ['2001:db8:1::/48']],
  ] as const)(
    'gives the routes of all sessions, which Alice searches: %s',
    async ([path, networks]) => {
      // `fetchAllRoutesTable` of Alice's single-table source.
      const { body } = await read(path)
      expect(body.api).toEqual(envelope.api)
      const routes: { network: string; from_protocol: string }[] = body.routes
      expect(routes.map(({ network }) => network).sort()).toEqual(networks)
      expect(routes.every(({ from_protocol }) => from_protocol === 'edge-a')).toBe(true)
    },
  )

  test('has no other tables', async () => {
    expect(await read('/routes/table/mine')).toEqual({
      status: 404,
      body: {
        error: 'No table has the name "mine"; there are adj-rib-in, master, master4, master6.',
      },
    })
  })

  test('documents the community of each reason', () => {
    const text = readFileSync(new URL('../../docs/looking-glass.md', import.meta.url), 'utf8')
    const documented = [...text.matchAll(/^64500:(\d+:\d+) = /gm)].map(([, rest]) => rest)
    const given = new Set(Object.values(reasonCommunities).map((parts) => parts.join(':')))
    expect(documented.sort()).toEqual([...given].sort())
  })

  test('has nothing that is not exported', async () => {
    expect((await read('/routes/noexport/edge-a')).body).toEqual({ ...envelope, routes: [] })
  })

  test('looks prefixes and addresses up on every session', async () => {
    const networks = async (path: string) =>
      (await read(path)).body.routes.map((route: { network: string }) => route.network)
    expect(await networks('/routes/prefix?prefix=203.0.113.0/24')).toEqual(['203.0.113.0/24'])
    expect(await networks('/route/net/198.51.100.7')).toEqual(['198.51.100.0/24'])
    expect(await networks('/route/net/2001:db8:1::/mask/48')).toEqual(['2001:db8:1::/48'])
  })

  test('says what is wrong in one field', async () => {
    expect(await read('/routes/protocol/nobody')).toEqual({
      status: 404,
      body: { error: 'No session has the name "nobody"; list them to see their names.' },
    })
    const { status, body } = await read('/routes/prefix?prefix=198.51.100.7/24')
    expect(status).toBe(400)
    expect(body.error).toMatch(/^prefix: /)
  })

  test('a table goes out in pieces', async () => {
    const lab = createEngineLab()
    lab.session('edge-a', 64501)
    lab.up('edge-a', 64501)
    for (let i = 0; i < 1300; i++) {
      lab.announce('edge-a', `10.${i >> 8}.${i & 255}.0/24`, { path: '64501' })
    }
    lab.end('edge-a')
    const world = fakeWorld({ statuses: [fakeStatus('Established', { name: 'edge-a' })] })
    const { app } = testApi({ world, engine: lab.engine.view })
    const { routes } = (await app.inject({ url: '/birdwatcher/routes/protocol/edge-a' })).json()
    expect(new Set(routes.map((route: { network: string }) => route.network)).size).toBe(1300)
  })
})

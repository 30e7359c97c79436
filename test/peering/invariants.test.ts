/** Whatever is asked for in whatever order: what must hold holds, and a restart finds what was there. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coversPrefix } from '../../src/prefix/prefix.ts'
import { parsePrefix } from '../../src/prefix/text.ts'
import type { JsonObject } from '../../src/store/types.ts'
import {
  admin,
  contoso,
  createRegistryLab,
  fabrikam,
  operator,
  type RegistryLab,
} from '../support/registry-lab.ts'

const who = fc.constantFrom(contoso, fabrikam, operator, admin)
const asnName = fc.constantFrom('a', 'b', 'c')
const peering = fc.constantFrom('p', 'q', 'rs')
const child = fc.tuple(peering, fc.constantFrom('1', '2')).map((parts) => parts.join('/'))
const sessionPrefix = fc.constantFrom(
  '192.0.2.0/30',
  '192.0.2.4/30',
  '192.0.2.4/31',
  '192.0.2.1/30',
)
const registered = fc.constantFrom(
  '198.51.100.0/24',
  '198.51.100.0/25',
  '198.51.100.128/25',
  '203.0.113.0/24',
  '10.0.0.0/8',
)

type Step = (lab: RegistryLab) => unknown

function create(kind: string, id: fc.Arbitrary<string>, spec: fc.Arbitrary<JsonObject>) {
  return fc.tuple(who, id, spec).map(([by, name, given]): Step => {
    return (lab) => lab.registry.create(by, kind, name, given)
  })
}

function update(kind: string, id: fc.Arbitrary<string>, spec: fc.Arbitrary<JsonObject>) {
  return fc.tuple(who, id, spec).map(([by, name, given]): Step => {
    return (lab) => lab.registry.update(by, kind, name, given, { merge: true })
  })
}

function remove(kind: string, id: fc.Arbitrary<string>) {
  return fc.tuple(who, id).map(
    ([by, name]): Step =>
      (lab) =>
        lab.registry.remove(by, kind, name),
  )
}

function operate(kind: string, id: fc.Arbitrary<string>, ...operations: string[]) {
  return fc.tuple(id, fc.constantFrom(...operations)).map(([name, operation]): Step => {
    const body = ['reject', 'block'].includes(operation) ? { reason: 'because' } : undefined
    return (lab) => lab.registry.operate(operator, kind, name, operation, body)
  })
}

const asnSpec = fc.record({ peerAsn: fc.constantFrom(64501, 64502), peerName: fc.constant('N') })
const peeringSpec = fc.record({
  kind: fc.constant('Direct'),
  peeringLocation: fc.constant('Amsterdam'),
  peerAsn: asnName,
  sku: fc.constantFrom('Basic_Direct_Free', 'Premium_Direct_Free'),
})
const connectionSpec = fc.record({
  sessionPrefixV4: sessionPrefix,
  useForPeeringService: fc.boolean(),
})
const up: fc.Arbitrary<Step> = fc.constantFrom(
  async (lab: RegistryLab) => {
    for (const name of lab.running.keys()) lab.establish(name)
    await lab.wait(35)
  },
  async (lab: RegistryLab) => {
    for (const name of lab.running.keys()) lab.drop(name)
    await lab.wait(2)
  },
  (lab: RegistryLab) => lab.wait(2),
)
const steps = fc.oneof(
  { weight: 3, arbitrary: create('peerAsn', asnName, asnSpec) },
  { weight: 3, arbitrary: operate('peerAsn', asnName, 'approve', 'approve', 'reject') },
  { weight: 3, arbitrary: create('peering', peering, peeringSpec) },
  { weight: 4, arbitrary: create('connection', child, connectionSpec) },
  { weight: 1, arbitrary: update('connection', child, connectionSpec) },
  {
    weight: 4,
    arbitrary: operate(
      'connection',
      child,
      ...['approve', 'approve', 'reject', 'provision', 'retry', 'block', 'unblock', 'request'],
    ),
  },
  { weight: 4, arbitrary: up },
  { weight: 4, arbitrary: create('registeredPrefix', child, fc.record({ prefix: registered })) },
  { weight: 1, arbitrary: remove('registeredPrefix', child) },
  { weight: 1, arbitrary: remove('connection', child) },
  { weight: 1, arbitrary: remove('peering', peering) },
  { weight: 1, arbitrary: remove('peerAsn', asnName) },
)

/** An approved AS and a peering, so that not all of a run goes into getting there. */
const begin: Step[] = [
  (lab) => lab.peering('p', { sku: 'Premium_Direct_Free' }),
  (lab) => lab.activate('p/1', { sessionPrefixV4: '192.0.2.0/30' }),
]

const kinds = ['peerAsn', 'peering', 'connection', 'registeredPrefix']

function listed(lab: RegistryLab, kind: string) {
  return lab.registry.list(admin, kind, { limit: 1000 }).items
}

function content(lab: RegistryLab) {
  return kinds.flatMap((kind) => {
    return listed(lab, kind).map(({ id, etag, createdAt, owner }) => {
      return [kind, id, etag, createdAt, owner]
    })
  })
}

function checkUnique(lab: RegistryLab) {
  const numbers = listed(lab, 'peerAsn')
    .filter(({ properties }) => properties['validationState'] !== 'Failed')
    .map(({ properties }) => properties['peerAsn'])
  expect(new Set(numbers).size).toBe(numbers.length)
  const peers = [...lab.running.values()].map(
    ({ address, port, asn }) => `${address} ${port} ${asn}`,
  )
  expect(new Set(peers).size).toBe(peers.length)
  const prefixes = listed(lab, 'registeredPrefix').map(({ owner, properties }) => {
    return { owner, prefix: parsePrefix(String(properties['prefix'])) }
  })
  for (const [i, a] of prefixes.entries()) {
    for (const b of prefixes.slice(i + 1)) {
      if (a.prefix.length === b.prefix.length || a.owner !== b.owner) {
        expect(coversPrefix(a.prefix, b.prefix) || coversPrefix(b.prefix, a.prefix)).toBe(false)
      }
    }
  }
}

/** What runs is what the views say, and nothing else. */
function checkRunning(lab: RegistryLab) {
  const idle = ['None', 'PendingApproval', 'ExternalBlocker', 'PendingRemove']
  const wanted = listed(lab, 'connection')
    .filter(({ properties }) => !idle.includes(String(properties['connectionState'])))
    .flatMap(({ properties }) => properties['sessions'] as { name: string }[])
  expect([...lab.running.keys()].sort()).toEqual(wanted.map(({ name }) => name).sort())
  expect([...lab.engine.view.sessionNames()].sort()).toEqual([...lab.running.keys()].sort())
  const names = lab.engine.view.prefixes().map(({ name }) => name)
  expect(names.sort()).toEqual(listed(lab, 'registeredPrefix').map(({ id }) => id))
  for (const { properties } of listed(lab, 'connection')) {
    const counting = (properties['sessions'] as { counts: boolean }[]).some(({ counts }) => counts)
    if (
      !['Active', 'TypeChangeRequested', 'TypeChangeInProgress'].includes(
        String(properties['connectionState']),
      )
    ) {
      expect(counting).toBe(false)
    }
  }
}

test('random operations', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 40 }), async (script) => {
      const lab = await createRegistryLab({ settings: { provisioningSeconds: 20 } })
      for (const step of [...begin, ...script]) {
        try {
          await step(lab)
        } catch (error) {
          if (!(error instanceof Error) || error.name !== 'RefusedError') throw error
        }
        checkUnique(lab)
        checkRunning(lab)
      }
      expect(lab.problems).toEqual([])
      const next = await createRegistryLab({ store: lab.store })
      expect(content(next)).toEqual(content(lab))
      expect(next.registry.export(admin)).toEqual(lab.registry.export(admin))
      expect([...next.running.values()]).toEqual(expect.arrayContaining([...lab.running.values()]))
      expect(next.running.size).toBe(lab.running.size)
    }),
    { numRuns: 60 },
  )
}, 60_000)

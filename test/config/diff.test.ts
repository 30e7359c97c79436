import { describe, expect, test } from 'vitest'
import type { Config } from '../../src/config/config.ts'
import { diffConfig } from '../../src/config/diff.ts'
import { parseConfig } from '../../src/config/load.ts'

function config(parts: { local?: string; rest?: string; sessions?: string; prefixes?: string }) {
  const text = [
    `local: ${parts.local ?? '{ asn: 64500, routerId: 192.0.2.1 }'}`,
    parts.rest ?? '',
    `sessions: [${parts.sessions ?? ''}]`,
    `prefixes: [${parts.prefixes ?? ''}]`,
  ]
  return parseConfig(text.join('\n'), 'test.yaml')
}

const a = '{ name: a, address: 192.0.2.2, asn: 64501 }'
const b = '{ name: b, address: 192.0.2.3, asn: 64502 }'
const web = '{ name: web, prefix: 198.51.100.0/24 }'
const www = '{ name: www, prefix: 203.0.113.0/24 }'

function names(difference: ReturnType<typeof diffConfig>) {
  const list = (d: typeof difference.sessions | typeof difference.prefixes) => ({
    added: d.added.map((entry) => entry.name),
    removed: d.removed.map((entry) => entry.name),
    changed: d.changed.map(({ after }) => after.name),
  })
  return { sessions: list(difference.sessions), prefixes: list(difference.prefixes) }
}

const nothing = { added: [], removed: [], changed: [] }

describe('diffConfig', () => {
  test('the same file, in another order and with defaults written out, changes nothing', () => {
    const old = config({ sessions: `${a}, ${b}`, prefixes: `${web}, ${www}` })
    const next = config({
      rest: 'log: { level: info }',
      sessions: `${b}, { address: 192.0.2.2, asn: 64501, name: a, holdTime: 90, families: [ipv6, ipv4] }`,
      prefixes: `${www}, { name: web, prefix: 198.51.100.0/24, originAsns: [] }`,
    })
    const difference = diffConfig(old, next)
    expect(names(difference)).toEqual({ sessions: nothing, prefixes: nothing })
    expect(difference).toMatchObject({ policyChanged: false, restartNeeded: [] })
  })

  test('added, removed and changed entries', () => {
    const old = config({ sessions: `${a}, ${b}`, prefixes: `${web}, ${www}` })
    const next = config({
      sessions: `{ name: b, address: 192.0.2.3, asn: 64503 }, { name: c, address: 192.0.2.4, asn: 64504 }`,
      prefixes: `{ name: new, prefix: 192.0.2.0/24 }, { name: www, prefix: 203.0.113.0/24, owner: x }`,
    })
    const difference = diffConfig(old, next)
    expect(names(difference)).toEqual({
      sessions: { added: ['c'], removed: ['a'], changed: ['b'] },
      prefixes: { added: ['new'], removed: ['web'], changed: ['www'] },
    })
    expect(difference.sessions.changed).toEqual([
      { before: old.sessions[1], after: next.sessions[0] },
    ])
  })

  test('our AS number changes the sessions that show it', () => {
    const own = '{ name: b, address: 192.0.2.3, asn: 64502, localAsn: 64999 }'
    const old = config({ sessions: `${a}, ${own}` })
    const next = config({
      local: '{ asn: 64510, routerId: 192.0.2.1 }',
      sessions: `${a}, ${own}`,
    })
    const difference = diffConfig(old, next)
    expect(names(difference).sessions).toEqual({ ...nothing, changed: ['a'] })
    expect(difference.restartNeeded).toEqual([])
  })

  test('ranges of unknown peers need no restart', () => {
    const ranges = (asns: string) =>
      config({ rest: `listen: { dynamic: [{ name: lab, range: 192.0.2.0/24, asns: ${asns} }] }` })
    const difference = diffConfig(ranges('[64501]'), ranges('any'))
    expect(difference).toMatchObject({ dynamicChanged: true, restartNeeded: [] })
    expect(difference.inForce.listen.dynamic[0]?.asns).toBeNull()
    expect(diffConfig(ranges('any'), ranges('any')).dynamicChanged).toBe(false)
  })

  test('the policy of all', () => {
    const next = config({ rest: 'policy: { maxAsPathLength: 4 }' })
    expect(diffConfig(config({}), next).policyChanged).toBe(true)
  })

  test.for([
    ['local.routerId', { local: '{ asn: 64500, routerId: 192.0.2.9 }' }],
    ['listen.bgp', { rest: 'listen: { bgp: [] }' }],
    ['listen.http', { rest: 'listen: { http: { port: 9999 } }' }],
    ['storage.path', { rest: 'storage: { path: x.db }' }],
    ['metrics.perPrefixLimit', { rest: 'metrics: { perPrefixLimit: 5 }' }],
    ['log.level', { rest: 'log: { level: debug }' }],
    ['log.format', { rest: 'log: { format: json }' }],
    ['events.keep', { rest: 'events: { keep: 5 }' }],
  ] as const)('%s waits for a restart, and is told at each reload until then', ([key, parts]) => {
    const old = config({ sessions: a })
    const next = config({ ...parts, sessions: `${a}, ${b}` })
    const first = diffConfig(old, next)
    expect(first.restartNeeded).toEqual([key])
    expect(names(first).sessions).toEqual({ ...nothing, added: ['b'] })
    expect(first.sessions.added[0]?.routerId).toBe(old.local.routerId)

    const inForce: Config = { ...old, sessions: first.inForce.sessions }
    expect(first.inForce).toEqual(inForce)
    const second = diffConfig(first.inForce, next)
    expect(second.restartNeeded).toEqual([key])
    expect(names(second).sessions).toEqual(nothing)
  })
})

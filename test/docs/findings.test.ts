/** A page for each reason: it is there, is linked, and shows what the engine really says. */
import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { type Finding, type FindingReason, findingReasons } from '../../src/engine/types.ts'
import { sessionFindingReasons } from '../../src/peering/kind.ts'
import { createEngineLab } from '../support/engine-lab.ts'
import {
  admin,
  contoso,
  createRegistryLab,
  type RegistryLab,
  refusal,
} from '../support/registry-lab.ts'
import { testApi } from '../support/test-api.ts'

const docs = new URL('../../docs/', import.meta.url)
const read = (file: string) => readFile(new URL(file, docs), 'utf8')

/** The reasons for which a registration is refused. */
const registryReasons = [
  'invalid-prefix',
  'private-prefix',
  'duplicate-prefix',
  'key-mismatch',
  'provider-not-found',
  'asn-not-approved',
] as const
/** The reasons of findings on all that a session of the registry announces. */
const sessionReasons = sessionFindingReasons.filter((reason) => reason !== 'private-prefix')
const reasons = [...findingReasons, ...sessionReasons, ...registryReasons]

type Lab = ReturnType<typeof createEngineLab>

const web = '198.51.100.0/24'

/** ORIGIN 3 in an otherwise good announcement of the prefix by AS64501 (RFC 7606 §7.1). */
const malformed = Buffer.from(
  `${'ff'.repeat(16)}002f02${'0000'}${'0014'}40010103${'4002060201'}0000fbf5${'400304c0000201'}${'18c63364'}`,
  'hex',
)

/** The situation that each page shows. */
const situations: Record<FindingReason, (lab: Lab) => void> = {
  'not-received': (lab) => lab.announce('edge-a', '198.51.100.0/22'),
  'missing-community': (lab) => announce(lab, '64501 64510', ['64501:100']),
  'as-path-too-long': (lab) => announce(lab, '64501 64502 64503 64510'),
  'private-asn': (lab) => announce(lab, '64501 64512'),
  'bogon-asn': (lab) => announce(lab, '65010 64496'),
  'as-path-prepended': (lab) => announce(lab, '64501 64501 64510'),
  'origin-mismatch': (lab) => announce(lab, '64501 64511'),
  'overlapping-prefix': (lab) => lab.register('backup', '198.51.100.128/25', { owner: 'fabrikam' }),
  'overlapping-announcement'(lab) {
    announce(lab, '64501 64510')
    for (const prefix of ['198.51.100.0/25', '198.51.100.128/25']) {
      lab.announce('edge-a', prefix, { path: '64501 64511' })
    }
  },
  'malformed-update'(lab) {
    announce(lab, '64501 64510')
    lab.receive('edge-a', malformed)
  },
  'session-down': (lab) => lab.down('edge-a'),
  'insufficient-primary-sessions': (lab) => serve(lab, ['edge-a']),
  'no-backup-session': (lab) => serve(lab, []),
}

/** Makes the prefix one of a service with a backup location that has no session. */
function serve(lab: Lab, sessions: string[]): void {
  lab.engine.unregister('web', lab.now)
  const backup = { location: 'Frankfurt', sessions: [] }
  lab.register('web', web, { requires: { primary: { location: 'Amsterdam', sessions }, backup } })
}

function announce(lab: Lab, path: string, communities = ['8075:8007']): void {
  lab.announce('edge-a', web, { path, communities })
}

/** The finding in the situation of its page. */
function findingOf(reason: FindingReason): Finding | undefined {
  const isBogon = reason === 'bogon-asn'
  const asn = isBogon ? 65010 : 64501
  const lab = createEngineLab({ bogonAsn: isBogon ? 'warning' : 'off', convergenceSeconds: 60 })
  lab.session('edge-a', asn)
  const originAsns = ['origin-mismatch', 'overlapping-announcement'].includes(reason) ? [64510] : []
  lab.register('web', web, { originAsns })
  lab.up('edge-a', asn)
  lab.end('edge-a')
  situations[reason](lab)
  while (lab.engine.background(lab.now));
  return lab.verdict('web').findings.find((finding) => finding.reason === reason)
}

test('every reason has a page, and every page is of a reason', async () => {
  const pages = (await readdir(new URL('findings/', docs))).map((file) => file.replace('.md', ''))
  expect(pages.sort()).toEqual([...reasons].sort())
})

test('the table of all findings lists every reason, and the page of each begins with its severity', async () => {
  const table = await read('findings.md')
  const rows = table.matchAll(/^\| \[([\w-]+)\]\(findings\/([\w-]+)\.md\) +\| (\w+)/gm)
  const listed = [...rows].map(([, reason, page, severity]) => ({ reason, page, severity }))
  expect(listed.map(({ reason }) => reason)).toEqual(reasons)
  for (const { reason, page, severity } of listed) {
    expect(page).toBe(reason)
    const text = await read(`findings/${page}.md`)
    expect(text).toMatch(new RegExp(`^# ${reason}\n\n\\*\\*${severity}\\*\\*`, 'i'))
  }
})

test.for(reasons)(
  '%s says how to see it on every kind of router, and how to mend it',
  async (reason) => {
    const text = await read(`findings/${reason}.md`)
    const [, ...sections] = text.split(/^## /m)
    expect(sections.map((section) => section.split('\n')[0])).toEqual(['See it', 'Mend it'])
    for (const kind of ['FRR', 'BIRD', 'IOS-like', 'Junos-like'])
      expect(sections[0]).toContain(kind)
  },
)

test.for(findingReasons)('the page on %s shows what the engine says', async (reason) => {
  const text = await read(`findings/${reason}.md`)
  const shown = /```\n(.*?)```/s.exec(text)?.[1]
  const finding = findingOf(reason)
  expect(finding).toBeDefined()
  const { severity, session, message, action } = finding as Finding
  const where = session === null ? '' : ` on ${session}`
  expect(shown).toBe(`${severity} ${reason}${where}\n  ${message}\n  fix: ${action}\n`)
})

/** What each of those pages shows is asked for: the kind, the id, and the properties. */
const refused: Record<(typeof registryReasons)[number], (lab: RegistryLab) => Promise<unknown>> = {
  'invalid-prefix': (lab) => register(lab, '198.51.100.1/24'),
  'private-prefix': (lab) => register(lab, '10.0.0.0/8'),
  async 'duplicate-prefix'(lab) {
    await register(lab, web)
    return register(lab, web, 'shop')
  },
  async 'key-mismatch'(lab) {
    await lab.registry.create(admin, 'peeringService', 'office', {
      peeringServiceProvider: 'contoso',
      providerPrimaryPeeringLocation: 'Amsterdam',
    })
    return lab.registry.create(admin, 'servicePrefix', 'office/web', {
      prefix: web,
      peeringServicePrefixKey: '12345678-9abc-4def-8012-3456789abcde',
    })
  },
  'provider-not-found': (lab) =>
    lab.registry.create(admin, 'peeringService', 'office', {
      peeringServiceProvider: 'contoso',
      providerPrimaryPeeringLocation: 'Frankfurt',
    }),
  async 'asn-not-approved'(lab) {
    const peerAsn = { peerAsn: 64502, peerName: 'Fabrikam' }
    await lab.registry.create(contoso, 'peerAsn', 'fabrikam', peerAsn)
    const spec = { kind: 'Direct', peeringLocation: 'Amsterdam', peerAsn: 'fabrikam' }
    return lab.registry.create(contoso, 'peering', 'fabrikam-ams', spec)
  },
}

function register(lab: RegistryLab, prefix: string, name = 'web'): Promise<unknown> {
  return lab.registry.create(contoso, 'registeredPrefix', `contoso-ams/${name}`, { prefix })
}

test.for(registryReasons)('the page on %s shows what the registry says', async (reason) => {
  const lab = await createRegistryLab()
  await lab.registry.create(contoso, 'peerAsn', 'contoso', {
    peerAsn: 64501,
    peerName: 'Contoso',
  })
  await lab.registry.operate(admin, 'peerAsn', 'contoso', 'approve', undefined)
  await lab.registry.create(contoso, 'peering', 'contoso-ams', {
    kind: 'Direct',
    sku: 'Premium_Direct_Free',
    peeringLocation: 'Amsterdam',
    peerAsn: 'contoso',
  })
  await lab.activate('contoso-ams/1', {
    sessionPrefixV4: '192.0.2.8/30',
    useForPeeringService: true,
  })
  const { message, reason: said } = await refusal(refused[reason](lab))
  expect(said).toBe(reason)
  const text = await read(`findings/${reason}.md`)
  expect(/```\n(.*?)```/s.exec(text)?.[1]).toBe(`error: ${message}\n`)
})

test('links between the pages lead somewhere', async () => {
  for (const reason of reasons) {
    const page = new URL(`findings/${reason}.md`, docs)
    const links = (await readFile(page, 'utf8')).matchAll(/\]\(([^)#:]+\.md)/g)
    for (const [, link = ''] of links) await readFile(new URL(link, page))
  }
})

describe('served by the daemon', () => {
  const { app } = testApi()

  test('the page on every reason, to which findings link', async () => {
    for (const reason of reasons) {
      const answer = await app.inject(`/docs/findings/${reason}`)
      expect(answer.statusCode, reason).toBe(200)
      expect(answer.headers['content-security-policy']).toContain("script-src 'self'")
      expect(answer.body).toContain(`<h1 id="${reason}">`)
    }
  })

  test('the section on every alert, to which alerts link', async () => {
    const rules = await readFile(new URL('../grafana/prometheus/alerts.yml', docs), 'utf8')
    const anchors = [...rules.matchAll(/runbook_url: .*\/docs\/alerts#(\w+)"/g)]
    expect(anchors.length).toBeGreaterThan(8)
    const { body } = await app.inject('/docs/alerts')
    for (const [, anchor] of anchors) expect(body).toContain(`<h2 id="${anchor}">`)
  })
})

/** Alert rules: what can be said of them without Prometheus; test/interop/alerts.test.ts runs them. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { fakeEngine, fakeLog, fakeSessions, fakeWorld } from '../support/fake-views.ts'
import { textOf } from '../telemetry/exposition.ts'

const read = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly {
      readonly alertname: string
      readonly exp_alerts: readonly { readonly exp_labels: Readonly<Record<string, string>> }[]
    }[]
  }[]
}

async function rules(): Promise<readonly Rule[]> {
  const { groups } = parse(await read('grafana/prometheus/alerts.yml')) as {
    groups: { rules: Rule[] }[]
  }
  return groups.flatMap((group) => group.rules)
}

/** @returns the section of docs/alerts.md on each alert */
async function sections(): Promise<Map<string, string>> {
  const [, ...parts] = (await read('docs/alerts.md')).split(/^## /m)
  return new Map(parts.map((part) => [part.split('\n')[0] ?? '', part]))
}

test('each alert has a severity, a summary, a description and a link to its section of the documentation', async () => {
  const documented = await sections()
  const all = await rules()
  expect(all.length).toBeGreaterThan(8)
  for (const { alert, labels, annotations } of all) {
    expect(['critical', 'warning', 'info'], alert).toContain(labels['severity'])
    expect(annotations['summary']?.length, alert).toBeGreaterThan(20)
    expect(annotations['description']?.length, alert).toBeGreaterThan(80)
    expect(annotations['runbook_url'], alert).toMatch(
      new RegExp(`^http://.*/docs/alerts#${alert.toLowerCase()}$`),
    )
    expect(documented.has(alert), `docs/alerts.md on ${alert}`).toBe(true)
  }
})

test('the table of the documentation lists the alerts, and each with its severities', async () => {
  const expected = new Map<string, string>()
  for (const { alert, labels } of await rules()) {
    const severities = [expected.get(alert), labels['severity']].filter(Boolean)
    expected.set(alert, severities.join(', '))
  }
  const rows = (await read('docs/alerts.md')).matchAll(
    /^\| \[(\w+)\]\(#(\w+)\) +\| ([a-z, ]+) +\|/gm,
  )
  const listed = new Map<string, string>()
  for (const [, alert = '', anchor, severities = ''] of rows) {
    expect(anchor).toBe(alert.toLowerCase())
    listed.set(alert, severities.trim())
  }
  expect(listed).toEqual(expected)
})

test('each rule is tested as firing and as resolved', async () => {
  const { tests } = parse(await read('grafana/prometheus/alerts.test.yml'), {
    merge: true,
  }) as RuleTests
  const checks = tests.flatMap((each) => each.alert_rule_test ?? [])
  for (const { alert, labels } of await rules()) {
    const own = checks.filter((check) => check.alertname === alert)
    const fired = own.findIndex((check) =>
      check.exp_alerts.some(({ exp_labels }) => exp_labels['severity'] === labels['severity']),
    )
    expect(fired, `${alert} fires`).toBeGreaterThanOrEqual(0)
    const after = own.slice(fired).some((check) => check.exp_alerts.length === 0)
    expect(after, `${alert} resolves`).toBe(true)
  }
})

test('every metric that a rule reads is exported', async () => {
  const metrics = createMetrics({
    engine: fakeEngine(fakeWorld()),
    sessions: fakeSessions(fakeWorld()),
    perPrefixLimit: 10,
    version: '0.1.0',
    log: fakeLog(),
    storageUp: () => true,
    judgedSessions: () => [],
  })
  const exported = await textOf(metrics.exposition())
  for (const { alert, expr, annotations } of await rules()) {
    const names = `${expr} ${annotations['description']}`.match(/\b(bgpwarden|nodejs)_\w+/g) ?? []
    for (const name of names) expect(exported, alert).toContain(`# TYPE ${name} `)
  }
})

test('the example for Alertmanager speaks of alerts that there are', async () => {
  const names = new Set((await rules()).map(({ alert }) => alert))
  const mentioned = (await read('grafana/prometheus/alertmanager.yml')).match(
    /\bBgpwarden[A-Z]\w+/g,
  )
  expect(mentioned?.length).toBeGreaterThan(5)
  for (const name of mentioned ?? []) expect(names).toContain(name)
})

/** The dashboards: what Grafana can be expected to make of them; test/interop/dashboards.test.ts asks Prometheus. */
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { createGenerator } from 'ts-json-schema-generator'
import { beforeAll, describe, expect, test } from 'vitest'
import { dashboards } from '../../grafana/src/dashboards.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import {
  fakeEngine,
  fakeLog,
  fakeSessions,
  fakeStatus,
  fakeVerdict,
  fakeWorld,
} from '../support/fake-views.ts'
import { textOf } from '../telemetry/exposition.ts'
import { asRead, queriesOf } from './queries.ts'

const folder = new URL('../../grafana/dashboards/', import.meta.url)
const files = [...dashboards().keys()]

/** A dashboard as the file has it. */
const load = async (file: string) => asRead(await readFile(new URL(file, folder), 'utf8'))

test('the files are what the code generates (npm run grafana)', async () => {
  expect((await readdir(folder)).sort()).toEqual([...files].sort())
  for (const [file, generated] of dashboards()) {
    expect(await load(file), file).toEqual(JSON.parse(JSON.stringify(generated)))
  }
})

describe("Grafana's schema", () => {
  const ajv = new Ajv({ strict: false, allErrors: true })

  beforeAll(() => {
    const path = fileURLToPath(new URL('model.ts', import.meta.url))
    const generator = createGenerator({
      path,
      tsconfig: fileURLToPath(new URL('../../tsconfig.json', import.meta.url)),
      type: 'GrafanaModel',
      skipTypeCheck: true,
      // The types mark queries with a method that no JSON has.
      functions: 'hide',
      additionalProperties: false,
      expose: 'none',
      topRef: false,
    })
    const $schema = 'http://json-schema.org/draft-07/schema#'
    const schema = generator.createSchema('GrafanaModel')
    ajv.addSchema({ ...schema, $schema, $id: 'grafana' })
    // Compiled here and once: it takes seconds, and no test should.
    for (const kind of Object.keys(schema.properties ?? {})) validatorOf(kind)
  }, 60_000)

  function validatorOf(kind: string) {
    const validate = ajv.getSchema(`grafana#/properties/${kind}`)
    if (validate === undefined) throw new Error(`the model has no panel of the kind ${kind}`)
    return validate
  }

  function mistakes(kind: string, value: unknown) {
    const validate = validatorOf(kind)
    validate(value)
    return validate.errors ?? []
  }
  const valid = (kind: string, value: unknown, what: string) =>
    expect(mistakes(kind, value), what).toEqual([])

  test.for(files)('%s', async (file) => {
    const dashboard = await load(file)
    // Options depend on the kind of panel, and the model does not know a query's own fields.
    const bare = dashboard.panels.map(({ targets: _, ...panel }) => panel)
    valid('dashboard', { ...dashboard, panels: bare }, file)
    for (const panel of dashboard.panels) {
      const { options, fieldConfig, targets, title = '' } = panel
      const custom = fieldConfig?.defaults.custom ?? {}
      valid(panel.type, { options, custom }, `${file}: ${title}`)
      for (const target of targets) valid('query', target, `${file}: ${title}`)
    }
  })

  test('is strict enough to notice', async () => {
    const dashboard = await load('overview.json')
    const [panel] = dashboard.panels
    const wrong = { ...dashboard, refesh: '5s', panels: [{ ...panel, targets: undefined }] }
    expect(mistakes('dashboard', wrong)).not.toEqual([])
    const options = { ...panel?.options, colorMode: 'loud' }
    expect(mistakes('stat', { options, custom: {} })).not.toEqual([])
  })
})

describe.for(files)('%s', (file) => {
  test('each panel says what it shows, has a place of its own and a number', async () => {
    const { panels } = await load(file)
    const taken = new Set<string>()
    for (const { title, description, gridPos } of panels) {
      expect(description?.length, title).toBeGreaterThan(10)
      const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 }
      expect(x + w, title).toBeLessThanOrEqual(24)
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          expect(taken.has(`${column} ${row}`), title).toBe(false)
          taken.add(`${column} ${row}`)
        }
      }
    }
    const big = panels.filter(({ type }) => type === 'stat' || type === 'bargauge')
    for (const { title, fieldConfig } of big) {
      expect(fieldConfig?.defaults.thresholds, title).toBeDefined()
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length)
    for (const { targets, title } of panels) {
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length)
      expect(targets.length, title).toBeGreaterThan(0)
    }
  })

  test('uses only variables that it has, before others that need them', async () => {
    const text = await readFile(new URL(file, folder), 'utf8')
    const { templating } = await load(file)
    const names = templating.list.map(({ name }) => name)
    const builtIn = /^(__\w+(\.\w+)?|alertname)$/
    for (const [, braced, plain] of text.matchAll(/\$(?:\{([\w.]+)(?::\w+)?\}|(\w+))/g)) {
      const name = braced ?? plain ?? ''
      if (!builtIn.test(name)) expect(names, name).toContain(name)
    }
    templating.list.forEach(({ definition = '' }, index) => {
      for (const [, name = ''] of definition.matchAll(/\$(\w+)/g)) {
        expect(names.slice(0, index), definition).toContain(name)
      }
    })
  })

  test('links to dashboards and pages that there are', async () => {
    const text = await readFile(new URL(file, folder), 'utf8')
    const uids = [...dashboards().values()].map(({ uid }) => uid)
    for (const [, uid] of text.matchAll(/\/d\/([\w-]+)/g)) expect(uids).toContain(uid)
    for (const [, page] of text.matchAll(/\/docs\/(\w+)/g)) {
      const names = await readdir(new URL('../../docs/', import.meta.url))
      expect(names).toContain(`${page}.md`)
    }
  })

  test('every metric that a query names is exported', async () => {
    const world = fakeWorld({
      statuses: [fakeStatus('Established', { maxPrefixes: { limit: 10, warnAt: 80 } })],
      verdicts: [fakeVerdict('web', '198.51.100.0/24')],
    })
    const metrics = createMetrics({
      engine: fakeEngine(world),
      sessions: fakeSessions(world),
      perPrefixLimit: 10,
      version: '0.1.0',
      log: fakeLog(),
      counts: () => ({ refusedConnections: 0, malformedUpdates: 0, prefixEvents: 0 }),
      storageUp: () => true,
    })
    const exported = await textOf(metrics.exposition())
    for (const { expr, where } of queriesOf(await load(file))) {
      for (const [name] of expr.matchAll(/\b(bgpwarden|nodejs|process)_\w+/g)) {
        const family = name.replace(/_(bucket|sum|count)$/, '')
        expect(exported, `${where}: ${expr}`).toContain(`# TYPE ${family} `)
      }
    }
  })
})

test('the provisioning finds the dashboards, and one of them is the home page', async () => {
  const compose = await readFile(new URL('../../compose.yaml', import.meta.url), 'utf8')
  const home = /HOME_DASHBOARD_PATH: \S+\/([\w-]+\.json)/.exec(compose)?.[1]
  expect(files).toContain(home)
})

/** The container lab without containers: its own files, on its own addresses, under the real programs. */
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Daemon, daemonHost, makeDaemon, repository } from './support/daemon.ts'
import { type Asked, askAll, listOf, tableOf } from './support/dashboard-queries.ts'
import { startFrr, vtysh } from './support/frr.ts'
import { type Lan, makeLan } from './support/lan.ts'
import { metric } from './support/metrics.ts'
import { type Program, run, startProgram } from './support/process.ts'
import { type Prometheus, startPrometheus } from './support/prometheus.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const lab = (file: string) => join(repository, 'lab', file)
const grafana = (file: string) => join(repository, 'grafana', file)

/** Of what this lab has not: sessions of circuits and virtual networks. */
const withoutSeries = new Set(['bgpwarden_session_finding'])

/** An alert rule as Prometheus tells it. */
interface Rule {
  readonly name: string
  readonly query: string
  readonly health: string
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
  }[]
}

describe('the files of the lab', () => {
  test('BIRD accepts bird.conf', async () => {
    await run(['bird', '-p', '-c', lab('bird/bird.conf')])
  })

  test('FRR accepts frr.conf', async () => {
    await run(['vtysh', '-C', '-f', lab('frr/frr.conf')])
  })

  test('Prometheus accepts prometheus.yml', async () => {
    await run(['promtool', 'check', 'config', grafana('prometheus/prometheus.yml')])
  })
})

describe('FRR and BIRD side by side', () => {
  let workspace: Workspace
  let lan: Lan
  let daemon: Daemon
  let prometheus: Prometheus
  let frrDirectory: string
  let birdDirectory: string
  const programs: Program[] = []
  /** What Prometheus was asked, and what it answered. */
  const queryList: string[] = []

  beforeAll(async () => {
    workspace = await makeWorkspace()
    lan = await makeLan('warden', daemonHost)
    await lan.join('frr', 11)
    await lan.join('bird', 12)
    const config = parse(await readFile(lab('bgpwarden.yaml'), 'utf8')) as Record<string, unknown>
    // The lab keeps nothing; its dashboards can show whether it could.
    const storage = { path: join(await workspace.folder('storage'), 'bgpwarden.db') }
    daemon = await makeDaemon(lan, await workspace.folder('daemon'), { ...config, storage })
    await daemon.start()

    frrDirectory = await workspace.folder('frr')
    await copyFile(lab('frr/frr.conf'), join(frrDirectory, 'frr.conf'))
    programs.push(...(await startFrr({ lan, node: 'frr', directory: frrDirectory })))

    birdDirectory = await workspace.folder('bird')
    await copyFile(lab('bird/bird.conf'), join(birdDirectory, 'bird.conf'))
    programs.push(
      startProgram('bird', [
        ...lan.inside('bird'),
        ...['bird', '-f', '-c', join(birdDirectory, 'bird.conf')],
        ...['-s', join(birdDirectory, 'bird.ctl')],
      ]),
    )
    prometheus = await startPrometheus(lan, await workspace.folder('prometheus'))
    programs.push(...prometheus.programs)
  })
  afterAll(async () => {
    const list = queryList.join('\n')
    console.log(list)
    const file = process.env['BGPWARDEN_QUERY_LIST']
    if (file !== undefined) await writeFile(file, list)
    for (const program of programs.reverse()) await program.stop()
    await daemon?.close()
    await lan?.close()
    await workspace?.remove()
  })

  const queried = (what: string, expression: string) =>
    waitFor(what, async () => (await prometheus.query(expression)).length > 0)

  test('each registered prefix has the verdict that the lab is made to show', async () => {
    await daemon.sessionIs('frr', 'Established')
    await daemon.sessionIs('bird', 'Established')
    await daemon.prefixIs('web', 'Verified')
    await daemon.prefixIs('voice', 'Verified')
    await daemon.prefixFails('mail', 'missing-community')
    await daemon.prefixFails('video', 'as-path-too-long')
    await daemon.prefixFails('backup', 'not-received')
    const samples = await daemon.metrics()
    for (const session of ['frr', 'bird'])
      expect(metric(samples, 'bgpwarden_session_state', { session })).toBe(6)
    const held = (session: string, family: string) =>
      metric(samples, 'bgpwarden_session_prefixes', { session, family })
    expect([held('frr', 'ipv4'), held('frr', 'ipv6')]).toEqual([2, 1])
    expect([held('bird', 'ipv4'), held('bird', 'ipv6')]).toEqual([1, 2])
    expect(metric(samples, 'bgpwarden_prefixes', { state: 'Verified' })).toBe(2)
    expect(metric(samples, 'bgpwarden_prefixes', { state: 'Failed' })).toBe(3)
  })

  /** Has BIRD end its session with a NOTIFICATION and come back. */
  async function resetBird() {
    const { flaps } = await daemon.session('bird')
    await run(['birdc', '-s', join(birdDirectory, 'bird.ctl'), 'restart', 'bgpwarden'])
    await waitFor('the flap', async () => (await daemon.session('bird')).flaps > flaps)
    await daemon.sessionIs('bird', 'Established')
  }

  test('Prometheus has it all, and every query of every dashboard answers', async () => {
    await queried('both sessions', 'count(bgpwarden_session_state == 6) == 2')
    await queried('a verified prefix', 'bgpwarden_prefix_state{name="web"} == 2')
    await queried('a failing prefix', 'bgpwarden_prefix_state{name="mail"} == 4')
    await queried(
      'its reason',
      'bgpwarden_prefix_finding{name="mail", reason="missing-community"} == 1',
    )
    await resetBird()
    await queried('the flap', 'increase(bgpwarden_session_flaps_total{session="bird"}[15s]) > 0')
    await queried('an alert', 'ALERTS{alertname="BgpwardenPrefixFailed"}')
    await queried('End-of-RIB again', 'min(bgpwarden_session_end_of_rib) == 1')
    await queried('the verdict again', 'bgpwarden_prefix_state{name="backup"} == 4')

    const asked = await askAll(prometheus, { session: 'bird', prefix: 'backup' })
    queryList.push(listOf(asked))
    expect(asked.length).toBeGreaterThan(80)
    // No session of a configuration file belongs to a peering.
    const mayBeEmpty = ({ where }: { where: string }) => where === '$peering'
    const answered = ({ series }: Asked) => series.some(({ value }) => value !== 'NaN')
    const empty = asked.filter((each) => !answered(each) && !mayBeEmpty(each))
    expect(empty.map(({ dashboard, where, sent }) => ({ dashboard, where, sent }))).toEqual([])
  })

  async function rulesNow(): Promise<readonly Rule[]> {
    const { data } = await prometheus.api.get<{ data: { groups: { rules: Rule[] }[] } }>(
      '/api/v1/rules',
    )
    return data.groups.flatMap((group) => group.rules)
  }

  test('every alert rule is evaluated without an error, over metrics that are there', async () => {
    const rules = await rulesNow()
    expect(rules.length).toBeGreaterThan(8)
    const alertRows: Pick<Asked, 'where' | 'sent' | 'series'>[] = []
    for (const { name, query, health, alerts } of rules) {
      expect(health, name).toBe('ok')
      expect(JSON.stringify(alerts), name).not.toContain('error expanding template')
      const series = await prometheus.query(query)
      alertRows.push({ where: name, sent: query, series })
      for (const [metric] of query.matchAll(/\b(bgpwarden|nodejs)_\w+|\bup\b/g)) {
        if (withoutSeries.has(metric)) continue
        expect((await prometheus.query(`count(${metric})`)).length, `${name}: ${metric}`).toBe(1)
      }
    }
    queryList.push(tableOf('alerts.yml', alertRows))
    for (const [name, reason] of [
      ['mail', 'missing-community'],
      ['video', 'as-path-too-long'],
      ['backup', 'not-received'],
    ]) {
      let last: unknown
      await waitFor(
        `the alert on ${name} to say ${reason}`,
        async () => {
          const failed = (await rulesNow()).find((rule) => rule.name === 'BgpwardenPrefixFailed')
          const alert = failed?.alerts.find(({ labels }) => labels['name'] === name)
          last = alert
          return alert?.annotations['description']?.includes(`/docs/findings/${reason})`)
        },
        { state: () => last },
      )
    }
  })

  test('the routers know the commands with which the pages on findings look at them', async () => {
    const folder = join(repository, 'docs/findings')
    const asked: string[] = []
    for (const page of await readdir(folder)) {
      const text = await readFile(join(folder, page), 'utf8')
      for (const [, router, row = ''] of text.matchAll(/^\| (FRR|BIRD) +\|(.*)\|$/gm)) {
        for (const [, command = ''] of row.matchAll(/`(show [^`]*)`/g)) {
          const said =
            router === 'FRR'
              ? await run(vtysh(frrDirectory, '-c', command))
              : await run(['birdc', '-s', join(birdDirectory, 'bird.ctl'), command])
          expect(said, `${page}: ${command}`).not.toMatch(
            /Unknown command|syntax error|Ambiguous|% Can/i,
          )
          asked.push(command)
        }
      }
    }
    expect(asked.length).toBeGreaterThan(30)
  })

  test('mending each router as its file says is seen in verdict, event, metric and Prometheus', async () => {
    const mend = /vtysh (-c '.*')/.exec(await readFile(lab('frr/frr.conf'), 'utf8'))?.[1] ?? ''
    const words = [...mend.matchAll(/'([^']*)'/g)].flatMap(([, word = '']) => ['-c', word])
    expect(words).toHaveLength(6)
    await run(vtysh(frrDirectory, ...words))

    const birdFile = join(birdDirectory, 'bird.conf')
    const lines = (await readFile(birdFile, 'utf8')).split('\n')
    const kept = lines.filter((line) => !/prepend\(6450[89]\)/.test(line))
    expect(kept).toHaveLength(lines.length - 2)
    await writeFile(birdFile, kept.join('\n'))
    await run(['birdc', '-s', join(birdDirectory, 'bird.ctl'), 'configure'])

    for (const [name, reason] of [
      ['mail', 'missing-community'],
      ['video', 'as-path-too-long'],
    ] as const) {
      await daemon.prefixIs(name, 'Verified')
      const samples = await daemon.metrics()
      expect(metric(samples, 'bgpwarden_prefix_state', { name })).toBe(2)
      expect(metric(samples, 'bgpwarden_prefix_finding', { name, reason })).toBe(0)
      const recovery = await waitFor('the event', () =>
        daemon
          .events()
          .find(
            (event) => event.kind === 'prefix' && event.name === name && event.to === 'Verified',
          ),
      )
      expect(recovery).toMatchObject({ from: 'Failed', closed: [{ reason }] })
      await queried(`${name} in Prometheus`, `bgpwarden_prefix_state{name="${name}"} == 2`)
    }
  })
})

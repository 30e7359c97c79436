/** The container lab without containers: its own files, on its own addresses, under the real programs. */
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Api, makeApi } from './support/api.ts'
import { type Daemon, daemonHost, makeDaemon, repository, startRelay } from './support/daemon.ts'
import { startFrr, vtysh } from './support/frr.ts'
import { type Lan, makeLan } from './support/lan.ts'
import { metric } from './support/metrics.ts'
import { type Program, run, startProgram } from './support/process.ts'
import { waitFor } from './support/wait.ts'
import { makeWorkspace, type Workspace } from './support/workspace.ts'

const lab = (file: string) => join(repository, 'lab', file)
const grafana = (file: string) => join(repository, 'grafana', file)

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

async function dashboardQueries(): Promise<{ title: string; expr: string }[]> {
  const text = await readFile(grafana('dashboards/overview.json'), 'utf8')
  const { panels } = JSON.parse(text) as { panels: Panel[] }
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))
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
  let prometheus: Api
  let frrDirectory: string
  let birdDirectory: string
  const programs: Program[] = []

  beforeAll(async () => {
    workspace = await makeWorkspace()
    lan = await makeLan('warden', daemonHost)
    await lan.join('frr', 11)
    await lan.join('bird', 12)
    const config = await readFile(lab('bgpwarden.yaml'), 'utf8')
    daemon = await makeDaemon(lan, await workspace.folder('daemon'), config)
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
    prometheus = await startPrometheus()
  })
  afterAll(async () => {
    for (const program of programs.reverse()) await program.stop()
    await daemon?.close()
    await lan?.close()
    await workspace?.remove()
  })

  /** Prometheus beside the daemon, with the lab's configuration; only the name of the target differs. */
  async function startPrometheus(): Promise<Api> {
    const directory = await workspace.folder('prometheus')
    const config = await readFile(grafana('prometheus/prometheus.yml'), 'utf8')
    await writeFile(
      join(directory, 'prometheus.yml'),
      config.replace('bgpwarden:9179', '127.0.0.1:9179').replaceAll(': 5s', ': 1s'),
    )
    await copyFile(grafana('prometheus/alerts.yml'), join(directory, 'alerts.yml'))
    const socketFile = join(directory, 'http.sock')
    programs.push(
      startProgram('prometheus', [
        ...lan.inside(lan.hub),
        'prometheus',
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        '--web.listen-address=127.0.0.1:9090',
      ]),
      startRelay(lan, lan.hub, socketFile, 9090),
    )
    const api = makeApi(socketFile)
    await waitFor('Prometheus to be ready', () => api.text('/-/ready'))
    return api
  }

  /** @returns the samples that a PromQL query gives now */
  async function query(expression: string) {
    const answer = await prometheus.get<{
      data: { result: { metric: Record<string, string>; value: [number, string] }[] }
    }>(`/api/v1/query?query=${encodeURIComponent(expression)}`)
    return answer.data.result
  }
  const queried = (what: string, expression: string) =>
    waitFor(what, async () => (await query(expression)).length > 0)

  test('each registered prefix has the verdict that the lab is made to show', async () => {
    await daemon.sessionIs('frr', 'Established')
    await daemon.sessionIs('bird', 'Established')
    await daemon.prefixIs('web', 'Verified')
    await daemon.prefixIs('voice', 'Verified')
    expect((await daemon.prefixIs('mail', 'Failed')).reasons).toEqual(['missing-community'])
    expect((await daemon.prefixIs('video', 'Failed')).reasons).toEqual(['as-path-too-long'])
    expect((await daemon.prefixIs('backup', 'Failed')).reasons).toEqual(['not-received'])
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

  test('Prometheus has it all, and every query of the dashboard answers', async () => {
    await queried('both sessions', 'count(bgpwarden_session_state == 6) == 2')
    await queried('a verified prefix', 'bgpwarden_prefix_state{name="web"} == 2')
    await queried('a failing prefix', 'bgpwarden_prefix_state{name="mail"} == 4')
    await queried(
      'its reason',
      'bgpwarden_prefix_finding{name="mail", reason="missing-community"} == 1',
    )
    // No NOTIFICATION, no series.
    const mayBeEmpty = /bgpwarden_session_notifications_total/
    const queries = await dashboardQueries()
    expect(queries.length).toBeGreaterThan(10)
    const exported = await daemon.api.text('/metrics')
    for (const { title, expr } of queries) {
      for (const [name] of expr.matchAll(/bgpwarden_\w+/g))
        expect(exported, title).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `)
      const expression = expr.replaceAll('$__rate_interval', '1m').replaceAll('$session', '.*')
      await queried(
        `the panel "${title}"`,
        mayBeEmpty.test(expr) ? `(${expression}) or vector(0)` : expression,
      )
    }
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

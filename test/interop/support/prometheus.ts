/** A real Prometheus beside the daemon, and what can be asked of it. */
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Api, makeApi } from './api.ts'
import { repository, startRelay } from './daemon.ts'
import type { Lan } from './lan.ts'
import { type Program, startProgram } from './process.ts'
import { waitFor } from './wait.ts'

/** One series of an answer; over a range, with its last value. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: string
}

export interface Prometheus {
  readonly api: Api
  readonly programs: readonly Program[]
  /** @returns the series that a PromQL query gives now */
  query(expression: string): Promise<Series[]>
  /** @returns the series that a PromQL query gives over the last minute */
  queryRange(expression: string): Promise<Series[]>
}

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Record<string, string>
      readonly value?: readonly [number, string]
      readonly values?: readonly (readonly [number, string])[]
    }[]
  }
}

/** Starts Prometheus in the hub with the configuration of the lab; only target and pace differ. */
export async function startPrometheus(lan: Lan, directory: string): Promise<Prometheus> {
  const own = (file: string) => join(repository, 'grafana/prometheus', file)
  const config = await readFile(own('prometheus.yml'), 'utf8')
  await writeFile(
    join(directory, 'prometheus.yml'),
    config.replace('bgpwarden:9179', '127.0.0.1:9179').replaceAll(': 5s', ': 1s'),
  )
  await copyFile(own('alerts.yml'), join(directory, 'alerts.yml'))
  const socketFile = join(directory, 'http.sock')
  const programs = [
    startProgram('prometheus', [
      ...lan.inside(lan.hub),
      'prometheus',
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      '--web.listen-address=127.0.0.1:9090',
    ]),
    startRelay(lan, lan.hub, socketFile, 9090),
  ]
  const api = makeApi(socketFile)
  await waitFor('Prometheus to be ready', () => api.text('/-/ready'))

  const ask = async (path: string): Promise<Series[]> => {
    const { data } = await api.get<Answer>(path)
    return data.result.map(({ metric, value, values }) => ({
      labels: metric,
      value: (value ?? values?.at(-1))?.[1] ?? '',
    }))
  }
  return {
    api,
    programs,
    query: (expression) => ask(`/api/v1/query?query=${encodeURIComponent(expression)}`),
    queryRange: (expression) => {
      const end = Date.now() / 1000
      const range = `start=${end - 60}&end=${end}&step=1`
      return ask(`/api/v1/query_range?query=${encodeURIComponent(expression)}&${range}`)
    },
  }
}

/** The daemon's HTTP side, as the benchmark needs it. */
import { Agent, get } from 'node:http'
import type { SessionJson } from '../src/api/session-schemas.ts'

export interface HttpClient {
  text(path: string): Promise<string>
  json<T>(path: string): Promise<T>
  sessions(): Promise<readonly SessionJson[]>
  /** Value of each series of `/metrics`, by its name with its labels. */
  metrics(): Promise<ReadonlyMap<string, number>>
  close(): void
}

/** Makes a client that keeps one connection. */
export function createHttpClient(port: number): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const text = (path: string) =>
    new Promise<string>((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, path, agent, timeout: 60_000 }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => {
          const body = Buffer.concat(chunks).toString()
          if (answer.statusCode === 200) resolve(body)
          else reject(new Error(`GET ${path}: HTTP ${answer.statusCode} ${body.slice(0, 200)}`))
        })
        answer.on('error', reject)
      })
      request.on('timeout', () => request.destroy(new Error(`GET ${path}: no answer`)))
      request.on('error', reject)
    })
  const json = async <T>(path: string) => JSON.parse(await text(path)) as T
  return {
    text,
    json,
    sessions: async () => {
      const { items } = await json<{ items: SessionJson[] }>('/api/v1/sessions?limit=1000')
      return items
    },
    metrics: async () => {
      const series = new Map<string, number>()
      for (const line of (await text('/metrics')).split('\n')) {
        if (line === '' || line.startsWith('#')) continue
        const space = line.lastIndexOf(' ')
        series.set(line.slice(0, space), Number(line.slice(space + 1)))
      }
      return series
    },
    close: () => agent.destroy(),
  }
}

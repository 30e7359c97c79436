/** What can be said of image and compose file where no container engine runs. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { repository } from './support/daemon.ts'
import { addressesOf } from './support/lan.ts'

const read = (file: string) => readFile(join(repository, file), 'utf8')

interface Service {
  readonly build?: string
  readonly image?: string
  readonly volumes?: readonly string[]
  readonly networks: Record<string, { ipv4_address: string; ipv6_address: string }> | string[]
}

/** @returns the instructions of a Dockerfile, continued lines joined */
async function instructions(file: string): Promise<string[]> {
  const text = (await read(file)).replaceAll(/\\\n\s*/g, '')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

describe('compose.yaml', () => {
  test('runs the daemon, two routers, Prometheus and Grafana from files that exist', async () => {
    const { services } = parse(await read('compose.yaml')) as { services: Record<string, Service> }
    expect(Object.keys(services)).toEqual(['bgpwarden', 'frr', 'bird', 'prometheus', 'grafana'])
    for (const [name, { build, image, volumes = [] }] of Object.entries(services)) {
      expect(build ?? image, name).toBeDefined()
      if (build) expect(existsSync(join(repository, build, 'Dockerfile')), name).toBe(true)
      for (const volume of volumes) {
        const source = volume.split(':')[0] ?? ''
        expect(existsSync(join(repository, source)), source).toBe(true)
      }
    }
  })

  test('gives each node the addresses that the configurations of the lab speak of', async () => {
    const { services } = parse(await read('compose.yaml')) as { services: Record<string, Service> }
    for (const [name, host] of [
      ['bgpwarden', 10],
      ['frr', 11],
      ['bird', 12],
    ] as const) {
      const { ipv4, ipv6 } = addressesOf(host)
      expect(services[name]?.networks).toEqual({ lan: { ipv4_address: ipv4, ipv6_address: ipv6 } })
    }
  })

  test('Grafana finds its datasource, its provider and the dashboard', async () => {
    const datasource = parse(await read('grafana/provisioning/datasources/prometheus.yaml')) as {
      datasources: { uid: string; url: string }[]
    }
    expect(datasource.datasources[0]).toMatchObject({
      uid: 'prometheus',
      url: 'http://prometheus:9090',
    })
    const { services } = parse(await read('compose.yaml')) as { services: Record<string, Service> }
    const provider = parse(await read('grafana/provisioning/dashboards/bgpwarden.yaml')) as {
      providers: { options: { path: string } }[]
    }
    const path = provider.providers[0]?.options.path
    expect(services['grafana']?.volumes).toContain(`./grafana/dashboards:${path}:ro`)
    // Its dashboards take whatever Prometheus there is.
    const dashboard = await read('grafana/dashboards/overview.json')
    expect(dashboard).not.toMatch(/"uid": "prometheus"/)
  })
})

describe('Dockerfile', () => {
  test('installs no development dependencies, and runs as node with a health check', async () => {
    const lines = await instructions('Dockerfile')
    expect(lines.filter((line) => line.startsWith('FROM '))).toEqual([
      'FROM node:24-slim AS dependencies',
      'FROM node:24-slim AS page',
      'FROM node:24-slim',
    ])
    expect(lines.find((line) => line.startsWith('RUN npm'))).toContain('--omit=dev')
    expect(lines.indexOf('USER node')).toBeGreaterThan(lines.indexOf('FROM node:24-slim'))
    expect(lines.some((line) => /^HEALTHCHECK .*\/healthz/.test(line))).toBe(true)
    expect(lines.at(-1)).toBe(
      'CMD ["node", "src/main.ts", "run", "-c", "/etc/bgpwarden/bgpwarden.yaml"]',
    )
  })

  test('copies only what exists and what .dockerignore lets through', async () => {
    const allowed = (await read('.dockerignore')).split('\n')
    const copied = (await instructions('Dockerfile'))
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1))
    const manifests = ['package.json', 'package-lock.json']
    expect(copied).toEqual([
      ...manifests,
      ...manifests,
      'src',
      'docs',
      'package.json',
      'LICENSE',
      'src',
    ])
    for (const source of copied) {
      expect(existsSync(join(repository, source)), source).toBe(true)
      expect(allowed).toContain(`!${source}`)
    }
  })
})

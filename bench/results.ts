/** What a run of the benchmark leaves behind: JSON, and a picture of growth. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { type Figure, isMet, median } from './figures.ts'
import { drawGrowth } from './picture.ts'
import type { Context } from './scenario.ts'

export interface Results {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly node: string
  readonly quick: boolean
  readonly routers: Readonly<Record<string, string>>
  readonly figures: readonly Figure[]
}

const here = new URL('.', import.meta.url).pathname
const picture = new URL('../docs/growth.svg', import.meta.url).pathname

/** CPU, cores, memory, system. */
export function machineText(): string {
  const [cpu] = cpus()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return `${cpu?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${gigabytes} GiB, ${type()} ${release()}`
}

/** @returns for instance `v20.19.0` */
export function nodeVersion(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
}

function commit(): string {
  try {
    const words = ['describe', '--always', '--dirty']
    return execFileSync('git', words, { encoding: 'utf8', cwd: here }).trim()
  } catch {
    return 'unknown'
  }
}

/** Puts figures together with what they were measured on. */
export function collectResults(context: Context, figures: readonly Figure[]): Results {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    machine: machineText(),
    node: nodeVersion(context.node),
    quick: context.quick,
    routers: Object.fromEntries(
      context.routers.map((router) => [router.name, router.version() ?? '']),
    ),
    figures,
  }
}

function toJson(results: Results): string {
  // Samples by the thousand say no more than their spread.
  const figures = results.figures.map((figure) => ({
    ...figure,
    values:
      figure.values.length <= 20
        ? figure.values
        : [Math.min(...figure.values), median(figure.values), Math.max(...figure.values)],
    met: isMet(figure),
  }))
  return `${JSON.stringify({ ...results, figures }, null, 1)}\n`
}

/**
 * Writes results to `bench/results/`, and with `save` also to `bench/last.json`: its figures of the
 * same names on the same major version of Node are replaced, the others stay.
 */
export function writeResults(results: Results, save: boolean): string {
  mkdirSync(`${here}results`, { recursive: true })
  const path = `${here}results/${results.date.replaceAll(':', '-')}.json`
  writeFileSync(path, toJson(results))
  if (!save) return path
  const [major = 'v0'] = results.node.split('.')
  const kept = readLast()
  const before = kept[major]?.figures ?? []
  const names = new Set(results.figures.map(({ name }) => name))
  const figures = [...before.filter(({ name }) => !names.has(name)), ...results.figures]
  const merged = { ...results, figures }
  const all = { ...kept, [major]: JSON.parse(toJson(merged)) as Results }
  writeFileSync(`${here}last.json`, `${JSON.stringify(all, null, 1)}\n`)
  const svg = drawGrowth(merged)
  if (svg !== undefined) writeFileSync(picture, svg)
  return path
}

/** The figures saved last, by major version of Node. */
function readLast(): Record<string, Results> {
  try {
    return JSON.parse(readFileSync(`${here}last.json`, 'utf8')) as Record<string, Results>
  } catch {
    return {}
  }
}

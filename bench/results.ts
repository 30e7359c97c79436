/** What a run of the benchmark leaves behind: JSON, and a picture of growth. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { type Figure, isMet, median } from './figures.ts'
import { replaceFigures, type Saved } from './markdown.ts'
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
const biome = new URL('../node_modules/.bin/biome', import.meta.url).pathname
const page = new URL('../docs/performance.md', import.meta.url).pathname
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
 * Writes results to `bench/results/`. With `save` they also replace figures of the same names on the
 * same major version of Node in `bench/last.json`, and the tables and the picture in `docs/` follow.
 * @returns the path of the file
 */
export function writeResults(results: Results, save: boolean): string {
  mkdirSync(`${here}results`, { recursive: true })
  const path = `${here}results/${results.date.replaceAll(':', '-')}.json`
  writeFileSync(path, toJson(results))
  if (!save) return path
  const all = mergeSaved(readLast(), JSON.parse(toJson(results)) as Results)
  const last = `${here}last.json`
  writeFileSync(last, JSON.stringify(all))
  // Committed files have the formatter's layout.
  execFileSync(biome, ['format', '--write', last], { stdio: 'ignore' })
  writeFileSync(page, replaceFigures(readFileSync(page, 'utf8'), all))
  const svg = drawGrowth(Object.values(all))
  if (svg !== undefined) writeFileSync(picture, svg)
  return path
}

/** The figures saved last. */
function readLast(): Saved {
  try {
    return JSON.parse(readFileSync(`${here}last.json`, 'utf8')) as Saved
  } catch {
    return {}
  }
}

/** New figures take the place of those of the same name on the same Node; routers add up. */
function mergeSaved(saved: Saved, results: Results): Saved {
  const [major = 'v0'] = results.node.split('.')
  const before = saved[major]
  const fresh = new Map(results.figures.map((figure) => [figure.name, figure]))
  const kept = (before?.figures ?? []).map((figure) => {
    const newer = fresh.get(figure.name)
    fresh.delete(figure.name)
    return newer ?? figure
  })
  const merged = {
    ...results,
    routers: { ...before?.routers, ...results.routers },
    figures: [...kept, ...fresh.values()],
  }
  const all = { ...saved, [major]: merged }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

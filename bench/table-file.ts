/**
 * Tables on disk: generated once, kept in the directory for temporary files, and made anew when the
 * generator changes.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  generateChurn,
  generateTable,
  generateWithdrawals,
  type TableSpec,
  type TableTruth,
} from './table.ts'
import { createUniverse, prefixText, type Universe, type UniverseSpec } from './universe.ts'

export interface TableFile {
  readonly path: string
  readonly truth: TableTruth
}

/** The one Internet that all benchmarks share. */
export interface World {
  readonly spec: UniverseSpec
  /** Registered prefixes in text, in the order of `TableTruth.verdicts`. */
  readonly registered: readonly string[]
  table(spec: TableSpec): TableFile
  /** Withdraws every route of the table of that peer. @returns the path of the file */
  withdrawals(peer: number): string
  /** @returns the path of a file of `count` UPDATEs with one route each */
  churn(firstAs: number, count: number): string
}

const sources = ['random.ts', 'universe.ts', 'attributes.ts', 'table.ts', 'table-octets.ts']

/** Where the files are; they hold hundreds of megabytes and may be removed at any time. */
export function cacheDirectory(): string {
  const hash = createHash('sha1')
  for (const name of sources) hash.update(readFileSync(new URL(name, import.meta.url)))
  const directory = join(tmpdir(), 'bgpwarden-bench', hash.digest('hex').slice(0, 12))
  mkdirSync(directory, { recursive: true })
  return directory
}

/** Writes a file whole or not at all: a benchmark that is interrupted leaves no half table. */
function writeWhole<T>(path: string, fill: (write: (octets: Uint8Array) => void) => T): T {
  const unfinished = `${path}.${process.pid}`
  const file = openSync(unfinished, 'w')
  const result = fill((octets) => {
    for (let at = 0; at < octets.length; ) at += writeSync(file, octets, at)
  })
  closeSync(file)
  renameSync(unfinished, path)
  return result
}

/** Opens a world; what it needs is generated when it is asked for. */
export function openWorld(spec: UniverseSpec): World {
  const directory = cacheDirectory()
  const name = `${spec.family}-${spec.routes}-${spec.registered}-${spec.seed}`
  let made: Universe | undefined
  const universe = () => {
    made ??= createUniverse(spec)
    return made
  }
  const registeredPath = join(directory, `${name}-registered.txt`)
  if (!existsSync(registeredPath)) {
    const lines = universe().registeredPrefixes.map((p) => prefixText(spec.family, p))
    writeFileSync(registeredPath, lines.join('\n'))
  }
  const keep = (suffix: string, fill: (write: (octets: Uint8Array) => void) => unknown) => {
    const path = join(directory, `${name}-${suffix}.bin`)
    if (!existsSync(path)) writeWhole(path, fill)
    return path
  }
  return {
    spec,
    registered: readFileSync(registeredPath, 'utf8').split('\n'),
    table(table) {
      const slice = table.slice === undefined ? '' : `-${table.slice.index}of${table.slice.of}`
      const limit = table.limit === undefined ? '' : `-first${table.limit}`
      const suffix = `peer${table.peer}-as${table.firstAs}-${table.packing}${slice}${limit}`
      const truthPath = join(directory, `${name}-${suffix}.json`)
      const path = keep(suffix, (write) => {
        const truth = generateTable(universe(), table, write)
        writeFileSync(truthPath, JSON.stringify(truth))
      })
      return { path, truth: JSON.parse(readFileSync(truthPath, 'utf8')) as TableTruth }
    },
    withdrawals: (peer) =>
      keep(`withdraw${peer}`, (write) => generateWithdrawals(universe(), { peer }, write)),
    churn: (firstAs, count) =>
      keep(`churn-as${firstAs}-${count}`, (write) =>
        generateChurn(universe(), firstAs, count, write),
      ),
  }
}

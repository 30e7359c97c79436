/** Routing-registry data: who is recorded as origin of a prefix, from dumps and from servers. */
import { stat } from 'node:fs/promises'
import type { Prefix } from '../prefix/prefix.ts'
import type { Clock } from '../session/types.ts'
import { type DumpProgress, type RegistryData, readDumps } from './dump.ts'
import type { Ownership } from './ownership.ts'
import { type RegistryName, registryNames } from './registry-names.ts'
import { askOrigins, type WhoisServer } from './whois.ts'

export interface IrrStatus {
  readonly files: readonly string[]
  readonly servers: number
  /** Route objects held. */
  readonly objects: number
  /** Milliseconds since the epoch; null: never. */
  readonly loadedAt: number | null
  readonly loading: DumpProgress | null
  /** Why the last load or question failed; null: it did not. */
  readonly problem: string | null
}

export interface Irr {
  /**
   * Says what is recorded.
   * @param registry where it must be recorded; absent: anywhere
   */
  ownership(prefix: Prefix, asn: number, registry?: RegistryName): Promise<Ownership>
  /** Whether any dump or server has an aut-num of it; null: no dumps were read. */
  knowsAsn(asn: number): boolean | null
  /** Reads the dumps anew when they changed. Calls while it reads wait for the same. */
  refresh(): Promise<void>
  status(): IrrStatus
  close(): void
}

export interface IrrOptions {
  readonly files: readonly string[]
  readonly servers: readonly WhoisServer[]
  readonly clock: Clock
  /** Told after each load, and while one goes on. */
  readonly onProgress?: (progress: DumpProgress) => void
  readonly onLoaded?: (objects: number) => void
  readonly onProblem?: (why: string) => void
}

/** Milliseconds between two looks at the files. */
const LOOK_EVERY = 60_000

function accepts(registry: RegistryName | undefined, source: string): boolean {
  if (registry === undefined) return true
  return (registryNames[registry] as readonly string[]).includes(source)
}

/** @returns the registries that a server is asked for; null: none of them is meant */
function sourcesFor(
  { sources }: WhoisServer,
  registry: RegistryName | undefined,
): readonly string[] | null {
  if (registry === undefined) return sources
  const names: readonly string[] = registryNames[registry]
  // A server refuses a question that names a registry it does not have.
  if (sources.length === 0) return names.slice(0, 1)
  const meant = sources.filter((each) => names.includes(each.toUpperCase()))
  return meant.length > 0 ? meant : null
}

/** Size and time of the files, as one text that changes when they do. */
async function fingerprint(files: readonly string[]): Promise<string> {
  const marks = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs, ino } = await stat(file)
      return `${size} ${mtimeMs} ${ino}`
    }),
  )
  return marks.join('\n')
}

/** Makes it; the first load begins at once. */
export function createIrr(options: IrrOptions): Irr {
  const { files, servers, clock } = options
  let data: RegistryData | null = null
  let mark = ''
  let loadedAt: number | null = null
  let loading: DumpProgress | null = null
  let problem: string | null = null
  let running: Promise<void> | null = null
  let cancel: (() => void) | null = null
  let closed = false

  async function load(): Promise<void> {
    const next = await fingerprint(files)
    if (next === mark) return
    data = await readDumps(files, (progress) => {
      loading = progress
      options.onProgress?.(progress)
    })
    // What changed while it was read is read at the next look.
    mark = next
    loadedAt = clock.now()
    problem = null
    options.onLoaded?.(data.routes.count())
  }

  function fail(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    if (why !== problem) options.onProblem?.(why)
    problem = why
  }

  function refresh(): Promise<void> {
    running ??= load()
      .catch(fail)
      .finally(() => {
        running = null
        loading = null
      })
    return running
  }

  function look(): void {
    if (closed || files.length === 0) return
    cancel = clock.after(LOOK_EVERY, () => void refresh().then(look))
  }

  /** What the dumps say; undefined: they say nothing of the prefix. */
  function fromDumps(
    prefix: Prefix,
    asn: number,
    registry: RegistryName | undefined,
  ): Ownership | undefined {
    if (data === null) return undefined
    const all = data.routes.covering(prefix).filter(({ source }) => accepts(registry, source))
    const exact = all.filter((record) => record.prefix.length === prefix.length)
    const match = exact.find(({ origin }) => origin === asn)
    if (match !== undefined) return { kind: 'recorded', source: match.source }
    if (exact.length > 0) {
      return { kind: 'other-origin', origins: [...new Set(exact.map(({ origin }) => origin))] }
    }
    return all.length > 0 ? { kind: 'covered', records: all.slice(0, 10) } : undefined
  }

  /** What the servers say, the first that knows the prefix, and how many gave an answer. */
  async function fromServers(
    prefix: Prefix,
    asn: number,
    registry: RegistryName | undefined,
  ): Promise<{ readonly found: Ownership | undefined; readonly answers: number }> {
    const origins = new Set<number>()
    let answers = 0
    for (const server of servers) {
      const sources = sourcesFor(server, registry)
      if (sources === null) continue
      try {
        const told = await askOrigins({ ...server, sources }, prefix)
        answers += 1
        if (told.includes(asn)) {
          return { found: { kind: 'recorded', source: server.host }, answers }
        }
        for (const origin of told) origins.add(origin)
      } catch (error) {
        fail(error)
      }
    }
    if (origins.size === 0) return { found: undefined, answers }
    return { found: { kind: 'other-origin', origins: [...origins] }, answers }
  }

  void refresh().then(look)

  return {
    async ownership(prefix, asn, registry) {
      if (files.length === 0 && servers.length === 0) {
        return { kind: 'unknown', why: 'no registry data is configured (irr.files, irr.servers)' }
      }
      await running
      const dumped = fromDumps(prefix, asn, registry)
      if (dumped?.kind === 'recorded') return dumped
      const asked = await fromServers(prefix, asn, registry)
      const found = asked.found ?? dumped
      if (found !== undefined) return found
      const hasDump = data?.routes.sources().some((source) => accepts(registry, source)) === true
      if (hasDump || asked.answers > 0) return { kind: 'not-recorded' }
      const none = registry === undefined ? 'registry data' : `data of ${registry}`
      return {
        kind: 'unknown',
        why: problem ?? `no ${none} is configured (irr.files, irr.servers)`,
      }
    },
    knowsAsn: (asn) => (data === null ? null : data.autNums.has(asn)),
    refresh,
    status: () => ({
      files,
      servers: servers.length,
      objects: data?.routes.count() ?? 0,
      loadedAt,
      loading,
      problem,
    }),
    close() {
      closed = true
      cancel?.()
    },
  }
}

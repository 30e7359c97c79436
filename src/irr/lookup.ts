/** Answers of the registries for rules that cannot wait: each is asked for once, and kept for a while. */
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Prefix } from '../prefix/prefix.ts'
import { formatPrefix } from '../prefix/text.ts'
import type { Clock } from '../session/types.ts'
import type { DumpProgress } from './dump.ts'
import { createIrr, type Irr, type IrrStatus } from './irr.ts'
import type { Ownership } from './ownership.ts'
import type { RegistryName } from './registry-names.ts'
import type { WhoisServer } from './whois.ts'

/** The section `irr` of the configuration. */
export interface IrrSettings {
  /** Paths of RPSL dumps, plain or gzip. */
  readonly files: readonly string[]
  readonly servers: readonly WhoisServer[]
}

export interface LookupOptions {
  readonly settings: IrrSettings
  readonly clock: Clock
  readonly onProgress?: (progress: DumpProgress) => void
  readonly onLoaded?: (objects: number) => void
  readonly onProblem?: (why: string) => void
}

/** Milliseconds for which an answer holds; a dump that was read anew ends it. */
const KEPT_FOR = 600_000
/** Answers kept. */
const MOST_ANSWERS = 10_000

interface Answer {
  readonly askedAt: number
  /** null: not there yet. */
  found: Ownership | null
}

export interface Lookup {
  /**
   * Says what is recorded about a prefix.
   * @param registry where it must be recorded; absent: anywhere
   * @param notBefore milliseconds since the epoch: an earlier answer does not count
   * @returns null: it is being asked
   */
  ownership(
    prefix: Prefix,
    asn: number,
    registry?: RegistryName,
    notBefore?: number,
  ): Ownership | null
  /** Takes other settings: what was read before is forgotten. The same ones: dumps that changed are read now. */
  configure(settings: IrrSettings): void
  status(): IrrStatus
  /** What is being read, and how far it is, such as `ripe.db, 45 %`; null: nothing. */
  reading(): string | null
  close(): void
}

/** Makes it; dumps are read at once. */
export function createLookup(options: LookupOptions): Lookup {
  const { clock } = options
  const answers = new Map<string, Answer>()
  let { settings } = options
  let irr = make(settings)

  function make(given: IrrSettings): Irr {
    return createIrr({
      ...options,
      ...given,
      onLoaded(objects) {
        answers.clear()
        options.onLoaded?.(objects)
      },
    })
  }

  return {
    ownership(prefix, asn, registry, notBefore = 0) {
      const key = `${formatPrefix(prefix)} ${asn} ${registry}`
      const kept = answers.get(key)
      const known = kept !== undefined && kept.askedAt >= notBefore ? kept : undefined
      const now = clock.now()
      if (known !== undefined && (known.found === null || now - known.askedAt < KEPT_FOR)) {
        return known.found
      }
      if (answers.size >= MOST_ANSWERS) answers.clear()
      // What was found before holds until there is something newer.
      const answer: Answer = { askedAt: now, found: known?.found ?? null }
      answers.set(key, answer)
      irr.ownership(prefix, asn, registry).then(
        (found) => {
          answer.found = found
        },
        (error: unknown) => {
          const why = error instanceof Error ? error.message : String(error)
          answer.found = { kind: 'unknown', why }
        },
      )
      return answer.found
    },
    configure(given) {
      if (isDeepStrictEqual(given, settings)) {
        void irr.refresh()
        return
      }
      settings = given
      irr.close()
      answers.clear()
      irr = make(given)
    },
    status: () => irr.status(),
    reading() {
      const { loading } = irr.status()
      if (loading === null) return null
      const percent = loading.size === 0 ? 100 : Math.floor((loading.read / loading.size) * 100)
      return `${basename(loading.file)}, ${percent} %`
    },
    close: () => irr.close(),
  }
}

/** Resources in one document: kinds by their path segment, children inside their parents. */
import { z } from 'zod'
import type { Slice } from '../breathe.ts'
import type { Path } from '../fields/issues.ts'
import type { JsonObject } from '../store/types.ts'
import { maySee, mayUse } from './access.ts'
import type { KindTable } from './directory.ts'
import {
  type Directory,
  isTenant,
  type Kind,
  type PlacedProblem,
  type Principal,
  RefusedError,
  type Resource,
} from './kind.ts'
import type { PlannedChange, RegistryDocument } from './registry-types.ts'
import {
  MAX_RESOURCES,
  maskSecrets,
  placeBelow,
  type StagedChange,
  type Staging,
} from './staging.ts'

/** Mistakes of a document that are told. */
const MAX_PROBLEMS = 100

/** A resource of a document. */
interface Entry {
  readonly kind: Kind
  readonly id: string
  readonly parent: string | null
  readonly spec: JsonObject
  readonly path: Path
}

function childrenOf(kinds: KindTable, parent: string | null): Kind[] {
  return [...kinds.values()].filter((kind) => kind.parent === parent)
}

function invalid(path: Path, message: string): RefusedError {
  const place = placeBelow(path, null)
  return new RefusedError('invalid', message, place === null ? {} : { place })
}

function isMapping(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Entries by kind, each list in the order of the document. */
function readEntries(kinds: KindTable, document: RegistryDocument): Map<string, Entry[]> {
  const entries = new Map<string, Entry[]>()
  const named = new Set<string>()
  let count = 0

  function readList(kind: Kind, list: unknown, parent: string | null, path: Path): void {
    if (list === undefined || list === null) return
    if (!Array.isArray(list)) throw invalid(path, `expected a list of ${kind.segment}`)
    count += list.length
    if (count > MAX_RESOURCES) {
      throw invalid([], `The document has more than ${MAX_RESOURCES} resources; split it.`)
    }
    list.forEach((each: unknown, index) => {
      readEntry(kind, each, parent, [...path, index])
    })
  }

  function readEntry(kind: Kind, given: unknown, parent: string | null, path: Path): void {
    if (!isMapping(given)) throw invalid(path, 'expected a mapping with name')
    const { name, ...rest } = given
    if (typeof name !== 'string') throw invalid([...path, 'name'], 'is missing, expected a name')
    const id = parent === null ? name : `${parent}/${name}`
    const key = `${kind.name} ${id}`
    if (named.has(key)) {
      throw invalid([...path, 'name'], `"${name}" stands in the document twice, expected it once`)
    }
    named.add(key)
    const below = childrenOf(kinds, kind.name)
    const segments = new Set(below.map(({ segment }) => segment))
    const spec = Object.fromEntries(Object.entries(rest).filter(([each]) => !segments.has(each)))
    const list = entries.get(kind.name) ?? []
    list.push({ kind, id, parent, spec, path })
    entries.set(kind.name, list)
    for (const child of below) readList(child, rest[child.segment], id, [...path, child.segment])
  }

  const roots = childrenOf(kinds, null)
  const segments = roots.map(({ segment }) => segment)
  for (const key of Object.keys(document)) {
    if (segments.includes(key)) continue
    throw invalid([key], `unknown key, expected one of ${segments.join(', ')}`)
  }
  for (const kind of roots) readList(kind, document[kind.segment], null, [kind.segment])
  return entries
}

/** Mistakes of several entries, each with its place in the document. */
function createProblems() {
  const found: PlacedProblem[] = []
  let first: RefusedError | undefined
  return {
    /** @throws what is no refusal */
    take(error: unknown, path: Path): void {
      if (!(error instanceof RefusedError)) throw error
      first ??= error
      for (const { place, message } of error.problems) {
        if (found.length < MAX_PROBLEMS) found.push({ place: placeBelow(path, place), message })
      }
    },
    /** @throws RefusedError when there was any */
    end(): void {
      const [problem] = found
      if (first === undefined || problem === undefined) return
      const { refusal, conflictsWith, reason } = first
      throw new RefusedError(refusal, problem.message, {
        ...(problem.place !== null && { place: problem.place }),
        ...(conflictsWith !== null && { conflictsWith }),
        ...(reason !== null && { reason }),
        problems: found,
      })
    },
  }
}

export interface DocumentOptions {
  readonly kinds: KindTable
  readonly principal: Principal
  readonly document: RegistryDocument
  readonly prune: boolean
  readonly slice: Slice
}

/**
 * Stages everything that a document asks for.
 * @throws RefusedError with every mistake and its place, such as `peerings[2].connections[0].sessionPrefixV4`
 */
export async function stageDocument(staging: Staging, options: DocumentOptions): Promise<void> {
  const { kinds, principal, slice } = options
  const entries = readEntries(kinds, options.document)
  const problems = createProblems()
  if (options.prune) await prune(staging, entries, problems, options)
  const failed = new Set<string>()
  for (const kind of kinds.values()) {
    for (const { id, parent, spec, path } of entries.get(kind.name) ?? []) {
      if (slice.over()) await slice.breathe()
      // What stands under a mistake cannot be judged.
      if (parent !== null && failed.has(`${kind.parent} ${parent}`)) {
        failed.add(`${kind.name} ${id}`)
        continue
      }
      try {
        const existing = staging.directory.find(kind.name, id)
        const known = existing !== undefined && maySee(principal, existing.owner)
        if (known) staging.update(kind.name, id, spec)
        else staging.create(kind.name, id, spec)
      } catch (error) {
        failed.add(`${kind.name} ${id}`)
        problems.take(error, path)
      }
    }
  }
  problems.end()
}

/** Deletes what the document does not name, children before parents. */
async function prune(
  staging: Staging,
  entries: ReadonlyMap<string, readonly Entry[]>,
  problems: ReturnType<typeof createProblems>,
  { kinds, principal, slice }: DocumentOptions,
): Promise<void> {
  for (const kind of [...kinds.values()].reverse()) {
    if (!mayUse(principal, kind)) continue
    const named = new Set((entries.get(kind.name) ?? []).map(({ id }) => id))
    for (const { id, owner, deleting } of staging.directory.all(kind.name)) {
      if (named.has(id) || deleting || !maySee(principal, owner)) continue
      if (slice.over()) await slice.breathe()
      try {
        staging.remove(kind.name, id)
      } catch (error) {
        problems.take(error, [])
      }
    }
  }
}

function textOf(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function differencesOf(kind: Kind, before: JsonObject, after: JsonObject) {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const [shownBefore, shownAfter] = [maskSecrets(kind, before), maskSecrets(kind, after)]
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({ key, before: textOf(shownBefore[key]), after: textOf(shownAfter[key]) }))
}

/** @returns what the changes of a transaction mean for whoever wrote the document */
export function describeChanges(
  kinds: KindTable,
  changes: readonly StagedChange[],
): PlannedChange[] {
  const order = [...kinds.keys()]
  const planned = changes.flatMap(({ before, after }): PlannedChange[] => {
    const of = after ?? before
    const kind = kinds.get(of?.kind ?? '')
    if (of === null || kind === undefined) return []
    const gone = after === null || (after.deleting && before?.deleting !== true)
    const action = gone ? 'delete' : before === null ? 'create' : 'update'
    const differences = gone ? [] : differencesOf(kind, before?.spec ?? {}, after.spec)
    if (action === 'update' && differences.length === 0) return []
    return [{ action, kind: kind.name, id: of.id, differences }]
  })
  return planned.sort(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.id < b.id ? -1 : 1),
  )
}

/** Keys and passwords of a resource that a document can bring back. */
function secretsOf({ spec: schema, secret = [] }: Kind, { spec, status }: Resource) {
  const taken = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return secret.flatMap((key) => {
    const value = spec[key] ?? status[key]
    return taken.includes(key) && value !== undefined ? [[key, value] as const] : []
  })
}

/**
 * @param secrets with passwords and prefix keys, so that the document makes the same registry elsewhere
 * @returns everything that a principal sees, in the form that `stageDocument` takes
 */
export function exportDocument(
  kinds: KindTable,
  directory: Directory,
  principal: Principal,
  secrets: boolean,
): RegistryDocument {
  const entryOf = (kind: Kind, resource: Resource): JsonObject => {
    const { id, name, spec } = resource
    const hidden = [...(kind.secret ?? []), ...(isTenant(principal.role) ? ['owner'] : [])]
    const told = Object.entries(spec).filter(([key, value]) => {
      return !hidden.includes(key) && !(key === 'owner' && value === null)
    })
    const children = childrenOf(kinds, kind.name).flatMap((child) => {
      const list = listOf(child, id)
      return list.length === 0 ? [] : [[child.segment, list] as const]
    })
    const kept = secrets ? secretsOf(kind, resource) : []
    return { name, ...Object.fromEntries([...told, ...kept, ...children]) }
  }
  const listOf = (kind: Kind, parent?: string): JsonObject[] => {
    if (!mayUse(principal, kind)) return []
    return directory
      .all(kind.name, parent)
      .filter(({ owner, deleting }) => !deleting && maySee(principal, owner))
      .map((resource) => entryOf(kind, resource))
  }
  const roots = childrenOf(kinds, null).map((kind) => [kind.segment, listOf(kind)] as const)
  return Object.fromEntries(roots.filter(([, list]) => list.length > 0))
}

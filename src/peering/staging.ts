/** One transaction as it is made: every rule asked, nothing shown to anybody yet. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { describeIssues, formatPath, type Path } from '../fields/issues.ts'
import type { AuditEntry, JsonObject, ResourceChange } from '../store/types.ts'
import { demandOperator, demandWriter, maySee, mayUse } from './access.ts'
import { createDirectory, type KindTable } from './directory.ts'
import { nameField } from './fields.ts'
import {
  type Consequence,
  type Directory,
  isTenant,
  type Kind,
  type Outcome,
  type PlacedProblem,
  type Principal,
  RefusedError,
  type Resource,
  type RuleContext,
} from './kind.ts'
import type { Live } from './live.ts'

/** Resources of a kind that are kept. */
export const MAX_RESOURCES = 100_000
/** Characters of a resource's specification as JSON. */
export const MAX_SPEC_LENGTH = 65_536

/** One resource before and after the transaction; null: it is not there. */
export interface StagedChange {
  readonly before: Resource | null
  readonly after: Resource | null
  /** `create`, `update`, `delete` or an operation. */
  readonly operation: string
}

export interface Staging {
  readonly directory: Directory
  /** What changes, without what ends as it was. */
  changes(): readonly StagedChange[]
  create(kind: string, id: string, spec: unknown): Resource
  /** @param merge the spec holds only the keys that change (RFC 7396) */
  update(kind: string, id: string, spec: unknown, merge?: boolean): Resource
  /** @returns null: it is gone */
  remove(kind: string, id: string): Resource | null
  operate(kind: string, id: string, operation: string, body: unknown): Resource
  /** Lets the lifecycle of a resource go on, if it still exists and has somewhere to go. */
  advance(kind: string, id: string): void
}

export interface StagingOptions {
  readonly kinds: KindTable
  readonly directory: Directory
  readonly live: Live
  readonly principal: Principal
  readonly now: number
  readonly newKey: () => string
  readonly declared: boolean
}

/** Where somebody looked in vain, or has nothing to look for. */
export function notFound(kind: Kind, id: string): RefusedError {
  return new RefusedError(
    'not-found',
    `There is no ${kind.title} "${id}"; list them to see their names.`,
  )
}

/** @throws RefusedError when there is no such kind */
export function kindNamed(kinds: KindTable, name: string): Kind {
  const kind = kinds.get(name)
  if (kind === undefined) {
    throw new RefusedError('not-found', `There is no kind of resource "${name}".`)
  }
  return kind
}

/** Parts of an id: the parent's id and the last name. */
export function splitId(id: string): { readonly parent: string | null; readonly name: string } {
  const at = id.lastIndexOf('/')
  return at < 0 ? { parent: null, name: id } : { parent: id.slice(0, at), name: id.slice(at + 1) }
}

function refuseInvalid(problems: readonly PlacedProblem[]): never {
  const [first] = problems
  throw new RefusedError('invalid', first?.message ?? 'It is not valid.', {
    ...(first?.place != null && { place: first.place }),
    problems: problems.slice(0, 100),
  })
}

/**
 * Reads what a client sent.
 * @param secret keys whose values no message shows
 * @throws RefusedError with every mistake
 */
export function readSent<T>(
  schema: z.ZodType<T>,
  sent: unknown,
  secret: readonly string[] = [],
): T {
  const result = schema.safeParse(sent)
  if (result.success) return result.data
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  const problems = describeIssues(sent, result.error.issues, secret).map(({ path, message }) => ({
    place: path.length === 0 ? null : formatPath(path),
    message:
      message === 'unknown key' && path.length === 1 && known.length > 0
        ? `unknown key, expected one of ${known.join(', ')}`
        : message,
  }))
  return refuseInvalid(problems)
}

function keyOf(kind: string, id: string): string {
  return `${kind} ${id}`
}

/** Begins a transaction. Its methods throw RefusedError; a staging that threw is thrown away. */
export function createStaging(options: StagingOptions): Staging {
  const { kinds, principal, now } = options
  const directory = createDirectory(kinds, options.directory)
  const staged = new Map<string, StagedChange>()
  const context: RuleContext = {
    directory,
    live: options.live,
    principal,
    now,
    newKey: options.newKey,
    declared: options.declared,
  }

  /** Notes a resource's new form; null: it is deleted. */
  function note(kind: string, id: string, after: Resource | null, operation: string): void {
    const key = keyOf(kind, id)
    const before = options.directory.find(kind, id) ?? null
    const earlier = staged.get(key)?.operation
    staged.set(key, { before, after, operation: earlier ?? operation })
    if (after === null) directory.drop(kind, id)
    else directory.put(after)
  }

  /** @returns the resource as it will be, its version one above what is kept */
  function renewed(
    resource: Resource,
    change: Partial<Pick<Resource, 'spec' | 'status' | 'deleting'>>,
  ): Resource {
    const kept = options.directory.find(resource.kind, resource.id)
    const same = (key: 'spec' | 'status' | 'deleting') =>
      !(key in change) || isDeepStrictEqual(change[key], resource[key])
    if (same('spec') && same('status') && same('deleting')) return resource
    return { ...resource, ...change, version: (kept?.version ?? 0) + 1, updatedAt: now }
  }

  function settle(
    resource: Resource,
    { spec, status, consequences }: Outcome<JsonObject, JsonObject>,
    operation: string,
    deleting = resource.deleting,
  ): Resource {
    const after = renewed(resource, { spec, status, deleting })
    if (after !== resource || directory.find(resource.kind, resource.id) === undefined) {
      note(resource.kind, resource.id, after, operation)
    }
    for (const each of consequences ?? []) follow(each, operation)
    return after
  }

  function follow({ kind, id, change }: Consequence, operation: string): void {
    const found = directory.find(kind, id)
    if (found === undefined) return
    if (change === null) {
      note(kind, id, null, operation)
      return
    }
    const after = renewed(found, {
      spec: { ...found.spec, ...change.spec },
      status: { ...found.status, ...change.status },
    })
    if (after !== found) note(kind, id, after, operation)
  }

  /** The resource, if the principal may know of it. */
  function visible(kind: Kind, id: string): Resource {
    const found = seen(kind, id)
    if (found !== undefined) return found
    throw unseen(kind, id) ?? notFound(kind, id)
  }

  function seen(kind: Kind, id: string): Resource | undefined {
    const found = mayUse(principal, kind) ? directory.find(kind.name, id) : undefined
    return found !== undefined && maySee(principal, found.owner) ? found : undefined
  }

  /** What a kind tells a tenant who writes what is not its own. */
  function unseen(kind: Kind, id: string): RefusedError | undefined {
    return isTenant(principal.role) ? kind.unseen?.(id, principal) : undefined
  }

  function demandStanding(kind: Kind, resource: Resource): void {
    if (!resource.deleting) return
    const message = `The ${kind.title} "${resource.id}" is being deleted; wait until it is gone.`
    throw new RefusedError('not-possible', message)
  }

  function parentOf(kind: Kind, id: string): Resource | null {
    const { parent, name } = splitId(id)
    readSent(z.object({ name: nameField }), { name })
    if (kind.parent === null || parent === null) {
      if (kind.parent === null && parent === null) return null
      const message = `The id "${id}" does not fit a ${kind.title}.`
      throw new RefusedError('invalid', message)
    }
    const above = kindNamed(kinds, kind.parent)
    const found = seen(above, parent)
    if (found === undefined) throw unseen(kind, id) ?? notFound(above, parent)
    demandStanding(above, found)
    return found
  }

  /** Whose a new resource is, and what was sent with that filled in. */
  function ownerOf(kind: Kind, parent: Resource | null, sent: unknown) {
    if (kind.parent !== null || typeof sent !== 'object' || sent === null) {
      return { owner: parent?.owner ?? null, sent }
    }
    const given: unknown = Reflect.get(sent, 'owner')
    if (isTenant(principal.role)) {
      if (given !== undefined && given !== principal.owner) {
        const message = `The token "${principal.name}" writes only what belongs to "${principal.owner}"; leave the key out.`
        throw new RefusedError('forbidden', message, { place: 'owner' })
      }
      return { owner: principal.owner, sent: { ...sent, owner: principal.owner } }
    }
    return { owner: typeof given === 'string' ? given : null, sent }
  }

  function read(kind: Kind, sent: unknown): JsonObject {
    const spec = readSent(kind.spec, sent, kind.secret)
    if (JSON.stringify(spec).length > MAX_SPEC_LENGTH) {
      throw new RefusedError('invalid', `It is longer than ${MAX_SPEC_LENGTH} characters as JSON.`)
    }
    return spec
  }

  /**
   * What was sent, with what it leaves out of the resource as it is: all of it, or else only what cannot
   * change, and secrets, which a client cannot send back. null takes a key away.
   */
  function completed(kind: Kind, { spec }: Resource, sent: unknown, merge: boolean): unknown {
    if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return sent
    const kept = merge ? Object.keys(spec) : [...(kind.secret ?? []), ...Object.keys(kind.fixed)]
    const record: Record<string, unknown> = { ...sent }
    for (const key of kept) if (!(key in record)) record[key] = spec[key]
    const absent = (key: string) =>
      record[key] === undefined || (record[key] === null && kept.includes(key))
    return Object.fromEntries(Object.entries(record).filter(([key]) => !absent(key)))
  }

  function demandFixed(kind: Kind, before: Resource, spec: JsonObject): void {
    const problems: PlacedProblem[] = []
    for (const [place, why] of Object.entries(kind.fixed)) {
      if (why === undefined || isDeepStrictEqual(before.spec[place], spec[place])) continue
      problems.push({ place, message: why })
    }
    if (kind.parent === null && (spec['owner'] ?? null) !== before.owner) {
      const message = `A ${kind.title} cannot move to another owner; delete it and create it anew.`
      problems.push({ place: 'owner', message })
    }
    const [first] = problems
    if (first === undefined) return
    const place = first.place ?? ''
    throw new RefusedError('not-possible', first.message, { place, problems })
  }

  /** Removes what stands under a resource, then the resource. @returns whether it is gone */
  function removeAll(kind: Kind, resource: Resource): boolean {
    let children = false
    for (const below of kinds.values()) {
      if (below.parent !== kind.name) continue
      for (const child of directory.all(below.name, resource.id)) {
        if (child.deleting || !removeAll(below, child)) children = true
      }
    }
    const outcome = kind.remove(resource, context)
    if (outcome === null && !children) {
      note(kind.name, resource.id, null, 'delete')
      return true
    }
    const { spec, status } = resource
    settle(resource, outcome ?? { spec, status }, 'delete', true)
    return false
  }

  return {
    directory,
    changes() {
      return [...staged.values()].filter(
        ({ before, after }) =>
          before !== after &&
          !(
            before !== null &&
            after !== null &&
            isDeepStrictEqual(before.spec, after.spec) &&
            isDeepStrictEqual(before.status, after.status) &&
            before.deleting === after.deleting
          ),
      )
    },
    create(kindName, id, given) {
      const kind = kindNamed(kinds, kindName)
      demandWriter(principal, kind)
      const parent = parentOf(kind, id)
      const existing = directory.find(kindName, id)
      if (existing !== undefined) {
        const message = `The name is taken: there is a ${kind.title} "${id}" already; choose another, or change that one.`
        throw new RefusedError('conflict', message, { place: 'name', conflictsWith: id })
      }
      if (directory.count(kindName) >= MAX_RESOURCES) {
        const message = `There are ${MAX_RESOURCES} of this kind already, which is as many as are kept.`
        throw new RefusedError('not-possible', message)
      }
      const { owner, sent } = ownerOf(kind, parent, given)
      const spec = read(kind, sent)
      // One that was deleted in this transaction goes on from its version.
      const kept = options.directory.find(kindName, id)
      const draft = {
        kind: kindName,
        id,
        name: splitId(id).name,
        parent: parent?.id ?? null,
        version: (kept?.version ?? 0) + 1,
        createdAt: kept?.createdAt ?? now,
        updatedAt: now,
        owner,
        deleting: false,
        spec,
      }
      const outcome = kind.create(draft, context)
      const resource = { ...draft, spec: outcome.spec, status: outcome.status }
      note(kindName, id, resource, 'create')
      for (const each of outcome.consequences ?? []) follow(each, 'create')
      return resource
    },
    update(kindName, id, given, merge = false) {
      const kind = kindNamed(kinds, kindName)
      const before = visible(kind, id)
      demandWriter(principal, kind)
      demandStanding(kind, before)
      const spec = read(kind, ownerOf(kind, null, completed(kind, before, given, merge)).sent)
      demandFixed(kind, before, spec)
      return settle(before, kind.update(before, spec, context), 'update')
    },
    remove(kindName, id) {
      const kind = kindNamed(kinds, kindName)
      const before = visible(kind, id)
      demandWriter(principal, kind)
      if (before.deleting) return before
      return removeAll(kind, before) ? null : (directory.find(kindName, id) ?? null)
    },
    operate(kindName, id, name, body) {
      const kind = kindNamed(kinds, kindName)
      const before = visible(kind, id)
      const operation = Object.hasOwn(kind.operations, name) ? kind.operations[name] : undefined
      if (operation === undefined) {
        const names = Object.keys(kind.operations).join(', ') || 'none'
        const message = `A ${kind.title} has no operation "${name}"; it has ${names}.`
        throw new RefusedError('not-found', message)
      }
      demandOperator(principal, kind, name)
      demandStanding(kind, before)
      const read = operation.body === undefined ? undefined : readSent(operation.body, body ?? {})
      return settle(before, operation.run(before, read, context), name)
    },
    advance(kindName, id) {
      const kind = kindNamed(kinds, kindName)
      const before = directory.find(kindName, id)
      if (before === undefined) return
      const outcome = kind.advance?.(before, context) ?? null
      if (outcome === 'gone') note(kindName, id, null, 'delete')
      else if (outcome !== null) settle(before, outcome, 'advance')
      else if (
        before.deleting &&
        kind.advance === undefined &&
        !hasBelow(kinds, directory, kind, id)
      ) {
        note(kindName, id, null, 'delete')
      }
    },
  }
}

/** Whether anything stands under a resource. */
export function hasBelow(kinds: KindTable, directory: Directory, kind: Kind, id: string): boolean {
  for (const below of kinds.values()) {
    if (below.parent === kind.name && directory.count(below.name, id) > 0) return true
  }
  return false
}

/** A resource's secrets painted over, as audit log and differences show it. */
export function maskSecrets(kind: Kind, record: JsonObject): JsonObject {
  const { secret } = kind
  if (secret === undefined) return record
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key,
      secret.includes(key) && value !== null ? '***' : value,
    ]),
  )
}

/** @returns the document that the store keeps */
export function documentOf({ owner, spec, status, deleting }: Resource): JsonObject {
  return { owner, spec, status, ...(deleting && { deleting }) }
}

/** @returns changes as the store takes them */
export function storeChanges(changes: readonly StagedChange[]): ResourceChange[] {
  return changes.flatMap(({ before, after }) => {
    const of = after ?? before
    if (of === null) return []
    const document = after === null ? null : documentOf(after)
    return [{ kind: of.kind, id: of.id, document, basedOn: before?.version ?? 0 }]
  })
}

/** @returns a line of the audit log for each change */
export function auditOf(
  kinds: KindTable,
  changes: readonly StagedChange[],
  principal: Principal,
  time: number,
): AuditEntry[] {
  return changes.flatMap(({ before, after, operation }) => {
    const of = after ?? before
    const kind = kinds.get(of?.kind ?? '')
    if (of === null || kind === undefined) return []
    const shown = (resource: Resource | null) =>
      resource && {
        spec: maskSecrets(kind, resource.spec),
        status: maskSecrets(kind, resource.status),
      }
    return [
      {
        time,
        who: principal.name,
        role: principal.role,
        operation,
        kind: of.kind,
        id: of.id,
        before: shown(before),
        after: shown(after),
      },
    ]
  })
}

/** A place below another. */
export function placeBelow(base: Path, place: string | null): string | null {
  const above = formatPath(base)
  if (place === null || place === '') return above === '' ? null : above
  return above === '' || place.startsWith('[') ? `${above}${place}` : `${above}.${place}`
}

/**
 * The registry: resources in memory, loaded from the store and written through it. One writer at a time: a
 * write is judged, made durable, shown, and made to run, in this order; then its promise resolves.
 */
import { isDeepStrictEqual } from 'node:util'
import { beginSlice } from '../breathe.ts'
import type { Clock } from '../session/types.ts'
import type { JsonObject, Store, StoredResource } from '../store/types.ts'
import { daemonPrincipal, maySee, mayUse } from './access.ts'
import { createDirectory, type KindTable } from './directory.ts'
import { describeChanges, exportDocument, stageDocument } from './document.ts'
import { type Directory, type Kind, type Principal, RefusedError, type Resource } from './kind.ts'
import { listPage } from './listing.ts'
import type { Live, Runtime, Wanted } from './live.ts'
import type { Registry, ResourceView, WriteOptions } from './registry-types.ts'
import {
  createSessionFindings,
  type JudgedResource,
  type SessionFindingsOptions,
} from './session-findings.ts'
import {
  auditOf,
  createStaging,
  hasBelow,
  kindNamed,
  notFound,
  readSent,
  type StagedChange,
  type Staging,
  splitId,
  storeChanges,
} from './staging.ts'

export interface RegistryOptions {
  /** null: nothing can be kept, so writes are refused. */
  readonly store: Store | null
  /** Parents before their children. */
  readonly kinds: readonly Kind[]
  readonly runtime: Runtime
  readonly live: Live
  readonly clock: Pick<Clock, 'now'>
  /** A fresh GUID (RFC 9562). */
  readonly newKey: () => string
  /** Told of findings that open or close on a session of a resource. */
  readonly onFindings?: SessionFindingsOptions['onChange']
  /** Told what goes wrong where nobody waits for an answer. */
  readonly onProblem?: (error: unknown) => void
}

/** The registry, and the moment when it is at rest. */
export interface RunningRegistry extends Registry {
  /** Resolves when every write that was asked for is done. */
  idle(): Promise<void>
  /** Looks again what everything wants to run, after the configuration changed. */
  refresh(): Promise<void>
}

const nothing: Wanted = { sessions: [], registrations: [] }

function restore({ kind, id, version, createdAt, updatedAt, document }: StoredResource): Resource {
  const { parent, name } = splitId(id)
  return {
    kind,
    id,
    name,
    parent,
    version,
    createdAt,
    updatedAt,
    owner: typeof document['owner'] === 'string' ? document['owner'] : null,
    deleting: document['deleting'] === true,
    spec: document['spec'] as JsonObject,
    status: document['status'] as JsonObject,
  }
}

function etagOf({ version, createdAt }: Resource): string {
  return `${version}-${createdAt.toString(36)}`
}

function unknownQuestion({ title, questions = {} }: Kind, question: string): RefusedError {
  const names = Object.keys(questions).join(', ') || 'nothing'
  const message = `A ${title} cannot be asked for "${question}"; it can for ${names}.`
  return new RefusedError('not-found', message)
}

/** Loads what the store has, makes it run, and takes requests. @throws StoreError */
export async function createRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const { store, runtime, live, clock, newKey } = options
  const kinds: KindTable = new Map(options.kinds.map((kind) => [kind.name, kind]))
  const directory = createDirectory(kinds)
  const running = createRunning(kinds, directory, live, runtime)
  const findings = createSessionFindings({
    directory,
    live,
    judged: running.judged,
    onChange: (...change) => options.onFindings?.(...change),
  })
  /** Resources that go when nothing stands under them any more. */
  const deleting = new Map<string, Resource>()
  let last: Promise<unknown> = Promise.resolve()
  let advancing = false
  let looked: Promise<unknown> = Promise.resolve()

  /** Runs one write after the other. */
  function serially<T>(act: () => Promise<T>): Promise<T> {
    const turn = last.then(act, act)
    last = turn.catch(() => undefined)
    return turn
  }

  function show(from: Directory, resource: Resource, principal: Principal): ResourceView {
    const kind = kindNamed(kinds, resource.kind)
    const secrets = principal.role !== 'reader'
    return {
      name: resource.name,
      id: resource.id,
      etag: etagOf(resource),
      createdAt: new Date(resource.createdAt).toISOString(),
      updatedAt: new Date(resource.updatedAt).toISOString(),
      owner: resource.owner,
      properties: kind.show(resource, { directory: from, live, now: clock.now(), secrets }),
    }
  }

  function visible(principal: Principal, kindName: string, id: string): Resource {
    const kind = kindNamed(kinds, kindName)
    const found = directory.find(kindName, id)
    if (found === undefined || !mayUse(principal, kind) || !maySee(principal, found.owner)) {
      throw notFound(kind, id)
    }
    return found
  }

  /** Compares with what the client believes to change. @throws RefusedError `stale` */
  function demandFresh(
    principal: Principal,
    kind: string,
    id: string,
    { ifMatch, ifNoneMatch }: WriteOptions,
  ): void {
    const found = directory.find(kind, id)
    const seen = found !== undefined && maySee(principal, found.owner) ? found : undefined
    const { title } = kindNamed(kinds, kind)
    if (ifNoneMatch === true && seen !== undefined) {
      throw new RefusedError('stale', `There is a ${title} "${id}" already (If-None-Match: *).`)
    }
    if (ifMatch === undefined || (seen !== undefined && ifMatch === '*')) return
    if (seen === undefined) {
      throw new RefusedError('stale', `There is no ${title} "${id}" (If-Match).`)
    }
    if (ifMatch === etagOf(seen)) return
    throw new RefusedError(
      'stale',
      `The ${title} "${id}" was changed since it was read; read it again and repeat the change.`,
    )
  }

  function stagingFor(principal: Principal, declared: boolean, now = clock.now()): Staging {
    return createStaging({
      kinds,
      directory,
      live,
      principal,
      now,
      newKey,
      declared,
    })
  }

  /** @throws RefusedError when there is nowhere to write to */
  function storeOrRefuse(): Store {
    if (store !== null) return store
    throw new RefusedError(
      'not-possible',
      'Nothing can be kept: set storage.path in the configuration and start the daemon again.',
    )
  }

  function publish(changes: readonly StagedChange[]): void {
    for (const { before, after } of changes) {
      const of = after ?? before
      if (of === null) continue
      const key = `${of.kind} ${of.id}`
      if (after === null) directory.drop(of.kind, of.id)
      else directory.put(after)
      if (after?.deleting === true) deleting.set(key, after)
      else deleting.delete(key)
    }
  }

  /** A write from its rules to its effect. */
  function write(
    principal: Principal,
    declared: boolean,
    stage: (staging: Staging) => Promise<Resource | null> | Resource | null,
    answer?: WriteOptions['answer'],
  ): Promise<{ resource: Resource | null; changes: readonly StagedChange[] }> {
    return serially(async () => {
      const kept = storeOrRefuse()
      const time = clock.now()
      const staging = stagingFor(principal, declared, time)
      const resource = await stage(staging)
      const changes = staging.changes()
      const view = resource && show(staging.directory, resource, principal)
      const told = answer?.(view)
      if (changes.length > 0 || told !== undefined) {
        await kept.commit({
          time,
          changes: storeChanges(changes),
          audit: auditOf(kinds, changes, principal, time),
          ...(told !== undefined && { answer: told }),
        })
      }
      publish(changes)
      findings.touch()
      await running.follow(changes)
      return { resource, changes }
    })
  }

  async function writeOne(
    principal: Principal,
    kind: string,
    id: string,
    given: WriteOptions,
    stage: (staging: Staging) => Resource,
  ): Promise<ResourceView> {
    const { resource } = await write(
      principal,
      false,
      (staging) => {
        demandFresh(principal, kind, id, given)
        return stage(staging)
      },
      given.answer,
    )
    return show(directory, resource as Resource, principal)
  }

  /** What can go on, without writing anything. */
  function due(now: number): Resource[] {
    const context = {
      directory,
      live,
      principal: daemonPrincipal,
      now,
      newKey,
      declared: false,
    }
    const found: Resource[] = []
    for (const kind of kinds.values()) {
      if (kind.advance === undefined) continue
      for (const resource of directory.all(kind.name)) {
        if (kind.advance(resource, context) !== null) found.push(resource)
      }
    }
    for (const resource of deleting.values()) {
      const kind = kindNamed(kinds, resource.kind)
      if (kind.advance === undefined && !hasBelow(kinds, directory, kind, resource.id)) {
        found.push(resource)
      }
    }
    return found
  }

  async function load(): Promise<void> {
    for (const stored of (await store?.load()) ?? []) {
      // What a newer version wrote stays in the file, and does nothing here.
      if (!kinds.has(stored.kind)) continue
      const resource = restore(stored)
      directory.put(resource)
      if (resource.deleting) deleting.set(`${resource.kind} ${resource.id}`, resource)
    }
    await running.everything()
  }

  await load()

  return {
    list(principal, kindName, query) {
      const kind = kindNamed(kinds, kindName)
      if (query.parent !== undefined && kind.parent !== null) {
        visible(principal, kind.parent, query.parent)
      }
      const secrets = principal.role !== 'reader'
      const context = { directory, live, now: clock.now(), secrets }
      const property = (resource: Resource, key: string): unknown => {
        if (kind.secret?.includes(key)) return undefined
        const quick = kind.peek?.(resource, key, context)
        if (quick !== undefined) return quick
        if (Object.hasOwn(resource.spec, key)) return resource.spec[key]
        return kind.show(resource, context)[key]
      }
      const page = listPage({ kind, directory, principal, query, property })
      return { ...page, items: page.items.map((each) => show(directory, each, principal)) }
    },
    get: (principal, kind, id) => show(directory, visible(principal, kind, id), principal),
    create: (principal, kind, id, spec, given = {}) =>
      writeOne(principal, kind, id, given, (staging) => staging.create(kind, id, spec)),
    update: (principal, kind, id, spec, given = {}) =>
      writeOne(principal, kind, id, given, (staging) =>
        staging.update(kind, id, spec, given.merge),
      ),
    operate: (principal, kind, id, operation, body, given = {}) =>
      writeOne(principal, kind, id, given, (staging) => staging.operate(kind, id, operation, body)),
    async remove(principal, kind, id, given = {}) {
      const { resource } = await write(
        principal,
        false,
        (staging) => {
          demandFresh(principal, kind, id, given)
          return staging.remove(kind, id)
        },
        given.answer,
      )
      return resource && show(directory, resource, principal)
    },
    ask(principal, kind, id, question, query) {
      const resource = visible(principal, kind, id)
      const found = kindNamed(kinds, kind).questions?.[question]
      if (found === undefined) throw unknownQuestion(kindNamed(kinds, kind), question)
      return found.ask(resource, readSent(found.query, query), { directory, live, principal })
    },
    plan: (principal, document, prune) =>
      serially(async () => {
        const staging = stagingFor(principal, principal.role === 'admin')
        const slice = beginSlice()
        await stageDocument(staging, { kinds, principal, document, prune, slice })
        return describeChanges(kinds, staging.changes())
      }),
    async apply(principal, document, prune) {
      const { changes } = await write(principal, principal.role === 'admin', async (staging) => {
        const slice = beginSlice()
        await stageDocument(staging, { kinds, principal, document, prune, slice })
        return null
      })
      return describeChanges(kinds, changes)
    },
    export(principal, secrets = false) {
      if (secrets && principal.role !== 'admin') {
        const message = `The token "${principal.name}" has the role ${principal.role}, and only an admin can export passwords and prefix keys; leave "secrets" out.`
        throw new RefusedError('forbidden', message)
      }
      return exportDocument(kinds, directory, principal, secrets)
    },
    ownerOf: running.ownerOf,
    sessionFindings: findings.of,
    judgedSessions: findings.all,
    tick(now) {
      looked = findings.look(now).catch((error: unknown) => options.onProblem?.(error))
      if (advancing || store === null) return
      const found = due(now)
      if (found.length === 0) return
      advancing = true
      write(daemonPrincipal, false, (staging) => {
        for (const { kind, id } of found) staging.advance(kind, id)
        return null
      })
        .catch((error: unknown) => options.onProblem?.(error))
        .finally(() => {
          advancing = false
        })
    },
    refresh: () => serially(running.everything),
    async idle() {
      await looked
      for (let seen: unknown; seen !== last; ) {
        seen = last
        await last
      }
    },
  }
}

/** What runs because of resources: told to the runtime when it changes, and whose it is. */
function createRunning(kinds: KindTable, directory: Directory, live: Live, runtime: Runtime) {
  const context = { directory, live }
  /** Names that a resource makes run, and whose they are. */
  const names = new Map<string, readonly string[]>()
  const owners = new Map<string, string | null>()
  const judged = new Map<string, JudgedResource>()

  function want(kind: Kind, id: string, resource: Resource | undefined): void {
    const wanted = (resource && kind.wanted?.(resource, context)) ?? nothing
    const key = `${kind.name} ${id}`
    for (const name of names.get(key) ?? []) owners.delete(name)
    const made = [
      ...wanted.sessions.map(({ config }) => `session ${config.name}`),
      ...wanted.registrations.map(({ name }) => `prefix ${name}`),
    ]
    for (const name of made) owners.set(name, resource?.owner ?? null)
    if (made.length === 0) names.delete(key)
    else names.set(key, made)
    const sessions = wanted.sessions.map(({ config }) => config.name)
    if (kind.judges === undefined || sessions.length === 0) judged.delete(key)
    else judged.set(key, { kind, id, sessions })
    runtime.want(kind.name, id, wanted)
  }

  /** Whether others that follow a resource have to look again. */
  function matters({ before, after }: StagedChange): boolean {
    const kind = kinds.get((after ?? before)?.kind ?? '')
    if (kind?.wanted === undefined || before === null || after === null) return true
    return !isDeepStrictEqual(kind.wanted(before, context), kind.wanted(after, context))
  }

  /** Resources of a kind that have to look again because of changes of others. */
  function followersOf(kind: Kind, changes: readonly StagedChange[]): Resource[] {
    if (kind.follows === undefined) return []
    const parents = new Set<string | null>()
    for (const change of changes) {
      const of = change.after ?? change.before
      const reach = kind.follows[of?.kind ?? '']
      if (of === null || reach === undefined || !matters(change)) continue
      if (reach === 'any') return [...directory.all(kind.name)]
      parents.add(of.parent)
    }
    return [...parents].flatMap((parent) =>
      parent === null ? [] : directory.all(kind.name, parent),
    )
  }

  return {
    /** Makes everything run that is in the directory. */
    async everything(): Promise<void> {
      const slice = beginSlice()
      for (const kind of kinds.values()) {
        if (kind.wanted === undefined) continue
        for (const resource of directory.all(kind.name)) {
          want(kind, resource.id, resource)
          if (slice.over()) await slice.breathe()
        }
      }
    },
    /** Makes run what changes brought, and stops what they ended. */
    async follow(changes: readonly StagedChange[]): Promise<void> {
      const slice = beginSlice()
      for (const kind of kinds.values()) {
        if (kind.wanted === undefined) continue
        const ids = new Set<string>()
        for (const { before, after } of changes) {
          const of = after ?? before
          if (of?.kind === kind.name) ids.add(of.id)
        }
        for (const { id } of followersOf(kind, changes)) ids.add(id)
        for (const id of ids) {
          want(kind, id, directory.find(kind.name, id))
          if (slice.over()) await slice.breathe()
        }
      }
    },
    judged,
    ownerOf: (what: 'session' | 'prefix', name: string) => owners.get(`${what} ${name}`),
  }
}

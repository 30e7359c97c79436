/** A small registry in memory with two kinds of its own, for tests of what stands above the registry. */
import { z } from 'zod'
import type { KeptRecords } from '../../src/api/context.ts'
import { isTenant, type Kind, type Principal, RefusedError } from '../../src/peering/kind.ts'
import type {
  ListQuery,
  PlannedChange,
  Registry,
  RegistryDocument,
  ResourceView,
  WriteOptions,
} from '../../src/peering/registry-types.ts'
import type { AuditEntry, Json, JsonObject, KeptAnswer } from '../../src/store/types.ts'
import { NINE } from './fake-views.ts'

const text = z.string().min(1)

const notHere = () => {
  throw new Error('the fake registry judges by itself')
}

const rules = {
  create: notHere,
  update: notHere,
  remove: notHere,
  show: notHere,
} satisfies Partial<Kind>

const harbour: Kind = {
  name: 'harbour',
  title: 'harbour',
  command: 'harbour',
  segment: 'harbours',
  parent: null,
  spec: z.strictObject({
    country: text.describe('Where it lies.'),
    berths: z.int().min(1).default(10).describe('Ships that it takes.'),
    open: z.boolean().default(true).describe('Whether ships may come.'),
    languages: z.array(text).default([]).describe('What is spoken.'),
    pilot: z.strictObject({ channel: z.int() }).optional().describe('Who guides.'),
    owner: text.optional().describe('Tenant.'),
  }) as unknown as Kind['spec'],
  view: z.object({
    country: z.string(),
    berths: z.int(),
    state: z.enum(['Planned', 'Open']).describe('What it is.'),
    languages: z.array(z.string()),
    errorMessage: z.string().nullable(),
  }),
  fixed: { country: 'A harbour does not move.' },
  writers: ['provider'],
  columns: [
    { title: 'COUNTRY', value: (view) => String(view['country']) },
    { title: 'STATE', value: (view) => String(view['state']) },
  ],
  example: { name: 'rotterdam', spec: { country: 'NL', berths: 12 } },
  operations: {
    open: {
      summary: 'Opens a harbour',
      roles: ['operator', 'admin'],
      body: z.strictObject({ reason: text.optional().describe('Why.') }).optional(),
      run: notHere,
    },
  },
  ...rules,
}

const ship: Kind = {
  name: 'ship',
  title: 'ship',
  command: 'ship',
  segment: 'ships',
  parent: 'harbour',
  spec: z.strictObject({ length: z.int() }) as unknown as Kind['spec'],
  view: z.object({ length: z.int() }),
  fixed: {},
  writers: [],
  columns: [{ title: 'LENGTH', value: (view) => String(view['length']) }],
  example: { name: 'ada', parent: 'rotterdam', spec: { length: 80 } },
  operations: {},
  ...rules,
}

export const fakeKinds: readonly Kind[] = [harbour, ship]

interface Kept {
  readonly kind: string
  readonly id: string
  version: number
  spec: JsonObject
  state: string
}

function stale(message: string): RefusedError {
  return new RefusedError('stale', message)
}

/** Makes the registry, empty, and what it keeps. */
export function fakeRegistry() {
  const all = new Map<string, Kept>()
  const answers = new Map<string, KeptAnswer>()
  const audit: (AuditEntry & { entry: number })[] = []
  const keyOf = (kind: string, id: string) => `${kind} ${id}`
  const ownerOf = ({ kind, id, spec }: Kept): string | null => {
    const top = kind === 'ship' ? all.get(keyOf('harbour', id.split('/')[0] ?? ''))?.spec : spec
    return typeof top?.['owner'] === 'string' ? top['owner'] : null
  }
  const sees = ({ role, owner }: Principal, kept: Kept) =>
    !isTenant(role) || ownerOf(kept) === owner

  const view = (kept: Kept): ResourceView => ({
    name: kept.id.split('/').at(-1) ?? '',
    id: kept.id,
    etag: `v${kept.version}`,
    createdAt: new Date(NINE).toISOString(),
    updatedAt: new Date(NINE).toISOString(),
    owner: ownerOf(kept),
    properties: kept.kind === 'ship' ? kept.spec : { ...kept.spec, state: kept.state },
  })

  const find = (principal: Principal, kind: string, id: string): Kept => {
    const kept = all.get(keyOf(kind, id))
    if (kept !== undefined && sees(principal, kept)) return kept
    throw new RefusedError('not-found', `No ${kind} has the id "${id}".`)
  }

  const parse = (kind: string, spec: unknown): JsonObject => {
    const read = fakeKinds.find(({ name }) => name === kind)?.spec.safeParse(spec)
    if (read?.success) return read.data
    const [issue] = read?.error.issues ?? []
    throw new RefusedError('invalid', issue?.message ?? '', { place: issue?.path.join('.') ?? '' })
  }

  const note = (principal: Principal, operation: string, kept: Kept, after: JsonObject | null) => {
    const { name: who, role } = principal
    const { kind, id } = kept
    const entry = { entry: audit.length + 1, time: NINE, who, role, operation, kind, id }
    audit.push({ ...entry, before: null, after })
  }

  const keep = (options: WriteOptions | undefined, shown: ResourceView | null) => {
    const answer = options?.answer?.(shown)
    if (answer !== undefined) answers.set(`${answer.who} ${answer.key}`, answer)
  }

  const check = (kept: Kept, { ifMatch }: WriteOptions = {}) => {
    if (ifMatch === undefined || ifMatch === '*' || ifMatch === `v${kept.version}`) return
    throw stale(`${kept.id} has the ETag "v${kept.version}" now.`)
  }

  const registry: Registry = {
    list(principal, kind, { parent, filter = {}, sort, limit, cursor = '0' }: ListQuery) {
      const found = [...all.values()]
        .filter((kept) => kept.kind === kind && sees(principal, kept))
        .filter((kept) => parent === undefined || kept.id.startsWith(`${parent}/`))
        .map(view)
        .filter((shown) =>
          Object.entries(filter).every(([key, value]) =>
            [String(shown.properties[key]), String(Reflect.get(shown, key))].includes(value),
          ),
        )
      if (sort === '-name') found.sort((a, b) => (a.name < b.name ? 1 : -1))
      const from = Number(cursor)
      const to = from + limit
      const next = to < found.length ? String(to) : null
      return { items: found.slice(from, to), cursor: next, total: found.length }
    },
    get: (principal, kind, id) => view(find(principal, kind, id)),
    async create(principal, kind, id, spec, options) {
      if (all.has(keyOf(kind, id))) {
        if (options?.ifNoneMatch) throw stale(`${id} exists.`)
        const more = { conflictsWith: id, reason: 'duplicate-prefix', place: 'name' }
        throw new RefusedError('conflict', `The name ${id} is taken.`, more)
      }
      const kept = { kind, id, version: 1, spec: parse(kind, spec), state: 'Planned' }
      all.set(keyOf(kind, id), kept)
      note(principal, 'create', kept, kept.spec)
      keep(options, view(kept))
      return view(kept)
    },
    async update(principal, kind, id, spec, options) {
      const kept = find(principal, kind, id)
      check(kept, options)
      const whole = options?.merge ? { ...kept.spec, ...(spec as JsonObject) } : spec
      kept.spec = parse(kind, whole)
      kept.version++
      note(principal, 'update', kept, kept.spec)
      return view(kept)
    },
    async remove(principal, kind, id, options) {
      const kept = find(principal, kind, id)
      check(kept, options)
      if (kept.state === 'Open') {
        kept.state = 'Closing'
        return view(kept)
      }
      all.delete(keyOf(kind, id))
      note(principal, 'delete', kept, null)
      return null
    },
    async operate(principal, kind, id, operation, body, options) {
      const kept = find(principal, kind, id)
      check(kept, options)
      if (kept.state === 'Open') throw new RefusedError('not-possible', `${id} is open already.`)
      kept.state = 'Open'
      kept.version++
      note(principal, operation, kept, (body as JsonObject | undefined) ?? null)
      keep(options, view(kept))
      return view(kept)
    },
    async plan(_principal, document, prune) {
      return planOf(all, document, prune)
    },
    async apply(principal, document, prune) {
      const changes = planOf(all, document, prune)
      for (const { action, kind, id } of changes) {
        if (action === 'delete') all.delete(keyOf(kind, id))
        else {
          const spec = parse(kind, (document['harbours'] as Record<string, Json>)[id])
          const kept = { kind, id, version: 1, spec, state: 'Planned' }
          all.set(keyOf(kind, id), kept)
          note(principal, action, kept, spec)
        }
      }
      return changes
    },
    export: (principal) => ({
      harbours: Object.fromEntries(
        [...all.values()]
          .filter((kept) => kept.kind === 'harbour' && sees(principal, kept))
          .map(({ id, spec }) => [id, spec]),
      ),
    }),
    ownerOf: () => undefined,
    ask: () => ({ message: 'nobody knows' }),
    sessionFindings: () => [],
    judgedSessions: () => [],
    tick() {},
  }

  const store: { -readonly [K in keyof KeptRecords]: KeptRecords[K] } = {
    answer: async (who, key) => answers.get(`${who} ${key}`),
    audit: async ({ who, limit }) => ({
      items: audit
        .toReversed()
        .filter((entry) => who === undefined || entry.who === who)
        .slice(0, limit),
      cursor: null,
    }),
    history: async () => ({ items: [], cursor: null }),
  }
  return { registry, store, kinds: fakeKinds, audit }
}

/** A document here is `harbours: { NAME: spec }`. */
function planOf(
  all: ReadonlyMap<string, Kept>,
  document: RegistryDocument,
  prune: boolean,
): PlannedChange[] {
  const wanted = Object.entries((document['harbours'] ?? {}) as Record<string, JsonObject>)
  const changes = wanted.flatMap(([id, spec]): PlannedChange[] => {
    const before = all.get(`harbour ${id}`)?.spec
    const differences = Object.entries(spec)
      .map(([key, after]) => ({
        key,
        before: before?.[key] === undefined ? '' : String(before[key]),
        after: String(after),
      }))
      .filter((difference) => difference.before !== difference.after)
    if (differences.length === 0) return []
    return [{ action: before ? 'update' : 'create', kind: 'harbour', id, differences }]
  })
  if (!prune) return changes
  const names = new Set(wanted.map(([id]) => id))
  const gone = [...all.values()].filter(({ kind, id }) => kind === 'harbour' && !names.has(id))
  const removals = gone.map(
    ({ id }): PlannedChange => ({ action: 'delete', kind: 'harbour', id, differences: [] }),
  )
  return [...changes, ...removals]
}

/** Routes of the registry's resources, made from the table of kinds: a new row has all of them. */
import { z } from 'zod'
import type { Kind, Role } from '../peering/kind.ts'
import { hasOneList, idOf, listPath, parentsOf } from '../peering/paths.ts'
import type { ListQuery, Registry } from '../peering/registry-types.ts'
import {
  createRepeats,
  demandConditions,
  isKnown,
  type Repeats,
  readConditions,
  sendResource,
} from './conditions.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { HttpProblem, noRegistry } from './problems.ts'
import {
  mergeSchema,
  resourceListQuery,
  resourceName,
  resourceSchemas,
} from './resource-schemas.ts'
import { DEFAULT_LIMIT } from './schemas.ts'

/** Names in the path of a resource or list, by the kind's name; `name` for the resource itself. */
type PathNames = Readonly<Record<string, string>>
type Body = { readonly name?: string; readonly properties?: unknown } | null | undefined

type Question = NonNullable<Kind['questions']>[string]

/** What the routes of one kind share. */
interface Rows {
  readonly app: Api
  readonly kind: Kind
  /** Path of the list. */
  readonly path: string
  readonly registry: () => Registry
  readonly repeats: Repeats
  readonly schemas: ReturnType<typeof resourceSchemas>
  readonly listQuery: ReturnType<typeof resourceListQuery>
  /** Id of the parent that the path names, or null. */
  parentOf(names: PathNames): string | null
  /** @param name absent: the one in the path */
  idAt(names: PathNames, name?: string): string
  /** OpenAPI's words. */
  readonly common: { readonly tags: string[]; readonly params?: z.ZodType }
  readonly paramsOfOne: z.ZodType
}

const bearer = { security: [{ bearer: [] }] }

/**
 * The registry judges what is written and says what is wrong with it, in the words of the kind; the
 * schema of such a body stands in OpenAPI alone.
 */
const bodyUnread = {
  validatorCompiler: ({ schema, httpPart }: { schema: unknown; httpPart?: string }) => {
    const read = schema as z.ZodType
    return (value: unknown) => {
      if (httpPart === 'body') return { value }
      const result = read.safeParse(value)
      if (result.success) return { value: result.data }
      const [issue] = result.error.issues
      const path = issue?.path.join('.') || (httpPart ?? 'request')
      const message = issue?.message ?? 'is not valid'
      return { error: invalid(path, message) }
    }
  },
}

function invalid(path: string, message: string): HttpProblem {
  const errors = [{ path, message }]
  return new HttpProblem(400, 'invalid-request', `${path}: ${message}`, { errors })
}

/** What was written is shown as the registry shows it: no schema cuts or fails it. */
const asShown = { serializerCompiler: () => (data: unknown) => JSON.stringify(data) }

function writersOf(kind: Kind): Role[] {
  return [...new Set<Role>(['admin', ...kind.writers])]
}

/** @throws HttpProblem 400 when the body is no mapping with `properties` and at most a name */
function readBody(body: unknown, nameNeeded: boolean): { name: string; properties: unknown } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('body', `expected a mapping with ${nameNeeded ? 'name and ' : ''}properties`)
  }
  for (const key of Object.keys(body)) {
    if (key === 'name' || key === 'properties') continue
    throw invalid(key, 'unknown key, expected name and properties')
  }
  const { name, properties } = body as NonNullable<Body>
  if (properties === undefined) throw invalid('properties', 'is missing, expected a mapping')
  if (name === undefined && !nameNeeded) return { name: '', properties }
  const read = resourceName.safeParse(name)
  if (read.success) return { name: read.data, properties }
  throw invalid('name', read.error.issues[0]?.message ?? 'is not a name')
}

function readList(query: Record<string, string | number | undefined>): Omit<ListQuery, 'parent'> {
  const { limit = DEFAULT_LIMIT, cursor, sort, ...rest } = query
  const filter = Object.entries(rest).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const],
  )
  return {
    limit: Number(limit),
    ...(cursor !== undefined && { cursor: String(cursor) }),
    ...(sort !== undefined && { sort: String(sort) }),
    ...(filter.length > 0 && { filter: Object.fromEntries(filter) }),
  }
}

function addList({ app, kind, path, registry, schemas, listQuery, common, parentOf }: Rows): void {
  app.get(
    path,
    {
      config: { tenants: true },
      ...asShown,
      schema: {
        ...common,
        summary: `Lists ${kind.title}s`,
        description: 'Every property that is one value filters: `?state=Active`, without case.',
        querystring: listQuery,
        response: { 200: schemas.list, ...problemResponses(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const parent = parentOf(request.params as PathNames)
      const query = readList(request.query as Record<string, string | number | undefined>)
      const { principal } = request
      const page = registry().list(principal, kind.name, {
        ...query,
        ...(parent !== null && { parent }),
      })
      return reply.send(page as never)
    },
  )
}

function addCreate(rows: Rows): void {
  const { app, kind, path, registry, repeats, schemas, common, idAt } = rows
  app.post(
    path,
    {
      config: { roles: writersOf(kind), tenants: true },
      ...asShown,
      ...bodyUnread,
      schema: {
        ...common,
        ...bearer,
        summary: `Creates a ${kind.title}`,
        description: 'With `Idempotency-Key`, the same request again gets the same answer.',
        body: schemas.create,
        response: {
          201: schemas.view,
          ...problemResponses(400, 401, 403, 404, 409, 413, 415, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { name, properties } = readBody(request.body, true)
      const id = idAt(request.params as PathNames, name)
      reply.header('location', `${request.url.split('?', 1)[0]}/${name}`)
      return repeats.once(request, reply, 201, (options) =>
        registry().create(request.principal, kind.name, id, properties, options),
      )
    },
  )
}

function addOne(rows: Rows): void {
  const { app, kind, path, registry, schemas, common, paramsOfOne, idAt } = rows
  app.get(
    `${path}/:name`,
    {
      config: { tenants: true },
      ...asShown,
      schema: {
        ...common,
        params: paramsOfOne,
        summary: `Shows a ${kind.title}`,
        response: {
          200: schemas.view,
          304: z.undefined().describe('It is still what `If-None-Match` says'),
          ...problemResponses(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const id = idAt(request.params as PathNames)
      const view = registry().get(request.principal, kind.name, id)
      if (isKnown(request, view))
        return reply.code(304).header('etag', `"${view.etag}"`).send(undefined)
      return sendResource(reply, 200, view)
    },
  )
}

function addReplace(rows: Rows): void {
  const { app, kind, path, registry, schemas, common, paramsOfOne, idAt } = rows
  app.put(
    `${path}/:name`,
    {
      config: { roles: writersOf(kind), tenants: true },
      ...asShown,
      ...bodyUnread,
      schema: {
        ...common,
        ...bearer,
        params: paramsOfOne,
        summary: `Replaces a ${kind.title}, or creates it`,
        description:
          'With `If-Match`: the one there is. With `If-None-Match: *`: a new one. One of them is needed.',
        body: schemas.replace,
        response: {
          200: schemas.view,
          201: schemas.view,
          ...problemResponses(400, 401, 403, 404, 409, 412, 413, 415, 428, 503),
        },
      },
    },
    async (request, reply) => {
      const names = request.params as PathNames
      const { name, properties } = readBody(request.body, false)
      if (name !== '' && name !== names['name']) {
        throw invalid('name', 'is not the name in the path; a name never changes')
      }
      const conditions = demandConditions(request, ', or "If-None-Match: *" to create it')
      const id = idAt(names)
      if (conditions.ifNoneMatch === true) {
        const made = await registry().create(
          request.principal,
          kind.name,
          id,
          properties,
          conditions,
        )
        return sendResource(reply, 201, made)
      }
      const view = await registry().update(request.principal, kind.name, id, properties, conditions)
      return sendResource(reply, 200, view)
    },
  )
}

function addPatch(rows: Rows): void {
  const { app, kind, path, registry, schemas, common, paramsOfOne, idAt } = rows
  app.patch(
    `${path}/:name`,
    {
      config: { roles: writersOf(kind), tenants: true },
      ...asShown,
      ...bodyUnread,
      schema: {
        ...common,
        ...bearer,
        params: paramsOfOne,
        summary: `Changes some properties of a ${kind.title}`,
        description: 'What is not named stays, also what cannot be read, such as a password.',
        body: mergeSchema,
        response: {
          200: schemas.view,
          ...problemResponses(400, 401, 403, 404, 409, 412, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      const { properties } = readBody(request.body, false)
      const options = { ...readConditions(request), merge: true }
      const id = idAt(request.params as PathNames)
      const view = await registry().update(request.principal, kind.name, id, properties, options)
      return sendResource(reply, 200, view)
    },
  )
}

function addRemove(rows: Rows): void {
  const { app, kind, path, registry, schemas, common, paramsOfOne, idAt } = rows
  app.delete(
    `${path}/:name`,
    {
      config: { roles: writersOf(kind), tenants: true },
      ...asShown,
      schema: {
        ...common,
        ...bearer,
        params: paramsOfOne,
        summary: `Deletes a ${kind.title}`,
        description: 'Needs `If-Match`. 202: it goes as soon as what it ran has ended.',
        response: {
          202: schemas.view,
          204: z.undefined().describe('It is gone'),
          ...problemResponses(400, 401, 403, 404, 409, 412, 428, 503),
        },
      },
    },
    async (request, reply) => {
      const conditions = demandConditions(request, '')
      const id = idAt(request.params as PathNames)
      const view = await registry().remove(request.principal, kind.name, id, conditions)
      return view === null ? reply.code(204).send() : sendResource(reply, 202, view)
    },
  )
}

function addOperation(rows: Rows, name: string, operation: Kind['operations'][string]): void {
  const { app, kind, path, registry, repeats, schemas, common, paramsOfOne, idAt } = rows
  app.post(
    `${path}/:name/${name}`,
    {
      config: { roles: [...new Set<Role>(['admin', ...operation.roles])], tenants: true },
      ...asShown,
      ...bodyUnread,
      schema: {
        ...common,
        ...bearer,
        params: paramsOfOne,
        summary: operation.summary,
        ...(operation.body && { body: operation.body }),
        response: {
          200: schemas.view,
          ...problemResponses(400, 401, 403, 404, 409, 412, 413, 415, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const id = idAt(request.params as PathNames)
      const conditions = readConditions(request)
      const bodyOf = (body: unknown) =>
        operation.body === undefined ? undefined : (body ?? undefined)
      return repeats.once(request, reply, 200, (options) =>
        registry().operate(request.principal, kind.name, id, name, bodyOf(request.body), {
          ...conditions,
          ...options,
        }),
      )
    },
  )
}

function addQuestion(rows: Rows, name: string, question: Question): void {
  const { app, kind, path, registry, schemas, common, paramsOfOne, idAt } = rows
  app.get(
    `${path}/:name/${name}`,
    {
      config: { tenants: true },
      ...asShown,
      ...bodyUnread,
      schema: {
        ...common,
        params: paramsOfOne,
        summary: question.summary,
        querystring: question.query,
        response: {
          200: schemas.answers[name] ?? question.answer,
          ...problemResponses(400, 401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const id = idAt(request.params as PathNames)
      const { principal, query } = request
      return reply.send(registry().ask(principal, kind.name, id, name, query) as never)
    },
  )
}

/** Adds the routes of every kind. */
export function addResourceRoutes(app: Api, context: RouteContext): void {
  const { kinds = [], registry, store, clock } = context
  const repeats = createRepeats(store, clock.now)
  const demand = (): Registry => {
    if (registry !== undefined) return registry
    throw noRegistry()
  }
  for (const kind of kinds) {
    const above = parentsOf(kinds, kind).map(({ name }) => name)
    const parentNames = above.map((name) => [name, resourceName] as const)
    const params = z.strictObject(Object.fromEntries(parentNames))
    const parentOf = (names: PathNames) =>
      above.length === 0 ? null : idOf(above.map((name) => names[name] ?? ''))
    const rows: Rows = {
      app,
      kind,
      path: `/${listPath(kinds, kind, ({ name }) => `:${name}`)}`,
      registry: demand,
      repeats,
      schemas: resourceSchemas(kind),
      listQuery: resourceListQuery(kind),
      parentOf,
      idAt: (names, name = names['name'] ?? '') =>
        idOf([...above.map((each) => names[each] ?? ''), name]),
      common: { tags: [kind.segment], ...(above.length > 0 && { params }) },
      paramsOfOne: params.extend({ name: resourceName }),
    }
    addList(rows)
    addCreate(rows)
    addOne(rows)
    addReplace(rows)
    addPatch(rows)
    addRemove(rows)
    for (const [name, operation] of Object.entries(kind.operations)) {
      addOperation(rows, name, operation)
    }
    for (const [name, question] of Object.entries(kind.questions ?? {})) {
      addQuestion(rows, name, question)
    }
    if (above.length > 0 && hasOneList(kinds, kind)) {
      addList({
        ...rows,
        path: `/${kind.segment}`,
        common: { tags: [kind.segment] },
        parentOf: () => null,
      })
    }
  }
}

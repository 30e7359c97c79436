/** `/api/v1/registry/plan | apply | export` and `/api/v1/audit`: the registry as a whole. */
import type { FastifyRequest } from 'fastify'
import { stringify } from 'yaml'
import type { PlannedChange, Registry, RegistryDocument } from '../peering/registry-types.ts'
import type { AuditQuery } from '../store/types.ts'
import { operators } from './auth.ts'
import type { RouteContext } from './context.ts'
import { type Api, problemResponses } from './documented.ts'
import { readTime } from './event-routes.ts'
import { noRegistry } from './problems.ts'
import {
  applyQuery,
  auditListSchema,
  auditQuery,
  exportQuery,
  isOn,
  planSchema,
  registryDocumentSchema,
} from './resource-schemas.ts'
import { shownIsoTime } from './session-view.ts'
import { readYaml } from './yaml-body.ts'

/** Octets of a document; 100 000 prefixes take about 9 million. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
/** RFC 9512, and what was written before it. */
const yamlTypes = ['application/yaml', 'application/x-yaml', 'text/yaml']

function addDocuments(app: Api, registry: () => Registry): void {
  const schema = {
    tags: ['registry'],
    security: [{ bearer: [] }],
    querystring: applyQuery,
    consumes: ['application/json', ...yamlTypes.slice(0, 1)],
    body: registryDocumentSchema,
    response: {
      200: planSchema,
      ...problemResponses(400, 401, 403, 409, 413, 415, 503),
    },
  }
  const settings = {
    config: { roles: [...operators, 'provider' as const, 'customer' as const], tenants: true },
    bodyLimit: MAX_DOCUMENT_BYTES,
  }
  const asked = (request: FastifyRequest) =>
    [
      request.principal,
      request.body as RegistryDocument,
      isOn((request.query as { prune?: string }).prune),
    ] as const

  app.post(
    '/registry/plan',
    { ...settings, schema: { ...schema, summary: 'What `apply` of a document would change' } },
    async (request) => ({ changes: copy(await registry().plan(...asked(request))) }),
  )
  app.post(
    '/registry/apply',
    {
      ...settings,
      schema: {
        ...schema,
        summary: 'Makes the registry as a document has it: all of it, or on a mistake nothing',
      },
    },
    async (request) => ({ changes: copy(await registry().apply(...asked(request))) }),
  )
}

/** Lists of our own, as the serializer wants them. */
function copy(changes: readonly PlannedChange[]) {
  return changes.map((change) => ({ ...change, differences: [...change.differences] }))
}

function addExport(app: Api, registry: () => Registry): void {
  app.get(
    '/registry/export',
    {
      config: { tenants: true },
      serializerCompiler: () => (data: unknown) =>
        typeof data === 'string' ? data : JSON.stringify(data),
      schema: {
        tags: ['registry'],
        summary: 'Everything that the token sees, in the form that `apply` takes',
        description:
          'YAML with `Accept: application/yaml`. Passwords and prefix keys are in it only with `secrets`.',
        querystring: exportQuery,
        response: {
          200: {
            description: 'The document',
            content: {
              'application/json': { schema: registryDocumentSchema },
              'application/yaml': { schema: registryDocumentSchema },
            },
          },
          ...problemResponses(400, 401, 403, 503),
        },
      },
    },
    async (request, reply) => {
      const document = registry().export(request.principal, isOn(request.query.secrets))
      const wantsYaml = yamlTypes.some((type) => request.headers.accept?.includes(type))
      if (!wantsYaml) return reply.send(document)
      return reply.type('application/yaml; charset=utf-8').send(stringify(document) as never)
    },
  )
}

function addAudit(app: Api, { store }: RouteContext): void {
  app.get(
    '/audit',
    {
      schema: {
        tags: ['registry'],
        summary: 'Who wrote what, the newest first',
        querystring: auditQuery,
        response: { 200: auditListSchema, ...problemResponses(400, 401, 403, 503) },
      },
    },
    async (request) => {
      if (store === undefined) throw noRegistry()
      const { limit, cursor, who, kind, id, below, from, to } = request.query
      const query: AuditQuery = {
        limit,
        ...(cursor !== undefined && { cursor }),
        ...(who !== undefined && { who }),
        ...(kind !== undefined && { kind }),
        ...(id !== undefined && { id }),
        ...(isOn(below) && { below: true }),
        ...(from !== undefined && { from: readTime('from', from) }),
        ...(to !== undefined && { to: readTime('to', to) }),
      }
      const page = await store.audit(query)
      return {
        items: page.items.map(({ entry, id, time, before, after, ...rest }) => ({
          ...rest,
          id: entry,
          resource: id,
          time: shownIsoTime(time),
          before: before && { ...before },
          after: after && { ...after },
        })),
        cursor: page.cursor,
      }
    },
  )
}

/** Takes YAML where a document is expected; large ones are read away from the thread that speaks BGP. */
function addYaml(app: Api): void {
  app.addContentTypeParser(
    yamlTypes,
    { parseAs: 'string', bodyLimit: MAX_DOCUMENT_BYTES },
    async (_request: FastifyRequest, text: string) => readYaml(text),
  )
}

/** Adds the routes of the registry as a whole. */
export async function addRegistryRoutes(app: Api, context: RouteContext): Promise<void> {
  const registry = () => {
    if (context.registry === undefined) throw noRegistry()
    return context.registry
  }
  await app.register(async (documents: Api) => {
    addYaml(documents)
    addDocuments(documents, registry)
  })
  addExport(app, registry)
  addAudit(app, context)
}

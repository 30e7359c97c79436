/** `/openapi.json`: OpenAPI 3.1, generated from the schemas that validate and serialise. */
import swagger from '@fastify/swagger'
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Kind } from '../peering/kind.ts'
import type { Api } from './documented.ts'

/** Names of component schemas that a piece of the document refers to. */
function referred(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) referred(item, names)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      const [, name] = /^#\/components\/schemas\/(.+)$/.exec(String(child)) ?? []
      if (key === '$ref' && name !== undefined) names.add(name)
      else referred(child, names)
    }
  }
}

/** Each schema is registered as input and as output; what no route uses is left out. */
function usedSchemas(paths: unknown, all: Record<string, unknown>): Record<string, unknown> {
  const names = new Set<string>()
  referred(paths, names)
  // A Set is iterated with what is added on the way, so this follows references of references.
  for (const name of names) referred(all[name], names)
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)))
}

/** The parts of an OpenAPI document that are touched here. */
interface Document {
  readonly paths?: unknown
  readonly components?: { readonly schemas?: Record<string, unknown> }
}

/** A text that is read as a value of ours has no JSON Schema of what it became. */
const zodToJsonConfig = { unrepresentable: 'any' } as const
const transform = createJsonSchemaTransform({ zodToJsonConfig })
const allSchemas = createJsonSchemaTransformObject({ zodToJsonConfig })

/** Registers the generator; routes that come later are in the document. */
export async function addOpenapi(
  app: Api,
  version: string,
  kinds: readonly Pick<Kind, 'segment' | 'title'>[],
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'bgpwarden',
        version,
        description:
          'Whether registered prefixes arrive the way they must. Errors are RFC 9457 problem details.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      tags: [
        { name: 'sessions', description: 'BGP sessions and their routes' },
        { name: 'prefixes', description: 'Registered prefixes and their verdicts' },
        { name: 'events', description: 'What changed' },
        { name: 'registry', description: 'The registry as a whole, and who wrote what' },
        ...[...new Map(kinds.map((kind) => [kind.segment, kind.title]))].map(([name, title]) => ({
          name,
          description: `The registry: ${title}s`,
        })),
        { name: 'status', description: 'The daemon itself' },
      ],
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      },
    },
    transform,
    transformObject(document) {
      const made = allSchemas(document)
      const whole = made as Document & typeof made
      const schemas = usedSchemas(whole.paths, whole.components?.schemas ?? {})
      return { ...whole, components: { ...whole.components, schemas } } as typeof made
    },
  })
}

/** Serves the document; it is made once. */
export function addOpenapiRoute(app: Api): void {
  let text: string | undefined
  app.get(
    '/openapi.json',
    {
      schema: {
        tags: ['status'],
        summary: 'This document',
        response: {
          200: {
            description: 'OpenAPI 3.1',
            content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } },
          },
        },
      },
    },
    (_request, reply) => {
      text ??= JSON.stringify(app.swagger())
      // Text is sent as it is, past the serializer; the schema only documents it.
      const body = text as unknown as Record<string, unknown>
      reply.type('application/json; charset=utf-8').send(body)
    },
  )
}

/** What resources look like on the wire: schemas made from the table of kinds. */
import { z } from 'zod'
import type { Kind } from '../peering/kind.ts'
import { pageOf, paging, time } from './schemas.ts'

const nameExpected = '1 to 63 of the characters A-Z a-z 0-9 _ . -'

/** The name of a resource, as it stands in paths. */
export const resourceName = z.string().regex(/^[A-Za-z0-9_.-]{1,63}$/, `expected ${nameExpected}`)

/** Query keys of every list. */
const listKeys = {
  ...paging,
  sort: z
    .string()
    .max(64)
    .optional()
    .describe('`name`, `createdAt`, `updatedAt` or a property; `-` before it: descending'),
}

/** The parts of a JSON Schema that are looked at here. */
interface Schema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
}

function isScalar({ type, enum: values, anyOf }: Schema): boolean {
  if (anyOf !== undefined) return anyOf.every(isScalar)
  return values !== undefined || (type !== undefined && type !== 'object' && type !== 'array')
}

/** Properties of a kind that are one value, by which a list can be filtered. */
export function scalarProperties(kind: Pick<Kind, 'view'>): string[] {
  const schema: Schema = z.toJSONSchema(kind.view, {
    io: 'output',
    unrepresentable: 'any',
  }) as Schema
  return Object.entries(schema.properties ?? {})
    .filter(([, property]) => isScalar(property))
    .map(([name]) => name)
}

/** Query of the list of a kind: a filter for each property that is one value. */
export function resourceListQuery(kind: Pick<Kind, 'view'>) {
  const filter = z.string().max(255).optional()
  const known = ['name', 'owner', ...scalarProperties(kind)]
  const filters = known.map(
    (name) => [name, filter.describe(`Only where ${name} is this`)] as const,
  )
  const sortable = ['id', 'createdAt', 'updatedAt', ...known]
  const sort = listKeys.sort.refine(
    (key) => key === undefined || sortable.includes(key.replace(/^-/, '')),
    `expected one of ${sortable.join(', ')}, with - before it for the other order`,
  )
  return z.strictObject(
    { ...Object.fromEntries(filters), ...listKeys, sort },
    {
      error: ({ code, keys }) =>
        code === 'unrecognized_keys'
          ? `no property ${(keys as string[]).join(', ')} to filter by, expected one of ${known.join(', ')}`
          : undefined,
    },
  )
}

/** `peerAsn` as the names of schemas begin. */
function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

const made = new WeakMap<Kind, ReturnType<typeof makeSchemas>>()

/** The schemas of one kind; OpenAPI has each once, however many servers there are. */
export function resourceSchemas(kind: Kind) {
  const known = made.get(kind) ?? makeSchemas(kind)
  made.set(kind, known)
  return known
}

function makeSchemas(kind: Kind) {
  const id = capital(kind.name)
  const properties = kind.spec.meta({ id: `${id}Spec`, ...example(kind) })
  const view = z
    .object({
      name: z.string(),
      id: z.string().describe('Names from the outermost parent inwards, joined by `/`'),
      etag: z.string().describe('For If-Match; changes with every write'),
      createdAt: time,
      updatedAt: time,
      owner: z.string().nullable().describe("Tenant that it belongs to; null: the operator's own"),
      properties: kind.view,
    })
    .meta({ id })
  const answers = Object.entries(kind.questions ?? {}).map(
    ([name, { answer }]) => [name, answer.meta({ id: capital(name) })] as const,
  )
  return {
    view,
    /** By the name of the question. */
    answers: Object.fromEntries(answers),
    list: pageOf(view)
      .extend({ total: z.int().min(0).describe('Items that pass the filter, on all pages') })
      .meta({ id: `${id}List` }),
    create: z.strictObject({ name: resourceName, properties }).meta({ id: `${id}Create` }),
    replace: z
      .strictObject({ name: resourceName.optional(), properties })
      .meta({ id: `${id}Replace` }),
  }
}

function example({ example }: Kind) {
  return example === undefined ? {} : { examples: [example.spec] }
}

/** What a PATCH holds: any of the keys (RFC 7396). */
export const mergeSchema = z
  .strictObject({ properties: z.record(z.string(), z.unknown()) })
  .meta({ id: 'MergePatch', description: 'RFC 7396: only keys that change; null takes one away' })

const snapshot = z.record(z.string(), z.unknown()).nullable()

export const auditQuery = z.strictObject({
  ...paging,
  who: z.string().max(255).optional().describe('Name of a token'),
  kind: z.string().max(64).optional(),
  id: z.string().max(512).optional(),
  below: z.enum(['', '1', 'true', '0', 'false']).optional().describe('With `id`: and all under it'),
  from: z.string().max(64).optional().describe('A time such as 2026-11-21T09:00:00Z, inclusive'),
  to: z.string().max(64).optional().describe('A time, exclusive'),
})

export const auditListSchema = pageOf(
  z
    .object({
      id: z.int(),
      time,
      who: z.string().describe('Name of the token, or `config`, `daemon`'),
      role: z.string(),
      operation: z.string().describe('`create`, `update`, `delete`, or the name of an operation'),
      kind: z.string(),
      resource: z.string().describe('Its id'),
      before: snapshot,
      after: snapshot,
    })
    .meta({ id: 'AuditEntry' }),
).meta({ id: 'AuditList', description: 'Newest first' })
export type AuditListJson = z.infer<typeof auditListSchema>

const documentExpected = 'expected a mapping of kinds, such as peerings and peerAsns'

export const registryDocumentSchema = z.record(z.string(), z.unknown(), documentExpected).meta({
  id: 'RegistryDocument',
  description: 'Resources by the path segment of their kind, children inside their parents',
})

const plannedChange = z.object({
  action: z.enum(['create', 'update', 'delete']),
  kind: z.string(),
  id: z.string(),
  differences: z.array(z.object({ key: z.string(), before: z.string(), after: z.string() })),
})
export type PlannedChangeJson = z.infer<typeof plannedChange>

export const planSchema = z
  .object({ changes: z.array(plannedChange) })
  .meta({ id: 'RegistryPlan', description: 'Empty: the registry is as the document has it' })
export type PlanJson = z.infer<typeof planSchema>

export const exportQuery = z.strictObject({
  secrets: z
    .enum(['', '1', 'true', '0', 'false'])
    .optional()
    .describe('With passwords and prefix keys; needs an admin'),
})

export const applyQuery = z.strictObject({
  prune: z
    .enum(['', '1', 'true', '0', 'false'])
    .optional()
    .describe('Also delete what the document does not name'),
})

/** Whether a switch of a query is on: `?prune`, `?prune=1`, `?prune=true`. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value !== 'false'
}

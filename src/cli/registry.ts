/** `bgpwarden apply | export | audit`: the registry as a whole. */
import { writeFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import type { AuditListJson, PlanJson, PlannedChangeJson } from '../api/resource-schemas.ts'
import { formatProblems } from '../config/problem.ts'
import {
  type ApiClient,
  ApiError,
  type ClientOptions,
  createApiClient,
  jsonDocument,
  readAll,
} from './api-client.ts'
import { confirm } from './confirm.ts'
import { readSince } from './event.ts'
import { Exit } from './failure.ts'
import { placedProblems, type RegistryFile, readRegistryFile } from './registry-file.ts'
import { type Column, renderTable } from './table.ts'
import { styleFor, type Terminal } from './terminal.ts'
import { cleanText, count, formatTime } from './text.ts'

/** Changes that are shown to a person. */
const MOST_SHOWN = 200

type Screen = Pick<Terminal, 'columns' | 'color'>

const signs = { create: '+', update: '~', delete: '-' } as const

/** @returns for instance `2 to create, 1 to delete` */
function sumUp(changes: readonly PlannedChangeJson[], verb: (action: string) => string): string {
  return (['create', 'update', 'delete'] as const)
    .map((action) => [action, changes.filter((change) => change.action === action).length] as const)
    .filter(([, n]) => n > 0)
    .map(([action, n]) => `${n} ${verb(action)}`)
    .join(', ')
}

/** The difference between a document and the registry, as `diff` shows one. */
export function renderPlan(changes: readonly PlannedChangeJson[], screen: Screen): string {
  const style = styleFor(screen.color)
  const paint = { create: style.green, update: style.yellow, delete: style.red }
  const lines = changes.slice(0, MOST_SHOWN).flatMap(({ action, kind, id, differences }) => [
    paint[action](`${signs[action]} ${kind} ${cleanText(id)}`),
    ...differences.map(({ key, before, after }) => {
      const to = cleanText(after)
      const text = action === 'update' ? `${cleanText(before) || '-'} -> ${to || '-'}` : to
      return `    ${style.dim(`${key}:`)} ${text}`
    }),
  ])
  const more = changes.length - MOST_SHOWN
  if (more > 0) lines.push(style.dim(`... and ${count(more, 'change')} more (--json has them all)`))
  return lines.map((line) => `${line}\n`).join('')
}

interface ApplyOptions extends ClientOptions {
  readonly file: string
  readonly prune?: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** Asks the registry about a document. @returns undefined when it has mistakes, which are then told */
async function ask(
  client: ApiClient,
  what: 'plan' | 'apply',
  source: RegistryFile,
  prune: boolean,
  terminal: Terminal,
): Promise<PlanJson | undefined> {
  try {
    const query = prune ? { prune: 'true' } : {}
    return await client.post<PlanJson>(`registry/${what}`, source.value, query)
  } catch (error) {
    const { status, problem } = error instanceof ApiError ? error : {}
    if (status !== 400 && status !== 409) throw error
    const errors = (problem?.errors ?? []).filter(({ path }) => path !== 'body')
    terminal.error(
      errors.length > 0
        ? formatProblems(placedProblems(source, errors), source.text, terminal.color)
        : `${styleFor(terminal.color).red('error:')} ${(error as ApiError).message}\n`,
    )
    terminal.error('Nothing was changed.\n')
    return undefined
  }
}

/**
 * Makes the registry as a file has it, when a person who saw the difference or `--yes` says so.
 * @returns 1 when the file has mistakes, the registry says no, or the person does
 */
export async function apply(options: ApplyOptions, terminal: Terminal): Promise<number> {
  const { json, prune = false, dryRun = false } = options
  const client = createApiClient(options)
  const source = await readRegistryFile(options.file)
  const plan = await ask(client, 'plan', source, prune, terminal)
  if (plan === undefined) return Exit.no
  if (json !== true && plan.changes.length > 0) terminal.write(renderPlan(plan.changes, terminal))
  if (plan.changes.length === 0 || dryRun) {
    const rest = sumUp(plan.changes, (action) => `to ${action}`)
    if (json) terminal.write(jsonDocument(plan))
    else terminal.error(rest === '' ? 'Nothing to change.\n' : `${rest}; nothing was changed.\n`)
    return Exit.ok
  }
  const what = `${sumUp(plan.changes, (action) => `to ${action}`)}.`
  if (!(await confirm(what, options, terminal))) return Exit.no
  const done = await ask(client, 'apply', source, prune, terminal)
  if (done === undefined) return Exit.no
  if (json) terminal.write(jsonDocument(done))
  else terminal.error(`${sumUp(done.changes, (action) => `${action.replace(/e?$/, 'ed')}`)}.\n`)
  return Exit.ok
}

/** Prints, or writes to `output`, everything that the token sees, as `apply` takes it. */
export async function exportRegistry(
  options: ClientOptions & { readonly output?: string; readonly secrets?: boolean },
  terminal: Terminal,
): Promise<number> {
  const query = options.secrets === true ? { secrets: '1' } : {}
  const document = await createApiClient(options).get<object>('registry/export', query)
  const text = options.json ? jsonDocument(document) : stringify(document)
  if (options.output === undefined) terminal.write(text)
  // The file may hold who peers and whom to call: nobody else's business.
  else await writeFile(options.output, text, { mode: 0o600 })
  return Exit.ok
}

interface AuditOptions extends ClientOptions {
  readonly who?: string
  readonly kind?: string
  readonly id?: string
  readonly below?: boolean
  readonly since?: string
  readonly limit: number
}

type AuditRow = AuditListJson['items'][number]

/** What a write changed, in a few words. */
function changed({ before, after }: AuditRow): string {
  if (before === null || after === null) return ''
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys]
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .join(', ')
}

const auditColumns: Column<AuditRow>[] = [
  { title: 'TIME', value: ({ time }) => formatTime(Date.parse(time)) },
  { title: 'WHO', value: ({ who }) => cleanText(who), minimum: 8 },
  { title: 'ROLE', value: ({ role }) => role, fromColumns: 100 },
  { title: 'DID', value: ({ operation }) => operation },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'RESOURCE', value: ({ resource }) => cleanText(resource), minimum: 12 },
  { title: 'CHANGED', value: (row) => cleanText(changed(row)), minimum: 8, fromColumns: 100 },
]

/** Prints who wrote what, the newest first. */
export async function audit(
  options: AuditOptions,
  terminal: Terminal,
  now = Date.now(),
): Promise<number> {
  const { who, kind, id, below, since, limit } = options
  const from = since && readSince(since, now)
  const query = { who, kind, id, below: below ? '1' : undefined, from }
  const { items, more } = await readAll<AuditRow>(createApiClient(options), 'audit', query, limit)
  if (options.json) terminal.write(jsonDocument(items))
  else if (items.length === 0) terminal.error('Nobody wrote anything that matches.\n')
  else terminal.write(renderTable(auditColumns, items, terminal))
  if (more)
    terminal.error(`There are more than ${items.length} entries: narrow, or raise --limit.\n`)
  return Exit.ok
}

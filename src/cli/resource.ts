/** `bgpwarden asn | peering | connection ... list | show | create | update | delete | OPERATION`. */
import { stringify } from 'yaml'
import type { Kind } from '../peering/kind.ts'
import { hasOneList, listPath, parentsOf } from '../peering/paths.ts'
import type { ResourceView } from '../peering/registry-types.ts'
import type { JsonObject } from '../store/types.ts'
import {
  ApiError,
  type ClientOptions,
  createApiClient,
  jsonDocument,
  readAll,
  segment,
} from './api-client.ts'
import { confirm } from './confirm.ts'
import { Exit, UsageError } from './failure.ts'
import { readRegistryFile } from './registry-file.ts'
import { type Column, renderTable } from './table.ts'
import { styleFor, type Terminal } from './terminal.ts'
import { cleanText, formatTime, paragraph } from './text.ts'
import { keyValues } from './verdict-text.ts'

type Screen = Pick<Terminal, 'columns' | 'color'>

/** A kind, and the table that says where its resources are. */
export interface KindAt {
  readonly kinds: readonly Kind[]
  readonly kind: Kind
}

export interface ResourceOptions extends ClientOptions {
  readonly yes?: boolean
  readonly file?: string
  readonly filter?: readonly string[]
  readonly sort?: string
  /** Names of parents, by the words of their commands. */
  readonly parents: Readonly<Record<string, string | undefined>>
}

/** What the registry says no to is an answer; that it could not be asked is none. */
async function answered(terminal: Terminal, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    const no = error instanceof ApiError && [400, 409, 412, 422].includes(error.status ?? 0)
    if (!no) throw error
    terminal.error(`${styleFor(terminal.color).red('error:')} ${error.message}\n`)
    return Exit.no
  }
}

/** The parents that the options name. @throws UsageError when one is missing */
function parentNames({ kinds, kind }: KindAt, options: ResourceOptions): string[] {
  return parentsOf(kinds, kind).map(({ command, title }) => {
    const name = options.parents[command]
    if (name !== undefined) return name
    throw new UsageError(
      `a ${kind.title} stands under a ${title}: name it with --${command} NAME, or write NAME/${kind.command.toUpperCase()}`,
    )
  })
}

/** Names from the outermost parent inwards; `contoso/ams` names the parent as well. */
function namesOf(at: KindAt, name: string, options: ResourceOptions): string[] {
  const parts = name.split('/')
  const depth = parentsOf(at.kinds, at.kind).length
  return parts.length === depth + 1 && depth > 0 ? parts : [...parentNames(at, options), name]
}

function pathOf({ kinds, kind }: KindAt, names: readonly string[]): string {
  const list = listPath(kinds, kind, (_, index) => segment(names[index] ?? ''))
  return `${list}/${segment(names.at(-1) ?? '')}`
}

/** A value of a view on one line. */
function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return value.length === 0 ? '-' : value.join(', ')
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Words that say whether a state is good, as the enums of all kinds have them. */
const paints = {
  green: /^(Active|Approved|Verified|Succeeded|Established|Connected|Enabled|Configured)$/,
  red: /^(.*Failed|Invalid|Disconnected|ExternalBlocker)$/,
  yellow: /^(Pending.*|Provisioning.*|Validating|Warning|Updating|Deleting|.*Needed)$/,
} as const

function paintState(screen: Screen, text: string): string {
  const style = styleFor(screen.color)
  const word = text.trim()
  for (const colour of ['green', 'red', 'yellow'] as const) {
    if (paints[colour].test(word)) return style[colour](text)
  }
  return text
}

/** The table of resources of one kind. */
export function renderResources(
  { kind }: KindAt,
  views: readonly ResourceView[],
  screen: Screen,
  name: 'name' | 'id' = 'name',
): string {
  const columns: Column<ResourceView>[] = [
    { title: 'NAME', value: (view) => cleanText(view[name]), minimum: 12 },
    ...kind.columns.map(({ title, value }) => ({
      title: title.toUpperCase(),
      value: (view: ResourceView) => cleanText(value(view.properties)),
      minimum: Math.max(8, title.length),
      paint: (text: string) => paintState(screen, text),
    })),
  ]
  return renderTable(columns, views, screen)
}

/** The page of one resource. */
export function renderResource({ kind }: KindAt, view: ResourceView, screen: Screen): string {
  const style = styleFor(screen.color)
  const entries = Object.entries(view.properties)
  const isDeep = (value: unknown) => typeof value === 'object' && shown(value).startsWith('{')
  const deep = entries.filter(
    ([, value]) =>
      isDeep(value) || (Array.isArray(value) && value.some((item) => typeof item === 'object')),
  )
  const flat = entries.filter((entry) => !deep.includes(entry))
  const pairs: [string, string][] = [
    ['owner', view.owner ?? '-'],
    ...flat.map(([key, value]): [string, string] => [key, shown(value)]),
    ['created', formatTime(Date.parse(view.createdAt))],
    ['changed', formatTime(Date.parse(view.updatedAt))],
  ]
  const blocks = deep.map(([key, value]) => {
    const lines = stringify(value).trimEnd().split('\n').map(cleanYaml)
    return `${style.dim(key)}\n${lines.map((line) => `  ${line}\n`).join('')}`
  })
  return [
    `${style.bold(cleanText(view.id))}  ${style.dim(kind.title)}\n`,
    keyValues(pairs, screen),
    ...blocks,
  ].join('')
}

/** A line without what could write to the terminal; its indent stays. */
function cleanYaml(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? ''
  return indent + cleanText(line.slice(indent.length))
}

function readFilters(filters: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    filters.map((filter) => {
      const [, key, value] = /^([A-Za-z0-9]+)=(.*)$/.exec(filter) ?? []
      if (key !== undefined && value !== undefined) return [key, value]
      throw new UsageError(
        `--filter ${filter}: expected PROPERTY=VALUE, such as connectionState=Active`,
      )
    }),
  )
}

/** Every resource of a kind: under the parent that is named, or under any. */
async function readResources(at: KindAt, options: ResourceOptions): Promise<ResourceView[]> {
  const { kinds, kind } = at
  const client = createApiClient(options)
  const query = { ...readFilters(options.filter ?? []), sort: options.sort }
  const all = async (path: string) => (await readAll<ResourceView>(client, path, query)).items
  const anyParent = kind.parent !== null && Object.values(options.parents).every((name) => !name)
  if (!anyParent)
    return all(listPath(kinds, kind, (_, i) => segment(parentNames(at, options)[i] ?? '')))
  if (hasOneList(kinds, kind)) return all(kind.segment)
  const above = kinds.find(({ name }) => name === kind.parent)
  if (above === undefined) return []
  const parents = await readResources({ kinds, kind: above }, { ...options, filter: [] })
  const lists: ResourceView[][] = []
  for (const { id } of parents) {
    const names = id.split('/').map(segment)
    lists.push(await all(listPath(kinds, kind, (_, i) => names[i] ?? '')))
  }
  return lists.flat()
}

/** Prints the resources of a kind. */
export async function resourceList(
  at: KindAt,
  options: ResourceOptions,
  terminal: Terminal,
): Promise<number> {
  const views = await readResources(at, options)
  if (options.json) terminal.write(jsonDocument(views))
  else if (views.length === 0) terminal.error(`There is no ${at.kind.title} that matches.\n`)
  else {
    const name = at.kind.parent !== null && !Object.values(options.parents).some(Boolean)
    terminal.write(renderResources(at, views, terminal, name ? 'id' : 'name'))
  }
  return Exit.ok
}

function print(
  at: KindAt,
  view: ResourceView,
  options: ResourceOptions,
  terminal: Terminal,
): number {
  terminal.write(options.json ? jsonDocument(view) : renderResource(at, view, terminal))
  return Exit.ok
}

/** Prints one resource. */
export async function resourceShow(
  at: KindAt,
  name: string,
  options: ResourceOptions,
  terminal: Terminal,
): Promise<number> {
  const path = pathOf(at, namesOf(at, name, options))
  return print(at, await createApiClient(options).get<ResourceView>(path), options, terminal)
}

/** What a file and the options say together; the options go before the file. */
async function properties(spec: object, options: ResourceOptions): Promise<object> {
  if (options.file === undefined) return spec
  const { value } = await readRegistryFile(options.file)
  return { ...(value as object), ...spec }
}

/** Creates a resource. @returns 1 when the registry says no */
export async function resourceCreate(
  at: KindAt,
  name: string,
  spec: object,
  options: ResourceOptions,
  terminal: Terminal,
): Promise<number> {
  const names = namesOf(at, name, options)
  const list = listPath(at.kinds, at.kind, (_, i) => segment(names[i] ?? ''))
  const body = { name: names.at(-1), properties: await properties(spec, options) }
  return answered(terminal, async () =>
    print(at, await createApiClient(options).post<ResourceView>(list, body), options, terminal),
  )
}

/** Changes what is named; everything else stays. @returns 1 when the registry says no */
export async function resourceUpdate(
  at: KindAt,
  name: string,
  spec: object,
  options: ResourceOptions,
  terminal: Terminal,
): Promise<number> {
  const given = await properties(spec, options)
  if (Object.keys(given).length === 0) {
    throw new UsageError('nothing to change: name a property as an option, or give -f FILE')
  }
  const path = pathOf(at, namesOf(at, name, options))
  const client = createApiClient(options)
  return answered(terminal, async () => {
    const { etag } = await client.get<ResourceView>(path)
    const view = await client.patch<ResourceView>(path, { properties: given }, etag)
    return print(at, view, options, terminal)
  })
}

/** Deletes a resource, when a person or `--yes` says so. @returns 1 when either says no */
export async function resourceDelete(
  at: KindAt,
  name: string,
  options: ResourceOptions,
  terminal: Terminal,
): Promise<number> {
  const path = pathOf(at, namesOf(at, name, options))
  const client = createApiClient(options)
  const { id, etag } = await client.get<ResourceView>(path)
  const title = `${at.kind.title} ${cleanText(id)}`
  const below = at.kinds.filter(({ parent }) => parent === at.kind.name).map((k) => `${k.title}s`)
  const with_ = below.length === 0 ? '' : ` with its ${below.join(' and ')}`
  if (!(await confirm(`The ${title} will be deleted${with_}.`, options, terminal))) return Exit.no
  return answered(terminal, async () => {
    const left = await client.remove<ResourceView>(path, etag)
    if (options.json) terminal.write(jsonDocument(left))
    else if (left === null) terminal.write(`Deleted the ${title}.\n`)
    else terminal.write(`The ${title} goes as soon as what it runs has ended.\n`)
    return Exit.ok
  })
}

/** The page of an answer: its sentence, then what it holds besides. */
function renderAnswer(answer: JsonObject, yes: boolean, screen: Screen): string {
  const style = styleFor(screen.color)
  const { message, ...rest } = answer
  const pairs = Object.entries(rest).flatMap(([key, value]): [string, string][] => {
    const empty = value === null || (Array.isArray(value) && value.length === 0)
    return empty || isSentences(value) ? [] : [[key, shown(value)]]
  })
  const sentences = Object.values(rest).filter(isSentences).flat()
  return [
    `${(yes ? style.green : style.red)(cleanText(String(message)))}\n`,
    ...sentences.map((text) => paragraph('  - ', cleanText(text), screen.columns)),
    keyValues(pairs, screen),
  ].join('')
}

function isSentences(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((text) => /\s.*\.$/.test(text))
}

/** Asks a question of a kind. @returns 1 when the answer is "no" */
export async function resourceAsk(
  at: KindAt,
  question: string,
  name: string,
  query: Readonly<Record<string, string>>,
  options: ResourceOptions,
  terminal: Terminal,
): Promise<number> {
  const path = `${pathOf(at, namesOf(at, name, options))}/${question}`
  const answer = await createApiClient(options).get<JsonObject>(path, query)
  const yes = at.kind.questions?.[question]?.isYes(answer) === true
  terminal.write(options.json ? jsonDocument(answer) : renderAnswer(answer, yes, terminal))
  return yes ? Exit.ok : Exit.no
}

/** Runs an operation of a kind. @returns 1 when the registry says no */
export async function resourceOperate(
  at: KindAt,
  operation: string,
  name: string,
  body: object,
  options: ResourceOptions,
  terminal: Terminal,
): Promise<number> {
  const path = `${pathOf(at, namesOf(at, name, options))}/${operation}`
  return answered(terminal, async () =>
    print(at, await createApiClient(options).post<ResourceView>(path, body), options, terminal),
  )
}

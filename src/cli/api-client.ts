/** The HTTP client of a running daemon: requests, pages, and failures as sentences. */
import { readFileSync } from 'node:fs'
import type { Problem } from '../api/schemas.ts'
import { cleanText } from './text.ts'

/** The daemon could not be asked, or said no; `message` is a whole sentence. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** HTTP status; undefined when no answer came. */
  readonly status: number | undefined
  /** What the daemon said; undefined when it did not. */
  readonly problem: Partial<Problem> | undefined

  constructor(message: string, status?: number, problem?: Partial<Problem>) {
    super(message)
    this.status = status
    this.problem = problem
  }
}

export type Query = Readonly<Record<string, string | number | undefined>>

export interface ApiClient {
  /** GET of a path under `/api/v1/`, such as `prefixes/web`. @throws ApiError */
  get<T>(path: string, query?: Query): Promise<T>
  /** POST of a JSON body. @throws ApiError */
  post<T>(path: string, body?: unknown, query?: Query): Promise<T>
  /** PATCH of a JSON body; only where it still has the ETag `etag`. @throws ApiError */
  patch<T>(path: string, body: unknown, etag: string): Promise<T>
  /** DELETE where it still has the ETag. @returns what is left of it for now; null: nothing @throws ApiError */
  remove<T>(path: string, etag: string): Promise<T | null>
  /** An answer whose body is read as it comes (Server-Sent Events). @throws ApiError */
  open(
    path: string,
    query: Query,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response>
}

const REQUEST_TIMEOUT = 30_000

const causes: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'unknown host name',
  EAI_AGAIN: 'the host name could not be resolved',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'timed out',
  UND_ERR_CONNECT_TIMEOUT: 'timed out',
  UND_ERR_SOCKET: 'the connection was closed',
}

/** Why `fetch` failed: its own message is always "fetch failed". */
function causeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time'
  const cause = (error as { cause?: { code?: string; message?: string; errors?: unknown[] } }).cause
  const code = cause?.code ?? (cause?.errors?.[0] as { code?: string } | undefined)?.code
  return causes[code ?? ''] ?? cause?.message ?? String((error as Error).message ?? error)
}

/** What to do about an answer, where it does not say so itself. */
const advice: Record<number, string> = {
  401: 'Give a token with --token-file FILE or in BGPWARDEN_TOKEN.',
  412: 'Look at what it is now, and run the command again.',
}

/** One sentence a problem, one line more for each mistake it lists. */
async function refusal(response: Response, url: string): Promise<ApiError> {
  const type = response.headers.get('content-type') ?? ''
  if (!type.includes('json')) {
    return new ApiError(
      `${url} answered ${response.status} without JSON: is it the API of bgpwarden?`,
      response.status,
    )
  }
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>
  const said = cleanText(
    problem.detail || problem.title || `the daemon answered ${response.status}`,
  )
  const lines = (problem.errors ?? [])
    // A single mistake often is the detail already.
    .filter(({ message }) => !said.includes(cleanText(message)))
    .map(({ path, message }) => cleanText(`${path}: ${message}`))
  const hint = advice[response.status]
  const text = [said, ...lines, ...(hint === undefined ? [] : [hint])].join('\n  ')
  return new ApiError(text, response.status, problem)
}

/** Where the daemon is, and where the token stands; none: in BGPWARDEN_TOKEN, if at all. */
export interface ConnectOptions {
  readonly api: string
  readonly tokenFile?: string | undefined
}

/** @throws ApiError */
function readTokenFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code
    throw new ApiError(`--token-file ${file}: ${why}`)
  }
}

/**
 * Makes a client.
 * @param where the daemon's URL, such as `http://127.0.0.1:9179`; the token is never an argument, so that it
 *   stands in no list of processes
 * @throws ApiError when it is no http URL, or the file of the token cannot be read
 */
export function createApiClient(where: string | ConnectOptions): ApiClient {
  const { api: base, tokenFile }: ConnectOptions =
    typeof where === 'string' ? { api: where } : where
  const token = tokenFile === undefined ? process.env['BGPWARDEN_TOKEN'] : readTokenFile(tokenFile)
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new ApiError(`"${base}" is not a URL, expected for instance http://127.0.0.1:9179`)
  }
  const root = base.replace(/\/+$/, '')

  async function send(path: string, query: Query, init: RequestInit): Promise<Response> {
    const url = new URL(`${root}/api/v1/${path}`)
    for (const [key, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(key, String(value))
    }
    let response: Response
    try {
      response = await fetch(url, init)
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') throw error
      throw new ApiError(
        `no daemon answers at ${root} (${causeOf(error)}). Start one with "bgpwarden run -c FILE", ` +
          'or name another with --api URL or BGPWARDEN_API.',
      )
    }
    if (!response.ok) throw await refusal(response, root)
    return response
  }

  async function json<T>(path: string, query: Query, init: RequestInit): Promise<T> {
    const response = await send(path, query, {
      ...init,
      signal: AbortSignal.timeout(REQUEST_TIMEOUT),
    })
    try {
      return (await response.json()) as T
    } catch (error) {
      if (!(error instanceof SyntaxError)) {
        throw new ApiError(`${root} stopped in the middle of its answer (${causeOf(error)})`)
      }
      throw new ApiError(`${root} answered something that is not JSON: is it the API of bgpwarden?`)
    }
  }

  const authorization: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
  const accept = { ...authorization, accept: 'application/json' }
  const withBody = (method: string, body: unknown, more: Record<string, string> = {}) => ({
    method,
    headers: { ...accept, 'content-type': 'application/json', ...more },
    body: JSON.stringify(body),
  })

  return {
    get: (path, query = {}) => json(path, query, { headers: accept }),
    post: (path, body = {}, query = {}) => json(path, query, withBody('POST', body)),
    patch: (path, body, etag) =>
      json(path, {}, withBody('PATCH', body, { 'if-match': `"${etag}"` })),
    async remove(path, etag) {
      const response = await send(
        path,
        {},
        {
          method: 'DELETE',
          headers: { ...accept, 'if-match': `"${etag}"` },
          signal: AbortSignal.timeout(REQUEST_TIMEOUT),
        },
      )
      return response.status === 204 ? null : ((await response.json()) as never)
    },
    open: (path, query, headers, signal) =>
      send(path, query, { headers: { ...authorization, ...headers }, signal }),
  }
}

/** A page of any list of the API. */
interface AnyPage<T> {
  readonly items: readonly T[]
  readonly cursor: string | null
}

/**
 * Reads a list page by page.
 * @param most items after which it stops; absent: all there are
 * @returns the items, and whether there are more behind them
 * @throws ApiError
 */
export async function readAll<T>(
  client: ApiClient,
  path: string,
  query: Query,
  most = Number.POSITIVE_INFINITY,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const limit = Math.min(1000, most - items.length)
    const page: AnyPage<T> = await client.get(path, { ...query, limit, cursor })
    if (!Array.isArray(page?.items)) {
      throw new ApiError(`the answer to ${path} is no list: is it the API of bgpwarden?`)
    }
    items.push(...page.items)
    cursor = page.cursor ?? undefined
  } while (cursor !== undefined && items.length < most)
  return { items, more: cursor !== undefined }
}

/** A name as a part of a path: `edge-a`, and whatever else a name may hold. */
export function segment(name: string): string {
  return encodeURIComponent(name)
}

/** Options that every client command has. */
export interface ClientOptions extends ConnectOptions {
  readonly json?: boolean
}

/** @returns the value as one indented JSON document with a line break */
export function jsonDocument(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Findings whose links lead to the daemon that was asked. @param base as for `createApiClient` */
export function withWholeLinks<F extends { readonly link: string }>(
  findings: readonly F[],
  base: string,
): F[] {
  const root = base.replace(/\/+$/, '')
  return findings.map((finding) => ({ ...finding, link: `${root}${finding.link}` }))
}

/** Reads and writes the registry of a daemon over HTTP. */

/** A resource as the API shows it, without what depends on the moment. */
export interface View {
  readonly id: string
  readonly etag: string
  readonly properties: Readonly<Record<string, unknown>>
}

/** Every resource by kind and id, such as `connection p1/c1`. */
export type Resources = ReadonlyMap<string, View>

/** A token as the configuration names it. */
export const writerToken = { name: 'writer', role: 'admin', token: 'a-token-of-this-test' } as const

/** What a restart changes, of the kinds below, though nobody wrote. */
const ofTheMoment = [
  ...['errorMessage', 'sessions', 'sessionStateV4', 'sessionStateV6'],
  ...['connectionCount', 'activeConnections'],
]

/** @returns a view without what depends on the moment */
export function lasting({ id, etag, properties }: View): View {
  const kept = Object.entries(properties).filter(([key]) => !ofTheMoment.includes(key))
  return { id, etag, properties: Object.fromEntries(kept) }
}

export interface Answer {
  readonly status: number
  /** It is the kept answer to an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean
  /** null: there is no body. */
  readonly json: unknown
}

/**
 * Asks once.
 * @param path below `/api/v1/`
 * @throws when the answer does not arrive whole
 */
export async function ask(
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: unknown,
): Promise<Answer> {
  const answer = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${writerToken.token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return {
    status: answer.status,
    replayed: answer.headers.get('idempotency-replayed') === 'true',
    json: text === '' ? null : JSON.parse(text),
  }
}

/** @returns all pages of a list, whose path ends in `?` or `&` */
async function pages<T>(url: string, path: string): Promise<T[]> {
  const items: T[] = []
  let more = ''
  for (;;) {
    const { status, json } = await ask(url, 'GET', `${path}limit=1000${more}`)
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`)
    const page = json as { items: T[]; cursor: string | null }
    items.push(...page.items)
    if (page.cursor === null) return items
    more = `&cursor=${encodeURIComponent(page.cursor)}`
  }
}

const lists = { peerAsn: 'peerAsns', peering: 'peerings', connection: 'connections' } as const

/** @returns every peer ASN, peering and connection */
export async function readResources(url: string): Promise<Resources> {
  const found = new Map<string, View>()
  for (const [kind, list] of Object.entries(lists)) {
    for (const view of await pages<View>(url, `${list}?`)) {
      found.set(`${kind} ${view.id}`, lasting(view))
    }
  }
  return found
}

/** @returns `approve peerAsn n1` and the like: every line that the token caused, sorted */
export async function readAudit(url: string): Promise<string[]> {
  type Line = { operation: string; kind: string; resource: string }
  const lines = await pages<Line>(url, `audit?who=${writerToken.name}&`)
  return lines.map(({ operation, kind, resource }) => `${operation} ${kind} ${resource}`).sort()
}

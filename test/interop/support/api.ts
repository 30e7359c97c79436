/** The daemon's HTTP API through a socket file. */
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { EventJson } from '../../../src/api/event-schemas.ts'

export interface Api {
  /** GET of a path such as `/api/v1/sessions/edge-a`. @throws Error with status and body unless 200 */
  get<T>(path: string): Promise<T>
  /** GET as text. @throws Error with status and body unless 200 */
  text(path: string): Promise<string>
  /** Opens the event stream from the first event that the daemon has. */
  follow(): Follower
}

export interface Follower {
  /** Grows as events arrive. */
  readonly events: readonly EventJson[]
  close(): void
}

/** @param socketFile where the relay listens */
export function makeApi(socketFile: string): Api {
  const text = async (path: string) => {
    const response = await open(socketFile, path)
    response.setEncoding('utf8')
    let body = ''
    for await (const chunk of response) body += chunk
    if (response.statusCode !== 200)
      throw new Error(`GET ${path}: ${response.statusCode} ${body.slice(0, 500)}`)
    return body
  }
  return {
    text,
    get: async <T>(path: string) => JSON.parse(await text(path)) as T,
    follow: () => follow(socketFile),
  }
}

function open(
  socketPath: string,
  path: string,
  take: (request: ClientRequest) => void = () => {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, headers: { host: 'localhost' } }, resolve)
    asked.on('error', reject)
    asked.end()
    take(asked)
  })
}

function follow(socketFile: string): Follower {
  const events: EventJson[] = []
  let asked: ClientRequest | undefined
  let pending = ''
  const take = (chunk: string) => {
    pending += chunk
    const blocks = pending.split('\n\n')
    pending = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.split('\n').flatMap((line) => /^data: ?(.*)$/.exec(line)?.[1] ?? [])
      if (data.length > 0) events.push(JSON.parse(data.join('\n')) as EventJson)
    }
  }
  // A stream that ends with its daemon is no failure: what it brought stays readable.
  open(socketFile, '/api/v1/events?since=0&follow=1', (opened) => {
    asked = opened
  }).then(
    (response) =>
      response
        .setEncoding('utf8')
        .on('data', take)
        .on('error', () => {}),
    () => {},
  )
  return { events, close: () => asked?.destroy() }
}

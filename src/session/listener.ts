/** The sockets that routers connect to. */
import { createServer, type Server, type Socket } from 'node:net'
import { formatEndpoint } from './address.ts'
import { adoptSocket } from './shared-buffer.ts'
import { descriptorOf, type ListeningSocket } from './socket-security.ts'

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** An address that cannot be listened on; `message` says why, for people. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly endpoint: Endpoint
  /** The system's name for it, such as `EADDRINUSE`. */
  readonly code: string

  constructor(endpoint: Endpoint, code: string, message: string) {
    super(message)
    this.endpoint = endpoint
    this.code = code
  }
}

const causes: Record<string, string> = {
  EADDRINUSE: 'is in use',
  EACCES: 'needs more rights: ports below 1024 are for root or CAP_NET_BIND_SERVICE',
  EPERM: 'needs more rights: ports below 1024 are for root or CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL: 'is not available: no interface of this machine has that address',
  EAFNOSUPPORT: 'is not available: this machine does not have that address family',
}

function listenError(endpoint: Endpoint, error: NodeJS.ErrnoException): ListenError {
  const code = error.code ?? ''
  const place = formatEndpoint(endpoint.address, endpoint.port)
  return new ListenError(endpoint, code, `${place} ${causes[code] ?? `failed: ${error.message}`}`)
}

/** Opens one socket; `::` takes IPv4 too, where the system does so. */
function listenOn(endpoint: Endpoint, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ pauseOnConnect: true }, (socket) => accept(adoptSocket(socket)))
    server.once('error', (error) => reject(listenError(endpoint, error)))
    server.listen({ host: endpoint.address, port: endpoint.port }, () => {
      server.removeAllListeners('error')
      // A connection that breaks while it is accepted is the peer's loss, not ours.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

export interface Listener {
  /** @throws ListenError when one of the endpoints cannot be had; then none is open */
  listen(): Promise<void>
  /** The endpoints that are open, with the port that port 0 became. */
  addresses(): readonly Endpoint[]
  /** The sockets that are open, the same objects as long as they are. */
  sockets(): readonly ListeningSocket[]
  /** Accepts no more; connections that exist stay. */
  close(): void
}

/** Makes a listener that is not open yet. */
export function createListener(
  endpoints: readonly Endpoint[],
  accept: (socket: Socket) => void,
): Listener {
  let servers: Server[] = []
  let sockets: ListeningSocket[] = []

  function close(): void {
    for (const server of servers) server.close()
    servers = []
    sockets = []
  }

  return {
    async listen() {
      for (const endpoint of endpoints) {
        try {
          servers.push(await listenOn(endpoint, accept))
        } catch (error) {
          close()
          throw error
        }
      }
      sockets = servers.flatMap((server) => {
        const bound = server.address()
        if (bound === null || typeof bound === 'string') return []
        return [{ descriptor: descriptorOf(server), address: bound.address, port: bound.port }]
      })
    },
    addresses: () => sockets.map(({ address, port }) => ({ address, port })),
    sockets: () => sockets,
    close,
  }
}

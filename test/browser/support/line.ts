/** A line between browser and daemon that can be cut. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Line {
  /** What the browser asks instead of the daemon. */
  readonly base: string
  /** Ends every connection, and every new one until `mend`. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** @param base of the daemon, `http://127.0.0.1:PORT` */
export async function startLine(base: string): Promise<Line> {
  const target = new URL(base)
  const sockets = new Set<Socket>()
  let whole = true
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }
  const server = createServer((socket) => {
    keep(socket)
    if (!whole) {
      socket.destroy()
      return
    }
    const onward = connect(Number(target.port), target.hostname)
    keep(onward)
    socket.pipe(onward).pipe(socket)
    socket.on('close', () => onward.destroy())
    onward.on('close', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const end = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      whole = false
      end()
    },
    mend() {
      whole = true
    },
    async close() {
      end()
      server.close()
    },
  }
}

/**
 * Run inside the daemon's namespace: makes its HTTP port reachable through a socket file, because files,
 * unlike addresses, are shared between network namespaces.
 *
 * argv: socket file, port on 127.0.0.1
 */
import { connect, createServer } from 'node:net'

const [socketFile, port] = process.argv.slice(2)

createServer((client) => {
  const daemon = connect(Number(port), '127.0.0.1')
  const end = () => {
    client.destroy()
    daemon.destroy()
  }
  for (const side of [client, daemon]) side.on('error', end).on('close', end)
  client.pipe(daemon).pipe(client)
}).listen(socketFile, () => console.log('relaying'))

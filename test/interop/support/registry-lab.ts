/** A daemon with a registry on a LAN, and people with tokens who use it with the command line. */
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { runProgram } from '../../../src/cli/program.ts'
import type { Principal } from '../../../src/peering/kind.ts'
import type { ResourceView } from '../../../src/peering/registry-types.ts'
import { createScreen } from '../../support/screen.ts'
import { type Daemon, daemonConfig, makeDaemon } from './daemon.ts'
import { type Lan, makeLan } from './lan.ts'
import { run } from './process.ts'
import { waitFor } from './wait.ts'
import { makeWorkspace } from './workspace.ts'

/** Role of each person, and whose resources they see; null: everybody's. */
export type People = Readonly<Record<string, Pick<Principal, 'role' | 'owner'>>>

export interface RegistryLab<Person extends string> {
  readonly lan: Lan
  readonly daemon: Daemon
  /** What the daemon was started with. */
  readonly config: Record<string, unknown>
  /** Makes a folder of its own. */
  folder(name: string): Promise<string>
  /** Runs a command line as somebody, as on a terminal. @returns exit code and all that was written */
  type(person: Person, line: string, typed?: string): Promise<{ code: number; text: string }>
  /** Runs a command line as somebody. @returns its JSON; @throws Error with exit code and what it said */
  as<T = ResourceView>(person: Person, line: string): Promise<T>
  /** Waits until a property of a resource has a value. @param path below `/api/v1/`, without token */
  property(path: string, name: string, value: string): Promise<ResourceView>
  close(): Promise<void>
}

/** A port on loopback for the command line, which speaks to no socket file. */
async function openDoor(socketFile: string): Promise<{ url: string; close(): Promise<void> }> {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const daemon = connect(socketFile)
    open.add(client)
    client.on('close', () => open.delete(client))
    const end = () => {
      client.destroy()
      daemon.destroy()
    }
    for (const side of [client, daemon]) side.on('error', end).on('close', end)
    client.pipe(daemon).pipe(client)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // The command line keeps its connections for the next request.
        for (const client of open) client.destroy()
      }),
  }
}

/**
 * Starts it.
 * @param host last number of the daemon's addresses
 * @param addresses more addresses of the daemon, with length
 * @param more other sections of its configuration
 */
export async function startRegistryLab<Person extends string>(
  people: Readonly<Record<Person, People[string]>>,
  host: number,
  addresses: readonly string[],
  registry: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Promise<RegistryLab<Person>> {
  const workspace = await makeWorkspace()
  const directory = await workspace.folder('daemon')
  const lan = await makeLan('warden', host)
  for (const address of addresses) {
    const nodad = address.includes(':') ? ['nodad'] : []
    await run([
      ...lan.inside(lan.hub),
      ...['ip', 'address', 'add', address, 'dev', lan.bridge, ...nodad],
    ])
  }
  const tokens = await Promise.all(
    Object.entries<People[string]>(people).map(async ([name, { role, owner }]) => {
      const token = `token-of-${name}-in-the-lab`
      await writeFile(join(directory, name), token, { mode: 0o600 })
      return { name, role, token, ...(owner !== null && { owner }) }
    }),
  )
  const config = daemonConfig({
    // `::` takes IPv4 too.
    listen: { bgp: [{ address: '::' }], http: { tokens, anonymousRead: true } },
    storage: { path: join(directory, 'bgpwarden.db') },
    registry: { stableSeconds: 2, ...registry },
    ...more,
  })
  const daemon = await makeDaemon(lan, directory, config)
  await daemon.start()
  const door = await openDoor(join(directory, 'http.sock'))

  async function type(person: Person, line: string, typed?: string) {
    const screen = createScreen(typed === undefined ? {} : { ask: async () => typed })
    const words = line.match(/"[^"]*"|'[^']*'|\S+/g) ?? []
    const token = join(directory, person)
    const code = await runProgram(
      [...words.map(unquoted), '--api', door.url, '--token-file', token],
      screen,
    )
    return { code, text: screen.output() + screen.errors() }
  }

  return {
    lan,
    daemon,
    config,
    folder: (name) => workspace.folder(name),
    type,
    async as<T>(person: Person, line: string) {
      const { code, text } = await type(person, `${line} --json`)
      if (code !== 0) throw new Error(`bgpwarden ${line}: exit ${code}\n${text}`)
      return JSON.parse(text) as T
    },
    async property(path, name, value) {
      let last: ResourceView | undefined
      return waitFor(
        `${name} of ${path} to be ${value}`,
        async () => {
          last = await daemon.api.get<ResourceView>(`/api/v1/${path}`)
          return last.properties[name] === value && last
        },
        { state: () => last?.properties },
      )
    },
    async close() {
      await door.close()
      await daemon.close()
      await lan.close()
      await workspace.remove()
    },
  }
}

function unquoted(word: string): string {
  return /^["']/.test(word) ? word.slice(1, -1) : word
}

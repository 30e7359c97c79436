/** Daemons to look at: the lab, and one with ten thousand prefixes and a hundred sessions. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { node, repository } from '../../interop/support/daemon.ts'
import { startProgram } from '../../interop/support/process.ts'
import { waitFor } from '../../interop/support/wait.ts'

export interface Watched {
  /** `http://127.0.0.1:PORT` */
  readonly base: string
  get<T>(path: string): Promise<T>
  stop(): Promise<void>
}

async function started(name: string, words: readonly string[], url: RegExp): Promise<Watched> {
  const program = startProgram(name, [...node, ...words], { cwd: repository })
  const [, base = ''] = await program.says(url)
  return {
    base,
    get: async <T>(path: string) => (await (await fetch(`${base}/api/v1/${path}`)).json()) as T,
    stop: () => program.stop(),
  }
}

/** `npm start`, on free ports. */
export function startLab(): Promise<Watched> {
  const words = ['src/main.ts', 'lab', '--bgp-port', '0', '--http-port', '0']
  return started('lab', words, /web page\s+(http:\S+?)\/\s/)
}

/** Ten thousand prefixes, each on two of a hundred sessions; every tenth fails. */
export function startLarge(): Promise<Watched> {
  return started('large', ['test/browser/support/large.ts'], /ready (http:\S+)/)
}

/** Peerings of two owners, and a history on disk; for those alone who have a token of `tokens.ts`. */
export function startRegistry(): Promise<Watched> {
  return started('registry', ['test/browser/support/registry.ts'], /ready (http:\S+)/)
}

/** A daemon without routers that answers to nobody without the token. */
export async function startLocked(token: string): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'bgpwarden-page-'))
  const file = join(folder, 'bgpwarden.yaml')
  const http = { address: '127.0.0.1', port: 0, tokens: [token], anonymousRead: false }
  const config = {
    local: { asn: 64500, routerId: '192.0.2.1' },
    listen: { bgp: [{ address: '127.0.0.1', port: 0 }], http },
    sessions: [
      { name: 'edge-a', address: '127.0.0.9', asn: 64501, passive: true, maxPrefixes: 10 },
    ],
    log: { level: 'info', format: 'json' },
  }
  await writeFile(file, stringify(config))
  const words = ['src/main.ts', 'run', '-c', file]
  const daemon = await started('locked', words, /(http:\/\/127\.0\.0\.1:\d+)/)
  return {
    ...daemon,
    stop: async () => {
      await daemon.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Waits until no verdict of the daemon is pending. */
export function settled(daemon: Watched): Promise<true> {
  return waitFor('every prefix to be judged', async () => {
    const { prefixes } = await daemon.get<{ prefixes: { byState: { Pending: number } } }>(
      'overview',
    )
    return prefixes.byState.Pending === 0
  })
}

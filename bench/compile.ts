/** Compiles the daemon for the benchmark, which measures plain JavaScript and no loader. */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { compiled } from './bgpwarden.ts'

const root = new URL('..', import.meta.url).pathname

/** @throws Error when the sources do not compile */
export function compileDaemon(): void {
  rmSync(compiled, { recursive: true, force: true })
  const words = ['-p', join(root, 'tsconfig.build.json'), '--outDir', compiled]
  execFileSync(join(root, 'node_modules/.bin/tsc'), words, { stdio: 'inherit', cwd: root })
  cpSync(join(root, 'src/web'), join(compiled, 'web'), { recursive: true })
}

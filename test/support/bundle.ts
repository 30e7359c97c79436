/** Programs of the sources, bundled: they start in a fraction of the time that reading the sources takes. */
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Bundles programs into `bundle/` of a directory, each under its name, with the thread of the store.
 * @param programs paths in the repository, by name
 * @returns where they are, by name
 */
export async function bundle<N extends string>(
  directory: string,
  programs: Readonly<Record<N, string>>,
): Promise<Record<N, string>> {
  const outdir = join(directory, 'bundle')
  await build({
    absWorkingDir: repository,
    entryPoints: { ...programs, worker: 'src/store/worker.ts' },
    outdir,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  })
  // What bundles read and import beside themselves.
  for (const name of ['package.json', 'node_modules']) {
    symlinkSync(join(repository, name), join(directory, name))
  }
  const files = Object.keys(programs).map((name) => [name, join(outdir, `${name}.js`)])
  return Object.fromEntries(files) as Record<N, string>
}

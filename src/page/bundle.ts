/** Builds the page out of `src/web`. Only where development packages are installed. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, stop } from 'esbuild'
import type { MadeFile } from './files.ts'

const web = fileURLToPath(new URL('../web/', import.meta.url))

/** Browsers of 2023 and later. */
const target = ['chrome114', 'firefox115', 'safari16.4']

/** @returns the page's files, minified */
export async function bundlePage(): Promise<MadeFile[]> {
  const { outputFiles } = await build({
    absWorkingDir: web,
    entryPoints: [
      { in: 'main.tsx', out: 'page' },
      { in: 'theme.ts', out: 'theme' },
      { in: 'styles/page.css', out: 'page' },
    ],
    outdir: web,
    write: false,
    bundle: true,
    format: 'esm',
    target,
    minify: true,
    legalComments: 'none',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfigRaw: {},
    logLevel: 'silent',
  })
  // Its helper process would stay for as long as the daemon.
  await stop()
  const index = { path: 'index.html', content: await readFile(`${web}index.html`) }
  return [
    index,
    ...outputFiles.map(({ path, contents }) => ({ path: basename(path), content: contents })),
  ]
}

/** What the page consists of: files, from the build or built in memory. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A file as it is made: `index.html`, `docs/findings/not-received.html`. */
export interface MadeFile {
  readonly path: string
  readonly content: Uint8Array
}

/** A file as it is served. */
export interface PageFile {
  readonly type: string
  readonly content: Uint8Array
  /** A strong entity tag, with its quotation marks. */
  readonly etag: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

const here = fileURLToPath(import.meta.url)
const isSource = here.endsWith('.ts')
const builtAt = fileURLToPath(new URL(isSource ? '../../dist/web/' : '../web/', import.meta.url))

/** @returns where a file is served: `/`, `/page.js`, `/docs/`, `/docs/findings/not-received` */
export function urlOf(path: string): string {
  return `/${path.replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`
}

function served(files: readonly MadeFile[]): ReadonlyMap<string, PageFile> {
  return new Map(
    files.map(({ path, content }) => {
      const type = types[extname(path)] ?? 'application/octet-stream'
      const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
      return [urlOf(path), { type, content: Buffer.from(content), etag }]
    }),
  )
}

/** Whether what builds the page is installed: in a checkout it is, in the image it is not. */
function canBuild(): boolean {
  if (!isSource) return false
  try {
    createRequire(import.meta.url).resolve('preact')
    return true
  } catch {
    return false
  }
}

async function readBuilt(): Promise<MadeFile[]> {
  const entries = await readdir(builtAt, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(
    files.map(async (entry) => {
      const file = join(entry.parentPath, entry.name)
      const path = relative(builtAt, file).split(sep).join('/')
      return { path, content: await readFile(file) }
    }),
  )
}

/** Made once, when first asked for; a failure is tried again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    return made
  }
}

/** The page is not there: a checkout without its development packages that was never built. */
export class PageMissingError extends Error {
  override readonly name = 'PageMissingError'

  constructor() {
    super('The page is not built; "npm ci && npm run build" builds it.')
  }
}

const built = once(async () => {
  if (!existsSync(builtAt)) throw new PageMissingError()
  return served(await readBuilt())
})
const bundled = once(async () => served(await (await import('./bundle.ts')).bundlePage()))
const documented = once(async () =>
  served(await (await import('./documents.ts')).renderDocuments()),
)

/**
 * The page itself, by the path at which each file is served. From sources it is built in memory, so
 * that nobody has to build anything first.
 * @throws PageMissingError
 */
export function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  return canBuild() ? bundled() : built()
}

/** The documentation, likewise. @throws PageMissingError */
export function documentFiles(): Promise<ReadonlyMap<string, PageFile>> {
  return canBuild() ? documented() : built()
}

/** The page and the documentation, as files. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { documentFiles, type PageFile, PageMissingError, pageFiles } from '../page/files.ts'
import type { Api } from './documented.ts'
import { HttpProblem } from './problems.ts'

/** Nothing but our own files, and no inline script: text from a peer can never run. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const pagePaths = ['/', '/page.css', '/page.js', '/theme.js']
const documentPaths = ['/docs/', '/docs/:name', '/docs/findings/:name']

async function findFile(
  files: () => Promise<ReadonlyMap<string, PageFile>>,
  path: string,
): Promise<PageFile> {
  const all = await files().catch((error: unknown) => {
    if (error instanceof PageMissingError) throw new HttpProblem(404, 'not-found', error.message)
    throw error
  })
  const file = all.get(path)
  if (file === undefined) throw new HttpProblem(404, 'not-found', `There is no page ${path}.`)
  return file
}

function answer(request: FastifyRequest, reply: FastifyReply, { etag, type, content }: PageFile) {
  reply
    .header('content-security-policy', pagePolicy)
    .header('cache-control', 'no-cache')
    .header('etag', etag)
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  return reply.type(type).send(content)
}

export function addPage(app: Api): void {
  const serve = (url: string, files: () => Promise<ReadonlyMap<string, PageFile>>) => {
    app.get(url, { schema: { hide: true } }, async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? ''
      return answer(request, reply, await findFile(files, path))
    })
  }
  for (const url of pagePaths) serve(url, pageFiles)
  for (const url of documentPaths) serve(url, documentFiles)
  app.get('/docs', { schema: { hide: true } }, (_request, reply) => reply.redirect('docs/'))
}
